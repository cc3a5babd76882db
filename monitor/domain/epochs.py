"""One timeline from several: what to believe when the wall clock was stepped in between.

Within an epoch the time of samples never runs backwards. Between two, wall time may be lived
twice (a step back) or not at all (a step forward); both are unknown.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import itemgetter

from monitor.domain.observation import UnknownCause
from monitor.domain.timeline import Mark, Sample
from monitor.domain.windows import Window, overlaps


@dataclass(frozen=True, slots=True, kw_only=True)
class Epoch:
    """One run of one timeline, in its own wall time (microseconds since the Unix epoch, UTC).

    `began` and `ended` are None where they weren't recorded (a killed process): then the first
    and last sample stand for them, and the last one holds as long as any sample may.
    """

    samples: Sequence[Sample]
    began: int | None = None
    ended: int | None = None
    end_cause: UnknownCause = UnknownCause.CLOCK_STEP


def merge_epochs(epochs: Iterable[Epoch]) -> tuple[list[Sample], list[Mark]]:
    """Return the samples that can be believed, in order, and where nothing is known from.

    Time that two epochs cover is unknown until the first sample after it; a recorded end ends
    the hold of what was seen before it.
    """
    lived = [epoch for epoch in epochs if _range(epoch) is not None]
    doubled = overlaps(window for epoch in lived if (window := _range(epoch)))
    samples = sorted((sample for epoch in lived for sample in epoch.samples), key=itemgetter(0))
    steps = [Mark(window.start, UnknownCause.CLOCK_STEP) for window in doubled]
    ends = [Mark(epoch.ended, epoch.end_cause) for epoch in lived if epoch.ended is not None]
    return [sample for sample in samples if not _in(doubled, sample.at)], sorted(steps + ends)


def _range(epoch: Epoch) -> Window | None:
    edges = [sample.at for sample in (*epoch.samples[:1], *epoch.samples[-1:])]
    first = epoch.began if epoch.began is not None else min(edges, default=None)
    last = epoch.ended if epoch.ended is not None else max((at + 1 for at in edges), default=None)
    if first is None:
        return None
    return Window(first, last if last is not None else first)


def _in(windows: Iterable[Window], at: int) -> bool:
    return any(start <= at < end for start, end in windows)
