"""How MySQL and MariaDB write their packets down (client/server protocol, version 10)."""

import hashlib
import struct
from dataclasses import dataclass
from enum import IntFlag

from monitor.net.sqlstate import Refusal

OK, MORE, SWITCH, NULL, LOCAL_FILE, ERROR = 0x00, 0x01, 0xFE, 0xFB, 0xFB, 0xFF
QUIT, QUERY = b"\x01", b"\x03"
NATIVE, SHA2 = "mysql_native_password", "caching_sha2_password"
FAST_OK, FULL = b"\x03", b"\x04"
_UTF8MB4 = 45
_LARGEST_PACKET = 16_777_216  # that we say we would take
_NONCE = 20  # bytes
_COMPATIBLE = "5.5.5-"  # MariaDB's version begins so, for the sake of old replicas


class Malformed(ValueError):
    """Bytes that are not what they should be."""


class Can(IntFlag):
    """What a side can do."""

    LONG_PASSWORD = 0x1
    CONNECT_WITH_DATABASE = 0x8
    PROTOCOL_41 = 0x200
    TLS = 0x800
    TRANSACTIONS = 0x2000
    SECURE_CONNECTION = 0x8000
    PLUGINS = 0x80000


_OURS = Can.LONG_PASSWORD | Can.PROTOCOL_41 | Can.TRANSACTIONS | Can.SECURE_CONNECTION | Can.PLUGINS


OVER_TLS = _OURS | Can.TLS
"""What we can do where TLS is spoken and no database is named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Greeting:
    """What a server says first. `method` is "" where it knows one method only."""

    version: str
    can: Can
    nonce: bytes
    method: str


def packet(payload: bytes, number: int) -> bytes:
    return len(payload).to_bytes(3, "little") + bytes([number & 0xFF]) + payload


def read_greeting(payload: bytes) -> Greeting:
    """Return what a greeting of protocol 10 says."""
    version, found, rest = payload[1:].partition(b"\0")
    if payload[:1] != b"\x0a" or not found or len(rest) < 15:
        raise Malformed("no greeting of protocol 10")
    # Thread id (4), first part of the nonce (8), filler (1), lower half of what it can do (2),
    # collation (1), status (2), upper half (2), length of the nonce (1), reserved (10).
    can = int.from_bytes(rest[13:15], "little") | int.from_bytes(rest[18:20], "little") << 16
    size = max(rest[20] - 8, 13) if len(rest) > 20 else 0
    method, _, _ = rest[31 + size :].partition(b"\0")
    return Greeting(
        version=version.decode(errors="replace").removeprefix(_COMPATIBLE),
        can=Can(can),
        nonce=(rest[4:12] + rest[31 : 31 + size])[:_NONCE],
        method=method.decode("ascii", "replace"),
    )


def ours(database: str | None) -> Can:
    """Return what we can do, as servers want to hear it before TLS and behind it alike."""
    return _OURS if database is None else _OURS | Can.CONNECT_WITH_DATABASE


def tls_request(can: Can) -> bytes:
    """Return the payload that asks for TLS."""
    return struct.pack("<IIB23x", int(can), _LARGEST_PACKET, _UTF8MB4)


def response(can: Can, username: str, proof: bytes, method: str, database: str | None) -> bytes:
    """Return the payload that says who comes, with which proof, and where to."""
    parts = [tls_request(can), username.encode(), b"\0", bytes([len(proof)]), proof]
    if database is not None:
        parts += [database.encode(), b"\0"]
    return b"".join([*parts, method.encode("ascii", "replace"), b"\0"])


def native_proof(password: str, nonce: bytes) -> bytes:
    """Return a password as `mysql_native_password` has it, empty for none."""
    if not password:
        return b""
    once = hashlib.sha1(password.encode(), usedforsecurity=False).digest()
    twice = hashlib.sha1(once, usedforsecurity=False).digest()
    return _xor(once, hashlib.sha1(nonce + twice, usedforsecurity=False).digest())


def sha2_proof(password: str, nonce: bytes) -> bytes:
    """Return a password as `caching_sha2_password` has it, empty for none."""
    if not password:
        return b""
    once = hashlib.sha256(password.encode()).digest()
    twice = hashlib.sha256(once).digest()
    return _xor(once, hashlib.sha256(twice + nonce).digest())


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))


def read_refusal(payload: bytes) -> Refusal:
    """Return what an error says. Before a login it has no SQLSTATE."""
    number, rest = int.from_bytes(payload[1:3], "little"), payload[3:]
    state = ""
    if rest[:1] == b"#":
        state, rest = rest[1:6].decode("ascii", "replace"), rest[6:]
    return Refusal(state=state, message=rest.decode(errors="replace"), number=number)


def read_switch(payload: bytes) -> tuple[str, bytes]:
    """Return the method that the server would rather have, and its nonce."""
    method, _, nonce = payload[1:].partition(b"\0")
    return method.decode("ascii", "replace"), nonce.removesuffix(b"\0")


def read_count(payload: bytes) -> int:
    """Return the number of columns that an answer begins with."""
    count, rest = _number(payload)
    if rest:
        raise Malformed("more than a number of columns")
    return count


def read_first_column(payload: bytes) -> bytes | None:
    """Return the first value of a row, None for NULL. Other values are not looked at."""
    if payload[:1] == bytes([NULL]):
        return None
    size, rest = _number(payload)
    if size > len(rest):
        raise Malformed("a row that is shorter than it says")
    return rest[:size]


def _number(octets: bytes) -> tuple[int, bytes]:
    """Return a number of variable length, and what stands behind it."""
    first = octets[:1]
    if not first or first[0] == 0xFB or first[0] == 0xFF:
        raise Malformed("no number where one should be")
    size = {0xFC: 2, 0xFD: 3, 0xFE: 8}.get(first[0], 0)
    if not size:
        return first[0], octets[1:]
    if len(octets) < 1 + size:
        raise Malformed("a number without its end")
    return int.from_bytes(octets[1 : 1 + size], "little"), octets[1 + size :]


def is_end(payload: bytes) -> bool:
    """Say whether a packet ends a list of columns or rows."""
    return payload[:1] == bytes([SWITCH]) and len(payload) < 9
