"""What the HTTP prober asks for: an `http` block and a target as one request."""

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from monitor.blackbox.endpoint import split_host_port
from monitor.blackbox.http import http_conditions
from monitor.blackbox.httpmodule import HttpModule
from monitor.blackbox.httprequest import (
    LARGEST_KEPT,
    parse_asked,
    prepare,
    proxy_of,
)
from monitor.blackbox.log import ProbeLog
from monitor.blackbox.run import Run, wanted_family
from monitor.checktype import ProbeContext
from monitor.conditions.http import BodyRule, HeaderRule
from monitor.domain.observation import FailureKind as Kind
from monitor.domain.observation import UnknownCause
from monitor.domain.text import veiled
from monitor.fields.patterns import Pattern
from monitor.net.errors import NetError
from monitor.net.resolver import Family
from monitor.net.secrecy import secrets_of
from monitor.net.urls import parse_target

NOW = datetime(2026, 11, 1, tzinfo=UTC)


class Tokens:
    """Gives one token, and remembers for whom."""

    def __init__(self):
        self.asked = []

    async def get(self, network, settings, deadline):
        self.asked.append(settings)
        return "t0ken"


class NetworkStub:
    def __init__(self):
        self.tokens = Tokens()


async def prepared(module=None, target="http://a.test/", *, hostname=None, keep_body=False):
    block = HttpModule.model_validate(module or {})
    context = ProbeContext(network=NetworkStub(), deadline=9.0, monotonic=lambda: 0.0, now=NOW)
    run = Run(context, ProbeLog(NOW, lambda: 0.0))
    asked = parse_asked(target, http3=block.enable_http3)
    return await prepare(
        block, asked, run, hostname=hostname, address="192.0.2.7", keep_body=keep_body
    )


async def asked_for(module=None, target="http://a.test/", **settings):
    return (await prepared(module, target, **settings)).request


def told(found, text):
    """Return a text as it is told about what was prepared."""
    return veiled(text, secrets_of(found.request, found.marked))


def sent(request):
    return {name.lower(): value for name, value in request.sent}


@pytest.mark.parametrize(
    ("target", "url"),
    [
        ("a.test", "http://a.test/"),
        ("a.test:8080/x?y=1", "http://a.test:8080/x?y=1"),
        ("https://a.test", "https://a.test/"),
        ("[::1]:80/", "http://[::1]/"),
    ],
)
def test_a_target_without_a_scheme_is_http(target, url):
    """A target is a URL, or what stands in one behind http://."""
    assert str(parse_asked(target, http3=False).target) == url


@pytest.mark.parametrize("target", ["a.test", "http://a.test", "https://a.test"])
def test_http3_is_always_https(target):
    """HTTP/3 asks for https, whatever the target says."""
    assert str(parse_asked(target, http3=True).target) == "https://a.test/"


@pytest.mark.parametrize("target", ["HTTP://a.test", "ftp://a.test", "http://", "http://a b/", ""])
def test_what_is_no_url_is_refused(target):
    """Schemes count in lower case only, as in blackbox_exporter; the rest then is no host."""
    with pytest.raises(ValueError, match=r"."):
        parse_asked(target, http3=False)


async def test_user_info_of_the_target_is_basic_authentication():
    """A name and a password in the target's URL are sent, and stand in no address."""
    request = await asked_for(target="http://ops:p%40ss@a.test/")

    assert request.target.origin.host == "a.test"
    assert sent(request)["authorization"] == "Basic b3BzOnBAc3M="


async def test_the_modules_own_credentials_come_first():
    """User info counts only where the module has no credentials."""
    request = await asked_for({"bearer_token": "abc"}, "http://ops:pass@a.test/")

    assert sent(request)["authorization"] == "Bearer abc"


async def test_oauth2_gives_a_bearer_token():
    """With oauth2 the token that its endpoint gave is sent, and never told."""
    oauth2 = {
        "client_id": "id",
        "client_secret": "secret",
        "token_url": "https://sso.test/token",
        "scopes": ["read"],
        "endpoint_params": {"audience": "x"},
    }

    found = await prepared({"oauth2": oauth2})

    assert sent(found.request)["authorization"] == "Bearer t0ken"
    assert found.token == "t0ken"
    assert told(found, "<t0ken>") == "<***>"


async def test_an_authorization_header_of_the_module_stays():
    """What `headers` says of Authorization is what is sent, once."""
    request = await asked_for({"headers": {"Authorization": "X y"}}, "http://u:p@a.test/")

    assert [value for name, value in request.sent if name.lower() == "authorization"] == ["X y"]


async def test_hostname_is_whom_is_asked_for():
    """`hostname` is the Host header, and the name that a certificate must bear."""
    request = await asked_for(target="https://192.0.2.7/", hostname="portal.test")

    assert sent(request)["host"] == "portal.test"
    assert request.tls.server_name == "portal.test"


async def test_a_host_header_is_the_name_for_tls_without_its_port():
    """A Host header of the module names the host for TLS, unless server_name does."""
    headers = {"headers": {"host": "portal.test:8443"}}

    assert (await asked_for(headers)).tls.server_name == "portal.test"
    named = headers | {"tls_config": {"server_name": "other.test"}}
    assert (await asked_for(named)).tls.server_name == "other.test"


async def test_the_address_that_was_resolved_is_the_one_dialled():
    """A name is resolved once; its host goes on being asked for by name."""
    request = await asked_for()

    assert request.resolve_to == "192.0.2.7"
    assert sent(request)["host"] == "a.test"


async def test_ten_redirects_are_followed_also_to_http():
    """Redirects are followed as Go's client does, and the eleventh is the answer."""
    rules = (await asked_for()).redirects

    assert (rules.most, rules.allow_downgrade, rules.keep_fields, rules.returns_last) == (
        10,
        True,
        True,
        True,
    )
    assert (await asked_for({"follow_redirects": False})).redirects.most == 0
    assert (await asked_for({"no_follow_redirects": True})).redirects.most == 0


async def test_bodies_have_no_bound_unless_one_is_kept():
    """Without a rule a body is only counted, whatever its size; with one, 8 MiB at most are kept."""
    counted, kept = await asked_for(), await asked_for(keep_body=True)

    assert (counted.largest_body, counted.keep_body) == (None, False)
    assert (kept.largest_body, kept.keep_body) == (LARGEST_KEPT, True)
    limited, larger = {"body_size_limit": "1KB"}, {"body_size_limit": "1GB"}
    assert (await asked_for(limited, keep_body=True)).largest_body == 1024
    assert (await asked_for(larger, keep_body=True)).largest_body == LARGEST_KEPT
    assert (await asked_for(larger)).largest_body == 2**30


async def test_a_body_is_looked_at_as_it_comes():
    """Without `compression` nothing is decoded, whatever the answer says of itself."""
    assert (await asked_for()).coding == "identity"
    assert (await asked_for({"compression": "br"})).coding == "br"


@pytest.mark.parametrize("hostname", ["a\r\nX: y", "a\0", "[", "[::1"])
async def test_a_hostname_that_is_none(hostname):
    """Whoever asks for a probe can't put a line into its request, and can't break the prober."""
    with pytest.raises(NetError) as caught:
        await prepared(target="https://a.test/", hostname=hostname)

    assert caught.value.failure.kind is Kind.PROTOCOL


async def test_a_module_does_not_say_how_its_body_is_framed():
    """As in Go's client, how long a body is goes by the body, whatever the headers of a module say."""
    names = ("Content-Length", "transfer-encoding", "Trailer")
    module = {
        "method": "POST",
        "body": "hello",
        "headers": dict.fromkeys(names, "1"),
        "http_headers": {name: {"values": ["1"]} for name in names[1:]},
    }

    request = await asked_for(module)

    framing = [entry for entry in request.sent if entry[0].lower() in {n.lower() for n in names}]
    assert framing == [("Content-Length", "5")]


@pytest.mark.parametrize(
    "module",
    [
        {"bearer_token": "a\nb"},
        {"authorization": {"credentials": "a\r\nX: y"}},
        {"http_headers": {"X-Key": {"secrets": ["a\nb"]}}},
        {"proxy_url": "http://proxy.test", "proxy_connect_header": {"X-Key": ["a\nb"]}},
    ],
    ids=lambda module: next(iter(module)),
)
def test_a_secret_that_would_break_a_line(module):
    """A secret for a header is refused when the module is read, and not shown."""
    with pytest.raises(ValidationError) as caught:
        HttpModule.model_validate(module)

    assert "no control characters" in str(caught.value)
    assert "X: y" not in str(caught.value.errors()[0]["msg"])


@pytest.mark.parametrize("url", ["http://sso.test/\n", "https://", "http://a:b@sso.test:x/"])
def test_a_token_url_that_is_none(url):
    """Where no token can be asked for is told when the module is read."""
    with pytest.raises(ValidationError):
        HttpModule.model_validate({"oauth2": {"client_id": "a", "token_url": url}})


async def test_headers_with_several_values_are_all_sent():
    """`http_headers` sends each of its values; the secret ones are never told."""
    header = {"X-Key": {"values": ["one"], "secrets": ["two-two"]}}

    found = await prepared({"http_headers": header})

    assert [value for name, value in found.request.sent if name == "X-Key"] == ["one", "two-two"]
    assert told(found, "one two-two") == "one ***"


@pytest.mark.parametrize(
    "sent_back",
    [
        *("hunter2&co", "hunter2%26co", "b3BzOmh1bnRlcjImY28=", "Basic b3BzOmh1bnRlcjImY28="),
        *("tunnel-t0ken", "pl4in-key", "user-pass", "query-t0ken"),
    ],
)
async def test_what_is_never_told(sent_back):
    """A proxy's password, headers for it, headers that tell a secret, and the target's own
    credentials are told to nobody, in whatever form they come back.
    """
    module = {
        "proxy_url": "http://ops:hunter2%26co@proxy.test:3128",
        "proxy_connect_header": {"X-Way": ["tunnel-t0ken"]},
        "headers": {"X-Api-Key": "pl4in-key"},
    }

    found = await prepared(module, "http://u:user-pass@a.test/?key=1&token=query-t0ken")

    assert told(found, f"<{sent_back}>") == "<***>"


def proxied(module, url="http://a.test/", **environment):
    block = HttpModule.model_validate(module)
    return proxy_of(block, parse_target(url), environment)


def test_a_proxy_of_the_module():
    """`proxy_url`, `no_proxy` and `proxy_connect_header` go to the network as they are."""
    found = proxied(
        {
            "proxy_url": "http://u:p@proxy.test:3128",
            "no_proxy": "b.test",
            "proxy_connect_header": {"X-Who": ["me", "us"]},
        }
    )

    assert found.address == ("proxy.test", 3128)
    assert found.connect_headers == (("X-Who", "me"), ("X-Who", "us"))
    assert found.no_proxy == "b.test"


@pytest.mark.parametrize(
    ("url", "environment", "address"),
    [
        ("http://a.test/", {"HTTP_PROXY": "http://p.test:1"}, ("p.test", 1)),
        ("http://a.test/", {"http_proxy": "p.test:2"}, ("p.test", 2)),
        ("https://a.test/", {"HTTPS_PROXY": "http://p.test:3"}, ("p.test", 3)),
        ("https://a.test/", {"HTTP_PROXY": "http://p.test:4"}, None),
        ("http://a.test/", {}, None),
    ],
)
def test_a_proxy_of_the_environment(url, environment, address):
    """The scheme of the target says which variable is read."""
    found = proxied({"proxy_from_environment": True}, url, **environment)

    assert (None if found is None else found.address) == address


def test_the_environment_counts_only_when_asked_for():
    """HTTP_PROXY means nothing to a module that does not say proxy_from_environment."""
    assert proxied({}, HTTP_PROXY="http://p.test:1") is None


def test_this_machine_is_asked_directly():
    """With a proxy from the environment loopback is dialled directly, as Go has it."""
    found = proxied({"proxy_from_environment": True}, HTTP_PROXY="http://p.test:1")

    assert not found.serves(parse_target("http://127.0.0.1/").origin)
    assert found.serves(parse_target("http://a.test/").origin)


def test_a_proxy_that_is_none_is_our_fault():
    """A proxy that can't be spoken to says nothing of the target."""
    with pytest.raises(NetError) as raised:
        proxied({"proxy_from_environment": True}, HTTP_PROXY="socks5://p.test")

    assert (raised.value.failure.kind, raised.value.cause) == (Kind.PROXY, UnknownCause.LOCAL)


def test_rules_are_tried_in_blackbox_exporters_order():
    """What must not match comes before what must, for headers and for bodies."""
    found = http_conditions(
        HttpModule.model_validate(
            {
                "valid_status_codes": [200, 204],
                "valid_http_versions": ["HTTP/1.1", "HTTP/2.0", "HTTP/2", "1.1"],
                "fail_if_header_not_matches": [{"header": "b", "regexp": "B"}],
                "fail_if_header_matches": [
                    {"header": "a", "regexp": "A", "allow_missing": True},
                ],
                "fail_if_body_not_matches_regexp": ["y"],
                "fail_if_body_matches_regexp": ["x"],
                "fail_if_not_ssl": True,
            }
        )
    )

    assert found.statuses == ((200, 200), (204, 204))
    assert found.versions == ("1.1", "2", "'HTTP/2'", "'1.1'")
    assert found.headers == (
        HeaderRule("a", Pattern("A"), matches=False, allow_missing=True),
        HeaderRule("b", Pattern("B"), matches=True, allow_missing=False),
    )
    assert found.body == (BodyRule(Pattern("x"), matches=False), BodyRule(Pattern("y"), True))
    assert found.tls is True


def test_without_codes_any_2xx_is_right():
    """No valid_status_codes means 200 to 299."""
    assert http_conditions(HttpModule()).statuses == ((200, 299),)


@pytest.mark.parametrize(
    ("preferred", "fallback", "family"),
    [
        ("ip6", True, Family.PREFER_IP6),
        ("ip4", True, Family.PREFER_IP4),
        ("ip6", False, Family.IP6),
        ("ip4", False, Family.IP4),
    ],
)
def test_the_family_that_is_preferred(preferred, fallback, family):
    """Without a fallback only the preferred family will do."""
    assert wanted_family(preferred, fallback=fallback) is family


@pytest.mark.parametrize(
    ("target", "endpoint"),
    [
        ("a.test:25", ("a.test", 25)),
        ("[::1]:53", ("::1", 53)),
        ("192.0.2.1:65535", ("192.0.2.1", 65535)),
        ("a.test", None),
        ("a.test:", None),
        ("a.test:smtp", None),
        ("a.test:65536", None),
        ("a.test:٣", None),
        (":80", None),
        ("::1", None),
        ("::1:53", None),
        ("[::1]", None),
        ("[::1:53", None),
        ("[[::1]]:53", None),
        ("", None),
    ],
)
def test_host_and_port(target, endpoint):
    """A TCP target is host:port, an IPv6 address stands in brackets."""
    assert split_host_port(target) == endpoint
