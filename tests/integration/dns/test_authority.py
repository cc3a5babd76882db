"""Every name server of a zone, of which some disagree, lag, are lame or are not there at all."""

import asyncio
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import dns.flags
import dns.message
import pytest

from monitor.checktype import ProbeContext
from monitor.domain.observation import FailureKind, Outcome, OutcomeStatus, series
from monitor.net.authority import ask_authorities, ask_patiently
from monitor.net.dnsclient import QueryTrace, Transport
from monitor.net.dnsmessage import Options, Question
from monitor.net.dnsreport import combine
from monitor.net.dnsserver import NameServer
from monitor.net.errors import NetError
from monitor.net.network import Network
from monitor.net.resolver import Resolver
from monitor.probes.dns import CHECK_TYPE, DnsSpec, probe
from monitor.probes.dns.asking import ask_one
from monitor.probes.dns.authorities import ask_all, compare
from tests.dnsservers import (
    Send,
    answer,
    free_port,
    hand_made,
    knot_head,
    probe_context,
    running,
)
from tests.peers import peer

pytestmark = pytest.mark.peers
RESOLVER, FIRST, SECOND, PARENT, STRANGER, NOBODY = (f"127.0.0.{n}" for n in range(10, 16))
HOSTS = {"ns1.id": FIRST, "ns2.id": SECOND, "ns3.id": PARENT, "ns4.id": STRANGER, "ns5.id": NOBODY}
SERVERS = {
    "agree.id": ["ns1", "ns2"],
    "differ.id": ["ns1", "ns2"],
    "drift.id": ["ns1", "ns2"],
    "refused.id": ["ns1", "ns4"],
    "referral.id": ["ns1", "ns3"],
    "dead.id": ["ns1", "ns5"],
    "nobody.id": ["ns4"],
    "unnamed.id": ["ns1", "nowhere"],
    "parent.id": ["ns1", "ns2"],
    "stale.id": ["ns1", "ns2"],
}
DELEGATED = SERVERS | {"parent.id": ["ns1", "ns2", "ns4"]}
PARENT_ZONE = (
    "$ORIGIN id.\n$TTL 300\n@ SOA ns3 host 1 3600 600 604800 300\n@ NS ns3\n"
    + "".join(f"{name} A {address}\n" for name, address in (("ns1", FIRST), ("ns2", SECOND)))
    + "".join(f"{zone}. NS {one}\n" for zone, listed in DELEGATED.items() for one in listed)
)


def child(zone: str, address: str = "192.0.2.7", serial: int = 10) -> str:
    """Return a zone file."""
    listed = "".join(f"@ NS {one}.id.\n" for one in SERVERS[zone])
    return (
        f"$ORIGIN {zone}.\n$TTL 300\n@ SOA ns1.id. host.id. {serial} 3600 600 604800 300\n"
        f"{listed}www A {address}\nalias CNAME www\nfar CNAME www.differ.id.\n"
        "away CNAME www.example.org.\nbelow NS ns4.id.\ninto CNAME www.below\n"
        f"bare TXT x\nempty CNAME bare\nsplit CNAME at-{address[-1]}.example.org.\n"
    )


def zones(**changes: str) -> dict[str, str]:
    return {zone: child(zone) for zone in SERVERS} | {
        key.replace("_", "."): text for key, text in changes.items()
    }


@contextmanager
def knot(folder: Path, host: str, port: int, files: dict[str, str]) -> Iterator[NameServer]:
    """Run a knot with these zones."""
    folder.mkdir()
    for zone, text in files.items():
        (folder / f"{zone}.zone").write_text(text)
    listed = "".join(
        f'  - domain: {zone}\n    file: "{folder}/{zone}.zone"\n    zonefile-sync: -1\n'
        for zone in files
    )
    configuration = folder / "knot.conf"
    configuration.write_text(f"""\
{knot_head(folder, host, port)}zone:
{listed}""")
    with running([peer("knotd"), "-c", str(configuration)], folder / "knot.log"):
        _accepts(host, port)
        yield NameServer(host, port)


def _accepts(host: str, port: int) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            socket.create_connection((host, port), 0.5).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError(f"no name server at {host}:{port}")


@dataclass(frozen=True)
class Town:
    """`port` is where all its name servers are."""

    resolver: NameServer
    port: int
    hosts_file: Path

    def context(self, seconds: float = 5.0) -> ProbeContext:
        resolver = Resolver((self.resolver,), hosts_file=self.hosts_file)
        return replace(probe_context(seconds=seconds), network=Network(resolver=resolver))


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    folder = tmp_path_factory.mktemp("town")
    hosts_file = folder / "hosts"
    hosts_file.write_text("".join(f"{address} {name}\n" for name, address in HOSTS.items()))
    port = free_port()
    second = zones(differ_id=child("differ.id", "192.0.2.66"), drift_id=child("drift.id", serial=7))
    seen = zones(stale_id=child("stale.id", "192.0.2.99"), id=PARENT_ZONE)
    with ExitStack() as stack:
        for host, files in (
            (FIRST, zones()),
            (SECOND, second),
            (PARENT, {"id": PARENT_ZONE}),
            (STRANGER, {"else.id": PARENT_ZONE.replace("$ORIGIN id.", "$ORIGIN else.id.")}),
        ):
            stack.enter_context(knot(folder / host, host, port, files))
        resolver = stack.enter_context(knot(folder / RESOLVER, RESOLVER, port, seen))
        yield Town(resolver, port, hosts_file)


async def everywhere(town: Town, name: str, **fields: Any) -> Outcome:
    spec = DnsSpec.model_validate({"name": name, "authoritative": "all"} | fields)
    return await ask_all(spec, town.context(), town.port)


async def compared(town: Town, name: str, **fields: Any) -> Outcome:
    spec = DnsSpec.model_validate({"name": name, "authoritative": "compare"} | fields)
    context = town.context()
    asked = [await ask_one(spec, context, None)]
    return await compare(spec, context, asked, combine(spec.record, asked), town.port)


async def test_servers_that_agree(town: Town):
    """A zone whose servers all say the same is fine, and each of them is in the details."""
    outcome = await everywhere(town, "www.agree.id", expect={"answers": {"exactly": ["192.0.2.7"]}})

    assert outcome.status is OutcomeStatus.OK, outcome.failure
    assert outcome.answered
    found = outcome.facts["authorities"]
    assert found["zone"] == "agree.id"
    assert [(one["name"], one["address"], one["serial"]) for one in found["servers"]] == [
        ("ns1.id", FIRST, 10),
        ("ns2.id", SECOND, 10),
    ]
    assert outcome.measurements[series("pantau_dns_authorities")] == 2
    assert outcome.measurements[series("pantau_dns_lame_authorities")] == 0
    assert {name for name, _ in outcome.measurements} <= {
        info.name for info in CHECK_TYPE.measurements
    }


async def test_servers_that_disagree(town: Town):
    """Different answers fail, and who says what is told."""
    outcome = await everywhere(town, "www.differ.id")

    assert outcome.status is OutcomeStatus.FAILED
    assert outcome.failure is not None
    assert outcome.failure.kind is FailureKind.ANSWER
    assert outcome.failure.detail == (
        f"answers differ: 192.0.2.7 (ns1.id {FIRST}) – 192.0.2.66 (ns2.id {SECOND})"
    )


async def test_each_server_must_be_as_expected(town: Town):
    """What the check expects is expected of every server."""
    outcome = await everywhere(town, "www.agree.id", expect={"answers": {"exactly": ["192.0.2.1"]}})

    assert outcome.status is OutcomeStatus.FAILED
    assert outcome.failure is not None
    assert outcome.failure.detail.endswith("2 of 2 name servers failed")


@pytest.mark.parametrize("name", ["away.agree.id", "into.agree.id", "far.agree.id"])
async def test_alias_out_of_the_zone(town: Town, name: str):
    """Servers that answer with an alias into another zone alone have said all that they can."""
    outcome = await everywhere(town, name)

    assert outcome.status is OutcomeStatus.OK, outcome.failure


async def test_alias_within_the_zone(town: Town):
    """An alias to a name of the zone that has no such record is no answer."""
    outcome = await everywhere(town, "empty.agree.id")

    assert outcome.status is OutcomeStatus.FAILED
    assert outcome.failure is not None
    assert outcome.failure.kind is FailureKind.RESOLVE_NODATA
    assert outcome.failure.detail.startswith(
        "answers: none behind bare.agree.id, expected at least 1"
    )


async def test_aliases_out_of_the_zone_that_differ(town: Town):
    """Servers whose aliases lead to different names disagree."""
    outcome = await everywhere(town, "split.differ.id")

    assert outcome.failure is not None
    assert outcome.failure.detail == (
        f"answers differ: at-7.example.org (ns1.id {FIRST}) – at-6.example.org (ns2.id {SECOND})"
    )


async def test_addresses_behind_an_alias_out_of_the_zone(town: Town):
    """Addresses that the zone's servers can't know are not among their answers, and the text says so."""
    outcome = await everywhere(
        town, "away.agree.id", expect={"answers": {"exactly": ["192.0.2.7"]}}
    )

    assert outcome.failure is not None
    assert outcome.failure.detail.startswith(
        "answers: none behind www.example.org, expected exactly 192.0.2.7"
    )


@pytest.mark.parametrize(
    ("zone", "told"),
    [
        ("refused.id", f"lame: ns4.id {STRANGER}: REFUSED (1 of 2 servers)"),
        ("referral.id", f"lame: ns3.id {PARENT}: answers without authority (1 of 2 servers)"),
        ("dead.id", f"lame: ns5.id {NOBODY}: ask {NOBODY}:PORT over UDP: Connection refused"),
        ("unnamed.id", "lame: nowhere.id: nowhere.id: NXDOMAIN from"),
    ],
)
async def test_lame_server(town: Town, zone: str, told: str):
    """A server that does not serve the zone degrades while another one does."""
    outcome = await everywhere(town, f"www.{zone}")

    assert outcome.status is OutcomeStatus.DEGRADED
    assert outcome.failure is not None
    assert outcome.failure.detail.startswith(told.replace("PORT", str(town.port)))
    assert outcome.measurements[series("pantau_dns_lame_authorities")] == 1


async def test_no_server_at_all(town: Town):
    """A zone that no server serves is down."""
    outcome = await everywhere(town, "www.nobody.id")

    assert outcome.status is OutcomeStatus.FAILED
    assert outcome.failure is not None
    assert outcome.failure.detail == (
        f"no name server serves nobody.id (1 asked): ns4.id {STRANGER}: REFUSED"
    )


@pytest.mark.parametrize(("most", "status"), [(2, "degraded"), (3, "ok")])
async def test_serial_that_lags(town: Town, most: int, status: str):
    """Copies of a zone may be as far apart as the check allows."""
    outcome = await everywhere(town, "www.drift.id", expect={"max_serial_drift": most})

    assert outcome.status == status
    assert outcome.measurements[series("pantau_dns_serial_drift")] == 3
    if outcome.failure:
        assert outcome.failure.detail == (
            f"serial: ns1.id {FIRST} has 10, ns2.id {SECOND} has 7; 3 apart, expected at most 2"
        )


async def test_delegation_that_names_others(town: Town):
    """What the zone above names is asked of its own server, and must be the same if wanted."""
    wanted = await everywhere(town, "www.parent.id", expect={"same_delegation": True})
    same = await everywhere(town, "www.agree.id", expect={"same_delegation": True})

    assert (wanted.status, same.status) == (OutcomeStatus.DEGRADED, OutcomeStatus.OK)
    assert wanted.failure is not None
    assert wanted.failure.detail == (
        "delegation: the zone above parent.id names ns1.id, ns2.id, ns4.id, "
        "the zone itself ns1.id, ns2.id"
    )
    assert wanted.facts["authorities"]["delegated"] == ["ns1.id", "ns2.id", "ns4.id"]


@pytest.mark.parametrize("serves_both", [True, False])
async def test_delegation_by_a_server_of_both_zones(tmp_path: Path, serves_both: bool):
    """A server of the zone above that serves the zone too does not show what is delegated."""
    records = {
        "example.id. SOA": "example.id. 60 SOA ns.id. host.id. 1 2 3 4 5",
        "example.id. NS": "example.id. 60 NS ns.id.",
        "id. SOA": "id. 60 SOA ns.id. host.id. 1 2 3 4 5",
        "id. NS": "id. 60 NS ns.id.",
    }

    async def behave(query: bytes, send: Send) -> None:
        asked = dns.message.from_wire(query)
        question = str(asked.question[0]).replace(" IN ", " ")
        reply = bytearray(answer(query, records[question]))
        wants_recursion = bool(asked.flags & dns.flags.RD)
        reply[2] |= 0x04 if serves_both and not wants_recursion else 0
        send(bytes(reply))

    hosts = tmp_path / "hosts"
    hosts.write_text("127.0.0.1 ns.id\n")
    async with hand_made(behave) as server:
        found = await ask_authorities(
            Network(resolver=Resolver((server.address,), hosts_file=hosts)),
            Question("example.id", "SOA"),
            delegation=True,
            port=server.address.port,
            deadline=time.monotonic() + 5,
        )

    assert found.delegated == (None if serves_both else ("ns.id",))


@pytest.mark.parametrize("name", ["www.agree.id", "alias.agree.id", "no.agree.id"])
async def test_resolver_that_says_the_same(town: Town, name: str):
    """A resolver's answer is held against those of the zone's own servers."""
    rcode = "NXDOMAIN" if name.startswith("no") else "NOERROR"

    outcome = await compared(town, name, expect={"rcode": rcode})

    assert outcome.status is OutcomeStatus.OK, outcome.failure


async def test_resolver_with_an_old_answer(town: Town):
    """A resolver that answers what no server of the zone says fails."""
    outcome = await compared(town, "www.stale.id")

    assert outcome.status is OutcomeStatus.FAILED
    assert outcome.failure is not None
    assert outcome.failure.detail == "answers: 192.0.2.99, but the zone stale.id has 192.0.2.7"


async def test_comparing_with_nobody(town: Town):
    """There is nothing to compare with where no server serves the zone."""
    outcome = await compared(town, "www.nobody.id")

    assert outcome.status is OutcomeStatus.FAILED


async def test_zone_of_an_alias(town: Town):
    """The zone is the one that the name itself lies in, not the one that its alias leads to."""
    found = await ask_authorities(
        town.context().network,
        Question("far.agree.id", "A"),
        port=town.port,
        deadline=time.monotonic() + 5,
    )

    assert found.zone == "agree.id"


async def test_zone_of_a_ds(town: Town):
    """A DS is in the zone above."""
    found = await ask_authorities(
        town.context().network,
        Question("agree.id", "DS"),
        port=town.port,
        deadline=time.monotonic() + 5,
    )

    assert found.zone == "id"


async def test_name_in_no_zone(town: Town):
    """Where the resolver knows of no zone, nothing can be asked."""
    with pytest.raises(NetError) as caught:
        await everywhere(town, "www.example.org")

    assert caught.value.failure.kind is FailureKind.RESOLVE_REFUSED


async def test_addresses_that_are_never_dialled(town: Town, tmp_path: Path):
    """The address policy holds for name servers too: the DNS leads none of them to loopback."""
    resolver = Resolver((town.resolver,), hosts_file=tmp_path / "none")
    context = replace(town.context(), network=Network(resolver=resolver))
    spec = DnsSpec.model_validate({"name": "www.agree.id", "authoritative": "all"})

    outcome = await ask_all(spec, context, town.port)

    assert outcome.status is OutcomeStatus.FAILED
    assert outcome.failure is not None
    assert outcome.failure.kind is FailureKind.REFUSED_BY_POLICY


async def test_silent_server_leaves_time(town: Town):
    """A silent server is lame before the time of the check is up."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind((NOBODY, town.port))
        began = time.monotonic()

        spec = DnsSpec.model_validate({"name": "www.dead.id", "authoritative": "all"})
        outcome = await ask_all(spec, town.context(seconds=2.0), town.port)

    took = time.monotonic() - began
    assert outcome.status is OutcomeStatus.DEGRADED
    assert took < 2, f"{took:.2f} s"


@pytest.mark.parametrize(("lost", "answered"), [(0, True), (1, True), (2, False)])
async def test_packet_that_is_lost(lost: int, answered: bool):
    """A server that one packet did not reach is asked once more, and is lame after that."""

    async def behave(query: bytes, send: Send) -> None:
        if len(server.asked) > lost:
            send(answer(query, "www.example.id. 60 A 192.0.2.7"))

    async with hand_made(behave) as server:
        asking = ask_patiently(
            server.address,
            Question("www.example.id", "A"),
            transport=Transport.UDP,
            options=Options(recursion=False),
            deadline=time.monotonic() + 0.6,
            trace=QueryTrace(),
        )
        with nullcontext() if answered else pytest.raises(NetError, match="no answer from"):
            await asking

    assert len(server.asked) == min(lost, 1) + 1


async def test_through_the_check_itself(town: Town):
    """The check asks at the port of the DNS, where nobody is here."""
    spec = DnsSpec.model_validate({"name": "www.agree.id", "authoritative": "all"})

    outcome = await probe(spec, town.context())

    assert outcome.status is OutcomeStatus.FAILED
    assert outcome.facts["authorities"]["zone"] == "agree.id"


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Run one knot at every address of this machine, for zones of many servers."""
    folder = tmp_path_factory.mktemp("crowd")
    hosts, files = "", {}
    for zone, count in (("many.id", 40), ("some.id", 12), ("few.id", 3)):
        names = [f"ns{number}.{zone}" for number in range(count)]
        hosts += "".join(
            f"127.{count}.{number}.{last} {name}\n"
            for number, name in enumerate(names)
            for last in range(1, 11)
        )
        files[zone] = (
            f"$ORIGIN {zone}.\n$TTL 300\n@ SOA ns0 host 1 3600 600 604800 300\nwww A 192.0.2.7\n"
            + "".join(f"@ NS {name}.\n{name}. A 192.0.2.1\n" for name in names)
        )
    hosts_file, port = folder / "hosts", free_port()
    hosts_file.write_text(hosts)
    with knot(folder / "knot", "0.0.0.0", port, files):
        yield Town(NameServer("127.0.0.1", port), port, hosts_file)


@pytest.mark.parametrize(
    ("zone", "names", "addresses"), [("many.id", 32, 32), ("some.id", 12, 24), ("few.id", 3, 24)]
)
async def test_of_many_servers_the_first(crowd: Town, zone: str, names: int, addresses: int):
    """At most 32 addresses are asked, of each name as many, eight at most; no more sockets are open."""
    before, peak = _open_descriptors(), 0
    asking = asyncio.create_task(everywhere(crowd, f"www.{zone}"))
    while not asking.done():
        peak = max(peak, _open_descriptors() - before)
        await asyncio.sleep(0)

    outcome = await asking

    found = outcome.facts["authorities"]["servers"]
    print(f"{peak} descriptors at once")
    assert outcome.status is OutcomeStatus.OK, outcome.failure
    assert (len({one["name"] for one in found}), len(found)) == (names, addresses)
    assert peak <= 32


def _open_descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())
