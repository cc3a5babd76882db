"""Makes the row of a sealed hour, and its block, from what was recorded of one check. Pure."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter, sub
from typing import Any, NamedTuple

from monitor.domain.availability import expected_samples
from monitor.domain.epochs import merge_epochs
from monitor.domain.latency import packed as packed_latency
from monitor.domain.latency import sketch
from monitor.domain.observation import Status
from monitor.domain.timeline import Sample, Span, hold_limit, spans
from monitor.domain.windows import Window
from monitor.store.block import HOUR
from monitor.store.codes import CAUSE, MISSED, STATUS
from monitor.store.hours import Hour, missed_text
from monitor.store.stops import Stops

_UP = STATUS.code[Status.UP]
_ANSWERED = (_UP, STATUS.code[Status.DEGRADED])
_UNKNOWN = STATUS.code[Status.UNKNOWN]

_MINUTE = 60_000_000


class Last(NamedTuple):
    """A sample, with the epoch it was taken in."""

    sample: Sample
    epoch: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What is known throughout an hour. `spans` is None for a check that was up throughout,
    `first` the first sample in the hour that counts, `last` the one that holds at its end.
    """

    spans: Sequence[Span] | None
    first: int | None
    last: Last | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What was recorded of a check in an hour, as sums."""

    received: int
    known: int
    samples: int
    missed: str | None
    latency: bytes | None


def counted(taken: Sequence[Sequence[Any]], skipped: Sequence[Sequence[Any]]) -> Counted:
    """Return the sums over rows of samples and of missed slots.

    Retries are no slots. How long an answer took counts where there was one.
    """
    missed: Counter[str] = Counter()
    for _, _, reason, count in skipped:
        missed[MISSED.meaning[reason].value] += count
    if not taken:
        return Counted(received=0, known=0, samples=0, missed=missed_text(missed), latency=None)
    _, _, attempts, _, durations, statuses, *_ = zip(*taken, strict=True)
    if attempts.count(0) == len(taken) and statuses.count(_UP) == len(taken):
        received = known = len(taken)
        answers: Sequence[int] = durations
    else:
        slots = [status for status, n in zip(statuses, attempts, strict=True) if n == 0]
        received, known = len(slots), len(slots) - slots.count(_UNKNOWN)
        answers = [d for d, s in zip(durations, statuses, strict=True) if s in _ANSWERED]
    return Counted(
        received=received,
        known=known,
        samples=len(taken),
        missed=missed_text(missed),
        latency=packed_latency(sketch(answers)) or None,
    )


def seen(
    taken: Sequence[Sequence[Any]], before: Last | None, hour: int, interval: int, stops: Stops
) -> Seen:
    """Return what is known throughout an hour by its samples, and by the last one before it.

    No epoch may begin before an earlier one has ended: see `in_order`.
    """
    window = Window(hour * HOUR, hour * HOUR + HOUR)
    if _was_quiet(taken, before, window, interval, stops):
        epoch, at, *_ = taken[-1]
        return Seen(spans=None, first=taken[0][1], last=Last(Sample(at, Status.UP), epoch))
    epochs = {
        epoch: [
            Sample(at, STATUS.meaning[status], CAUSE.optional_meaning(cause))
            for _, at, _, _, _, status, _, cause, _ in rows
        ]
        for epoch, rows in groupby(taken, key=itemgetter(0))
    }
    if before is not None:
        epochs[before.epoch] = [before.sample, *epochs.get(before.epoch, ())]
    samples, ends = merge_epochs(stops.epoch(*each) for each in sorted(epochs.items()))
    found = spans(samples, interval, window, [*ends, *stops.between(*window)])
    return seen_by(samples, epochs, found, window)


def seen_by(
    samples: Sequence[Sample],
    epochs: Mapping[int, Sequence[Sample]],
    found: Sequence[Span],
    window: Window,
) -> Seen:
    """Return the same from `samples`, those of `epochs` that count, and from what they say."""
    first = bisect_right(samples, window.start - 1, key=itemgetter(0))
    end = bisect_right(samples, window.end - 1, key=itemgetter(0))
    last = samples[end - 1] if end else None
    is_quiet = len(found) == 1 and found[0][2:] == (Status.UP, None, False)
    return Seen(
        spans=None if is_quiet else found,
        first=samples[first].at if first < end else None,
        last=None if last is None else Last(last, _epoch_of(last, epochs)),
    )


def in_order(taken: Sequence[Sequence[Any]], before: Last | None) -> bool:
    """Say whether time went on from epoch to epoch. `taken` is in order of epoch and time."""
    at, epoch = (-1, -1) if before is None else (before.sample.at, before.epoch)
    if not taken:
        return True
    first = taken[0]
    if first[0] < epoch or first[1] <= at:
        return False
    if taken[-1][0] == first[0]:
        return True
    ats = [row[1] for row in taken]
    return bool(min(map(sub, ats[1:], ats)) > 0)


def reaches(before: Last | None, began: int, interval: int) -> bool:
    """Say whether the last sample before an hour may say something of it."""
    return before is not None and before.sample.at + hold_limit(interval) >= began


def usual_interval(taken: Sequence[Sequence[Any]]) -> int:
    """Return how often a check ran that is configured no more, by how far its slots are apart."""
    slots = [row[1] for row in taken if row[2] == 0]
    gaps = Counter(map(sub, slots[1:], slots))
    likely = [gap for gap, _ in gaps.most_common() if gap > 0]
    return likely[0] if likely else _MINUTE


def last_interval(taken: Sequence[Sequence[Any]], likely: AbstractSet[int]) -> int | None:
    """Return by which of some intervals the last slots are apart, None by none of them."""
    slots = [row[1] for row in taken if row[2] == 0]
    gaps = map(sub, reversed(slots), reversed(slots[:-1]))
    return next((gap for gap in gaps if gap in likely), None)


def expected_slots(hour: int, interval: int, phase: int) -> int:
    """Return how many slots an hour has."""
    return expected_samples([Window(hour * HOUR, hour * HOUR + HOUR)], interval, phase)


def last_of(row: Hour | None) -> Last | None:
    """Return the sample that holds at the end of a sealed hour."""
    if row is None or row.last is None or row.last_epoch is None:
        return None
    return Last(row.last, row.last_epoch)


def _was_quiet(
    taken: Sequence[Sequence[Any]],
    before: Last | None,
    window: Window,
    interval: int,
    stops: Stops,
) -> bool:
    """Say whether a check was seen up in each interval of an hour and of what leads to it.

    So it is nearly always; and this is told by sums over columns, not by each sample.
    """
    if before is None or not taken or before.sample.status is not Status.UP:
        return False
    epochs, ats, _, _, _, statuses, *_ = zip(*taken, strict=True)
    return (
        epochs.count(before.epoch) == len(taken) == statuses.count(_UP)
        and ats[0] - before.sample.at <= interval
        and window.end - ats[-1] <= interval
        and max(map(sub, ats[1:], ats), default=0) <= interval
        and stops.silent(before.epoch, before.sample.at, window.end)
    )


def _epoch_of(sample: Sample, epochs: Mapping[int, Sequence[Sample]]) -> int:
    return max(epoch for epoch, samples in epochs.items() if sample in samples)
