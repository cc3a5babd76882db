"""Where a redirect leads, and what may go along."""

import pytest

from monitor.domain.observation import FailureKind as Kind
from monitor.net.fetch import _follow, make_request
from monitor.net.proxy import Proxy
from monitor.net.redirects import Cookies, Hop, RedirectRules, next_hop
from monitor.net.tls import TlsSettings
from monitor.net.urls import parse_target

HERE = parse_target("https://portal.test/a/b?c=d")


def hop(location, *, status=302, method="GET", followed=0, here=HERE, **rules):
    return next_hop(
        here, status, location, method=method, followed=followed, rules=RedirectRules(**rules)
    )


@pytest.mark.parametrize("status", [200, 300, 304, 305, 404])
def test_other_statuses_lead_nowhere(status):
    """Only 301, 302, 303, 307 and 308 with a Location are redirects."""
    assert hop("/x", status=status) is None
    assert hop(None) is None
    assert hop("") is None


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("/x", "https://portal.test/x"),
        ("x", "https://portal.test/a/x"),
        ("?e=f", "https://portal.test/a/b?e=f"),
        ("//other.test/x", "https://other.test/x"),
        ("https://other.test", "https://other.test/"),
        ("https://other.test:8443/x#part", "https://other.test:8443/x"),
        ("https://OTHER.test./x y/é", "https://other.test/x%20y/%C3%A9"),
        ("https://bücher.test/", "https://xn--bcher-kva.test/"),
    ],
)
def test_locations_are_relative_to_the_url(location, expected):
    """A Location is read as browsers read it, against the URL that answered."""
    assert str(hop(location).target) == expected


@pytest.mark.parametrize(
    "location",
    [
        "ftp://portal.test/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "gopher://portal.test/",
        "https://user:pw@portal.test/",
        "https://a:b@169.254.169.254/",
        "https://portal.test\\@evil.test/",
        "https://portal.test/\r\nX: y",
        "https://127.1/",
        "https://0x7f000001/",
        "https://2130706433/",
        "https://[::1",
        "https://portal.test:99999/",
        "https:///x",
        "https://" + "a" * 9000,
    ],
)
def test_what_can_be_read_two_ways_is_refused(location):
    """A redirect leads to plain http and https URLs only; nothing ambiguous is followed."""
    failure = hop(location)

    assert failure.kind is Kind.REDIRECT_REFUSED
    assert "pw" not in failure.detail


def test_a_downgrade_is_refused_unless_allowed():
    """From https a redirect leads to http only when the operator allows it."""
    assert hop("http://portal.test/").kind is Kind.REDIRECT_REFUSED
    assert isinstance(hop("http://portal.test/", allow_downgrade=True), Hop)
    assert isinstance(hop("https://portal.test/", here=parse_target("http://portal.test/")), Hop)


def test_redirects_are_counted():
    """The redirect after the last one that is allowed is a loop."""
    assert isinstance(hop("/x", followed=4, most=5), Hop)
    assert hop("/x", followed=5, most=5).kind is Kind.REDIRECT_LOOP


@pytest.mark.parametrize(
    ("status", "method", "expected", "keeps_body"),
    [
        (301, "POST", "GET", False),
        (302, "POST", "GET", False),
        (303, "PUT", "GET", False),
        (303, "HEAD", "HEAD", True),
        (307, "POST", "POST", True),
        (308, "POST", "POST", True),
        (302, "PUT", "PUT", True),
    ],
)
def test_methods_change_as_browsers_change_them(status, method, expected, keeps_body):
    """303 asks by GET, and so does a POST after 301 and 302; 307 and 308 change nothing."""
    found = hop("/x", status=status, method=method)

    assert (found.method, found.keeps_body) == (expected, keeps_body)


def a_request():
    return make_request(
        HERE,
        method="POST",
        fields=(("Authorization", "Bearer secret"), ("X-Key", "secret"), ("Content-Type", "a/b")),
        body=b"secret",
        tls=TlsSettings(client_cert_file="client.pem", server_name="sni.test"),
        resolve_to="192.0.2.1",
    )


@pytest.mark.parametrize(
    "location", ["https://other.test/", "https://portal.test:8443/", "http://portal.test/"]
)
def test_nothing_personal_goes_to_another_origin(location):
    """Credentials, own headers, body and client certificate stay behind when scheme, host or port change."""
    found = hop(location, status=307, method="POST", allow_downgrade=True)
    request = _follow(a_request(), found, Cookies())

    assert b"secret" not in request.head + request.body
    assert (request.fields, request.tls.client_cert_file) == ((), None)


def test_what_is_left_behind_does_not_come_back():
    """A redirect back to the first origin does not bring its secrets back."""
    away = _follow(a_request(), hop("https://other.test/"), Cookies())
    back = _follow(away, hop("https://portal.test/", here=away.target), Cookies())

    assert b"secret" not in back.head


def test_the_same_origin_gets_everything():
    """Within scheme, host and port, headers, body and settings go along."""
    request = _follow(a_request(), hop("/x", status=307, method="POST"), Cookies())

    assert request.head.count(b"secret") == 2
    assert request.body == b"secret"
    assert request.tls == a_request().tls
    assert request.resolve_to == "192.0.2.1"


def test_the_operators_address_is_for_its_host_only():
    """`resolve_to` and `server_name` are dropped when a redirect leads to another host."""
    request = _follow(a_request(), hop("https://other.test/"), Cookies())

    assert (request.resolve_to, request.tls.server_name) == (None, None)


def test_a_body_that_stays_behind_takes_its_headers_along():
    """A GET after a POST says nothing of the body's type."""
    request = _follow(a_request(), hop("/x", method="POST"), Cookies())

    assert b"Content-Type" not in request.head


def test_a_cookie_goes_back_to_its_own_origin_only():
    """Within one check a site gets back the cookies that it set, and no other site does."""
    cookies = Cookies()
    cookies.take(HERE, [b"sid=1; Path=/; HttpOnly", b"lang=id", b"\xff=x", b"novalue"], now=0.0)

    assert cookies.field(HERE) == "sid=1; lang=id"
    assert cookies.field(parse_target("http://portal.test/a/b")) is None
    assert b"Cookie: sid=1; lang=id\r\n" in _follow(a_request(), hop("/a/x"), cookies).head


def test_domain_leads_a_cookie_nowhere_else():
    """No other host gets a cookie, whatever the site says of its domain."""
    cookies = Cookies()
    cookies.take(HERE, [b"sid=1; Domain=test; Path=/", b"b=2; Domain=.portal.test"], now=0.0)

    assert cookies.field(parse_target("https://other.test/")) is None
    assert cookies.field(parse_target("https://www.portal.test/")) is None


@pytest.mark.parametrize(
    ("field", "url", "goes"),
    [
        (b"c=1; Path=/a", "https://portal.test/a", True),
        (b"c=1; Path=/a", "https://portal.test/a/?q=/b", True),
        (b"c=1; Path=/a", "https://portal.test/ab", False),
        (b"c=1; Path=/a/", "https://portal.test/a/b", True),
        (b"c=1; Path=b", "https://portal.test/a/c", True),
        (b"c=1", "https://portal.test/a/c?d", True),
        (b"c=1", "https://portal.test/b", False),
        (b"c=1; Path=/", "https://portal.test/?a", True),
    ],
)
def test_a_cookie_is_for_its_path(field, url, goes):
    """A cookie goes to its path and below; without one, to the folder of the page that set it."""
    cookies = Cookies()
    cookies.take(HERE, [field], now=0.0)

    assert cookies.field(parse_target(url)) == ("c=1" if goes else None)


@pytest.mark.parametrize(
    "end",
    [
        b"Max-Age=0",
        b"max-age=-1",
        b"Expires=Thu, 01 Jan 1970 00:00:00 GMT",
        b"Max-Age=0; Expires=Fri, 01 Jan 2100 00:00:00 GMT",
    ],
)
def test_a_cookie_is_taken_back(end):
    """A date in the past takes a cookie back, also one that the check sent by itself."""
    cookies = Cookies()
    cookies.take(HERE, [b"sid=1; Path=/", b"keep=1; Path=/; Max-Age=60; Expires=x"], now=1e9)
    cookies.take(HERE, [b"sid=; Path=/; " + end], now=1e9)

    assert cookies.field(HERE, "sid=own; other=1") == "other=1; keep=1"


def test_a_cookie_of_our_own_survives_on_its_origin():
    """A Cookie header goes along within its origin, in one field with what the site set, and stays
    behind for good once the origin is left.
    """
    cookies = Cookies()
    cookies.take(HERE, [b"sid=theirs; Path=/"], now=0.0)
    request = make_request(HERE, fields=(("cookie", "a=1; sid=own"), ("X", "y")))

    same = _follow(request, hop("/x"), cookies)
    away = _follow(same, hop("https://other.test/"), cookies)
    back = _follow(away, hop("https://portal.test/", here=away.target), cookies)

    assert b"\r\nCookie: a=1; sid=theirs\r\n" in same.head
    assert same.head.lower().count(b"cookie:") == 1
    assert b"cookie" not in away.head.lower()
    assert b"\r\nCookie: sid=theirs\r\n" in back.head


def test_what_the_site_set_never_becomes_our_own():
    """A cookie that came with a redirect keeps to its path on the hops that follow."""
    cookies = Cookies()
    cookies.take(HERE, [b"sid=1; Path=/a"], now=0.0)

    below = _follow(make_request(HERE), hop("/a/x"), cookies)
    beside = _follow(below, hop("/b", here=below.target), cookies)

    assert b"Cookie: sid=1\r\n" in below.head
    assert b"Cookie" not in beside.head


def test_fields_may_go_along_as_in_go():
    """By Go's rules own fields and the body follow to another host; whatever is personal does not."""
    fields = (
        ("X-Own", "1"),
        ("Authorization", "Bearer t"),
        ("Cookie", "a=1"),
        ("Host", "named.test"),
        ("Proxy-Authorization", "Basic x"),
        ("User-Agent", "Prober/1"),
    )
    request = make_request(HERE, method="PUT", fields=fields, body=b"hello")

    kept = _follow(
        request, hop("https://other.test/", status=307, method="PUT", keep_fields=True), Cookies()
    )
    turned = hop("https://other.test/", status=302, method="PUT", keep_fields=True)

    assert kept.fields == (("X-Own", "1"), ("User-Agent", "Prober/1"))
    assert b"Host: other.test\r\n" in kept.head
    assert (kept.method, kept.body) == ("PUT", b"hello")
    assert (turned.method, turned.keeps_body) == ("GET", False)
    assert hop("/x", status=302, method="HEAD", keep_fields=True).method == "HEAD"
    assert hop("/x", status=302, method="PUT").method == "PUT"


def test_what_a_request_asks_for_stays_with_it():
    """Bounds, codings, versions, the proxy and the user agent are the same on every hop."""
    proxy = Proxy(url="http://proxy.test:3128")
    request = make_request(
        HERE,
        largest_body=None,
        keep_body=False,
        coding="gzip",
        http2=True,
        proxy=proxy,
        user_agent="Prober/1",
    )

    followed = _follow(request, hop("https://other.test/"), Cookies())

    for name in ("largest_body", "keep_body", "coding", "http2", "proxy", "via", "user_agent"):
        assert getattr(followed, name) == getattr(request, name)
    assert followed.tls.alpn == ("h2", "http/1.1")
    assert b"User-Agent: Prober/1\r\n" in followed.head


def test_cookies_are_bounded():
    """A site cannot make a check carry thousands of cookies."""
    cookies = Cookies()
    cookies.take(
        HERE, [b"c%d=%s" % (n, b"x" * 5000 if n == 0 else b"y") for n in range(500)], now=0.0
    )

    assert len(cookies.field(HERE)) < 1000
