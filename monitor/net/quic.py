"""One QUIC connection (RFC 9000) on the event loop: aioquic decides, this module sends and waits.

Like `monitor.net.connection`, and under the same rules: one address, one attempt, one deadline, and
everything that a target may send bounded.
"""

import asyncio
import socket
from contextlib import suppress
from time import monotonic
from typing import Any

from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import QuicConnection
from aioquic.quic.events import ConnectionTerminated, HandshakeCompleted, QuicEvent
from aioquic.tls import load_pem_private_key, load_pem_x509_certificates

from monitor.domain.observation import FailureKind, UnknownCause
from monitor.domain.text import visible_text
from monitor.net.errors import NetError
from monitor.net.faults import refused_by_them, refused_by_us
from monitor.net.quictrust import Certificates, facts_of, verified
from monitor.net.tls import TlsSettings
from monitor.net.trace import Phase, Trace
from monitor.net.wakeup import Wakeup

_DATAGRAMS_A_TURN = 16
_BYTES_A_TURN = 65_536  # of the smallest frames some 30 ms
_MOST_DATAGRAMS = 2000  # and one more for each so many bytes that were of use
_USE_OF_A_DATAGRAM = 256
_LARGEST_DATAGRAM = 65_536
_WINDOW = 1_048_576
_MOST_AROUND = 2 * _WINDOW  # bytes that were of no use, or not yet; and one for each that was
_CRYPTO_ERRORS = range(0x100, 0x200)  # a TLS alert, plus 0x100 (RFC 9001, 4.8)
_ABOUT_CERTIFICATES = {42, 43, 44, 45, 46, 48, 116}  # alerts about ours
_UDP = socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC


async def dial_quic(
    address: str,
    port: int,
    *,
    settings: TlsSettings,
    server_name: str,
    deadline: float,
    trace: Trace,
) -> "QuicLink":
    """Return a connection to an IP literal, its handshake done and its certificate verified.

    The handshake is the TLS phase; connecting takes no time. Raises NetError; `trace.tls` tells
    what was presented then, too.
    """
    trace.enter(Phase.CONNECT)
    connection = _Connection(configuration=_configuration(settings, server_name))
    link = QuicLink(_socket(address, port), connection, (address, port), deadline, trace)
    try:
        trace.enter(Phase.TLS)
        await link.shake_hands(settings, server_name)
    except BaseException:
        link.close()
        raise
    return link


def _socket(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        sock = socket.socket(family, _UDP)
    except OSError as error:
        raise refused_by_us(error, "open a socket") from None
    try:
        sock.connect((address, port))
    except OSError as error:
        sock.close()
        raise refused_by_us(error, f"connect to {address}") from None
    return sock


class _Connection(QuicConnection):
    """Remembers why it was closed by this side: the event comes only after a pause."""

    refusal: str | None = None

    def close(
        self, error_code: int = 0, frame_type: int | None = None, reason_phrase: str = ""
    ) -> None:
        if self.refusal is None:
            self.refusal = reason_phrase or f"error {error_code:#x}"
        super().close(error_code, frame_type, reason_phrase)


class QuicLink:
    """A connection over UDP. Use it from one task."""

    def __init__(
        self,
        sock: socket.socket,
        connection: "_Connection",
        place: tuple[str, int],
        deadline: float,
        trace: Trace,
    ) -> None:
        self.address, port = self._place = place
        self.connection = connection
        self.received = 0  # bytes, as they came
        self.useful = 0  # bytes among them that were worth something; whoever reads counts them
        self.trace = trace
        self._loop = asyncio.get_running_loop()
        self._socket = sock
        self._peer = f"[{self.address}]:{port}" if ":" in self.address else f"{self.address}:{port}"
        self._deadline = deadline
        self._datagrams = 0
        self._waiter: Wakeup | None = None
        self._reading = False
        self._closed = False

    async def shake_hands(self, settings: TlsSettings, server_name: str) -> None:
        """Make the handshake and look at the certificate. Raises NetError."""
        self.connection.connect(self._place, now=monotonic())
        while not any(isinstance(one, HandshakeCompleted) for one in await self.events()):
            pass
        presented = self._presented()
        self.trace.tls = facts_of(presented, self._cipher())
        if not settings.insecure:
            self.trace.tls = verified(self.trace.tls, presented, settings, server_name)

    async def events(self) -> list[QuicEvent]:
        """Return what happened next, one thing at least. Raises NetError."""
        while True:
            self._transmit()
            found = list(iter(self.connection.next_event, None))
            self._judge(found)
            if found:
                return found
            await self._wait()
            self._receive()

    def close(self) -> None:
        """Say goodbye, if that goes out at once, and close. Closing twice is fine."""
        if self._closed:
            return
        self._closed = True
        self.connection.close()
        with suppress(NetError):
            self._transmit()
        if self._reading:
            self._loop.remove_reader(self._socket.fileno())
        self._socket.close()

    def _presented(self) -> Certificates:
        tls: Any = self.connection.tls  # kept in no public place
        first, rest = tls._peer_certificate, tls._peer_certificate_chain  # noqa: SLF001
        return (first, *rest) if first is not None else ()

    def _cipher(self) -> str | None:
        schedule = self.connection.tls.key_schedule
        return None if schedule is None else f"TLS_{schedule.cipher_suite.name}"

    def _transmit(self) -> None:
        for octets, _ in self.connection.datagrams_to_send(now=monotonic()):
            try:
                self._socket.send(octets)
            except BlockingIOError:
                return  # QUIC sends again what was lost
            except OSError as error:
                raise self._broken(error) from None

    def _receive(self) -> None:
        now = monotonic()
        timer = self.connection.get_timer()
        if timer is not None and now >= timer:
            self.connection.handle_timer(now=now)
        until = self.received + _BYTES_A_TURN
        for _ in range(_DATAGRAMS_A_TURN):
            if self.received >= until:
                return
            try:
                octets = self._socket.recv(_LARGEST_DATAGRAM)
            except BlockingIOError:
                return
            except OSError as error:
                raise self._broken(error) from None
            self._count(len(octets))
            self._take(octets)

    def _take(self, octets: bytes) -> None:
        try:
            self.connection.receive_datagram(octets, self._place, now=monotonic())
        except Exception as error:
            # A library met bytes that its authors did not foresee: the target sent them.
            raise _failed(FailureKind.PROTOCOL, type(error).__name__) from None

    def _count(self, size: int) -> None:
        self.received += size
        self._datagrams += 1
        if self._datagrams > _MOST_DATAGRAMS + self.useful // _USE_OF_A_DATAGRAM:
            detail = f"over {self._datagrams - 1} datagrams for {self.useful} bytes of body"
            raise _failed(FailureKind.PROTOCOL, detail)
        if self.received > _MOST_AROUND + 2 * self.useful:
            detail = f"{self.received} bytes for {self.useful} bytes of body"
            raise _failed(FailureKind.PROTOCOL, detail)

    def _judge(self, found: list[QuicEvent]) -> None:
        """Raise NetError when the connection has ended."""
        if self.connection.refusal is not None and not self._closed:
            raise _failed(FailureKind.PROTOCOL, visible_text(self.connection.refusal, 200))
        ended = next((one for one in found if isinstance(one, ConnectionTerminated)), None)
        if ended is None:
            # The event of a goodbye from the other side comes a second after it.
            ended = getattr(self.connection, "_close_event", None)
        if ended is not None:
            raise _ended(ended)

    def _broken(self, error: OSError) -> NetError:
        return refused_by_them(error, f"connection to {self._peer} over UDP")

    async def _wait(self) -> None:
        """Wait for a datagram, a timer of QUIC's, or the deadline."""
        now = monotonic()
        if now >= self._deadline:
            raise self._too_late()
        timer = self.connection.get_timer()
        until = self._deadline if timer is None else min(timer, self._deadline)
        if not self._reading:
            self._loop.add_reader(self._socket.fileno(), self._wake)
            self._reading = True
        self._waiter = waiter = Wakeup(self._loop)
        alarm = self._loop.call_at(until, waiter.wake)
        try:
            await waiter
        finally:
            self._waiter = None
            alarm.cancel()

    def _wake(self) -> None:
        if self._waiter is not None:
            self._waiter.wake()
        elif self._reading:
            # Readable while nobody reads: stop listening, or the loop would spin.
            self._loop.remove_reader(self._socket.fileno())
            self._reading = False

    def _too_late(self) -> NetError:
        began = self.trace.began
        spent = monotonic() - (self._deadline if began is None else began)
        if not self.received:
            detail = f"QUIC to {self._peer}: no answer over UDP; time was up after {spent:.2f} s"
            return NetError(FailureKind.CONNECT_TIMEOUT, detail)
        what = "no end of the handshake" if self.trace.phase is Phase.TLS else "no whole answer"
        detail = f"QUIC: {what} from {self._peer}; time was up after {spent:.2f} s"
        return NetError(FailureKind.TIMEOUT, detail, answered=True)


def _configuration(settings: TlsSettings, server_name: str) -> QuicConfiguration:
    configuration = QuicConfiguration(
        is_client=True,
        alpn_protocols=["h3"],
        server_name=server_name,
        verify_mode=0,  # ssl.CERT_NONE: `monitor.net.quictrust` does it
        max_data=_WINDOW,
        max_stream_data=_WINDOW,
    )
    try:
        _show_certificate(configuration, settings)
    except (OSError, ValueError, IndexError, TypeError) as error:
        detail = f"TLS settings: {settings.client_cert_file or 'certificate'}: {error}"
        raise NetError(FailureKind.TLS_OTHER, detail, cause=UnknownCause.LOCAL) from None
    return configuration


def _show_certificate(configuration: QuicConfiguration, settings: TlsSettings) -> None:
    if settings.client_cert_file is not None:
        configuration.load_cert_chain(settings.client_cert_file, settings.client_key_file)
    elif settings.cert_pem is not None:
        first, *rest = load_pem_x509_certificates(settings.cert_pem.encode())
        configuration.certificate, configuration.certificate_chain = first, rest
        key = settings.key_pem or settings.cert_pem
        configuration.private_key = load_pem_private_key(key.encode())


def _ended(event: ConnectionTerminated) -> NetError:
    reason = visible_text(event.reason_phrase or f"error {event.error_code:#x}", 200)
    # An error of HTTP/3's own comes without a frame type, and its numbers begin at 0x100, too.
    if event.frame_type is None or event.error_code not in _CRYPTO_ERRORS:
        return _failed(FailureKind.PROTOCOL, f"the target closed the connection: {reason}")
    alert = event.error_code - _CRYPTO_ERRORS.start
    about_ours = alert in _ABOUT_CERTIFICATES
    kind = FailureKind.TLS_OTHER if about_ours else FailureKind.TLS_PROTOCOL
    return _failed(kind, f"TLS handshake: alert {alert} ({reason})")


def _failed(kind: FailureKind, detail: str) -> NetError:
    return NetError(kind, f"QUIC: {detail}", answered=True)
