"""What is read of a reply that is secure is what its zone signed, whatever was added to it."""

import asyncio

import dns.rrset
from hypothesis import example, given, settings
from hypothesis import strategies as st

from monitor.net.dnsmessage import Question, follow
from monitor.net.dnssec import Security
from monitor.net.dnswire import decode
from tests.signedzones import EXAMPLE, WWW, SignedZone, nsec, reply, validated

STRANGER = SignedZone("example.id.")


def unsigned(owner: str, kind: str, value: str) -> dns.rrset.RRset:
    return dns.rrset.from_text(owner, 300, "IN", kind, value)


GENUINE = [
    *WWW,
    *EXAMPLE.sign("alias.example.id.", "CNAME", "www.example.id."),
    *EXAMPLE.sign("old.example.id.", "DNAME", "example.id."),
    unsigned("www.old.example.id.", "CNAME", "www.example.id."),
    *EXAMPLE.expanded("*.example.id.", "any.example.id.", "CNAME", "other.example.id."),
    *(OTHER := EXAMPLE.sign("other.example.id.", "A", "192.0.2.99")),
]
FORGED = [
    unsigned("www.example.id.", "A", "198.51.100.1"),
    unsigned("alias.example.id.", "CNAME", "evil.example.id."),
    unsigned("www.old.example.id.", "CNAME", "evil.example.id."),
    unsigned("www.old.example.id.", "CNAME", "zebra.example.id."),
    unsigned("www.old.example.id.", "A", "198.51.100.1"),
    unsigned("alias.example.id.", "A", "198.51.100.1"),
    unsigned("old.example.id.", "DNAME", "evil.id."),
    unsigned("example.id.", "DNAME", "evil.id."),
    *STRANGER.sign("evil.example.id.", "A", "198.51.100.1"),
    *STRANGER.sign("zebra.example.id.", "A", "198.51.100.1"),
    *STRANGER.sign("any.example.id.", "A", "198.51.100.1"),
    *(
        BY_WILDCARD := EXAMPLE.expanded(
            "*.example.id.", "alias.example.id.", "CNAME", "other.example.id."
        )
    ),
    (BY_DNAME := unsigned("www.old.example.id.", "CNAME", "other.example.id.")),
]
PROOFS = [
    *nsec(EXAMPLE, "alias.example.id.", "old.example.id.", "CNAME RRSIG NSEC"),
    *STRANGER.sign("example.id.", "NSEC", "www.example.id. A RRSIG NSEC"),
]
SAME = {"192.0.2.7", "192.0.2.8"}
ANSWERS = {"www": SAME, "alias": SAME, "www.old": SAME, "any": {"192.0.2.99"}}


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(sorted(ANSWERS)),
    st.lists(st.sampled_from([*GENUINE, *FORGED]), max_size=10),
    st.lists(st.sampled_from(PROOFS), max_size=4),
    st.sampled_from(["NOERROR", "NXDOMAIN"]),
)
@example("www", WWW, [], "NOERROR")
@example("alias", GENUINE, [], "NOERROR")
@example("www.old", GENUINE, [], "NOERROR")
@example("any", GENUINE, PROOFS[:2], "NOERROR")
@example("www.old", [FORGED[3], *GENUINE, *FORGED[10:12]], [], "NOERROR")
@example("alias", [*BY_WILDCARD, *OTHER], PROOFS, "NOERROR")
@example("www.old", [*GENUINE[4:6], BY_DNAME, *OTHER], [], "NOERROR")
@example("www", WWW, [], "NXDOMAIN")
@example("www", FORGED[:1], [], "NOERROR")
def test_what_is_read_was_signed(
    label: str, answer: list[dns.rrset.RRset], authority: list[dns.rrset.RRset], rcode: str
):
    """A secure reply leads to the zone's own records, and to no others."""
    wire = reply(answer, authority, rcode)
    question = Question(f"{label}.example.id", "A")

    found = asyncio.run(validated(wire, name=question.name))

    if found.security is Security.SECURE:
        message = decode(wire)
        assert message.rcode == "NOERROR"
        read = {record.text for record in follow(message, question).records}
        assert read == ANSWERS[label]


@given(st.sampled_from(sorted(ANSWERS)))
def test_what_was_signed_is_secure(label: str):
    """The zone's own records alone are secure, by each of the ways that lead to them."""
    found = asyncio.run(validated(reply(GENUINE, PROOFS[:2]), name=f"{label}.example.id"))

    assert found.security is Security.SECURE, found.reason
