"""How SSH writes things down before anything is encrypted (RFC 4251, 5; RFC 4253, 6 and 7.1)."""

import secrets
import struct
from dataclasses import dataclass

LARGEST_PACKET = 35_000  # what every implementation must take (RFC 4253, 6.1)
KEXINIT = 20
_BLOCK, _LEAST_PADDING = 8, 4
_MOST_NAMES = 200  # of one list, that are looked at


class Malformed(ValueError):
    """Bytes that are not what they should be."""


def string(octets: bytes) -> bytes:
    """Return `octets` with their length before them."""
    return struct.pack("!I", len(octets)) + octets


def mpint(number: int) -> bytes:
    """Return a number that is not negative; a first bit that is set gets a zero before it."""
    return string(number.to_bytes(number.bit_length() // 8 + 1) if number else b"")


def packet(payload: bytes) -> bytes:
    """Return a packet in the clear."""
    padding = _BLOCK - (5 + len(payload)) % _BLOCK
    if padding < _LEAST_PADDING:
        padding += _BLOCK
    head = struct.pack("!IB", 1 + len(payload) + padding, padding)
    return head + payload + secrets.token_bytes(padding)


class Fields:
    """What is left to read of some bytes. Everything raises Malformed."""

    def __init__(self, octets: bytes) -> None:
        self._rest = octets

    def take(self, count: int) -> bytes:
        """Return the next `count` bytes."""
        if count > len(self._rest):
            raise Malformed(f"{count} bytes are announced, {len(self._rest)} are there")
        octets, self._rest = self._rest[:count], self._rest[count:]
        return octets

    def number(self) -> int:
        """Return 32 bits."""
        return int.from_bytes(self.take(4))

    def string(self) -> bytes:
        return self.take(self.number())

    def mpint(self) -> int:
        """Return a number; Malformed if it is negative, since none of ours may be."""
        octets = self.string()
        if octets[:1] >= b"\x80":
            raise Malformed("a negative number")
        return int.from_bytes(octets)

    def names(self) -> tuple[str, ...]:
        """Return a list of names."""
        listed = self.string().decode("ascii", "replace")
        return tuple(listed.split(",")[:_MOST_NAMES]) if listed else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Algorithms:
    """What a side offers, in its order of preference; for both directions where they differ."""

    exchanges: tuple[str, ...]
    host_keys: tuple[str, ...]
    ciphers: tuple[tuple[str, ...], tuple[str, ...]]
    macs: tuple[tuple[str, ...], tuple[str, ...]]
    compressions: tuple[tuple[str, ...], tuple[str, ...]]


def read_kexinit(payload: bytes) -> Algorithms:
    """Return what a side offers; raise Malformed on anything but a KEXINIT."""
    fields = Fields(payload)
    if fields.take(1)[0] != KEXINIT:
        raise Malformed("no KEXINIT")
    fields.take(16)  # the cookie
    return Algorithms(
        exchanges=fields.names(),
        host_keys=fields.names(),
        ciphers=(fields.names(), fields.names()),
        macs=(fields.names(), fields.names()),
        compressions=(fields.names(), fields.names()),
    )


def kexinit(offered: Algorithms) -> bytes:
    """Return the payload of a KEXINIT."""
    lists = (
        offered.exchanges,
        offered.host_keys,
        *offered.ciphers,
        *offered.macs,
        *offered.compressions,
        *((), ()),  # languages
    )
    written = b"".join(string(",".join(names).encode("ascii", "replace")) for names in lists)
    return bytes([KEXINIT]) + secrets.token_bytes(16) + written + b"\0" + struct.pack("!I", 0)
