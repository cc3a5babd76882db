"""One question to a name server that a configuration names."""

from time import monotonic

from monitor.domain.observation import FailureKind
from monitor.net.dnsclient import DnsAnswer, QueryTrace, Transport, ask
from monitor.net.dnsmessage import Question
from monitor.net.dnsserver import NameServer
from monitor.net.errors import NetError
from monitor.net.policy import permitted
from monitor.net.resolver import Family, Resolver


async def query(
    server: NameServer,
    question: Question,
    *,
    resolver: Resolver,
    family: Family,
    transport: Transport,
    recursion: bool,
    deadline: float,
    trace: QueryTrace,
) -> DnsAnswer:
    """Return the answer of `server`, whatever its response code. One address, one attempt.

    `deadline` is a reading of `time.monotonic`. Raises NetError: what `resolve` raises for the
    server's own name, REFUSED_BY_POLICY, or what `ask` raises.
    """
    began = monotonic()
    try:
        address = await _address(server.host, family, resolver, deadline)
    finally:
        trace.resolve_seconds = monotonic() - began
    return await ask(
        NameServer(address, server.port),
        question,
        transport=transport,
        recursion=recursion,
        deadline=deadline,
        trace=trace,
    )


async def _address(host: str, family: Family, resolver: Resolver, deadline: float) -> str:
    addresses = (await resolver.resolve(host, family, deadline)).addresses
    pinned = resolver.pinned_class(host)
    for address in addresses:
        if permitted(address, pinned):
            return address
    detail = f"{host}: {', '.join(addresses)} is no address that may be asked"
    raise NetError(FailureKind.REFUSED_BY_POLICY, detail)
