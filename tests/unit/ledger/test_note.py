"""Signed notes and checkpoints, against the published vector."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.ledger.checkpoint import Checkpoint
from monitor.ledger.note import NoteError, Signer, Verifier, opened, parse
from monitor.ledger.tree import root_of

# From the documentation of the form's first implementation (golang.org/x/mod/sumdb/note).
VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
SECRET = base64.b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
NOTE = (
    TEXT + "\n\N{EM DASH} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2p"
    "ZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
OURS = Signer("pantau.makassarkota.go.id", bytes(range(32)))


def test_vector():
    """The published key signs the published text with the published signature, and is known by it."""
    signer = Signer("PeterNeumann", SECRET)

    assert str(signer.verifier) == VKEY
    assert signer.signed(TEXT) == NOTE
    assert opened(NOTE.encode(), [Verifier.parse(VKEY)]).text == TEXT


def test_signatures_of_others():
    """Who else signed does not matter, but a note that nobody known signed is not believed."""
    both = NOTE + OURS.signed(TEXT).removeprefix(TEXT + "\n")

    assert opened(both.encode(), [OURS.verifier]).text == TEXT
    assert parse(both.encode()).signers([Verifier.parse(VKEY), OURS.verifier]) == (
        Verifier.parse(VKEY),
        OURS.verifier,
    )
    with pytest.raises(NoteError, match="none of those known"):
        opened(NOTE.encode(), [OURS.verifier])


def test_every_bit():
    """A note of which any bit was changed is no note of ours any more."""
    note = OURS.signed("satu\ndua\n").encode()
    for bit in range(8 * len(note)):
        bent = bytearray(note)
        bent[bit // 8] ^= 1 << bit % 8
        with pytest.raises(NoteError):
            opened(bytes(bent), [OURS.verifier])


@given(st.binary(max_size=300))
def test_what_is_no_note(raw):
    """What is no note is refused, and nothing else happens."""
    with pytest.raises(NoteError):
        opened(raw, [OURS.verifier])


@pytest.mark.parametrize(
    ("vkey", "says"),
    [
        (VKEY.replace("c74f20a3", "c74f20a4"), "not the one of hash"),
        (VKEY.replace("+ARpc", "+ERpc"), "only Ed25519"),
        ("PeterNeumann", "'PeterNeumann' is no key: write NAME"),
        ("a b+00000000+" + VKEY.split("+", 2)[2], "no name"),
        ("x+00000000+AQID", "32 bytes"),
        ("x+00000000+A", "is no key, NAME.HASH.KEY: not base64"),
    ],
)
def test_what_is_no_key(vkey, says):
    """A key that is not what it says is refused, and why."""
    with pytest.raises(NoteError, match=says):
        Verifier.parse(vkey)


def test_checkpoint():
    """A checkpoint says the log's name, its size and its root, and is read as it was written."""
    root = root_of([bytes(32)])
    point = Checkpoint("pantau.example/utama", 1, root)
    note = OURS.signed(point.text)

    assert Checkpoint.parse(opened(note.encode(), [OURS.verifier]).text) == point
    assert point.text == f"pantau.example/utama\n1\n{base64.b64encode(root).decode()}\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("x\n1\n", "not a checkpoint"),
        ("x\n1\n" + "A" * 43 + "=", "not a checkpoint"),
        ("\n1\n" + "A" * 43 + "=\n", "no origin"),
        ("x\n01\n" + "A" * 43 + "=\n", "no size"),
        ("x\n-1\n" + "A" * 43 + "=\n", "no size"),
        ("x\n1\n" + "A" * 43 + "\n", "no hash"),
        ("x\n1\n" + "A" * 42 + "B=\n", "no hash"),
        ("x\n1\n" + "A" * 43 + "=\n\nmore\n", "an empty line"),
    ],
)
def test_what_is_no_checkpoint(text, says):
    """Each part of a checkpoint has one form."""
    with pytest.raises(NoteError, match=says):
        Checkpoint.parse(text)


def test_secret_is_not_shown():
    """The secret key is in no text that an error or a log may hold."""
    assert repr(OURS) == "Signer('pantau.makassarkota.go.id', …)"
