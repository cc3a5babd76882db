"""Holds a log against what was signed of it: what agrees, and where it first does not."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from itertools import islice, pairwise

from monitor.ledger.checkpoint import Checkpoint
from monitor.ledger.tree import Frontier, leaf_hash

_NOTHING = Frontier()


class _Sort(Enum):
    """Where a checkpoint was kept: elsewhere, or beside the log."""

    HELD = auto()
    OWN = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is wrong, and with which entries: [first, end), the smallest range that is known."""

    first: int
    end: int
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A log of `size` entries with this `root`.

    `signed` is how many of them a checkpoint stands for that agrees; `fault` is the first thing
    that does not.
    """

    size: int
    root: bytes
    signed: int
    fault: Fault | None = None


def audited(
    entries: Iterable[tuple[int, bytes]],
    held: Iterable[Checkpoint],
    own: Iterable[Checkpoint] = (),
    begun: Frontier = _NOTHING,
) -> Finding:
    """Return how a log stands to the checkpoints that are held, in whatever order they come.

    `entries` are those stored, in order, each with its number. A checkpoint that disagrees says
    that something was changed after the newest one before it that agrees. Those that are stored
    beside the log are its `own`: who changed the log may have signed them anew, so that they agree
    says nothing where one that is held does not.

    Who has read a beginning of the log goes on from there: with `begun`, what comes after it, and
    no checkpoint before.
    """
    sorts = [(_Sort.OWN, own), (_Sort.HELD, held)]
    points = sorted(
        ((point, sort) for sort, found in sorts for point in found), key=lambda each: each[0].size
    )
    rows = _Rows(entries, begun.size)
    frontier, roots = begun, {begun.size: begun.root}
    for size in sorted({point.size for point, _ in points}):
        frontier = frontier.grown(rows.leaves(size - frontier.size))
        roots[frontier.size] = frontier.root
    frontier = frontier.grown(rows.leaves())
    signed, disagreement = _compared(points, roots, frontier.size)
    faults = [each for each in (rows.fault, disagreement) if each is not None]
    return Finding(
        size=frontier.size,
        root=frontier.root,
        signed=signed,
        fault=min(faults, key=lambda each: each.first, default=None),
    )


class _Rows:
    """What is stored, up to the first row that is not in its place: that is the `fault`."""

    def __init__(self, entries: Iterable[tuple[int, bytes]], first: int) -> None:
        self._left = iter(entries)
        self._next = first
        self.fault: Fault | None = None

    def leaves(self, most: int | None = None) -> Iterator[bytes]:
        """Yield the hashes of the next entries, `most` of them or all."""
        if self.fault is not None or (most is not None and most <= 0):
            return
        for number, body in islice(self._left, most):
            if number != self._next:
                self.fault = _misplaced(self._next, number)
                return
            self._next += 1
            yield leaf_hash(body)


def _misplaced(expected: int, number: int) -> Fault:
    if number > expected:
        return Fault(first=expected, end=number, detail="entries are missing")
    return Fault(first=number, end=number + 1, detail="the number is there twice, or out of order")


def _compared(
    points: Sequence[tuple[Checkpoint, _Sort]], roots: Mapping[int, bytes], size: int
) -> tuple[int, Fault | None]:
    """Return how far checkpoints agree, and what the first one says that does not."""
    doubtful = {one.size for (one, _), (other, _) in pairwise(points) if _contradict(one, other)}
    agreed = dict.fromkeys(_Sort, 0)
    for point, sort in points:
        if point.size > size:
            detail = f"a checkpoint stands for {point.size} entries, and there are {size}"
            return max(agreed.values()), Fault(first=size, end=point.size, detail=detail)
        if roots[point.size] != point.root:
            detail = f"not what the checkpoint of {point.size} entries stands for"
            if point.size in doubtful:
                detail = f"two checkpoints of {point.size} entries say different things"
            first = agreed[_Sort.HELD] if sort is _Sort.HELD else max(agreed.values())
            return max(agreed.values()), Fault(first=first, end=point.size, detail=detail)
        agreed[sort] = point.size
    return max(agreed.values()), None


def _contradict(one: Checkpoint, other: Checkpoint) -> bool:
    return one.size == other.size and one.root != other.root
