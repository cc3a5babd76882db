"""SCRAM-SHA-256: what proves the password, and what a server may not get away with."""

import hashlib
import hmac
from base64 import b64decode, b64encode
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.net.scram import MOST_ITERATIONS, Scram, Unacceptable, prepared

# RFC 7677, 3.
NONCE = "rOprNGfwEbeRWgbNEkqO"
FIRST = b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
PROOF = (
    b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
    b"p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
)
FINAL = b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="


def an_exchange(password="pencil", **keys):
    return Scram(password, nonce=NONCE, username="user", **keys)


def test_the_example_of_the_standard():
    """The exchange of RFC 7677 is made word for word."""
    scram = an_exchange()

    assert scram.first() == b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO"
    assert scram.final(FIRST) == PROOF
    scram.verify(FINAL)


@pytest.mark.parametrize(
    ("final", "told"),
    [
        (FINAL.replace(b"6rri", b"7rri"), "its signature is wrong"),
        (b"v=" + b64encode(bytes(32)), "its signature is wrong"),
        (b"v=AAAA", "its signature is wrong"),
        (b"v==", "no base64"),
        (b"e=invalid-proof", "it says 'invalid-proof'"),
        (b"", "malformed"),
        (b"v=" + b"A" * 5000, "none of SCRAM"),
        (b"v=\xff", "none of SCRAM"),
    ],
)
def test_a_server_that_does_not_know_the_password(final, told):
    """A server that cannot prove that it knows the password is refused."""
    scram = an_exchange()
    scram.final(FIRST)

    with pytest.raises(Unacceptable, match=told):
        scram.verify(final)


def test_a_signature_before_our_proof_is_none():
    """No signature is taken before there is something to sign."""
    with pytest.raises(Unacceptable):
        an_exchange().verify(b"v=")
    with pytest.raises(Unacceptable):
        an_exchange().verify(b"v=" + b64encode(b""))


@pytest.mark.parametrize(
    ("first", "told"),
    [
        (FIRST.replace(b"i=4096", b"i=%d" % (MOST_ITERATIONS + 1)), "at most 600000"),
        (FIRST.replace(b"i=4096", b"i=9999999999"), "at most 600000"),
        (FIRST.replace(b"i=4096", b"i=99999999999"), "malformed"),
        (FIRST.replace(b"i=4096", b"i=0"), "malformed"),
        (FIRST.replace(b"i=4096", b"i=-1"), "malformed"),
        (FIRST.replace(b"r=rO", b"r=xO"), "did not add to our nonce"),
        (b"r=" + NONCE.encode() + b",s=AAAA,i=4096", "did not add to our nonce"),
        (FIRST.replace(b"s=W22", b"s=22"), "no base64"),
        (b"m=ext," + FIRST, "malformed"),
        (b"", "malformed"),
        (FIRST + b"\xff", "none of SCRAM"),
        (FIRST + b"," + b"x" * 5000, "none of SCRAM"),
    ],
)
def test_what_a_server_may_not_ask(first, told):
    """A challenge that is malformed, is somebody else's, or asks for too much work is refused."""
    with pytest.raises(Unacceptable, match=told):
        an_exchange().final(first)


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_any_server(first, final):
    """Whatever a server says, the exchange is made or refused."""
    scram = an_exchange()
    with suppress(Unacceptable):
        scram.final(first)
    with suppress(Unacceptable):
        scram.verify(final)


def test_the_channel_is_bound():
    """The proof covers what tells the channel, and the first words say which way it is told."""
    bound, willing = an_exchange(binding=b"end"), an_exchange(could_bind=True)

    assert bound.first().startswith(b"p=tls-server-end-point,,n=user,")
    assert willing.first().startswith(b"y,,n=user,")
    spoken = bound.final(FIRST).split(b",")[0].removeprefix(b"c=")
    assert b64decode(spoken) == b"p=tls-server-end-point,,end"
    assert b64decode(willing.final(FIRST).split(b",")[0].removeprefix(b"c=")) == b"y,,"


def test_a_server_of_its_own_accord():
    """A server that computes as RFC 5802 has it agrees, whatever the password and the count."""
    scram = Scram("sandi rahasia")
    bare = scram.first().decode().removeprefix("n,,")
    first = f"{bare.partition('r=')[1]}{bare.partition('r=')[2]}xyz,s=c2FsdA==,i=7"
    final = scram.final(first.encode()).decode()
    without_proof, _, proof = final.rpartition(",p=")

    salted = hashlib.pbkdf2_hmac("sha256", b"sandi rahasia", b"salt", 7)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    signed = f"{bare},{first},{without_proof}".encode()
    mask = hmac.digest(stored, signed, "sha256")
    key = bytes(a ^ b for a, b in zip(b64decode(proof), mask, strict=True))
    assert hashlib.sha256(key).digest() == stored
    signature = hmac.digest(hmac.digest(salted, b"Server Key", "sha256"), signed, "sha256")
    scram.verify(b"v=" + b64encode(signature))


@pytest.mark.parametrize(
    ("password", "taken"),
    [  # RFC 4013, 3
        ("I\u00adX", "IX"),
        ("user", "user"),
        ("USER", "USER"),
        ("\u00aa", "a"),
        ("\u2168", "IX"),
        ("a\u00a0b", "a b"),
        ("\u0627\u0031", "\u0627\u0031"),  # forbidden: taken as it is
        ("\u0627\u0628", "\u0627\u0628"),
        ("a\u0627", "a\u0627"),
        ("\u00ad", "\u00ad"),
        ("\U000e0001x", "\U000e0001x"),
    ],
)
def test_passwords_are_prepared(password, taken):
    """Passwords that look alike are one, as both sides take them."""
    assert prepared(password) == taken.encode()
