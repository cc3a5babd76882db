"""Validating what a name server without recursion says: with its own keys, and others' word."""

from datetime import UTC, datetime, timedelta
from typing import Any

import dns.message
import dns.rdatatype

from monitor.domain.observation import OutcomeStatus
from monitor.probes.dns import DnsSpec, probe
from tests.dnsservers import Behaviour, Send, hand_made, probe_context
from tests.signedzones import RRsets, SignedZone

NOW = datetime.now(UTC)
TIMES: Any = {"inception": NOW - timedelta(days=1), "expiration": NOW + timedelta(days=9)}
ROOT, EXAMPLE = SignedZone(".", **TIMES), SignedZone("example.", **TIMES)
DS = ROOT.sign("example.", "DS", EXAMPLE.ds())
WWW = EXAMPLE.sign("www.example.", "A", "192.0.2.7")


def answering(**answers: RRsets) -> Behaviour:
    """Return a behaviour that answers each record type alike, without recursion."""

    async def behave(query: bytes, send: Send) -> None:
        asked = dns.message.from_wire(query)
        reply = dns.message.make_response(asked)
        reply.answer.extend(answers.get(dns.rdatatype.to_text(asked.question[0].rdtype), ()))
        send(reply.to_wire())

    return behave


def source(zone: SignedZone = EXAMPLE) -> Behaviour:
    """Return a server of `example` alone, which knows nothing of the root."""
    others = answering(A=WWW)
    own = answering(DNSKEY=zone.keys())

    async def behave(query: bytes, send: Send) -> None:
        asked = dns.message.from_wire(query).question[0]
        is_own = asked.rdtype == dns.rdatatype.DNSKEY and str(asked.name) == "example."
        await (own if is_own else others)(query, send)

    return behave


async def probed(source: Behaviour, resolver: Behaviour) -> tuple[Any, list[str]]:
    """Return the outcome, and the types that the source was asked for."""
    async with hand_made(source) as server, hand_made(resolver) as other:
        spec = DnsSpec.model_validate(
            {
                "name": "www.example",
                "nameservers": [str(server.address)],
                "recursion": False,
                "trust_anchors": [ROOT.anchor()],
                "expect": {"dnssec": "secure"},
            }
        )
        outcome = await probe(spec, probe_context(other.address))
        asked = [dns.message.from_wire(query).question[0].rdtype for query, _ in server.asked]
    return outcome, [dns.rdatatype.to_text(one) for one in asked]


RESOLVER = answering(DS=DS, DNSKEY=ROOT.keys())


async def test_keys_are_the_servers_own():
    """A server is asked for its own keys, and our resolver for what others say of them."""
    outcome, asked = await probed(source(), RESOLVER)

    assert outcome.status is OutcomeStatus.OK, outcome.failure
    assert asked == ["A", "DNSKEY", "DNSKEY"]


async def test_keys_that_do_not_fit():
    """A server whose own keys do not fit is bogus, whatever keys others have for the zone."""
    outcome, _ = await probed(source(SignedZone("example.", **TIMES)), RESOLVER)

    assert outcome.facts["dnssec"]["security"] == "bogus"
