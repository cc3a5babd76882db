"""Who is asked through a proxy, and what it is asked. No sockets."""

import pytest

from monitor.domain.observation import FailureKind as Kind
from monitor.net.errors import NetError
from monitor.net.fetch import fetch, make_request
from monitor.net.policy import AddressClass
from monitor.net.proxy import Proxy, goes_past, narrowed_behind, refuse_inward, tunnel
from monitor.net.redirects import RedirectRules
from monitor.net.trace import Trace
from monitor.net.urls import parse_target

HERE = parse_target("http://portal.test/a?b=c")
PROXY = Proxy(url="http://rina:s%40kti@proxy.test:3128/", connect_headers=(("X-Way", "1"),))
CREDENTIALS = b"Proxy-Authorization: Basic cmluYTpzQGt0aQ==\r\n"


@pytest.mark.parametrize(
    ("no_proxy", "host", "port", "past"),
    [
        ("", "localhost", 80, False),
        ("  ,", "portal.test", 80, False),
        ("*", "portal.test", 80, True),
        ("other.test", "localhost", 80, True),
        ("other.test", "127.3.4.5", 80, True),
        ("other.test", "::1", 80, True),
        ("portal.test", "portal.test", 80, True),
        ("portal.test", "PORTAL.test", 80, True),
        ("portal.test", "www.portal.test", 80, True),
        ("portal.test", "notportal.test", 80, False),
        (".portal.test", "www.portal.test", 80, True),
        (".portal.test", "portal.test", 80, False),
        ("*.portal.test", "a.b.portal.test", 80, True),
        ("*.portal.test", "portal.test", 80, False),
        ("portal.test:8080", "portal.test", 8080, True),
        ("portal.test:8080", "portal.test", 80, False),
        ("portal.test:0", "portal.test", 80, False),
        ("10.0.0.9", "10.0.0.9", 80, True),
        ("10.0.0.9", "10.0.0.91", 80, False),
        ("10.0.0.9:81", "10.0.0.9", 80, False),
        ("10.0.0.0/8", "10.9.9.9", 80, True),
        ("10.0.0.0/8", "11.0.0.1", 80, False),
        ("10.0.0.0/8", "portal.test", 80, False),
        ("2001:db8::/32", "2001:db8::7", 80, True),
        ("[2001:db8::7]:81", "2001:db8::7", 81, True),
        ("2001:db8::7", "2001:db8:0::7", 80, True),
        ("a.test, portal.test ,b.test", "portal.test", 80, True),
        ("10.0.0.0/99", "10.0.0.1", 80, False),
    ],
)
def test_no_proxy(no_proxy, host, port, past):
    """NO_PROXY is read as Go reads it: names with what is below them, addresses, networks, ports."""
    assert goes_past(no_proxy, host, port) is past


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("http://proxy.test", ("proxy.test", 80)),
        ("HTTP://10.0.0.1:3128/", ("10.0.0.1", 3128)),
        ("http://u:p@[::1]:3128", ("::1", 3128)),
    ],
)
def test_where_a_proxy_is(url, address):
    """A proxy's URL names host and port."""
    assert Proxy(url=url).address == address


@pytest.mark.parametrize(
    "url", ["", "proxy.test:3128", "https://proxy.test", "socks5://proxy.test", "http://", "http://a:99999", "http://127.1"]
)  # fmt: skip
def test_what_is_no_proxy(url):
    """Anything but http://host[:port] is refused where it is written."""
    with pytest.raises(ValueError, match=r".+"):
        Proxy(url=url)


@pytest.mark.parametrize("url", ["http://ops:hunter/2@proxy.test:3128", "http://hunt_er/@a"])
def test_what_is_no_proxy_shows_no_password(url):
    """A password that ends the host by a slash is not told as a bad port, nor as a bad host."""
    with pytest.raises(ValueError, match="can't be read") as caught:
        Proxy(url=url)

    assert "hunt" not in str(caught.value)


def test_a_password_is_not_shown():
    """Neither the form for programmers nor the one for messages holds the proxy's password."""
    assert "kti" not in repr(PROXY)
    assert PROXY.shown == "proxy.test:3128"


def test_http_targets_are_asked_by_their_url():
    """A proxy gets the whole URL, credentials of its own, and no field of CONNECT."""
    head = make_request(HERE, proxy=PROXY).head

    assert head.startswith(b"GET http://portal.test/a?b=c HTTP/1.1\r\nHost: portal.test\r\n")
    assert CREDENTIALS in head
    assert b"X-Way" not in head


def test_an_address_in_place_of_the_name():
    """With `resolve_to` the proxy is asked for that address; Host keeps the name."""
    target = parse_target("http://portal.test:8080/a")
    head = make_request(target, proxy=PROXY, resolve_to="2001:db8::7").head

    assert head.startswith(
        b"GET http://[2001:db8::7]:8080/a HTTP/1.1\r\nHost: portal.test:8080\r\n"
    )


def test_the_target_never_sees_the_proxys_credentials():
    """What goes through a tunnel, or past the proxy, is an ordinary request."""
    through = make_request(parse_target("https://portal.test/a"), proxy=PROXY)
    past = make_request(HERE, proxy=Proxy(url=PROXY.url, no_proxy="portal.test"))

    for request in (through, past):
        assert request.head.startswith(b"GET /a")
        assert b"Proxy-Authorization" not in request.head
    assert (through.via, past.via) == (PROXY, None)


def test_http3_goes_through_no_proxy():
    """QUIC has no CONNECT of HTTP/1.1: asking for both is refused."""
    with pytest.raises(ValueError, match="HTTP/3"):
        make_request(HERE, proxy=PROXY, http3=True)


class Stream:
    """The other end of a connection: what was sent, and the pieces of the answer."""

    def __init__(self, *pieces):
        self.pieces, self.sent = list(pieces), b""

    async def send(self, octets):
        self.sent += octets

    async def receive(self):
        return self.pieces.pop(0) if self.pieces else b""


async def test_a_tunnel():
    """CONNECT names host and port, and carries the proxy's credentials and the fields for it."""
    stream = Stream(b"HTTP/1.1 200 Connection", b" established\r\nVia: x\r\n\r", b"\n")

    await tunnel(stream, PROXY, "2001:db8::7", 443)

    first, *fields = stream.sent.split(b"\r\n")
    assert first == b"CONNECT [2001:db8::7]:443 HTTP/1.1"
    assert fields[0] == b"Host: [2001:db8::7]:443"
    assert CREDENTIALS.strip() in fields
    assert b"X-Way: 1" in fields


async def test_fields_for_connect_win():
    """A field that the operator gives for CONNECT takes the place of ours."""
    stream = Stream(b"HTTP/1.1 200 OK\r\n\r\n")
    headers = (("user-agent", "Prober/1"), ("proxy-authorization", "Bearer t"))

    await tunnel(stream, Proxy(url=PROXY.url, connect_headers=headers), "portal.test", 443)

    assert b"user-agent: Prober/1\r\nproxy-authorization: Bearer t\r\n" in stream.sent
    assert b"Pantau" not in stream.sent
    assert b"Basic" not in stream.sent


@pytest.mark.parametrize(
    ("pieces", "words"),
    [
        ([b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"], "status 407 to CONNECT portal.test:443"),
        ([b"HTTP/1.1 502 Bad\r\nContent-Length: 3\r\n\r\nbad"], "status 502"),
        ([b"HTTP/1.1 301 M\r\nLocation: http://a.test/\r\n\r\n"], "status 301"),
        ([b"SSH-2.0-OpenSSH\r\n"], "not valid HTTP"),
        ([b"HTTP/1.1 200 OK\r\n"], "before the headers were complete"),
        ([], "before the headers were complete"),
        ([b"HTTP/1.1 200 OK\r\n\r\nSSH-2.0-OpenSSH\r\n"], "sent more than its answer"),
        ([b"HTTP/1.1 200 OK\r\n", b"a: b\r\n" * 50_000], "over"),
        ([b"HTTP/1.1 101 Switching Protocols\r\n\r\n"], "101"),
    ],
)  # fmt: skip
async def test_no_tunnel(pieces, words):
    """Whatever a proxy answers but success is a failure of kind proxy that says so."""
    with pytest.raises(NetError) as caught:
        await tunnel(Stream(*pieces), PROXY, "portal.test", 443)

    assert caught.value.failure.kind is Kind.PROXY
    assert caught.value.failure.detail.startswith("proxy proxy.test:3128: ")
    assert words in caught.value.failure.detail


@pytest.mark.parametrize(
    ("host", "pinned", "refused"),
    [
        ("portal.test", None, False),
        ("10.0.0.9", None, False),
        ("127.0.0.1", None, False),
        ("localhost", None, False),
        ("169.254.169.254", None, True),
        ("0.0.0.0", None, True),
        ("fe80::1", None, True),
        ("portal.test", AddressClass.PUBLIC, False),
        ("10.0.0.9", AddressClass.PUBLIC, True),
        ("10.0.0.9", AddressClass.PRIVATE, False),
        ("localhost", AddressClass.PRIVATE, True),
        ("::1", AddressClass.PRIVATE, True),
        ("203.0.113.9", AddressClass.PUBLIC, False),
    ],
)
def test_a_proxy_is_asked_for_nothing_further_inward(host, pinned, refused):
    """The address policy holds for what a proxy is asked for, as far as the host says it."""
    if not refused:
        refuse_inward(host, pinned)
        return
    with pytest.raises(NetError) as caught:
        refuse_inward(host, pinned)
    assert caught.value.failure.kind is Kind.REFUSED_BY_POLICY


@pytest.mark.parametrize(
    ("pinned", "host", "narrower"),
    [
        (AddressClass.LOOPBACK, "portal.test", AddressClass.PRIVATE),
        (AddressClass.LOOPBACK, "203.0.113.9", AddressClass.PUBLIC),
        (AddressClass.LOOPBACK, "127.0.0.1", AddressClass.LOOPBACK),
        (AddressClass.PUBLIC, "10.0.0.9", AddressClass.PUBLIC),
    ],
)
def test_a_redirect_behind_a_proxy(pinned, host, narrower):
    """A redirect through a proxy keeps to the class of the host that sent it."""
    assert narrowed_behind(pinned, host) is narrower


async def test_each_hop_is_asked_in_its_own_way():
    """On a redirect the list of exceptions is looked at again, and credentials stay with the proxy."""
    asked = []

    class Answer:
        clean_end, address = True, "10.0.0.1"

        def __init__(self, octets):
            self.octets = octets

        async def send(self, octets):
            asked.append(octets)

        async def receive(self):
            return self.octets

        def close(self):
            pass

    answers = [
        b"HTTP/1.1 302 F\r\nLocation: http://inside.test/x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    ]

    vias = []

    async def connect(host, port, *, proxy=None, **settings):
        vias.append((host, proxy))
        return Answer(answers.pop(0))

    proxy = Proxy(url=PROXY.url, no_proxy="inside.test")
    request = make_request(HERE, proxy=proxy, redirects=RedirectRules())
    await fetch(connect, request, deadline=0, trace=Trace())

    assert vias == [("portal.test", proxy), ("inside.test", None)]
    assert asked[0].startswith(b"GET http://portal.test/a")
    assert asked[1].startswith(b"GET /x HTTP/1.1")
    assert b"Proxy-Authorization" not in asked[1]
