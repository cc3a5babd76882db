"""Availability: exact sums over a timeline, and what may be concluded from them.

Microseconds in integers and shares in fractions; nothing is rounded here. Precedents: ITU-T
G.827 (availability ratio, mean time between outages), X.137 Annex A (estimation by sampling).
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from enum import StrEnum
from fractions import Fraction
from math import isqrt
from typing import Self

from monitor.domain.observation import Status, UnknownCause
from monitor.domain.timeline import Span, within
from monitor.domain.windows import Window, difference, intersection, union

MINIMUM_COVERAGE = Fraction(95, 100)

_SECOND = 1_000_000
_DISJOINT = (
    *("down", "unknown", "up"),
    *("down_in_maintenance", "unknown_in_maintenance", "up_in_maintenance"),
)
_SHARED = ("degraded", "bridged")


class Verdict(StrEnum):
    """What the figures say about the target."""

    MET = "met"
    MISSED = "missed"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Where the time of a period went, in microseconds. Parts of disjoint periods add up.

    `up`, `down` and `unknown` lie outside maintenance; `up` includes `degraded`. `bridged` is
    the part of `up` and `down` that was held past one interval.
    """

    up: int = 0
    down: int = 0
    unknown: int = 0
    degraded: int = 0
    bridged: int = 0
    up_in_maintenance: int = 0
    down_in_maintenance: int = 0
    unknown_in_maintenance: int = 0

    @property
    def maintenance(self) -> int:
        """All time inside maintenance, whatever was seen there."""
        return self.up_in_maintenance + self.down_in_maintenance + self.unknown_in_maintenance

    @property
    def total(self) -> int:
        """The whole period."""
        return self.up + self.down + self.unknown + self.maintenance

    def __add__(self, other: Self) -> Self:
        names = [part.name for part in fields(self)]
        return type(self)(**{name: getattr(self, name) + getattr(other, name) for name in names})


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The figures of one service (or check) over one period.

    `interval` is in microseconds: the longest among the checks. `outages` are maximal runs of
    down: unknown time, maintenance and the edges of the period end a run. `expected` and
    `received` count slots, without retries. A share is None where there is nothing to divide
    by, a mean time None without an outage. Mean times are in microseconds.
    """

    parts: Parts
    outages: int
    interval: int
    expected: int = 0
    received: int = 0
    unknown_by_cause: Mapping[UnknownCause, int] = field(default_factory=dict)

    @property
    def availability(self) -> Fraction | None:
        """Up, as a share of the known time."""
        return _share(self.parts.up, self.parts.up + self.parts.down)

    @property
    def lower(self) -> Fraction | None:
        """Availability if all unknown time was down."""
        return _share(self.parts.up, self._observable)

    @property
    def upper(self) -> Fraction | None:
        """Availability if all unknown time was up."""
        return _share(self.parts.up + self.parts.unknown, self._observable)

    @property
    def gross(self) -> Fraction | None:
        """What citizens saw: maintenance counted like any other time."""
        up = self.parts.up + self.parts.up_in_maintenance
        return _share(up, up + self.parts.down + self.parts.down_in_maintenance)

    @property
    def coverage(self) -> Fraction | None:
        """Known time, as a share of the time outside maintenance."""
        return _share(self.parts.up + self.parts.down, self._observable)

    @property
    def mtbf(self) -> Fraction | None:
        """Mean time between outages."""
        return _share(self.parts.up, self.outages)

    @property
    def mttr(self) -> Fraction | None:
        """Mean time to recovery."""
        return _share(self.parts.down, self.outages)

    @property
    def resolution(self) -> tuple[Fraction, Fraction] | None:
        """Availability if each outage was one interval longer, and one shorter, than seen.

        An outage shorter than the interval may go unseen: the total of down stays unbiased,
        the number of outages is low.
        """
        known = self.parts.up + self.parts.down
        if known == 0:
            return None
        doubt = self.outages * self.interval
        return (
            Fraction(max(self.parts.up - doubt, 0), known),
            Fraction(min(self.parts.up + doubt, known), known),
        )

    @property
    def down_deviation(self) -> int:
        """Standard deviation of `down` in microseconds, rounded up: interval · √(outages / 6)."""
        scaled = 6 * self.interval**2 * self.outages
        return -(-(isqrt(scaled - 1) + 1) // 6) if scaled else 0

    @property
    def _observable(self) -> int:
        return self.parts.up + self.parts.down + self.parts.unknown


def figures(
    timeline: Sequence[Span],
    period: Iterable[Window],
    *,
    interval: int,
    maintenance: Iterable[Window] = (),
    expected: int = 0,
    received: int = 0,
) -> Figures:
    """Return the figures of `timeline` over `period`: one window, or the service's hours.

    `maintenance` holds the windows that were approved before their start. What the timeline
    doesn't cover is unknown.
    """
    counted, carved = carve(timeline, period, maintenance)
    return Figures(
        parts=_parts(counted, carved),
        outages=_runs(counted, Status.DOWN),
        interval=interval,
        expected=expected,
        received=received,
        unknown_by_cause=_causes(counted),
    )


def carve(
    timeline: Sequence[Span], period: Iterable[Window], maintenance: Iterable[Window]
) -> tuple[list[Span], list[Span]]:
    """Return what was seen in `period` outside maintenance, and what was seen inside."""
    whole, planned = list(period), list(maintenance)
    counted = within(timeline, difference(whole, planned))
    return counted, within(timeline, intersection(whole, planned))


def expected_samples(period: Iterable[Window], interval: int, phase: int) -> int:
    """Return how many slots fall into `period`: instants phase + k · interval."""
    return sum(
        -((phase - window.end) // interval) + (phase - window.start) // interval
        for window in union(period)
    )


def verdict(results: Figures, target: Fraction) -> Verdict:
    """Return whether the target is met, whatever happened while nobody could see.

    Below the minimum coverage nothing is concluded.
    """
    coverage, lower, upper = results.coverage, results.lower, results.upper
    if coverage is None or lower is None or upper is None or coverage < MINIMUM_COVERAGE:
        return Verdict.INCONCLUSIVE
    if lower >= target:
        return Verdict.MET
    return Verdict.MISSED if upper < target else Verdict.INCONCLUSIVE


def allowed_downtime(target: Fraction, length: int) -> Fraction:
    """Return how long a service may be down in `length`, in the same unit."""
    return (1 - target) * length


def lowest(group: Iterable[Figures]) -> Figures | None:
    """Return the figures with the lowest availability of a group, None if none is known."""
    known = [one for one in group if one.availability is not None]
    return min(known, key=_rank, default=None)


def pooled(group: Sequence[Figures]) -> Figures:
    """Return the figures of a group as if it were one service.

    Its availability is ΣU / Σ(U + D), a mean by time: percentages are never averaged.
    """
    causes: Counter[UnknownCause] = Counter()
    for one in group:
        causes.update(one.unknown_by_cause)
    return Figures(
        parts=sum((one.parts for one in group), Parts()),
        outages=sum(one.outages for one in group),
        interval=max((one.interval for one in group), default=0),
        expected=sum(one.expected for one in group),
        received=sum(one.received for one in group),
        unknown_by_cause=dict(causes),
    )


def whole_seconds(parts: Parts) -> Parts:
    """Return `parts` in whole seconds that still sum to the period's, by largest remainders.

    For people: figures are made from the microseconds. A tie goes to down, then to unknown.
    """
    seconds = {name: getattr(parts, name) // _SECOND for name in (*_DISJOINT, *_SHARED)}
    missing = parts.total // _SECOND - sum(seconds[name] for name in _DISJOINT)
    by_remainder = sorted(_DISJOINT, key=lambda name: -(getattr(parts, name) % _SECOND))
    for name in by_remainder[:missing]:
        seconds[name] += 1
    return Parts(**seconds)


def _rank(one: Figures) -> tuple[Fraction, int]:
    return one.availability or Fraction(0), -one.parts.unknown


def _share(part: int, whole: int) -> Fraction | None:
    return Fraction(part, whole) if whole else None


def _parts(counted: Sequence[Span], carved: Sequence[Span]) -> Parts:
    outside, inside = _lengths(counted), _lengths(carved)
    return Parts(
        up=outside[Status.UP] + outside[Status.DEGRADED],
        down=outside[Status.DOWN],
        unknown=outside[Status.UNKNOWN],
        degraded=outside[Status.DEGRADED],
        bridged=sum(span.end - span.start for span in counted if span.bridged),
        up_in_maintenance=inside[Status.UP] + inside[Status.DEGRADED],
        down_in_maintenance=inside[Status.DOWN],
        unknown_in_maintenance=inside[Status.UNKNOWN],
    )


def _lengths(timeline: Iterable[Span]) -> Counter[Status]:
    lengths: Counter[Status] = Counter()
    for span in timeline:
        lengths[span.status] += span.end - span.start
    return lengths


def _causes(timeline: Iterable[Span]) -> dict[UnknownCause, int]:
    lengths: Counter[UnknownCause] = Counter()
    for span in timeline:
        if span.status is Status.UNKNOWN:
            lengths[span.cause or UnknownCause.NO_DATA] += span.end - span.start
    return dict(lengths)


def _runs(timeline: Iterable[Span], status: Status) -> int:
    """Count the maximal runs of `status`: spans that touch belong to one run."""
    runs = 0
    until: int | None = None
    for span in timeline:
        if span.status is not status:
            continue
        runs += span.start != until
        until = span.end
    return runs
