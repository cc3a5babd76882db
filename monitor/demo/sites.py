"""Servers of the simulated city over TCP: web sites, a database's greeting, and ports that die."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

_LARGEST_BODY = 1_048_576
_PATIENCE_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What was asked. Names of header fields are in lower case."""

    fields: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered: a status, and a page of text."""

    status: int
    page: str = ""


Converse = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Respond = Callable[[Request], Awaitable[Answer]]


class Site:
    """One port of loopback that always stays this site's own, whether it listens or not."""

    def __init__(self, converse: Converse, tls: ssl.SSLContext | None = None) -> None:
        self._converse = converse
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._conversations: set[asyncio.Task[None]] = set()
        self._held: socket.socket | None = _held(0)
        self.port: int = self._held.getsockname()[1]

    async def open(self) -> None:
        """Listen."""
        self._release()
        self._server = await asyncio.start_server(
            self._accepted, "127.0.0.1", self.port, ssl=self._tls
        )

    def shut(self) -> None:
        """Refuse connections from now on, and let nobody else have the port."""
        if self._server is not None:
            self._server.close()
            self._server = None
            self._held = _held(self.port)

    def close(self) -> None:
        """Give the port back, and leave whatever is still being said."""
        if self._server is not None:
            self._server.close()
        for conversation in self._conversations:
            conversation.cancel()
        self._release()

    def _release(self) -> None:
        if self._held is not None:
            self._held.close()
            self._held = None

    def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A task of our own: the ones that asyncio makes complain when they are cancelled.
        task = asyncio.ensure_future(self._served(reader, writer))
        self._conversations.add(task)
        task.add_done_callback(self._conversations.discard)

    async def _served(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await self._converse(reader, writer)
        except (OSError, ValueError, EOFError, asyncio.LimitOverrunError):
            return  # whoever called hung up, or did not speak HTTP
        finally:
            writer.close()


def _held(port: int) -> socket.socket:
    """Return a socket that is bound and doesn't listen: whoever connects is refused."""
    held = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind(("127.0.0.1", port))
    # Old connections must not keep us from the port; now that it is ours, others may not share it.
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
    return held


@asynccontextmanager
async def opened(converse: Converse, tls: ssl.SSLContext | None = None) -> AsyncIterator[Site]:
    """Let `converse` have every connection to a free port of loopback."""
    site = Site(converse, tls)
    try:
        await site.open()
        yield site
    finally:
        site.close()


def greeting(text: str) -> Converse:
    """Greet whoever connects, as mail servers and databases do."""

    async def converse(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(text.encode())
        await writer.drain()

    return converse


def http(respond: Respond) -> Converse:
    """Speak as much HTTP/1.1 as a probe and a webhook need: one request a connection."""

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answer = await respond(await _request(reader))
        page = answer.page.encode()
        writer.write(
            f"HTTP/1.1 {answer.status} Jawaban\r\nContent-Type: text/html; charset=utf-8\r\n"
            f"Content-Length: {len(page)}\r\nConnection: close\r\n\r\n".encode()
            + page
        )
        await writer.drain()

    return converse


async def _request(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    fields = {}
    for line in head.splitlines()[1:]:
        name, _, value = line.partition(":")
        fields[name.strip().lower()] = value.strip()
    length = int(fields.get("content-length") or "0")
    if not 0 <= length <= _LARGEST_BODY:
        raise ValueError(f"a body of {length} bytes is not taken")
    return Request(fields=fields, body=await reader.readexactly(length))
