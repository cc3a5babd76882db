"""Which addresses a host has, from the files, the DNS and the policy; time is the test's."""

import ast
from collections.abc import Mapping
from pathlib import Path

import pytest

import monitor
from monitor.domain.observation import FailureKind, UnknownCause
from monitor.net.dnsclient import DnsAnswer, Options, QueryTrace, Transport
from monitor.net.dnsmessage import Question
from monitor.net.dnsserver import NameServer
from monitor.net.dnswire import Message, Record
from monitor.net.errors import NetError
from monitor.net.policy import AddressClass
from monitor.net.resolver import Family, Resolved, Resolver
from tests.fakes import FakeClock

FIRST, SECOND = NameServer("10.0.0.53"), NameServer("10.0.1.53", 5353)
Zone = dict[tuple[str, str], tuple[int, list[str]]]


class FakeDns:
    """Name servers that answer from `zone`, at once; each question is kept in `asked`."""

    def __init__(self, zone: Mapping[tuple[str, str], tuple[int, list[str]]]) -> None:
        self.zone: Zone = dict(zone)
        self.asked: list[tuple[NameServer, Question]] = []
        self.faults: dict[NameServer, NetError | str] = {}
        self.deadlines: list[float] = []

    async def __call__(
        self,
        server: NameServer,
        question: Question,
        *,
        transport: Transport,
        options: Options,
        deadline: float,
        trace: QueryTrace,
    ) -> DnsAnswer:
        self.asked.append((server, question))
        self.deadlines.append(deadline)
        fault = self.faults.get(server)
        if isinstance(fault, NetError):
            raise fault
        records = tuple(
            Record(question.name, question.record, ttl, text)
            for ttl, texts in [self.zone.get((question.name, question.record), (0, []))]
            for text in texts
        )
        known = any(name == question.name for name, _ in self.zone)
        message = Message(
            rcode=fault or ("NOERROR" if known else "NXDOMAIN"),
            flags=(),
            answer=records,
            authority=(),
            additional=(),
        )
        return DnsAnswer(message=message, server=server, transport=transport)


class Bench:
    """A resolver over fake name servers, a hosts file of the test and a fake clock."""

    def __init__(
        self,
        folder: Path,
        zone: Zone | None = None,
        *,
        hosts: str = "",
        ip6: bool = False,
        deepest: AddressClass = AddressClass.PRIVATE,
        servers: tuple[NameServer, ...] = (FIRST, SECOND),
    ) -> None:
        self.clock = FakeClock()
        self.dns = FakeDns(zone or {})
        self.hosts_file = folder / "hosts"
        self.hosts_file.write_text(hosts)
        self.resolver = Resolver(
            servers,
            hosts_file=self.hosts_file,
            resolv_conf=folder / "resolv.conf",
            ask=self.dns,
            ip6_route=lambda: ip6,
            deepest=deepest,
            monotonic=self.clock.monotonic,
        )

    async def resolve(self, host: str, family: Family = Family.ANY) -> Resolved:
        return await self.resolver.resolve(host, family, self.clock.monotonic() + 5)

    async def failure(self, host: str, family: Family = Family.ANY) -> NetError:
        with pytest.raises(NetError) as caught:
            await self.resolve(host, family)
        return caught.value


WWW: Zone = {
    ("www.id", "A"): (60, ["192.0.2.7", "192.0.2.8"]),
    ("www.id", "AAAA"): (90, ["2001:db8::7"]),
}


@pytest.mark.parametrize(
    ("host", "addresses"),
    [
        ("10.0.0.9", ("10.0.0.9",)),
        ("2001:DB8::0:7", ("2001:db8::7",)),
        ("localhost", ("127.0.0.1", "::1")),
        ("app.localhost", ("127.0.0.1", "::1")),
        ("db", ("10.0.0.9", "2001:db8::9")),
        ("DB", ("10.0.0.9", "2001:db8::9")),
    ],
)
async def test_what_needs_no_query(tmp_path: Path, host: str, addresses: tuple[str, ...]):
    """Literals, localhost and names of the hosts file are resolved without the DNS."""
    bench = Bench(tmp_path, hosts="10.0.0.9 db\n2001:db8::9 db\n")

    found = await bench.resolve(host)

    assert found == Resolved(addresses=addresses)
    assert not bench.dns.asked


async def test_hosts_file_is_followed(tmp_path: Path):
    """A change of the hosts file counts without a restart."""
    bench = Bench(tmp_path, WWW, hosts="10.0.0.9 www.id\n")
    before = await bench.resolve("www.id")
    bench.hosts_file.write_text("")
    bench.clock.advance(1.0)

    after = await bench.resolve("www.id")

    assert before.addresses == ("10.0.0.9",)
    assert after.addresses == ("192.0.2.7", "192.0.2.8")


@pytest.mark.parametrize(
    ("host", "family"), [("10.0.0.9", Family.IP6), ("::1", Family.IP4), ("db", Family.IP6)]
)
async def test_address_of_the_other_family(tmp_path: Path, host: str, family: Family):
    """A host without an address of the wanted family says which ones it has."""
    error = await Bench(tmp_path, hosts="10.0.0.9 db\n").failure(host, family)

    assert error.failure.kind is FailureKind.RESOLVE_NODATA
    assert "is asked for" in error.failure.detail


@pytest.mark.parametrize(
    ("ip6", "addresses", "records"),
    [
        (True, ("2001:db8::7", "192.0.2.7", "192.0.2.8"), ["AAAA", "A"]),
        (False, ("192.0.2.7", "192.0.2.8"), ["A"]),
    ],
)
async def test_ip6_comes_first_where_it_leads_somewhere(
    tmp_path: Path, ip6: bool, addresses: tuple[str, ...], records: list[str]
):
    """IPv6 is tried first only if there is a global route for it."""
    bench = Bench(tmp_path, WWW, ip6=ip6)

    found = await bench.resolve("www.id")

    assert found.addresses == addresses
    assert [question.record for _, question in bench.dns.asked] == records


async def test_name_with_ip6_alone(tmp_path: Path):
    """Without a global route IPv6 is still used for a name that has nothing else."""
    bench = Bench(tmp_path, {("six.id", "AAAA"): (60, ["2001:db8::7"])})

    found = await bench.resolve("six.id")

    assert found.addresses == ("2001:db8::7",)


@pytest.mark.parametrize(("ttl", "lifetime"), [(0, 1), (1, 1), (60, 60), (300, 300), (86400, 300)])
async def test_answers_are_kept_for_their_ttl(tmp_path: Path, ttl: int, lifetime: int):
    """An answer is kept for its TTL, at least one second and at most five minutes."""
    bench = Bench(tmp_path, {("www.id", "A"): (ttl, ["192.0.2.7"])})
    first = await bench.resolve("www.id")
    bench.clock.advance(lifetime - 0.01)
    second = await bench.resolve("www.id")
    bench.clock.advance(0.02)
    third = await bench.resolve("www.id")

    assert [one.from_cache for one in (first, second, third)] == [False, True, False]
    assert first.ttl_seconds == lifetime
    assert second.ttl_seconds == pytest.approx(0.01)
    assert len(bench.dns.asked) == 2


async def test_failures_are_not_kept(tmp_path: Path):
    """A name that comes into being is found at the next check."""
    bench = Bench(tmp_path)
    error = await bench.failure("www.id")
    bench.dns.zone |= WWW

    found = await bench.resolve("www.id")

    assert error.failure.kind is FailureKind.RESOLVE_NXDOMAIN
    assert found.addresses


async def test_memory_is_bounded(tmp_path: Path):
    """However many names are looked up, so many answers and classes are kept and no more."""
    bench = Bench(tmp_path, {(f"n{number}.id", "A"): (60, ["192.0.2.7"]) for number in range(30)})
    lookups = bench.resolver._lookups
    lookups._most_kept = 10

    for number in range(30):
        await bench.resolve(f"n{number}.id")

    assert len(lookups._kept) == 10
    assert not lookups._running


async def test_name_is_asked_for_as_it_is(tmp_path: Path):
    """No search list is tried: one name, one question."""
    (tmp_path / "resolv.conf").write_text("search makassarkota.go.id\nnameserver 10.9.9.9\n")
    bench = Bench(tmp_path, servers=())

    await bench.failure("db")

    assert bench.dns.asked == [(NameServer("10.9.9.9"), Question("db", "A"))]


@pytest.mark.parametrize("host", ["0x7f.1", "127.1", "exa mple.id", "a@b", "::1%lo", ""])
async def test_doubtful_host_is_not_looked_up(tmp_path: Path, host: str):
    """A text that is no host is refused before anybody is asked."""
    bench = Bench(tmp_path)

    error = await bench.failure(host)

    assert error.failure.kind is FailureKind.REFUSED_BY_POLICY
    assert not bench.dns.asked


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "0.0.0.0"])
async def test_dns_leads_to_no_inner_place(tmp_path: Path, address: str):
    """A DNS answer that points to loopback or a forbidden address is refused."""
    error = await Bench(tmp_path, {("www.id", "A"): (60, [address])}).failure("www.id")

    assert error.failure.kind is FailureKind.REFUSED_BY_POLICY
    assert address in error.failure.detail


async def test_refused_addresses_are_left_out_of_a_mixed_answer(tmp_path: Path):
    """What may not be dialled is dropped, the rest is used."""
    bench = Bench(tmp_path, {("www.id", "A"): (60, ["127.0.0.1", "192.0.2.7", "::ffff:0:1"])})

    found = await bench.resolve("www.id")

    assert found.addresses == ("192.0.2.7",)


async def test_name_does_not_move_inward(tmp_path: Path):
    """A name first seen at a public address is refused at a private one, and says why."""
    bench = Bench(tmp_path, {("www.id", "A"): (0, ["192.0.2.7"])})
    await bench.resolve("www.id")
    bench.clock.advance(5)
    bench.dns.zone[("www.id", "A")] = (0, ["10.0.0.9"])

    error = await bench.failure("www.id")

    assert error.failure.kind is FailureKind.REFUSED_BY_POLICY
    assert "10.0.0.9 (private), but was public when first looked up" in error.failure.detail


async def test_other_family_is_no_way_round_the_class(tmp_path: Path):
    """The class holds for a name, whichever record type brings the inner address."""
    bench = Bench(tmp_path, {("www.id", "A"): (0, ["192.0.2.7"])})
    await bench.resolve("www.id")
    bench.clock.advance(5)
    bench.dns.zone = {("www.id", "AAAA"): (0, ["fd00::9"])}

    error = await bench.failure("www.id")

    assert error.failure.kind is FailureKind.REFUSED_BY_POLICY


async def test_name_may_move_outward_and_back(tmp_path: Path):
    """A name first seen at a private address may be at a public one, and private again."""
    bench = Bench(tmp_path, {("www.id", "A"): (0, ["10.0.0.9"])})
    for address in ("10.0.0.9", "192.0.2.7", "10.0.0.8"):
        bench.dns.zone[("www.id", "A")] = (0, [address])
        bench.clock.advance(5)

        assert (await bench.resolve("www.id")).addresses == (address,)


async def test_forgetting_accepts_a_new_place(tmp_path: Path):
    """After a reload of the configuration a name may be where it is now."""
    bench = Bench(tmp_path, {("www.id", "A"): (300, ["192.0.2.7"])})
    await bench.resolve("www.id")
    bench.dns.zone[("www.id", "A")] = (300, ["10.0.0.9"])
    bench.resolver.forget()

    assert (await bench.resolve("www.id")).addresses == ("10.0.0.9",)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", AddressClass.LOOPBACK),
        ("me", AddressClass.LOOPBACK),
        ("ME", AddressClass.LOOPBACK),
        ("mixed", AddressClass.PRIVATE),
        ("www.id", AddressClass.PRIVATE),
        ("8.8.8.8", AddressClass.PUBLIC),
    ],
)
def test_hosts_file_gives_a_class(tmp_path: Path, host: str, expected: AddressClass):
    """The administrator's hosts file may lead a name to loopback; the DNS may not."""
    bench = Bench(tmp_path, hosts="127.0.1.1 me\n10.0.0.9 mixed\n192.0.2.7 mixed\n")

    assert bench.resolver.pinned_class(host) is expected


async def test_depth_of_answers_is_a_setting(tmp_path: Path):
    """Who runs everything on one machine may let the DNS lead to loopback."""
    zone: Zone = {("www.id", "A"): (60, ["127.0.0.1"])}
    bench = Bench(tmp_path, zone, deepest=AddressClass.LOOPBACK)

    assert (await bench.resolve("www.id")).addresses == ("127.0.0.1",)
    assert bench.resolver.pinned_class("www.id") is AddressClass.LOOPBACK


SILENT = NetError(FailureKind.TIMEOUT, "no answer from 10.0.0.53:53 within 2.00 s")


async def test_silent_server_is_asked_last_for_a_while(tmp_path: Path):
    """A server that was silent loses its place for half a minute."""
    bench = Bench(tmp_path, {("www.id", "A"): (1, ["192.0.2.7"])})
    bench.dns.faults[FIRST] = SILENT
    order: list[list[NameServer]] = []
    for pause in (0, 10, 31):
        bench.clock.advance(pause)
        bench.dns.asked.clear()
        await bench.resolve("www.id")
        order.append([server for server, _ in bench.dns.asked])

    assert order == [[FIRST, SECOND], [SECOND], [FIRST, SECOND]]


async def test_everyone_silent(tmp_path: Path):
    """When no server answers, each was asked twice, and the failure is a timeout."""
    bench = Bench(tmp_path, WWW)
    bench.dns.faults = {FIRST: SILENT, SECOND: SILENT}

    error = await bench.failure("www.id")

    assert error.failure.kind is FailureKind.RESOLVE_TIMEOUT
    assert [server for server, _ in bench.dns.asked] == [FIRST, SECOND] * 2


async def test_our_own_fault_is_told(tmp_path: Path):
    """Where the fault is ours, a failed lookup says so: nothing is known of the target."""
    bench = Bench(tmp_path, WWW)
    fault = NetError(FailureKind.CONNECT_UNREACHABLE, "no descriptors", cause=UnknownCause.LOCAL)
    bench.dns.faults = {FIRST: fault, SECOND: fault}

    error = await bench.failure("www.id")

    assert error.cause is UnknownCause.LOCAL


async def test_each_server_gets_its_share_of_the_time(tmp_path: Path):
    """A server gets its timeout, or its share of what is left if that is less."""
    bench = Bench(tmp_path, WWW)
    now = bench.clock.monotonic()
    for left in (10.0, 1.0):
        bench.resolver.forget()
        await bench.resolver.resolve("www.id", Family.IP4, now + left)

    assert [deadline - now for deadline in bench.dns.deadlines] == [2.0, 0.5]


async def test_one_failure_of_two_is_no_failure(tmp_path: Path):
    """A name with addresses of one family resolves, whatever became of the other."""
    bench = Bench(tmp_path, {("www.id", "A"): (60, ["192.0.2.7"])}, ip6=True)

    assert (await bench.resolve("www.id")).addresses == ("192.0.2.7",)


async def test_no_record_at_all(tmp_path: Path):
    """A name that exists without addresses says which ones were looked for."""
    error = await Bench(tmp_path, {("www.id", "MX"): (60, ["10 mail"])}).failure("www.id")

    assert error.failure.kind is FailureKind.RESOLVE_NODATA
    assert error.failure.detail == "www.id: no A or AAAA record"


async def test_asking_for_a_check_keeps_nothing(tmp_path: Path):
    """A dns check sees what the servers say now, each time, and any response code is an answer."""
    bench = Bench(tmp_path, WWW)
    for question in (Question("www.id", "A"), Question("nobody.id", "A")):
        answer = await bench.resolver.ask(question, bench.clock.monotonic() + 5, trace=QueryTrace())

        assert answer.server == FIRST
    assert not bench.resolver._lookups._kept


BLOCKING = {
    "getaddrinfo",
    "gethostbyname",
    "gethostbyname_ex",
    "gethostbyaddr",
    "getnameinfo",
    "getfqdn",
    "create_connection",
    "open_connection",
    "create_datagram_endpoint",
}


def test_nothing_resolves_names_behind_our_back():
    """No module calls what would resolve a name in a thread, or dial round the policy.

    But for the demo, which is the city that is watched: it serves, and dials nobody. And one module
    keeps a process of others from what stands here.
    """
    package = Path(monitor.__file__).parent
    others = package / "net" / "confinement.py"
    sources = [each for each in package.rglob("*.py") if "demo" not in each.parts if each != others]
    calls = {
        f"{source}:{node.lineno}: {node.attr}"
        for source in sources
        for node in ast.walk(ast.parse(source.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in BLOCKING
    }

    assert sources
    assert not calls


@pytest.mark.parametrize(
    ("family", "host", "addresses"),
    [
        (Family.PREFER_IP4, "www.id", ("192.0.2.7", "192.0.2.8", "2001:db8::7")),
        (Family.PREFER_IP6, "www.id", ("2001:db8::7", "192.0.2.7", "192.0.2.8")),
        (Family.PREFER_IP6, "four.id", ("192.0.2.4",)),
        (Family.PREFER_IP4, "six.id", ("2001:db8::6",)),
        (Family.PREFER_IP6, "localhost", ("::1", "127.0.0.1")),
        (Family.PREFER_IP4, "::1", ("::1",)),
        (Family.PREFER_IP6, "db", ("2001:db8::9", "10.0.0.9")),
    ],
)
@pytest.mark.parametrize("ip6", [False, True])
async def test_a_preferred_family_comes_first(tmp_path: Path, ip6, family, host, addresses):
    """The other family comes after the preferred one, whatever routes this machine has."""
    zone = WWW | {("four.id", "A"): (60, ["192.0.2.4"]), ("six.id", "AAAA"): (60, ["2001:db8::6"])}
    bench = Bench(tmp_path, zone, hosts="10.0.0.9 db\n2001:db8::9 db\n", ip6=ip6)

    assert (await bench.resolve(host, family)).addresses == addresses
