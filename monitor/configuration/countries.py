"""Holidays of countries, year by year, as the package `holidays` knows them.

It is imported only where a calendar names a country, and a year is looked up when it is first
asked for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING

from monitor.configuration.names import nearest
from monitor.domain.calendar import HolidayDoubt
from monitor.fields import shown

if TYPE_CHECKING:
    from holidays import HolidayBase

_LOOK_BACK = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class CountryHolidays:
    """Looks up the holidays of `country`: `added` are holidays as well, `dropped` are none.

    In `confirmed` years nothing is in doubt, since somebody held them against the decree.
    """

    country: str
    categories: tuple[str, ...]
    added: Mapping[date, str]
    dropped: frozenset[date]
    confirmed: frozenset[int]

    def get(self, day: date, /) -> str | None:
        """Return what a holiday is called, None of any other day."""
        if day in self.added:
            return self.added[day]
        if day in self.dropped:
            return None
        return _year(self.country, self.categories, day.year).names.get(day)

    def needless(self) -> tuple[date, ...]:
        """Return the days that were dropped and are none anyway."""
        return tuple(
            day
            for day in sorted(self.dropped)
            if day not in _year(self.country, self.categories, day.year).names
        )


@dataclass(frozen=True, slots=True)
class CountryDoubts:
    """Looks up what is in doubt of a year of `holidays`."""

    holidays: CountryHolidays

    def get(self, year: int, /) -> HolidayDoubt | None:
        """Return what is in doubt, None where nothing is."""
        mine = self.holidays
        if year in mine.confirmed:
            return None
        found = _year(mine.country, mine.categories, year)
        settled = mine.added.keys() | mine.dropped
        estimated = tuple(day for day in found.estimated if day not in settled)
        if not estimated and not found.missing:
            return None
        return HolidayDoubt(
            year=year, country=mine.country, estimated=estimated, missing=found.missing
        )


def check_country(country: str, categories: Sequence[str]) -> None:
    """Raise ValueError, saying what would be right, unless the holidays are known."""
    from holidays import country_holidays
    from holidays.registry import EntityLoader

    known = set(EntityLoader.get_country_codes(include_aliases=False))
    if country not in known:
        raise ValueError(
            f"country: {shown(country)} is none whose holidays are known: write the two letters "
            "of ISO 3166, such as ID"
        )
    there = country_holidays(country).supported_categories
    for name in categories:
        if name not in there:
            raise ValueError(
                f"categories: {country} has no holidays of the kind {shown(name)}"
                f"{nearest(name, there)}"
            )


@dataclass(frozen=True, slots=True)
class _Year:
    """The holidays of a year, which of them are estimates, and of which kinds none are known."""

    names: Mapping[date, str]
    estimated: tuple[date, ...]
    missing: tuple[str, ...]


@lru_cache(maxsize=256)
def _year(country: str, categories: tuple[str, ...], year: int) -> _Year:
    by_kind = {kind: _days(country, kind, year) for kind in categories}
    names = {day: name for found in by_kind.values() for day, (name, _) in found.items()}
    estimated = {
        day for found in by_kind.values() for day, (_, guessed) in found.items() if guessed
    }
    missing = tuple(
        kind for kind, found in by_kind.items() if not found and _was_there(country, kind, year)
    )
    return _Year(names, tuple(sorted(estimated)), missing)


def _was_there(country: str, kind: str, year: int) -> bool:
    """Say whether years before had such holidays: then those of `year` are not decreed yet."""
    earlier = range(year - 1, max(year - _LOOK_BACK, date.min.year), -1)
    return any(_days(country, kind, each) for each in earlier)


@lru_cache(maxsize=1024)
def _days(country: str, kind: str, year: int) -> Mapping[date, tuple[str, bool]]:
    """Return the days of one kind, what each is called, and whether it is an estimate."""
    from holidays import country_holidays

    # Left to itself, it goes by the language of whoever runs the command.
    language = country_holidays(country).default_language
    found = country_holidays(country, years=year, categories=kind, expand=False, language=language)
    mark = _mark(found)
    return {
        day: (name, bool(mark) and mark in name) for day, name in found.items() if day.year == year
    }


def _mark(found: "HolidayBase") -> str:
    """Return the word by which the name of a holiday says that its date is an estimate."""
    label: str = getattr(found, "estimated_label", "") or ""
    return str(found.tr(label)).replace("%s", "").strip(" ()")
