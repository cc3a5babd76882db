"""Validating what a name server without recursion says: with its own keys, and others' word."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dns.flags
import dns.message
import dns.rdatatype

from monitor.domain.observation import OutcomeStatus
from monitor.net.network import Network
from monitor.net.resolver import Resolver
from monitor.probes.dns import DnsSpec, probe
from monitor.probes.dns.authorities import ask_all
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
        reply.flags |= dns.flags.AA
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


RESOLVER = answering(
    DS=DS,
    DNSKEY=ROOT.keys(),
    SOA=EXAMPLE.sign("example.", "SOA", "ns.example. host.example. 1 2 3 4 5"),
    NS=EXAMPLE.sign("example.", "NS", "ns.example."),
)


async def test_keys_are_the_servers_own():
    """A server is asked for its own keys, and our resolver for what others say of them."""
    outcome, asked = await probed(source(), RESOLVER)

    assert outcome.status is OutcomeStatus.OK, outcome.failure
    assert asked == ["A", "DNSKEY"]


async def test_keys_that_do_not_fit():
    """A server whose own keys do not fit is bogus, whatever keys others have for the zone."""
    outcome, _ = await probed(source(SignedZone("example.", **TIMES)), RESOLVER)

    assert outcome.facts["dnssec"]["security"] == "bogus"


async def test_every_server_with_its_own_keys(tmp_path: Path):
    """A zone's servers know nothing of the zones above: the resolver does."""
    hosts = tmp_path / "hosts"
    hosts.write_text("127.0.0.1 ns.example\n")
    fields = {"name": "www.example", "authoritative": "all", "expect": {"dnssec": "secure"}}
    spec = DnsSpec.model_validate(fields | {"trust_anchors": [ROOT.anchor()]})

    async with hand_made(source()) as server, hand_made(RESOLVER) as other:
        resolver = Resolver((other.address,), hosts_file=hosts)
        context = replace(probe_context(), network=Network(resolver=resolver))
        outcome = await ask_all(spec, context, server.address.port)

    assert outcome.status is OutcomeStatus.OK, outcome.failure
    assert outcome.facts["dnssec"]["zones"] == [".", "example"]


async def test_resolver_is_asked_once_for_all_servers(tmp_path: Path):
    """What the zones above say is the same for every server, and asked for once."""
    names = [f"ns{number}.example" for number in range(4)]
    hosts = tmp_path / "hosts"
    hosts.write_text("".join(f"127.0.0.1 {name}\n" for name in names))
    fields = {"name": "www.example", "authoritative": "all", "expect": {"dnssec": "secure"}}
    spec = DnsSpec.model_validate(fields | {"trust_anchors": [ROOT.anchor()]})
    listed = EXAMPLE.sign("example.", "NS", *(f"{name}." for name in names))
    soa = EXAMPLE.sign("example.", "SOA", "ns.example. host.example. 1 2 3 4 5")

    async with (
        hand_made(source()) as server,
        hand_made(answering(DS=DS, DNSKEY=ROOT.keys(), SOA=soa, NS=listed)) as other,
    ):
        resolver = Resolver((other.address,), hosts_file=hosts)
        context = replace(probe_context(), network=Network(resolver=resolver))
        outcome = await ask_all(spec, context, server.address.port)
        asked = [str(dns.message.from_wire(query).question[0]) for query, _ in other.asked]

    assert outcome.status is OutcomeStatus.OK, outcome.failure
    assert len(outcome.facts["servers"]) == 4
    assert sorted(asked[-2:]) == [". IN DNSKEY", "example. IN DS"]
    assert len(asked) == len(set(asked))
