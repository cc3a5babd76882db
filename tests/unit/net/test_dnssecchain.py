"""The chain from a trust anchor to a zone, and the price of it."""

import time
from typing import Any

import dns.rrset
import pytest

from monitor.net import dnssecsignatures
from monitor.net.anchors import parse_anchors
from monitor.net.dnssec import Security
from monitor.net.dnssecrecords import key_tag
from tests.signedzones import (
    EXAMPLE,
    ID,
    WWW,
    Asked,
    RRsets,
    SignedZone,
    nsec,
    reply,
    validated,
    world,
)


async def test_wrong_key_at_the_child():
    """A zone whose keys the DS above does not name is bogus, and both tags are told."""
    other = SignedZone("example.id.")
    asked = world(**{"example.id_DNSKEY": reply(other.keys())})

    found = await validated(reply(other.sign("www.example.id.", "A", "192.0.2.1")), asked)

    mine, theirs = (key_tag(one.dnskey.to_wire()) for one in (EXAMPLE, other))
    assert found.reason == f"example.id: DS names key {mine}, DNSKEY has {theirs}"


async def test_key_with_the_right_tag():
    """A key that has the tag of the DS, but not its digest, is not trusted."""
    digest = EXAMPLE.ds().rpartition(" ")[0] + " " + "ab" * 32
    ds = ID.sign("example.id.", "DS", digest)

    found = await validated(reply(WWW), world(**{"example.id_DS": reply(ds)}))

    assert found.security is Security.BOGUS


@pytest.mark.parametrize("forged", [slice(1), slice(2)], ids=["unsigned", "signed-by-another"])
async def test_ds_that_the_parent_did_not_sign(forged: slice):
    """A DS counts only with the signature of the zone above."""
    other = SignedZone("example.id.")
    ds = SignedZone("id.").sign("example.id.", "DS", other.ds())[forged]
    answer = reply(other.sign("www.example.id.", "A", "192.0.2.66"))

    found = await validated(answer, world(other, **{"example.id_DS": reply(ds)}))

    assert found.security is Security.BOGUS


async def test_keys_must_be_signed_by_a_trusted_one():
    """A key that stands beside the trusted one counts only if that one signed the set."""
    other = SignedZone("example.id.")
    both = dns.rrset.from_rdata("example.id.", 300, EXAMPLE.dnskey, other.dnskey)
    asked = world(**{"example.id_DNSKEY": reply([both, other.signature(both)])})

    found = await validated(reply(other.sign("www.example.id.", "A", "192.0.2.1")), asked)

    assert found.security is Security.BOGUS


async def test_revoked_key():
    """A key with the revoke flag signs nothing (RFC 5011)."""
    revoked = SignedZone("example.id.", secret=EXAMPLE.secret)
    revoked.dnskey = revoked.dnskey.replace(flags=257 | 0x80)
    asked = world(revoked, **{"example.id_DNSKEY": reply(revoked.keys())})

    found = await validated(reply(revoked.sign("www.example.id.", "A", "192.0.2.1")), asked)

    assert found.security is Security.BOGUS


async def test_zone_with_unsupported_algorithms():
    """A DS of algorithms that are not supported makes the zone one that is not signed."""
    ds = ID.sign("example.id.", "DS", f"1 5 2 {'ab' * 32}", f"2 13 1 {'cd' * 20}")

    found = await validated(reply(WWW), world(**{"example.id_DS": reply(ds)}))

    assert found.security is Security.INSECURE
    assert found.reason == ("example.id: no supported algorithm and digest in DS (5/2, 13/1)")


async def test_zone_that_changes_its_algorithm():
    """Signatures of an algorithm that is not supported count neither for nor against a zone."""
    old = SignedZone("example.id.", 8)
    old.dnskey = old.dnskey.replace(algorithm=5)
    keys = dns.rrset.from_rdata("example.id.", 300, EXAMPLE.dnskey, old.dnskey)
    sets = [
        dns.rrset.from_text("www.example.id.", 300, "IN", f"TYPE{n}", r"\# 0")
        for n in range(65280, 65290)
    ]
    asked = world(**{"example.id_DNSKEY": reply([keys, signed_twice(keys, old)])})

    found = await validated(
        reply([one for rrset in sets for one in (rrset, signed_twice(rrset, old))]),
        asked,
        record="ANY",
    )

    assert found.security is Security.SECURE, found.reason


def signed_twice(rrset: Any, old: SignedZone) -> dns.rrset.RRset:
    """Return the signatures by the zone's key and by one of an algorithm of old."""
    (good,) = EXAMPLE.signature(rrset)
    weak = good.replace(algorithm=5, key_tag=key_tag(old.dnskey.to_wire()))
    return dns.rrset.from_rdata(rrset.name, 300, good, weak)


async def test_proof_that_there_is_no_ds():
    """A delegation that provably has no DS is insecure, and the name without it is told."""
    denial = nsec(ID, "example.id.", "f.id.", "NS RRSIG NSEC")

    found = await validated(reply(WWW[:1]), world(**{"example.id_DS": reply([], denial)}))

    assert found.security is Security.INSECURE
    assert found.reason == "example.id: no DS in id"


async def test_signed_zone_without_ds():
    """A signed zone that nobody above vouches for is insecure too: its DS was forgotten."""
    denial = nsec(ID, "example.id.", "f.id.", "NS RRSIG NSEC")

    found = await validated(reply(WWW), world(**{"example.id_DS": reply([], denial)}))

    assert found.security is Security.INSECURE


@pytest.mark.parametrize(
    "denial",
    [
        [],
        nsec(ID, "example.id.", "f.id.", "NS RRSIG NSEC")[:1],
        nsec(ID, "example.id.", "f.id.", "NS DS RRSIG NSEC"),
        nsec(ID, "example.id.", "f.id.", "NS SOA RRSIG NSEC"),
        nsec(ID, "a.id.", "b.id.", "A RRSIG NSEC"),
        nsec(SignedZone("id."), "example.id.", "f.id.", "NS RRSIG NSEC"),
    ],
    ids=["none", "unsigned", "it-has-one", "of-the-child", "of-others", "forged"],
)
async def test_ds_that_was_taken_away(denial: RRsets):
    """Nothing less than the parent's signed proof makes a zone insecure: else it is bogus."""
    found = await validated(reply(WWW[:1]), world(**{"example.id_DS": reply([], denial)}))

    assert found.security is Security.BOGUS


async def test_anchor_below_the_root():
    """A chain begins at the nearest anchor above the name, and asks for nothing above it."""
    asked = world()

    found = await validated(reply(WWW), asked, anchors=parse_anchors([EXAMPLE.anchor()]))

    assert found.security is Security.SECURE
    assert asked.questions == ["example.id DNSKEY"]


async def test_anchor_below_an_insecure_zone():
    """What is signed above the anchor has no say: an answer that a parent signed is bogus."""
    parent = ID.sign("www.example.id.", "A", "192.0.2.1")

    found = await validated(reply(parent), anchors=parse_anchors([EXAMPLE.anchor()]))

    assert found.security is Security.BOGUS


async def test_no_anchor():
    """A name that no anchor stands above is insecure."""
    found = await validated(reply(WWW), anchors=parse_anchors([SignedZone("com.").anchor()]))

    assert found.security is Security.INSECURE
    assert found.reason == "no trust anchor for www.example.id"


async def test_ds_is_the_parents():
    """A DS is signed by the zone above, so that the zone's own keys are not asked for."""
    asked = world()

    found = await validated(
        reply(ID.sign("example.id.", "DS", EXAMPLE.ds())), asked, name="example.id", record="DS"
    )

    assert found.security is Security.SECURE
    assert found.zones == (".", "id")


async def test_ds_signed_by_its_own_zone():
    """A zone can't vouch for itself."""
    found = await validated(
        reply(EXAMPLE.sign("example.id.", "DS", EXAMPLE.ds())), name="example.id", record="DS"
    )

    assert found.security is Security.BOGUS


async def test_many_keys_of_one_tag_are_cheap(monkeypatch: pytest.MonkeyPatch):
    """A zone made of colliding keys and wrong signatures costs a bounded number of tries."""

    tried: list[int] = []
    real = dnssecsignatures.made_by
    monkeypatch.setattr(dnssecsignatures, "made_by", lambda *given: tried.append(1) or real(*given))
    asked, wire = key_trap()
    began = time.process_time()

    found = await validated(wire, asked)

    took = time.process_time() - began
    print(f"{took * 1000:.1f} ms of CPU")
    assert found.security is Security.BOGUS
    assert found.reason is not None
    assert "given up" in found.reason
    assert len(tried) <= 15
    assert took < 1


def key_trap() -> tuple[Asked, bytes]:
    """Return a zone of 60 keys that share a tag, and an answer with 60 signatures by "it"."""
    zone = EXAMPLE
    twins = [twin(zone.dnskey, number) for number in range(1, 60)]
    keys = dns.rrset.from_rdata("example.id.", 300, zone.dnskey, *twins)
    asked = world(**{"example.id_DNSKEY": reply([keys, zone.signature(keys)])})
    wrong = [WWW[1][0].replace(signature=number.to_bytes(2, "big") * 32) for number in range(60)]
    return asked, reply([WWW[0], dns.rrset.from_rdata_list("www.example.id.", 300, wrong)])


def twin(dnskey: Any, number: int) -> Any:
    """Return another key of the same tag: what is added to one byte is taken from its like."""
    key = bytearray(dnskey.key)
    for at in range(0, len(key) - 2, 2):
        step = min(number, 255 - key[at], key[at + 2])
        key[at] += step
        key[at + 2] -= step
        number -= step
        if not number:
            break
    return dnskey.replace(key=bytes(key))


async def test_chain_of_many_questions_is_given_up():
    """A name of many labels costs a bounded number of questions."""
    name = ".".join(["a"] * 100)

    found = await validated(
        reply([dns.rrset.from_text(name + ".", 300, "IN", "A", "192.0.2.1")]), name=name
    )

    assert found.security is Security.BOGUS
    assert found.reason == "given up after 64 questions"


def of_64_kb(*, owners: bool) -> tuple[RRsets, RRsets]:
    """Return many NSECs, each with a signature, or one NSEC with as many signatures."""
    span, signature = nsec(EXAMPLE, "b.example.id.", "y.example.id.", "A")
    count = range(650)
    if owners:
        names = [f"{number}.example.id." for number in count]
        spans = [dns.rrset.from_rdata(name, 300, span[0]) for name in names]
        small = signature[0].replace(signature=b"x")
        return [], [*spans, *(dns.rrset.from_rdata(name, 300, small) for name in names)]
    many = [signature[0].replace(signature=number.to_bytes(2, "big")) for number in count]
    return [], [span, dns.rrset.from_rdata_list("b.example.id.", 300, many)]


@pytest.mark.parametrize("owners", [True, False], ids=["many-spans", "many-signatures"])
async def test_denials_of_64_kb_are_cheap(owners: bool):
    """A denial made of as many records as fit a message costs a fraction of a second."""
    wire = reply(*of_64_kb(owners=owners), "NXDOMAIN")
    asked = world()
    began = time.process_time()

    found = await validated(wire, asked)

    took = time.process_time() - began
    print(f"{took * 1000:.0f} ms of CPU for {len(wire)} bytes")
    assert found.security is Security.BOGUS
    assert took < 1
