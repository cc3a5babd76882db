"""Host names to addresses, without a thread, within the deadline of whoever asks.

The C library's getaddrinfo blocks a thread for as long as a name server is silent, and a pool of
such threads would stall every check. Here a question is a datagram and a timer.

- An IP literal, `localhost` and a name in the hosts file cost no query.
- A name is absolute: `search` in resolv.conf is not used, so that a check means the same on
  every machine.
- Servers are asked in order, each twice at most, within the deadline; one that was silent lately
  is asked last. SERVFAIL, REFUSED and their like count only when no other server knows better.
- Answers are kept for their TTL, at least 1 s and at most 300 s; failures are not kept.
  Concurrent lookups of one name share a query.
- DNS answers never lead to loopback and, for a name that had only public addresses when it was
  first looked up, never to private ones. `monitor.net.policy` says why.
"""

import socket
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from monitor.domain.observation import FailureKind
from monitor.net.dnsclient import Ask, DnsAnswer, QueryTrace, Transport, ask
from monitor.net.dnsmessage import DEFAULT_OPTIONS, Options, Question
from monitor.net.dnsserver import NameServer
from monitor.net.errors import NetError
from monitor.net.hosts import parse_hosts
from monitor.net.policy import (
    AddressClass,
    classify_address,
    innermost,
    parse_host,
    permitted,
    pinned_class,
)
from monitor.net.resolvconf import parse_resolv_conf
from monitor.net.resolvfile import FollowedFile
from monitor.net.resolvlookup import Found, Lookups
from monitor.net.resolvservers import Inquiry, Servers

_LOCALHOST = ("127.0.0.1", "::1")
_MOST_IN_FLIGHT = 256
_MOST_KEPT = 20_000
_MOST_PINS = 65_536
_ROUTE_HOLDS_SECONDS = 30.0
_SOMEWHERE_GLOBAL = "2001:500:2f::f"  # a root name server; nothing is sent to it


class Family(Enum):
    """Which addresses are wanted. A preferred family comes first; the other one comes after it."""

    ANY = "any"
    IP4 = "ip4"
    IP6 = "ip6"
    PREFER_IP4 = "prefer_ip4"
    PREFER_IP6 = "prefer_ip6"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """The addresses of a host, in the order to try.

    `ttl_seconds` is how long they still hold, None when no DNS was asked for them.
    """

    addresses: tuple[str, ...]
    ttl_seconds: float | None = None
    from_cache: bool = False


def has_global_ip6_route() -> bool:
    """Say whether traffic to a public IPv6 address would leave from one. Nothing is sent."""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
            sock.connect((_SOMEWHERE_GLOBAL, 53))
            source = sock.getsockname()[0]
    except OSError:
        return False
    return classify_address(source) is AddressClass.PUBLIC


class Resolver:
    """Resolves for all checks of a daemon.

    `nameservers` replaces those of resolv.conf; their hosts are IP literals. A server gets
    `timeout_seconds` to answer. `deepest` is the innermost class that a DNS answer may have.
    Deadlines are readings of `monotonic`, which is the loop's clock but in tests.
    """

    def __init__(
        self,
        nameservers: Sequence[NameServer] = (),
        *,
        timeout_seconds: float = 2.0,
        deepest: AddressClass = AddressClass.PRIVATE,
        hosts_file: Path = Path("/etc/hosts"),
        resolv_conf: Path = Path("/etc/resolv.conf"),
        ask: Ask = ask,
        ip6_route: Callable[[], bool] = has_global_ip6_route,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        fixed = tuple(nameservers)
        followed = FollowedFile(resolv_conf, parse_resolv_conf, monotonic)
        self._servers = Servers(
            (lambda: fixed) if fixed else followed.current,
            ask=ask,
            timeout_seconds=timeout_seconds,
            most_in_flight=_MOST_IN_FLIGHT,
            monotonic=monotonic,
        )
        self._lookups = Lookups(self._servers, most_kept=_MOST_KEPT, monotonic=monotonic)
        self._hosts = FollowedFile(hosts_file, parse_hosts, monotonic)
        self._timeout_seconds = timeout_seconds
        self._deepest = deepest
        self._pins: OrderedDict[str, AddressClass] = OrderedDict()
        self._find_ip6_route = ip6_route
        self._ip6_route = False
        self._ip6_route_until = float("-inf")
        self._monotonic = monotonic

    async def resolve(self, host: str, family: Family, deadline: float) -> Resolved:
        """Return the addresses of an IP literal or a name, never none.

        With ANY, IPv6 comes first if there is a global IPv6 route, else IPv4, and IPv6 only for
        a name without IPv4; the hosts file gives its own order. A preference asks for both. Raises
        NetError: a RESOLVE kind, or REFUSED_BY_POLICY when the DNS moved the name inward.
        """
        fixed = self._fixed(host)
        if fixed:
            return Resolved(addresses=_of_family(fixed, family, host))
        name = _name(host)
        found = await self._look_up(name, family, deadline)
        return Resolved(
            addresses=self._admitted(name, [text for one in found for text in one.addresses]),
            ttl_seconds=min(one.expires_at for one in found) - self._monotonic(),
            from_cache=all(one.from_cache for one in found),
        )

    async def ask(
        self,
        question: Question,
        deadline: float,
        *,
        trace: QueryTrace,
        transport: Transport = Transport.UDP,
        options: Options = DEFAULT_OPTIONS,
    ) -> DnsAnswer:
        """Return what our name servers say to a question, nothing of it from what is kept.

        Any response code is an answer. Raises NetError: RESOLVE_TIMEOUT when none answers.
        """
        inquiry = Inquiry(
            question=question,
            until=lambda: deadline,
            trace=trace,
            transport=transport,
            options=options,
        )
        return await self._servers.ask(inquiry)

    def pinned_class(self, host: str) -> AddressClass:
        """Return the class that a configured target keeps to; `monitor.net.policy` has the rule."""
        listed = self._hosts.current().get(host.lower())
        if listed:
            return innermost(*map(classify_address, listed))
        pinned = pinned_class(host)
        return self._deepest if pinned is AddressClass.PRIVATE and not _literal(host) else pinned

    def nameservers(self) -> tuple[NameServer, ...]:
        """Return the servers asked now, in order."""
        return self._servers.current()

    def forget(self) -> None:
        """Forget answers and the classes that names were first seen with."""
        self._lookups.forget()
        self._pins.clear()

    async def close(self) -> None:
        """Give up what is under way."""
        await self._lookups.close()

    def _fixed(self, host: str) -> tuple[str, ...]:
        literal = _literal(host)
        if literal:
            return (literal,)
        name = host.lower()
        listed = self._hosts.current().get(name, ())
        if not listed and (name == "localhost" or name.endswith(".localhost")):
            return _LOCALHOST  # RFC 6761: no query leaves the machine for these
        return listed

    async def _look_up(self, name: str, family: Family, deadline: float) -> list[Found]:
        rounds = self._rounds(name, family)
        failures: list[NetError] = []
        for questions in rounds:
            results = await self._lookups.find(questions, deadline, self._timeout_seconds)
            found = [one for one in results if isinstance(one, Found)]
            if found:
                return found
            failures += [one for one in results if isinstance(one, NetError)]
            if not all(_is_nodata(one) for one in failures):
                break
        raise _telling(name, failures, [one.record for round_ in rounds for one in round_])

    def _rounds(self, name: str, family: Family) -> list[list[Question]]:
        """Return what to ask at the same time, and what after it if there is nothing."""
        ip4, ip6 = Question(name, "A"), Question(name, "AAAA")
        if family is Family.IP4:
            return [[ip4]]
        if family is Family.IP6:
            return [[ip6]]
        if family is Family.PREFER_IP4:
            return [[ip4, ip6]]
        if family is Family.PREFER_IP6:
            return [[ip6, ip4]]
        return [[ip6, ip4]] if self._has_ip6_route() else [[ip4], [ip6]]

    def _has_ip6_route(self) -> bool:
        now = self._monotonic()
        if now >= self._ip6_route_until:
            self._ip6_route = self._find_ip6_route()
            self._ip6_route_until = now + _ROUTE_HOLDS_SECONDS
        return self._ip6_route

    def _admitted(self, name: str, addresses: Sequence[str]) -> tuple[str, ...]:
        """Return the addresses that the name may lead to. The first answer fixes its class."""
        pinned = self._pins.get(name, self._deepest)
        kept = tuple(address for address in addresses if permitted(address, pinned))
        if not kept:
            raise _refused(name, addresses, first_seen=self._pins.get(name))
        if name not in self._pins:
            self._pins[name] = innermost(*map(classify_address, kept))
            if len(self._pins) > _MOST_PINS:
                self._pins.popitem(last=False)
        else:
            self._pins.move_to_end(name)
        return kept


def _literal(host: str) -> str | None:
    """Return an IP literal in its canonical form, None for a name (whose end is no number)."""
    if ":" not in host and not host.rpartition(".")[2].isdecimal():
        return None
    return _name(host)


def _name(host: str) -> str:
    """Return a host in its one form. Whoever dials a redirect hands us anything."""
    try:
        return parse_host(host)
    except ValueError as error:
        raise NetError(FailureKind.REFUSED_BY_POLICY, str(error)) from None


def _of_family(addresses: tuple[str, ...], family: Family, host: str) -> tuple[str, ...]:
    if family is Family.ANY:
        return addresses
    if family in {Family.PREFER_IP4, Family.PREFER_IP6}:
        first = family is Family.PREFER_IP6
        return tuple(sorted(addresses, key=lambda address: (":" in address) is not first))
    wants_ip6 = family is Family.IP6
    kept = tuple(address for address in addresses if (":" in address) is wants_ip6)
    if not kept:
        detail = f"{host}: {', '.join(addresses)}, but ip: {family.value} is asked for"
        raise NetError(FailureKind.RESOLVE_NODATA, detail)
    return kept


def _is_nodata(error: NetError) -> bool:
    return error.failure.kind is FailureKind.RESOLVE_NODATA


def _telling(name: str, failures: Sequence[NetError], records: Sequence[str]) -> NetError:
    """Return what to say of lookups that all failed: that there is no record comes last."""
    for error in failures:
        if not _is_nodata(error):
            kind, detail = error.failure.kind, error.failure.detail
            return NetError(kind, detail, cause=error.cause)
    detail = f"{name}: no {' or '.join(sorted(records))} record"
    return NetError(FailureKind.RESOLVE_NODATA, detail)


def _refused(name: str, addresses: Sequence[str], *, first_seen: AddressClass | None) -> NetError:
    listed = ", ".join(f"{text} ({classify_address(text)})" for text in addresses[:4])
    before = f", but was {first_seen} when first looked up" if first_seen else ""
    detail = f"{name}: the DNS answers {listed}{before}; the address policy refuses that"
    return NetError(FailureKind.REFUSED_BY_POLICY, detail)
