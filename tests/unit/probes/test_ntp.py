"""What a check of type ntp makes of an answer."""

import pytest
from pydantic import ValidationError

from monitor.domain.observation import FailureKind as Kind
from monitor.net.ntp import Measured
from monitor.net.ntpwire import Leap, NtpAnswer
from monitor.probes.ntp import NtpSpec, judge
from tests.pages import indonesian_of, loaded_examples


def a_spec(**expect):
    return NtpSpec.model_validate({"host": "ntp.test", "expect": expect})


def measured(*, offset=0.0, delay=0.0, leap=Leap.NONE, stratum=2, reference="192.0.2.1", root=0.1):
    said = NtpAnswer(
        leap=leap,
        version=4,
        stratum=stratum,
        precision=2**-20,
        root_delay=root,
        root_dispersion=root / 2,
        reference=reference,
        received_at=0.0,
        sent_at=0.0,
    )
    return Measured(answer=said, offset=offset, delay=delay)


@pytest.mark.parametrize(
    ("expect", "seen", "kind", "degraded"),
    [
        ({}, {}, None, False),
        ({}, {"offset": 0.5}, None, False),
        ({}, {"offset": 0.51}, Kind.ANSWER, False),
        ({}, {"offset": -0.51}, Kind.ANSWER, False),
        ({}, {"offset": 0.6, "delay": 0.2}, None, False),
        ({}, {"offset": -0.6, "delay": 0.18}, Kind.ANSWER, False),
        ({"degraded_offset": "100ms"}, {"offset": 0.2}, Kind.ANSWER, True),
        ({"degraded_offset": "100ms"}, {"offset": 0.6}, Kind.ANSWER, False),
        ({"max_root_distance": "100ms"}, {"root": 0.1}, None, False),
        ({"max_root_distance": "99ms"}, {"root": 0.1}, Kind.ANSWER, True),
        ({}, {"stratum": 15}, None, False),
        ({"max_stratum": 2}, {"stratum": 3}, Kind.STATUS, False),
        ({}, {"stratum": 16}, Kind.STATUS, False),
        ({}, {"leap": Leap.UNSYNCHRONISED}, Kind.STATUS, False),
        ({}, {"leap": Leap.ADDS}, None, False),
        ({}, {"stratum": 0, "reference": "DENY", "offset": 9.9}, Kind.STATUS, False),
        ({}, {"stratum": 0, "reference": "RATE", "offset": 9.9}, Kind.STATUS, True),
        ({}, {"stratum": 0, "leap": Leap.UNSYNCHRONISED, "reference": ""}, Kind.STATUS, False),
        (
            {},
            {"stratum": 0, "leap": Leap.UNSYNCHRONISED, "reference": "RATE"},
            Kind.STATUS,
            True,
        ),
    ],
)
def test_verdicts(expect, seen, kind, degraded):
    """A clock that can be gone by comes first, then how far it is from ours."""
    found, only_degrades = judge(a_spec(**expect), measured(**seen), in_step=None)

    assert (found and found.kind) == kind
    assert only_degrades is degraded


@pytest.mark.parametrize(
    ("in_step", "told"),
    [
        (True, "ours follows a time server"),
        (False, "ours follows no time server that the kernel knows of"),
        (None, "which of the two is wrong can't be told from here"),
    ],
)
def test_an_offset_blames_nobody(in_step, told):
    """How far two clocks are apart does not say which is wrong; what is known of ours is told."""
    found, _ = judge(a_spec(), measured(offset=-12.3, delay=0.01), in_step=in_step)

    assert found.detail == (
        f"the server's clock is 12.3 s behind ours (±5.0 ms), expected at most 500.0 ms; {told}"
    )


@pytest.mark.parametrize(
    ("leap", "reference", "told"),
    [
        (Leap.UNSYNCHRONISED, "DENY", "the server refuses to tell the time ('DENY')"),
        (Leap.UNSYNCHRONISED, "INIT", "the server's clock is not set (leap 3, stratum 0)"),
        (Leap.UNSYNCHRONISED, "", "the server's clock is not set (leap 3, stratum 0)"),
        (Leap.NONE, "ABCD", "the server refuses to tell the time ('ABCD')"),
    ],
)
def test_a_server_without_a_time(leap, reference, told):
    """A server that refuses is told apart from one whose clock is not set."""
    found, _ = judge(a_spec(), measured(stratum=0, leap=leap, reference=reference), in_step=None)

    assert found.detail == told


def test_a_refusal_is_told_in_its_letters():
    """What a server says in a kiss of death stands in the failure, made visible."""
    found, _ = judge(a_spec(), measured(stratum=0, reference="RS\x1bR"), in_step=None)

    assert found.detail == "the server refuses to tell the time ('RS�R')"


@pytest.mark.parametrize(
    "keys",
    [
        {"port": 0},
        {"addresses": "all", "ip": "both"},
        {"expect": {"max_stratum": 16}},
        {"expect": {"max_offset": "0s"}},
        {"expect": {"max_offset": "1s", "degraded_offset": "2s"}},
        {"version": 3},
    ],
)
def test_mistakes_are_refused(keys):
    """What cannot be meant is an error when the configuration is read."""
    with pytest.raises(ValidationError):
        NtpSpec.model_validate({"host": "ntp.test", **keys})


def test_the_page_is_true(tmp_path):
    """The example of the page can be loaded as it is; it speaks Indonesian, too."""
    [found] = loaded_examples("ntp", tmp_path)

    assert found.check.target == "ntp.example.go.id:123"
    assert "Gangguan bila" in indonesian_of("ntp")
