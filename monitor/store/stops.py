"""What the monitor recorded of itself, as far as it ends what samples say."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, select

from monitor.domain.epochs import Epoch
from monitor.domain.observation import MissedReason, UnknownCause
from monitor.domain.timeline import Mark, Sample
from monitor.ports import MarkKind
from monitor.store.asked import tuples
from monitor.store.codes import MARK
from monitor.store.schema import mark

_ENDS = (MarkKind.STOP, MarkKind.CLOCK_STEP)


class Stops:
    """The marks of one vantage, from rows of (epoch, at, kind, detail) in order of epoch and time.

    An epoch begins with the mark START, or where the clock was stepped to; it ends with STOP, or
    with the CLOCK_STEP that carries its number.
    """

    def __init__(self, rows: Iterable[Sequence[Any]]) -> None:
        marks = [(epoch, at, MARK.meaning[kind], detail) for epoch, at, kind, detail in rows]
        self._edges = {(epoch, kind): at for epoch, at, kind, _ in marks}
        self._stops = sorted(
            Mark(at, cause) for _, at, kind, detail in marks if (cause := _cause(kind, detail))
        )
        self._steps = sorted(at for _, at, kind, _ in marks if kind is MarkKind.CLOCK_STEP)

    def epoch(self, number: int, samples: Sequence[Sample]) -> Epoch:
        """Return an epoch with the beginning and the end that were recorded."""
        ends = [self._edges[number, kind] for kind in _ENDS if (number, kind) in self._edges]
        return Epoch(
            samples=samples,
            began=self._edges.get((number, MarkKind.START)),
            ended=min(ends, default=None),
            end_cause=UnknownCause.MONITOR_STOPPED
            if (number, MarkKind.STOP) in self._edges
            else UnknownCause.CLOCK_STEP,
        )

    def between(self, start: int, end: int) -> Sequence[Mark]:
        """Return where nothing was known from, in [start, end), and the last one before."""
        first = bisect_left(self._stops, (start,))
        return self._stops[max(first - 1, 0) : bisect_left(self._stops, (end,))]

    def silent(self, epoch: int, start: int, end: int) -> bool:
        """Say whether nothing ended in [start, end): neither samples nor the epoch itself."""
        ends = [self._edges.get((epoch, kind), end) for kind in _ENDS]
        first = bisect_left(self._stops, (start,))
        return min(ends) >= end and first == bisect_left(self._stops, (end,))

    def stepped(self, start: int, end: int) -> bool:
        """Say whether the clock was stepped in [start, end)."""
        return bisect_left(self._steps, start) < bisect_left(self._steps, end)


def read_stops(connection: Connection, vantage: int) -> Stops:
    """Return what was recorded of a vantage."""
    wanted = (
        select(mark.c.epoch, mark.c.at, mark.c.kind, mark.c.detail)
        .where(mark.c.vantage_id == vantage)
        .order_by(mark.c.epoch, mark.c.at, mark.c.number)
    )
    return Stops(tuples(connection, wanted))


def _cause(kind: MarkKind, detail: str) -> UnknownCause | None:
    """Return what a mark ends samples with. Starts end nothing; steps are ends of epochs."""
    match kind:
        case MarkKind.STOP:
            return UnknownCause.MONITOR_STOPPED
        case MarkKind.PAUSE:
            stopped = detail.endswith(MissedReason.STOPPED)
            return UnknownCause.MONITOR_STOPPED if stopped else UnknownCause.OVERLOADED
        case MarkKind.SELF_OFFLINE:
            own = UnknownCause.RESOLVER
            return own if detail == own else UnknownCause.SELF_OFFLINE
        case _:
            return None
