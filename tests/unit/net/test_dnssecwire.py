"""Signed bytes as dnspython has them; hostile messages in bounded time."""

import struct
import time

import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import pytest

from monitor.net.dnsnames import Malformed
from monitor.net.dnssecwire import is_within, parse_name, read, shown, wire_name
from tests.dnsrecords import RECORDS

HEADER = struct.Struct("!6H")


def message(*records: bytes) -> bytes:
    return HEADER.pack(7, 0x8000, 0, len(records), 0, 0) + b"".join(records)


def record(kind: int, rdata: bytes, owner: bytes = b"\1A\2iD\0", record_class: int = 1) -> bytes:
    return owner + struct.pack("!HHIH", kind, record_class, 300, len(rdata)) + rdata


@pytest.mark.parametrize(("kind", "value"), [one[:2] for one in RECORDS if one[0] != "RRSIG"])
def test_canonical_values(kind: str, value: str):
    """Every value is, byte for byte, what dnspython would sign; an RRSIG is never signed."""
    number = dns.rdatatype.from_text(kind)
    rdata = dns.rdata.from_text("IN", kind, value)

    (rrset,) = read(message(record(number, rdata.to_wire()))).answer.values()

    assert rrset.rdatas == (rdata.to_digestable(dns.name.root),)
    assert str(rrset) == f"a.id {kind}"


def test_records_make_sets():
    """Records of one name and type are one set: in canonical order, none twice, of class IN."""
    records = [
        record(1, b"\xc0\0\2\x08"),
        record(1, b"\xc0\0\2\x07", b"\1a\2ID\0"),
        record(1, b"\xc0\0\2\x08"),
        record(1, b"\xc0\0\2\x09", record_class=3),
        record(28, b"\0" * 16),
    ]

    found = {kind: rrset for (_, kind), rrset in read(message(*records)).answer.items()}

    assert set(found) == {1, 28}
    assert found[1].rdatas == (b"\xc0\0\2\x07", b"\xc0\0\2\x08")


def test_name_of_any_bytes():
    """A label may hold any bytes, a dot too; it is shown so that it can't be taken for another."""
    owner = b"\3A.b\2\\\xff\0"

    (rrset,) = read(message(record(1, b"\0" * 4, owner))).answer.values()

    assert rrset.owner == (b"a.b", b"\\\xff")
    assert shown(rrset.owner) == r"a\.b.\\\255"
    assert wire_name(rrset.owner) == owner.lower()


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        HEADER.pack(7, 0x8000, 0, 1, 0, 0),
        message(record(1, b"abcd"))[:-1],
        message(record(5, b"\3ab\0")),
        message(record(15, b"\0")),
        message(record(35, b"\0\0\0\0\xff")),
        message(record(2, b"\1a\0")[:-3] + b"\xc0\x40"),
    ],
)
def test_what_is_no_message(octets: bytes):
    """Bytes that end early or lead nowhere are no message."""
    with pytest.raises(Malformed):
        read(octets)


def test_names_within():
    """A name lies within a zone by whole labels."""
    assert is_within(parse_name("a.id"), parse_name("id"))
    assert is_within(parse_name("id"), ())
    assert not is_within(parse_name("aid"), parse_name("id"))
    assert not is_within(parse_name("id"), parse_name("a.id"))


def test_long_names_in_thousands_are_cheap():
    """A message of 64 KB whose every name has 120 labels costs a fraction of a second."""
    long = b"".join(b"\1" + bytes((97 + n % 26,)) for n in range(120)) + b"\0"
    same = struct.pack("!H", 0xC000 | HEADER.size)
    owners = [b"\1" + bytes((97 + n % 26,)) + same for n in range(3_800)]
    octets = message(record(2, long, long), *(record(2, same, owner) for owner in owners))
    assert 60_000 < len(octets) < 65_536
    began = time.process_time()

    read(octets)

    took = time.process_time() - began
    print(f"{took * 1000:.0f} ms of CPU for {len(octets)} bytes")
    assert took < 1
