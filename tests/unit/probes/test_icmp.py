"""What a check of type icmp makes of what came back."""

from datetime import timedelta

import pytest
from pydantic import ValidationError

from monitor.domain.observation import Failure
from monitor.domain.observation import FailureKind as Kind
from monitor.net.errors import NetError
from monitor.net.icmp import Echoes, EchoReply, Pace, Sent, too_little_time
from monitor.net.icmpwire import Echo
from monitor.probes.icmp import IcmpSpec, Tally, judge, tally_of
from tests.pages import indonesian_of, loaded_examples

ROUTER = Failure(Kind.CONNECT_UNREACHABLE, "ping 192.0.2.9, 192.0.2.1 answers: No route to host")


def a_spec(**keys):
    return IcmpSpec.model_validate({"host": "10.20.0.1", **keys})


@pytest.mark.parametrize(
    ("expect", "seconds", "refusal", "kind", "degraded"),
    [
        ({}, (0.1, 0.1, 0.1), None, None, False),
        ({}, (0.1, 0.1), None, Kind.LOST, True),
        ({}, (0.1,), None, Kind.LOST, True),
        ({}, (), None, Kind.LOST, False),
        ({}, (), ROUTER, Kind.CONNECT_UNREACHABLE, False),
        ({}, (0.1,), ROUTER, Kind.LOST, True),
        ({"max_loss": 0}, (0.1, 0.1), None, Kind.LOST, False),
        ({"max_loss": 34}, (0.1, 0.1), None, Kind.LOST, True),
        ({"max_loss": 34}, (0.1,), None, Kind.LOST, False),
        ({"degraded_loss": 34}, (0.1, 0.1), None, None, False),
        ({"degraded_loss": 34}, (0.1,), None, Kind.LOST, True),
        ({"max_rtt": "101ms"}, (0.0, 0.1, 0.2), None, None, False),
        ({"max_rtt": "99ms"}, (0.0, 0.1, 0.2), None, Kind.SLOW, True),
        ({"max_rtt": "99ms"}, (0.1, 0.2), None, Kind.LOST, True),
    ],
)
def test_verdicts(expect, seconds, refusal, kind, degraded):
    """All lost is down, some lost or slow is degraded; a router that speaks is heard."""
    found, only_degrades = judge(
        a_spec(expect=expect), Tally(sent=3, seconds=seconds, refusal=refusal)
    )

    assert (found and found.kind) == kind
    assert only_degrades is degraded


def test_the_failing_text_carries_the_figures():
    """How many were lost, of how many, and how many may be: with the router's word, if any."""
    found, _ = judge(a_spec(), Tally(sent=3, seconds=(0.1,), refusal=ROUTER))

    assert found.detail == (
        "2 of 3 packets lost (67 %), expected at most 0 %: "
        "ping 192.0.2.9, 192.0.2.1 answers: No route to host"
    )


def a_packet(reply=None, refusal=None):
    asked = Echo(ip6=False, identifier=1, sequence=1, payload=b"")
    return Sent(asked=asked, at=0, began=0.0, reply=reply, refusal=refusal)


def test_the_tally_of_replies():
    """What came back counts in the order of sending, and the last tells the hop limit."""
    first, last = (EchoReply(seconds=s, hop_limit=h) for s, h in ((0.2, 64), (0.1, 63)))
    refused = NetError(Kind.CONNECT_UNREACHABLE, "no")

    found = tally_of(Echoes([a_packet(first), a_packet(refusal=refused), a_packet(last)], 1))

    assert (found.sent, found.seconds, found.hop_limit) == (3, (0.2, 0.1), 63)
    assert (found.lost, found.duplicates, found.answered) == (1, 1, True)
    assert found.refusal.detail == "no"


@pytest.mark.parametrize(
    ("packet", "answered"),
    [
        (a_packet(), False),
        (a_packet(refusal=NetError(Kind.CONNECT_UNREACHABLE, "a router")), False),
        (a_packet(refusal=NetError(Kind.CONNECT_UNREACHABLE, "itself", answered=True)), True),
    ],
)
def test_only_the_target_proves_that_we_are_online(packet, answered):
    """Silence is no answer, nor is what a router says."""
    assert tally_of(Echoes([packet])).answered is answered


@pytest.mark.parametrize(("seconds", "fits"), [(1.9, False), (2.0, False), (2.1, True)])
def test_what_fits_into_the_time(seconds, fits):
    """All packets but the first take a gap each."""
    found = too_little_time(Pace(count=3, gap_seconds=1.0), seconds)

    assert (found is None) is fits


@pytest.mark.parametrize("size", [0, 1, 27, 28, 29, 1000])
def test_the_payload_has_its_size(size):
    """`size` is the number of bytes behind the ICMP header."""
    assert len(a_spec(size=size).options.payload) == size


@pytest.mark.parametrize(
    "keys",
    [
        {"count": 0},
        {"count": 101},
        {"wait": "0s"},
        {"size": 65_001},
        {"ttl": 0},
        {"ttl": 256},
        {"source_address": "eth0"},
        {"addresses": "all", "ip": "both"},
        {"expect": {"max_loss": 100}},
        {"expect": {"max_loss": -1}},
        {"expect": {"max_loss": 1, "degraded_loss": 2}},
        {"port": 7},
    ],
)
def test_mistakes_are_refused(keys):
    """What cannot be meant is an error when the configuration is read."""
    with pytest.raises(ValidationError):
        a_spec(**keys)


def test_the_page_is_true(tmp_path):
    """The example of the page can be loaded as it is; it speaks Indonesian, too."""
    [found] = loaded_examples("icmp", tmp_path)

    assert found.check.target == "10.20.0.1"
    assert "Gangguan bila" in indonesian_of("icmp")


@pytest.mark.parametrize(
    ("count", "gap", "fits"),
    [(1, "10s", True), (5, "1s", True), (6, "1s", False), (100, "0s", True)],
)
def test_all_packets_fit_into_the_timeout(count, gap, fits):
    """A timeout in which not all packets can be sent is told before anything runs."""
    assert (a_spec(count=count, gap=gap).unfit(timedelta(seconds=5)) is None) is fits
