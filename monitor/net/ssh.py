"""A visit to an SSH server: its banner, what it offers, and the proof of its host key.

Nobody logs in. The server's own preferences are sent back to it, so that it agrees whatever it
offers; only the exchange and the host key are ours to choose.
"""

import struct
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace

from monitor.domain.observation import FailureKind
from monitor.domain.text import visible_text
from monitor.net.connection import Stream
from monitor.net.errors import NetError
from monitor.net.reader import Reader, shown
from monitor.net.sshkex import KEY_TYPES, METHODS, REPLY, Exchange, HostKey
from monitor.net.sshwire import (
    KEXINIT,
    LARGEST_PACKET,
    Algorithms,
    Fields,
    Malformed,
    kexinit,
    packet,
    read_kexinit,
    string,
)
from monitor.net.trace import Phase, Trace

_OURS = b"SSH-2.0-Pantau"
_LONGEST_BANNER = 255
_MOST_LINES = 50  # that a server may say before its banner
_SHOWN = 255
_DISCONNECT, _IGNORE, _UNIMPLEMENTED, _DEBUG = 1, 2, 3, 4
_BY_APPLICATION = 11


@dataclass(slots=True)
class SshHeard:
    """What an SSH server said, as far as the visit came.

    `no_key` says why there is no host key, where nothing failed.
    """

    banner: str | None = None
    offers: Algorithms | None = None
    host_key: HostKey | None = None
    no_key: str = ""


@asynccontextmanager
async def _leaving(stream: Stream) -> AsyncIterator[None]:
    """Say good-bye at the end, so that the server logs a visit and no lost connection."""
    yield
    message = bytes([_DISCONNECT]) + struct.pack("!I", _BY_APPLICATION)
    with suppress(NetError):
        await stream.send(packet(message + string(b"bye") + string(b"")))


async def converse(stream: Stream, trace: Trace, heard: SshHeard, key_type: str) -> None:
    """Hear the banner and the offers, and let the server prove its host key.

    `key_type` is one of KEY_TYPES, or `any`. Raises NetError: BANNER where no SSH is spoken,
    PROTOCOL when the server breaks its rules or its proof is none.
    """
    trace.enter(Phase.PROCESSING)
    reader = Reader(stream, "ssh")
    await reader.send(_OURS + b"\r\n")
    theirs = await _identification(reader)
    heard.banner = visible_text(theirs, _SHOWN)
    if not theirs.startswith((b"SSH-2.0-", b"SSH-1.99-")):
        raise reader.failure(f"the server speaks an SSH that is no longer used: {shown(theirs)}")
    async with _leaving(stream):
        first = await _packet(reader, KEXINIT)
        try:
            heard.offers = offers = read_kexinit(first)
        except Malformed as error:
            raise reader.failure(f"the offers can't be read: {error}") from None
        await _exchange(reader, heard, offers, (theirs, first), key_type)


async def _identification(reader: Reader) -> bytes:
    """Return the line that begins with SSH-; others may stand before it (RFC 4253, 4.2)."""
    first = b""
    for _ in range(_MOST_LINES):
        try:
            line = await reader.line()
        except NetError:
            if first:  # what it said tells more than that it said no more
                break
            raise
        if line.startswith(b"SSH-"):
            if len(line) > _LONGEST_BANNER:
                raise reader.failure(f"a banner of {len(line)} bytes", FailureKind.BANNER)
            return line
        first = first or line or b" "
    raise reader.unexpected("SSH-2.0", first, FailureKind.BANNER)


async def _exchange(
    reader: Reader, heard: SshHeard, offers: Algorithms, said: tuple[bytes, bytes], key_type: str
) -> None:
    """Let the server prove its host key. `said` are its banner and its KEXINIT, as they came."""
    wanted = _algorithms(key_type)
    method = _agreed(METHODS, offers.exchanges)
    algorithm = _agreed(wanted, offers.host_keys)
    if method is None or algorithm is None:
        lacking = "key exchange" if method is None else f"host key of type {key_type}"
        heard.no_key = f"the server offers no {lacking} that can be asked for"
        return
    ours = kexinit(replace(offers, exchanges=(method,), host_keys=(algorithm,)))
    exchange = Exchange(method)
    await reader.send(packet(ours) + packet(exchange.message))
    reply = await _packet(reader, REPLY)
    banner, offered = said
    transcript = string(_OURS) + string(banner) + string(ours) + string(offered)
    try:
        heard.host_key = exchange.host_key(reply, algorithm, transcript)
    except Malformed as error:
        raise reader.failure(f"the server does not prove its host key: {error}") from None


def other_types(heard: SshHeard) -> tuple[str, ...]:
    """Return the types of host key that the server offers, too, beside the one that it proved."""
    key, offers = heard.host_key, heard.offers
    if key is None or offers is None:
        return ()
    kept = (
        kind
        for kind, names in KEY_TYPES.items()
        if key.type not in names and _agreed(names, offers.host_keys)
    )
    return tuple(kept)


def _algorithms(key_type: str) -> tuple[str, ...]:
    if key_type != "any":
        return KEY_TYPES[key_type]
    return tuple(name for names in KEY_TYPES.values() for name in names)


def _agreed(ours: Iterable[str], theirs: tuple[str, ...]) -> str | None:
    """Return the first of ours that the other side offers, too (RFC 4253, 7.1)."""
    return next((name for name in ours if name in theirs), None)


async def _packet(reader: Reader, wanted: int) -> bytes:
    """Return the payload of the next packet of that kind; chatter before it is left out."""
    while True:
        size = int.from_bytes(await reader.exactly(4))
        if not 2 <= size <= LARGEST_PACKET:
            raise reader.failure(f"a packet of {size} bytes: this is not SSH")
        octets = await reader.exactly(size)
        payload = octets[1 : size - octets[0]]
        if not payload:
            raise reader.failure("an empty packet")
        if payload[0] == wanted:
            return payload
        if payload[0] == _DISCONNECT:
            raise reader.failure(f"the server disconnects: {_reason(payload)}")
        if payload[0] not in {_IGNORE, _UNIMPLEMENTED, _DEBUG}:
            raise reader.failure(f"expected message {wanted}, got {payload[0]}")


def _reason(payload: bytes) -> str:
    fields = Fields(payload[1:])
    try:
        fields.number()
        return shown(fields.string())
    except Malformed:
        return "without a reason"
