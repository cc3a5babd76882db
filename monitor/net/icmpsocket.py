"""A socket for ICMP echoes (RFC 792, RFC 4443).

A datagram socket of ICMP is tried first: it needs no privilege where the kernel's
`net.ipv4.ping_group_range` has our group. A raw socket is second and needs CAP_NET_RAW.
"""

import ctypes
import errno
import socket
import struct
from dataclasses import dataclass
from ipaddress import ip_address

from monitor.domain.observation import FailureKind, UnknownCause
from monitor.net.errors import NetError
from monitor.net.faults import refused_by_us
from monitor.net.icmpwire import ECHO_REPLY_4, ECHO_REPLY_6

NOT_ALLOWED = (
    "ICMP is not allowed to this process: "
    "put its group in net.ipv4.ping_group_range, or give it CAP_NET_RAW"
)
_FLAGS = socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
_PROTOCOLS = {
    socket.AF_INET: socket.IPPROTO_ICMP,
    socket.AF_INET6: socket.IPPROTO_ICMPV6,
}
# Of <linux/in.h>, <linux/in6.h>, <linux/icmp.h>, <linux/icmpv6.h> and <asm/socket.h>: Python has
# no names for them.
_IP_RECVTTL, _IP_RECVERR, _IPV6_RECVERR = 12, 11, 25
_IP_MTU_DISCOVER, _IPV6_MTU_DISCOVER = 10, 23
_PMTUDISC_DONT, _PMTUDISC_PROBE = 0, 3
_SOL_RAW, _ICMP_FILTER, _ICMP6_FILTER = 255, 1, 1
_SO_ATTACH_FILTER, _SO_TIMESTAMPNS = 26, 35
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


def open_socket(address: str, options: EchoOptions, identifier: int) -> socket.socket:
    """Return a socket that hears of that address alone. Raises NetError.

    A raw one hears only of packets with that identifier; another has an identifier of its own.
    """
    sock = _socket(address)
    try:
        _prepare(sock, options, raw=sock.type == socket.SOCK_RAW)
        if sock.type == socket.SOCK_RAW:
            _hear_only(sock, identifier)
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


def _socket(address: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW):
        try:
            return socket.socket(family, kind | _FLAGS, _PROTOCOLS[family])
        except OSError as error:
            if error.errno not in _NOT_ALLOWED:
                raise refused_by_us(error, "open a socket for ICMP") from None
    raise NetError(FailureKind.CONNECT_UNREACHABLE, NOT_ALLOWED, cause=UnknownCause.LOCAL)


def way_allowed() -> str | None:
    """Return in which way this process may send echoes: "datagram", "raw", or not at all."""
    for name, kind in (("datagram", socket.SOCK_DGRAM), ("raw", socket.SOCK_RAW)):
        try:
            socket.socket(socket.AF_INET, kind | _FLAGS, socket.IPPROTO_ICMP).close()
        except OSError:
            continue
        return name
    return None


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
    # PROBE, not DO: the way's own answer is wanted, not what was learnt of it before. DONT, since
    # the kernel's default asks for no fragments either.
    discover = _PMTUDISC_PROBE if options.dont_fragment else _PMTUDISC_DONT
    sock.setsockopt(socket.IPPROTO_IP, _IP_MTU_DISCOVER, discover)


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


def _hear_only(sock: socket.socket, identifier: int) -> None:
    """Have the kernel drop replies to others, which would fill the buffer of a raw socket.

    The program is one of BPF (classic): the identifier stands 4 bytes into the ICMP message, in
    front of which IPv4 has its own header.
    """
    load = [(0x28, 0, 0, 4)]  # A = the two bytes at 4
    if sock.family == socket.AF_INET:
        load = [(0xB1, 0, 0, 0), (0x48, 0, 0, 4)]  # X = length of the IP header; A = those at X + 4
    ours, all_of_it, nothing = (0x15, 0, 1, identifier), (0x06, 0, 0, 0xFFFF), (0x06, 0, 0, 0)
    program = [struct.pack("=HBBI", *line) for line in (*load, ours, all_of_it, nothing)]
    code = ctypes.create_string_buffer(b"".join(program))
    sock.setsockopt(
        socket.SOL_SOCKET,
        _SO_ATTACH_FILTER,
        struct.pack("@HP", len(program), ctypes.addressof(code)),
    )


def _bind(sock: socket.socket, source: str) -> None:
    if (ip_address(source).version == 6) is not (sock.family == socket.AF_INET6):
        detail = f"source address {source} is of another family than the target's address"
        raise NetError(FailureKind.CONNECT_UNREACHABLE, detail, cause=UnknownCause.LOCAL)
    sock.bind((source, 0))
