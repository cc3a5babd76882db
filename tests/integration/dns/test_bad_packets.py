"""A bad packet before the good one costs no answer, whoever asks over UDP."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import dns.flags
import dns.message
import dns.rdatatype
import dns.rrset
import pytest

from monitor.checktype import ProbeContext
from monitor.net.authority import ask_authorities
from monitor.net.delegation import find_delegation
from monitor.net.dnsclient import QueryTrace
from monitor.net.dnsmessage import Options, Question
from monitor.net.dnsserver import NameServer
from monitor.net.dnswire import Message
from monitor.net.network import Network
from monitor.net.resolver import Family, Resolver
from monitor.probes.dns import DnsSpec, probe
from monitor.probes.dns.authorities import ask_all
from tests.dnsservers import HandMade, Send, hand_made, probe_context
from tests.integration.blackbox.probing import probed
from tests.integration.dns.test_client import BAD_PACKETS

WWW = Question("www.example.id", "A")
GOOD = {
    "A": "www.example.id. 60 IN A 192.0.2.7",
    "SOA": "example.id. 60 IN SOA ns.example.id. host.example.id. 7 2 3 4 5",
    "NS": "example.id. 60 IN NS ns.example.id.",
}


def right(query: bytes, *, truncated: bool = False) -> bytes:
    """Return what a server of example.id says."""
    asked = dns.message.from_wire(query)
    reply = dns.message.make_response(asked, recursion_available=True)
    reply.flags |= dns.flags.AA | (dns.flags.TC if truncated else 0)
    name, kind = asked.question[0].name, dns.rdatatype.to_text(asked.question[0].rdtype)
    record = GOOD.get(kind, GOOD["SOA"])
    owner, ttl, _, shown, value = record.split(maxsplit=4)
    rrset = dns.rrset.from_text(owner, int(ttl), "IN", shown, value)
    (reply.answer if (name, kind) == (rrset.name, shown) else reply.authority).append(rrset)
    return reply.to_wire()


def wrong(query: bytes) -> list[bytes]:
    """Return packets that answer nothing, some of which ask to come over TCP."""
    others = [bad(query) for bad in BAD_PACKETS.values()]
    cut = [one[:2] + bytes([one[2] | 0x02]) + one[3:] for one in others[:3]]
    return others + cut


async def forged(query: bytes, victim: tuple[str, int]) -> None:
    """Send an answer from a port that was not asked."""
    loop = asyncio.get_running_loop()
    forger, _ = await loop.create_datagram_endpoint(
        asyncio.DatagramProtocol, local_addr=("127.0.0.1", 0)
    )
    forger.sendto(right(query).replace(b"\xc0\x00\x02\x07", b"\xc0\x00\x02\x42"), victim)
    forger.close()


class Server:
    """Answers rightly after everything that is wrong; with `truncated` over TCP alone."""

    def __init__(self, *, truncated: bool) -> None:
        self._truncated = truncated
        self.made: HandMade | None = None

    async def udp(self, query: bytes, send: Send) -> None:
        assert self.made is not None
        await forged(query, next(who for asked, who in self.made.asked if asked == query))
        for packet in wrong(query):
            send(packet)
        await asyncio.sleep(0.01)
        send(right(query, truncated=self._truncated))

    async def tcp(self, query: bytes, send: Send) -> None:
        for packet in wrong(query):
            if len(packet) > 12 and packet[:2] != query[:2]:
                send(packet)
        send(right(query))


def through(server: NameServer, hosts: Path) -> ProbeContext:
    hosts.write_text("127.0.0.1 ns.example.id\n")
    resolver = Resolver((server,), hosts_file=hosts)
    return replace(probe_context(), network=Network(resolver=resolver))


async def by_resolver(server: NameServer, hosts: Path) -> list[str]:
    resolver = through(server, hosts).network.resolver
    found = await resolver.resolve(WWW.name, Family.IP4, time.monotonic() + 5)
    return list(found.addresses)


async def by_check(server: NameServer, hosts: Path) -> list[str]:
    return await _checked({"nameservers": [str(server)]}, through(server, hosts))


async def by_check_of_the_resolver(server: NameServer, hosts: Path) -> list[str]:
    return await _checked({}, through(server, hosts))


async def _checked(fields: dict[str, Any], context: ProbeContext) -> list[str]:
    outcome = await probe(DnsSpec.model_validate({"name": WWW.name} | fields), context)
    assert outcome.failure is None, outcome.failure
    return [one["value"] for one in outcome.facts["answers"]]


async def by_authorities(server: NameServer, hosts: Path) -> list[str]:
    context = through(server, hosts)
    found = await ask_authorities(
        context.network, WWW, port=server.port, deadline=time.monotonic() + 5
    )
    (one,) = found.servers
    assert (one.lame, one.serial) == (None, 7)
    return list(one.reply.answers) if one.reply else []


async def by_check_of_the_authorities(server: NameServer, hosts: Path) -> list[str]:
    spec = DnsSpec.model_validate({"name": WWW.name, "authoritative": "all"})
    outcome = await ask_all(spec, through(server, hosts), server.port)
    assert outcome.failure is None, outcome.failure
    return [one["value"] for one in outcome.facts["answers"]]


async def by_delegation(server: NameServer, hosts: Path) -> list[str]:
    resolver = through(server, hosts).network.resolver

    async def look_up(question: Question) -> Message:
        until = time.monotonic() + 5
        answer = await resolver.ask(question, until, trace=QueryTrace(), options=Options())
        return answer.message

    found = await find_delegation(look_up, WWW)
    assert (found.zone, found.servers) == ("example.id", ("ns.example.id",))
    return ["192.0.2.7"]


async def by_prober(server: NameServer, _: Path) -> list[str]:
    rules = {"fail_if_none_matches_regexp": ["192.0.2.7$"]}
    wanted = {"query_name": WWW.name, "query_type": "A", "validate_answer_rrs": rules}
    found = await probed("dns", str(server), **wanted)
    return ["192.0.2.7"] if found.success else []


WAYS: list[Callable[[NameServer, Path], Awaitable[list[str]]]] = [
    *(by_resolver, by_check, by_check_of_the_resolver, by_prober),
    *(by_authorities, by_check_of_the_authorities, by_delegation),
]


@pytest.mark.parametrize("truncated", [False, True], ids=["udp", "then-tcp"])
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
async def test_bad_packets_before_the_good_one(
    tmp_path: Path, way: Callable[[NameServer, Path], Awaitable[list[str]]], truncated: bool
):
    """What is forged, broken or meant for others is passed over, and the answer behind it counts."""
    server = Server(truncated=truncated)
    async with hand_made(server.udp, server.tcp) as made:
        server.made = made

        answers = await way(made.address, tmp_path / "hosts")

    assert answers == ["192.0.2.7"]
    assert bool(made.asked_over_tcp) is truncated
