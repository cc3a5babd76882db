import pickle
from itertools import combinations

import pytest
from pydantic import ValidationError

from monitor.blackbox.hidden import Hidden, without_password
from monitor.blackbox.httpmodule import accepts
from monitor.blackbox.masking import plain_module
from monitor.blackbox.modules import Module

HIDDEN = "<secret>"


def module(**http):
    return Module.model_validate({"prober": "http", "http": http})


def test_secrets_hide():
    """A secret of a module is in no text that is made of it, and is not pickled."""
    made = module(
        basic_auth={"username": "a", "password": "hunter2"},
        proxy_url="http://a:hunter2@127.0.0.1:3128",
        proxy_connect_header={"X-Key": ["hunter2"]},
    )

    assert "hunter2" not in repr(made)
    assert "hunter2" not in str(made)
    assert made.http.basic_auth.reveal() == ("a", "hunter2")
    assert made.http.proxy_url.reveal() == "http://a:hunter2@127.0.0.1:3128"
    with pytest.raises(TypeError):
        pickle.dumps(Hidden("hunter2"))


def test_credentials_exclude_each_other():
    """A module has one way to say who asks."""
    ways = {
        "basic_auth": {"username": "a"},
        "authorization": {"credentials": "b"},
        "oauth2": {"client_id": "c", "token_url": "https://sso.example.id/"},
        "bearer_token": "d",
    }
    for one, other in combinations(ways.items(), 2):
        with pytest.raises(ValidationError, match="exclude each other"):
            module(**dict((one, other)))


def test_bearer_token_is_an_authorization():
    """The older bearer_token is an Authorization of the type Bearer."""
    assert module(bearer_token="t").http.credential.reveal() == "Bearer t"
    assert module(authorization={"credentials": "t"}).http.credential.reveal() == "Bearer t"
    assert module().http.credential is None


@pytest.mark.parametrize(
    ("older", "newer", "follows"),
    [(None, True, True), (None, False, False), (True, True, False), (False, False, True)],
)
def test_following_redirects(older, newer, follows):
    """no_follow_redirects, where it is written, decides over follow_redirects."""
    made = module(no_follow_redirects=older, follow_redirects=newer)

    assert made.http.follows is follows


@pytest.mark.parametrize(
    ("accept_encoding", "coding", "taken"),
    [
        ("", "gzip", True),
        ("gzip", "gzip", True),
        ("br, gzip;q=0.1", "gzip", True),
        ("br", "gzip", False),
        ("gzip;q=0", "gzip", False),
        ("*", "gzip", True),
        ("*;q=0, gzip;q=0.5", "gzip", True),
        ("*;q=0.5, gzip;q=0", "gzip", True),
        ("identity", "gzip", False),
        ("gzip;q=x", "gzip", False),
    ],
)
def test_compression_and_accept_encoding(accept_encoding, coding, taken):
    """A coding that is expected must be one that is asked for: the weightiest match decides."""
    assert accepts(accept_encoding, coding) is taken


def test_dns_module_without_a_block():
    """A DNS module may leave its question to the request's parameters."""
    made = Module.model_validate({"prober": "dns"})

    assert (made.dns.query_name, made.dns.query_type, made.dns.recursion_desired) == (
        "",
        "ANY",
        True,
    )


@pytest.mark.parametrize("block", ["unix", "websocket"])
def test_probers_to_come(block):
    """Probers that are not offered are told as such."""
    with pytest.raises(ValidationError, match="is not offered yet"):
        Module.model_validate({"prober": block})
    with pytest.raises(ValidationError, match="is not offered yet"):
        Module.model_validate({"prober": "tcp", block: {}})


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://a:b@host/", "http://a:xxxxx@host/"),
        ("http://:b@host", "http://:xxxxx@host"),
        ("http://a@host/", "http://a@host/"),
        ("http://host/?u=//a:b@c", "http://host/?u=//a:xxxxx@c"),
        ("http://a:b@c:d@host", "http://a:xxxxx@host"),
    ],
)
def test_password_of_a_url(url, shown):
    """A URL is shown without the password of its user info."""
    assert without_password(url) == shown


def test_values_of_headers_are_hidden():
    """A header shows its value where it is known to be harmless, and nowhere else."""
    shown = plain_module(
        module(
            headers={"Host": "kota.test", "X-Session-Id": "hunter2", "Referer": "/?t=hunter2"},
            http_headers={"Accept": {"values": ["text/html"]}, "X-City": {"values": ["hunter2"]}},
        )
    )["http"]

    assert shown["headers"] == {"Host": "kota.test", "X-Session-Id": HIDDEN, "Referer": HIDDEN}
    assert shown["http_headers"] == {
        "Accept": {"values": ["text/html"]},
        "X-City": {"values": [HIDDEN]},
    }


def test_what_a_token_endpoint_is_given_is_hidden():
    """Of `oauth2` neither the URL's query nor a parameter is shown, but those known as harmless."""
    oauth2 = {
        "client_id": "pantau",
        "token_url": "https://sso.test/token?key=hunter2#hunter2",
        "endpoint_params": {"assertion": "hunter2", "audience": "kota"},
    }
    shown = plain_module(module(oauth2=oauth2))["http"]["oauth2"]

    assert shown["token_url"] == "https://sso.test/token?<secret>"
    assert shown["endpoint_params"] == {"assertion": HIDDEN, "audience": "kota"}
    assert "hunter2" not in str(shown)


def test_what_is_said_to_a_target_is_hidden():
    """The body of a request and the lines of a conversation may log in, so they are not shown."""
    steps = [{"expect": "^220", "send": "PASS hunter2"}, {"send": ""}]
    told = Module.model_validate({"prober": "tcp", "tcp": {"query_response": steps}})

    assert plain_module(module(body="pin=hunter2"))["http"]["body"] == HIDDEN
    shown = plain_module(told)["tcp"]["query_response"]
    assert shown[0] == {"expect": "^220", "send": HIDDEN}
    assert "send" not in shown[1]


@pytest.mark.parametrize(
    "metadata", [{"x-unit": ["a\r\nb"]}, {"grpc-timeout": ["1S"]}, {"te": "x"}]
)
def test_metadata_that_cannot_be_sent(metadata):
    """Metadata is a list of printable texts for each name, and gRPC's own names are not given."""
    with pytest.raises(ValidationError):
        Module.model_validate({"prober": "grpc", "grpc": {"metadata": metadata}})
