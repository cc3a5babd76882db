"""What is reckoned for a service over a period, and what its figures go by besides samples."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from monitor.domain.availability import Figures
from monitor.domain.budget import Budget
from monitor.domain.calendar import Calendar, HolidayDoubt
from monitor.domain.correction import CorrectionRecord
from monitor.domain.service import Service
from monitor.domain.windowrecord import Occasion, WindowRecord
from monitor.domain.windows import Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The calendars by their ids, and the maintenance windows and corrections on record.

    `whole` is the period without being cut at the present, None where it is over.
    """

    calendars: Mapping[str, Calendar] = field(default_factory=dict)
    windows: tuple[WindowRecord, ...] = ()
    corrections: tuple[CorrectionRecord, ...] = ()
    whole: Window | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reckoning:
    """Figures by the hours that were promised, and around the clock where these are others."""

    figures: Figures
    always: Figures | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A service and its figures by the hours that were promised for it.

    `always` are those around the clock, None where that was promised: there are no `hours` then.
    `budget` is that of the target, None without one.
    `measured` are both as they were before `corrections`, which touch the period and may have been
    withdrawn; None where none counts.
    `work` are the maintenance windows that touch the period, `carved` is what they took out of
    it, and `doubts` are what is not certain of the
    holidays in it. `began` is when watching began (microseconds since the Unix epoch), None if
    that was before the period. Nothing was seen in the period when it is the period's end.
    """

    service: Service
    figures: Figures
    hours: Calendar | None = None
    always: Figures | None = None
    budget: Budget | None = None
    measured: Reckoning | None = None
    corrections: tuple[CorrectionRecord, ...] = ()
    work: tuple[Occasion, ...] = ()
    carved: tuple[Window, ...] = ()
    doubts: tuple[HolidayDoubt, ...] = ()
    began: int | None = None
