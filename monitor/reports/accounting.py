"""From stored samples to what a report says of a service, day by day and as a whole.

The figures of days are cut out of one timeline, so that those of the period are their sum, exactly.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import zip_longest
from typing import Protocol
from zoneinfo import ZoneInfo

from monitor.domain.availability import Figures
from monitor.domain.check import Check, CheckId
from monitor.domain.latency import Sketch, merged, quantile
from monitor.domain.periods import days
from monitor.domain.service import Service
from monitor.domain.timeline import Span
from monitor.domain.windows import Window, intersection
from monitor.reports.entries import Terms
from monitor.reports.reckoning import Grounds, History, expected_in, grounds
from monitor.reports.report import Account, DayAccount, ResponseTimes, Scope

_QUANTILES = {"p50": Fraction(50, 100), "p95": Fraction(95, 100), "p99": Fraction(99, 100)}


class Answers(Protocol):
    """How many slots have a sample, and how long those took that were answered."""

    @property
    def received(self) -> int: ...
    @property
    def latency(self) -> Sketch: ...


class LongHistory(History, Protocol):
    """What the store remembers, also of each day."""

    def answers(self, check_id: CheckId, windows: Sequence[Window]) -> Sequence[Answers]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What there is of a day, or of the part of it that is over, of all checks together."""

    window: Window
    expected: int
    received: int
    latency: Sketch


def account(
    service: Service,
    checks: Iterable[Check],
    history: LongHistory,
    scope: Scope,
    terms: Terms,
) -> Account:
    """Return what is said of a service: figures up to where it was known, and all days."""
    known = grounds(service, checks, history, scope.known, terms)
    timeline = known.timeline(known.standing)
    found = known.reckoned(timeline)
    as_seen = known.timeline(()) if known.standing else None
    before = None if as_seen is None else known.reckoned(as_seen)
    zone = ZoneInfo(scope.zone)
    seen = _seen(known, history, [day.window for day in days(scope.known, zone)])
    dates = [day.date for day in days(scope.period, zone)]
    return Account(
        service=service,
        checks=known.checks,
        always=found.always or found.figures,
        hours=service.sla.hours if service.sla and known.hours else None,
        in_hours=found.figures if found.always else None,
        measured=None if before is None else before.always or before.figures,
        measured_in_hours=before.figures if before and before.always else None,
        days=[
            _day(known, timeline, as_seen, date, each) for date, each in zip_longest(dates, seen)
        ],
        response=response_times(merged(each.latency for each in seen)),
        corrections=known.acts,
        work=known.work,
        carved=known.planned,
        open_hours=known.open_hours,
        began=known.began,
    )


def response_times(latency: Sketch) -> ResponseTimes | None:
    """Return how long answers took, None where there was none."""
    if not latency:
        return None
    found = {name: quantile(latency, share) for name, share in _QUANTILES.items()}
    return ResponseTimes(**{name: round(value or 0) for name, value in found.items()})


def _seen(known: Grounds, history: LongHistory, windows: Sequence[Window]) -> list[_Seen]:
    answers = [history.answers(check.id, windows) for check in known.checks]
    return [
        _Seen(
            window=window,
            expected=sum(_expected(known, check, window) for check in known.checks),
            received=sum(each[place].received for each in answers),
            latency=merged(each[place].latency for each in answers),
        )
        for place, window in enumerate(windows)
    ]


def _expected(known: Grounds, check: Check, window: Window) -> int:
    taking_part = Window(known.tracks[check.id].begins, known.period.end)
    return expected_in(check, intersection([window], [taking_part]))


def _day(
    known: Grounds,
    timeline: Sequence[Span],
    as_seen: Sequence[Span] | None,
    date: date,
    seen: _Seen | None,
) -> DayAccount:
    """Return a day. `as_seen` is the timeline before corrections, None where none counts."""
    if seen is None:
        return DayAccount(date=date, figures=None)

    def over(spans: Sequence[Span], windows: Sequence[Window]) -> Figures:
        return known.over(spans, windows, seen.expected, seen.received)

    day, promised = [seen.window], intersection([seen.window], known.open_hours)
    return DayAccount(
        date=date,
        figures=over(timeline, day),
        in_hours=over(timeline, promised) if known.hours else None,
        measured=over(as_seen, day) if as_seen is not None else None,
        measured_in_hours=over(as_seen, promised) if as_seen is not None and known.hours else None,
        response=response_times(seen.latency),
    )
