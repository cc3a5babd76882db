"""Putting a question to one of the servers of a dns check."""

from dataclasses import replace

from monitor.checktype import ProbeContext
from monitor.net.dnsclient import DnsAnswer, Options, QueryTrace, Transport
from monitor.net.dnsmessage import Question
from monitor.net.dnsquery import query
from monitor.net.dnsserver import NameServer
from monitor.net.resolver import Family
from monitor.probes.dns.spec import DnsSpec, Way


async def answer_to(
    spec: DnsSpec,
    context: ProbeContext,
    way: Way | None,
    question: Question,
    trace: QueryTrace,
    *,
    options: Options | None = None,
) -> DnsAnswer:
    """Return what the server at the end of `way` says; None stands for our own resolver's.

    `options` go before those of the check. Raises NetError.
    """
    options = options or spec.options
    if way is None:
        return await context.network.resolver.ask(
            question,
            context.deadline,
            trace=trace,
            transport=Transport(spec.transport),
            options=options,
        )
    return await query(
        NameServer(way.server.host, way.port),
        question,
        network=context.network,
        family=Family(way.family),
        transport=Transport(way.transport),
        options=replace(options, path=way.path) if way.path else options,
        deadline=context.deadline,
        trace=trace,
    )
