"""When a report is due, and on which period."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum

from monitor.domain.cron import Cron, last_fire

_SOON = (timedelta(minutes=1), timedelta(minutes=10))
_LATER = timedelta(hours=1)

# It is looked each minute what is due, and reports are made one after the other.
_IN_TIME = timedelta(minutes=10)


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
    owners: Sequence[str] = ()
    services: Sequence[str] = ()
    sealed: bool = False

    @property
    def name(self) -> str:
        """Return what tells it from all others, whenever it runs."""
        return ", ".join((self.every, *self.owners, *self.services))

    @property
    def parts(self) -> frozenset[str]:
        """Return of what its files are: forms, languages, and a seal."""
        return frozenset((*self.forms, *self.languages, *(("seal",) if self.sealed else ())))


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """Up to when a plan was taken care of, and with which parts its last report was filed.

    `parts` are None where none was filed yet, or it is not known with which.
    """

    at: datetime
    parts: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A report that is due since `at`, on `period`: 2026-10, 2026-Q4 or 2026.

    `adds` says that it was filed then, and lacks what the plan has asked for since.
    """

    plan: ReportPlan
    at: datetime
    period: str
    adds: bool = False

    @property
    def name(self) -> str:
        """Return what people call it: its period, and what it is about where that is not all."""
        return ", ".join((self.period, *self.plan.owners, *self.plan.services))

    def lateness(self, now: datetime) -> timedelta | None:
        """Return how late it is, None where it is in time."""
        late = now - self.at
        return late if late > _IN_TIME and not self.adds else None


def due(plan: ReportPlan, done: Done, now: datetime, zone: tzinfo) -> Run | None:
    """Return what is due after `done`: of several times that passed, the last one alone.

    Where none passed, the last report is due again if the plan asks for parts that it lacks.
    """
    at = last_fire(plan.cron, zone, now)
    if at > done.at:
        return Run(plan=plan, at=at, period=ended(plan.every, at, zone))
    if done.parts is None or plan.parts <= done.parts:
        return None
    return Run(plan=plan, at=done.at, period=ended(plan.every, done.at, zone), adds=True)


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
