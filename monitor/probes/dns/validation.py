"""Validating what one server answered, from a trust anchor down."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection
from dataclasses import replace

from monitor.checktype import ProbeContext
from monitor.net.anchors import anchors_with
from monitor.net.dnsclient import DnsAnswer, Options, QueryTrace
from monitor.net.dnsmessage import Question
from monitor.net.dnssec import Validated, signers, validate
from monitor.net.dnssecchain import AskSigned
from monitor.net.dnssecwire import Name, parse_name
from monitor.probes.dns.questions import answer_to
from monitor.probes.dns.spec import DnsSpec, Way

AskServer = Callable[[Question], Awaitable[DnsAnswer]]
"""Asks the server that gave the answer, with DO and CD. Raises NetError."""

_SIGNED = Options(dnssec_ok=True, checking_disabled=True)


async def validated(
    spec: DnsSpec, context: ProbeContext, way: Way | None, question: Question, answer: DnsAnswer
) -> Validated:
    """Return what an answer is worth. Raises NetError where the chain can't be asked for."""
    recursive = way is None or "ra" in answer.message.flags
    options = replace(spec.options, recursion=recursive)

    async def ask_server(asked: Question) -> DnsAnswer:
        return await answer_to(spec, context, way, asked, QueryTrace(), options=options)

    return await worth(spec, context, question, answer, ask_server, recursive=recursive)


async def worth(
    spec: DnsSpec,
    context: ProbeContext,
    question: Question,
    answer: DnsAnswer,
    ask_server: AskServer,
    *,
    recursive: bool,
    ask_resolver: AskSigned | None = None,
) -> Validated:
    """Return what an answer is worth. Raises NetError where the chain can't be asked for.

    A server with recursion is asked for the whole chain of DS and DNSKEY records. Any other
    is asked for the keys of the zones that signed its answer, which must fit what it signed; our
    own resolver has the rest.
    """
    own = None if recursive else signers(answer.wire)
    ask = _ask_chain(ask_server, ask_resolver or resolver_of(context), own)
    anchors = anchors_with(spec.trust_anchors)
    return await validate(ask, question, answer.wire, anchors, context.now)


def resolver_of(context: ProbeContext) -> AskSigned:
    """Return what asks our own resolver, each question once."""
    answers: dict[Question, bytes] = {}
    turns: defaultdict[Question, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def ask(question: Question) -> bytes:
        async with turns[question]:
            wire = answers.get(question)
            if wire is None:
                answer = await context.network.resolver.ask(
                    question, context.deadline, trace=QueryTrace(), options=_SIGNED
                )
                wire = answers[question] = answer.wire
            return wire

    return ask


def _ask_chain(
    ask_server: AskServer, ask_resolver: AskSigned, own: Collection[Name] | None
) -> AskSigned:
    """Return what asks for a chain; a server without recursion only for the keys of `own`."""

    async def ask(question: Question) -> bytes:
        if own is None:
            return (await ask_server(question)).wire
        if question.record == "DNSKEY" and parse_name(question.name) in own:
            answer = await ask_server(question)
            if answer.message.answer:
                return answer.wire
        return await ask_resolver(question)

    return ask
