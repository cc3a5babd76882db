"""What questions to a time server and its answers look like (RFC 5905, section 7.3). Pure."""

import struct
from dataclasses import dataclass
from enum import IntEnum
from ipaddress import IPv4Address

PACKET_BYTES = 48
_PACKET = struct.Struct("!BBbbII4sQQQQ")
_VERSION, _CLIENT, _SERVER = 4, 3, 4
_VERSIONS = range(1, 5)
_UNIX_EPOCH = 2_208_988_800  # seconds from 1900, where NTP begins, to 1970
_ERA = 2**32  # seconds; the second one begins in February 2036
_FRACTION = 2**32


class Leap(IntEnum):
    """What the leap indicator says: a leap second today, or that the clock is not set."""

    NONE = 0
    ADDS = 1
    DROPS = 2
    UNSYNCHRONISED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class NtpAnswer:
    """A server's answer. Times are seconds since the Unix epoch; `precision` is in seconds.

    `reference` names what the server goes by: letters at stratum 1 and in a refusal (stratum 0,
    a kiss of death), above that an IPv4 address or a hash of one in IPv6.
    """

    leap: Leap
    version: int
    stratum: int
    precision: float
    root_delay: float
    root_dispersion: float
    reference: str
    received_at: float
    sent_at: float

    @property
    def root_distance(self) -> float:
        """How far the server's clock may be from that of its source, in seconds."""
        return self.root_delay / 2 + self.root_dispersion


class Malformed(Exception):
    """A packet that answers our question, but holds nothing that a server can mean."""


def question(nonce: int) -> bytes:
    """Return a client's packet. It tells nothing of our clock: a nonce of 64 bits stands there."""
    first = _VERSION << 3 | _CLIENT
    return _PACKET.pack(first, 0, 0, 0, 0, 0, bytes(4), 0, 0, 0, nonce)


def nonce_of(packet: bytes) -> int | None:
    """Return the nonce that a server's packet repeats, None where it is none."""
    if len(packet) < PACKET_BYTES:
        return None
    first, *_, origin, _, _ = _PACKET.unpack_from(packet)
    is_answer = first & 7 == _SERVER and first >> 3 & 7 in _VERSIONS
    return int(origin) if is_answer else None


def answer(packet: bytes, now: float) -> NtpAnswer:
    """Return what a server's packet says; `now` (Unix time) tells its era. Raises Malformed."""
    first, stratum, _, precision, delay, dispersion, reference, _, _, received, sent = (
        _PACKET.unpack_from(packet)
    )
    if stratum and not (received and sent):
        raise Malformed("it has no time")
    return NtpAnswer(
        leap=Leap(first >> 6),
        version=first >> 3 & 7,
        stratum=stratum,
        precision=2.0**precision,
        root_delay=delay / 2**16,
        root_dispersion=dispersion / 2**16,
        reference=_reference(reference, stratum),
        received_at=unix_time(received, now),
        sent_at=unix_time(sent, now),
    )


def unix_time(stamp: int, now: float) -> float:
    """Return the Unix time of an NTP timestamp, in the era that brings it nearest to `now`."""
    seconds = stamp / _FRACTION - _UNIX_EPOCH
    return seconds + _ERA * round((now - seconds) / _ERA)


def stamp_of(unix: float) -> int:
    """Return the NTP timestamp of a Unix time."""
    return int((unix + _UNIX_EPOCH) % _ERA * _FRACTION) % 2**64


def _reference(octets: bytes, stratum: int) -> str:
    if stratum > 1:
        return str(IPv4Address(octets))
    return octets.rstrip(b"\0").decode("ascii", errors="replace")
