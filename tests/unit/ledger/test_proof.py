"""Proofs that one entry is in the log."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.ledger.checkpoint import Checkpoint
from monitor.ledger.note import NoteError, Signer
from monitor.ledger.proof import Proof
from monitor.ledger.tree import inclusion_proof, leaf_hash, root_of, subtrees

OURS = Signer("pantau/utama", bytes(range(32)))
ENTRIES = [f"entry {number}".encode() for number in range(11)]
LEAVES = [leaf_hash(entry) for entry in ENTRIES]
POINT = Checkpoint("pantau/utama", len(ENTRIES), root_of(LEAVES))


def proof_of(index: int) -> Proof:
    hashes = inclusion_proof(index, len(ENTRIES), subtrees(LEAVES))
    return Proof(index=index, hashes=tuple(hashes), note=OURS.signed(POINT.text))


@pytest.mark.parametrize("index", range(len(ENTRIES)))
def test_entry_is_proven(index):
    """A proof is read as it was written, and proves its own entry, and no other one."""
    proof = Proof.parse(proof_of(index).text)

    assert proof == proof_of(index)
    assert proof.checkpoint(ENTRIES[index], [OURS.verifier]) == POINT
    with pytest.raises(NoteError, match="this is not entry"):
        proof.checkpoint(ENTRIES[index - 1], [OURS.verifier])


def test_form():
    """A proof is a line that says what it is, the entry's number, hashes, and a signed note."""
    lines = proof_of(10).text.split("\n")
    hashes = [base64.b64encode(each).decode() for each in proof_of(10).hashes]

    assert lines[: 2 + len(hashes)] == ["c2sp.org/tlog-proof@v1", "index 10", *hashes]
    assert lines[2 + len(hashes) : 4 + len(hashes)] == ["", "pantau/utama"]


def test_extra_is_let_be():
    """What an application adds is no part of the proof."""
    text = proof_of(3).text.replace("index", "extra AAAA\nindex", 1)
    assert Proof.parse(text) == proof_of(3)


def test_every_bit():
    """A proof of which any bit was changed proves nothing."""
    whole = proof_of(4).text.encode()
    for bit in range(8 * len(whole)):
        bent = bytearray(whole)
        bent[bit // 8] ^= 1 << bit % 8
        with pytest.raises((NoteError, UnicodeDecodeError)):
            Proof.parse(bent.decode()).checkpoint(ENTRIES[4], [OURS.verifier])


@given(st.text(max_size=200))
def test_what_is_no_proof(text):
    """What is no proof is refused."""
    with pytest.raises(NoteError):
        Proof.parse(text)
