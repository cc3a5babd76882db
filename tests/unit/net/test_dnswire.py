"""Reading DNS messages: honest ones as dnspython reads them, hostile ones in bounded time."""

import contextlib
import struct
import time

import dns.message
import dns.name
import dns.rdatatype
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.dnstypes import RECORD_TYPES
from monitor.net.dnswire import Edns, Malformed, Message, decode, decode_cut

HEADER = struct.Struct("!6H")


def reply(*records: str, rcode: int = 0, flags: int = 0) -> bytes:
    """Return a reply's bytes, made by dnspython; each record is `name ttl type value`."""
    message = dns.message.make_response(dns.message.make_query("example.id.", "A"))
    message.set_rcode(rcode)
    message.flags |= flags
    for record in records:
        name, ttl, kind, value = record.split(maxsplit=3)
        message.answer.append(dns.rrset.from_text(name, int(ttl), "IN", kind, value))
    return message.to_wire(max_size=65535)


@pytest.mark.parametrize(
    ("record", "text"),
    [
        ("example.id. 60 A 192.0.2.7", "192.0.2.7"),
        ("example.id. 60 AAAA 2001:DB8:0:0:0:0:0:7", "2001:db8::7"),
        ("example.id. 60 CNAME WWW.Example.id.", "www.example.id"),
        ("example.id. 60 NS ns1.example.id.", "ns1.example.id"),
        ("example.id. 60 PTR .", "."),
        ("example.id. 60 MX 10 Mail.example.id.", "10 mail.example.id"),
        ("example.id. 60 SRV 0 5 443 host.example.id.", "0 5 443 host.example.id"),
        ("example.id. 60 SOA a.id. b.c.id. 1 2 3 4 4294967295", "a.id b.c.id 1 2 3 4 4294967295"),
        ('example.id. 60 TXT "a b" "" "c"', "a bc"),
        ('example.id. 60 TXT "\\195\\169\\255"', "é\N{REPLACEMENT CHARACTER}"),
        ('example.id. 60 CAA 128 Issue "letsencrypt.org; x=1"', "128 issue letsencrypt.org; x=1"),
        ("example.id. 60 TYPE65280 \\# 4 0161016F", r"\# 4 0161016f"),
        ("example.id. 60 CNAME a\\.b.c\\000d.id.", r"a\.b.c\000d.id"),
    ],
)
def test_text_of_each_type(record: str, text: str):
    """Each record type has one canonical text."""
    (found,) = decode(reply(record)).answer

    assert (found.name, found.ttl_seconds, found.text) == ("example.id", 60, text)


def test_header():
    """The response code and the flags come by their names; OPT is no record."""
    query = dns.message.make_query("example.id.", "A", use_edns=0)
    message = dns.message.make_response(query, recursion_available=True)
    message.set_rcode(16)

    found = decode(message.to_wire())

    assert found == Message(
        rcode="BADVERS",
        flags=("qr", "rd", "ra"),
        answer=(),
        authority=(),
        additional=(),
        edns=Edns(version=0, payload=8192, dnssec_ok=False),
    )


def with_options(options: bytes) -> bytes:
    """Return a reply's bytes with an OPT record of version 0, DO set, that holds `options`."""
    opt = b"\0" + struct.pack("!HHIH", 41, 1232, 0x8000, len(options)) + options
    return HEADER.pack(1, 0x8180, 0, 0, 0, 1) + opt


def option(code: int, value: bytes) -> bytes:
    return struct.pack("!HH", code, len(value)) + value


def test_extended_errors_and_identifier():
    """What a server says of its reasons (RFC 8914) and of itself (RFC 5001) is read."""
    edns = decode(
        with_options(
            option(15, b"\0\x07")
            + option(10, b"cookie..")
            + option(15, b"\0\x06no signatures\0")
            + option(3, b"makassar-1")
            + option(15, b"\x03\xe7?")
        )
    ).edns

    assert edns is not None
    assert list(map(str, edns.errors)) == [
        "signature expired",
        "DNSSEC bogus: no signatures",
        "extended error 999: ?",
    ]
    assert edns.nsid == b"makassar-1"
    assert (edns.version, edns.payload, edns.dnssec_ok) == (0, 1232, True)


@pytest.mark.parametrize(
    "broken",
    [
        b"\0",
        b"\0\x0f\0",
        b"\0\x0f\0\x05\0\x06",
        option(15, b""),
        option(15, b"\x01"),
        b"\0\x03\xff\xff",
    ],
)
def test_broken_options_cost_the_answer_nothing(broken: bytes):
    """An EDNS option that can't be read is passed over; those before it count."""
    edns = decode(with_options(option(15, b"\0\x07") + broken)).edns

    assert edns is not None
    assert [error.code for error in edns.errors] == [7]


def test_number_of_extended_errors_is_bounded():
    """A server is heard with eight reasons."""
    edns = decode(with_options(option(15, b"\0\x07" + b"x" * 20) * 2000)).edns

    assert edns is not None
    assert len(edns.errors) == 8


def test_truncated_message_is_read_as_far_as_it_is_whole():
    """A truncated reply whose records are cut still tells its response code and flags."""
    wire = reply("example.id. 60 A 192.0.2.7", rcode=3, flags=0x0200)

    assert decode_cut(wire) == decode(wire)
    cut = decode_cut(wire[:-2])
    assert (cut.rcode, cut.answer) == ("NXDOMAIN", ())
    assert "tc" in cut.flags


def test_ttl_with_the_highest_bit_is_zero():
    """A TTL over 2^31 - 1 counts as zero, as RFC 2181 has it."""
    wire = bytearray(reply("example.id. 60 A 192.0.2.7"))
    at = wire.rindex(struct.pack("!I", 60))
    wire[at : at + 4] = b"\x80\0\0\0"

    assert decode(bytes(wire)).answer[0].ttl_seconds == 0


LABELS = st.text("abcXYZ019-_", min_size=1, max_size=20)
NAMES = st.lists(LABELS, min_size=1, max_size=6).map(lambda labels: ".".join(labels) + ".")
ADDRESSES = st.ip_addresses(v=4).map(lambda address: f"A {address}")
ALIASES = NAMES.map(lambda name: f"CNAME {name}")
MAILS = st.tuples(st.integers(0, 65535), NAMES).map(lambda mx: f"MX {mx[0]} {mx[1]}")
RECORDS = st.tuples(NAMES, st.integers(0, 2**31 - 1), ADDRESSES | ALIASES | MAILS).map(
    lambda parts: f"{parts[0]} {parts[1]} {parts[2]}"
)


@given(st.lists(RECORDS, max_size=20))
def test_reads_what_dnspython_writes(records: list[str]):
    """Names, compressed or not, TTLs and values come out as dnspython reads them."""
    wire = reply(*records)
    expected = [
        (name_text(rrset.name), rrset.ttl, dns.rdatatype.to_text(rrset.rdtype), value_text(rdata))
        for rrset in dns.message.from_wire(wire, one_rr_per_rrset=True).answer
        for rdata in rrset
    ]

    found = [(one.name, one.ttl_seconds, one.type, one.text) for one in decode(wire).answer]

    assert found == expected


def name_text(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True).lower()


def value_text(rdata) -> str:
    return rdata.to_text().lower().removesuffix(".")


@given(
    st.binary(max_size=600)
    | st.binary(min_size=12, max_size=200).map(lambda tail: b"\0\1\x81\x80\0\1\0\2\0\1\0\1" + tail)
)
def test_any_bytes_are_a_message_or_malformed(octets: bytes):
    """Whatever arrives is read or refused, with no other error."""
    with contextlib.suppress(Malformed):
        decode(octets)


@given(st.data())
def test_damaged_messages_are_read_or_malformed(data: st.DataObject):
    """A message with some of its bytes changed or cut off is read or refused."""
    wire = bytearray(
        reply(
            "example.id. 60 SOA a.id. b.id. 1 2 3 4 5",
            "a.example.id. 60 MX 10 b.example.id.",
            'a.example.id. 60 TXT "abc"',
            'a.example.id. 60 CAA 0 issue "x"',
            "a.example.id. 60 SRV 1 2 3 c.example.id.",
            "a.example.id. 60 AAAA ::1",
        )
    )
    for _ in range(data.draw(st.integers(1, 4))):
        wire[data.draw(st.integers(0, len(wire) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(wire)))

    with contextlib.suppress(Malformed):
        decode(bytes(wire[:cut]))


@pytest.mark.parametrize(
    "tail",
    [
        b"\xc0\x0c\0\1\0\1\0\0\0\1\0\4\1\2\3\4",  # the question's name points to itself
        b"\x01a\xc0\x0c\0\1\0\1",  # a name that comes back into itself
        b"\xc0\xff\0\1\0\1",  # forward
        b"\x40a\0\0\1\0\1",  # a label of an unknown kind
        b"\x3f" + b"a" * 10,  # a label that is cut off
        b"\x3f" + b"a" * 63 + (b"\x3f" + b"b" * 63) * 3 + b"\0\0\1\0\1",  # 257 bytes
    ],
)
def test_bad_names_are_malformed(tail: bytes):
    """A name that loops, points forward, is cut off or too long makes a packet malformed."""
    with pytest.raises(Malformed):
        decode(HEADER.pack(1, 0x8180, 1, 0, 0, 0) + tail)


def test_longest_name_is_read():
    """A name of 255 bytes is the longest that there is."""
    name = (b"\x3f" + b"a" * 63) * 3 + b"\x3d" + b"b" * 61 + b"\0"
    wire = (
        HEADER.pack(1, 0x8180, 0, 1, 0, 0) + name + struct.pack("!HHIH", 1, 1, 0, 4) + b"\1\2\3\4"
    )

    assert len(name) == 255
    assert len(decode(wire).answer[0].name) == 253


def _deep_names(count: int) -> bytes:
    """Every owner and value is a name of 120 labels, by a pointer."""
    name = b"".join(b"\x01" + bytes([97 + number % 26]) for number in range(120)) + b"\0"
    records = b"".join(
        b"\x02"
        + bytes([97 + number % 26, 97 + number // 26 % 26])
        + b"\xc0\x0c"
        + struct.pack("!HHIH", 2, 1, 60, 2)
        + b"\xc0\x0c"
        for number in range(count)
    )
    return HEADER.pack(1, 0x8180, 1, count, 0, 0) + name + b"\0\1\0\1" + records


def _pointer_chain(count: int) -> bytes:
    """Names that point to a pointer to a pointer, thousands deep."""
    records = b""
    at = 12 + 5
    previous = 12
    for _ in range(count):
        records += (
            struct.pack("!H", 0xC000 | previous) + struct.pack("!HHIH", 1, 1, 60, 4) + b"\1\2\3\4"
        )
        previous, at = at, at + 16
        if at >= 0x3FF0:
            previous = at = 0x3FE0
    return HEADER.pack(1, 0x8180, 1, count, 0, 0) + b"\0\0\1\0\1" + records


@pytest.mark.parametrize("wire", [_deep_names(3800), _pointer_chain(4000)], ids=["deep", "chain"])
def test_hostile_names_cost_little(wire: bytes):
    """A 64 KB message built to be slow is read, or refused, in a quarter of a second of CPU."""
    assert len(wire) <= 65_535

    assert min(cpu_seconds(wire) for _ in range(5)) < 0.25


def cpu_seconds(wire: bytes) -> float:
    began = time.process_time()
    with contextlib.suppress(Malformed):
        decode(wire)
    return time.process_time() - began


def test_type_numbers_are_those_of_the_registry():
    """Record types have the numbers that the whole world uses."""
    for name, number in RECORD_TYPES.items():
        assert dns.rdatatype.from_text(name) == number
