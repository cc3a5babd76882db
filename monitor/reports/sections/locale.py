"""Moments, stretches and lengths in the language and the zone of one report."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from monitor.domain.instant import instant
from monitor.locales import Language, listed
from monitor.locales.dates import (
    duration_text,
    moment_text,
    short_date_text,
    span_text,
    time_text,
    zone_text,
)
from monitor.locales.numbers import decimal

NONE = "–"
"""What stands in a cell that has nothing to say."""

TO_FILL = "……………………"
"""What stands in a cell that a person fills."""

_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Locale:
    """In which language a report is written, and by which clock."""

    language: Language
    zone: ZoneInfo

    def long_moment(self, at: int) -> str:
        """Return a moment with weekday, seconds where it has any, and zone."""
        moment = instant(at)
        return moment_text(moment, self.zone, self.language, seconds=bool(moment.second))

    def moment(self, at: datetime) -> str:
        """Return "1 Juni 2026, 07.05.00 WITA", for tables."""
        day = short_date_text(at.astimezone(self.zone).date(), self.language)
        time = time_text(at, self.zone, self.language, seconds=True)
        return f"{day}, {time} {zone_text(at, self.zone)}"

    def span(self, start: datetime, end: datetime) -> str:
        """Return from when to when, the day of the end where it is another one."""
        return span_text(start, end, self.zone, self.language)

    def day(self, day: date) -> str:
        """Return "1 Juni 2026"."""
        return short_date_text(day, self.language)

    def length(self, microseconds: int | Fraction) -> str:
        """Return how long something was, to the whole second."""
        return duration_text(int(microseconds) * _MICROSECOND, self.language)

    def number(self, value: int | Fraction, places: int = 0) -> str:
        """Return a number with so many decimals."""
        return decimal(value, self.language, places=places)

    def milliseconds(self, microseconds: int) -> str:
        """Return a response time, to a tenth of a millisecond: "250,0 ms"."""
        return f"{decimal(Fraction(microseconds, 1000), self.language, places=1)} ms"

    def listed(self, items: Iterable[str]) -> str:
        """Return "a, b, dan c"."""
        return listed(tuple(items), self.language)
