"""Validating what every name server of a zone says, of which some are slow or know but a part."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dns.dnssec
import dns.message
import dns.name
import dns.rdatatype
import dns.zone
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from monitor.domain.observation import Outcome, OutcomeStatus
from monitor.net.dnsserver import NameServer
from monitor.net.network import Network
from monitor.net.resolver import Resolver
from monitor.probes.dns import DnsSpec
from monitor.probes.dns.authorities import ask_all
from tests.dnsservers import free_port, probe_context
from tests.integration.dns.test_authority import knot

pytestmark = pytest.mark.peers
RESOLVER, SOURCE = "127.0.0.20", "127.0.0.21"
FRONTS = [f"127.0.0.{number}" for number in range(22, 28)]
SOA = "$ORIGIN {zone}.\n$TTL 300\n@ SOA ns.{zone}. host.{zone}. 1 3600 600 604800 300\n@ NS ns\n"
CITY = """\
www A 192.0.2.7
into CNAME www.sub
*.any CNAME www.sub
out CNAME www.plain
sub NS ns.sub
ns.sub A 127.0.0.1
sub DS {digest}
plain NS ns.plain
ns.plain A 127.0.0.1
"""
SLOW = "".join(f"@ NS ns{number}.slow.\n" for number in range(len(FRONTS))) + "www A 192.0.2.7\n"


def signed(zone: str, records: str) -> tuple[str, str]:
    """Return a zone file that dnspython signed, and the value of the zone's DS."""
    text = SOA.format(zone=zone) + "ns A 127.0.0.1\n" + records
    made = dns.zone.from_text(text, origin=f"{zone}.", relativize=False)
    secret, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    key = dns.dnssec.make_dnskey(secret.public_key(), 13, flags=257)
    times: Any = {"inception": now - timedelta(days=1), "expiration": now + timedelta(days=9)}
    with made.writer() as writing:
        dns.dnssec.sign_zone(made, writing, keys=[(secret, key)], dnskey_ttl=300, **times)
    digest = str(dns.dnssec.make_ds(dns.name.from_text(zone), key, "SHA256"))
    return made.to_text(relativize=False), digest


@dataclass(frozen=True)
class City:
    """`source` serves `city` and `slow`; the resolver knows what is below and beside, too."""

    source: NameServer
    resolver: NameServer
    hosts_file: Path
    anchors: tuple[str, ...]

    async def everywhere(self, name: str, seconds: float = 5.0, **expect: Any) -> Outcome:
        resolver = Resolver((self.resolver,), hosts_file=self.hosts_file)
        context = replace(probe_context(seconds=seconds), network=Network(resolver=resolver))
        fields = {"name": name, "authoritative": "all", "trust_anchors": self.anchors}
        spec = DnsSpec.model_validate(fields | {"expect": {"dnssec": "secure"} | expect})
        return await ask_all(spec, context, self.source.port)


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    folder = tmp_path_factory.mktemp("city")
    below, digest = signed("sub.city", "www A 192.0.2.8\n")
    above, city_digest = signed("city", CITY.format(digest=digest))
    slow, slow_digest = signed("slow", SLOW)
    plain = SOA.format(zone="plain.city") + "ns A 127.0.0.1\nwww A 192.0.2.9\n"
    hosts_file = folder / "hosts"
    hosts_file.write_text(
        f"{SOURCE} ns.city\n{SOURCE} ns.slow\n"
        + "".join(f"{host} ns{number}.slow\n" for number, host in enumerate(FRONTS))
    )
    own, port = {"city": above, "slow": slow}, free_port()
    with ExitStack() as stack:
        source = stack.enter_context(knot(folder / "source", SOURCE, port, own))
        every = own | {"sub.city": below, "plain.city": plain}
        resolver = stack.enter_context(knot(folder / "resolver", RESOLVER, port, every))
        anchors = f"city. IN DS {city_digest}", f"slow. IN DS {slow_digest}"
        yield City(source, resolver, hosts_file, anchors)


@pytest.mark.parametrize("name", ["into.city", "x.any.city"])
async def test_alias_into_a_signed_zone_below(city: City, name: str):
    """A server that refers to the zone below, where an alias leads, has answered rightly."""
    outcome = await city.everywhere(name)

    assert outcome.status is OutcomeStatus.OK, outcome.failure
    assert outcome.facts["dnssec"]["zones"] == ["city", "sub.city"]


async def test_alias_into_an_unsigned_zone_below(city: City):
    """Every alias counts: one that leads into a zone that is not signed is not secure."""
    outcome = await city.everywhere("out.city", dnssec="insecure")

    assert outcome.status is OutcomeStatus.OK, outcome.failure
    assert outcome.facts["dnssec"]["reason"] == "plain.city: no DS in city"


class _Front(asyncio.DatagramProtocol):
    """Hands queries on to a server; those for keys late, or not at all (None)."""

    def __init__(self, behind: NameServer, keys_after_seconds: float | None) -> None:
        self._behind = behind
        self._delay = keys_after_seconds
        self._tasks: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        task = asyncio.ensure_future(self._hand_on(data, addr))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def connection_lost(self, _: Exception | None) -> None:
        for task in self._tasks:
            task.cancel()

    async def _hand_on(self, query: bytes, addr: tuple[str, int]) -> None:
        if dns.message.from_wire(query).question[0].rdtype == dns.rdatatype.DNSKEY:
            if self._delay is None:
                return
            await asyncio.sleep(self._delay)
        answered = asyncio.get_running_loop().create_future()
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: _Relay(answered), remote_addr=(self._behind.host, self._behind.port)
        )
        try:
            transport.sendto(query)
            self._transport.sendto(await answered, addr)
        finally:
            transport.close()


class _Relay(asyncio.DatagramProtocol):
    def __init__(self, answered: asyncio.Future[bytes]) -> None:
        self._answered = answered

    def datagram_received(self, data: bytes, _: tuple[str, int]) -> None:
        if not self._answered.done():
            self._answered.set_result(data)


@asynccontextmanager
async def fronts(city: City, *delays: float | None) -> AsyncIterator[None]:
    """Put a front before the source for each server of `slow`, with these delays of its keys."""
    loop = asyncio.get_running_loop()
    transports = []
    try:
        for host, delay in zip(FRONTS, delays, strict=True):
            front, _ = await loop.create_datagram_endpoint(
                lambda delay=delay: _Front(city.source, delay),
                local_addr=(host, city.source.port),
            )
            transports.append(front)
        yield
    finally:
        for front in transports:
            front.close()
        await asyncio.sleep(0)


async def test_servers_are_validated_at_once(city: City):
    """Six servers that take their time cost no more of it than one does."""
    async with fronts(city, *[0.6] * 6):
        began = time.monotonic()
        outcome = await city.everywhere("www.slow", seconds=4.0)
        took = time.monotonic() - began

    assert outcome.status is OutcomeStatus.OK, outcome.failure
    print(f"{took:.2f} s for six servers")
    assert 0.6 <= took < 2.5, f"{took:.2f} s"


async def test_server_that_tells_no_keys(city: City):
    """Whose signatures can't be looked at in time degrades beside others, which all are judged."""
    async with fronts(city, None, *[0.0] * 5):
        outcome = await city.everywhere("www.slow", seconds=2.5)

    assert outcome.status is OutcomeStatus.DEGRADED
    assert outcome.failure is not None
    assert f"no answer from {FRONTS[0]}" in outcome.failure.detail
    shown = [one.get("dnssec", {}).get("security") for one in outcome.facts["servers"]]
    assert shown.count("secure") == 6


async def test_no_server_that_tells_its_keys(city: City):
    """Where no server's signatures can be looked at, nothing is proven."""
    async with fronts(city, *[None] * 6):
        resolver_alone = replace(city, hosts_file=_without_source(city))
        outcome = await resolver_alone.everywhere("www.slow", seconds=2.0)

    assert outcome.status is OutcomeStatus.FAILED
    assert outcome.failure is not None
    assert "no answer from" in outcome.failure.detail


def _without_source(city: City) -> Path:
    """Return a hosts file that leads the source's own name to the first front."""
    hosts = city.hosts_file.with_name("fronts")
    hosts.write_text(
        city.hosts_file.read_text().replace(f"{SOURCE} ns.slow", f"{FRONTS[0]} ns.slow")
    )
    return hosts
