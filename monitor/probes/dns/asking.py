"""Asking one server what a dns check asks, and judging what it says."""

import secrets

from monitor.checktype import ProbeContext
from monitor.conditions import dnssec
from monitor.conditions.dns import judge, wildcard
from monitor.domain.observation import Failure
from monitor.net.dnsclient import QueryTrace
from monitor.net.dnsmessage import Question
from monitor.net.dnsreport import Asked, read
from monitor.net.errors import NetError
from monitor.probes.dns.questions import answer_to
from monitor.probes.dns.spec import DnsSpec, Way
from monitor.probes.dns.validation import validated


async def ask_one(spec: DnsSpec, context: ProbeContext, way: Way | None) -> Asked:
    """Return how asking went; no `way` stands for our own resolver's servers."""
    trace = QueryTrace()
    failure, warning, cause, answered = None, None, None, False
    reply, worth = None, None
    question = Question(spec.question_name, spec.record)
    try:
        answer = await answer_to(spec, context, way, question, trace)
        reply = read(question, answer)
        failure = judge(spec.conditions, reply)
        answered = way is not None or reply.rcode == "NOERROR"
        if failure is None and spec.expect.no_wildcard:
            failure = await _wildcard(spec, context, way)
        if failure is None and spec.signatures:
            worth = await validated(spec, context, way, question, answer)
            failure = dnssec.judge(spec.signatures, worth)
            warning = dnssec.ends_soon(spec.signatures, worth, context.now)
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
        validated=worth,
        tls=trace.tls,
        insecure=spec.insecure,
        failure=failure,
        warning=warning,
        cause=cause,
        answered=answered,
    )


async def _wildcard(spec: DnsSpec, context: ProbeContext, way: Way | None) -> Failure | None:
    _, _, parent = spec.question_name.partition(".")
    question = Question(f"{secrets.token_hex(8)}.{parent}", spec.record)
    answer = await answer_to(spec, context, way, question, QueryTrace())
    return wildcard(question.name, read(question, answer))
