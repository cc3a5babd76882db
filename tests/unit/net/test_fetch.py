"""One connection a hop: what is asked of whom, and what is read of it. Without sockets."""

import pytest

from monitor.domain.observation import FailureKind as Kind
from monitor.domain.observation import UnknownCause
from monitor.net.errors import NetError
from monitor.net.fetch import fetch, make_request
from monitor.net.policy import AddressClass
from monitor.net.redirects import Cookies, RedirectRules
from monitor.net.trace import Trace
from monitor.net.urls import parse_target

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Script:
    """A network of scripted hosts: for each its address, and the pieces that it answers."""

    def __init__(self, **hosts):
        self.hosts = hosts
        self.asked = []
        self.open = 0
        self.streams = []
        self.unsent = None  # what sending fails by

    async def connect(self, host, port, *, trace, pinned=None, **settings):
        address, *pieces = self.hosts[host.partition(".")[0]]
        self.asked.append((host, pinned))
        self.open += 1
        self.streams.append(ScriptedStream(self, address, pieces))
        return self.streams[-1]


class ScriptedStream:
    clean_end = True

    def __init__(self, script, address, pieces):
        self.script, self.address, self.pieces = script, address, list(pieces)

    async def send(self, octets):
        self.sent = octets
        if self.script.unsent is not None:
            raise self.script.unsent

    async def receive(self):
        piece = self.pieces.pop(0) if self.pieces else b""
        if isinstance(piece, Exception):
            raise piece
        return piece

    def close(self):
        self.script.open -= 1


def moved(url, body=b""):
    return f"HTTP/1.1 302 F\r\nLocation: {url}\r\n\r\n".encode() + body


async def fetched(script, *, pinned=None, trace=None, url="http://a.test/"):
    request = make_request(parse_target(url), redirects=RedirectRules())
    return await fetch(script.connect, request, deadline=0, trace=trace or Trace(), pinned=pinned)


@pytest.mark.parametrize(
    ("address", "pinned", "expected"),
    [
        ("203.0.113.1", None, AddressClass.PUBLIC),
        ("10.0.0.1", None, AddressClass.PRIVATE),
        ("127.0.0.1", None, AddressClass.LOOPBACK),
        ("203.0.113.1", AddressClass.PRIVATE, AddressClass.PUBLIC),
        ("10.0.0.1", AddressClass.PRIVATE, AddressClass.PRIVATE),
    ],
)
async def test_a_redirect_keeps_to_the_class_of_what_answered(address, pinned, expected):
    """The next hop may lie no further inward than the address that sent the redirect."""
    script = Script(a=(address, moved("http://b.test/")), b=("203.0.113.2", OK))

    await fetched(script, pinned=pinned)

    assert script.asked == [("a.test", pinned), ("b.test", expected)]


async def test_the_class_only_ever_gets_narrower():
    """After a public hop, a private one does not widen it again."""
    script = Script(
        a=("10.0.0.1", moved("http://b.test/")),
        b=("203.0.113.2", moved("http://c.test/")),
        c=("203.0.113.3", OK),
    )

    await fetched(script)

    assert [pinned for _, pinned in script.asked][1:] == [AddressClass.PRIVATE, AddressClass.PUBLIC]


async def test_the_body_of_a_redirect_is_not_read():
    """Of a response that leads elsewhere only the headers are taken."""
    script = Script(a=("10.0.0.1", moved("http://b.test/"), b"bomb"), b=("10.0.0.2", OK))

    assert (await fetched(script)).response.body == b"ok"
    assert script.streams[0].pieces == [b"bomb"]


async def test_every_connection_is_closed():
    """Whatever happens on a hop, its connection is closed."""
    broken = Script(
        a=("10.0.0.1", moved("http://b.test/")), b=("10.0.0.2", NetError(Kind.TIMEOUT, "t"))
    )
    with pytest.raises(NetError):
        await fetched(broken)
    garbled = Script(a=("10.0.0.1", b"garbage"))
    with pytest.raises(NetError):
        await fetched(garbled)

    assert (broken.open, garbled.open) == (0, 0)


async def test_a_break_in_the_body_leaves_the_status():
    """When the connection breaks in the body, status and headers still come back."""
    head = b"HTTP/1.1 503 No\r\nContent-Length: 9\r\n\r\nab"
    script = Script(a=("10.0.0.1", head, NetError(Kind.CONNECT_RESET, "reset", answered=True)))

    response = (await fetched(script)).response

    assert (response.status, response.failure.failure.kind) == (503, Kind.CONNECT_RESET)


async def test_an_answer_that_cuts_the_request_off():
    """A target may refuse a body by a status, and close, before all of it was sent."""
    script = Script(a=("10.0.0.1", b"HTTP/1.1 413 No\r\nContent-Length: 0\r\n\r\n"))
    script.unsent = NetError(Kind.CONNECT_RESET, "reset", answered=True)

    assert (await fetched(script)).response.status == 413


@pytest.mark.parametrize("cause", [None, UnknownCause.LOCAL])
async def test_a_request_that_could_not_be_sent(cause):
    """Without an answer the failure is why the request could not be sent, and whose fault it was."""
    script = Script(a=("10.0.0.1",))
    script.unsent = NetError(Kind.CONNECT_RESET, "reset", cause=cause)
    with pytest.raises(NetError) as caught:
        await fetched(script)

    assert caught.value is script.unsent


async def test_a_refused_redirect_is_counted():
    """The count of redirects holds the one that was refused; the status is that response's."""
    script = Script(a=("10.0.0.1", moved("ftp://b.test/")))
    trace = Trace()
    with pytest.raises(NetError) as caught:
        await fetched(script, trace=trace)

    assert caught.value.failure.kind is Kind.REDIRECT_REFUSED
    assert (trace.status, trace.redirects, trace.phase) == (302, 1, None)


async def test_a_jar_goes_from_request_to_request():
    """A jar takes the cookies of every answer, a redirect's and the last one's; each later request
    for the same origin takes them along, and another origin gets none of them.
    """
    jar, here = Cookies(), parse_target("http://a.test/")
    moved_on = moved("/in").replace(b"\r\n\r\n", b"\r\nSet-Cookie: a=1; Path=/\r\n\r\n")
    arrived = OK.replace(b"\r\n\r\n", b"\r\nSet-Cookie: b=2\r\n\r\n")
    script = Script(a=["192.0.2.1", moved_on], b=["192.0.2.2", arrived])

    for url in ("http://a.test/", "http://b.test/"):
        request = make_request(parse_target(url), jar=jar)
        await fetch(script.connect, request, deadline=0, trace=Trace())

    own = (("Cookie", "c=3"),)
    later = make_request(here, fields=own, jar=jar)
    there = make_request(parse_target("http://b.test/"), jar=jar)
    assert b"Cookie: c=3; a=1\r\n" in later.head
    assert later.fields == own, "what the jar holds is not the caller's own"
    assert b"Cookie: b=2\r\n" in there.head
    assert b"Cookie" not in make_request(parse_target("http://c.test/"), jar=jar).head
    assert list(jar.values()) == ["1", "2"]
