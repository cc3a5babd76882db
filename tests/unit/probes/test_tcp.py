"""What a check of type tcp may be told to say, and what it makes of what it received."""

import re

import pytest
from pydantic import ValidationError

from monitor.domain.observation import Failure
from monitor.domain.observation import FailureKind as Kind
from monitor.fields import Secret
from monitor.probes.tcp import TcpSpec
from monitor.probes.tcp.attempt import Said, judge, judge_dialogue, telling
from tests.pages import indonesian_of, loaded_examples

TIMEOUT = Failure(Kind.TIMEOUT, "time was up")
REFUSED = Failure(Kind.CONNECT_REFUSED, "refused")
MISMATCH = Failure(Kind.BANNER, "received '421' and the end")


def a_spec(**keys):
    return TcpSpec.model_validate({"host": "db.test", "port": 5432, **keys})


@pytest.mark.parametrize(
    ("expect", "answer", "seconds", "failure", "kind"),
    [
        ({}, b"", 0.1, None, None),
        ({}, b"", 0.1, REFUSED, Kind.CONNECT_REFUSED),
        ({"receive_matches": "^220 "}, b"220 hello", 0.1, None, None),
        ({"receive_matches": "^220 "}, b"421 busy", 0.1, None, Kind.BANNER),
        ({"receive_matches": "^220 "}, b"421 busy", 0.1, TIMEOUT, Kind.BANNER),
        ({"receive_matches": "^220 "}, b"", 0.1, TIMEOUT, Kind.TIMEOUT),
        ({"receive_matches": "^220 "}, b"", 0.1, None, Kind.BANNER),
        ({"max_duration": "1s"}, b"", 1.0, None, None),
        ({"max_duration": "1s"}, b"", 1.1, None, Kind.SLOW),
        ({"receive_matches": "\\xff"}, "ÿ".encode(), 0.1, None, None),
    ],
)
def test_verdicts(expect, answer, seconds, failure, kind):
    """The network's failure comes first, then the answer, then the time."""
    found = judge(a_spec(expect=expect), answer, seconds, failure)

    assert (found and found.kind) == kind


def test_the_failing_text_carries_what_was_received():
    """What the target said stands beside what was expected, without control characters."""
    found = judge(a_spec(expect={"receive_matches": "^220"}), b"421 \x1b[2J\r\n", 0, None)

    assert found.detail == "received '421 �[2J  ', expected to match '^220'"


@pytest.mark.parametrize(
    ("step", "said", "failure", "kind"),
    [
        ({"expect": "^2"}, Said(failure=MISMATCH, step=1), None, Kind.BANNER),
        ({"expect": "^2", "starttls": True}, Said(failure=MISMATCH, step=1), None, Kind.STARTTLS),
        ({"expect": "^2"}, Said(answer=bytearray(b"421 busy"), step=1), TIMEOUT, Kind.BANNER),
        ({"expect": "^2"}, Said(step=1), TIMEOUT, Kind.TIMEOUT),
        ({"send": "x"}, Said(answer=bytearray(b"421 busy"), step=1), TIMEOUT, Kind.TIMEOUT),
        ({"expect": "^2"}, Said(step=1), None, None),
    ],
)
def test_verdicts_of_a_dialogue(step, said, failure, kind):
    """Lines that do not match tell more than that time was up; where TLS was asked for, so."""
    found = judge_dialogue(a_spec(dialogue=[step]), said, failure)

    assert (found and found.kind) == kind
    assert found is None or found.detail.startswith("step 1: ")


def test_no_step_is_named_before_there_is_one():
    """A connection that is refused has no step."""
    assert judge_dialogue(a_spec(dialogue=[{"expect": "."}]), Said(), REFUSED) == REFUSED


def test_captures_are_shown_by_name_where_they_have_one():
    """Groups without names are shown by number, unless others have names."""
    assert telling({0: b"ab", 1: b"a", "x": b"a", 2: b"b"}) == {"x": b"a"}
    assert telling({0: b"ab", 1: b"a", 2: b"b"}) == {"1": b"a", "2": b"b"}


@pytest.mark.parametrize(
    "keys",
    [
        {"port": 70_000},
        {"host": ""},
        {"sent": "x"},
        {"send": "x" * 5000},
        {"dialogue": [{}]},
        {"dialogue": [{"send": "x"}] * 51},
    ],
)
def test_mistakes_are_refused(keys):
    """What cannot be meant is an error when the configuration is read."""
    with pytest.raises(ValidationError):
        a_spec(**keys)


SECRET = {"password": Secret(("env", "TOKEN"), "hunter2")}


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"dialogue": [{"expect": "a", "expect_bytes": "b"}]}, "expect_bytes: expect stands there"),
        ({"dialogue": [{"send": "a", "send_hex": "00"}]}, "send_hex: send stands there already"),
        ({"dialogue": [{"send_hex": "0x00"}]}, "'0x00' is no hexadecimal text"),
        ({"dialogue": [{"expect": "."}], "send": "x"}, "send: goes into the steps"),
        (
            {"dialogue": [{"send": "x"}], "expect": {"receive_matches": "."}},
            "expect.receive_matches: goes into the steps",
        ),
        ({"dialogue": [{"starttls": True}], "tls": True}, "TLS is there already"),
        ({"dialogue": [{"starttls": True}] * 2}, "TLS is there already"),
        ({"insecure": True}, "insecure: give tls: true, or a step with starttls"),
        ({"server_name": "a.test"}, "server_name: give tls: true"),
        ({"expect": {"min_days": 14}}, "expect.min_days: give tls: true"),
        ({"tls": True, "client_key_file": __file__}, "client_key_file: give client_cert_file"),
        ({"dialogue": [{"send": "${1}"}]}, "step 1 sends ${1}, but no expect before"),
        (
            {"dialogue": [{"expect": "(?P<a>.)(.)"}, {"expect": "."}, {"send": "$a$2"}]},
            "step 3 sends ${2}, but no expect before",
        ),
        ({"dialogue": [{"send": "x", "expect": "."}, {"send": "$5"}]}, "step 2 sends ${5}"),
        ({"dialogue": [{"send": "x"}], "secrets": SECRET}, "secrets: no step of dialogue sends"),
        (
            {"dialogue": [{"expect": "(?P<password>.)"}], "secrets": SECRET},
            "secrets: step 1 of dialogue has a group password, too",
        ),
        ({"dialogue": [{"send": "x"}], "secrets": {"a b": {"env": "T"}}}, "is no name to stand in"),
    ],
)
def test_what_does_not_go_together_is_told(keys, told):
    """Keys that mean nothing beside each other, and names that lead nowhere, are mistakes."""
    with pytest.raises(ValidationError, match=re.escape(told)):
        a_spec(**keys)


@pytest.mark.parametrize(
    ("keys", "warned"),
    [
        ({"tls": True}, []),
        ({"tls": True, "insecure": True}, ["insecure: the certificate is not verified"]),
        (
            {"dialogue": [{"send": "${password}"}], "secrets": SECRET},
            ["secrets: one is sent in the clear, without TLS"],
        ),
        ({"tls": True, "dialogue": [{"send": "${password}"}], "secrets": SECRET}, []),
        ({"dialogue": [{"starttls": True}, {"send": "${password}"}], "secrets": SECRET}, []),
    ],
)
def test_warnings(keys, warned):
    """What is allowed, but unsafe, is told."""
    assert list(a_spec(**keys).warnings()) == warned


def test_dollars_and_names_that_are_known():
    """A group before, a secret and two dollars may stand in what is sent."""
    steps = [{"expect": "(?P<a>.)(.)", "send": "$a ${2}"}, {"expect": ".", "send": "$0 $a $$5"}]

    assert a_spec(dialogue=[*steps, {"send": "${password}"}], secrets=SECRET).dialogue


def test_the_page_is_true(tmp_path):
    """The examples of the page can be loaded as they are; it speaks Indonesian, too."""
    checks = loaded_examples("tcp", tmp_path)

    assert [one.check.id for one in checks] == ["mail-banner", "cache-ping"]
    assert "Gangguan bila" in indonesian_of("tcp")
