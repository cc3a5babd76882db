"""Which old versions of TLS and which weak ciphers a server still accepts, found by asking.

A question is a ClientHello of our own that offers nothing else; a ServerHello is a yes, a fatal
alert or a closed connection a no. A warning is neither: some servers send one before they agree.
So the answer depends on the server alone, and not on what the TLS library of this machine is
still able to speak. Nothing is encrypted, and each question costs the server one short connection.
"""

import secrets
import struct
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from monitor.domain.observation import FailureKind
from monitor.net.connection import Stream
from monitor.net.errors import NetError

OLDER = ("SSL3", "TLS1.0", "TLS1.1", "TLS1.2")
"""What a server may be asked for, in order of age."""

_WIRE = {"SSL3": 0x0300, "TLS1.0": 0x0301, "TLS1.1": 0x0302, "TLS1.2": 0x0303}
_NAMES = {number: name for name, number in _WIRE.items()}
_ALERT, _HANDSHAKE = 21, 22
_HELLO_REQUEST, _SERVER_HELLO = 0, 2
_WARNING, _CLOSE_NOTIFY = 1, 0
_LARGEST_RECORD = 18_432
_MOST_RECORDS = 200  # of an answer; the ServerHello may come in pieces of a byte
_SIGNALLING = 0x00FF  # secure renegotiation, without which some servers refuse (RFC 5746)

# Signatures: ECDSA, Ed25519, RSA-PSS and RSA with SHA-256 to SHA-512; SHA-1.
_SCHEMES = (
    *(0x0403, 0x0503, 0x0603, 0x0807, 0x0804, 0x0805, 0x0806),
    *(0x0401, 0x0501, 0x0601, 0x0203, 0x0201),
)

# Key exchange and signature differ, so that every kind of certificate finds its own among them.
_COMMON_SUITES = (
    *(0xC02B, 0xC02F, 0xC02C, 0xC030, 0xCCA8, 0xCCA9, 0xCCAA, 0x009E, 0x009F, 0x009C, 0x009D),
    *(0xC023, 0xC027, 0xC024, 0xC028, 0x0067, 0x006B, 0x003C, 0x003D),
    *(0xC009, 0xC013, 0xC00A, 0xC014, 0x0033, 0x0039, 0x002F, 0x0035, 0x0041, 0x0084),
    *(0xC008, 0xC012, 0x0016, 0x000A, 0xC007, 0xC011, 0x0005, 0x0004),
)

WEAK = {
    "no encryption": (
        *(0x0001, 0x0002, 0x003B, 0x002C, 0x002D, 0x002E),
        *(0xC001, 0xC006, 0xC00B, 0xC010, 0xC039, 0xC03A, 0xC03B),
    ),
    "anonymous": (
        *(0x0018, 0x001B, 0x0034, 0x003A, 0x0046, 0x006C, 0x006D, 0x0089, 0x009B, 0x00A6, 0x00A7),
        *(0xC015, 0xC016, 0xC017, 0xC018, 0xC019),
    ),
    "export": (0x0003, 0x0006, 0x0008, 0x000B, 0x000E, 0x0011, 0x0014, 0x0017, 0x0019, 0x0062),
    "RC4": (0x0004, 0x0005, 0x0024, 0x0020, 0xC002, 0xC007, 0xC00C, 0xC011, 0xC033),
    "DES": (0x0009, 0x000C, 0x000F, 0x0012, 0x0015, 0x001A),
    "3DES": (
        *(0x000A, 0x000D, 0x0010, 0x0013, 0x0016, 0x008B, 0x008F, 0x0093),
        *(0xC003, 0xC008, 0xC00D, 0xC012, 0xC01A, 0xC01B, 0xC01C, 0xC034),
    ),
}
"""Cipher suites that no server should accept any more, by what is wrong with them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offers:
    """What a server accepts beside what it should: versions, and names of WEAK.

    `unknown` says, for each question without an answer, which it was and why.
    """

    versions: tuple[str, ...] = ()
    ciphers: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


Open = Callable[[], Awaitable[Stream]]
"""Opens a connection on which the server expects a ClientHello."""


async def older_offers(open_stream: Open, minimum: str, name: str) -> Offers:
    """Return which versions older than `minimum` (TLS1.0 to TLS1.3) a server accepts.

    `name` is the host that is asked for, unless it is an IP literal. Never raises NetError.
    """
    older = [*OLDER, "TLS1.3"].index(minimum)
    accepted: set[str] = set()
    unknown: list[str] = []
    for version in reversed(OLDER[:older]):
        if version in accepted:  # it chose this one when offered a newer one
            continue
        try:
            answer = await _ask(open_stream, version, _COMMON_SUITES, name)
        except NetError as error:
            unknown.append(f"{version}: {error.failure.detail}")
            continue
        if answer is not None and answer.version in OLDER[:older]:
            accepted.add(answer.version)
    return Offers(
        versions=tuple(version for version in OLDER if version in accepted), unknown=tuple(unknown)
    )


async def weak_offers(open_stream: Open, name: str) -> Offers:
    """Return which kinds of weak ciphers a server accepts, up to TLS 1.2.

    A question for each kind that it accepts, and one more. Never raises NetError.
    """
    accepted: list[str] = []
    while len(accepted) < len(WEAK):
        left = [kind for kind in WEAK if kind not in accepted]
        suites = [suite for kind in left for suite in WEAK[kind]]
        try:
            answer = await _ask(open_stream, "TLS1.2", suites, name)
        except NetError as error:
            return Offers(
                ciphers=tuple(accepted), unknown=(f"weak ciphers: {error.failure.detail}",)
            )
        chosen = answer and next((kind for kind in left if answer.suite in WEAK[kind]), None)
        if not chosen:
            break
        accepted.append(chosen)
    return Offers(ciphers=tuple(accepted))


@dataclass(frozen=True, slots=True)
class ServerHello:
    """What a server chose. `version` is "" for one that is not in OLDER."""

    version: str
    suite: int


async def _ask(
    open_stream: Open, version: str, suites: Sequence[int], name: str
) -> ServerHello | None:
    """Return what a server chooses of an offer, None when it refuses. Raises NetError."""
    stream = await open_stream()
    try:
        await stream.send(client_hello(version, suites, name))
        return await _answer(stream)
    except NetError as error:
        if error.failure.kind is FailureKind.CONNECT_RESET:
            return None
        raise
    finally:
        stream.close()


async def _answer(stream: Stream) -> ServerHello | None:
    """Return the ServerHello, None when the server refuses. Raises NetError.

    It may stand behind warnings and requests for a new handshake (RFC 5246, 7.2 and 7.4.1.1), and
    be spread over several records (6.2.1).
    """
    octets, messages = bytearray(), b""
    for _ in range(_MOST_RECORDS):
        record = await _record(stream, octets)
        if record is None and (messages or octets[:1] == bytes([_HANDSHAKE])):
            raise _no_answer("the answer broke off")
        if record is None:
            return None
        kind, content = record
        if kind == _ALERT and _warns(content):
            continue
        if kind != _HANDSHAKE:
            return None  # a refusal, or no TLS at all
        messages = _behind_requests(messages + content)
        if _is_enough(messages):
            return server_hello(messages)
    raise _no_answer(f"no answer in {_MOST_RECORDS} records")


def _no_answer(detail: str) -> NetError:
    return NetError(FailureKind.TLS_PROTOCOL, detail, answered=True)


async def _record(stream: Stream, octets: bytearray) -> tuple[int, bytes] | None:
    """Take a record off `octets`, of which more is read as needed; return its kind and content.

    None when the server closes before its end, or sends one that is too large for TLS.
    """
    while len(octets) < 5 or len(octets) < 5 + int.from_bytes(octets[3:5]):
        if int.from_bytes(octets[3:5]) + 5 > _LARGEST_RECORD:
            return None
        piece = await stream.receive()
        if not piece:
            return None
        octets += piece
    end = 5 + int.from_bytes(octets[3:5])
    kind, content = octets[0], bytes(octets[5:end])
    del octets[:end]
    return kind, content


def _warns(alerts: bytes) -> bool:
    """Say whether alerts, two bytes each, let the handshake go on."""
    each = zip(alerts[::2], alerts[1::2], strict=False)
    return all(level == _WARNING and about != _CLOSE_NOTIFY for level, about in each)


def _behind_requests(messages: bytes) -> bytes:
    """Return what stands behind any HelloRequest, which is empty and asks a client for nothing."""
    while messages[:4] == bytes([_HELLO_REQUEST, 0, 0, 0]):
        messages = messages[4:]
    return messages


def _is_enough(messages: bytes) -> bool:
    """Say whether handshake messages tell what they have to tell: a whole one is there."""
    if messages and messages[0] not in {_HELLO_REQUEST, _SERVER_HELLO}:
        return True
    return len(messages) >= 4 + int.from_bytes(messages[1:4]) and len(messages) >= 4


def server_hello(record: bytes) -> ServerHello | None:
    """Return what a handshake message says; None when it is no ServerHello (RFC 5246, 7.4.1.3)."""
    if len(record) < 39 or record[0] != _SERVER_HELLO:
        return None
    suite_at = 39 + record[38]  # behind type, length, version, random and session id
    if len(record) < suite_at + 2:
        return None
    version = int.from_bytes(record[4:6])
    return ServerHello(_NAMES.get(version, ""), int.from_bytes(record[suite_at : suite_at + 2]))


def client_hello(version: str, suites: Sequence[int], name: str) -> bytes:
    """Return a record that offers one version, at most, and these cipher suites."""
    number = _WIRE[version]
    offered = struct.pack(f"!{len(suites) + 1}H", *suites, _SIGNALLING)
    body = struct.pack("!H", number) + secrets.token_bytes(32) + b"\0"
    body += _sized(offered, 2) + b"\1\0"
    if version != "SSL3":  # which knows no extensions
        body += _sized(_extensions(name, version), 2)
    message = b"\1" + _sized(body, 3)
    # The outer version is as low as can be: some servers stumble over any other.
    return struct.pack("!BH", _HANDSHAKE, min(number, 0x0301)) + _sized(message, 2)


def _extensions(name: str, version: str) -> bytes:
    groups = struct.pack("!5H", 29, 23, 24, 25, 256)
    found = _extension(10, _sized(groups, 2)) + _extension(11, b"\1\0")
    if version == "TLS1.2":
        schemes = struct.pack(f"!{len(_SCHEMES)}H", *_SCHEMES)
        found += _extension(13, _sized(schemes, 2))
    if not is_address(name):
        entry = b"\0" + _sized(name.encode("ascii", "replace"), 2)
        found = _extension(0, _sized(entry, 2)) + found
    return found


def _extension(number: int, content: bytes) -> bytes:
    return struct.pack("!H", number) + _sized(content, 2)


def _sized(octets: bytes, width: int) -> bytes:
    return len(octets).to_bytes(width) + octets


def is_address(name: str) -> bool:
    """Say whether a host is an IP literal, which no server name may be (RFC 6066, 3)."""
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
