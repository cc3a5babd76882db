"""The Merkle tree of RFC 9162, 2.1 (the same as RFC 6962's, with SHA-256).

A root stands for a list of entries: no entry can be changed, dropped, added or moved without
another root. Hashes are 32 bytes.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

EMPTY_ROOT = sha256(b"").digest()

_HASH_BYTES = 32

# `get(start, end)` returns the root of the leaves [start, end).
Subtree = Callable[[int, int], bytes]


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of an entry."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of what stands above two hashes."""
    return sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Frontier:
    """All that is needed of `size` entries to go on: the roots of its full subtrees, largest first.

    There is one for each bit of `size` that is set.
    """

    size: int = 0
    roots: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if len(self.roots) != self.size.bit_count() or self.size < 0:
            message = f"{len(self.roots)} subtrees are not those of {self.size} entries"
            raise ValueError(message)

    def grown(self, leaves: Iterable[bytes]) -> "Frontier":
        """Return the frontier with the hashes of more entries at its end."""
        size, roots = self.size, list(self.roots)
        for leaf in leaves:
            roots.append(leaf)
            carried = size
            while carried & 1:
                right = roots.pop()
                roots[-1] = node_hash(roots[-1], right)
                carried >>= 1
            size += 1
        return Frontier(size, tuple(roots))

    @property
    def root(self) -> bytes:
        """The root of the whole tree."""
        if not self.roots:
            return EMPTY_ROOT
        *left, root = self.roots
        for each in reversed(left):
            root = node_hash(each, root)
        return root


def root_of(leaves: Iterable[bytes]) -> bytes:
    """Return the root over the hashes of all entries."""
    return Frontier().grown(leaves).root


def root_of_entries(entries: Iterable[tuple[int, bytes]]) -> bytes:
    """Return the root over numbered entries, in their order."""
    return root_of(leaf_hash(body) for _, body in entries)


def subtrees(leaves: Sequence[bytes]) -> Subtree:
    """Return what looks up roots of parts of `leaves` for a proof."""
    return lambda start, end: root_of(leaves[start:end])


def inclusion_proof(index: int, size: int, subtree: Subtree) -> list[bytes]:
    """Return the hashes that lead from entry `index` to the root of the first `size` (2.1.3.1)."""
    if not 0 <= index < size:
        message = f"entry {index} is none of {size}"
        raise ValueError(message)
    path, start, end = [], 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(subtree(middle, end))
            end = middle
        else:
            path.append(subtree(start, middle))
            start = middle
    return path[::-1]


def consistency_proof(old: int, size: int, subtree: Subtree) -> list[bytes]:
    """Return the hashes that show that the first `old` of `size` entries are the same (2.1.4.1)."""
    if not 0 < old <= size:
        message = f"a tree of {old} is no beginning of one of {size}"
        raise ValueError(message)
    path: list[bytes] = []
    start, end, whole = 0, size, True
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            path.append(subtree(middle, end))
            end = middle
        else:
            path.append(subtree(start, middle))
            start, whole = middle, False
    if not whole:
        path.append(subtree(start, end))
    return path[::-1]


def root_by_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes:
    """Return the root that `proof` leads to from the hash of entry `index` (2.1.3.2).

    Raises ValueError when it is no proof for that place in a tree of that size.
    """
    if not 0 <= index < size or not _are_hashes([leaf, *proof]):
        message = "not a proof of inclusion"
        raise ValueError(message)
    root = leaf
    for each, is_left in _climbed(index, size - 1, proof):
        root = node_hash(each, root) if is_left else node_hash(root, each)
    return root


def is_consistent(
    old: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]
) -> bool:
    """Say whether `proof` shows that the tree of `old` entries begins that of `size` (2.1.4.2)."""
    if not 0 <= old <= size or not _are_hashes([old_root, root, *proof]):
        return False
    if old in (0, size):
        return not proof and old_root == (root if old == size else EMPTY_ROOT)
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    try:
        return _roots_by_consistency(old, size, path) == (old_root, root)
    except ValueError:
        return False


def _roots_by_consistency(old: int, size: int, path: Sequence[bytes]) -> tuple[bytes, bytes]:
    """Return both roots that `path` leads to. Raises ValueError when it is no path between them."""
    place, last = old - 1, size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    if not path:
        message = "a proof without its first hash"
        raise ValueError(message)
    old_root = root = path[0]
    for each, is_left in _climbed(place, last, path[1:]):
        if is_left:
            old_root, root = node_hash(each, old_root), node_hash(each, root)
        else:
            root = node_hash(root, each)
    return old_root, root


def _climbed(place: int, last: int, proof: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Yield each hash on the way from `place` to the top, and whether it stands to the left.

    Places are counted within their level, on which `last` is the last one. Raises ValueError when
    the top is reached before the last hash, or not with it.
    """
    for each in proof:
        if last == 0:
            message = "a proof that is too long"
            raise ValueError(message)
        is_left = bool(place & 1) or place == last
        yield each, is_left
        while is_left and not place & 1 and place:
            place, last = place >> 1, last >> 1
        place, last = place >> 1, last >> 1
    if last:
        message = "a proof that is too short"
        raise ValueError(message)


def _split(count: int) -> int:
    """Return the largest power of two below `count`."""
    return 1 << (count - 1).bit_length() - 1


def _are_hashes(values: Iterable[bytes]) -> bool:
    return all(len(value) == _HASH_BYTES for value in values)
