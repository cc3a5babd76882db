"""One connection: non-blocking sockets on the event loop, every wait bounded by one deadline.

No asyncio stream or transport: they cost several times the CPU and memory of a check, and hide
the moments that its phases are measured by.
"""

import asyncio
import os
import socket
import ssl
from contextlib import suppress
from errno import EALREADY, EINPROGRESS
from time import monotonic

from monitor.domain.observation import FailureKind
from monitor.net.errors import NetError
from monitor.net.faults import refused_by_them, refused_by_us
from monitor.net.tls import TlsSettings, handshake_error, session_error, tls_facts
from monitor.net.trace import Phase, Trace
from monitor.net.wakeup import Wakeup

CHUNK = 32_768  # bytes asked of the kernel at once, and the most that a turn of the loop handles

_STREAM_SOCKET = socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC


async def dial(
    address: str, port: int, *, deadline: float, trace: Trace, source_address: str | None = None
) -> "Stream":
    """Return a connection to an IP literal. One address, one attempt.

    `deadline` is a reading of `time.monotonic` and bounds everything that is done with the
    stream, too. `source_address` (an IP literal of this machine) is where it leaves from.
    Raises NetError.
    """
    trace.enter(Phase.CONNECT)
    stream = Stream(_socket(address, source_address), address, port, deadline, trace)
    try:
        await stream.connect()
    except BaseException:
        stream.close()
        raise
    return stream


def _socket(address: str, source_address: str | None) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        sock = socket.socket(family, _STREAM_SOCKET)
    except OSError as error:
        raise refused_by_us(error, "open a socket") from None
    if source_address is not None:
        bind_source(sock, source_address)
    return sock


def bind_source(sock: socket.socket, address: str) -> None:
    """Let what `sock` sends leave from `address`, an IP literal. Closes it and raises NetError."""
    try:
        sock.bind((address, 0))
    except OSError as error:  # of the other family, or none of this machine's
        sock.close()
        raise refused_by_us(error, f"send from {address}") from None


class Stream:
    """Bytes to and from a target, in the clear or over TLS. Use it from one task."""

    __slots__ = (
        "_deadline",
        "_descriptor",
        "_expired",
        "_loop",
        "_port",
        "_reading",
        "_socket",
        "_timer",
        "_tls",
        "_waiter",
        "address",
        "clean_end",
        "received",
        "trace",
    )

    def __init__(
        self, sock: socket.socket, address: str, port: int, deadline: float, trace: Trace
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._socket = sock
        self._descriptor = sock.fileno()
        self.address = address
        self._port = port
        self._deadline = deadline
        self._waiter: Wakeup | None = None
        self._reading = False
        self._expired = False
        # One timer for the connection's whole life; a timer for each wait would cost more than
        # the waits. The loop's clock is time.monotonic.
        self._timer = self._loop.call_at(deadline, self._expire)
        self.trace = trace
        self._tls: ssl.SSLSocket | None = None
        self.received = 0  # bytes, decrypted
        self.clean_end = True  # False when TLS ended without its close_notify

    @property
    def peer(self) -> str:
        """The address and port that were dialled, as people write them."""
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"{host}:{self._port}"

    @property
    def alpn(self) -> str | None:
        """The protocol that the handshake agreed on (ALPN), None without one."""
        return None if self._tls is None else self._tls.selected_alpn_protocol()

    async def connect(self) -> None:
        """Open the connection; TCP_NODELAY is set. Raises NetError."""
        if self._deadline <= monotonic():
            raise self._too_late(connecting=True)
        try:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            code = self._socket.connect_ex((self.address, self._port))
        except OSError as error:
            raise refused_by_us(error, f"connect to {self.peer}") from None
        if code not in {0, EINPROGRESS}:
            raise refused_by_us(_error(code), f"connect to {self.peer}")
        if code == EINPROGRESS and (code := await self._connected()):
            raise refused_by_them(_error(code), f"connect to {self.peer}")

    async def _connected(self) -> int:
        """Return the error number that a connection under way ends with, 0 for none."""
        # One on this machine is there already: asking costs a tenth of a wait.
        code = self._socket.connect_ex((self.address, self._port))
        if code != EALREADY:
            return code
        await self._writable(connecting=True)
        return self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)

    async def start_tls(
        self, context: ssl.SSLContext, settings: TlsSettings, server_name: str
    ) -> None:
        """Make a handshake over the open connection; `trace.tls` then tells what was agreed.

        It does so, as far as it came, also when the handshake fails. `context` was made of
        `settings`. Raises NetError.
        """
        self.trace.enter(Phase.TLS)
        self._socket = self._tls = tls = self._wrapped(context, server_name)
        try:
            await self._handshake(tls)
        except ssl.SSLError as error:
            facts = self.trace.tls = tls_facts(tls, verified=False)
            expected = server_name if settings.check_name else None
            raise handshake_error(error, facts, expected) from None
        self.trace.tls = tls_facts(tls, verified=not settings.insecure)

    def _wrapped(self, context: ssl.SSLContext, server_name: str) -> ssl.SSLSocket:
        """Return the socket ready for a handshake. Raises NetError when the target has gone."""
        # A socket that is not connected any more would be left open by wrap_socket.
        try:
            self._socket.getpeername()
        except OSError as error:
            code = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            raise self._broken(_error(code) if code else error) from None
        try:
            return context.wrap_socket(
                self._socket,
                do_handshake_on_connect=False,
                suppress_ragged_eofs=False,
                server_hostname=server_name,
            )
        except ssl.SSLError as error:
            raise session_error(error, "TLS handshake") from None
        except OSError as error:
            raise self._broken(error) from None

    async def _handshake(self, tls: ssl.SSLSocket) -> None:
        while True:
            try:
                tls.do_handshake()
                return
            except ssl.SSLWantReadError:
                await self._readable()
            except ssl.SSLWantWriteError:
                await self._writable()
            except ssl.SSLError:
                raise
            except OSError as error:
                raise self._broken(error) from None

    async def send(self, octets: bytes) -> None:
        """Send all of `octets`. Raises NetError."""
        rest = memoryview(octets)
        while rest:
            if self._expired:
                raise self._too_late()
            try:
                rest = rest[self._socket.send(rest) :]
            except (BlockingIOError, ssl.SSLWantWriteError):
                await self._writable()
            except ssl.SSLWantReadError:
                await self._readable()
            except ssl.SSLError as error:
                raise session_error(self._last_words() or error) from None
            except OSError as error:
                raise self._broken(error) from None

    async def receive(self, limit: int = CHUNK) -> bytes:
        """Return what came, at most `limit` bytes; b"" once the target has closed.

        Raises NetError.
        """
        while True:
            # Always through the loop, but for the rest of a TLS record: a target that never
            # pauses must not hold it.
            if self._tls is None or not self._tls.pending():
                await self._readable()
            try:
                octets = self._socket.recv(limit)
            except (BlockingIOError, ssl.SSLWantReadError):
                continue
            except ssl.SSLEOFError:
                self.clean_end = False
                return b""
            except ssl.SSLError as error:
                raise session_error(error) from None
            except OSError as error:
                raise self._broken(error) from None
            self.received += len(octets)
            return octets

    def close(self) -> None:
        """Close the connection at once. Closing twice is fine."""
        self._timer.cancel()
        if self._descriptor < 0:
            return
        if self._reading:
            self._loop.remove_reader(self._descriptor)
        self._descriptor = -1
        self._socket.close()

    def finish(self) -> None:
        """Close as TLS asks for it, with a close_notify if it fits at once."""
        if self._tls is not None and self._descriptor >= 0:
            with suppress(OSError):  # SSLError too: the target's own close_notify is not awaited
                self._tls.unwrap()
        self.close()

    def _last_words(self) -> ssl.SSLError | None:
        """Return the alert that a target sent before it closed, if it did."""
        try:
            self._socket.recv(1)
        except (ssl.SSLWantReadError, ssl.SSLEOFError):
            return None
        except ssl.SSLError as alert:
            return alert
        except OSError:
            return None
        return None

    def _broken(self, error: OSError) -> NetError:
        return refused_by_them(error, f"connection to {self.peer}", connected=True)

    async def _readable(self) -> None:
        waiter = self._wait()
        if not self._reading:
            self._loop.add_reader(self._descriptor, self._wake)
            self._reading = True
        try:
            await waiter
        finally:
            self._waiter = None
        if self._expired:
            raise self._too_late()

    async def _writable(self, *, connecting: bool = False) -> None:
        waiter = self._wait()
        self._loop.add_writer(self._descriptor, self._wake)
        try:
            await waiter
        finally:
            self._waiter = None
            self._loop.remove_writer(self._descriptor)
        if self._expired:
            raise self._too_late(connecting=connecting)

    def _wait(self) -> Wakeup:
        if self._expired:
            raise self._too_late()
        self._waiter = waiter = Wakeup(self._loop)
        return waiter

    def _wake(self) -> None:
        waiter = self._waiter
        if waiter is not None:
            waiter.wake()
        elif self._reading:
            # Readable while nobody reads: stop listening, or the loop would spin. Between two
            # reads in a row the registration stays, which saves two system calls each.
            self._loop.remove_reader(self._descriptor)
            self._reading = False

    def _expire(self) -> None:
        self._expired = True
        if self._waiter is not None:
            self._waiter.wake()

    def _too_late(self, *, connecting: bool = False) -> NetError:
        began = self.trace.began
        spent = monotonic() - (self._deadline if began is None else began)
        if connecting:
            detail = f"connect to {self.peer}: no answer; time was up after {spent:.2f} s"
            return NetError(FailureKind.CONNECT_TIMEOUT, detail)
        detail = f"{self._awaited()} {self.peer}; time was up after {spent:.2f} s"
        return NetError(FailureKind.TIMEOUT, detail, answered=True)

    def _awaited(self) -> str:
        match self.trace.phase:
            case Phase.TLS:
                return "no end of the TLS handshake with"
            case Phase.CONNECT | Phase.PROCESSING:
                return "no answer from"
            case _:
                return f"{self.received} bytes, but not all, from"


def _error(code: int) -> OSError:
    return OSError(code, os.strerror(code))
