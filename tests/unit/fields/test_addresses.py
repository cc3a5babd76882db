# ruff: noqa: RUF001 (characters that look like others are what is tested)

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain.hostname import parse_host
from monitor.fields import Endpoint
from tests.unit.fields.reading import field, refusal

# Hosts, ports, endpoints, URLs

NO_HOST = [
    *("127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.0.0.1", "017700000001", "0177.0.0.1"),
    *("010.0.0.1", "256.1.1.1", "1.2.3.4.5", "1.2.3.4.", "1.2.3", "1.2.3.0x4", "１２７.0.0.1", "a.0x"),
    *("[::1]", "fe80::1%eth0", "::1%lo", "1::2::3", ":::", "12345::", "::ffff:127.1", "::1/128"),
    *("a:80", "http://a", "user@a", "a@b", "a\\b", "a/b", "a?b", "a#b", "a b", " a", "a ", "a\n"),
    *("a\0b", "a\tb", "a\r\nb", "", ".", "..", "a.", "a..b", ".a", "-a", "a-", "a.-b.c", "a_b.c"),
    *("*.example", "a" * 64, "a." * 127 + "aa", "ａ.example。", "a。b", "a․b", "xn--a", "xn--"),
    *("xn--zz-zz-zz--", "\u200ba", "a\u202eb", "☃.example", "\ud800", "%61", "a%2eb", "a,b"),
    "١.١.١.١",
]  # fmt: skip


@pytest.mark.parametrize("text", NO_HOST)
def test_no_host(text):
    """What two parsers could read as two hosts, or as none, is no host."""
    with pytest.raises(ValueError, match=" is no host: "):
        parse_host(text)


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("Makassarkota.GO.ID", "makassarkota.go.id"),
        ("localhost", "localhost"),
        ("a", "a"),
        ("1a", "1a"),
        ("1.example", "1.example"),
        ("3com.example", "3com.example"),
        ("r3---sn-x.example", "r3---sn-x.example"),
        ("1e3", "1e3"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("Bücher.example", "xn--bcher-kva.example"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("10.0.0.9", "10.0.0.9"),
        ("::1", "::1"),
        ("2001:DB8:0:0::1", "2001:db8::1"),
        ("::ffff:10.0.0.1", "::ffff:a00:1"),
        ("a" * 63, "a" * 63),
    ],
)
def test_host(text, host):
    """A host has one form: lower case, ASCII, an IPv6 address compressed."""
    assert parse_host(text) == host
    assert field("host", host) == host


@given(st.text())
@settings(deadline=None)
def test_host_is_settled(text):
    """A host is refused, or in a form that stays as it is, plain ASCII."""
    try:
        host = parse_host(text)
    except ValueError:
        return

    assert parse_host(host) == host
    assert set(host) <= set("abcdefghijklmnopqrstuvwxyz0123456789-.:")


@pytest.mark.parametrize(
    ("text", "endpoint"),
    [
        ("10.0.0.53", Endpoint("10.0.0.53")),
        ("127.0.0.1:5353", Endpoint("127.0.0.1", 5353)),
        ("[2001:db8::1]:53", Endpoint("2001:db8::1", 53)),
        ("[::1]", Endpoint("::1")),
        ("::1", Endpoint("::1")),
        ("ns.example:53", Endpoint("ns.example", 53)),
    ],
)
def test_endpoint(text, endpoint):
    """An endpoint is a host with a port or without, an IPv6 address with a port in brackets."""
    assert field("endpoint", text) == endpoint
    assert field("endpoint", str(endpoint)) == endpoint


@pytest.mark.parametrize(
    "value", ["", ":53", "a:", "a:0", "a:65536", "a:-1", "a:٥", "[1.2.3.4]:5", "[::1", 53]
)
def test_no_endpoint(value):
    """Whatever is no endpoint is refused."""
    assert refusal("endpoint", value)


@pytest.mark.parametrize("value", [0, 65_536, -1, "80", 80.0, True])
def test_no_port(value):
    """A port is a whole number from 1 to 65535."""
    assert refusal("port", value)


@pytest.mark.parametrize(
    "text",
    [
        "https://ops:hunter2@a.example/",
        "https://ops:hunter2 @a.example/",
        "https://ops:hunter2/@a.example/",
        "https://ops:hunter2?@a.example/",
        "ftp://ops:hunter2@a.example/",
        "https://ops:p@hunter2/s@a.example/",
        "https://a.example/?token=hunter2#x",
        "https://a.example/?mail=a@b&token=hunter2#x",
        "https://a.example:x/?token=hunter2",
        "ftp://a.example/?token=hunter2",
        "https://a.example/?hunter2" + "x" * 3000,
    ],
)
def test_a_url_is_told_without_its_secrets(text):
    """A message about a URL that is refused shows neither its password nor its query."""
    assert "hunter2" not in refusal("url", text)


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://Makassarkota.go.id", "https://makassarkota.go.id/"),
        ("HTTP://a/", "http://a/"),
        ("http://a:8080/x?y=z&w=%20", "http://a:8080/x?y=z&w=%20"),
        ("http://a?x", "http://a/?x"),
        ("http://[2001:DB8::1]:80/", "http://[2001:db8::1]:80/"),
        ("http://[::1]/", "http://[::1]/"),
        ("http://bücher.example/ä?ö=[1]", "http://xn--bcher-kva.example/%C3%A4?%C3%B6=[1]"),
        ("http://a/b@c:d", "http://a/b@c:d"),
    ],
)
def test_url(text, url):
    """A URL has one form, with its host as `parse_host` returns it and its path escaped."""
    assert field("url", text) == url
    assert field("url", url) == url


NO_URL = [
    *("", "a", "//a", "http:/a", "http:a", "ftp://a", "file:///etc/passwd", "gopher://a", "unix:/x"),
    *("javascript:x", "http://", "http:///x", "http://:80/", "http://a:/", "http://a:0/", "http://a:x/"),
    *("http://a@b/", "http://a:b@c/", "http://a@/", "http://@a/", "http://a:b@169.254.169.254/"),
    *("http://a\\b", "http://a\\@b/", "http://a/\\b", "http://a/#b", "http://a#@b/", "http://a/ b"),
    *("http://a/\r\nb", "http://a/\tb", "http://a\0/", " http://a", "http://a ", "http://a\n", "http://a/\x7f"),
    *("http://127.1/", "http://0x7f.1/", "http://2130706433/", "http://[127.0.0.1]/", "http://[::1/"),
    *("http://::1/", "http://[fe80::1%25eth0]/", "http://１２７.0.0.1/", "http://a.%2e/", "http://a%2fb/"),
    *("http://a/\u2028", "http://a/\ud800", "http://a/<b>", 'http://a/"b"', "http://" + "a" * 3000, 5),
]  # fmt: skip


@pytest.mark.parametrize("value", NO_URL)
def test_no_url(value):
    """Only http and https URLs that every parser reads alike are taken."""
    assert refusal("url", value)


def test_password_in_url_is_not_shown():
    """The refusal of a URL with a password does not repeat it."""
    assert "hunter2" not in refusal("url", "https://admin:hunter2@a.example/")
