"""What NSEC and NSEC3 prove not to exist, and what they do not."""

import base64
from collections.abc import Sequence

import dns.dnssec
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.net.dnssec import Security
from monitor.net.dnssecdenial import (
    HashedSpans,
    Proof,
    Spans,
    no_closer_name,
    no_name,
    no_records,
)
from monitor.net.dnssecrecords import HashedSpan, Span, read_hashed_span
from monitor.net.dnssecwire import parse_name
from monitor.net.dnssecwire import read as read_signed
from tests.signedzones import EXAMPLE, RRsets, nsec, reply, validated, world

SECURE, INSECURE, BOGUS = Security.SECURE, Security.INSECURE, Security.BOGUS
SHA1 = "SHA1"


def hashed(name: str, salt: str = "ab", iterations: int = 0) -> str:
    return dns.dnssec.nsec3_hash(name, salt, iterations, SHA1).lower()


def beside(digest: str, step: int) -> str:
    """Return the hash that lies `step` beside another."""
    number = int.from_bytes(base64.b32hexdecode(digest.upper()), "big") + step
    return base64.b32hexencode((number % 2**160).to_bytes(20, "big")).decode().lower()


def nsec3(
    owner: str, following: str, types: str = "", *, opt_out: bool = False, iterations: int = 0
) -> list[dns.rrset.RRset]:
    """Return a signed NSEC3 from one hash to another."""
    value = f"1 {int(opt_out)} {iterations} ab {following} {types}"
    return EXAMPLE.sign(f"{owner}.example.id.", "NSEC3", value)


def matching(name: str, types: str, **more: int) -> list[dns.rrset.RRset]:
    """Return the NSEC3 of a name that exists."""
    digest = hashed(name, **more)
    return nsec3(digest, beside(digest, 1), types, **more)


def covering(name: str, *, opt_out: bool = False, **more: int) -> list[dns.rrset.RRset]:
    """Return an NSEC3 that shows that a name does not exist."""
    digest = hashed(name, **more)
    return nsec3(beside(digest, -1), beside(digest, 1), "A", opt_out=opt_out, **more)


APEX = "NS SOA RRSIG DNSKEY"
B_TO_Y = nsec(EXAMPLE, "b.example.id.", "y.example.id.", "A RRSIG NSEC")
NO_WILDCARD = nsec(EXAMPLE, "example.id.", "b.example.id.", APEX + " NSEC")
ENCLOSER = matching("example.id.", APEX)


@pytest.mark.parametrize(
    ("denial", "security"),
    [
        ([*B_TO_Y, *NO_WILDCARD], SECURE),
        (B_TO_Y, BOGUS),
        (NO_WILDCARD, BOGUS),
        ([*nsec(EXAMPLE, "b.example.id.", "x.www.example.id.", "A"), *NO_WILDCARD], BOGUS),
        ([*nsec(EXAMPLE, "www.example.id.", "y.example.id.", "A"), *NO_WILDCARD], BOGUS),
        ([*nsec(EXAMPLE, "b.example.id.", "example.id.", "A"), *NO_WILDCARD], SECURE),
        (nsec(EXAMPLE, "example.id.", "example.id.", APEX), SECURE),
        ([*ENCLOSER, *covering("www.example.id."), *covering("*.example.id.")], SECURE),
        ([*covering("www.example.id."), *covering("*.example.id.")], BOGUS),
        ([*ENCLOSER, *covering("*.example.id.")], BOGUS),
        ([*ENCLOSER, *covering("www.example.id.")], BOGUS),
        (
            [*ENCLOSER, *covering("www.example.id.", opt_out=True), *covering("*.example.id.")],
            INSECURE,
        ),
        (
            [*ENCLOSER, *covering("www.example.id."), *covering("*.example.id.", opt_out=True)],
            SECURE,
        ),
    ],
    ids=[
        "name-and-wildcard",
        "wildcard-missing",
        "name-missing",
        "name-has-names-below",
        "name-exists",
        "last-of-the-zone",
        "empty-zone",
        "hashed",
        "hashed-encloser-missing",
        "hashed-name-missing",
        "hashed-wildcard-missing",
        "hashed-opt-out",
        "hashed-opt-out-of-the-wildcard",
    ],
)
async def test_no_such_name(denial: RRsets, security: Security):
    """NXDOMAIN is proven by spans around the name and around the wildcard beside it."""
    found = await validated(reply([], denial, "NXDOMAIN"))

    assert found.security is security, found.reason


@pytest.mark.parametrize(
    ("denial", "security"),
    [
        (nsec(EXAMPLE, "www.example.id.", "y.example.id.", "AAAA RRSIG NSEC"), SECURE),
        (nsec(EXAMPLE, "www.example.id.", "y.example.id.", "A RRSIG NSEC"), BOGUS),
        (nsec(EXAMPLE, "www.example.id.", "y.example.id.", "CNAME RRSIG NSEC"), BOGUS),
        (nsec(EXAMPLE, "www.example.id.", "y.example.id.", "NS RRSIG NSEC"), BOGUS),
        (nsec(EXAMPLE, "b.example.id.", "x.www.example.id.", "AAAA"), SECURE),
        ([*B_TO_Y, *nsec(EXAMPLE, "*.example.id.", "b.example.id.", "AAAA")], SECURE),
        (nsec(EXAMPLE, "*.example.id.", "b.example.id.", "AAAA"), BOGUS),
        ([*B_TO_Y, *nsec(EXAMPLE, "*.example.id.", "b.example.id.", "A")], BOGUS),
        (matching("www.example.id.", "AAAA RRSIG"), SECURE),
        (matching("www.example.id.", "A RRSIG"), BOGUS),
        (matching("www.example.id.", "NS DS RRSIG"), BOGUS),
        (
            [*ENCLOSER, *covering("www.example.id."), *matching("*.example.id.", "AAAA")],
            SECURE,
        ),
        ([*ENCLOSER, *covering("www.example.id.", opt_out=True)], BOGUS),
        (B_TO_Y[:1], BOGUS),
        ([], BOGUS),
    ],
    ids=[
        "other-types",
        "type-is-there",
        "alias-is-there",
        "delegated-away",
        "only-names-below",
        "wildcard-without-it",
        "wildcard-but-no-closer-proof",
        "wildcard-with-it",
        "hashed",
        "hashed-type-is-there",
        "hashed-delegated-away",
        "hashed-wildcard-without-it",
        "hashed-opt-out-proves-only-no-ds",
        "unsigned",
        "nothing",
    ],
)
async def test_no_such_record(denial: RRsets, security: Security):
    """That a name has no such record is proven by the types that it, or its wildcard, has."""
    found = await validated(reply([], denial))

    assert found.security is security, found.reason


@pytest.mark.parametrize(
    ("denial", "security"),
    [
        (B_TO_Y, SECURE),
        (covering("www.example.id."), SECURE),
        (covering("www.example.id.", opt_out=True), INSECURE),
        ([], BOGUS),
        (nsec(EXAMPLE, "www.example.id.", "y.example.id.", "A"), BOGUS),
        (covering("else.example.id."), BOGUS),
    ],
    ids=["nsec", "nsec3", "opt-out", "nothing", "name-exists", "another-name"],
)
async def test_answer_from_a_wildcard(denial: RRsets, security: Security):
    """A wildcard's signature holds for a name only with proof that the name itself is not there."""
    expanded = EXAMPLE.expanded("*.example.id.", "www.example.id.", "A", "192.0.2.7")

    found = await validated(reply(expanded, denial))

    assert found.security is security, found.reason


async def test_wildcard_asked_for_by_itself():
    """A question for the wildcard's own name needs no proof."""
    wire = reply(EXAMPLE.sign("*.example.id.", "A", "192.0.2.7"))

    assert (await validated(wire, name="*.example.id")).security is SECURE


async def test_wildcard_may_not_stand_for_a_longer_way():
    """A wildcard deeper than the proof allows is bogus: the name between is there."""
    expanded = EXAMPLE.expanded("*.example.id.", "a.www.example.id.", "A", "192.0.2.7")
    www_exists = nsec(EXAMPLE, "www.example.id.", "b.www.example.id.", "A")

    found = await validated(reply(expanded, www_exists), name="a.www.example.id")

    assert found.security is BOGUS


async def test_span_made_from_a_wildcard():
    """An NSEC that a wildcard made speaks of a place where it was not signed for."""
    made = EXAMPLE.expanded("*.example.id.", "b.example.id.", "NSEC", "y.example.id. A RRSIG NSEC")

    found = await validated(reply([], [*made, *NO_WILDCARD], "NXDOMAIN"))

    assert found.security is BOGUS


async def test_opt_out_hides_unsigned_delegations():
    """No DS within an opt-out span means a zone that is not signed (RFC 5155, 8.6)."""
    denial = [*ENCLOSER, *covering("sub.example.id.", opt_out=True)]
    plain = dns.rrset.from_text("www.sub.example.id.", 300, "IN", "A", "192.0.2.1")

    found = await validated(
        reply([plain]), world(**{"sub.example.id_DS": reply([], denial)}), name="www.sub.example.id"
    )

    assert found.security is INSECURE
    assert found.reason == "sub.example.id: no DS in example.id"


async def test_too_many_iterations():
    """A zone that hashes more often than 100 times counts as not signed (RFC 9276)."""
    most = await validated(reply([], matching("www.example.id.", "AAAA", iterations=100)))

    more = await validated(reply([], matching("www.example.id.", "AAAA", iterations=101)))

    assert (most.security, more.security) == (SECURE, INSECURE)


@pytest.mark.parametrize(
    "value",
    ["1 2 0 ab {next} AAAA", "2 0 0 ab {next} AAAA", "1 0 0 ab 00000000 AAAA"],
    ids=["flags", "hash", "length"],
)
async def test_unreadable_hashes_prove_nothing(value: str):
    """Unknown flags, another hash or a hash of another length are passed over."""
    digest = hashed("www.example.id.")
    denial = EXAMPLE.sign(f"{digest}.example.id.", "NSEC3", value.format(next=beside(digest, 1)))

    assert (await validated(reply([], denial))).security is BOGUS


@pytest.mark.parametrize("types", ["NS RRSIG NSEC", "DNAME RRSIG NSEC"])
async def test_parent_does_not_speak_of_what_it_gave_away(types: str):
    """A span of a delegation or a DNAME says nothing of names below it (RFC 6840, 4.1)."""
    spans = [*nsec(EXAMPLE, "sub.example.id.", "y.example.id.", types), *NO_WILDCARD]
    hashes = [
        *matching("sub.example.id.", types.removesuffix(" NSEC")),
        *covering("www.sub.example.id."),
        *covering("*.sub.example.id."),
    ]

    found = [
        await validated(reply([], denial, "NXDOMAIN"), name="www.sub.example.id")
        for denial in (spans, hashes)
    ]

    assert [one.security for one in found] == [BOGUS, BOGUS]


SALT = b"\xab"
NAMES = st.lists(st.sampled_from(["a", "b", "c", "*"]), min_size=1, max_size=3).map(
    lambda labels: ".".join([*labels, "zone"])
)


def with_ancestors(names: Sequence[str]) -> list[tuple[bytes, ...]]:
    """Return every name that exists in a zone that holds records at `names`."""
    found = {parse_name("zone")}
    for name in names:
        labels = parse_name(name)
        found |= {labels[count:] for count in range(len(labels))}
    return sorted(found, key=lambda one: one[::-1])


def spans_of(names: Sequence[str]) -> Spans:
    """Return the NSECs of a zone with records at its apex and at `names`."""
    owners = sorted({parse_name("zone"), *map(parse_name, names)}, key=lambda one: one[::-1])
    types = frozenset({1})
    return Spans(
        [
            Span(one, behind, types)
            for one, behind in zip(owners, [*owners[1:], owners[0]], strict=True)
        ]
    )


def hashed_spans_of(names: Sequence[str]) -> HashedSpans:
    """Return the NSEC3s of the same zone; names that only others make exist have no types."""
    types = {parse_name(name): frozenset({1}) for name in ["zone", *names]}
    made = sorted(
        (
            base64.b32hexdecode(hashed(".".join(label.decode() for label in name)).upper()),
            types.get(name, frozenset[int]()),
        )
        for name in with_ancestors(names)
    )
    following = [digest for digest, _ in [*made[1:], made[0]]]
    return HashedSpans(
        [
            HashedSpan(
                zone=parse_name("zone"),
                owner=digest,
                next=behind,
                types=has,
                opt_out=False,
                iterations=0,
                salt=SALT,
            )
            for (digest, has), behind in zip(made, following, strict=True)
        ]
    )


@given(st.lists(NAMES, max_size=5), NAMES)
def test_proofs_say_what_the_zone_says(names: list[str], asked: str):
    """Over any zone, both kinds of proof agree with the rules of RFC 4592 about what is there."""
    name, existing = parse_name(asked), set(with_ancestors(names))
    encloser = next(name[n:] for n in range(1, len(name) + 1) if name[n:] in existing)
    is_there = name in existing
    wildcard_is_there = (b"*", *encloser) in existing
    held = {parse_name(one) for one in names}
    has_a = name in held or (not is_there and (b"*", *encloser) in held)

    for denial in (spans_of(names), hashed_spans_of(names)):
        proven = no_name(denial, name) is Proof.WHOLE
        assert proven == (not is_there and not wildcard_is_there)
        assert (no_records(denial, name, 1) is Proof.WHOLE) <= (not has_a)
        if is_there or wildcard_is_there:
            assert (no_records(denial, name, 28) is Proof.WHOLE) == (
                is_there or (b"*", *encloser) in held or isinstance(denial, HashedSpans)
            )
        closer = no_closer_name(denial, name, len(encloser)) is Proof.WHOLE
        assert closer == (not is_there)


@pytest.mark.parametrize(
    ("zone", "types", "proof"),
    [("a.id", {2, 6}, Proof.NONE), ("a.id", {2}, Proof.WHOLE), (".", {2, 6}, Proof.WHOLE)],
    ids=["of-the-child", "of-the-parent", "root"],
)
def test_only_the_zone_above_denies_a_ds(zone: str, types: set[int], proof: Proof):
    """A zone's own word that it has no DS counts for nothing, but at the root."""
    name = parse_name(zone)
    spans = Spans([Span(name, parse_name("b.id"), frozenset(types))])

    assert no_records(spans, name, 43) is proof


def test_hash_as_dnspython_has_it():
    """Names are hashed as RFC 5155 has it."""
    rrsets = read_signed(reply(matching("www.example.id.", "A", iterations=3))).answer.values()

    span = read_hashed_span(next(one for one in rrsets if one.type == 50))

    assert span is not None
    assert HashedSpans([span]).types_at(parse_name("www.example.id")) == {1}
