"""Service hours: at which instants a calendar's weekdays, holidays and special periods are open.

Hours are those of the clock on the wall. They begin when it first shows their start, or was put
forward past it, and end when it first shows their end: what a clock that was set back shows twice
is neither left out nor counted twice.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta, tzinfo
from typing import NamedTuple, Protocol, TypeVar

from monitor.domain.instant import instant, microseconds
from monitor.domain.walltime import instant_of
from monitor.domain.windows import Window, intersection

# How far a change is looked for. Only holidays or special periods without end lie further apart.
FURTHEST = timedelta(days=400)

_DAY = timedelta(days=1)

# Dates that go by the moon are decreed a day or two from where they were expected.
_MAY_MOVE = 2 * _DAY

KeyT_contra = TypeVar("KeyT_contra", contravariant=True)
ValueT_co = TypeVar("ValueT_co", covariant=True)


class Lookup(Protocol[KeyT_contra, ValueT_co]):
    """What can be asked for one value at a time: a dict, or what finds it when it is asked."""

    def get(self, key: KeyT_contra, /) -> ValueT_co | None: ...


class Hours(NamedTuple):
    """[start, end) of a day, each so long after 00:00 by the clock; 24 hours is the day's end."""

    start: timedelta
    end: timedelta


Week = tuple[tuple[Hours, ...], ...]
"""The hours of each weekday, Monday first; they are in order and apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecialPeriod:
    """Other hours, from `first` up to and with `last`: Ramadan, for one."""

    name: str
    first: date
    last: date
    week: Week


@dataclass(frozen=True, slots=True, kw_only=True)
class HolidayDoubt:
    """What is not certain of the holidays of `country` in a year.

    The dates of `estimated` ones are only expected, and of the kinds in `missing` none is known.
    """

    year: int
    country: str
    estimated: tuple[date, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """When something is served, in `zone`. `holidays` are days and what they are called.

    A holiday comes before a special period, and that before the week. `doubts` are by year.
    """

    id: str
    name: str
    zone: tzinfo
    week: Week
    holidays: Lookup[date, str] = field(default_factory=dict)
    doubts: Lookup[int, HolidayDoubt] = field(default_factory=dict)
    special: tuple[SpecialPeriod, ...] = ()

    def hours_on(self, day: date) -> tuple[Hours, ...]:
        """Return the hours of a local day."""
        if self.holidays.get(day) is not None:
            return ()
        other = next((each for each in self.special if each.first <= day <= each.last), None)
        return (other.week if other else self.week)[day.weekday()]


def is_open(calendar: Calendar, at: datetime) -> bool:
    """Say whether `at` lies in the hours of `calendar`."""
    moment = microseconds(at)
    return any(start <= moment < end for start, end in _from(calendar, at, at))


def next_change(calendar: Calendar, after: datetime) -> datetime:
    """Return when hours next begin or end after `after`, or FURTHEST from it if that is earlier."""
    furthest = after + FURTHEST
    moment, reach = microseconds(after), None
    for start, end in _from(calendar, after, furthest):
        if reach is not None and start > reach:
            break
        if end <= moment:
            continue
        if start > moment and reach is None:
            return min(instant(start), furthest)
        reach = end
    return furthest if reach is None else min(instant(reach), furthest)


def open_windows(calendar: Calendar, period: Window) -> list[Window]:
    """Return exactly the hours of `calendar` that lie in `period`, apart and in order."""
    found = _from(calendar, instant(period.start), instant(period.end))
    return intersection([period], found)


def doubts(calendar: Calendar, period: Window) -> list[HolidayDoubt]:
    """Return what is not certain of the holidays in `period`, year by year.

    What is expected a little before it, or after, may still fall into it.
    """
    edges = period.start, max(period.end - 1, period.start)
    first, last = (instant(at).astimezone(calendar.zone).date() for at in edges)
    found = (calendar.doubts.get(year) for year in range(first.year, last.year + 1))
    near = (
        replace(each, estimated=_between(each.estimated, first - _MAY_MOVE, last + _MAY_MOVE))
        for each in found
        if each is not None
    )
    return [each for each in near if each.estimated or each.missing]


def _between(days: Iterable[date], first: date, last: date) -> tuple[date, ...]:
    return tuple(day for day in days if first <= day <= last)


def _from(calendar: Calendar, start: datetime, end: datetime) -> Iterator[Window]:
    """Yield the hours of the days from `start` to `end` in order, and those of one day more.

    Where a clock shows midnight and is set back before it, the new day has begun for good.
    """
    day, last = (at.astimezone(calendar.zone).date() for at in (start, end))
    for number in range((last - day).days + 2):
        yield from _windows(calendar, day + number * _DAY)


def _windows(calendar: Calendar, day: date) -> Iterable[Window]:
    """Yield the hours of a day that the zone did not leave out."""
    midnight = datetime.combine(day, time())
    for hours in calendar.hours_on(day):
        start, end = (microseconds(instant_of(midnight + each, calendar.zone)) for each in hours)
        if start < end:
            yield Window(start, end)
