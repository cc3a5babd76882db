"""The one table of what an operating system's error says about a target, or about us."""

from errno import (
    EACCES,
    EADDRINUSE,
    EADDRNOTAVAIL,
    EAFNOSUPPORT,
    EAGAIN,
    ECONNABORTED,
    ECONNREFUSED,
    ECONNRESET,
    EHOSTDOWN,
    EHOSTUNREACH,
    EINVAL,
    EMFILE,
    ENETDOWN,
    ENETUNREACH,
    ENFILE,
    ENOBUFS,
    ENOMEM,
    ENOTCONN,
    EPERM,
    EPIPE,
    EPROTONOSUPPORT,
    ETIMEDOUT,
    errorcode,
)

from monitor.domain.observation import FailureKind, UnknownCause
from monitor.net.errors import NetError

# Nothing left the machine: these are refusals of our own kernel, and say nothing of a target.
OURS = {
    EMFILE: UnknownCause.LOCAL,  # no descriptor left for this process
    ENFILE: UnknownCause.LOCAL,  # none left on the machine
    ENOBUFS: UnknownCause.LOCAL,
    ENOMEM: UnknownCause.LOCAL,
    EADDRNOTAVAIL: UnknownCause.LOCAL,  # no free port, or no address of that family
    EADDRINUSE: UnknownCause.LOCAL,
    EAGAIN: UnknownCause.LOCAL,  # connect(2): no free port
    EPERM: UnknownCause.LOCAL,  # our packet filter
    EACCES: UnknownCause.LOCAL,  # our packet filter, or a `prohibit` route
    EINVAL: UnknownCause.LOCAL,  # a `blackhole` route
    EAFNOSUPPORT: UnknownCause.LOCAL,  # a kernel without IPv6
    EPROTONOSUPPORT: UnknownCause.LOCAL,
    ENETDOWN: UnknownCause.SELF_OFFLINE,
    ENETUNREACH: UnknownCause.SELF_OFFLINE,  # no route at all
}

# What the network or the target answered. Some errors are in both tables: when the kernel only
# passes on what an ICMP message said, they come later than the call.
THEIRS = {
    ECONNREFUSED: FailureKind.CONNECT_REFUSED,
    ETIMEDOUT: FailureKind.CONNECT_TIMEOUT,
    EHOSTUNREACH: FailureKind.CONNECT_UNREACHABLE,
    EHOSTDOWN: FailureKind.CONNECT_UNREACHABLE,
    ENETUNREACH: FailureKind.CONNECT_UNREACHABLE,
    EACCES: FailureKind.CONNECT_UNREACHABLE,  # ICMPv6 "administratively prohibited"
    ECONNRESET: FailureKind.CONNECT_RESET,
    ECONNABORTED: FailureKind.CONNECT_RESET,
    EPIPE: FailureKind.CONNECT_RESET,
    ENOTCONN: FailureKind.CONNECT_RESET,  # a reset that another call has told of already
}

# A packet of the target itself is behind these.
_ANSWERS = {FailureKind.CONNECT_REFUSED, FailureKind.CONNECT_RESET}
_ALWAYS_OURS = {EMFILE, ENFILE, ENOBUFS, ENOMEM, EPERM, ENETDOWN}


def refused_by_us(error: OSError, action: str) -> NetError:
    """Return what an error of the call itself (socket, connect, send) means.

    `action` says what was tried, such as `connect to 10.0.0.9:5432`.
    """
    code = error.errno or 0
    if code not in OURS:
        return refused_by_them(error, action)
    return NetError(FailureKind.CONNECT_UNREACHABLE, _detail(error, action), cause=OURS[code])


def refused_by_them(error: OSError, action: str, *, connected: bool = False) -> NetError:
    """Return what an error that came later than the call means, as SO_ERROR and recv give it.

    `connected` says that a connection was open before. An error of neither table is ours:
    a fault that nobody foresaw must not be recorded as the target's.
    """
    code = error.errno or 0
    kind = THEIRS.get(code)
    if kind is None or code in _ALWAYS_OURS:
        cause = OURS.get(code, UnknownCause.LOCAL)
        return NetError(FailureKind.CONNECT_UNREACHABLE, _detail(error, action), cause=cause)
    return NetError(kind, _detail(error, action), answered=connected or kind in _ANSWERS)


def _detail(error: OSError, action: str) -> str:
    code = error.errno or 0
    return f"{action}: {error.strerror or type(error).__name__} ({errorcode.get(code, code)})"
