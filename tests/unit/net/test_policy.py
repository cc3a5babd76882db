"""Where a target may lead, and which texts name a host."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.net.policy import (
    AddressClass,
    classify_address,
    innermost,
    narrowed,
    parse_host,
    permitted,
    pinned_class,
)

PUBLIC, PRIVATE, LOOPBACK, FORBIDDEN = AddressClass

ADDRESSES = [
    ("8.8.8.8", PUBLIC),
    ("192.0.2.7", PUBLIC),  # documentation: nothing of ours is there
    ("203.0.113.9", PUBLIC),
    ("9.255.255.255", PUBLIC),
    ("11.0.0.0", PUBLIC),
    ("172.15.255.255", PUBLIC),
    ("172.32.0.0", PUBLIC),
    ("192.167.255.255", PUBLIC),
    ("192.169.0.0", PUBLIC),
    ("100.63.255.255", PUBLIC),
    ("100.128.0.0", PUBLIC),
    ("126.255.255.255", PUBLIC),
    ("128.0.0.0", PUBLIC),
    ("169.253.255.255", PUBLIC),
    ("169.255.0.0", PUBLIC),
    ("223.255.255.255", PUBLIC),
    ("2001:db8::7", PUBLIC),
    ("2606:4700::1111", PUBLIC),
    ("10.0.0.0", PRIVATE),
    ("10.255.255.255", PRIVATE),
    ("172.16.0.1", PRIVATE),
    ("172.31.255.255", PRIVATE),
    ("192.168.1.1", PRIVATE),
    ("100.64.0.1", PRIVATE),
    ("100.127.255.255", PRIVATE),
    ("198.18.0.1", PRIVATE),
    ("fc00::1", PRIVATE),
    ("fd12:3456::1", PRIVATE),
    ("127.0.0.1", LOOPBACK),
    ("127.255.255.254", LOOPBACK),
    ("::1", LOOPBACK),
    ("0:0:0:0:0:0:0:1", LOOPBACK),
    ("0.0.0.0", FORBIDDEN),
    ("0.1.2.3", FORBIDDEN),
    ("169.254.0.1", FORBIDDEN),
    ("169.254.169.254", FORBIDDEN),
    ("168.63.129.16", FORBIDDEN),
    ("100.100.100.200", FORBIDDEN),
    ("192.0.0.192", FORBIDDEN),
    ("192.88.99.1", FORBIDDEN),
    ("224.0.0.1", FORBIDDEN),
    ("239.255.255.255", FORBIDDEN),
    ("240.0.0.1", FORBIDDEN),
    ("255.255.255.255", FORBIDDEN),
    ("::", FORBIDDEN),
    ("fe80::1", FORBIDDEN),
    ("fe80::1%eth0", FORBIDDEN),
    ("::1%lo", FORBIDDEN),
    ("febf::1", FORBIDDEN),
    ("fec0::1", FORBIDDEN),
    ("ff02::1", FORBIDDEN),
    ("100::1", FORBIDDEN),
    ("fd00:ec2::254", FORBIDDEN),
    ("fd20:ce::254", FORBIDDEN),
    ("64:ff9b:1::7f00:1", FORBIDDEN),
    ("4000::1", FORBIDDEN),
    ("::ffff:8.8.8.8", PUBLIC),
    ("::ffff:10.0.0.1", PRIVATE),
    ("::ffff:127.0.0.1", LOOPBACK),
    ("::ffff:7f00:1", LOOPBACK),
    ("::ffff:169.254.169.254", FORBIDDEN),
    ("::ffff:0:127.0.0.1", LOOPBACK),
    ("::127.0.0.1", LOOPBACK),
    ("::10.0.0.1", PRIVATE),
    ("::2", FORBIDDEN),
    ("64:ff9b::8.8.8.8", PUBLIC),
    ("64:ff9b::10.0.0.1", PRIVATE),
    ("64:ff9b::a9fe:a9fe", FORBIDDEN),
    ("2002:0808:0808::1", PUBLIC),
    ("2002:7f00:1::1", LOOPBACK),
    ("2002:a9fe:a9fe::", FORBIDDEN),
    ("2002:0a00:1::1", PRIVATE),
    ("2001:0:808:808:0:0:f7f7:f7f7", PUBLIC),
    ("2001:0:808:808:0:0:80ff:fffe", LOOPBACK),
    ("2001:0:808:808:0:0:5601:5601", FORBIDDEN),
    ("2001:0:7f00:1:0:0:f7f7:f7f7", LOOPBACK),
]

HOSTS = [
    ("makassarkota.go.id", "makassarkota.go.id"),
    ("MakassarKota.GO.id", "makassarkota.go.id"),
    ("localhost", "localhost"),
    ("xn--bcher-kva.example", "xn--bcher-kva.example"),
    ("bücher.example", "xn--bcher-kva.example"),
    ("a-b.example", "a-b.example"),
    ("1password.example", "1password.example"),
    ("0x7f.example", "0x7f.example"),
    ("10.0.0.9", "10.0.0.9"),
    ("2001:DB8:0:0::7", "2001:db8::7"),
    ("::1", "::1"),
    ("::ffff:127.0.0.1", "::ffff:7f00:1"),
    ("1e3", "1e3"),  # an exponent is no number to any URL parser: an ordinary name
]

REFUSED_HOSTS = [
    "",
    " ",
    ".",
    "..",
    "2130706433",
    "0177.0.0.1",
    "0x7f.0.0.1",
    "0x7f000001",
    "0X7F.1",
    "127.1",
    "127.0.1",
    "127.0.0.01",
    "127.0.0.1.",
    "0127.0.0.1",
    "127.0.0.256",
    "1.2.3.4.5",
    "127.0.0.0x1",
    "localhost.",
    "example.id.",
    "example..id",
    ".example.id",
    "-example.id",
    "example-.id",
    "exa_mple.id",
    "example.id:80",
    "example.id/",
    "example.id?x",
    "example.id#x",
    "user@example.id",
    "user:pass@example.id",
    "a:b@169.254.169.254",
    "example.id\\@evil.example",
    "example.id\\evil.example",
    "\\\\example.id",
    "//example.id",
    "http://example.id",
    "file:///etc/passwd",
    "unix:/run/x.sock",
    "[::1]",
    "[::1",
    "::1]",
    "::1%lo",
    "fe80::1%25eth0",
    ":::1",
    "1::2::3",
    "::1::",
    "12345::1",
    "::ffff:127.1",
    "::ffff:0177.0.0.1",
    "example .id",
    " example.id",
    "example.id ",
    "example\tid",
    "example.id\n",
    "example.id\r\nHost: x",
    "example\0.id",
    "127.0.0.1\0",
    "127.0.0.1 ",
    "127.0.0.1\n",
    "\uff11\uff12\uff17.0.0.1",
    "127.0.0.\uff11",
    "\u0661\u0662\u0667.0.0.1",
    "\uff4c\uff4f\uff43\uff41\uff4c\uff48\uff4f\uff53\uff54",
    "\u24db\u24de\u24d2\u24d0\u24db\u24d7\u24de\u24e2\u24e3",
    "example\u3002id",
    "example\uff0eid",
    "127\u30020\u30020\u30021",
    "exam\u200dple.id",
    "exam\u00adple.id",
    "exam\u202eple.id",
    "example.id\u2028",
    "\ufeffexample.id",
    "xn--a.example",
    "xn--80ak6aa92e-.example",
    "xn--.example",
    "*.example.id",
    "exam%70le.id",
    "%31%32%37.0.0.1",
    "a" * 64 + ".example",
    ".".join(["a" * 60] * 5),
    "1",
    "0",
    "0x",
    "0x0",
    "017700000001",
    "4294967295",
    "0xffffffff",
    "+127.0.0.1",
    "-1",
    "127.-0.0.1",
    "127.0.0.1,8.8.8.8",
    "127.0.0.1;8.8.8.8",
    "$(id).example",
    "`id`.example",
    "exam'ple.id",
    'exam"ple.id',
    "<script>.example",
    "{host}.example",
    "ex|ample.id",
    "ex^ample.id",
    "ex~ample.id",
    "ex!ample.id",
    "ex=ample.id",
    "ex+ample.id",
    "ex,ample.id",
    "::g",
    "::1/128",
    "10.0.0.0/8",
    "169.254.169.254:80",
    "example.id\x7f",
    "example.id\u0085",
    "gopher://127.0.0.1",
    "data:text/html",
    "127.0.0.1%00.example.id",
    "127.0.0.1#@example.id",
    "example.id&127.0.0.1",
    "127.0.0.1:80@example.id",
    "exam\ud800ple.id",
    "\u2488.example.id",
    "0o177.0.0.1",
]


@pytest.mark.parametrize(("address", "expected"), ADDRESSES)
def test_class_of_an_address(address: str, expected: AddressClass):
    """Every address has one class; an IPv4 address inside an IPv6 one decides."""
    assert classify_address(address) is expected


@pytest.mark.parametrize(("text", "expected"), HOSTS)
def test_host_has_one_form(text: str, expected: str):
    """A host comes back in lower case and ASCII, an IPv6 address compressed."""
    assert parse_host(text) == expected


@pytest.mark.parametrize("text", REFUSED_HOSTS, ids=ascii)
def test_doubtful_host_is_refused(text: str):
    """What one program reads as this host and another as that is no host, and the text says so."""
    with pytest.raises(ValueError, match="is no host: "):
        parse_host(text)


def test_the_table_is_large():
    """At least 120 spellings are tried."""
    assert len({*REFUSED_HOSTS, *dict(HOSTS)}) >= 120


@pytest.mark.parametrize(
    ("pinned", "allowed"),
    [
        (PUBLIC, {PUBLIC}),
        (PRIVATE, {PUBLIC, PRIVATE}),
        (LOOPBACK, {PUBLIC, PRIVATE, LOOPBACK}),
        (FORBIDDEN, set()),
    ],
)
def test_never_inward_and_never_forbidden(pinned: AddressClass, allowed: set[AddressClass]):
    """A target may move outward, never inward; a forbidden address is never dialled."""
    for address, address_class in ADDRESSES:
        assert permitted(address, pinned) is (address_class in allowed)


@given(st.ip_addresses().map(str))
def test_every_address_has_a_class(address: str):
    """No address falls through the rules, and the one that is pinned may dial itself."""
    found = classify_address(address)

    assert permitted(address, found) is (found is not FORBIDDEN)


@pytest.mark.parametrize("text", ["example.id", "", "127.1", "1.2.3.4:80"])
def test_class_is_of_addresses_only(text: str):
    """Asking for the class of something else is a mistake of ours, and loud."""
    with pytest.raises(ValueError):
        classify_address(text)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("10.0.0.9", PRIVATE),
        ("8.8.8.8", PUBLIC),
        ("::1", LOOPBACK),
        ("169.254.169.254", FORBIDDEN),
        ("localhost", LOOPBACK),
        ("app.localhost", LOOPBACK),
        ("notlocalhost", PRIVATE),
        ("makassarkota.go.id", PRIVATE),
    ],
)
def test_class_that_a_configuration_gives(host: str, expected: AddressClass):
    """A literal has its own class; a name may lead to private addresses, not to loopback."""
    assert pinned_class(host) is expected


def test_redirect_goes_no_further_inward_than_what_answered():
    """After a public address answered, no hop may lead inward again."""
    assert narrowed(PRIVATE, "8.8.8.8") is PUBLIC
    assert narrowed(PUBLIC, "8.8.8.8") is PUBLIC
    assert narrowed(LOOPBACK, "10.0.0.1") is PRIVATE


def test_innermost_of_several():
    """The class that lies furthest inward speaks for several addresses."""
    assert innermost(PUBLIC, LOOPBACK, PRIVATE) is LOOPBACK
    assert innermost(LOOPBACK, FORBIDDEN) is FORBIDDEN
