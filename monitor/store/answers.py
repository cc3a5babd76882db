"""How many slots of a check have a sample, and how long answers took, window by window."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, select

from monitor.domain.latency import Sketch, counts_of, sketch
from monitor.domain.observation import Status
from monitor.domain.windows import Window
from monitor.store.asked import Asked, tuples
from monitor.store.block import HOUR
from monitor.store.codes import STATUS
from monitor.store.samples import in_period
from monitor.store.schema import observation
from monitor.store.sealed import block_of, sealed_answers

# Retries are no slots, but how long they took counts, as it does in a sealed hour.
_ANSWERED = (STATUS.code[Status.UP], STATUS.code[Status.DEGRADED])

Sampled = tuple[int, int, int, int]
"""When, which attempt, how long it took (microseconds), and the code of its status."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """How many slots have a sample, and how long those took that were answered."""

    received: int
    latency: Sketch


@dataclass(slots=True)
class _Sum:
    received: int = 0
    latency: Counter[int] = field(default_factory=Counter)
    packed: list[bytes] = field(default_factory=list)

    def add_hour(self, received: int, latency: bytes | None) -> None:
        self.received += received
        if latency is not None:
            self.packed.append(latency)

    def add_samples(self, samples: Sequence[Sampled]) -> None:
        self.received += sum(attempt == 0 for _, attempt, _, _ in samples)
        self.latency.update(sketch(took for _, _, took, status in samples if status in _ANSWERED))

    def whole(self) -> Answers:
        latency = counts_of(self.packed)
        latency.update(self.latency)
        return Answers(received=self.received, latency=latency)


def answers(
    connection: Connection, check: int, vantage: int, windows: Sequence[Window]
) -> list[Answers]:
    """Return what there is for each of `windows`, which are in order and touch.

    Of an hour that two windows share the samples are counted, while they are kept; after that it
    counts whole where it begins.
    """
    asked = Asked(check, vantage, windows[0].start, windows[-1].end)
    sums = _Sums(windows)
    for hour, block, received, latency in sealed_answers(connection, asked):
        place = sums.place(hour * HOUR)
        if block is not None and sums.is_cut(hour * HOUR, place):
            taken = block_of(connection, block, hour).taken
            sums.add_samples(
                (at, attempt, took, status) for _, at, attempt, _, took, status, *_ in taken
            )
        elif place is not None:
            sums.sums[place].add_hour(received, latency)
    sums.add_samples(_unsealed(connection, asked))
    return [each.whole() for each in sums.sums]


class _Sums:
    """Sums for windows, by when something was."""

    def __init__(self, windows: Sequence[Window]) -> None:
        self.sums = [_Sum() for _ in windows]
        self._windows = windows
        self._ends = [window.end for window in windows]

    def is_cut(self, began: int, place: int | None) -> bool:
        """Say whether an hour has a part outside of the window in which it begins."""
        return place is None or self._ends[place] < began + HOUR

    def add_samples(self, samples: Iterable[Sampled]) -> None:
        found: dict[int | None, list[Sampled]] = {}
        for each in samples:
            found.setdefault(self.place(each[0]), []).append(each)
        for place, inside in found.items():
            if place is not None:
                self.sums[place].add_samples(inside)

    def place(self, at: int) -> int | None:
        """Return the window in which something was, None where it was in none."""
        place = bisect_right(self._ends, at)
        is_inside = place < len(self._ends) and at >= self._windows[0].start
        return place if is_inside else None


def _unsealed(connection: Connection, asked: Asked) -> list[Sampled]:
    table: Any = observation.c
    wanted = select(table.scheduled_at, table.attempt, table.duration, table.status)
    rows = tuples(connection, wanted.where(*in_period(connection, observation, asked)))
    return sorted(rows, key=itemgetter(0))
