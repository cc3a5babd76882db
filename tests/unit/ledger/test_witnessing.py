"""What is said to a witness."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.ledger.tree import (
    Frontier,
    consistency_proof,
    is_consistent,
    leaf_hash,
    root_of,
    subtrees,
)
from monitor.ledger.witnessing import growth_proof, request_body, size_known

HASHES = [leaf_hash(str(number).encode()) for number in range(300)]


@given(st.integers(1, 200), st.integers(0, 100))
def test_growth(old, more):
    """The proof that needs no more of the beginning than its frontier is the one of RFC 9162."""
    size = old + more
    begun = Frontier().grown(HASHES[:old])
    proof = growth_proof(begun, HASHES[old:size])

    assert is_consistent(old, begun.root, size, root_of(HASHES[:size]), proof)
    if more:
        assert proof == consistency_proof(old, size, subtrees(HASHES[:size]))


def test_nothing_known():
    """Of a log of which the witness knows nothing there is nothing to prove."""
    assert growth_proof(Frontier(), HASHES) == []


def test_form():
    """It is the old size, the proof, and the checkpoint, in lines."""
    assert request_body(3, [bytes(32)], "note\n") == b"old 3\n" + b"A" * 43 + b"=\n\nnote\n"


@pytest.mark.parametrize(
    ("answer", "size"),
    [(b"0\n", 0), (b"17\n", 17), (b"017\n", None), (b"17", None), (b"x\n", None)],
)
def test_size(answer, size):
    """A witness says in one line how much it knows; what is no size says nothing."""
    assert size_known(answer) == size
