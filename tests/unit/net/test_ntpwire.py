"""Questions to time servers and their answers, and the times in them."""

import struct
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.net.ntpwire import Leap, Malformed, answer, nonce_of, question, stamp_of, unix_time

NOW = datetime(2026, 11, 24, tzinfo=UTC).timestamp()
NONCE = 0x0123456789ABCDEF


def a_packet(
    *, first=0x24, stratum=2, reference=b"\xc0\x00\x02\x07", nonce=NONCE, received=NOW, sent=NOW
):
    return struct.pack(
        "!BBbbII4sQQQQ",
        *(first, stratum, 6, -20, 3 << 15, 1 << 14, reference, stamp_of(NOW - 60), nonce),
        *(stamp_of(one) if one else 0 for one in (received, sent)),
    )


def test_a_question_tells_nothing_of_us():
    """A question is a client's, of version 4; beside its nonce it is empty."""
    assert question(NONCE) == b"\x23" + bytes(39) + NONCE.to_bytes(8, "big")


def test_an_answer():
    """An answer tells its times in Unix time, and the rest in seconds."""
    found = answer(a_packet(received=NOW + 1, sent=NOW + 1.25), NOW)

    assert (found.leap, found.version, found.stratum) == (Leap.NONE, 4, 2)
    assert (found.received_at, found.sent_at) == (NOW + 1, NOW + 1.25)
    assert (found.root_delay, found.root_dispersion) == (1.5, 0.25)
    assert found.root_distance == 1.0
    assert found.precision == 2**-20
    assert found.reference == "192.0.2.7"


def test_what_a_server_goes_by():
    """At stratum 1 and in a kiss of death the reference is letters."""
    assert answer(a_packet(stratum=1, reference=b"GPS\0"), NOW).reference == "GPS"
    assert answer(a_packet(stratum=0, reference=b"RATE", sent=0), NOW).reference == "RATE"


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        a_packet()[:47],
        a_packet(first=0x23),
        a_packet(first=0x25),
        a_packet(first=0x04),
        a_packet(first=0x2C),
    ],
)
def test_no_other_packet_is_an_answer(packet):
    """An answer is whole, a server's, and of version 1 to 4."""
    assert nonce_of(packet) is None


@pytest.mark.parametrize("first", [0x0C, 0x14, 0x1C, 0x24, 0xE4])
def test_an_answer_repeats_the_nonce(first):
    """Where a client's time would stand in it, an answer repeats what was asked with."""
    assert nonce_of(a_packet(first=first) + b"extension") == NONCE


@pytest.mark.parametrize("times", [{"received": 0}, {"sent": 0}])
def test_an_answer_without_a_time(times):
    """A server that knows the time tells when it got the question and when it answered."""
    with pytest.raises(Malformed):
        answer(a_packet(**times), NOW)


@given(st.floats(-(2**31), 2**34), st.floats(-(2**31) + 1, 2**31 - 1))
def test_eras(now, apart):
    """A time within 68 years of ours is read right, also beyond 2036 (RFC 5905, section 6)."""
    assert unix_time(stamp_of(now + apart), now) == pytest.approx(now + apart, abs=1e-3)


@given(st.binary(min_size=48, max_size=80))
def test_any_packet_can_be_read(packet):
    """No packet of 48 bytes raises anything but Malformed."""
    nonce_of(packet)
    try:
        found = answer(packet, NOW)
    except Malformed:
        return
    assert abs(found.sent_at - NOW) <= 2**31 + 1
