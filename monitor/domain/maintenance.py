"""Planned work: when a maintenance window is open, and what it is about.

A recurring window begins by the clock on the wall of its zone and lasts as long as it says, also
on a day on which the clock is changed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo
from functools import lru_cache

from dateutil.rrule import rrule, rrulestr

from monitor.domain.check import Check
from monitor.domain.service import Service, ServiceId
from monitor.domain.walltime import instant_of

LONGEST = timedelta(days=30)

_DAY = timedelta(days=1)
_YEARS_AHEAD = timedelta(days=3653)
_FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
# The time of day stands under `start`, and the first day under `first`.
_ELSEWHERE = ("BYHOUR", "BYMINUTE", "BYSECOND", "DTSTART")


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One time that a window is open: [start, end), UTC."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurrence:
    """The RRULE (RFC 5545) of the days, from `first` on, and the time of day and length of each."""

    rule: str
    first: date
    start: time
    duration: timedelta
    zone: tzinfo


@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenanceWindow:
    """What is planned. It covers what any of `services`, `owners` and `labels` names.

    Labels must all be there. `when` is one occurrence, or a rule for many. Citizens read
    `public_reason`, and never `reason`.
    """

    id: str
    when: Occurrence | Recurrence
    reason: str
    approved_by: str
    public_reason: str = ""
    services: frozenset[ServiceId] = frozenset()
    owners: frozenset[str] = frozenset()
    labels: Mapping[str, str] = field(default_factory=dict)

    def covers(self, service: Service, check: Check) -> bool:
        """Say whether a check of `service` is worked on while the window is open."""
        by_label = bool(self.labels) and self.labels.items() <= check.labels.items()
        return service.id in self.services or service.owner in self.owners or by_label


@dataclass(frozen=True, slots=True)
class OpenWindow:
    """A window, and the occurrence that is going on.

    `after_the_fact` says that it was known only after it began.
    """

    window: MaintenanceWindow
    occurrence: Occurrence
    after_the_fact: bool = False


def check_rule(recurrence: Recurrence, *, dated: bool) -> None:
    """Raise ValueError, saying what would be right, unless the rule gives days to begin on.

    `dated` says that somebody wrote the first day, which some rules count from.
    """
    parts = _parts(recurrence.rule)
    if parts.get("FREQ") not in _FREQUENCIES:
        raise ValueError(f"write FREQ= one of {', '.join(_FREQUENCIES)}")
    if elsewhere := next((name for name in _ELSEWHERE if name in parts), None):
        raise ValueError(f"{elsewhere} is not for here: the time stands under `start`")
    if parts.get("UNTIL", "").endswith("Z"):
        raise ValueError("write UNTIL as local time, without Z")
    if not dated and ("COUNT" in parts or parts.get("INTERVAL", "1") != "1"):
        raise ValueError("COUNT and INTERVAL count from a day: write it as `first`")
    try:
        rule = _compiled(recurrence)
    except ValueError as error:
        raise ValueError(f"{error}; write it as in FREQ=WEEKLY;BYDAY=SU") from None
    soon = rule.replace(count=None, until=_wall(recurrence) + _YEARS_AHEAD)
    if next(iter(soon), None) is None:
        raise ValueError("no such day comes within ten years")


def occurrence_at(when: Occurrence | Recurrence, at: datetime) -> Occurrence | None:
    """Return the occurrence that is going on at `at`, the latest if several are, or None."""
    running = [each for each in _near(when, at) if each.start <= at < each.end]
    return max(running, key=lambda each: each.start, default=None)


def coming(when: Occurrence | Recurrence, at: datetime) -> Occurrence | None:
    """Return the occurrence that is going on at `at`, else the next one, None if there is none."""
    running = occurrence_at(when, at)
    if running is not None or isinstance(when, Occurrence):
        return running or (when if isinstance(when, Occurrence) and when.start > at else None)
    wall = at.astimezone(when.zone).replace(tzinfo=None)
    begins = _compiled(when).after(wall)
    if begins is None:
        return None
    start = instant_of(begins, when.zone)
    return Occurrence(start, start + when.duration)


def is_over(when: Occurrence | Recurrence, at: datetime) -> bool:
    """Say whether nothing of it is still open at `at`, or comes later."""
    if isinstance(when, Occurrence):
        return when.end <= at
    return bool({"UNTIL", "COUNT"} & _parts(when.rule).keys()) and coming(when, at) is None


def occurrences(
    when: Occurrence | Recurrence, start: datetime, end: datetime
) -> tuple[Occurrence, ...]:
    """Return the occurrences that touch [start, end), in order."""
    found = (when,) if isinstance(when, Occurrence) else _between(when, start, end)
    return tuple(each for each in found if each.start < end and each.end > start)


def open_windows(windows: Iterable[MaintenanceWindow], at: datetime) -> tuple[OpenWindow, ...]:
    """Return the windows that are open at `at`."""
    found = ((window, occurrence_at(window.when, at)) for window in windows)
    return tuple(OpenWindow(window, running) for window, running in found if running is not None)


def next_change(windows: Iterable[MaintenanceWindow], after: datetime) -> datetime | None:
    """Return when a window next opens or closes, or a day from `after` if that is earlier.

    None when there is no window that can open any more.
    """
    ahead = [
        moment
        for window in windows
        for each in _near(window.when, after)
        for moment in (each.start, each.end)
        if moment > after
    ]
    if not ahead and not any(_goes_on(window.when, after) for window in windows):
        return None
    return min((*ahead, after + _DAY))


def _near(when: Occurrence | Recurrence, at: datetime) -> list[Occurrence]:
    """Return the occurrences that may be open at `at`, or begin within a day of it."""
    return [when] if isinstance(when, Occurrence) else _between(when, at, at)


def _between(when: Recurrence, start: datetime, end: datetime) -> list[Occurrence]:
    """Return the occurrences that touch [start, end], and a few more on either side."""
    first, last = (each.astimezone(when.zone).replace(tzinfo=None) for each in (start, end))
    begins = _compiled(when).between(first - when.duration - 2 * _DAY, last + 2 * _DAY, inc=True)
    starts = (instant_of(each, when.zone) for each in begins)
    return [Occurrence(start, start + when.duration) for start in starts]


def _goes_on(when: Occurrence | Recurrence, after: datetime) -> bool:
    if isinstance(when, Occurrence):
        return when.end > after
    wall = after.astimezone(when.zone).replace(tzinfo=None)
    return _compiled(when).after(wall - when.duration - 2 * _DAY) is not None


def _parts(rule: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in rule.upper().split(";") if part)
    return {name.strip(): value.strip() for name, _, value in pairs}


def _wall(recurrence: Recurrence) -> datetime:
    return datetime.combine(recurrence.first, recurrence.start)


@lru_cache(maxsize=1024)
def _compiled(recurrence: Recurrence) -> rrule:
    found = rrulestr(recurrence.rule, dtstart=_wall(recurrence), cache=True)
    if not isinstance(found, rrule):
        raise ValueError("one RRULE is taken, and nothing else")  # noqa: TRY004 - a writer's mistake
    return found
