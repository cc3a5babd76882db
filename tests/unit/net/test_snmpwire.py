"""Questions to SNMP agents and their answers, and the values in them."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.net import ber
from monitor.net.ber import Malformed
from monitor.net.snmpwire import (
    RESPONSE,
    Absent,
    community_message,
    error_name,
    get_pdu,
    read_community_message,
    read_head,
    read_rest,
)

UPTIME = "1.3.6.1.2.1.1.3.0"


def a_response(*values, tag=RESPONSE, version=1, oid=UPTIME):
    listed = ber.sequence(ber.sequence((ber.oid(oid), value)) for value in values)
    pdu = ber.sequence((ber.integer(7), ber.integer(0), ber.integer(0), listed), tag)
    return ber.sequence((ber.integer(version), ber.octet_string(b"public"), pdu))


def read(packet):
    community, fields = read_community_message(packet)
    assert community == b"public"
    return read_rest(read_head(fields))


def test_a_question():
    """A question is a GetRequest of version 2c, octet for octet as RFC 1901 and RFC 3416 have it."""
    assert community_message(b"public", get_pdu(7, [UPTIME])) == bytes.fromhex(
        "3026 020101 0406 7075626c6963 a019 020107 020100 020100"
        " 300e 300c 0608 2b06010201010300 0500"
    )


@pytest.mark.parametrize(
    ("element", "value"),
    [
        ("0201ff", -1),
        ("4104ffffffff", 2**32 - 1),
        ("410500ffffffff", 2**32 - 1),
        ("420107", 7),
        ("430164", 100),
        ("4608ffffffffffffffff", 2**64 - 1),
        ("0402c3a9", b"\xc3\xa9"),
        ("06032b0601", "1.3.6.1"),
        ("4004c0000207", "192.0.2.7"),
        ("0500", None),
        ("8000", Absent("noSuchObject")),
        ("8100", Absent("noSuchInstance")),
        ("8200", Absent("endOfMibView")),
        ("44079f7804" + struct.pack("!f", 21.5).hex(), 21.5),
        ("440b9f7908" + struct.pack("!d", -0.25).hex(), -0.25),
        ("44079f7804" + struct.pack("!f", float("nan")).hex(), b"\x9f\x78\x04\x7f\xc0\x00\x00"),
        ("4402aabb", b"\xaa\xbb"),
    ],
)
def test_values(element, value):
    """Each type of SNMP has its value; counters have no sign, and no fraction is not a number."""
    assert read(a_response(bytes.fromhex(element))).values == ((UPTIME, value),)


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"\x30\x80",
        a_response(version=0),
        a_response(tag=0xA0),
        a_response(tag=0xA1),
        a_response(ber.octet_string(b"x"))[:-1],
        a_response() + b"\0",
        a_response(bytes.fromhex("4003c00002")),
        a_response(bytes.fromhex("41050100000000")),
        a_response(bytes.fromhex("470101")),
        a_response(bytes.fromhex("0200")),
    ],
)
def test_what_is_no_answer(packet):
    """A packet is whole, of version 2c, a response, and holds values of SNMP's types alone."""
    with pytest.raises(Malformed):
        read(packet)


def test_errors_have_names():
    """An error-status is told by its name, and one that nobody defined by its number."""
    assert (error_name(1), error_name(16), error_name(99), error_name(-1)) == (
        *("tooBig", "authorizationError"),
        *("99", "-1"),
    )


@given(st.binary(max_size=80))
def test_any_packet_can_be_read(packet):
    """No bytes raise anything but Malformed."""
    try:
        read_rest(read_head(read_community_message(packet)[1]))
    except Malformed:
        return
