"""What ICMP echoes look like on the wire, and what the kernel tells along with them."""

import socket
import struct
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

ECHO_REPLY_4, ECHO_REPLY_6 = 0, 129
_ECHO_4, _ECHO_6 = 8, 128
_TIME_EXCEEDED_4, _TIME_EXCEEDED_6 = 11, 3
_HEADER = struct.Struct("!BBHHH")
_IP4_HEADER_BYTES = 20
_SCM_TIMESTAMPNS = 35
_IP_RECVERR, _IPV6_RECVERR = 11, 25
_TIMESPEC = struct.Struct("@qq")
_INT = struct.Struct("@i")
_EXTENDED_ERROR = struct.Struct("=IBBBBII")  # sock_extended_err of <linux/errqueue.h>
_FROM_ICMP = {2, 3}  # SO_EE_ORIGIN_ICMP, SO_EE_ORIGIN_ICMP6

Ancillary = Iterable[tuple[int, int, bytes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Echo:
    """A request, or what its reply must repeat."""

    ip6: bool
    identifier: int
    sequence: int
    payload: bytes


class Received(NamedTuple):
    """An ICMP message, and the TTL of the IPv4 header in front of it, if there was one."""

    octets: bytes
    hop_limit: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Which router or host (an IP literal) refused a packet; `code` is the kernel's errno for it.

    `hop_limit_spent` says that the packet had come as far as it was allowed to.
    """

    reporter: str
    code: int
    hop_limit_spent: bool = False


def echo_request(echo: Echo) -> bytes:
    """Return the message as it is sent. The checksum of ICMPv6 is the kernel's."""
    kind = _ECHO_6 if echo.ip6 else _ECHO_4
    message = _HEADER.pack(kind, 0, 0, echo.identifier, echo.sequence) + echo.payload
    if echo.ip6:
        return message
    checked = _HEADER.pack(kind, 0, checksum(message), echo.identifier, echo.sequence)
    return checked + echo.payload


def checksum(message: bytes) -> int:
    """Return the internet checksum (RFC 1071) of a message whose own field is 0."""
    padded = message + b"\0" * (len(message) % 2)
    total: int = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def is_echo_reply(asked: Echo, message: bytes) -> bool:
    """Say whether `message` answers the request, with its identifier, sequence and payload."""
    if len(message) < _HEADER.size:
        return False
    kind, code, _, identifier, sequence = _HEADER.unpack_from(message)
    expected = (ECHO_REPLY_6 if asked.ip6 else ECHO_REPLY_4, 0, asked.identifier, asked.sequence)
    return (kind, code, identifier, sequence) == expected and (
        message[_HEADER.size :] == asked.payload
    )


def sequence_of(message: bytes) -> int | None:
    """Return the sequence number of an echo or its reply, None where it is too short for one."""
    if len(message) < _HEADER.size:
        return None
    return int(_HEADER.unpack_from(message)[4])


def message_of(packet: bytes, *, raw: bool) -> Received:
    """Return the ICMP message in a packet; a `raw` socket of IPv4 gives the IP header as well."""
    if not raw:
        return Received(packet, None)
    if len(packet) < _IP4_HEADER_BYTES:
        return Received(b"", None)
    return Received(packet[(packet[0] & 0x0F) * 4 :], packet[8])


def hop_limit_of(ancillary: Ancillary) -> int | None:
    """Return the TTL or hop limit that a packet came with, None where the kernel told none."""
    for level, kind, octets in ancillary:
        is_ip4 = (level, kind) == (socket.IPPROTO_IP, socket.IP_TTL)
        is_ip6 = (level, kind) == (socket.IPPROTO_IPV6, socket.IPV6_HOPLIMIT)
        if (is_ip4 or is_ip6) and len(octets) >= _INT.size:
            return int(_INT.unpack_from(octets)[0])
    return None


def kernel_time_of(ancillary: Ancillary) -> int | None:
    """Return when the kernel took a packet in (nanoseconds, Unix epoch), None if it did not say."""
    for level, kind, octets in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, _SCM_TIMESTAMPNS) and len(octets) >= 16:
            seconds, nanoseconds = _TIMESPEC.unpack_from(octets)
            return int(seconds) * 1_000_000_000 + int(nanoseconds)
    return None


def refusal_of(ancillary: Ancillary) -> Refusal | None:
    """Return who refused a packet, and why; None if nobody else did."""
    for level, kind, octets in ancillary:
        is_ip4 = (level, kind) == (socket.IPPROTO_IP, _IP_RECVERR)
        is_ip6 = (level, kind) == (socket.IPPROTO_IPV6, _IPV6_RECVERR)
        if not (is_ip4 or is_ip6) or len(octets) < _EXTENDED_ERROR.size:
            continue
        code, origin, icmp_type, *_ = _EXTENDED_ERROR.unpack_from(octets)
        reporter = _offender(octets[_EXTENDED_ERROR.size :])
        if origin not in _FROM_ICMP or reporter is None:
            return None
        spent = icmp_type == (_TIME_EXCEEDED_6 if is_ip6 else _TIME_EXCEEDED_4)
        return Refusal(reporter=reporter, code=code, hop_limit_spent=spent)
    return None


def _offender(address: bytes) -> str | None:
    """Return the IP literal in a sockaddr, None where there is none."""
    family = int.from_bytes(address[:2], sys.byteorder)
    if family == socket.AF_INET and len(address) >= 8:
        return socket.inet_ntop(socket.AF_INET, address[4:8])
    if family == socket.AF_INET6 and len(address) >= 24:
        return socket.inet_ntop(socket.AF_INET6, address[8:24])
    return None
