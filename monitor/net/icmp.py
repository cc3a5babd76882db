"""One ICMP echo and its reply (RFC 792, RFC 4443), within a deadline, without a thread.

A datagram socket of ICMP is tried first: it needs no privilege where the kernel's
`net.ipv4.ping_group_range` has our group. A raw socket is second and needs CAP_NET_RAW.

Only the reply to our own request counts: its address (the socket is connected), identifier,
sequence number and payload must be those that were sent. What a router says against the request
ends the wait at once. The round trip is timed by the kernel, so that a busy loop does not make a
target look slow.
"""

import asyncio
import errno
import secrets
import socket
import struct
import time
from dataclasses import dataclass
from ipaddress import ip_address
from time import monotonic

from monitor.domain.observation import FailureKind, UnknownCause
from monitor.net.errors import NetError
from monitor.net.faults import refused_by_them, refused_by_us
from monitor.net.icmpwire import (
    ECHO_REPLY_4,
    ECHO_REPLY_6,
    Echo,
    echo_request,
    hop_limit_of,
    is_echo_reply,
    kernel_time_of,
    message_of,
    refusal_of,
)

_LARGEST_PACKET = 65_535
_ANCILLARY_BYTES = 256
_FLAGS = socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
# Of <linux/in.h>, <linux/in6.h>, <linux/icmp.h>, <linux/icmpv6.h> and <asm/socket.h>: Python has
# no names for them.
_IP_RECVTTL, _IP_RECVERR, _IPV6_RECVERR = 12, 11, 25
_IP_MTU_DISCOVER, _IPV6_MTU_DISCOVER, _PMTUDISC_PROBE = 10, 23, 3
_SOL_RAW, _ICMP_FILTER, _ICMP6_FILTER = 255, 1, 1
_SO_TIMESTAMPNS = 35
_MSG_ERRQUEUE = 0x2000
_NOT_ALLOWED = {errno.EACCES, errno.EPERM, errno.EPROTONOSUPPORT, errno.ESOCKTNOSUPPORT}


@dataclass(frozen=True, slots=True, kw_only=True)
class EchoOptions:
    """What to send, and how.

    `hop_limit` (1 to 255, TTL in IPv4) None leaves it to the kernel. With `dont_fragment` a
    packet that is too large for the way fails, whatever was learnt of the way before.
    `source_address` is an IP literal of this machine.
    """

    payload: bytes = b"Pantau"
    hop_limit: int | None = None
    dont_fragment: bool = False
    source_address: str | None = None


@dataclass(slots=True)
class EchoTrace:
    """What is known so far of an echo; it stays when a step raises.

    `privileged` says that a raw socket was needed; the kernel chooses the identifier where it
    was not.
    """

    setup_seconds: float = 0.0
    privileged: bool = False
    identifier: int = 0
    sequence: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class EchoReply:
    """The reply: how long it took, and its hop limit (TTL in IPv4), None where it is not known."""

    seconds: float
    hop_limit: int | None


async def echo(
    address: str, options: EchoOptions, *, deadline: float, trace: EchoTrace | None = None
) -> EchoReply:
    """Return the reply of an IP literal to one echo request.

    `deadline` is a reading of `time.monotonic`. Raises NetError: TIMEOUT when there is none,
    CONNECT_UNREACHABLE when a router says so, or a cause when nothing could be sent.
    """
    trace = trace or EchoTrace()
    began = monotonic()
    try:
        sock = _opened(address, options, trace)
    finally:
        trace.setup_seconds = monotonic() - began
    try:
        return await _exchange(sock, address, _asked(sock, options, trace), deadline)
    finally:
        sock.close()


def _opened(address: str, options: EchoOptions, trace: EchoTrace) -> socket.socket:
    """Return a socket that hears of that address alone. Raises NetError."""
    sock = _socket(address, trace)
    try:
        _prepare(sock, options, raw=trace.privileged)
        if options.source_address is not None:
            _bind(sock, options.source_address)
        sock.connect((address, 0))
    except OSError as error:
        sock.close()
        raise refused_by_us(error, f"ping {address}") from None
    except BaseException:
        sock.close()
        raise
    return sock


def _socket(address: str, trace: EchoTrace) -> socket.socket:
    if ":" in address:
        family, protocol = socket.AF_INET6, socket.IPPROTO_ICMPV6
    else:
        family, protocol = socket.AF_INET, socket.IPPROTO_ICMP
    try:
        return socket.socket(family, socket.SOCK_DGRAM | _FLAGS, protocol)
    except OSError as error:
        if error.errno not in _NOT_ALLOWED:
            raise refused_by_us(error, "open a socket for ICMP") from None
    trace.privileged = True
    try:
        return socket.socket(family, socket.SOCK_RAW | _FLAGS, protocol)
    except OSError as error:
        if error.errno not in _NOT_ALLOWED:
            raise refused_by_us(error, "open a socket for ICMP") from None
    detail = (
        "ICMP is not allowed to this process: "
        "put its group in net.ipv4.ping_group_range, or give it CAP_NET_RAW"
    )
    raise NetError(FailureKind.CONNECT_UNREACHABLE, detail, cause=UnknownCause.LOCAL)


def _prepare(sock: socket.socket, options: EchoOptions, *, raw: bool) -> None:
    sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
    if sock.family == socket.AF_INET6:
        _prepare_ip6(sock, options, raw=raw)
    else:
        _prepare_ip4(sock, options, raw=raw)


def _prepare_ip4(sock: socket.socket, options: EchoOptions, *, raw: bool) -> None:
    sock.setsockopt(socket.IPPROTO_IP, _IP_RECVTTL, 1)
    sock.setsockopt(socket.IPPROTO_IP, _IP_RECVERR, 1)
    if raw:
        blocked = ~(1 << ECHO_REPLY_4) & 0xFFFF_FFFF
        sock.setsockopt(_SOL_RAW, _ICMP_FILTER, struct.pack("=I", blocked))
    if options.hop_limit is not None:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, options.hop_limit)
    if options.dont_fragment:
        # PROBE, not DO: the way's own answer is wanted, not what was learnt of it before.
        sock.setsockopt(socket.IPPROTO_IP, _IP_MTU_DISCOVER, _PMTUDISC_PROBE)


def _prepare_ip6(sock: socket.socket, options: EchoOptions, *, raw: bool) -> None:
    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVHOPLIMIT, 1)
    sock.setsockopt(socket.IPPROTO_IPV6, _IPV6_RECVERR, 1)
    if raw:
        blocked = ((1 << 256) - 1) ^ (1 << ECHO_REPLY_6)
        words = (blocked >> 32 * word & 0xFFFF_FFFF for word in range(8))
        sock.setsockopt(socket.IPPROTO_ICMPV6, _ICMP6_FILTER, struct.pack("=8I", *words))
    if options.hop_limit is not None:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, options.hop_limit)
    if options.dont_fragment:
        sock.setsockopt(socket.IPPROTO_IPV6, _IPV6_MTU_DISCOVER, _PMTUDISC_PROBE)
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_DONTFRAG, 1)


def _bind(sock: socket.socket, source: str) -> None:
    if (ip_address(source).version == 6) is not (sock.family == socket.AF_INET6):
        detail = f"source address {source} is of another family than the target's address"
        raise NetError(FailureKind.CONNECT_UNREACHABLE, detail, cause=UnknownCause.LOCAL)
    sock.bind((source, 0))


def _asked(sock: socket.socket, options: EchoOptions, trace: EchoTrace) -> Echo:
    """Return the request. The kernel replaces the identifier where the socket is no raw one."""
    own = secrets.randbits(16)
    asked = Echo(
        ip6=sock.family == socket.AF_INET6,
        identifier=own if trace.privileged else sock.getsockname()[1] or own,
        sequence=secrets.randbits(16),
        payload=options.payload,
    )
    trace.identifier, trace.sequence = asked.identifier, asked.sequence
    return asked


async def _exchange(sock: socket.socket, address: str, asked: Echo, deadline: float) -> EchoReply:
    sent_at, began = time.time_ns(), monotonic()
    try:
        received, ancillary = await _reply(sock, asked, deadline)
    except TimeoutError:
        detail = f"no echo reply from {address} within {monotonic() - began:.2f} s"
        raise NetError(FailureKind.TIMEOUT, detail) from None
    except OSError as error:
        raise _refused(sock, error, address, asked) from None
    elapsed = monotonic() - began
    at = kernel_time_of(ancillary)
    by_kernel = -1.0 if at is None else (at - sent_at) / 1e9
    hop_limit = hop_limit_of(ancillary)
    return EchoReply(
        # The wall clock may have been set meanwhile; then our own reading is good enough.
        seconds=by_kernel if 0 <= by_kernel <= elapsed else elapsed,
        hop_limit=received if hop_limit is None else hop_limit,
    )


_Ancillary = list[tuple[int, int, bytes]]
_Found = asyncio.Future[tuple[int | None, _Ancillary]]


async def _reply(
    sock: socket.socket, asked: Echo, deadline: float
) -> tuple[int | None, _Ancillary]:
    """Ask, and return what came along with the reply. Raises TimeoutError and OSError."""
    if deadline <= monotonic():
        raise TimeoutError
    loop = asyncio.get_running_loop()
    found: _Found = loop.create_future()
    sock.send(echo_request(asked))
    _read(sock, asked, found)  # one on this machine has answered already
    if found.done():
        return found.result()
    timer = loop.call_at(deadline, _give_up, found)
    loop.add_reader(sock, _read, sock, asked, found)
    try:
        return await found
    finally:
        timer.cancel()
        loop.remove_reader(sock)


def _give_up(found: _Found) -> None:
    if not found.done():
        found.set_exception(TimeoutError())


def _read(sock: socket.socket, asked: Echo, found: _Found) -> None:
    """Take one packet: one a turn of the loop, so that a flood holds nothing else up."""
    if found.done():
        return
    try:
        packet, ancillary, _, _ = sock.recvmsg(_LARGEST_PACKET, _ANCILLARY_BYTES)
    except (BlockingIOError, InterruptedError):
        return
    except OSError as error:
        found.set_exception(error)
        return
    message = message_of(packet, raw=sock.type == socket.SOCK_RAW and not asked.ip6)
    if is_echo_reply(asked, message.octets):
        found.set_result((message.hop_limit, ancillary))


def _refused(sock: socket.socket, error: OSError, address: str, asked: Echo) -> NetError:
    if error.errno == errno.EMSGSIZE:
        detail = f"ping {address}: {len(asked.payload)} bytes of payload are too many for the way"
        return NetError(FailureKind.CONNECT_UNREACHABLE, detail)
    if error.errno in {errno.EAGAIN, errno.EWOULDBLOCK}:
        return refused_by_us(error, f"ping {address}")
    try:
        _, ancillary, _, _ = sock.recvmsg(_LARGEST_PACKET, _ANCILLARY_BYTES, _MSG_ERRQUEUE)
    except OSError:
        return refused_by_us(error, f"ping {address}")
    reporter = refusal_of(ancillary)
    if reporter is None:
        return refused_by_us(error, f"ping {address}")
    told = refused_by_them(error, f"ping {address}, {reporter} answers")
    return NetError(told.failure.kind, told.failure.detail, answered=reporter == address)
