"""The status of a service at each instant, from its checks' by the service's rule."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from monitor.domain.observation import Status, UnknownCause
from monitor.domain.service import StatusRule
from monitor.domain.timeline import Span, joined
from monitor.domain.windows import Window

_NOBODY = Span(0, 0, Status.UNKNOWN, UnknownCause.NO_DATA)


def combine(timelines: Sequence[Sequence[Span]], rule: StatusRule, window: Window) -> list[Span]:
    """Return the service's timeline over `window`, without gaps.

    A check takes part where its timeline has a span: clip it to the time in which the check
    was configured. Time is bridged where any check that takes part bridges, and an unknown
    status has the cause of the first check that is unknown.
    """
    edges = {edge for timeline in timelines for span in timeline for edge in span[:2]}
    inner = [edge for edge in edges if window.start < edge < window.end]
    cuts = sorted([window.start, *inner, window.end])
    tracks = [list(_along(timeline, cuts[:-1])) for timeline in timelines]
    return joined(
        _together([span for track in tracks if (span := track[index])], rule, Window(*part))
        for index, part in enumerate(pairwise(cuts))
    )


def _together(checks: Sequence[Span], rule: StatusRule, part: Window) -> Span:
    status = rule.combined([span.status for span in checks])
    if status is not Status.UNKNOWN:
        return Span(*part, status, bridged=any(span.bridged for span in checks))
    blind = next((span for span in checks if span.status is Status.UNKNOWN), _NOBODY)
    return Span(*part, status, blind.cause)


def _along(timeline: Sequence[Span], starts: Sequence[int]) -> Iterator[Span | None]:
    """Yield the span that covers each of `starts`, or None."""
    remaining = iter(timeline)
    span = next(remaining, None)
    for start in starts:
        while span is not None and span.end <= start:
            span = next(remaining, None)
        yield span if span is not None and span.start <= start else None
