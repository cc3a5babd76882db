"""What is known about one check at every instant, from the samples that were taken of it.

A sample holds until the next one, but never longer than the hold limit: what nobody looked at
is unknown, and is never filled with what was seen before.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from operator import attrgetter, itemgetter
from typing import NamedTuple

from monitor.domain.observation import Status, UnknownCause
from monitor.domain.windows import Window

HOLD_FACTOR = Fraction(5, 2)


class Sample(NamedTuple):
    """The status seen at one instant (microseconds since the Unix epoch, UTC).

    Confirmed or not, retries included. `cause` is read only with UNKNOWN; None is NO_DATA.
    """

    at: int
    status: Status
    cause: UnknownCause | None = None


class Mark(NamedTuple):
    """An instant from which nothing is known until the next sample, which comes after it.

    A recorded stop, the loss of our own network, a clock step, a pause. It ends the hold of
    the sample before it at once, and of a sample at the same instant too.
    """

    at: int
    cause: UnknownCause


class Pace(NamedTuple):
    """From its first sample at or after `since`, the check ran every `interval` microseconds."""

    since: int
    interval: int


class Span(NamedTuple):
    """[start, end) with one status throughout.

    `bridged` says that the status is held past one interval, `cause` why it is unknown.
    """

    start: int
    end: int
    status: Status
    cause: UnknownCause | None = None
    bridged: bool = False


def hold_limit(interval: int) -> int:
    """Return how long a sample may hold (microseconds): 2.5 intervals, rounded down."""
    return interval * HOLD_FACTOR.numerator // HOLD_FACTOR.denominator


def spans(
    samples: Iterable[Sample], interval: int, window: Window, marks: Iterable[Mark] = ()
) -> list[Span]:
    """Return what is known throughout `window`: in order, without gaps, neighbours differing.

    `interval` is the check's, in microseconds. Give the samples from one hold limit before
    the window on; what was seen before it may hold into it.
    """
    nothing = UnknownCause.NO_DATA
    events: list[Sample | Mark] = sorted([*samples, *marks], key=itemgetter(0))
    edges = Mark(window.start, nothing), Mark(window.end, nothing)
    # An event beyond an edge makes a piece that ends before it starts; clip drops it.
    return clip(_held([edges[0], *events, edges[1]], interval), window)


def paced_spans(
    samples: Iterable[Sample], paces: Sequence[Pace], window: Window, marks: Iterable[Mark] = ()
) -> list[Span]:
    """Return `spans` for a check whose interval changed on the way; `paces` are in order.

    The first pace also covers what came before it.
    """
    ordered, stops = sorted(samples, key=itemgetter(0)), list(marks)
    starts = [_first_at(ordered, pace.since, window) for pace in paces[1:]]
    edges = [window.start, *starts, window.end]
    return joined(
        span
        for pace, part in zip(paces, pairwise(edges), strict=True)
        if part[0] < part[1]
        for span in spans(ordered, pace.interval, Window(*part), stops)
    )


def clip(timeline: Iterable[Span], window: Window) -> list[Span]:
    """Return what of `timeline` lies in `window`."""
    start, end = window
    return joined(
        span
        if span.start >= start and span.end <= end
        else span._replace(start=max(span.start, start), end=min(span.end, end))
        for span in timeline
        if span.start < end and span.end > start
    )


def within(timeline: Sequence[Span], windows: Iterable[Window]) -> list[Span]:
    """Return `timeline` over disjoint `windows`; what it doesn't cover there is unknown.

    `timeline` is in order, as every function here returns it.
    """
    inside: list[Span] = []
    for window in windows:
        first = bisect_right(timeline, window.start, key=attrgetter("end"))
        last = bisect_left(timeline, window.end, key=attrgetter("start"))
        inside += _filled(clip(timeline[first:last], window), window)
    return inside


def joined(pieces: Iterable[Span]) -> list[Span]:
    """Return `pieces` with empty ones left out, and neighbours that touch and agree made one."""
    merged: list[Span] = []
    grown: Span | None = None
    until = 0
    for piece in pieces:
        if piece.start >= piece.end:
            continue
        if grown is not None and piece.start == until and piece[2:] == grown[2:]:
            until = piece.end
            continue
        if grown is not None:
            merged.append(Span(grown.start, until, *grown[2:]))
        grown, until = piece, piece.end
    if grown is not None:
        merged.append(Span(grown.start, until, *grown[2:]))
    return merged


def _held(events: Sequence[Sample | Mark], interval: int) -> Iterator[Span]:
    """Yield how each event holds until the next; the last one only ends what came before."""
    for event, following in pairwise(events):
        if isinstance(event, Mark):
            yield Span(event.at, following.at, Status.UNKNOWN, event.cause)
        elif event.status is Status.UNKNOWN:
            yield from _unknown(event, following.at, interval)
        elif following.at - event.at <= interval:
            yield Span(event.at, following.at, event.status)
        else:
            yield from _bridged(event, following.at, interval)


def _unknown(sample: Sample, until: int, interval: int) -> Iterator[Span]:
    limit = min(until, sample.at + hold_limit(interval))
    yield Span(sample.at, limit, Status.UNKNOWN, sample.cause or UnknownCause.NO_DATA)
    yield Span(limit, until, Status.UNKNOWN, UnknownCause.NO_DATA)


def _bridged(sample: Sample, until: int, interval: int) -> Iterator[Span]:
    expected = sample.at + interval
    limit = min(until, sample.at + hold_limit(interval))
    yield Span(sample.at, expected, sample.status)
    yield Span(expected, limit, sample.status, bridged=True)
    yield Span(limit, until, Status.UNKNOWN, UnknownCause.NO_DATA)


def _filled(clipped: Sequence[Span], window: Window) -> list[Span]:
    edges = [window.start, *(edge for span in clipped for edge in span[:2]), window.end]
    gaps = zip(edges[::2], edges[1::2], strict=True)
    unknown = (Span(*gap, Status.UNKNOWN, UnknownCause.NO_DATA) for gap in gaps)
    return joined(sorted([*clipped, *unknown], key=itemgetter(0)))


def _first_at(ordered: Sequence[Sample], since: int, window: Window) -> int:
    index = bisect_left(ordered, since, key=itemgetter(0))
    at = ordered[index].at if index < len(ordered) else window.end
    return min(max(at, window.start), window.end)
