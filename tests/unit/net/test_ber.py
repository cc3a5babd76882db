"""BER as LDAP and SNMP use it: what is written is read back, and what strangers send is bounded."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.net import ber

_ARCS = st.lists(st.integers(0, 0xFFFF_FFFF), max_size=20)
_OIDS = st.one_of(
    st.tuples(st.integers(0, 1), st.integers(0, 39), _ARCS),
    st.tuples(st.just(2), st.integers(0, 0xFFFF_FFFF - 80), _ARCS),
).map(lambda parts: ".".join(map(str, (parts[0], parts[1], *parts[2]))))


@given(st.integers(-(2**63), 2**64 - 1))
def test_numbers_come_back(number):
    """A number of 64 bits, with a sign or without, is read as it was written."""
    assert ber.Fields(ber.integer(number)).integer() == number


@pytest.mark.parametrize(
    ("number", "written"),
    [(0, "020100"), (127, "02017f"), (128, "02020080"), (-128, "020180"), (-129, "0202ff7f")],
)
def test_numbers_take_few_octets(number, written):
    """A number takes as few octets as hold it with its sign (X.690, 8.3)."""
    assert ber.integer(number).hex() == written


@given(_OIDS)
def test_object_identifiers_come_back(text):
    """An object identifier is read as it was written."""
    assert ber.Fields(ber.oid(text)).oid() == text


def test_where_an_element_ends():
    """Reading tells how far it got, so that an element's place in the bytes is known."""
    fields = ber.Fields(ber.integer(1) + ber.octet_string(b"abc"))
    fields.integer()

    assert fields.at == 3


def test_object_identifier_of_the_standard():
    """The example of X.690 (8.19.5) is written as it stands there."""
    assert ber.oid("2.999.3").hex() == "0603883703"


@pytest.mark.parametrize(
    "text", ["", "1", "3.1", "1.40", "1.3.", "1.3.a", "1.3.-6", "1.3.4294967296", "1.3.٣", "0" * 99]
)
def test_what_is_no_object_identifier(text):
    """Text that is no object identifier is refused when it is written."""
    with pytest.raises(ValueError, match="an object identifier"):
        ber.oid(text)


@given(st.binary(max_size=300), st.sampled_from([ber.OCTET_STRING, ber.context(3)]))
def test_octets_come_back(octets, tag):
    """Octets of any length come back under their tag, and nothing is left."""
    fields = ber.Fields(ber.octet_string(octets, tag))

    assert fields.octet_string(tag) == octets
    fields.end()


@given(st.lists(st.integers(-9, 9), max_size=60))
def test_sequences_come_back(numbers):
    """The elements of a sequence come back in their order, up to its end."""
    within = ber.Fields(ber.sequence(map(ber.integer, numbers))).fields()
    found = []
    while within.left:
        found.append(within.integer())

    assert found == numbers


@given(st.binary(max_size=300), st.integers(0, 310))
def test_whole_size(octets, cut):
    """The size of an element is known from its head, whatever is there of the rest."""
    written = ber.octet_string(octets)

    assert ber.whole_size(written[:cut]) in ({None, len(written)} if cut < 4 else {len(written)})
    assert ber.whole_size(written + b"more") == len(written)


@given(st.binary(max_size=200))
def test_strangers_raise_malformed_alone(octets):
    """Any bytes end in a value or in Malformed, and every element read moves on."""
    with suppress(ber.Malformed):
        ber.whole_size(octets)
    fields, count = ber.Fields(octets), 0
    with suppress(ber.Malformed):
        while fields.left:
            _, content = fields.any()
            count += 1
            for read in (ber.integer_of, ber.oid_of):
                with suppress(ber.Malformed):
                    read(content)

    assert count <= len(octets) / 2


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("3080", "an indefinite length"),
        ("30850000000001", "a length in 5 octets"),
        ("3f00", "a tag of several octets"),
        ("308410000000", "an element of 268435456 bytes"),
    ],
)
def test_heads_that_are_refused(written, told):
    """Indefinite, oversized and long-tagged elements are refused before anything is awaited."""
    with pytest.raises(ber.Malformed, match=told):
        ber.whole_size(bytes.fromhex(written))


def test_four_octets_of_length():
    """A length may have zeros before it, as Active Directory writes every one."""
    assert ber.Fields(bytes.fromhex("0484000000026869")).octet_string() == b"hi"


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("", "an element is missing"),
        ("02", "an element is cut"),
        ("0282", "an element is cut"),
        ("020201", "2 bytes are announced, 1 are there"),
        ("0200", "a number of 0 bytes"),
        ("020a00000000000000000001", "a number of 10 bytes"),
        ("040100", "tag 0x04 in place of 0x02"),
    ],
)
def test_numbers_that_are_none(written, told):
    """What is no number says what is wrong with it."""
    with pytest.raises(ber.Malformed, match=told):
        ber.Fields(bytes.fromhex(written)).integer()


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("0600", "is cut"),
        ("06022b86", "is cut"),
        ("06032b8001", "is padded"),
        ("06072b868080808001", "over 32 bits"),
        ("068180" + "01" * 128, "over 128 numbers"),
    ],
)
def test_object_identifiers_that_are_none(written, told):
    """What is no object identifier says what is wrong with it."""
    with pytest.raises(ber.Malformed, match=told):
        ber.Fields(bytes.fromhex(written)).oid()


def test_depth_is_bounded():
    """Elements within elements are followed to a depth, and no further."""
    octets = b""
    for _ in range(ber.DEEPEST + 1):
        octets = ber.sequence([octets])
    fields = ber.Fields(octets)
    for _ in range(ber.DEEPEST):
        fields = fields.fields()

    with pytest.raises(ber.Malformed, match="over 16 elements"):
        fields.fields()


def test_nothing_may_be_left():
    """Bytes behind what was expected are counted."""
    with pytest.raises(ber.Malformed, match="3 bytes too many"):
        ber.Fields(ber.integer(1)).end()


def test_truth_values():
    """Any octet but zero is true; two octets are no truth value."""
    fields = ber.Fields(ber.boolean(True) + ber.boolean(False) + b"\1\1\1" + b"\1\2\0\0")

    assert (fields.boolean(), fields.boolean(), fields.boolean()) == (True, False, True)
    with pytest.raises(ber.Malformed, match="of 2 bytes"):
        fields.boolean()


def test_tags():
    """Tags of protocols and of surroundings are those that LDAP uses (RFC 4511, 4.2)."""
    tags = (ber.application(0), ber.application(2, constructed=False), ber.context(0))

    assert (*tags, ber.context(3, constructed=True)) == (0x60, 0x42, 0x80, 0xA3)
