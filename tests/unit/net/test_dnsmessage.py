"""Questions as bytes, and which replies answer them."""

import itertools

import dns.edns
import dns.flags
import dns.message
import dns.rdataclass
import dns.rrset
import pytest

from monitor.net.dnsmessage import (
    MOST_CNAMES,
    CnameLoop,
    Options,
    Question,
    encode,
    follow,
    is_reply,
    is_truncated,
)
from monitor.net.dnswire import Message, Record

QUESTION = Question("www.example.id", "A")
QUERY = encode(QUESTION, 4711)


def replied(query: bytes = QUERY) -> bytearray:
    return bytearray(dns.message.make_response(dns.message.from_wire(query)).to_wire())


@pytest.mark.parametrize("name", ["www.example.id", ".", "_dmarc.example.id", "a" * 63 + ".id"])
@pytest.mark.parametrize("edns", [True, False])
def test_question_as_others_read_it(name: str, edns: bool):
    """A question says what is asked, with recursion wished for and room for 1232 bytes."""
    read = dns.message.from_wire(encode(Question(name, "MX"), 7, Options(edns=edns)))

    assert read.id == 7
    assert read.question[0].name.to_text(omit_final_dot=name != ".") == name
    assert read.question[0].rdtype == dns.rdatatype.MX
    assert read.flags == dns.flags.RD | dns.flags.AD
    assert (read.edns, read.payload) == ((0, 1232) if edns else (-1, 0))


def test_question_without_recursion():
    """Without recursion no flag is set."""
    assert (
        dns.message.from_wire(encode(QUESTION, 7, Options(recursion=False, edns=False))).flags == 0
    )


@pytest.mark.parametrize(
    ("options", "flags"),
    [
        (Options(authentic_data=False), dns.flags.RD),
        (Options(checking_disabled=True), dns.flags.RD | dns.flags.AD | dns.flags.CD),
        (Options(recursion=False, checking_disabled=True), dns.flags.CD),
        (Options(recursion=False), 0),
    ],
)
def test_flags_of_a_question(options: Options, flags: int):
    """Recursion, validation and the AD flag are asked for by flags; AD goes with recursion."""
    assert dns.message.from_wire(encode(QUESTION, 7, options)).flags == flags


def test_wishes_in_edns():
    """Signatures, a payload size and the server's identifier are asked for by EDNS."""
    read = dns.message.from_wire(
        encode(QUESTION, 7, Options(dnssec_ok=True, payload=4096, nsid=True))
    )

    assert read.ednsflags == dns.flags.DO
    assert read.payload == 4096
    assert [option.otype for option in read.options] == [dns.edns.NSID]


@pytest.mark.parametrize(("record", "number"), [("TYPE65280", 65280), ("HTTPS", 65), ("ANY", 255)])
def test_any_type_and_class_can_be_asked_for(record: str, number: int):
    """A question may be for any type, by its name or number, and for another class."""
    wire = encode(Question("www.example.id", record), 7, Options(record_class="CH"))

    (asked,) = dns.message.from_wire(wire).question
    assert (asked.rdtype, asked.rdclass) == (number, dns.rdataclass.CH)


@pytest.mark.parametrize(
    ("record", "record_class"), [("MXX", "IN"), ("TYPE65536", "IN"), ("A", "XX")]
)
def test_types_and_classes_that_are_none(record: str, record_class: str):
    """What is no type or no class cannot be asked for."""
    with pytest.raises(ValueError):
        encode(Question("www.example.id", record), 7, Options(record_class=record_class))


@pytest.mark.parametrize("name", ["", "a..b", ".a", "a" * 64, ".".join(["a" * 60] * 5), "é.id"])
def test_names_that_cannot_be_asked(name: str):
    """A name that no DNS message can carry is refused."""
    with pytest.raises(ValueError):
        encode(Question(name, "A"), 7)


def test_reply_to_our_question():
    """A reply bears our id and our question; the case of letters may differ."""
    reply = replied()

    assert is_reply(QUERY, bytes(reply))
    assert is_reply(QUERY, bytes(reply).replace(b"example", b"eXaMpLe"))


@pytest.mark.parametrize(
    ("at", "value"),
    [(0, 1), (1, 1), (2, 0x01), (2, 0xA0), (5, 0), (5, 2), (13, 0x78), (29, 28), (31, 3)],
)
def test_reply_to_something_else(at: int, value: int):
    """Another id, another opcode, another question or none: not our reply."""
    reply = replied()
    reply[at] = value

    assert not is_reply(QUERY, bytes(reply))


@pytest.mark.parametrize("length", range(31))
def test_cut_reply_is_none(length: int):
    """A packet that ends before its question does answers nothing."""
    assert not is_reply(QUERY, bytes(replied()[:length]))


@pytest.mark.parametrize(
    ("rcode", "counts"), [(1, True), (2, True), (4, True), (5, True), (0, False), (3, False)]
)
def test_refusal_may_leave_out_the_question(rcode: int, counts: bool):
    """A server that could not read the question need not repeat it; any other must."""
    assert is_reply(QUERY, QUERY[:2] + bytes([0x81, rcode]) + b"\0" * 8) is counts


def test_truncation_is_seen():
    """The TC flag is found where it is."""
    reply = replied()
    assert not is_truncated(bytes(reply))
    reply[2] |= 0x02

    assert is_truncated(bytes(reply))


def message(*records: tuple[str, str, int, str]) -> Message:
    answer = tuple(Record(name, kind, ttl, text) for name, kind, ttl, text in records)
    return Message(rcode="NOERROR", flags=("qr",), answer=answer, authority=(), additional=())


def test_chain_is_followed_in_any_order():
    """CNAMEs lead to the records; the smallest TTL on the way counts; strangers don't."""
    chain = follow(
        message(
            ("c", "A", 300, "192.0.2.7"),
            ("stranger", "A", 1, "192.0.2.66"),
            ("b", "CNAME", 20, "c"),
            ("www.example.id", "CNAME", 60, "b"),
        ),
        QUESTION,
    )

    assert chain.aliases == ("b", "c")
    assert [record.text for record in chain.records] == ["192.0.2.7"]
    assert chain.ttl_seconds == 20


def test_question_for_an_alias_is_not_followed():
    """Who asks for a CNAME gets it."""
    chain = follow(
        message(("a", "CNAME", 60, "b"), ("b", "CNAME", 60, "c")), Question("a", "CNAME")
    )

    assert [record.text for record in chain.records] == ["b"]


@pytest.mark.parametrize(
    "aliases",
    [
        [("www.example.id", "www.example.id")],
        [("www.example.id", "b"), ("b", "www.example.id")],
        [("www.example.id", "b"), ("b", "c"), ("c", "b")],
        [("www.example.id", "n0"), *((f"n{number}", f"n{number + 1}") for number in range(20))],
    ],
)
def test_chain_without_end(aliases: list[tuple[str, str]]):
    """A chain that comes back to itself, or is longer than eight, is an error that shows it."""
    with pytest.raises(CnameLoop, match="→"):
        follow(message(*((name, "CNAME", 60, to) for name, to in aliases)), QUESTION)


def test_longest_chain():
    """Eight CNAMEs in a row are followed."""
    hops = ["www.example.id", *(f"n{number}" for number in range(MOST_CNAMES))]
    links = [(one, "CNAME", 60, two) for one, two in itertools.pairwise(hops)]

    chain = follow(message(*links, (hops[-1], "A", 60, "192.0.2.7")), QUESTION)

    assert chain.records


def test_question_for_any_leads_to_all():
    """Who asks for ANY gets all that the name has, its CNAME too, and nothing of others."""
    records = message(
        ("a", "MX", 60, "10 b"), ("a", "A", 60, "192.0.2.7"), ("b", "A", 60, "192.0.2.8")
    )

    chain = follow(records, Question("a", "ANY"))

    assert [record.text for record in chain.records] == ["10 b", "192.0.2.7"]


def test_records_of_another_class_are_no_answers():
    """A record of another class than the question's answers nothing."""
    other = Record("a", "TXT", 0, "unbound", record_class="CH")
    found = Message(rcode="NOERROR", flags=(), answer=(other,), authority=(), additional=())

    assert follow(found, Question("a", "TXT")).records == ()
    assert follow(found, Question("a", "TXT"), "CH").records == (other,)
