"""One question to one name server, over UDP, TCP or a stream, within a deadline.

A forged or broken packet costs the answer nothing: a UDP reply counts only if it comes from the
server's address and port (the socket is connected), carries the random id and the question, and
can be read. Anything else is passed over until the deadline.
"""

import asyncio
import secrets
import socket
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from time import monotonic
from typing import Protocol

from monitor.domain.observation import FailureKind
from monitor.net.connection import Stream, bind_source, dial
from monitor.net.dnsmessage import Options as Options  # noqa: PLC0414 - part of this vocabulary
from monitor.net.dnsmessage import Question, encode, is_reply, is_truncated
from monitor.net.dnsserver import NameServer
from monitor.net.dnswire import Malformed, Message, decode, decode_cut
from monitor.net.errors import NetError
from monitor.net.faults import refused_by_them, refused_by_us
from monitor.net.tls import TlsFacts
from monitor.net.trace import Phase, Trace

_DATAGRAM_SOCKET = socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
_LARGEST_MESSAGE = 65_535
_LENGTH = struct.Struct("!H")
_WITHOUT_EDNS = {"FORMERR", "NOTIMP", "BADVERS"}  # what servers without EDNS say


class Transport(StrEnum):
    """How a question travels."""

    UDP = "udp"
    TCP = "tcp"
    TLS = "tls"  # RFC 7858
    HTTPS = "https"  # RFC 8484


@dataclass(slots=True)
class QueryTrace:
    """What is known so far of a question's way; it stays when a step raises.

    `resolve_seconds` went into the server's own name, `connect_seconds` into sockets, connections
    and handshakes, `request_seconds` from the question's leaving to its answer. A step that is
    repeated (another server, TCP after a truncated answer) adds up. `server` was asked last,
    `tls` is what its last handshake showed, also one that failed.
    """

    resolve_seconds: float = 0.0
    connect_seconds: float = 0.0
    request_seconds: float = 0.0
    server: NameServer | None = None
    tls: TlsFacts | None = None

    def add(self, way: Trace) -> None:
        """Take over what a connection's trace says of one exchange that has ended."""
        way.leave()
        phases = way.phases
        self.resolve_seconds += phases.get(Phase.RESOLVE, 0.0)
        self.connect_seconds += phases.get(Phase.CONNECT, 0.0) + phases.get(Phase.TLS, 0.0)
        self.request_seconds += phases.get(Phase.PROCESSING, 0.0) + phases.get(Phase.TRANSFER, 0.0)
        self.tls = way.tls or self.tls


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsAnswer:
    """A server's reply. `server.host` is the IP literal that answered, `wire` its bytes.

    `truncated` says that the answer over UDP was cut, so that `message` came over TCP; where
    `transport` is still UDP, nobody asked again, and `message` is what the cut answer holds.
    `http_version` is that of a reply over HTTPS: 1.1 or 2.
    """

    message: Message
    server: NameServer
    transport: Transport
    truncated: bool = False
    wire: bytes = b""
    http_version: str | None = None


class Ask(Protocol):
    """What asks a server; `ask` below is the one that uses the network."""

    async def __call__(
        self,
        server: NameServer,
        question: Question,
        *,
        transport: Transport,
        options: Options,
        deadline: float,
        trace: QueryTrace,
    ) -> DnsAnswer: ...


async def ask(
    server: NameServer,
    question: Question,
    *,
    transport: Transport,
    options: Options,
    deadline: float,
    trace: QueryTrace,
) -> DnsAnswer:
    """Return the server's answer to a question, whatever its response code.

    `server.host` is an IP literal, `transport` UDP or TCP (`monitor.net.dnsquery` has the
    others), `deadline` a reading of `time.monotonic`. A truncated answer is asked for again over
    TCP, and a server that knows no EDNS is asked without. Raises NetError: TIMEOUT, a CONNECT
    kind, or PROTOCOL.
    """
    trace.server = server
    over = {Transport.UDP: _over_udp_or_else_tcp, Transport.TCP: _over_tcp}[transport]

    async def exchange(query: bytes, sent: Options) -> DnsAnswer:
        return await over(server, query, sent, deadline, trace)

    return await with_edns_or_without(exchange, question, options)


async def with_edns_or_without(
    exchange: Callable[[bytes, Options], Awaitable[DnsAnswer]],
    question: Question,
    options: Options,
    *,
    query_id: int | None = None,
) -> DnsAnswer:
    """Return what `exchange` makes of the question; without EDNS where the server knows none.

    It gets the query as bytes. Its id is random unless `query_id` is given.
    """
    answer = await exchange(encode(question, _id(query_id), options), options)
    if options.edns and answer.message.rcode in _WITHOUT_EDNS:
        plain = replace(options, edns=False)
        answer = await exchange(encode(question, _id(query_id), plain), plain)
    return answer


def _id(chosen: int | None) -> int:
    return secrets.randbits(16) if chosen is None else chosen


async def _over_udp_or_else_tcp(
    server: NameServer, query: bytes, options: Options, deadline: float, trace: QueryTrace
) -> DnsAnswer:
    answer = await _over_udp(server, query, options, deadline, trace)
    if not (answer.truncated and options.retry_truncated):
        return answer
    return replace(await _over_tcp(server, query, options, deadline, trace), truncated=True)


async def _over_udp(
    server: NameServer, query: bytes, options: Options, deadline: float, trace: QueryTrace
) -> DnsAnswer:
    """Return the first datagram that answers, cut or not."""
    began = monotonic()
    with _connected(server, options.source_address) as sock:
        _send(sock, query, server)
        asked = monotonic()
        trace.connect_seconds += asked - began
        try:
            wire, message = await _datagram_reply(sock, query, deadline)
        except TimeoutError:
            raise _silent(server, asked) from None
        except OSError as error:
            raise refused_by_them(error, f"ask {server} over UDP") from None
        finally:
            trace.request_seconds += monotonic() - asked
    return DnsAnswer(
        message=message,
        server=server,
        transport=Transport.UDP,
        truncated=is_truncated(wire),
        wire=wire,
    )


def _connected(server: NameServer, source_address: str | None) -> socket.socket:
    """Return a socket that hears that server alone, on a port that the kernel picks at random."""
    family = socket.AF_INET6 if ":" in server.host else socket.AF_INET
    try:
        sock = socket.socket(family, _DATAGRAM_SOCKET)
    except OSError as error:
        raise refused_by_us(error, "open a socket") from None
    if source_address is not None:
        bind_source(sock, source_address)
    try:
        sock.connect((server.host, server.port))
    except OSError as error:
        sock.close()
        raise refused_by_us(error, f"ask {server} over UDP") from None
    return sock


def _send(sock: socket.socket, query: bytes, server: NameServer) -> None:
    try:
        sock.send(query)
    except BlockingIOError:
        return  # the socket's buffer is full: as good as lost on the way
    except OSError as error:
        raise refused_by_us(error, f"ask {server} over UDP") from None


_Reply = tuple[bytes, Message]


async def _datagram_reply(sock: socket.socket, query: bytes, deadline: float) -> _Reply:
    """Return the first reply to `query`. Raises TimeoutError and OSError."""
    loop = asyncio.get_running_loop()
    found: asyncio.Future[_Reply] = loop.create_future()
    timer = loop.call_at(deadline, _give_up, found)
    # By its number: asyncio writes out what else it is given, with two system calls each time.
    descriptor = sock.fileno()
    loop.add_reader(descriptor, _read_datagram, sock, query, found)
    try:
        return await found
    finally:
        timer.cancel()
        loop.remove_reader(descriptor)


def _give_up(found: asyncio.Future[_Reply]) -> None:
    if not found.done():
        found.set_exception(TimeoutError())


def _read_datagram(sock: socket.socket, query: bytes, found: asyncio.Future[_Reply]) -> None:
    """Take one datagram: one a turn of the loop, so that a flood holds nothing else up."""
    if found.done():
        return
    try:
        wire = sock.recv(_LARGEST_MESSAGE)
        if is_reply(query, wire):
            found.set_result((wire, decode_cut(wire) if is_truncated(wire) else decode(wire)))
    except (BlockingIOError, Malformed):
        return
    except OSError as error:
        found.set_exception(error)


async def _over_tcp(
    server: NameServer, query: bytes, options: Options, deadline: float, trace: QueryTrace
) -> DnsAnswer:
    way = Trace()
    try:
        stream = await dial(
            server.host,
            server.port,
            deadline=deadline,
            trace=way,
            source_address=options.source_address,
        )
        try:
            wire, message = await exchange_on(stream, query, way)
        finally:
            stream.close()
    finally:
        trace.add(way)
    return DnsAnswer(message=message, server=server, transport=Transport.TCP, wire=wire)


async def exchange_on(stream: Stream, query: bytes, way: Trace) -> _Reply:
    """Send a query over an open stream (RFC 7766) and return the reply to it. Raises NetError."""
    way.enter(Phase.PROCESSING)
    await stream.send(_LENGTH.pack(len(query)) + query)
    return await _framed_reply(stream, query)


async def _framed_reply(stream: Stream, query: bytes) -> _Reply:
    """Return the first message on the stream that replies to `query` (RFC 7766)."""
    received = bytearray()
    while True:
        wire = _take_message(received)
        if wire is None:
            received += await _more(stream)
        elif is_reply(query, wire):
            return wire, decoded(wire, stream.peer)


def _take_message(received: bytearray) -> bytes | None:
    """Take a whole message from the front of what was received, or return None."""
    if len(received) < _LENGTH.size:
        return None
    end = _LENGTH.size + _LENGTH.unpack_from(received)[0]
    if len(received) < end:
        return None
    wire = bytes(received[_LENGTH.size : end])
    del received[:end]
    return wire


async def _more(stream: Stream) -> bytes:
    octets = await stream.receive()
    if not octets:
        detail = f"{stream.peer} closed the connection before its answer was whole"
        raise NetError(FailureKind.PROTOCOL, detail, answered=True)
    return octets


def decoded(wire: bytes, peer: str) -> Message:
    """Return a reply that came over a stream. Raises NetError for one that can't be read."""
    try:
        return decode(wire)
    except Malformed as error:
        detail = f"malformed answer from {peer}: {error}"
        raise NetError(FailureKind.PROTOCOL, detail, answered=True) from None


def _silent(server: NameServer, since: float) -> NetError:
    detail = f"no answer from {server} within {monotonic() - since:.2f} s"
    return NetError(FailureKind.TIMEOUT, detail)
