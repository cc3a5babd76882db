"""Which packets answer an echo request, and what the kernel says of them."""

import socket
import struct
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.net.icmpwire import (
    Echo,
    Refusal,
    checksum,
    echo_request,
    hop_limit_of,
    is_echo_reply,
    kernel_time_of,
    message_of,
    refusal_of,
    sequence_of,
)

ASKED = Echo(ip6=False, identifier=0x1234, sequence=7, payload=b"hello")


def reply(echo=ASKED, *, kind=0, code=0):
    return struct.pack("!BBHHH", kind, code, 0, echo.identifier, echo.sequence) + echo.payload


def test_a_request_on_the_wire():
    """A request is an echo (type 8) with its identifier, its sequence and its payload."""
    request = echo_request(ASKED)

    assert request[:2] == b"\x08\x00"
    assert request[4:] == b"\x12\x34\x00\x07hello"


@given(st.binary(max_size=99), st.integers(0, 65535), st.integers(0, 65535))
def test_the_checksum_is_right(payload, identifier, sequence):
    """A message with its checksum sums up to nothing (RFC 1071)."""
    echo = Echo(ip6=False, identifier=identifier, sequence=sequence, payload=payload)

    assert checksum(echo_request(echo)) == 0


def test_the_kernel_makes_the_checksum_of_icmp6():
    """A request over IPv6 (type 128) goes out without a checksum."""
    assert echo_request(replace(ASKED, ip6=True))[:4] == b"\x80\x00\x00\x00"


def test_the_reply_to_our_request_counts():
    """A reply repeats what was asked; over IPv6 its type is 129."""
    assert is_echo_reply(ASKED, reply())
    assert is_echo_reply(replace(ASKED, ip6=True), reply(kind=129))


@pytest.mark.parametrize(
    "packet",
    [
        reply(replace(ASKED, identifier=1)),
        reply(replace(ASKED, sequence=8)),
        reply(replace(ASKED, payload=b"hellO")),
        reply(replace(ASKED, payload=b"hello!")),
        reply(replace(ASKED, payload=b"")),
        reply(kind=8),
        reply(kind=129),
        reply(kind=3),
        reply(code=1),
        reply()[:7],
        b"",
    ],
)
def test_no_other_packet_counts(packet):
    """A reply to somebody else, to an earlier request, or a request is none to this one."""
    assert not is_echo_reply(ASKED, packet)


def test_a_raw_socket_gives_the_ip_header_as_well():
    """The message stands behind the header, which may have options; the TTL stands in it."""
    header = bytearray(24)
    header[0], header[8] = 0x46, 57

    assert message_of(bytes(header) + reply(), raw=True) == (reply(), 57)
    assert message_of(reply(), raw=False) == (reply(), None)
    assert message_of(b"\x45" + bytes(9), raw=True) == (b"", None)


def test_what_the_kernel_says_along_with_a_packet():
    """Hop limit and time of arrival come as control messages; others say nothing."""
    ttl = (socket.IPPROTO_IP, socket.IP_TTL, struct.pack("@i", 63))
    hops = (socket.IPPROTO_IPV6, socket.IPV6_HOPLIMIT, struct.pack("@i", 0))
    at = (socket.SOL_SOCKET, 35, struct.pack("@qq", 2, 5))

    assert hop_limit_of([at, ttl]) == 63
    assert hop_limit_of([hops]) == 0
    assert hop_limit_of([at]) is None
    assert kernel_time_of([ttl, at]) == 2_000_000_005
    assert kernel_time_of([ttl]) is None


def refusal(origin, address=b"", *, kind=3, ip6=False):
    error = struct.pack("=IBBBBII", 113, origin, kind, 1, 0, 0, 0)
    return (
        (socket.IPPROTO_IPV6, 25, error + address)
        if ip6
        else (socket.IPPROTO_IP, 11, error + address)
    )


ROUTER = struct.pack("=HH4s8x", socket.AF_INET, 0, bytes([192, 0, 2, 1]))
ROUTER_6 = struct.pack("=HHI16sI", socket.AF_INET6, 0, 0, bytes(15) + b"\x09", 0)


def test_who_refused_a_packet():
    """The router that answered with an ICMP error is named; an error of our own has nobody."""
    assert refusal_of([refusal(2, ROUTER)]) == Refusal(reporter="192.0.2.1", code=113)
    assert refusal_of([refusal(1, ROUTER)]) is None
    assert refusal_of([refusal(2)]) is None
    assert refusal_of([]) is None


def test_a_hop_limit_that_is_used_up():
    """Time exceeded is type 11 in IPv4 and type 3 in IPv6, where 3 in IPv4 is unreachable."""
    assert refusal_of([refusal(2, ROUTER, kind=11)]).hop_limit_spent
    assert refusal_of([refusal(3, ROUTER_6, kind=3, ip6=True)]).hop_limit_spent
    assert not refusal_of([refusal(2, ROUTER, kind=3)]).hop_limit_spent


def test_the_sequence_of_a_message():
    """A message that is too short has no sequence number."""
    assert sequence_of(reply()) == 7
    assert sequence_of(reply()[:7]) is None
