"""The tree: its vectors, and the laws of its proofs."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.ledger.tree import (
    EMPTY_ROOT,
    Frontier,
    consistency_proof,
    inclusion_proof,
    is_consistent,
    leaf_hash,
    node_hash,
    root_by_inclusion,
    root_of,
    subtrees,
)

# The vectors that implementations of certificate transparency have shared from the beginning.
ENTRIES = [
    bytes.fromhex(each)
    for each in (
        *("", "00", "10", "2021", "3031", "40414243", "5051525354555657"),
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
# Of the same log: entry and size, or older and newer size, and the hashes that lead to the root.
_A = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
_B = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
_C = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
_D = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
_E = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
_F = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"
INCLUSION = [
    (0, 8, [_A, _B, _C]),
    (5, 8, [_D, _E, ROOTS[3]]),
    (2, 3, [ROOTS[1]]),
    (1, 5, [ROOTS[0], _B, _D]),
]
CONSISTENCY = [(1, 8, [_A, _B, _C]), (6, 8, [_F, _E, ROOTS[3]]), (2, 5, [_B, _D])]
LEAVES = [leaf_hash(entry) for entry in ENTRIES]
sizes = st.integers(1, 70)


def leaves(count: int) -> list[bytes]:
    return [leaf_hash(str(number).encode()) for number in range(count)]


def plain_root(hashes: list[bytes]) -> bytes:
    """The definition of RFC 9162, 2.1.1, word for word."""
    if not hashes:
        return sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    k = max(1 << power for power in range(len(hashes).bit_length()) if 1 << power < len(hashes))
    return node_hash(plain_root(hashes[:k]), plain_root(hashes[k:]))


def test_empty_log():
    """The root of no entries is the hash of nothing."""
    assert root_of([]) == EMPTY_ROOT == sha256(b"").digest()


@pytest.mark.parametrize("size", range(1, 9))
def test_vectors(size):
    """Roots are those that every implementation finds."""
    assert root_of(LEAVES[:size]).hex() == ROOTS[size - 1]


@pytest.mark.parametrize(("index", "size", "hashes"), INCLUSION)
def test_inclusion_vectors(index, size, hashes):
    """Proofs of inclusion are those that every implementation makes, and lead to the root."""
    proof = [bytes.fromhex(each) for each in hashes]

    assert inclusion_proof(index, size, subtrees(LEAVES)) == proof
    assert root_by_inclusion(LEAVES[index], index, size, proof).hex() == ROOTS[size - 1]


@pytest.mark.parametrize(("old", "size", "hashes"), CONSISTENCY)
def test_consistency_vectors(old, size, hashes):
    """Proofs of consistency are those that every implementation makes, and lead to both roots."""
    proof = [bytes.fromhex(each) for each in hashes]
    before, after = (bytes.fromhex(ROOTS[each - 1]) for each in (old, size))

    assert consistency_proof(old, size, subtrees(LEAVES)) == proof
    assert is_consistent(old, before, size, after, proof)


@given(sizes)
def test_root_is_the_definition(size):
    """The root is that of the definition, however the log grew."""
    hashes = leaves(size)
    assert root_of(hashes) == plain_root(hashes)
    grown = Frontier()
    for start in range(0, size, 3):
        grown = grown.grown(hashes[start : start + 3])
    assert grown.root == plain_root(hashes)
    assert grown.size == size


@given(st.data(), sizes)
def test_inclusion(data, size):
    """A proof leads from its entry, and from no other place or entry, to the root."""
    hashes = leaves(size)
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(index, size, subtrees(hashes))

    assert root_by_inclusion(hashes[index], index, size, proof) == root_of(hashes)
    assert len(proof) <= size.bit_length()
    for other in range(size):
        if other != index:
            assert _led_to(hashes[index], other, size, proof) != root_of(hashes)
            assert _led_to(hashes[other], index, size, proof) != root_of(hashes)


@given(st.data(), sizes)
def test_consistency(data, size):
    """A proof shows that a log only grew, and is none for another beginning or another end."""
    hashes = leaves(size)
    old = data.draw(st.integers(1, size))
    proof = consistency_proof(old, size, subtrees(hashes))
    before, after = root_of(hashes[:old]), root_of(hashes)

    assert is_consistent(old, before, size, after, proof)
    changed = data.draw(st.integers(0, old - 1))
    rewritten = [*hashes[:changed], leaf_hash(b"rewritten"), *hashes[changed + 1 :]]
    assert not is_consistent(old, root_of(rewritten[:old]), size, after, proof)
    assert not is_consistent(old, before, size, root_of(rewritten), proof)
    forged = consistency_proof(old, size, subtrees(rewritten))
    assert not is_consistent(old, before, size, root_of(rewritten), forged)


@given(st.data(), sizes)
def test_bits_of_a_proof(data, size):
    """A proof with one bit changed, a hash too few or a hash too many proves nothing."""
    hashes = leaves(size)
    old = data.draw(st.integers(1, size))
    before, after = root_of(hashes[:old]), root_of(hashes)
    proof = consistency_proof(old, size, subtrees(hashes))
    for at in range(len(proof)):
        bit = data.draw(st.integers(0, 255))
        bent = bytearray(proof[at])
        bent[bit // 8] ^= 1 << bit % 8
        assert not is_consistent(
            old, before, size, after, [*proof[:at], bytes(bent), *proof[at + 1 :]]
        )
        assert not is_consistent(old, before, size, after, [*proof[:at], *proof[at + 1 :]])
    assert not is_consistent(old, before, size, after, [*proof, bytes(32)])


def test_places_that_are_none():
    """A proof is asked for, and read, only for places that there are."""
    hashes = leaves(5)
    for index, size in ((5, 5), (-1, 5), (0, 0)):
        with pytest.raises(ValueError, match=r"none of|not a proof"):
            inclusion_proof(index, size, subtrees(hashes))
        with pytest.raises(ValueError, match="not a proof"):
            root_by_inclusion(hashes[0], index, size, [])
    for old, size in ((0, 5), (6, 5)):
        with pytest.raises(ValueError, match="no beginning"):
            consistency_proof(old, size, subtrees(hashes))
    assert not is_consistent(6, root_of(hashes), 5, root_of(hashes), [])
    assert is_consistent(0, EMPTY_ROOT, 5, root_of(hashes), [])
    assert not is_consistent(0, root_of(hashes), 5, root_of(hashes), [])


def test_frontier_of_another_size():
    """A frontier that does not fit its size is refused: it would go on with a false root."""
    with pytest.raises(ValueError, match="not those of 3"):
        Frontier(3, (bytes(32),))


def _led_to(leaf: bytes, index: int, size: int, proof: list[bytes]) -> bytes | None:
    try:
        return root_by_inclusion(leaf, index, size, proof)
    except ValueError:
        return None
