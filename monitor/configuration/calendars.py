"""The calendars of config/calendars/: service hours, holidays, and periods with other hours."""

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from itertools import pairwise
from pathlib import PurePath
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from monitor.configuration.countries import CountryDoubts, CountryHolidays, check_country
from monitor.configuration.document import Document
from monitor.configuration.entries import Entry
from monitor.configuration.findings import Findings, Item, accepted
from monitor.configuration.moments import WEEKDAYS, Day
from monitor.configuration.names import ID_PATTERN, Text
from monitor.domain.calendar import Calendar, Hours, SpecialPeriod, Week
from monitor.domain.service import ALWAYS
from monitor.fields import Context, shown

_ID = re.compile(ID_PATTERN.replace("$", r"\Z"))
_DAY_NAME = "|".join(WEEKDAYS)
_DAYS_PATTERN = rf"^({_DAY_NAME})(-({_DAY_NAME}))?$"
_DAYS = re.compile(_DAYS_PATTERN.replace("$", r"\Z"))
_SPAN_PATTERN = r"^([01][0-9]|2[0-3]):[0-5][0-9]-(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"
_SPAN = re.compile(_SPAN_PATTERN.replace("$", r"\Z"))


def _days(written: str) -> str:
    if not _DAYS.match(written):
        raise ValueError(f"{shown(written)} names no weekdays: write mon, tue, … or mon-thu")
    return written


def _spans(value: object) -> tuple[Hours, ...]:
    """Return the hours of a day in order; raise ValueError unless they are apart."""
    written = value if isinstance(value, list | tuple) else (value,)
    found = sorted(each if isinstance(each, Hours) else _hours(each) for each in written)
    for one, other in pairwise(found):
        if other.start < one.end:
            raise ValueError(f"{_text(one)} and {_text(other)} overlap")
    return tuple(found)


def _hours(value: object) -> Hours:
    if not isinstance(value, str) or not _SPAN.match(value):
        raise ValueError(f"{shown(value)} is no span of hours: write it as 07:30-16:00")
    hours = Hours(*(_since_midnight(clock) for clock in value.split("-")))
    if hours.start == hours.end:
        raise ValueError(f"{shown(value)} is empty; the whole day is 00:00-24:00")
    if hours.start > hours.end:
        start, end = value.split("-")
        raise ValueError(
            f"{shown(value)} ends before it begins: write {start}-24:00, and 00:00-{end} on the "
            "next day"
        )
    return hours


def _since_midnight(clock: str) -> timedelta:
    hour, minute = clock.split(":")
    return timedelta(hours=int(hour), minutes=int(minute))


def _text(hours: Hours) -> str:
    clocks = (divmod(each // timedelta(minutes=1), 60) for each in hours)
    return "-".join(f"{hour:02}:{minute:02}" for hour, minute in clocks)


def _weekdays(written: str) -> list[int]:
    """Return the numbers of the weekdays that a key names; fri-mon goes over the week's end."""
    first, _, last = written.partition("-")
    start, end = WEEKDAYS.index(first), WEEKDAYS.index(last or first)
    return [(start + each) % 7 for each in range((end - start) % 7 + 1)]


def _each_once(days: dict[str, tuple[Hours, ...]]) -> dict[str, tuple[Hours, ...]]:
    taken: dict[int, str] = {}
    for written in days:
        for day in _weekdays(written):
            if (other := taken.setdefault(day, written)) != written:
                raise ValueError(f"{written}: {WEEKDAYS[day]} stands under {other} already")
    return days


_SPAN_SCHEMA = {"type": "string", "pattern": _SPAN_PATTERN}
Days = Annotated[
    dict[
        Annotated[str, AfterValidator(_days)],
        Annotated[tuple[Hours, ...], BeforeValidator(_spans)],
    ],
    AfterValidator(_each_once),
    WithJsonSchema(
        {
            "type": "object",
            "propertyNames": {"pattern": _DAYS_PATTERN},
            "additionalProperties": {
                "anyOf": [_SPAN_SCHEMA, {"type": "array", "items": _SPAN_SCHEMA}]
            },
        }
    ),
]
"""Hours by weekday: `mon-thu: "07:30-16:00"`, several of a day in a list."""


Year = Annotated[int, Field(ge=1900, le=2200)]


class HolidayEntry(Entry):
    """A day on which nothing is open."""

    date: Day = Field(description="The day.")
    name: Text = Field(description="What it is called.")


class HolidaysEntry(Entry):
    """Days on which nothing is open."""

    country: Text | None = Field(
        None, description="Whose holidays: the two letters of ISO 3166, such as `ID`."
    )
    categories: tuple[Text, ...] = Field(
        ("public",),
        min_length=1,
        description="Which of them. For `ID`: `public`, the national holidays, and `government`, "
        "the joint leave (cuti bersama).",
    )
    add: tuple[HolidayEntry, ...] = Field((), description="More days, one by one.")
    drop: tuple[Day, ...] = Field((), description="Days of the country's that are none here.")
    confirmed: tuple[Year, ...] = Field(
        (),
        description="Years whose days somebody has held against the decree: `validate` and "
        "`availability` do not doubt them any more.",
    )

    @model_validator(mode="after")
    def _each_once(self) -> "HolidaysEntry":
        for key, days in (("add", [each.date for each in self.add]), ("drop", [*self.drop])):
            if twice := [day for day in days if days.count(day) > 1]:
                raise ValueError(f"{key}: {twice[0]} stands there twice")
        if both := sorted({each.date for each in self.add} & set(self.drop)):
            raise ValueError(f"drop: {both[0]} stands under add as well")
        return self

    @model_validator(mode="after")
    def _of_a_country(self) -> "HolidaysEntry":
        if self.country is not None:
            check_country(self.country, self.categories)
        elif meant := sorted(self.model_fields_set & {"categories", "drop", "confirmed"}):
            raise ValueError(f"{meant[0]}: of which country? Write country: ID, for one")
        return self


class SpecialPeriodEntry(Entry):
    """A period with hours of its own."""

    name: Text = Field(description="What it is called, such as Ramadan.")
    first: Day = Field(alias="from", description="Its first day.")
    last: Day = Field(alias="to", description="Its last day.")
    days: Days = Field(description="Its hours, instead of the usual ones; {} for none at all.")

    @model_validator(mode="after")
    def _forward(self) -> "SpecialPeriodEntry":
        if self.last < self.first:
            raise ValueError(f"to: {self.last} is before from, {self.first}")
        return self


class CalendarFile(Entry):
    """A file in config/calendars/. What it is called by is the file's name without .yaml."""

    version: Literal[1] = Field(1, description="Version of this form of configuration.")
    name: Text = Field(description="What people read.")
    days: Days = Field(
        description='Hours by weekday, in `zone`: `{mon-thu: "07:30-16:00", sat: ["08:00-10:00", '
        '"13:00-14:00"]}`. A day that is not named is closed; the end of a day is 24:00.'
    )
    holidays: HolidaysEntry = Field(
        HolidaysEntry(), description="Days on which it is closed, whatever its hours are."
    )
    overrides: tuple[SpecialPeriodEntry, ...] = Field(
        (), description="Periods with other hours; they may not overlap."
    )

    @model_validator(mode="after")
    def _sound(self) -> "CalendarFile":
        if not any(self.days.values()):
            raise ValueError('days: no hours at all: write such as {mon-fri: "08:00-16:00"}')
        for one, other in pairwise(sorted(self.overrides, key=lambda each: each.first)):
            if other.first <= one.last:
                raise ValueError(f"overrides: {one.name} and {other.name} overlap")
        return self


def calendars_of(
    documents: Sequence[Document], zone: str, findings: Findings, context: Context
) -> tuple[dict[str, Calendar], frozenset[str]]:
    """Return the valid calendars by name, and the names of all that are written, valid or not."""
    calendars = {}
    for document in documents:
        id_ = PurePath(document.file).stem
        if not document.root and any(each.file == document.file for each in findings.problems):
            continue  # what could not be read lacks no key
        item = Item(document.file, document.root)
        entry = accepted(CalendarFile, item, findings, context)
        if _is_name(id_, document.file, findings) and entry is not None:
            calendars[id_] = _calendar(id_, entry, ZoneInfo(zone))
    return calendars, frozenset(PurePath(document.file).stem for document in documents)


def _is_name(id_: str, file: str, findings: Findings) -> bool:
    if id_ != ALWAYS and _ID.match(id_):
        return True
    reason = "is what stands for always" if id_ == ALWAYS else "is no id (a-z 0-9 - _ .)"
    findings.problem(file, (1, 1), f"{shown(id_)} {reason}: give the file another name")
    return False


def _calendar(id_: str, entry: CalendarFile, zone: ZoneInfo) -> Calendar:
    return Calendar(
        id=id_,
        name=entry.name,
        zone=zone,
        week=_week(entry.days),
        **_holidays(entry.holidays),
        special=tuple(
            SpecialPeriod(name=each.name, first=each.first, last=each.last, week=_week(each.days))
            for each in entry.overrides
        ),
    )


def _holidays(entry: HolidaysEntry) -> dict[str, Any]:
    added = {each.date: each.name for each in entry.add}
    if entry.country is None:
        return {"holidays": added}
    found = CountryHolidays(
        country=entry.country,
        categories=entry.categories,
        added=added,
        dropped=frozenset(entry.drop),
        confirmed=frozenset(entry.confirmed),
    )
    return {"holidays": found, "doubts": CountryDoubts(found)}


def _week(days: Mapping[str, tuple[Hours, ...]]) -> Week:
    by_day = {day: hours for written, hours in days.items() for day in _weekdays(written)}
    return tuple(by_day.get(day, ()) for day in range(7))
