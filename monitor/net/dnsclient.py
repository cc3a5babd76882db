"""One question to one name server, over UDP or TCP, within a deadline.

A forged or broken packet costs the answer nothing: a UDP reply counts only if it comes from the
server's address and port (the socket is connected), carries the random id and the question, and
can be read. Anything else is passed over until the deadline.
"""

import asyncio
import secrets
import socket
import struct
from dataclasses import dataclass, replace
from enum import StrEnum
from time import monotonic
from typing import Protocol

from monitor.domain.observation import FailureKind
from monitor.net.connection import Stream, dial
from monitor.net.dnsmessage import Question, encode, is_reply, is_truncated
from monitor.net.dnsserver import NameServer
from monitor.net.dnswire import Malformed, Message, decode
from monitor.net.errors import NetError
from monitor.net.faults import refused_by_them, refused_by_us
from monitor.net.trace import Phase, Trace

_DATAGRAM_SOCKET = socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
_LARGEST_MESSAGE = 65_535
_LENGTH = struct.Struct("!H")
_WITHOUT_EDNS = {"FORMERR", "NOTIMP", "RCODE16"}  # what servers without EDNS say; 16 is BADVERS


class Transport(StrEnum):
    """How a question travels."""

    UDP = "udp"
    TCP = "tcp"


@dataclass(slots=True)
class QueryTrace:
    """What is known so far of a question's way; it stays when a step raises.

    `resolve_seconds` went into the server's own name, `connect_seconds` into sockets and
    connections, `request_seconds` from the question's leaving to its answer. A step that is
    repeated (another server, TCP after a truncated answer) adds up. `server` was asked last.
    """

    resolve_seconds: float = 0.0
    connect_seconds: float = 0.0
    request_seconds: float = 0.0
    server: NameServer | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsAnswer:
    """A server's reply. `server.host` is the IP literal that answered.

    `truncated` says that the answer over UDP was cut, so that `message` came over TCP.
    """

    message: Message
    server: NameServer
    transport: Transport
    truncated: bool = False


class Ask(Protocol):
    """What asks a server; `ask` below is the one that uses the network."""

    async def __call__(
        self,
        server: NameServer,
        question: Question,
        *,
        transport: Transport,
        recursion: bool,
        deadline: float,
        trace: QueryTrace,
    ) -> DnsAnswer: ...


async def ask(
    server: NameServer,
    question: Question,
    *,
    transport: Transport,
    recursion: bool,
    deadline: float,
    trace: QueryTrace,
) -> DnsAnswer:
    """Return the server's answer to a question, whatever its response code.

    `server.host` is an IP literal, `deadline` a reading of `time.monotonic`. A truncated answer
    is asked for again over TCP, and a server that knows no EDNS is asked without. Raises
    NetError: TIMEOUT, a CONNECT kind, or PROTOCOL.
    """
    trace.server = server
    exchange = _over_udp_or_else_tcp if transport is Transport.UDP else _over_tcp
    answer = await exchange(server, _query(question, recursion, edns=True), deadline, trace)
    if answer.message.rcode in _WITHOUT_EDNS:
        answer = await exchange(server, _query(question, recursion, edns=False), deadline, trace)
    return answer


def _query(question: Question, recursion: bool, *, edns: bool) -> bytes:  # noqa: FBT001
    return encode(question, secrets.randbits(16), recursion=recursion, edns=edns)


async def _over_udp_or_else_tcp(
    server: NameServer, query: bytes, deadline: float, trace: QueryTrace
) -> DnsAnswer:
    message = await _over_udp(server, query, deadline, trace)
    if message is not None:
        return DnsAnswer(message=message, server=server, transport=Transport.UDP)
    return replace(await _over_tcp(server, query, deadline, trace), truncated=True)


async def _over_udp(
    server: NameServer, query: bytes, deadline: float, trace: QueryTrace
) -> Message | None:
    """Return the reply, or None if it was truncated."""
    began = monotonic()
    with _connected(server) as sock:
        _send(sock, query, server)
        asked = monotonic()
        trace.connect_seconds += asked - began
        try:
            return await _datagram_reply(sock, query, deadline)
        except TimeoutError:
            raise _silent(server, asked) from None
        except OSError as error:
            raise refused_by_them(error, f"ask {server} over UDP") from None
        finally:
            trace.request_seconds += monotonic() - asked


def _connected(server: NameServer) -> socket.socket:
    """Return a socket that hears that server alone, on a port that the kernel picks at random."""
    family = socket.AF_INET6 if ":" in server.host else socket.AF_INET
    try:
        sock = socket.socket(family, _DATAGRAM_SOCKET)
    except OSError as error:
        raise refused_by_us(error, "open a socket") from None
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


async def _datagram_reply(sock: socket.socket, query: bytes, deadline: float) -> Message | None:
    """Return the first reply to `query`, None if truncated. Raises TimeoutError and OSError."""
    loop = asyncio.get_running_loop()
    found: asyncio.Future[Message | None] = loop.create_future()
    timer = loop.call_at(deadline, _give_up, found)
    loop.add_reader(sock, _read_datagram, sock, query, found)
    try:
        return await found
    finally:
        timer.cancel()
        loop.remove_reader(sock)


def _give_up(found: asyncio.Future[Message | None]) -> None:
    if not found.done():
        found.set_exception(TimeoutError())


def _read_datagram(
    sock: socket.socket, query: bytes, found: asyncio.Future[Message | None]
) -> None:
    """Take one datagram: one a turn of the loop, so that a flood holds nothing else up."""
    if found.done():
        return
    try:
        wire = sock.recv(_LARGEST_MESSAGE)
        if is_reply(query, wire):
            found.set_result(None if is_truncated(wire) else decode(wire))
    except (BlockingIOError, Malformed):
        return
    except OSError as error:
        found.set_exception(error)


async def _over_tcp(
    server: NameServer, query: bytes, deadline: float, trace: QueryTrace
) -> DnsAnswer:
    way = Trace()
    try:
        stream = await dial(server.host, server.port, deadline=deadline, trace=way)
        try:
            way.enter(Phase.PROCESSING)
            await stream.send(_LENGTH.pack(len(query)) + query)
            message = await _framed_reply(stream, query)
        finally:
            stream.close()
    finally:
        way.leave()
        trace.connect_seconds += way.phases.get(Phase.CONNECT, 0.0)
        trace.request_seconds += way.phases.get(Phase.PROCESSING, 0.0)
    return DnsAnswer(message=message, server=server, transport=Transport.TCP)


async def _framed_reply(stream: Stream, query: bytes) -> Message:
    """Return the first message on the stream that replies to `query` (RFC 7766)."""
    received = bytearray()
    while True:
        wire = _take_message(received)
        if wire is None:
            received += await _more(stream)
        elif is_reply(query, wire):
            return _decoded(wire, stream.peer)


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


def _decoded(wire: bytes, peer: str) -> Message:
    try:
        return decode(wire)
    except Malformed as error:
        detail = f"malformed answer from {peer}: {error}"
        raise NetError(FailureKind.PROTOCOL, detail, answered=True) from None


def _silent(server: NameServer, since: float) -> NetError:
    detail = f"no answer from {server} within {monotonic() - since:.2f} s"
    return NetError(FailureKind.TIMEOUT, detail)
