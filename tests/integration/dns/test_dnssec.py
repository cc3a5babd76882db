"""Validation by ourselves, beside unbound's, over zones that knot signs."""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dns.flags
import dns.message
import dns.query
import pytest

from monitor.domain.observation import FailureKind, Outcome, OutcomeStatus, series
from monitor.net.anchors import parse_anchors
from monitor.net.dnsclient import Options, QueryTrace
from monitor.net.dnsmessage import Question
from monitor.net.dnssec import Security, Validated, validate
from monitor.net.network import Network
from monitor.net.resolver import Resolver
from monitor.probes.dns import CHECK_TYPE, DnsSpec, probe
from monitor.probes.dns.authorities import ask_all
from tests.dnsservers import probe_context
from tests.signedservers import SignedInternet, signed_internet

pytestmark = pytest.mark.peers
ENDS = series("pantau_dns_signature_expiry_timestamp_seconds")
SIGNED = Options(dnssec_ok=True, checking_disabled=True)


@pytest.fixture(scope="module")
def internet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SignedInternet]:
    with signed_internet(tmp_path_factory.mktemp("signed")) as servers:
        yield servers


def by_unbound(internet: SignedInternet, question: Question) -> Security:
    """Return what unbound holds of an answer."""
    query = dns.message.make_query(question.name, question.record, want_dnssec=True)
    server = internet.resolver
    answer, _ = dns.query.udp_with_fallback(query, server.host, port=server.port, timeout=5)
    if answer.rcode() == 2:
        return Security.BOGUS
    return Security.SECURE if answer.flags & dns.flags.AD else Security.INSECURE


async def by_us(internet: SignedInternet, question: Question) -> Validated:
    resolver = Resolver((internet.resolver,))
    deadline = time.monotonic() + 10

    async def ask(asked: Question) -> bytes:
        answer = await resolver.ask(asked, deadline, trace=QueryTrace(), options=SIGNED)
        return answer.wire

    anchors = parse_anchors([internet.anchor])
    return await validate(ask, question, await ask(question), anchors, datetime.now(UTC))


ZONES = (
    *("example.id", "hashed.id", "rsa512.id", "p384.id", "ed448.id"),
    *("plain.id", "nods.id", "expired.id", "bogus.id", "wrongds.id"),
)
QUESTIONS = [
    *(
        Question(f"{label}.{zone}", "A")
        for zone in ZONES
        for label in ("www", "x.y.wild", "no", "er", "x.hop", "x.lost", "x.y.out", "x.in")
    ),
    *(
        Question(f"{label}.{zone}", "TXT")
        for zone in ZONES
        for label in ("www", "x.wild", "deep.er", "x.hop", "x.in", "*.wild", "*.hop")
    ),
    *(Question(zone, record) for zone in ZONES for record in ("SOA", "NS", "DNSKEY", "DS", "AAAA")),
    *(Question(f"{name}.example.id", "A") for name in ("alias", "far", "away", "broken", "gone")),
    *(Question(f"{name}.example.id", "AAAA") for name in ("alias", "far", "away", "*.wild", "mx")),
    *(
        Question(name, "A")
        for name in ("www.old.example.id", "x.y.old.example.id", "old.example.id")
    ),
    *(Question(name, "DNAME") for name in ("old.example.id", "www.example.id")),
    *(Question(name, "A") for name in ("x.sub.example.id", "sub.example.id", "x.no.id", "no")),
    Question("alias.example.id", "CNAME"),
    Question("sub.example.id", "DS"),
    Question("mx.example.id", "MX"),
    Question("txt.example.id", "TXT"),
    Question("id", "NS"),
    Question(".", "NS"),
    Question(".", "DS"),
]


@pytest.mark.parametrize("question", QUESTIONS, ids=str)
async def test_as_unbound(internet: SignedInternet, question: Question):
    """Every answer is secure, insecure or bogus for us as it is for unbound."""
    theirs = by_unbound(internet, question)

    ours = await by_us(internet, question)

    assert ours.security is theirs, ours.reason
    assert (ours.reason is None) == (theirs is Security.SECURE)


async def probed(
    internet: SignedInternet, name: str, *, at_source: bool = False, **fields: Any
) -> Outcome:
    """Probe through unbound, or ask knot itself."""
    expect = {"dnssec": "secure"} | fields.pop("expect", {})
    fields = {"name": name, "trust_anchors": [internet.anchor], "expect": expect} | fields
    if at_source:
        fields["nameservers"] = [str(internet.authority)]
    return await probe(DnsSpec.model_validate(fields), probe_context(internet.resolver))


@pytest.mark.parametrize("at_source", [False, True], ids=["resolver", "source"])
async def test_secure_answer(internet: SignedInternet, at_source: bool):
    """A check validates through a resolver, and what a name server itself says."""
    outcome = await probed(internet, "www.example.id", at_source=at_source)

    assert outcome.status is OutcomeStatus.OK, outcome.failure
    assert outcome.facts["dnssec"]["security"] == "secure"
    assert outcome.facts["dnssec"]["zones"] == [".", "id", "example.id"]
    assert outcome.measurements[ENDS] == outcome.facts["dnssec"]["signatures_end"]
    assert outcome.measurements[ENDS] > time.time() + 86_400
    assert {name for name, _ in outcome.measurements} <= {
        info.name for info in CHECK_TYPE.measurements
    }


@pytest.mark.parametrize("at_source", [False, True], ids=["resolver", "source"])
@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("www.bogus.id", "dnssec: bogus, expected secure: www.bogus.id A: the signature by key"),
        (
            "www.expired.id",
            "dnssec: bogus, expected secure: expired.id DNSKEY: the signature by key",
        ),
        ("www.wrongds.id", "dnssec: bogus, expected secure: wrongds.id: DS names key"),
        ("www.nods.id", "dnssec: insecure, expected secure: nods.id: no DS in id"),
        ("www.plain.id", "dnssec: insecure, expected secure: plain.id: no DS in id"),
    ],
)
async def test_answer_that_is_not_secure(
    internet: SignedInternet, at_source: bool, name: str, told: str
):
    """A failing check says where the chain breaks: what resolvers hide behind SERVFAIL."""
    outcome = await probed(internet, name, at_source=at_source)

    assert outcome.status is OutcomeStatus.FAILED
    assert outcome.failure is not None
    assert outcome.failure.kind is FailureKind.DNSSEC
    assert outcome.failure.detail.startswith(told)


async def test_expired_signatures_stay_in_the_numbers(internet: SignedInternet):
    """The end of signatures is measured also when it has passed."""
    outcome = await probed(internet, "www.expired.id")

    assert outcome.measurements[ENDS] < time.time()


async def test_signatures_that_end_soon(internet: SignedInternet):
    """Signatures that hold for too few days degrade, and the days are told."""
    outcome = await probed(internet, "www.example.id", expect={"min_signature_days": 60})

    assert outcome.status is OutcomeStatus.DEGRADED
    assert outcome.failure is not None
    assert outcome.failure.kind is FailureKind.EXPIRES_SOON
    assert "expected at least 60" in outcome.failure.detail


@pytest.mark.parametrize(
    ("name", "expected", "status"),
    [
        ("www.plain.id", "insecure", OutcomeStatus.OK),
        ("www.plain.id", "not_bogus", OutcomeStatus.OK),
        ("www.example.id", "not_bogus", OutcomeStatus.OK),
        ("www.example.id", "insecure", OutcomeStatus.FAILED),
        ("www.bogus.id", "not_bogus", OutcomeStatus.FAILED),
        ("www.bogus.id", "insecure", OutcomeStatus.FAILED),
    ],
)
async def test_what_is_expected(
    internet: SignedInternet, name: str, expected: str, status: OutcomeStatus
):
    """A zone may be expected to be signed, not to be, or not to be broken."""
    outcome = await probed(internet, name, expect={"dnssec": expected})

    assert outcome.status is status


async def test_name_that_provably_is_not_there(internet: SignedInternet):
    """NXDOMAIN may be expected with its proof."""
    outcome = await probed(internet, "no.hashed.id", expect={"rcode": "NXDOMAIN"})

    assert outcome.status is OutcomeStatus.OK, outcome.failure


async def test_public_root_is_built_in(internet: SignedInternet):
    """Without anchors of its own a check trusts the public root, which this one is not."""
    outcome = await probed(internet, "www.example.id", trust_anchors=())

    assert outcome.failure is not None
    assert ".: DS names key 20326, 38696, DNSKEY has" in outcome.failure.detail


async def test_price_of_a_validation(internet: SignedInternet):
    """A validation takes few milliseconds of our CPU."""
    await by_us(internet, Question("www.example.id", "A"))
    began = time.process_time()

    for _ in range(20):
        await by_us(internet, Question("www.example.id", "A"))

    each_ms = (time.process_time() - began) / 20 * 1000
    print(f"{each_ms:.2f} ms of CPU, with six questions")
    assert timedelta(milliseconds=each_ms) < timedelta(milliseconds=100)


@pytest.mark.parametrize("zone", ["example.id", "bogus.id", "expired.id"])
async def test_signatures_of_every_name_server(internet: SignedInternet, tmp_path: Path, zone: str):
    """What each server of a zone serves is validated; a broken zone's servers are found all the same."""
    hosts = tmp_path / "hosts"
    hosts.write_text(f"127.0.0.1 ns.{zone}\n")
    resolver = Resolver((internet.resolver,), hosts_file=hosts)
    context = replace(probe_context(), network=Network(resolver=resolver))
    fields = {"name": f"www.{zone}", "authoritative": "all", "expect": {"dnssec": "secure"}}
    spec = DnsSpec.model_validate(fields | {"trust_anchors": [internet.anchor]})

    outcome = await ask_all(spec, context, internet.authority.port)

    found = outcome.facts["dnssec"]
    assert found["security"] == ("secure" if zone == "example.id" else "bogus")
    assert outcome.measurements.get(ENDS) == found["signatures_end"]
    if zone != "example.id":
        assert outcome.status is OutcomeStatus.FAILED
        assert outcome.failure is not None
        assert outcome.failure.kind is FailureKind.DNSSEC
