"""Validating what one server answered, from a trust anchor down."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from monitor.checktype import ProbeContext
from monitor.net.anchors import anchors_with
from monitor.net.dnsclient import DnsAnswer, Options, QueryTrace
from monitor.net.dnsmessage import Question
from monitor.net.dnssec import Validated, validate
from monitor.net.dnssecchain import AskSigned
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
) -> Validated:
    """Return what an answer is worth. Raises NetError where the chain can't be asked for.

    A server with recursion is asked for the whole chain of DS and DNSKEY records. Any other
    knows its own keys, which must fit what it signed; our own resolver has the rest.
    """
    ask = _ask_chain(context, ask_server, recursive=recursive)
    anchors = anchors_with(spec.trust_anchors)
    return await validate(ask, question, answer.wire, anchors, context.now)


def _ask_chain(context: ProbeContext, ask_server: AskServer, *, recursive: bool) -> AskSigned:
    async def ask(question: Question) -> bytes:
        if recursive or question.record == "DNSKEY":
            answer = await ask_server(question)
            if recursive or answer.message.answer:
                return answer.wire
        resolver = context.network.resolver
        answer = await resolver.ask(question, context.deadline, trace=QueryTrace(), options=_SIGNED)
        return answer.wire

    return ask
