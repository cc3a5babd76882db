"""Holds this whole process to the address policy, whatever dials in it.

For a process that runs a library which dials by itself. Python raises an audit event before each
connection, each datagram and each lookup, below every library; what a hook refuses does not happen,
and no hook is ever taken away. Names are resolved by our resolver instead of the C library's.
"""

import asyncio
import socket
import sys
import threading
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any

from monitor.domain.observation import FailureKind
from monitor.net.errors import NetError
from monitor.net.network import Network
from monitor.net.policy import AddressClass, class_of_literal, narrowed, permitted
from monitor.net.resolver import Family

_DIALS = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
_LOOKUPS = frozenset(
    {
        "socket.getaddrinfo",
        "socket.gethostbyname",
        "socket.gethostbyaddr",
        "socket.getnameinfo",
    }
)
# A program that was started here would be held to nothing.
_STARTS = frozenset(
    {
        "os.exec",
        "os.fork",
        "os.forkpty",
        "os.posix_spawn",
        "os.spawn",
        "os.system",
        "pty.spawn",
        "subprocess.Popen",
    }
)
_FAMILIES = {socket.AF_INET: Family.IP4, socket.AF_INET6: Family.IP6}


class Refused(PermissionError):
    """A connection was kept from being made. An OSError, as who dials expects one."""


class Bounds:
    """How far inward this process may dial, and what was refused last.

    What was dialled bounds what is dialled after it, as `narrowed` bounds a redirect: no library
    says which of its connections are redirects.
    """

    def __init__(self, limit: AddressClass) -> None:
        self.limit = limit
        self.refusal: str | None = None

    def dial(self, address: object) -> None:
        """Take note of what is dialled; raise Refused, and nothing else, where it may not be."""
        host = address[0] if isinstance(address, tuple) and address else None
        found = class_of_literal(host) if isinstance(host, str) else None
        if found is None or not isinstance(host, str):
            raise self._refused("what is no IP address is not dialled")
        if not permitted(host, self.limit):
            raise self.refuse(found)
        self.limit = narrowed(self.limit, host)

    def refuse(self, found: AddressClass) -> Refused:
        """Return the refusal of an address, which it does not name: a secret may lead there."""
        if found is AddressClass.FORBIDDEN:
            return self._refused("an address that is never dialled")
        if self.limit is AddressClass.FORBIDDEN:
            return self._refused("the URL names an address that is never dialled")
        return self._refused(f"an address of class {found}, where {self.limit} is the innermost")

    def _refused(self, why: str) -> Refused:
        self.refusal = why
        return Refused(why)


def examine(bounds: Bounds, event: str, arguments: tuple[Any, ...]) -> None:
    """Raise Refused for an audit event of what this process may not do."""
    if event in _DIALS:
        sock, address = arguments[:2]
        # A connected socket names no address again: it was examined when it was connected.
        if address is not None:
            bounds.dial(address if sock.family in _FAMILIES else None)
    elif event in _LOOKUPS:
        if event != "socket.getaddrinfo" or not _is_literal(arguments[0]):
            raise Refused("names are resolved by the address policy")
    elif event in _STARTS:
        raise Refused("no program is started here")


def confine(network: Network, limit: AddressClass, deadline: float) -> Bounds:
    """Hold this process to `limit` from now on, for good; return what it is held to.

    `deadline`, a reading of `time.monotonic`, is that of every lookup.
    """
    bounds, resolving = Bounds(limit), _Resolving(network, deadline)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if threading.get_ident() != resolving.thread:
            examine(bounds, event, arguments)

    sys.addaudithook(hook)
    # No library has another way to a name: the hook refuses those of the C library.
    socket.getaddrinfo = _lookup(bounds, resolving, socket.getaddrinfo)
    return bounds


class _Resolving:
    """A thread of our own for the resolver, the only one that asks name servers."""

    def __init__(self, network: Network, deadline: float) -> None:
        self._network = network
        self._deadline = deadline
        self._loop = asyncio.new_event_loop()
        started = threading.Thread(target=self._loop.run_forever, daemon=True)
        started.start()
        self.thread = started.ident

    def addresses(self, host: str, family: Family, limit: AddressClass) -> tuple[str, ...]:
        found = self._network.addresses(host, family, self._deadline, limit)
        return asyncio.run_coroutine_threadsafe(found, self._loop).result()


def _lookup(bounds: Bounds, resolving: _Resolving, original: Callable[..., Any]) -> Any:
    """Return what stands in for `socket.getaddrinfo`."""

    def getaddrinfo(  # noqa: PLR0917  as callers know it
        host: str | bytes | None,
        port: Any,
        family: int = 0,
        type: int = 0,  # noqa: A002  the names are socket.getaddrinfo's
        proto: int = 0,
        flags: int = 0,
    ) -> list[Any]:
        if host is None or _is_literal(host):
            return list(original(host, port, family, type, proto, flags))
        name = host.decode() if isinstance(host, bytes) else host
        wanted = _FAMILIES.get(socket.AddressFamily(family), Family.ANY)
        try:
            addresses = resolving.addresses(name, wanted, bounds.limit)
        except NetError as error:
            if error.failure.kind is FailureKind.REFUSED_BY_POLICY:
                bounds.refusal = "a name that leads further inward than the URL"
            raise socket.gaierror(socket.EAI_NONAME, error.failure.kind) from None
        found = [original(each, port, family, type, proto, flags) for each in addresses]
        return [entry for entries in found for entry in entries]

    return getaddrinfo


def _is_literal(host: object) -> bool:
    """Say whether a host needs no lookup. None is this machine, for who listens."""
    if host is None:
        return True
    try:
        ip_address(host.decode() if isinstance(host, bytes) else str(host))
    except ValueError:
        return False
    return True
