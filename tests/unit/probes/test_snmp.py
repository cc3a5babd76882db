"""What a check of type snmp makes of an agent's values."""

import pytest
from pydantic import ValidationError

from monitor.domain.observation import FailureKind as Kind
from monitor.fields import Secret
from monitor.net.snmpwire import RESPONSE, Absent, Pdu
from monitor.probes.snmp import SnmpSpec
from monitor.probes.snmp.judge import Uptime, judge, number_of, refusal, shown_value, uptime_of
from monitor.probes.snmp.names import NAMES, UPTIME, numeric
from tests.pages import indonesian_of, loaded_examples

COMMUNITY = Secret(("env", "C"), "rahasia-kota")
LINK, CHARGE, NAME = (
    numeric(one) for one in ("ifOperStatus.3", "upsEstimatedChargeRemaining", "sysName")
)
DAY = 86_400.0
TURN = 2**32 / 100  # seconds after which sysUpTime begins again
NOW = 1_800_000_000.0


def a_spec(**keys):
    return SnmpSpec.model_validate({"host": "ups.test", "community": COMMUNITY, **keys})


def judged(written, value, uptime=None, **keys):
    spec = a_spec(get={"x": written}, **keys)
    return judge(spec, {spec.get["x"].numeric: value}, uptime)


@pytest.mark.parametrize(
    ("written", "value", "detail", "degrades"),
    [
        ("sysName", b"inti", None, False),
        ("sysName", Absent("noSuchObject"), "x: the agent has no sysName (noSuchObject)", False),
        ({"oid": "ifOperStatus.3", "equals": "up"}, 1, None, False),
        ({"oid": "ifOperStatus.3", "equals": 1}, 1, None, False),
        ({"oid": "ifOperStatus.3", "equals": ["up", "dormant"]}, 5, None, False),
        ({"oid": "ifOperStatus.3", "equals": "up"}, 2, "x is down (2), expected up", False),
        ({"oid": "1.3.6.1.4.1.9.1", "equals": "up"}, 1, "x is 1, expected up", False),
        ({"oid": "sysName", "equals": ["a", 7]}, b"b", "x is 'b', expected a or 7", False),
        ({"oid": "sysName", "matches": "^int"}, b"inti", None, False),
        (
            {"oid": "sysName", "matches": "^x"},
            b"inti",
            "x is 'inti', expected a match of '^x'",
            False,
        ),
        ({"oid": "upsEstimatedChargeRemaining", "min": 20}, 20, None, False),
        (
            {"oid": "upsEstimatedChargeRemaining", "min": 20},
            19,
            "x is 19, expected 20 or more",
            False,
        ),
        (
            {"oid": "upsEstimatedChargeRemaining", "max": 20},
            21,
            "x is 21, expected 20 or less",
            False,
        ),
        ({"oid": "1.3.6.1.4.1.2021.10.1.3.1", "max": 2}, b"0.75", None, False),
        (
            {"oid": "ifHCInOctets.3", "min": 10_000_000},
            5,
            "x is 5, expected 10000000 or more",
            False,
        ),
        ({"oid": "sysName", "max": 2}, b"inti", "x is 'inti', which is no number", False),
        ({"oid": "sysName", "min": 2}, b"\xff\0", "x is 0xff00, which is no number", False),
        (
            {"oid": "upsEstimatedChargeRemaining", "min": 20, "degraded": {"min": 50}},
            49,
            "x is 49, expected 50 or more",
            True,
        ),
        (
            {"oid": "upsEstimatedChargeRemaining", "min": 20, "degraded": {"min": 50}},
            10,
            "x is 10, expected 20 or more",
            False,
        ),
        (
            {"oid": "upsOutputSource", "degraded": {"equals": "normal"}},
            5,
            "x is battery (5), expected normal",
            True,
        ),
    ],
)
def test_verdicts(written, value, detail, degrades):
    """A value is held against what fails the check first, then against what degrades it."""
    failure, only_degrades = judged(written, value)

    assert (failure and failure.detail, only_degrades) == (detail, degrades)
    assert failure is None or failure.kind is Kind.ANSWER


def test_what_fails_comes_before_what_degrades():
    """An object that fails the check is told before another one that degrades it."""
    spec = a_spec(
        get={
            "a": {"oid": "sysName", "degraded": {"equals": "x"}},
            "b": {"oid": "ifNumber", "min": 3},
        }
    )

    failure, degrades = judge(spec, {NAME: b"y", numeric("ifNumber"): 2}, None)

    assert (failure.detail, degrades) == ("b is 2, expected 3 or more", False)


@pytest.mark.parametrize(
    ("seconds", "detail"),
    [(601.0, None), (600.0, None), (59.4, "the agent started 59 s ago, expected 10m or more")],
)
def test_an_agent_that_has_just_started(seconds, detail):
    """Until `min_uptime` has passed since the agent started the check is degraded."""
    uptime = Uptime(began=0.0, seconds=seconds)

    failure, degrades = judged("sysName", b"x", uptime, min_uptime="10m")

    assert (failure and failure.detail, degrades) == (detail, detail is not None)


def test_an_agent_that_does_not_tell_its_uptime():
    """What cannot be judged is told, and not taken for good."""
    failure, degrades = judged("sysName", b"x", None, min_uptime="10m")

    assert degrades
    assert "sysUpTime" in failure.detail


@pytest.mark.parametrize(
    ("ticks", "began_before", "seconds"),
    [
        (6_000, None, 60.0),
        (6_000, NOW - 60, 60.0),
        (6_000, NOW - 30 * DAY, 60.0),
        (6_000, NOW - TURN - 60, TURN + 60),
        (6_000, NOW - TURN - 1_000, TURN + 60),
        (6_000, NOW - 2 * TURN - 60, 2 * TURN + 60),
        (6_000, NOW - TURN - 2 * DAY, 60.0),
        (6_000, "broken", 60.0),
    ],
)
def test_the_counter_begins_again_after_497_days(ticks, began_before, seconds):
    """A counter of time that ran over is no restart; one that is small for another reason is."""
    found = uptime_of({UPTIME: ticks}, began_before, NOW)

    assert found.seconds == pytest.approx(seconds)


def test_no_uptime():
    """An agent that may not tell how long it runs has no uptime."""
    assert uptime_of({UPTIME: Absent("noSuchObject")}, None, NOW) is None


@pytest.mark.parametrize(
    ("error", "index", "detail"),
    [
        (5, 1, "the agent answers genErr for x"),
        (5, 2, "the agent answers genErr for sysUpTime"),
        (1, 0, "the agent answers tooBig"),
        (16, 99, "the agent answers authorizationError"),
    ],
)
def test_an_agent_that_refuses(error, index, detail):
    """An error of the agent is told by name, with the object that it is about."""
    pdu = Pdu(tag=RESPONSE, request_id=1, error=error, error_index=index)

    found = refusal(a_spec(get={"x": "sysName"}), pdu)

    assert (found.kind, found.detail) == (Kind.STATUS, detail)


@pytest.mark.parametrize(
    ("value", "number", "text"),
    [
        (7, 7, "7"),
        (b"21.5", 21.5, "'21.5'"),
        (b" 3 ", 3, "' 3 '"),
        (b"nan", None, "'nan'"),
        (b"1_0", None, "'1_0'"),
        (b"1e999999999", None, None),
        (b"9" * 41, None, None),
        (b"teks\0", None, "'teks'"),
        (b"\x00\x1b[2J", None, "0x001b5b324a"),
        (None, None, ""),
        (1.5, 1.5, "1.5"),
    ],
)
def test_numbers_and_texts(value, number, text):
    """A text that is a number counts as one; bytes that are no text are shown in hexadecimal."""
    assert number_of(value) == number
    assert text is None or shown_value("1.3", value) == text


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("sysUpTime", "1.3.6.1.2.1.1.3.0"),
        ("sysUpTime.0", "1.3.6.1.2.1.1.3.0"),
        ("ifOperStatus.12", "1.3.6.1.2.1.2.2.1.8.12"),
        ("upsOutputVoltage.1", "1.3.6.1.2.1.33.1.4.4.1.2.1"),
        (".1.3.6.1.4.1.318.1", "1.3.6.1.4.1.318.1"),
        ("1.3.06.1", "1.3.6.1"),
    ],
)
def test_names_of_objects(written, found):
    """An object is written by a known name, its row added in a table, or in numbers."""
    assert numeric(written) == found


@pytest.mark.parametrize(
    "written",
    [
        "",
        "1",
        "3.1.2",
        "ifOperStatus",
        "ifOperStatus.x",
        "sysName.1",
        "sysNama",
        "1.3.a",
        "1.40.1",
        "1..3",
    ],
)
def test_what_names_no_object(written):
    """What is no object is a mistake that is told when the configuration is read."""
    with pytest.raises(ValidationError):
        a_spec(get={"x": written})


def test_every_known_name_is_an_object():
    """Each name leads to an object of its own."""
    found = [numeric(f"{name}.1" if known.is_in_table else name) for name, known in NAMES.items()]

    assert len(set(found)) == len(NAMES)


USER = {"name": "pantau", "auth": {"password": COMMUNITY}}


@pytest.mark.parametrize(
    "keys",
    [
        {"community": None},
        {"user": USER},
        {"version": 3, "user": USER},
        {"version": 3, "community": None},
        {"version": 1},
        {
            "version": 3,
            "community": None,
            "user": {"name": "x", "privacy": {"password": COMMUNITY}},
        },
        {
            "version": 3,
            "community": None,
            "user": {"name": "x", "auth": {"protocol": "md5", "password": COMMUNITY}},
        },
        {
            "version": 3,
            "community": None,
            "user": {"name": "x", "auth": {"password": Secret(("env", "S"), "pendek")}},
        },
        {"community": "public"},
        {"get": {"a b": "sysName"}},
        {"get": {"x": {"oid": "sysName", "min": 3, "max": 2}}},
        {"get": {"x": {"oid": "sysName", "equals": []}}},
        {"get": {"x": {"oid": "sysName", "min": float("nan")}}},
        {"get": {"x": {"oid": "sysName", "equals": float("nan")}}},
        {"get": {"x": {"oid": "sysName", "degraded": {}}}},
        {"get": {"x": {"oid": "sysName", "equals": True}}},
        {"get": {f"x{number}": "sysName" for number in range(33)}},
        {"retries": 11},
    ],
)
def test_mistakes_are_refused(keys):
    """What cannot be meant is an error when the configuration is read."""
    with pytest.raises(ValidationError):
        a_spec(**keys)


def test_the_page_is_true(tmp_path):
    """The examples of the page can be loaded as they are; it speaks Indonesian, too."""
    ups, switch = loaded_examples("snmp", tmp_path)

    assert (ups.check.target, switch.check.target) == ("ups.example.go.id:161", "10.0.0.2:161")
    assert "Gangguan bila" in indonesian_of("snmp")
