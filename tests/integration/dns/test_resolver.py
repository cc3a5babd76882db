"""Resolving through real and hostile name servers."""

import asyncio
import time
from pathlib import Path

import pytest

from monitor.domain.observation import FailureKind
from monitor.net.dnsserver import NameServer
from monitor.net.errors import NetError
from monitor.net.resolver import Family, Resolved, Resolver
from tests.dnsservers import Send, answer, answering, hand_made, silent

WWW = "www.example.id"
GOOD = f"{WWW}. 60 A 192.0.2.7"


def resolver(*servers: NameServer, timeout_seconds: float = 1.0) -> Resolver:
    return Resolver(
        servers,
        timeout_seconds=timeout_seconds,
        hosts_file=Path("/nowhere"),
        ip6_route=lambda: False,
    )


async def resolved(
    resolver: Resolver, host: str = WWW, family: Family = Family.ANY, seconds: float = 5.0
) -> Resolved:
    return await resolver.resolve(host, family, time.monotonic() + seconds)


async def kind_of(resolver: Resolver, host: str = WWW, seconds: float = 5.0) -> FailureKind:
    with pytest.raises(NetError) as caught:
        await resolved(resolver, host, seconds=seconds)
    return caught.value.failure.kind


@pytest.mark.peers
@pytest.mark.parametrize(
    ("host", "family", "expected"),
    [
        ("www.example.id", Family.ANY, {"192.0.2.7", "192.0.2.8"}),
        ("www.example.id", Family.IP6, {"2001:db8::7"}),
        ("alias.example.id", Family.IP4, {"192.0.2.7", "192.0.2.8"}),
        ("v6only.example.id", Family.ANY, {"2001:db8::9"}),
        ("inner.example.id", Family.ANY, {"10.0.0.9"}),
    ],
)
async def test_resolves_through_unbound(
    unbound: NameServer, host: str, family: Family, expected: set[str]
):
    """A recursive server's answers become addresses."""
    found = await resolved(resolver(unbound), host, family)

    assert set(found.addresses) == expected
    assert not found.from_cache


@pytest.mark.peers
@pytest.mark.parametrize(
    ("host", "kind"),
    [
        ("nobody.example.id", FailureKind.RESOLVE_NXDOMAIN),
        ("_sip._tcp.example.id", FailureKind.REFUSED_BY_POLICY),
        ("ns3.example.id", FailureKind.RESOLVE_NXDOMAIN),
        ("example.id", FailureKind.RESOLVE_NODATA),
        ("local.example.id", FailureKind.REFUSED_BY_POLICY),
        ("meta.example.id", FailureKind.REFUSED_BY_POLICY),
        ("elsewhere.test-zone.net", FailureKind.RESOLVE_SERVFAIL),
        ("loop.example.id", FailureKind.RESOLVE_SERVFAIL),
    ],
)
async def test_failures_through_unbound(unbound: NameServer, host: str, kind: FailureKind):
    """Each way for a name to lead nowhere has its own kind; loopback and metadata are nowhere."""
    assert await kind_of(resolver(unbound), host) is kind


@pytest.mark.peers
async def test_authoritative_server_that_gives_half_a_chain(knot: NameServer):
    """A server that refuses other zones is told apart from one that is silent."""
    assert await kind_of(resolver(knot), "www.example.net") is FailureKind.RESOLVE_REFUSED


async def test_second_server_answers_for_a_silent_first():
    """A dead first server costs its timeout once; after that it is asked last."""
    async with hand_made(silent) as dead, hand_made(answering(GOOD)) as alive:
        both = resolver(dead.address, alive.address, timeout_seconds=0.3)
        first = await resolved(both)
        both.forget()
        began = time.monotonic()
        await resolved(both)
        second_took = time.monotonic() - began

    assert first.addresses == ("192.0.2.7",)
    assert len(dead.asked) == 1
    assert second_took < 0.3


async def test_short_deadline_still_reaches_the_second_server():
    """The time that is left is shared among the servers, so that a dead one can't use it up."""
    async with hand_made(silent) as dead, hand_made(answering(GOOD)) as alive:
        both = resolver(dead.address, alive.address, timeout_seconds=10)

        found = await resolved(both, seconds=1.0)

    assert found.addresses == ("192.0.2.7",)


@pytest.mark.parametrize("rcode", ["SERVFAIL", "REFUSED", "NOTIMP"])
async def test_server_that_knows_counts(rcode: str):
    """SERVFAIL and REFUSED count only where no other server knows better."""
    async with hand_made(answering(rcode=rcode)) as lame, hand_made(answering(GOOD)) as alive:
        found = await resolved(resolver(lame.address, alive.address))

    assert found.addresses == ("192.0.2.7",)


@pytest.mark.parametrize(
    ("rcode", "kind"),
    [
        ("SERVFAIL", FailureKind.RESOLVE_SERVFAIL),
        ("REFUSED", FailureKind.RESOLVE_REFUSED),
        ("NXDOMAIN", FailureKind.RESOLVE_NXDOMAIN),
        ("NOERROR", FailureKind.RESOLVE_NODATA),
    ],
)
async def test_failure_kinds(rcode: str, kind: FailureKind):
    """What the servers say decides the kind of failure."""
    async with hand_made(answering(rcode=rcode)) as server:
        assert await kind_of(resolver(server.address)) is kind


async def test_silent_resolver_is_a_timeout():
    """Silence is told by the deadline, with a kind of its own."""
    async with hand_made(silent) as server:
        began = time.monotonic()
        kind = await kind_of(resolver(server.address), seconds=0.4)
        took = time.monotonic() - began

    assert kind is FailureKind.RESOLVE_TIMEOUT
    assert took < 1.4


async def test_lost_datagram_is_sent_again():
    """One lost question is not a failure: every server is asked twice."""

    async def second_only(query: bytes, send: Send) -> None:
        if len(server.asked) == 2:
            send(answer(query, GOOD))

    async with hand_made(second_only) as server:
        found = await resolved(resolver(server.address, timeout_seconds=0.2))

    assert found.addresses == ("192.0.2.7",)


async def test_chain_without_end_fails():
    """CNAMEs that lead on and on are given up after eight."""

    async def lead_on(query: bytes, send: Send) -> None:
        hop = len(server.asked)
        name = WWW if hop == 1 else f"n{hop - 1}.example.id"
        send(answer(query, f"{name}. 60 CNAME n{hop}.example.id."))

    async with hand_made(lead_on) as server:
        kind = await kind_of(resolver(server.address))

    assert kind is FailureKind.RESOLVE_SERVFAIL
    assert len(server.asked) <= 9


async def test_half_a_chain_is_followed():
    """A forwarder that leaves out the end of a CNAME chain is asked for it."""

    async def behave(query: bytes, send: Send) -> None:
        if len(server.asked) == 1:
            send(answer(query, f"{WWW}. 60 CNAME edge.example.net."))
        else:
            send(answer(query, "edge.example.net. 20 A 192.0.2.9"))

    async with hand_made(behave) as server:
        found = await resolved(resolver(server.address))

    assert found.addresses == ("192.0.2.9",)
    assert found.ttl_seconds is not None
    assert found.ttl_seconds <= 20


@pytest.mark.parametrize(
    "alias", ["\\255" * 40 + ".example.id.", r"a\.b.example.id.", r"\000.example.id."]
)
async def test_alias_that_is_no_name_fails(alias: str):
    """A CNAME to what cannot be asked for, whatever bytes it is of, is the target's failure."""
    async with hand_made(answering(f"{WWW}. 60 CNAME {alias}")) as server:
        assert await kind_of(resolver(server.address)) is FailureKind.RESOLVE_SERVFAIL


async def test_many_lookups_of_one_name_share_a_query():
    """A hundred checks of one host put one question to the server."""

    async def slow(query: bytes, send: Send) -> None:
        await asyncio.sleep(0.05)
        send(answer(query, GOOD))

    async with hand_made(slow) as server:
        one = resolver(server.address)
        found = await asyncio.gather(*(resolved(one) for _ in range(100)))

    assert {each.addresses for each in found} == {("192.0.2.7",)}
    assert len(server.asked) == 1


async def test_cancelled_lookup_leaves_the_others_alone():
    """Whoever joined a lookup gets its answer, also when the one who began it is cancelled."""

    async def slow(query: bytes, send: Send) -> None:
        await asyncio.sleep(0.1)
        send(answer(query, GOOD))

    async with hand_made(slow) as server:
        one = resolver(server.address)
        first = asyncio.create_task(resolved(one))
        second = asyncio.create_task(resolved(one))
        await asyncio.sleep(0.02)
        first.cancel()
        found = await second

    assert found.addresses == ("192.0.2.7",)


async def test_dead_resolver_delays_no_check_by_address():
    """While a thousand lookups wait for a dead resolver, an IP literal resolves at once."""
    lateness: list[float] = []
    async with hand_made(silent) as server:
        one = resolver(server.address, timeout_seconds=2.0)
        waiting = [
            asyncio.create_task(kind_of(one, f"n{number}.example.id", seconds=1.5))
            for number in range(1000)
        ]
        loop = asyncio.get_running_loop()
        for _ in range(50):
            due = loop.time() + 0.02
            await asyncio.sleep(0.02)
            lag = loop.time() - due
            began = loop.time()
            await one.resolve("10.0.0.9", Family.ANY, began + 1)
            lateness.append(loop.time() - began)
            if lag > 0.1:
                print(f"loop lag {lag:.3f} s")
        kinds = await asyncio.gather(*waiting)
        await one.close()

    assert set(kinds) == {FailureKind.RESOLVE_TIMEOUT}
    assert max(lateness) < 0.25


async def test_close_ends_what_is_under_way():
    """A resolver that is closed leaves no task behind."""
    async with hand_made(silent) as server:
        one = resolver(server.address)
        waiting = asyncio.create_task(resolved(one, seconds=0.2))
        await asyncio.sleep(0.01)
        waiting.cancel()
        await one.close()
        left = [task for task in asyncio.all_tasks() if task.get_name().startswith("look up")]

    assert not left
