"""When a report is due, and on which period."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum

from monitor.domain.cron import Cron, last_fire

_SOON = (timedelta(minutes=1), timedelta(minutes=10))
_LATER = timedelta(hours=1)


class Every(StrEnum):
    """On which periods reports are."""

    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPlan:
    """A report that is filed whenever `cron` fires, on the newest period that is over by then."""

    every: Every
    cron: Cron
    forms: Sequence[str]
    languages: Sequence[str]
    owner: str | None = None

    @property
    def name(self) -> str:
        """Return what tells it from all others, whenever it runs."""
        return self.every if self.owner is None else f"{self.every}, {self.owner}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A report that is due since `at`, on `period`: 2026-10, 2026-Q4 or 2026."""

    plan: ReportPlan
    at: datetime
    period: str

    @property
    def name(self) -> str:
        """Return what people call it: its period, and its owner where it has one."""
        owner = self.plan.owner
        return self.period if owner is None else f"{self.period}, {owner}"


def due(plan: ReportPlan, done: datetime, now: datetime, zone: tzinfo) -> Run | None:
    """Return what is due after `done`: of several times that passed, the last one alone."""
    at = last_fire(plan.cron, zone, now)
    return None if at <= done else Run(plan=plan, at=at, period=ended(plan.every, at, zone))


def ended(every: Every, at: datetime, zone: tzinfo) -> str:
    """Return the name of the newest period that was over at `at`."""
    day = at.astimezone(zone).date()
    if every is Every.YEAR:
        return f"{day.year - 1:04}"
    size = 1 if every is Every.MONTH else 3
    year, number = divmod(day.year * (12 // size) + (day.month - 1) // size - 1, 12 // size)
    return f"{year:04}-{number + 1:02}" if every is Every.MONTH else f"{year:04}-Q{number + 1}"


def is_told(failures: int) -> bool:
    """Say whether people are told after so many failures in a row: what passes tells nobody."""
    return failures == len(_SOON) + 1


def pause(failures: int) -> timedelta:
    """Return how long to wait after so many failures in a row."""
    return _SOON[failures - 1] if failures <= len(_SOON) else _LATER
