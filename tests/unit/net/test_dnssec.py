"""Validation of answers: what is secure, what is not signed, what is bogus."""

import struct
from datetime import datetime, timedelta

import dns.dnssec
import dns.name
import dns.rrset
import pytest

from monitor.net.dnssec import Security
from monitor.net.dnssecrecords import key_tag
from tests.signedzones import (
    DAY,
    EXAMPLE,
    ID,
    NOON,
    ROOT,
    WWW,
    Asked,
    SignedZone,
    nsec,
    reply,
    validated,
    world,
)


@pytest.mark.parametrize("algorithm", [8, 10, 13, 14, 15, 16])
async def test_secure_by_each_algorithm(algorithm: int):
    """A chain of DS and DNSKEY from the anchor to a signed answer is secure."""
    zone = SignedZone("example.id.", algorithm)
    answer = zone.sign("www.example.id.", "A", "192.0.2.7", "192.0.2.8")

    found = await validated(reply(answer), world(zone))

    assert found.security is Security.SECURE
    assert found.zones == (".", "id", "example.id")
    assert found.expires == (NOON + 10 * DAY).timestamp()


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("AAAA", "2001:db8::7"),
        ("MX", "10 Mail.Example.ID."),
        ("NS", "NS1.Example.id."),
        ("SOA", "NS1.example.id. Host.example.id. 1 2 3 4 5"),
        ("SRV", "0 5 443 Host.example.id."),
        ("NAPTR", '100 10 "u" "E2U+sip" "!^.*$!sip:x@example.id!" Host.example.id.'),
        ("TXT", '"Mixed Case" "two"'),
        ("CAA", '0 issue "letsencrypt.org"'),
        ("RP", "Box.example.id. Text.example.id."),
        ("HTTPS", "1 Host.example.id. alpn=h2"),
        ("TLSA", "3 1 1 " + "ab" * 32),
        ("TYPE65280", r"\# 2 4142"),
    ],
)
async def test_canonical_form_of_each_type(kind: str, value: str):
    """Names within values are signed unpacked and in lower case, where RFC 4034 says so."""
    answer = EXAMPLE.sign("WWW.Example.id.", kind, value)

    found = await validated(reply(answer), record=kind)

    assert found.security is Security.SECURE, found.reason


async def test_altered_record_is_bogus():
    """A record that was changed after signing is bogus, and the key that did not sign is named."""
    forged = [dns.rrset.from_text("www.example.id.", 300, "IN", "A", "198.51.100.1"), WWW[1]]

    found = await validated(reply(forged))

    tag = key_tag(EXAMPLE.dnskey.to_wire())
    assert found.security is Security.BOGUS
    assert found.reason == f"www.example.id A: the signature by key {tag} is wrong"


async def test_added_record_is_bogus():
    """A signature is over all records of a name and type: one more breaks it."""
    added = dns.rrset.from_text(
        "www.example.id.", 300, "IN", "A", "192.0.2.7", "192.0.2.8", "192.0.2.9"
    )

    found = await validated(reply([added, WWW[1]]))

    assert found.security is Security.BOGUS


@pytest.mark.parametrize(
    ("now", "wrong"),
    [
        (NOON + 11 * DAY, "ended 2026-11-17 12:00:00 UTC"),
        (NOON - 2 * DAY, "begins 2026-11-06 12:00:00 UTC"),
    ],
)
async def test_signature_outside_its_time(now: datetime, wrong: str):
    """A signature holds from its inception to its expiration, by the clock of the check."""
    long = {"inception": NOON - 90 * DAY, "expiration": NOON + 90 * DAY}
    root, id_ = (SignedZone(one.name, secret=one.secret, **long) for one in (ROOT, ID))
    keys = [one := EXAMPLE.keys()[0], EXAMPLE.signature(one, **long)]
    asked = Asked(
        {
            ". DNSKEY": reply(root.keys()),
            "id DS": reply(root.sign("id.", "DS", ID.ds())),
            "id DNSKEY": reply(id_.keys()),
            "example.id DS": reply(id_.sign("example.id.", "DS", EXAMPLE.ds())),
            "example.id DNSKEY": reply(keys),
        }
    )

    found = await validated(reply(WWW), asked, now=now)

    assert found.security is Security.BOGUS
    assert found.reason is not None
    assert found.reason.endswith(wrong)


MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("times", "security"),
    [
        ({"expiration": NOON - 4 * MINUTE}, Security.SECURE),
        ({"expiration": NOON - 6 * MINUTE}, Security.BOGUS),
        ({"inception": NOON + 4 * MINUTE}, Security.SECURE),
        ({"inception": NOON + 6 * MINUTE}, Security.BOGUS),
        ({"inception": NOON - 21 * MINUTE, "expiration": NOON - MINUTE}, Security.SECURE),
        ({"inception": NOON - 23 * MINUTE, "expiration": NOON - 3 * MINUTE}, Security.BOGUS),
    ],
    ids=["just-ended", "ended", "just-not-begun", "not-begun", "short", "short-ended"],
)
async def test_our_clock_may_be_off(times: dict[str, datetime], security: Security):
    """Five minutes at either end of a signature are forgiven, or a tenth of a short one's time."""
    signature = EXAMPLE.signature(WWW[0], **times)

    found = await validated(reply([WWW[0], signature]))

    assert found.security is security, found.reason


async def test_forgiven_signature_tells_its_end():
    """The end that is measured is the signature's own, not the one that is forgiven."""
    late = EXAMPLE.signature(WWW[0], expiration=NOON - MINUTE)

    found = await validated(reply([WWW[0], late]))

    assert found.security is Security.SECURE
    assert found.expires == (NOON - MINUTE).timestamp()


async def test_expired_signature_tells_its_end():
    """The end of an expired signature is reported, so that its age can be seen."""
    late = EXAMPLE.signature(WWW[0], inception=NOON - 9 * DAY, expiration=NOON - DAY)

    found = await validated(reply([WWW[0], late]))

    assert found.expires == (NOON - DAY).timestamp()


async def test_signature_that_ends_last_counts():
    """Of several signatures over the same records the one that holds for the longest counts."""
    ends = [NOON + DAY, NOON + 9 * DAY, NOON + 3 * DAY, NOON - DAY]
    begins = NOON - 2 * DAY
    made = [EXAMPLE.signature(WWW[0], inception=begins, expiration=end)[0] for end in ends]

    found = await validated(reply([WWW[0], dns.rrset.from_rdata("www.example.id.", 300, *made)]))

    assert found.expires == (NOON + 9 * DAY).timestamp()


async def test_earliest_end_is_of_the_zone_itself():
    """The end reported is that of the zone's own signatures: the DS above is the parent's affair."""
    soon = ID.signature(
        ID.sign("example.id.", "DS", EXAMPLE.ds())[0], expiration=NOON + timedelta(hours=1)
    )
    ds = [ID.sign("example.id.", "DS", EXAMPLE.ds())[0], soon]
    keys = EXAMPLE.keys()
    keys[1] = EXAMPLE.signature(keys[0], expiration=NOON + 3 * DAY)

    found = await validated(
        reply(WWW), world(**{"example.id_DS": reply(ds), "example.id_DNSKEY": reply(keys)})
    )

    assert found.expires == (NOON + 3 * DAY).timestamp()


async def test_unsigned_answer_of_a_signed_zone():
    """An answer without signature is bogus where the chain leads to a zone that signs."""
    found = await validated(reply(WWW[:1]))

    assert found.security is Security.BOGUS
    assert found.reason is not None
    assert found.reason.startswith("www.example.id A: not signed, but example.id is")


async def test_signature_of_a_stranger():
    """Only the zone that a name lies in may sign it."""
    stranger = SignedZone("evil.id.")
    wire = reply([WWW[0], stranger.signature(WWW[0])])

    found = await validated(wire)

    assert found.security is Security.BOGUS


async def test_signature_by_a_name_that_is_no_zone():
    """A name that no DS leads to does not sign for itself."""
    self_made = SignedZone("www.example.id.")

    found = await validated(reply(self_made.sign("www.example.id.", "A", "192.0.2.1")))

    assert found.reason is not None
    assert "signed by www.example.id, which is no zone, but example.id is" in found.reason


async def test_signature_in_the_name_of_another_zone():
    """A signature counts for the zone that it names, even where the right key made it."""
    misnamed = dns.dnssec.sign(
        WWW[0],
        EXAMPLE.secret,
        dns.name.from_text("id."),
        EXAMPLE.dnskey,
        inception=NOON - DAY,
        expiration=NOON + DAY,
    )
    wrong = WWW[1][0].replace(signature=b"x" * 64)
    both = dns.rrset.from_rdata("www.example.id.", 300, misnamed, wrong)

    found = await validated(reply([WWW[0], both]))

    assert found.security is Security.BOGUS


async def test_signature_over_more_labels_than_there_are():
    """A signature can't be over a longer name than its own (RFC 4035, 5.3.1)."""
    rrsig = WWW[1][0].replace(labels=5)
    signed = (
        rrsig.to_wire()[:18]
        + EXAMPLE.wire_name()
        + b"".join(
            b"\3www" + EXAMPLE.wire_name() + struct.pack("!HHIH", 1, 1, 300, 4) + one.to_wire()
            for one in WWW[0]
        )
    )
    long = rrsig.replace(signature=EXAMPLE.secret.sign(signed))

    found = await validated(reply([WWW[0], dns.rrset.from_rdata("www.example.id.", 300, long)]))

    assert found.reason == "www.example.id A: the signature is over a longer name"


async def test_ttl_that_a_cache_counted_down():
    """A signature is over the TTL as the zone has it, not as a cache gives it."""
    answer = EXAMPLE.sign("www.example.id.", "A", "192.0.2.7", ttl=3600)
    answer[0].ttl = answer[1].ttl = 17

    assert (await validated(reply(answer))).security is Security.SECURE


async def test_aliases_are_validated_too():
    """Every CNAME on the way must be signed."""
    alias = EXAMPLE.sign("alias.example.id.", "CNAME", "www.example.id.")
    signed = await validated(reply([*alias, *WWW]), name="alias.example.id")

    unsigned = await validated(reply([alias[0], *WWW]), name="alias.example.id")

    assert (signed.security, unsigned.security) == (Security.SECURE, Security.BOGUS)


async def test_alias_into_an_unsigned_zone():
    """An alias that leads into a zone that is not signed makes the answer insecure."""
    alias = EXAMPLE.sign("alias.example.id.", "CNAME", "www.plain.id.")
    plain = dns.rrset.from_text("www.plain.id.", 300, "IN", "A", "192.0.2.9")
    denial = nsec(ID, "plain.id.", "q.id.", "NS RRSIG NSEC")

    found = await validated(
        reply([*alias, plain]), world(**{"plain.id_DS": reply([], denial)}), name="alias.example.id"
    )

    assert found.security is Security.INSECURE


async def test_bogus_behind_an_insecure_alias():
    """The worst step speaks: bogus beats insecure, wherever on the way it is."""
    alias = dns.rrset.from_text("www.plain.id.", 300, "IN", "CNAME", "www.example.id.")
    denial = nsec(ID, "plain.id.", "q.id.", "NS RRSIG NSEC")

    found = await validated(
        reply([alias, WWW[0]]), world(**{"plain.id_DS": reply([], denial)}), name="www.plain.id"
    )

    assert found.security is Security.BOGUS


async def test_alias_that_leads_out_of_the_reply():
    """A server that answers half a chain is asked for the rest."""
    alias = EXAMPLE.sign("alias.example.id.", "CNAME", "www.example.id.")
    asked = world(**{"www.example.id_A": reply(WWW)})

    found = await validated(reply(alias), asked, name="alias.example.id")

    assert found.security is Security.SECURE
    assert asked.questions[-1] == "www.example.id A"


CHILD = SignedZone("sub.example.id.")
CHILD_DS = EXAMPLE.sign("sub.example.id.", "DS", CHILD.ds())
BEYOND = EXAMPLE.sign("alias.example.id.", "CNAME", "www.sub.example.id.")


@pytest.mark.parametrize("signed", [True, False], ids=["signed", "unsigned"])
async def test_alias_into_a_zone_that_is_delegated(signed: bool):
    """An alias that comes with a referral, as a zone's own server answers, is followed further."""
    servers = dns.rrset.from_text("sub.example.id.", 300, "IN", "NS", "ns.sub.example.id.")
    none = nsec(EXAMPLE, "sub.example.id.", "t.example.id.", "NS RRSIG NSEC")
    www = CHILD.sign("www.sub.example.id.", "A", "192.0.2.7")
    asked = world(
        **{
            "sub.example.id_DS": reply(CHILD_DS) if signed else reply([], none),
            "sub.example.id_DNSKEY": reply(CHILD.keys()),
            "www.sub.example.id_A": reply(www if signed else www[:1]),
        }
    )
    answer = reply(BEYOND, [servers, *(CHILD_DS if signed else none)])

    found = await validated(answer, asked, name="alias.example.id")

    assert found.security is (Security.SECURE if signed else Security.INSECURE), found.reason


async def test_alias_of_a_wildcard_out_of_the_reply():
    """The proof that a wildcard made an alias says nothing of what the alias leads to."""
    alias = EXAMPLE.expanded("*.example.id.", "any.example.id.", "CNAME", "www.sub.example.id.")
    between = nsec(EXAMPLE, "a.example.id.", "b.example.id.", "A RRSIG NSEC")
    asked = world(
        **{
            "sub.example.id_DS": reply(CHILD_DS),
            "sub.example.id_DNSKEY": reply(CHILD.keys()),
            "www.sub.example.id_A": reply(CHILD.sign("www.sub.example.id.", "A", "192.0.2.7")),
        }
    )

    found = await validated(reply(alias, between), asked, name="any.example.id")

    assert found.security is Security.SECURE, found.reason


async def test_alias_to_what_is_denied():
    """A reply that denies what an alias leads to, as its SOA tells, is judged by that denial."""
    alias = EXAMPLE.sign("alias.example.id.", "CNAME", "none.example.id.")
    soa = EXAMPLE.sign("example.id.", "SOA", "ns.example.id. host.example.id. 1 2 3 4 5")
    there = EXAMPLE.sign("none.example.id.", "A", "192.0.2.1")
    asked = world(**{"none.example.id_A": reply(there)})

    found = await validated(reply(alias, soa), asked, name="alias.example.id")

    assert found.security is Security.BOGUS
    assert asked.questions[-1] != "none.example.id A"


async def test_aliases_without_end():
    """CNAMEs in a circle are bogus rather than followed for ever."""
    circle = [
        *EXAMPLE.sign("a.example.id.", "CNAME", "b.example.id."),
        *EXAMPLE.sign("b.example.id.", "CNAME", "a.example.id."),
    ]

    found = await validated(reply(circle), name="a.example.id")

    assert found.security is Security.BOGUS


async def test_dname():
    """A CNAME that a DNAME makes has no signature of its own: the DNAME's counts (RFC 6672)."""
    dname = EXAMPLE.sign("old.example.id.", "DNAME", "example.id.")
    made = dns.rrset.from_text("www.old.example.id.", 300, "IN", "CNAME", "www.example.id.")

    found = await validated(reply([*dname, made, *WWW]), name="www.old.example.id")

    assert found.security is Security.SECURE


@pytest.mark.parametrize("record", ["CNAME", "ANY"])
async def test_cname_of_a_dname_by_its_own_type(record: str):
    """A question for the CNAME itself is answered by the DNAME's signature as well."""
    dname = EXAMPLE.sign("old.example.id.", "DNAME", "example.id.")
    made = dns.rrset.from_text("www.old.example.id.", 300, "IN", "CNAME", "www.example.id.")

    found = await validated(reply([*dname, made]), name="www.old.example.id", record=record)

    assert found.security is Security.SECURE, found.reason


async def test_cname_that_no_dname_makes():
    """A CNAME beside a DNAME that would lead elsewhere is bogus."""
    dname = EXAMPLE.sign("old.example.id.", "DNAME", "example.id.")
    made = dns.rrset.from_text("www.old.example.id.", 300, "IN", "CNAME", "evil.example.id.")
    evil = EXAMPLE.sign("evil.example.id.", "A", "192.0.2.66")

    found = await validated(reply([*dname, made, *evil]), name="www.old.example.id")

    assert found.security is Security.BOGUS


@pytest.mark.parametrize("added", ["a.example.id.", "later.example.id."])
async def test_second_cname(added: str):
    """A name has one CNAME: another one beside it would lead past what was validated."""
    dname = EXAMPLE.sign("old.example.id.", "DNAME", "example.id.")
    both = [
        dns.rrset.from_text("www.old.example.id.", 300, "IN", "CNAME", target)
        for target in (added, "www.example.id.")
    ]

    found = await validated(reply([*dname, *both, *WWW]), name="www.old.example.id")

    assert found.security is Security.BOGUS


async def test_any():
    """To a question for ANY, every record set of the name must be signed."""
    mx = EXAMPLE.sign("www.example.id.", "MX", "10 mail.example.id.")
    whole = await validated(reply([*WWW, *mx]), record="ANY")

    part = await validated(reply([*WWW, mx[0]]), record="ANY")

    assert (whole.security, part.security) == (Security.SECURE, Security.BOGUS)


async def test_denial_beside_what_it_denies():
    """NXDOMAIN over a signed answer is proven by nothing: the header is what nobody signs."""
    found = await validated(reply(WWW, rcode="NXDOMAIN"))

    assert found.security is Security.BOGUS


@pytest.mark.parametrize("wire", [b"", b"\0" * 11, reply(WWW)[:-9]])
async def test_bytes_that_are_no_reply(wire: bytes):
    """What is no DNS message is bogus."""
    assert (await validated(wire)).security is Security.BOGUS


async def test_rcode_without_signatures():
    """Refusals can't be signed: they are bogus, and the chain's are told with their question."""
    refused = reply(rcode="SERVFAIL")

    answer = await validated(refused)
    chain = await validated(reply(WWW), world(id_DNSKEY=refused))

    assert answer.security is Security.BOGUS
    assert chain.reason == "id DNSKEY: SERVFAIL"


def test_key_tag_as_dnspython_has_it():
    """Key tags are those of RFC 4034, appendix B."""

    assert key_tag(ROOT.dnskey.to_wire()) == dns.dnssec.key_id(ROOT.dnskey)
