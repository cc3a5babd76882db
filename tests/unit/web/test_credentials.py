import asyncio
import base64
from pathlib import Path

import bcrypt
import pytest

from monitor.web.credentials import (
    Authenticator,
    ClientAuth,
    TlsServerConfig,
    TooManyAttempts,
    WebConfig,
    basic,
    is_password,
)
from monitor.web.listening import may_listen

HASH = bcrypt.hashpw(b"rahasia", bcrypt.gensalt(4)).decode()
TLS = TlsServerConfig(cert_file=Path("cert.pem"), key_file=Path("key.pem"))
MUTUAL = TlsServerConfig(
    cert_file=Path("cert.pem"),
    key_file=Path("key.pem"),
    client_ca_file=Path("ca.pem"),
    client_auth=ClientAuth.REQUIRED,
)


def header(text):
    return "Basic " + base64.b64encode(text.encode()).decode()


class Counting:
    """Compares passwords and remembers which, since comparing is what costs."""

    def __init__(self):
        self.passwords, self.stored = [], []

    def __call__(self, password, stored):
        self.passwords.append(password)
        self.stored.append(stored)
        return is_password(password, stored)


@pytest.mark.parametrize(
    ("authorization", "found"),
    [
        (header("ops:rahasia"), ("ops", b"rahasia")),
        (header("ops:a:b"), ("ops", b"a:b")),
        (header("ops:"), ("ops", b"")),
        (header("ops:kata sandi é").replace("Basic", "bAsIc"), ("ops", "kata sandi é".encode())),
        (header("ops"), None),
        ("Bearer abc", None),
        ("Basic", None),
        ("Basic ???", None),
        ("Basic " + base64.b64encode(b"\xff\xfe:x").decode(), None),
        ("", None),
        (None, None),
    ],
)
def test_basic(authorization, found):
    """A Basic header is read as RFC 7617 has it; anything else is none."""
    assert basic(authorization) == found


async def test_the_right_password():
    """The right password of a user lets in; a wrong one, another user, or none does not."""
    authenticator = Authenticator({"ops": HASH})

    assert await authenticator.admits(header("ops:rahasia"))
    assert not await authenticator.admits(header("ops:Rahasia"))
    assert not await authenticator.admits(header("nobody:rahasia"))
    assert not await authenticator.admits(None)


async def test_htpasswd_hashes():
    """Hashes as `htpasswd -B` writes them are taken, long passwords as it cuts them."""
    long = "x" * 100
    stored = bcrypt.hashpw(long.encode()[:72], bcrypt.gensalt(4)).decode()
    authenticator = Authenticator({"ops": stored.replace("$2b$", "$2y$")})

    assert await authenticator.admits(header(f"ops:{long}"))


async def test_nonsense_lets_nobody_in():
    """A stored value that is no hash, or a password with a NUL, lets nobody in."""
    assert not await Authenticator({"ops": "rahasia"}).admits(header("ops:rahasia"))
    assert not await Authenticator({"ops": HASH}).admits(header("ops:raha\0sia"))


async def test_a_scrape_costs_no_bcrypt():
    """An accepted password is compared once, a wrong one each time."""
    compare = Counting()
    authenticator = Authenticator({"ops": HASH}, compare)
    for _ in range(3):
        assert await authenticator.admits(header("ops:rahasia"))
    assert len(compare.passwords) == 1

    for _ in range(2):
        assert not await authenticator.admits(header("ops:salah"))
    assert len(compare.passwords) == 3


async def test_an_unknown_user_costs_the_same():
    """Whether a user exists cannot be told from the time it takes."""
    compare = Counting()
    await Authenticator({"ops": HASH}, compare).admits(header("nobody:rahasia"))

    assert compare.stored == [HASH]


async def test_what_is_remembered_is_no_password():
    """The memory of accepted passwords holds none of them."""
    authenticator = Authenticator({"ops": HASH})
    await authenticator.admits(header("ops:rahasia"))

    assert b"rahasia" not in authenticator._accepted["ops"]


async def test_guessing_does_not_queue_up():
    """Guesses beyond a small queue are turned away at once."""
    authenticator = Authenticator({"ops": HASH})
    guesses = [authenticator.admits(header(f"ops:{i}")) for i in range(100)]
    results = await asyncio.gather(*guesses, return_exceptions=True)

    refused = [result for result in results if isinstance(result, TooManyAttempts)]
    assert len(refused) >= 80
    assert True not in results
    assert await authenticator.admits(header("ops:rahasia"))


def test_no_hash_is_printed():
    """The configuration shows no hash when it is printed."""
    assert HASH not in repr(WebConfig(users={"ops": HASH}))


def test_client_certificates_need_their_ca():
    """A CA without a use for it, or a use without a CA, is a mistake."""
    with pytest.raises(ValueError, match="client_ca_file"):
        TlsServerConfig(cert_file=Path("c"), key_file=Path("k"), client_auth=ClientAuth.REQUIRED)
    with pytest.raises(ValueError, match="client_ca_file"):
        TlsServerConfig(cert_file=Path("c"), key_file=Path("k"), client_ca_file=Path("ca"))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_loopback_needs_no_credential(host):
    """On loopback everything may be served without a credential."""
    assert may_listen(host, None) is None


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "192.0.2.1", "monitor.example"])
@pytest.mark.parametrize("config", [None, WebConfig(), WebConfig(tls=TLS)])
def test_elsewhere_it_does(host, config):
    """Beyond loopback, nothing is served without a credential; TLS alone is none."""
    problem = may_listen(host, config)

    assert problem is not None
    assert host in problem
    assert "web_config_file" in problem


@pytest.mark.parametrize("config", [WebConfig(users={"ops": HASH}), WebConfig(tls=MUTUAL)])
def test_with_a_credential_it_may(config):
    """Users or required client certificates allow any address."""
    assert may_listen("0.0.0.0", config) is None
