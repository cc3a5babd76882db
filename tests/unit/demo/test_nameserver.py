"""The demonstration's name server answers as a real one would."""

import dns.message
import dns.rcode
import pytest

from monitor.demo.nameserver import reply_to

ZONE = {"kota.test.": {"A": "192.0.2.7"}}


def asked(name, record):
    query = dns.message.make_query(name, record)
    reply = dns.message.from_wire(reply_to(query.to_wire(), ZONE))
    assert reply.id == query.id
    return dns.rcode.to_text(reply.rcode()), [str(item) for rrset in reply.answer for item in rrset]


@pytest.mark.parametrize(
    ("name", "record", "answer"),
    [
        ("kota.test", "A", ("NOERROR", ["192.0.2.7"])),
        ("KOTA.test", "A", ("NOERROR", ["192.0.2.7"])),
        ("kota.test", "MX", ("NOERROR", [])),
        ("lain.test", "A", ("NXDOMAIN", [])),
    ],
)
def test_answers(name, record, answer):
    """A record is given, a missing one is none, and a name that is not there is said to be none."""
    assert asked(name, record) == answer


@pytest.mark.parametrize("query", [b"", b"x" * 11, bytes(12) + b"\xff"])
def test_what_is_no_query_gets_no_answer(query):
    """Whatever is no DNS query is ignored."""
    assert reply_to(query, ZONE) is None
