"""Asking one server what a dns check asks, and judging what it says."""

import secrets
from dataclasses import replace

from monitor.checktype import ProbeContext
from monitor.conditions.dns import judge, wildcard
from monitor.domain.observation import Failure
from monitor.net.dnsclient import DnsAnswer, QueryTrace, Transport
from monitor.net.dnsmessage import Question
from monitor.net.dnsquery import query
from monitor.net.dnsreport import Asked, Reply, read
from monitor.net.dnsserver import NameServer
from monitor.net.errors import NetError
from monitor.net.resolver import Family
from monitor.probes.dns.spec import DnsSpec, Way


async def ask_one(spec: DnsSpec, context: ProbeContext, way: Way | None) -> Asked:
    """Return how asking went; no `way` stands for our own resolver's servers."""
    trace = QueryTrace()
    failure, cause, answered = None, None, False
    reply = None
    try:
        reply = await _reply(spec, context, way, spec.question_name, trace)
        failure = judge(spec.conditions, reply)
        answered = way is not None or reply.rcode == "NOERROR"
        if failure is None and spec.expect.no_wildcard:
            failure = await _wildcard(spec, context, way)
    except NetError as error:
        failure, cause, answered = error.failure, error.cause, answered or error.answered
    return Asked(
        server=str(way.server if way else trace.server or "resolver"),
        named=way is not None,
        address=trace.server.host if trace.server else None,
        phases={
            "resolve": trace.resolve_seconds,
            "connect": trace.connect_seconds,
            "request": trace.request_seconds,
        },
        reply=reply,
        tls=trace.tls,
        insecure=spec.insecure,
        failure=failure,
        cause=cause,
        answered=answered,
    )


async def _wildcard(spec: DnsSpec, context: ProbeContext, way: Way | None) -> Failure | None:
    _, _, parent = spec.question_name.partition(".")
    name = f"{secrets.token_hex(8)}.{parent}"
    return wildcard(name, await _reply(spec, context, way, name, QueryTrace()))


async def _reply(
    spec: DnsSpec, context: ProbeContext, way: Way | None, name: str, trace: QueryTrace
) -> Reply:
    question = Question(name, spec.record)
    answer = await answer_to(spec, context, way, question, trace)
    return read(question, answer)


async def answer_to(
    spec: DnsSpec, context: ProbeContext, way: Way | None, question: Question, trace: QueryTrace
) -> DnsAnswer:
    """Return what the server at the end of `way` says. Raises NetError."""
    if way is None:
        return await context.network.resolver.ask(
            question,
            context.deadline,
            trace=trace,
            transport=Transport(spec.transport),
            options=spec.options,
        )
    return await query(
        NameServer(way.server.host, way.port),
        question,
        network=context.network,
        family=Family(way.family),
        transport=Transport(way.transport),
        options=replace(spec.options, path=way.path) if way.path else spec.options,
        deadline=context.deadline,
        trace=trace,
    )
