"""HTTP servers inside the daemon's own event loop."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Generator
from pathlib import Path
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from monitor.web.controlsocket import NAME, bound

# A scrape a minute keeps its connection.
_KEEP_ALIVE_SECONDS = 75
_STOP_SECONDS = 2
_CONNECTIONS = 500
# How long a client may take to say what it wants, and to take the answer.
_HEAD_SECONDS = 10.0
_EXCHANGE_SECONDS = 60.0
# A probe may take two minutes before there is an answer.
_PROBE_SECONDS = 150.0
_HEAD_BYTES = 16 * 1024


class Listener:
    """One socket with one application. `start` returns when it accepts connections."""

    def __init__(
        self, app: ASGIApp, listening: socket.socket, *, tls: ssl.SSLContext | None = None
    ) -> None:
        self._socket = listening
        self._server = _Server(_config(app, tls))
        self._task: asyncio.Task[None] | None = None

    @property
    def address(self) -> tuple[Any, ...] | str:
        """Return what the socket is bound to: (host, port, …), or the path of a Unix socket."""
        name: tuple[Any, ...] | str = self._socket.getsockname()
        return name

    async def start(self) -> None:
        self._task = asyncio.create_task(self._server.serve(sockets=[self._socket]))
        accepting = asyncio.create_task(self._server.accepting.wait())
        await asyncio.wait((self._task, accepting), return_when=asyncio.FIRST_COMPLETED)
        if not accepting.done():
            accepting.cancel()
            await self._task

    async def stop(self) -> None:
        """Stop accepting, let answers under way finish for two seconds, close everything."""
        if self._task is None:
            self._socket.close()
            return
        self._server.should_exit = True
        await self._task


class ControlListener:
    """The control socket of `data_dir`, unlinked when it stops."""

    def __init__(self, app: ASGIApp, data_dir: Path) -> None:
        self._path = data_dir / NAME
        self._listener = Listener(app, bound(data_dir))
        self._inode = self._path.stat().st_ino

    async def start(self) -> None:
        await self._listener.start()

    async def stop(self) -> None:
        # Unlinked first, and only if it is ours: nobody must meet a socket that is closing.
        with contextlib.suppress(FileNotFoundError):
            if self._path.stat().st_ino == self._inode:
                self._path.unlink()
        await self._listener.stop()


class PunctualProtocol(H11Protocol):
    """Closes connections that waste time: slow to ask, or slow to take the answer.

    Beyond so many connections the one that has been idle for longest is closed for each new one:
    visitors must not use up the descriptors that probes need, nor keep others out by waiting.

    h11 rather than httptools because it bounds the size of a request's head, which anybody on
    the public listener may choose.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._deadline: asyncio.TimerHandle | None = None
        self._asked = False
        self._idle_since = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._idle_since = self.loop.time()
        self._allow(_HEAD_SECONDS)
        if len(self.connections) > _CONNECTIONS:
            self._make_room()

    def data_received(self, data: bytes) -> None:
        if self._deadline is None:
            self._allow(_HEAD_SECONDS)
        super().data_received(data)
        if self._is_answering() and not self._asked:
            self._asked = True
            self._allow(self._exchange_seconds())

    def on_response_complete(self) -> None:
        self._asked = False
        self._idle_since = self.loop.time()
        self._forget()
        super().on_response_complete()
        if self._is_answering():
            # The client had sent its next request already.
            self._asked = True
            self._allow(self._exchange_seconds())

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget()
        super().connection_lost(exc)

    def _make_room(self) -> None:
        idle = (
            other
            for other in self.connections
            if isinstance(other, PunctualProtocol) and not other._is_answering()  # noqa: SLF001
        )
        longest = min(idle, key=lambda one: one._idle_since, default=self)  # noqa: SLF001
        # Closing takes a turn of the loop; who is counted out now is not counted again.
        self.connections.discard(longest)
        longest.transport.abort()

    def _is_answering(self) -> bool:
        # The library declares it as always there; before the first request it is None.
        return self.cycle is not None and not self.cycle.response_complete  # type: ignore[redundant-expr]

    def _exchange_seconds(self) -> float:
        return _PROBE_SECONDS if self.scope["path"] == "/probe" else _EXCHANGE_SECONDS

    def _allow(self, seconds: float) -> None:
        self._forget()
        self._deadline = self.loop.call_later(seconds, self.transport.abort)

    def _forget(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


class _Server(uvicorn.Server):
    """A server that leaves the signals to the daemon, and says when it accepts connections."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.accepting = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.accepting.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


def _config(app: ASGIApp, tls: ssl.SSLContext | None) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=PunctualProtocol,
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        log_level="error",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_STOP_SECONDS,
        h11_max_incomplete_event_size=_HEAD_BYTES,
        ssl_context_factory=None if tls is None else (lambda _config, _default: tls),
    )
