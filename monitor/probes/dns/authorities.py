"""The name servers of a zone: each of them asked, or held against a resolver's answer."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from monitor.checktype import ProbeContext
from monitor.conditions import dnssec
from monitor.conditions.authority import AuthorityConditions, Verdict, differs, judge, serial_drift
from monitor.conditions.dns import DnsConditions
from monitor.conditions.dns import judge as judge_reply
from monitor.domain.observation import Outcome, OutcomeStatus, Series, series
from monitor.domain.text import visible_text
from monitor.net.authority import Authorities, Authority, ask_authorities, ask_patiently
from monitor.net.dnsclient import DnsAnswer, Options, QueryTrace, Transport
from monitor.net.dnsmessage import Question
from monitor.net.dnsreport import Asked, Reply, combine
from monitor.net.dnssec import Validated
from monitor.net.dnssecchain import AskSigned
from monitor.net.dnsserver import DNS_PORT
from monitor.net.errors import NetError
from monitor.net.resolver import Family
from monitor.probes.dns.spec import DnsSpec
from monitor.probes.dns.validation import resolver_of, worth

_SIGNED = Options(recursion=False, dnssec_ok=True)
_SHARE_OF_TIME = 0.8  # for validation, so that what is known can still be told at the end
_SERVERS = series("pantau_dns_authorities")
_LAME = series("pantau_dns_lame_authorities")
_DRIFT = series("pantau_dns_serial_drift")
_FAMILIES = {
    "any": (Family.ANY,),
    "ip4": (Family.IP4,),
    "ip6": (Family.IP6,),
    "both": (Family.IP4, Family.IP6),
}


async def ask_all(spec: DnsSpec, context: ProbeContext, port: int = DNS_PORT) -> Outcome:
    """Return how the servers of the zone do, each judged as the check says, and together.

    Raises NetError where they can't be found.
    """
    question = Question(spec.question_name, spec.record)
    found = await _ask(spec, context, question, port)
    conditions = AuthorityConditions(
        max_serial_drift=spec.expect.max_serial_drift,
        same_delegation=spec.expect.same_delegation,
    )
    verdict = judge(conditions, found)
    serving = [one for one in found.servers if one.lame is None]
    if not serving:
        return _reported(Outcome(), verdict, found)
    asked = await _judged_at_once(spec, context, question, serving)
    return _reported(combine(spec.record, asked), verdict, found)


async def compare(
    spec: DnsSpec,
    context: ProbeContext,
    asked: Sequence[Asked],
    outcome: Outcome,
    port: int = DNS_PORT,
) -> Outcome:
    """Return an outcome that also says whether the zone's own servers answer the same.

    Raises NetError where they can't be found.
    """
    found = await _ask(spec, context, Question(spec.question_name, spec.record), port)
    verdict = judge(AuthorityConditions(max_serial_drift=2**31), found)
    if any(one.lame is None for one in found.servers):
        failures = (differs(one.reply, found) for one in asked if one.reply)
        failure = next((one for one in failures if one), None)
        verdict = Verdict(OutcomeStatus.FAILED, failure) if failure else Verdict()
    return _reported(outcome, verdict, found)


async def _ask(spec: DnsSpec, context: ProbeContext, question: Question, port: int) -> Authorities:
    everywhere = spec.authoritative == "all"
    return await ask_authorities(
        context.network,
        question,
        families=_FAMILIES[spec.ip],
        transport=Transport(spec.transport) if everywhere else Transport.UDP,
        dnssec_ok=everywhere and spec.expect.dnssec is not None,
        delegation=spec.expect.same_delegation,
        port=port,
        deadline=context.deadline,
    )


async def _judged_at_once(
    spec: DnsSpec, context: ProbeContext, question: Question, serving: Sequence[Authority]
) -> list[Asked]:
    """Return how each server that serves the zone does by itself."""
    now = context.monotonic()
    hurried = replace(context, deadline=now + (context.deadline - now) * _SHARE_OF_TIME)
    ask_resolver = resolver_of(hurried)
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(
                _judged(spec, hurried, question, (one, one.reply, one.answer), ask_resolver)
            )
            for one in serving
            if one.reply and one.answer
        ]
    return weighed([task.result() for task in tasks])


def weighed(asked: Sequence[Asked]) -> list[Asked]:
    """Return what counts of servers of which some could not be asked for their keys.

    Beside one that was validated these degrade, unless the fault is ours; alone they fail, since
    nothing is proven.
    """
    if any(one.validated for one in asked):
        return [replace(one, warning=None) if one.cause else one for one in asked]
    return [replace(one, failure=one.failure or one.warning, warning=None) for one in asked]


async def _judged(
    spec: DnsSpec,
    context: ProbeContext,
    question: Question,
    served: tuple[Authority, Reply, DnsAnswer],
    ask_resolver: AskSigned,
) -> Asked:
    """Return how one server that serves the zone does by itself."""
    server, reply, answer = served
    failure = judge_reply(_conditions(spec, server), reply)
    warning, cause, proven = None, None, None
    if failure is None and spec.signatures:
        try:
            proven = await _validated(spec, context, question, answer, ask_resolver)
        except NetError as error:
            warning, cause = error.failure, error.cause
        else:
            failure = dnssec.judge(spec.signatures, proven)
            warning = dnssec.ends_soon(spec.signatures, proven, context.now)
    return Asked(
        server=str(server),
        named=True,
        address=server.address,
        phases={"resolve": 0.0, "connect": 0.0, "request": server.seconds},
        reply=reply,
        validated=proven,
        failure=failure,
        warning=warning,
        cause=cause,
        answered=True,
    )


def _conditions(spec: DnsSpec, server: Authority) -> DnsConditions:
    """Return what a server's reply is judged by: an alias out of the zone is all it can say."""
    return replace(spec.conditions, min_answers=0) if server.leads_away else spec.conditions


async def _validated(
    spec: DnsSpec,
    context: ProbeContext,
    question: Question,
    answer: DnsAnswer,
    ask_resolver: AskSigned,
) -> Validated:
    """Return what an answer is worth, with the keys that the same server has. Raises NetError."""

    async def ask_server(asked: Question) -> DnsAnswer:
        return await ask_patiently(
            answer.server,
            asked,
            transport=Transport(spec.transport),
            options=_SIGNED,
            deadline=context.deadline,
            trace=QueryTrace(),
        )

    return await worth(
        spec, context, question, answer, ask_server, recursive=False, ask_resolver=ask_resolver
    )


def _reported(outcome: Outcome, verdict: Verdict, found: Authorities) -> Outcome:
    """Return an outcome with what was found; the worse of the two verdicts counts."""
    worse = _RANKS.index(verdict.status) > _RANKS.index(outcome.status)
    return replace(
        outcome,
        status=verdict.status if worse else outcome.status,
        failure=verdict.failure if worse else outcome.failure,
        cause=verdict.cause if worse else outcome.cause,
        measurements={**outcome.measurements, **_measurements(found)},
        facts={**outcome.facts, "authorities": _facts(found)},
        answered=outcome.answered or any(one.reply for one in found.servers),
    )


_RANKS = (OutcomeStatus.OK, OutcomeStatus.DEGRADED, OutcomeStatus.UNKNOWN, OutcomeStatus.FAILED)


def _measurements(found: Authorities) -> dict[Series, float]:
    lame = [one for one in found.servers if one.lame is not None and not one.cause]
    return {
        _SERVERS: float(len(found.servers)),
        _LAME: float(len(lame)),
        _DRIFT: float(serial_drift([one for one in found.servers if one.lame is None])),
    }


def _facts(found: Authorities) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "zone": found.zone,
        "servers": [_server_facts(one) for one in found.servers],
    }
    if found.delegated is not None:
        facts["listed"], facts["delegated"] = list(found.listed), list(found.delegated)
    return facts


def _server_facts(server: Authority) -> dict[str, Any]:
    return {
        "name": server.name,
        "address": server.address,
        "lame": visible_text(server.lame, 200) if server.lame else None,
        "serial": server.serial,
        "seconds": server.seconds,
        "rcode": server.reply.rcode if server.reply else None,
        "answers": [visible_text(text) for text in server.reply.answers[:20]]
        if server.reply
        else [],
    }
