"""Local days and months as windows of UTC, as long as the zone makes them.

A day is [00:00, 24:00) of local time: mostly 86,400 s, but 82,800 or 90,000 where summer time
begins or ends, 84,600 or 88,200 on Lord Howe, and 0 for Apia's 30 December 2011.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import NamedTuple

from monitor.domain.instant import instant, microseconds
from monitor.domain.windows import Window

_DAY = timedelta(days=1)


class Day(NamedTuple):
    """A local date, and what of it lies in the period asked for."""

    date: date
    window: Window


def local_midnight(day: date, zone: tzinfo) -> int:
    """Return when `day` begins in `zone` (microseconds since the Unix epoch, UTC).

    Where 00:00 doesn't exist it begins with the first instant after the gap; where 00:00 comes
    twice it begins with the first.
    """
    wall = datetime(day.year, day.month, day.day, tzinfo=zone)
    utc = wall.astimezone(UTC)
    if utc.astimezone(zone).replace(tzinfo=None) == wall.replace(tzinfo=None):
        return microseconds(utc)
    return _gap_end(microseconds(wall.replace(fold=1).astimezone(UTC)), microseconds(utc), zone)


def between(first: date, until: date, zone: tzinfo) -> Window:
    """Return the local days from `first` on, up to and without `until`."""
    return Window(local_midnight(first, zone), local_midnight(until, zone))


def month(text: str, zone: tzinfo) -> Window:
    """Return the window of a month written YYYY-MM. Anything else raises ValueError."""
    first = _first_of_month(text)
    return between(first, (first + 31 * _DAY).replace(day=1), zone)


def quarter(text: str, zone: tzinfo) -> Window:
    """Return the window of a quarter written YYYY-Qn. Anything else raises ValueError."""
    year, _, number = text.upper().partition("-Q")
    if not (_is_year(year) and number in {"1", "2", "3", "4"}):
        raise ValueError(f"{text!r} is not a quarter; write it as 2026-Q4")
    first = date(int(year), 3 * int(number) - 2, 1)
    return between(first, (first + 93 * _DAY).replace(day=1), zone)


def year(text: str, zone: tzinfo) -> Window:
    """Return the window of a year written YYYY. Anything else raises ValueError."""
    if not _is_year(text):
        raise ValueError(f"{text!r} is not a year; write it as 2026")
    return between(date(int(text), 1, 1), date(int(text) + 1, 1, 1), zone)


def days(window: Window, zone: tzinfo) -> Iterator[Day]:
    """Yield the local days of `window` in order; the first and the last may be cut by its edges.

    A day that the zone left out between two others is yielded with an empty window. The lengths
    sum to the window's, exactly.
    """
    day = instant(window.start).astimezone(zone).date() - _DAY
    start = local_midnight(day, zone)
    while start < window.end:
        end = local_midnight(day + _DAY, zone)
        if end > window.start:
            yield Day(day, Window(max(start, window.start), min(end, window.end)))
        day, start = day + _DAY, end


def _is_year(text: str) -> bool:
    return len(text) == 4 and text.isascii() and text.isdigit() and 1970 <= int(text) < 9999


def _first_of_month(text: str) -> date:
    year, _, number = text.partition("-")
    if not (len(text) == 7 and len(year) == 4 and text.isascii() and (year + number).isdigit()):
        raise ValueError(f"{text!r} is not a month; write it as 2026-10")
    try:
        return date(int(year), int(number), 1)
    except ValueError as error:
        raise ValueError(f"{text!r} is not a month: {error}") from error


def _gap_end(before: int, after: int, zone: tzinfo) -> int:
    """Return the first instant in (before, after] at which `zone` has its new offset."""
    offset = instant(after).astimezone(zone).utcoffset()
    while after - before > 1:
        middle = (before + after) // 2
        if instant(middle).astimezone(zone).utcoffset() == offset:
            after = middle
        else:
            before = middle
    return after
