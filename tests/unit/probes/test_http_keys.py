"""What the keys of a check of type http make of its request."""

import json
import re
from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from monitor.checktype import ProbeContext
from monitor.domain.observation import FailureKind, Outcome, OutcomeStatus, UnknownCause
from monitor.net.errors import NetError
from monitor.net.fetch import Reply
from monitor.net.http1 import Http1Response
from monitor.net.resolver import Family
from monitor.probes import http
from monitor.probes.http import HttpSpec, request_of
from monitor.probes.http.request import marked, oauth2_of

URL = "https://portal.test/a"


def a_spec(**keys):
    return HttpSpec.model_validate({"url": URL, **keys})


@pytest.fixture
def secret(tmp_path):
    def written(text):
        path = tmp_path / text
        path.write_text(text)
        path.chmod(0o600)
        return {"file": str(path)}

    return written


def test_without_new_keys_nothing_is_added():
    """A plain check sends what it always sent, over HTTP/1.1, and keeps no body for nobody."""
    request = request_of(a_spec(), Family.ANY)

    assert request.head == (
        b"GET /a HTTP/1.1\r\nHost: portal.test\r\nUser-Agent: Pantau\r\nAccept: */*\r\n"
        b"Connection: close\r\n\r\n"
    )
    assert (request.http2, request.http3, request.proxy, request.coding) == (
        False,
        False,
        None,
        None,
    )
    assert request.tls.alpn == ("http/1.1",)
    assert request.keep_body is False


@pytest.mark.parametrize(
    "expect", [{"body_contains": "a"}, {"json": {"$.a": 1}}, {"cel": "body.a == 1"}]
)
def test_a_body_is_kept_where_it_is_looked_at(expect):
    """Only conditions on what stands in the body need it."""
    assert request_of(a_spec(expect=expect), Family.ANY).keep_body is True


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ({"cookies": {"a": "1", "b": "2"}}, b"Cookie: a=1; b=2"),
        ({"compression": "br"}, b"Accept-Encoding: br"),
        ({"compression": "identity"}, b"Accept-Encoding: identity"),
        (
            {"compression": "gzip", "headers": {"accept-encoding": "gzip;q=0.5, br"}},
            b"accept-encoding: gzip;q=0.5, br",
        ),
    ],
)
def test_header_fields(keys, line):
    """Cookies are one field; compression is asked for, unless the operator's own header asks."""
    head = request_of(a_spec(**keys), Family.ANY).head

    assert head.split(b"\r\n").count(line) == 1
    assert head.lower().count(line.partition(b":")[0].lower() + b":") == 1


def test_compression_is_undone_whatever_the_answer_says():
    """The body must have that coding: it is undone by it, and not by Content-Encoding."""
    assert request_of(a_spec(compression="gzip"), Family.ANY).coding == "gzip"


@pytest.mark.parametrize("url", [URL, URL + "?b=1"])
def test_cache_busting(url):
    """Each request has a new value, which shows in no label."""
    spec = a_spec(url=url, cache_busting="now")

    heads = [request_of(spec, Family.ANY).head for _ in range(2)]

    paths = [re.match(rb"GET (\S+)", head)[1] for head in heads]
    assert all(re.fullmatch(rb"/a\?(b=1&)?now=[0-9a-f]{16}", path) for path in paths)
    assert paths[0] != paths[1]
    assert spec.target() == URL


def test_body_file(tmp_path):
    """A body from a file is read for each check; one that is gone, or too large, is a fault of ours."""
    file = tmp_path / "body.json"
    file.write_bytes(b"one")
    spec = a_spec(method="POST", body_file=str(file))
    before = request_of(spec, Family.ANY)
    file.write_bytes(b"three")

    after = request_of(spec, Family.ANY)

    assert (before.body, after.body) == (b"one", b"three")
    assert b"Content-Length: 5\r\n" in after.head
    for breaks in (lambda: file.write_bytes(bytes(2**20 + 1)), file.unlink):
        breaks()
        with pytest.raises(NetError) as caught:
            request_of(spec, Family.ANY)
        assert caught.value.cause is UnknownCause.LOCAL


def test_proxy(secret):
    """The proxy's password goes to the proxy alone, whatever characters stand in it."""
    spec = a_spec(
        proxy="http://proxy.test:3128",
        proxy_auth={"username": "pan@tau", "password": secret("p:w@d%2F")},
        proxy_headers={"X-Key": secret("key-12")},
    )

    request = request_of(spec, Family.ANY)

    assert request.proxy.address == ("proxy.test", 3128)
    assert request.proxy.authorization == (
        ("Proxy-Authorization", "Basic cGFuQHRhdTpwOndAZCUyRg=="),
    )
    assert request.proxy.connect_headers == (("X-Key", "key-12"),)
    assert b"cGFu" not in request.head
    assert "p:w@d" not in repr(request)
    assert "p:w@d%2F" in set(marked(spec))
    assert spec.dialled_host() == "proxy.test"
    assert spec.target() == URL


def test_versions():
    """Newer versions of HTTP are spoken where the check says so."""
    assert request_of(a_spec(http2=True), Family.ANY).tls.alpn == ("h2", "http/1.1")
    assert request_of(a_spec(http3=True), Family.ANY).http3
    assert request_of(a_spec(max_tls="TLS1.2"), Family.ANY).tls.max_tls == "TLS1.2"


def test_oauth2(secret):
    """The client, its secret and its parameters are as written; the token is the credential."""
    spec = a_spec(
        oauth2={
            "token_url": "https://sso.test/token",
            "client_id": "pantau",
            "client_secret": secret("the-secret"),
            "scopes": ["read"],
            "params": {"audience": "portal", "key": secret("the-key")},
        }
    )

    client = oauth2_of(spec.oauth2)
    head = request_of(spec, Family.ANY, "a-token").head

    assert (client.client_secret, client.scopes) == ("the-secret", ("read",))
    assert client.endpoint_params == (("audience", "portal"), ("key", "the-key"))
    assert b"Authorization: Bearer a-token\r\n" in head
    assert {"the-secret", "the-key", "a-token"} <= set(marked(spec, "a-token"))


def test_one_or_several():
    """A single text or expression is a list of one."""
    one = a_spec(expect={"body_contains": "a", "body_matches": "b"}).expect
    several = a_spec(expect={"body_contains": ["a"], "body_matches": ["b"]}).expect

    assert one == several
    assert json.loads(one.model_dump_json())["body_matches"] == ["b"]


def test_versions_of_http_as_yaml_reads_them():
    """1.1 and 2 without quotes are numbers to YAML, and mean the same."""
    spec = a_spec(http2=True, expect={"http_versions": [1.1, 2]})

    assert spec.expect.http_versions == ("1.1", "2")


def test_headers_that_may_be_missing():
    """Under `headers` a header must be there unless it is listed; it need not be to not match."""
    rules = a_spec(
        expect={
            "headers": {"Server": "a", "Age": "b"},
            "allow_missing": ["age"],
            "headers_not_match": {"X-Powered-By": "c"},
        }
    ).expect.conditions.headers

    assert [(rule.name, rule.matches, rule.allow_missing) for rule in rules] == [
        ("Server", True, False),
        ("Age", True, True),
        ("X-Powered-By", False, True),
    ]


@pytest.mark.parametrize(
    "keys",
    [
        {"compression": "gzip", "headers": {"Accept-Encoding": "br"}},
        {"compression": "gzip", "headers": {"Accept-Encoding": "*, gzip;q=0.0"}},
        {"compression": "identity", "headers": {"Accept-Encoding": "gzip, identity;q=0"}},
        {"headers": {"Cookie": "a=b"}},
        {"headers": {"Proxy-Authorization": "Basic x"}},
        {"proxy": "http://proxy.test/path"},
        {"proxy": "http://proxy.test", "addresses": "all"},
        {"http3": True, "max_tls": "TLS1.2"},
        {"http2": True, "expect": {"http_versions": ["3"]}},
        {"http3": True, "expect": {"http_versions": ["1.1", "2"]}},
        {"method": "HEAD", "expect": {"cel": "true"}},
        {"expect": {"headers_not_match": {"a b": "c"}}},
        {"headers": {"Host": "a.test", "host": "b.test"}},
        {"proxy": "http://proxy.test", "proxy_headers": {"X-Key": "a", "x-key": "b"}},
    ],
)
def test_what_does_not_go_together_is_refused(keys):
    """A check that could never pass is an error when the configuration is read."""
    with pytest.raises(ValidationError):
        a_spec(**keys)


@pytest.mark.parametrize(
    "keys",
    [
        {"compression": "gzip", "headers": {"Accept-Encoding": "br, GZIP"}},
        {"compression": "gzip", "headers": {"Accept-Encoding": "br;q=0, *"}},
        {"compression": "identity", "headers": {"Accept-Encoding": "gzip"}},
        {"url": "http://portal.test/", "expect": {"tls": "required"}},
        {"allow_downgrade": True, "expect": {"tls": "forbidden"}},
        {"method": "HEAD", "expect": {"body_not_contains": "x"}},
        {"ip": "both", "addresses": "all"},
    ],
)
def test_what_goes_together_is_taken(keys):
    """What could pass is no error."""
    assert a_spec(**keys)


class Addresses:
    """A network that fetches nothing: it notes where from, and answers by what is asked."""

    def __init__(self, addresses):
        self.found = addresses
        self.dialled = []

    async def addresses(self, host, family, deadline, pinned=None):
        return self.found

    async def fetch(self, request, *, deadline, trace, pinned=None):
        self.dialled.append(request.resolve_to)
        trace.address = request.resolve_to
        if request.resolve_to == "192.0.2.2":
            raise NetError(FailureKind.CONNECT_REFUSED, "refused")
        response = Http1Response()
        response.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        return Reply(response, request.target, 0)


async def probed(network, **keys) -> Outcome:
    context = ProbeContext(
        network=network, deadline=1e12, monotonic=lambda: 0.0, now=datetime.now(UTC)
    )
    return await http.probe(a_spec(**keys), context)


async def test_every_address_must_pass():
    """`addresses: all` tries each address by itself; the one that fails is named."""
    good, bad = Addresses(("192.0.2.1", "192.0.2.3")), Addresses(("192.0.2.1", "192.0.2.2"))

    fine = await probed(good, addresses="all")
    failed = await probed(bad, addresses="all")

    assert sorted(good.dialled) == ["192.0.2.1", "192.0.2.3"]
    assert fine.status is OutcomeStatus.OK
    assert failed.status is OutcomeStatus.FAILED
    assert "192.0.2.2" in failed.failure.detail


async def test_one_address_is_enough_otherwise():
    """Without it the name is looked up once, by the connection."""
    network = Addresses(("192.0.2.1", "192.0.2.2"))

    await probed(network)

    assert network.dialled == [None]
