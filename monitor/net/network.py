"""The one way out: everything that the daemon dials goes through a Network."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from monitor.domain.observation import FailureKind, UnknownCause
from monitor.net.connection import Stream, dial
from monitor.net.errors import NetError
from monitor.net.fetch import Reply, Request, fetch
from monitor.net.policy import AddressClass, class_of_literal, classify_address, permitted
from monitor.net.proxy import Proxy, failed, refuse_inward, tunnel
from monitor.net.resolver import Family, Resolver
from monitor.net.starttls import StartTls, negotiate
from monitor.net.tls import Contexts, TlsSettings
from monitor.net.trace import Phase, Trace

if TYPE_CHECKING:
    from monitor.net.oauth import Tokens
    from monitor.net.quic import QuicLink
    from monitor.net.transport import HttpTransport


@dataclass(frozen=True, kw_only=True)
class Network:
    """Names, addresses, connections and requests, under one address policy.

    Deadlines are readings of `time.monotonic`. Everything raises NetError, and nothing else,
    for what a target, a network or this machine does.
    """

    resolver: Resolver
    contexts: Contexts = field(default_factory=Contexts)

    async def connect(
        self,
        host: str,
        port: int,
        *,
        deadline: float,
        trace: Trace,
        family: Family = Family.ANY,
        pinned: AddressClass | None = None,
        tls: TlsSettings | None = None,
        resolve_to: str | None = None,
        starttls: StartTls | None = None,
        source_address: str | None = None,
        proxy: Proxy | None = None,
    ) -> Stream:
        """Return an open connection to `host`; over TLS when settings for it are given.

        `starttls` asks for TLS in the words of that protocol first; `trace.banner` then holds
        what the server greeted with.

        `pinned` is the class that the address may not lie further inward than; None means the
        one that the host's own name gives it. `resolve_to` (an IP literal) is dialled instead
        of what the name leads to; `source_address` (another) is where the connection leaves
        from. `proxy` is dialled in place of the host, and asked for a tunnel when TLS is wanted;
        the resolve phase is that of its name then. The caller closes the stream.
        """
        # First, and in no phase: a file of ours that can't be read is no fault of the target.
        context = None if tls is None else self.contexts.get(tls)
        trace.enter(Phase.RESOLVE)
        if proxy is not None:
            refuse_inward(resolve_to or host, pinned)
            stream = await self._dial_proxy(proxy, deadline, trace)
        else:
            address = await self._address(host, family, deadline, pinned, resolve_to)
            if trace.address is None:
                trace.address = address
            stream = await dial(
                address, port, deadline=deadline, trace=trace, source_address=source_address
            )
        if context is None and starttls is None:
            return stream
        name = host if tls is None or tls.server_name is None else tls.server_name
        try:
            if starttls is not None:
                trace.banner = await negotiate(stream, starttls, name, trace)
            if proxy is not None and tls is not None:
                await tunnel(stream, proxy, resolve_to or host, port)
            if context is not None and tls is not None:
                await stream.start_tls(context, tls, name)
        except BaseException:
            stream.close()
            raise
        return stream

    async def fetch(
        self,
        request: Request,
        *,
        deadline: float,
        trace: Trace,
        pinned: AddressClass | None = None,
    ) -> Reply:
        """Return the reply to a request, after its redirects: see `monitor.net.fetch`."""
        return await fetch(
            self.connect,
            request,
            deadline=deadline,
            trace=trace,
            pinned=pinned,
            connect_quic=self.connect_quic,
        )

    async def connect_quic(
        self,
        host: str,
        port: int,
        *,
        deadline: float,
        trace: Trace,
        tls: TlsSettings,
        family: Family = Family.ANY,
        pinned: AddressClass | None = None,
        resolve_to: str | None = None,
    ) -> "QuicLink":
        """Return an open QUIC connection to `host`; everything is as in `connect`.

        Raises NetError of cause LOCAL when what speaks QUIC is not installed.
        """
        try:
            from monitor.net.quic import dial_quic  # an extra
        except ImportError:
            detail = "HTTP/3 is not installed: pip install pantau[http3]"
            raise NetError(FailureKind.PROTOCOL, detail, cause=UnknownCause.LOCAL) from None
        trace.enter(Phase.RESOLVE)
        address = await self._address(host, family, deadline, pinned, resolve_to)
        if trace.address is None:
            trace.address = address
        return await dial_quic(
            address,
            port,
            settings=tls,
            server_name=tls.server_name or host,
            deadline=deadline,
            trace=trace,
        )

    @cached_property
    def http(self) -> "HttpTransport":
        """An httpx transport over this network."""
        from monitor.net.transport import HttpTransport  # only who speaks httpx pays for it

        return HttpTransport(self.fetch)

    async def addresses(
        self, host: str, family: Family, deadline: float, pinned: AddressClass | None = None
    ) -> tuple[str, ...]:
        """Return every address of `host` that may be dialled, in the order to try.

        `pinned` as in `connect`. Raises NetError when there is none.
        """
        found = (await self.resolver.resolve(host, family, deadline)).addresses
        limit = self.resolver.pinned_class(host) if pinned is None else pinned
        kept = tuple(address for address in found if permitted(address, limit))
        if not kept:
            raise _refused(host, found[0], limit)
        return kept

    @cached_property
    def tokens(self) -> "Tokens":
        """The OAuth 2.0 tokens of all checks."""
        from monitor.net.oauth import Tokens  # only who has such checks pays for it

        return Tokens()

    async def _dial_proxy(self, proxy: Proxy, deadline: float, trace: Trace) -> Stream:
        host, port = proxy.address
        try:
            address = await self._address(host, Family.ANY, deadline, None, None)
            if trace.address is None:
                trace.address = address
            return await dial(address, port, deadline=deadline, trace=trace)
        except NetError as error:
            raise failed(proxy, error.failure.detail, error) from None

    async def _address(
        self,
        host: str,
        family: Family,
        deadline: float,
        pinned: AddressClass | None,
        resolve_to: str | None,
    ) -> str:
        own_class = class_of_literal(host) if family not in _ONE_FAMILY else None
        if resolve_to is not None:
            # Written by the operator, so its class is as configured; the limits stay.
            candidates: tuple[str, ...] = (resolve_to,)
            limit = classify_address(resolve_to) if pinned is None else pinned
        elif own_class is not None:
            candidates = (host,)  # what the resolver would say, in a tenth of the time
            limit = own_class if pinned is None else pinned
        else:
            candidates = (await self.resolver.resolve(host, family, deadline)).addresses
            limit = self.resolver.pinned_class(host) if pinned is None else pinned
        for address in candidates:
            if permitted(address, limit):
                return address
        raise _refused(host, candidates[0], limit)


_ONE_FAMILY = (Family.IP4, Family.IP6)


def _refused(host: str, address: str, limit: AddressClass) -> NetError:
    found = classify_address(address)
    if found is AddressClass.FORBIDDEN:
        detail = f"{host}: {address} is an address that is never dialled"
    else:
        detail = f"{host}: {address} is {found}, but this target may be {limit} at most"
    return NetError(FailureKind.REFUSED_BY_POLICY, detail)
