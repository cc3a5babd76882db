"""Validating what one server answered, from a trust anchor down."""

from dataclasses import replace

from monitor.checktype import ProbeContext
from monitor.net.anchors import anchors_with
from monitor.net.dnsclient import DnsAnswer, Options, QueryTrace
from monitor.net.dnsmessage import Question
from monitor.net.dnssec import Validated, validate
from monitor.net.dnssecchain import AskSigned
from monitor.probes.dns.questions import answer_to
from monitor.probes.dns.spec import DnsSpec, Way

SIGNED = Options(dnssec_ok=True, checking_disabled=True)


async def validated(
    spec: DnsSpec, context: ProbeContext, way: Way | None, question: Question, answer: DnsAnswer
) -> Validated:
    """Return what an answer is worth. Raises NetError where the chain can't be asked for."""
    return await validate(
        _ask_chain(spec, context, way, recursive=way is None or "ra" in answer.message.flags),
        question,
        answer.wire,
        anchors_with(spec.trust_anchors),
        context.now,
    )


def _ask_chain(
    spec: DnsSpec, context: ProbeContext, way: Way | None, *, recursive: bool
) -> AskSigned:
    """Return what asks for DS and DNSKEY records.

    A server with recursion is asked for all of them. Any other knows its own keys, which must
    fit what it signed; the rest is asked of our own resolver.
    """
    signed = replace(spec.options, recursion=recursive)

    async def ask(question: Question) -> bytes:
        if recursive or question.record == "DNSKEY":
            answer = await answer_to(spec, context, way, question, QueryTrace(), options=signed)
            if recursive or answer.message.answer:
                return answer.wire
        resolver = context.network.resolver
        answer = await resolver.ask(question, context.deadline, trace=QueryTrace(), options=SIGNED)
        return answer.wire

    return ask
