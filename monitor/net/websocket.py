"""WebSocket (RFC 6455): the upgrade of an HTTP/1.1 connection, and what is said on it then."""

import asyncio
import os
from base64 import b64encode
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha1

from monitor.domain.observation import FailureKind
from monitor.domain.text import visible_text
from monitor.net.connection import Stream
from monitor.net.errors import NetError
from monitor.net.http1 import Http1Response
from monitor.net.request import Fields, Request, make_request
from monitor.net.resolver import Family
from monitor.net.response import Response
from monitor.net.tls import TlsSettings
from monitor.net.trace import Phase, Trace
from monitor.net.urls import parse_target
from monitor.net.websocketframes import FrameReader, Message, Opcode, encode, invalid

LARGEST_EXCHANGE = 1_048_576  # bytes that a server may send behind the upgrade
_CLOSE_SECONDS = 1.0  # how long the server's own CLOSE is awaited
_NORMAL = (1000).to_bytes(2, "big")
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_SHOWN = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Upgrade:
    """A request for the upgrade; `key` is its nonce, `subprotocols` are those that it offers."""

    request: Request
    key: str
    subprotocols: tuple[str, ...]


def upgrade_request(
    url: str, fields: Fields, subprotocols: tuple[str, ...], tls: TlsSettings, family: Family
) -> Upgrade:
    """Return the request that asks a ws or wss URL for the upgrade, with a nonce of its own.

    Raise ValueError when a field would break a line.
    """
    key = b64encode(os.urandom(16)).decode()
    ours = [
        ("Connection", "Upgrade"),
        ("Upgrade", "websocket"),
        ("Sec-WebSocket-Key", key),
        ("Sec-WebSocket-Version", "13"),
    ]
    if subprotocols:
        ours.append(("Sec-WebSocket-Protocol", ", ".join(subprotocols)))
    target = parse_target("http" + url.removeprefix("ws"))
    request = make_request(target, fields=(*ours, *fields), tls=tls, family=family)
    return Upgrade(request=request, key=key, subprotocols=subprotocols)


async def upgraded(stream: Stream, upgrade: Upgrade, trace: Trace) -> "WebSocket":
    """Ask for the upgrade on an open connection. Raises NetError unless it is granted.

    `trace.status` then holds the status of HTTP.
    """
    trace.enter(Phase.PROCESSING)
    await stream.send(upgrade.request.head)
    response = Http1Response(upgrade=True, keep_body=False, largest_body=None)
    try:
        while not response.head_complete and response.failure is None:
            octets = await stream.receive()
            if octets:
                response.feed(octets)
            else:
                response.end(clean=stream.clean_end)
    finally:
        response.close()
    trace.status = response.settled().status
    subprotocol = check_upgrade(upgrade, response)
    trace.enter(Phase.TRANSFER)
    return WebSocket(stream, subprotocol, response.rest)


def check_upgrade(upgrade: Upgrade, response: Response) -> str | None:
    """Return the subprotocol that a response agrees to. Raises NetError when it is no upgrade."""
    if response.status != 101:
        detail = f"HTTP status {response.status}, expected 101"
        if response.values(b"location"):
            detail += "; a redirect is not followed"
        raise NetError(FailureKind.STATUS, detail, answered=True)
    if "websocket" not in _tokens(response, b"upgrade"):
        raise _wrong(response, b"upgrade", "websocket")
    if "upgrade" not in _tokens(response, b"connection"):
        raise _wrong(response, b"connection", "Upgrade")
    expected = accept_of(upgrade.key)
    if _texts(response, b"sec-websocket-accept") != [expected]:
        raise _wrong(response, b"sec-websocket-accept", expected)
    if _texts(response, b"sec-websocket-extensions"):
        raise _wrong(response, b"sec-websocket-extensions", "none, as none was offered")
    chosen = _texts(response, b"sec-websocket-protocol")
    if not chosen:
        return None
    if len(chosen) > 1 or chosen[0] not in upgrade.subprotocols:
        offered = " or ".join(upgrade.subprotocols) or "none, as none was offered"
        raise _wrong(response, b"sec-websocket-protocol", offered)
    return chosen[0]


def accept_of(key: str) -> str:
    """Return what a server must make of a nonce (RFC 6455, 4.2.2)."""
    digest = sha1(key.encode() + _GUID, usedforsecurity=False).digest()
    return b64encode(digest).decode()


def _texts(response: Response, name: bytes) -> list[str]:
    return [value.decode("latin-1").strip() for value in response.values(name)]


def _tokens(response: Response, name: bytes) -> set[str]:
    listed = ",".join(_texts(response, name)).lower()
    return {token.strip() for token in listed.split(",")}


def _wrong(response: Response, name: bytes, expected: str) -> NetError:
    value = visible_text(", ".join(_texts(response, name)), _SHOWN)
    return invalid(f"{name.decode()}: {value!r} in the upgrade, expected {expected}")


class WebSocket:
    """An upgraded connection. A server's pings, and its goodbye, are answered while somebody waits.
    All raises NetError.

    `subprotocol` is what the server chose of those offered, None without one.
    """

    def __init__(self, stream: Stream, subprotocol: str | None, rest: bytes) -> None:
        self._stream = stream
        self.subprotocol = subprotocol
        self._reader = FrameReader()
        self._unread = rest
        self._received = 0
        self._messages: deque[Message] = deque()
        self._said_goodbye = False

    async def send(self, opcode: Opcode, payload: bytes) -> None:
        self._said_goodbye |= opcode is Opcode.CLOSE
        await self._stream.send(encode(opcode, payload, os.urandom(4)))

    async def receive(self) -> Message | None:
        """Return the next message, PONG or CLOSE; None once the server has cut the connection."""
        while True:
            while self._messages:
                message = self._messages.popleft()
                if message.opcode is Opcode.PING:
                    await self.send(Opcode.PONG, message.payload)
                    continue
                if message.opcode is Opcode.CLOSE:
                    await self._return_goodbye(message)
                return message
            octets = self._unread or await self._stream.receive()
            self._unread = b""
            if not octets:
                return None
            self._received += len(octets)
            if self._received > LARGEST_EXCHANGE:
                detail = f"WebSocket: the server sent over {LARGEST_EXCHANGE} bytes"
                raise NetError(FailureKind.TOO_LARGE, detail, answered=True)
            self._messages.extend(self._reader.feed(octets))

    async def _return_goodbye(self, message: Message) -> None:
        """Answer a CLOSE with its own code, unless it answers ours (RFC 6455, 5.5.1)."""
        if self._said_goodbye:
            return
        code = b"" if message.code is None else message.code.to_bytes(2, "big")
        with suppress(NetError):  # whoever said goodbye need not wait for ours
            await self.send(Opcode.CLOSE, code)

    async def close(self) -> bool:
        """Say goodbye, and return whether the server did so too, within a second."""
        with suppress(NetError, TimeoutError):
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self.send(Opcode.CLOSE, _NORMAL)
                while (message := await self.receive()) is not None:
                    if message.opcode is Opcode.CLOSE:
                        return True
        return False
