"""One question to a name server that a configuration names, by any transport."""

from time import monotonic

from monitor.domain.observation import FailureKind
from monitor.net.dnsclient import (
    DnsAnswer,
    Options,
    QueryTrace,
    Transport,
    ask,
    exchange_on,
    with_edns_or_without,
)
from monitor.net.dnsmessage import Question
from monitor.net.dnsoverhttps import ask_over_https
from monitor.net.dnsserver import NameServer
from monitor.net.errors import NetError
from monitor.net.network import Network
from monitor.net.policy import AddressClass, class_of_literal, permitted
from monitor.net.resolver import Family, Resolver
from monitor.net.trace import Trace


async def query(
    server: NameServer,
    question: Question,
    *,
    network: Network,
    family: Family,
    transport: Transport,
    options: Options,
    deadline: float,
    trace: QueryTrace,
) -> DnsAnswer:
    """Return the answer of `server`, whatever its response code. One address, one attempt.

    `server.host` may be a name; over TLS and HTTPS it must be in the certificate, unless
    `options.tls` says otherwise. `deadline` is a reading of `time.monotonic`. Raises NetError:
    what `resolve` raises for the server's own name, REFUSED_BY_POLICY, a TLS kind, STATUS or
    HEADER for an answer over HTTP that holds no DNS message, or what `ask` raises.
    """
    if transport in {Transport.TLS, Transport.HTTPS}:
        encrypted = _over_tls if transport is Transport.TLS else ask_over_https
        return await encrypted(
            server,
            question,
            network=network,
            family=family,
            options=options,
            deadline=deadline,
            trace=trace,
        )
    address = await _address(server.host, family, network.resolver, deadline, trace)
    return await ask(
        NameServer(address, server.port),
        question,
        transport=transport,
        options=options,
        deadline=deadline,
        trace=trace,
    )


async def _address(
    host: str, family: Family, resolver: Resolver, deadline: float, trace: QueryTrace
) -> str:
    own_class = class_of_literal(host)
    if own_class and own_class is not AddressClass.FORBIDDEN and family in _of_literal(host):
        return host  # what the resolver would say, in a tenth of the time
    began = monotonic()
    try:
        addresses = (await resolver.resolve(host, family, deadline)).addresses
    finally:
        trace.resolve_seconds = monotonic() - began
    pinned = resolver.pinned_class(host)
    for address in addresses:
        if permitted(address, pinned):
            return address
    detail = f"{host}: {', '.join(addresses)} is no address that may be asked"
    raise NetError(FailureKind.REFUSED_BY_POLICY, detail)


def _of_literal(host: str) -> tuple[Family, ...]:
    return (Family.ANY, Family.IP6 if ":" in host else Family.IP4)


async def _over_tls(
    server: NameServer,
    question: Question,
    *,
    network: Network,
    family: Family,
    options: Options,
    deadline: float,
    trace: QueryTrace,
) -> DnsAnswer:
    async def exchange(query: bytes, _: Options) -> DnsAnswer:
        way = Trace()
        try:
            stream = await network.connect(
                server.host,
                server.port,
                deadline=deadline,
                trace=way,
                family=family,
                tls=options.tls,
                source_address=options.source_address,
            )
            try:
                wire, message = await exchange_on(stream, query, way)
            finally:
                stream.close()
        finally:
            trace.add(way)
            if way.address is not None:
                trace.server = NameServer(way.address, server.port)
        dialled = NameServer(stream.address, server.port)
        return DnsAnswer(message=message, server=dialled, transport=Transport.TLS, wire=wire)

    return await with_edns_or_without(exchange, question, options)
