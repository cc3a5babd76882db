"""Holds a log against what was signed of it: what agrees, and where it first does not."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from monitor.ledger.checkpoint import Checkpoint
from monitor.ledger.tree import Frontier, leaf_hash


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


def audited(entries: Iterable[tuple[int, bytes]], held: Iterable[Checkpoint]) -> Finding:
    """Return how a log stands to the checkpoints that are held, in whatever order they come.

    `entries` are those stored, in order, each with its number. A checkpoint that disagrees says
    that something was changed after the newest one before it that agrees.
    """
    points = sorted(held, key=lambda point: point.size)
    frontier, fault = Frontier(), None
    roots = {0: frontier.root}
    sizes = {point.size for point in points}
    for number, body in entries:
        if number != frontier.size:
            fault = _misplaced(frontier.size, number)
            break
        frontier = frontier.grown([leaf_hash(body)])
        if frontier.size in sizes:
            roots[frontier.size] = frontier.root
    signed, disagreement = _compared(points, roots, frontier.size)
    faults = [each for each in (fault, disagreement) if each is not None]
    return Finding(
        size=frontier.size,
        root=frontier.root,
        signed=signed,
        fault=min(faults, key=lambda each: each.first, default=None),
    )


def _misplaced(expected: int, number: int) -> Fault:
    if number > expected:
        return Fault(first=expected, end=number, detail="entries are missing")
    return Fault(first=number, end=number + 1, detail="the number is there twice, or out of order")


def _compared(
    points: Sequence[Checkpoint], roots: dict[int, bytes], size: int
) -> tuple[int, Fault | None]:
    """Return how far checkpoints agree, and what the first one says that does not."""
    for one, other in pairwise(points):
        if one.size == other.size and one.root != other.root:
            detail = f"two checkpoints of {one.size} entries say different things"
            return 0, Fault(first=0, end=one.size, detail=detail)
    agreed = 0
    for point in points:
        if point.size > size:
            detail = f"a checkpoint stands for {point.size} entries, and there are {size}"
            return agreed, Fault(first=size, end=point.size, detail=detail)
        if roots[point.size] != point.root:
            detail = f"not what the checkpoint of {point.size} entries stands for"
            return agreed, Fault(first=agreed, end=point.size, detail=detail)
        agreed = point.size
    return agreed, None
