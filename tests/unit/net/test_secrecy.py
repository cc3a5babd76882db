"""What of a request its target alone is told."""

from base64 import b64encode

import pytest

from monitor.domain.text import veiled
from monitor.net.fetch import make_request
from monitor.net.proxy import Proxy
from monitor.net.secrecy import secrets_of
from monitor.net.urls import parse_target


def told(text, url="https://portal.test/a", marked=(), **asked):
    """Return a text as it is told about a request."""
    return veiled(text, secrets_of(make_request(parse_target(url), **asked), marked))


@pytest.mark.parametrize(
    ("field", "sent_back"),
    [
        (("Authorization", "Bearer t0ken-abc"), "t0ken-abc"),
        (("authorization", "Basic " + b64encode(b"ops:hunter2!").decode()), "hunter2!"),
        (("X-Api-Key", "k3y-of-ours"), "k3y-of-ours"),
        (("Cookie", "lang=id; sid=0123456789"), "0123456789"),
        (("Cookie", "lang=id; sid=0123456789"), "lang=id; sid=0123456789"),
    ],
)
def test_fields_whose_name_says_so(field, sent_back):
    """A header whose name tells a secret is one, and so is what it packs."""
    assert told(f"<{sent_back}>", fields=(field,)) == "<***>"


def test_other_fields_are_told():
    """What stands under other names is told, and so is a short cookie."""
    fields = (("Accept-Language", "id-ID"), ("Cookie", "a=b; theme=dark"))

    assert told("id-ID dark", fields=fields) == "id-ID dark"


@pytest.mark.parametrize("sent_back", ["page=1&token=a%2Fb-cd", "a/b-cd", "a%2Fb-cd"])
def test_the_query(sent_back):
    """The query is a secret, and so is a parameter by itself whose name says so."""
    url = "https://portal.test/a?page=1&token=a%2Fb-cd"

    assert told(f"<{sent_back}>", url) == "<***>"


@pytest.mark.parametrize("sent_back", ["p@ss/word", "p%40ss%2Fword", "tunnel-t0ken"])
def test_what_a_proxy_is_told(sent_back):
    """The proxy's password is secret, as are credentials among the headers for it."""
    proxy = Proxy(
        url="http://ops:p%40ss%2Fword@proxy.test",
        connect_headers=(("Proxy-Token", "tunnel-t0ken"),),
    )

    assert told(f"<{sent_back}>", proxy=proxy) == "<***>"
    basic = proxy.authorization[0][1].partition(" ")[2]
    assert told(f"<{basic}>", proxy=proxy) == "<***>"


def test_what_the_configuration_says():
    """What is marked as secret is one wherever it stands, under any name."""
    assert told("<s3cr3t>", marked=["s3cr3t"], fields=(("X-Own", "s3cr3t"),)) == "<***>"
