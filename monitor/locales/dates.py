"""Dates, times of day and durations as text.

Names come from here and not from the C library: its locales differ from machine to machine.
"""

from datetime import date, datetime, timedelta, tzinfo

from monitor.locales import Language
from monitor.locales.numbers import decimal

_WEEKDAYS = {
    Language.ID: ("Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu", "Minggu"),
    Language.EN: ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
_MONTHS = {
    Language.ID: (
        *("Januari", "Februari", "Maret", "April", "Mei", "Juni"),
        *("Juli", "Agustus", "September", "Oktober", "November", "Desember"),
    ),
    Language.EN: (
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
}
_UNITS = {
    Language.ID: (("hari", "hari"), ("jam", "jam"), ("menit", "menit"), ("detik", "detik")),
    Language.EN: (
        *(("day", "days"), ("hour", "hours")),
        *(("minute", "minutes"), ("second", "seconds")),
    ),
}
_LESS = {Language.ID: "kurang dari 1 detik", Language.EN: "less than 1 second"}
_TIME_MARK = {Language.ID: ".", Language.EN: ":"}
_SECONDS = (86_400, 3_600, 60, 1)


def date_text(day: date, language: Language) -> str:
    """Return "Senin, 1 Juni 2026" or "Monday, 1 June 2026"."""
    return f"{_WEEKDAYS[language][day.weekday()]}, {short_date_text(day, language)}"


def short_date_text(day: date, language: Language) -> str:
    """Return "1 Juni 2026" or "1 June 2026"."""
    return f"{day.day} {month_text(day, language)}"


def month_text(day: date, language: Language) -> str:
    """Return the month of `day`: "Juni 2026" or "June 2026"."""
    return f"{_MONTHS[language][day.month - 1]} {day.year}"


def time_text(at: datetime, zone: tzinfo, language: Language, *, seconds: bool = False) -> str:
    """Return the time of day in `zone`: "07.05" or "07:05". What doesn't fit is cut off."""
    local = at.astimezone(zone)
    parts = [local.hour, local.minute, local.second][: 3 if seconds else 2]
    return _TIME_MARK[language].join(f"{part:02d}" for part in parts)


def zone_text(at: datetime, zone: tzinfo) -> str:
    """Return what the zone calls itself at that moment, "WITA", or "UTC+05:45" if it has no name.

    In between, the tz database writes names like "+0545".
    """
    local = at.astimezone(zone)
    name = local.tzname() or ""
    if name and not name.startswith(("+", "-")):
        return name
    return f"UTC{local.isoformat()[-6:]}"


def moment_text(at: datetime, zone: tzinfo, language: Language, *, seconds: bool = False) -> str:
    """Return "Senin, 1 Juni 2026, 07.05 WITA" or "Monday, 1 June 2026, 07:05 WITA"."""
    day = date_text(at.astimezone(zone).date(), language)
    return f"{day}, {time_text(at, zone, language, seconds=seconds)} {zone_text(at, zone)}"


def span_text(
    start: datetime, end: datetime, zone: tzinfo, language: Language, *, seconds: bool = False
) -> str:
    """Return "1 Juni 2026, 22.00–23.00"; the day of the end as well where it is another one.

    With `seconds` where it is asked for and one of both is not at a full minute.

    Where the clock is changed in between, or shows a time twice, the zone's names tell them apart.
    """
    days = [short_date_text(at.astimezone(zone).date(), language) for at in (start, end)]
    is_fine = seconds and (start.second, end.second) != (0, 0)
    times = [time_text(at, zone, language, seconds=is_fine) for at in (start, end)]
    if any(_is_turning(at, zone) for at in (start, end)) or zone_text(start, zone) != zone_text(
        end, zone
    ):
        times = [f"{t} {zone_text(at, zone)}" for t, at in zip(times, (start, end), strict=True)]
    if days[0] == days[1]:
        return f"{days[0]}, {times[0]}–{times[1]}"
    return f"{days[0]}, {times[0]} – {days[1]}, {times[1]}"


def _is_turning(at: datetime, zone: tzinfo) -> bool:
    """Say whether the clock shows this time twice."""
    local = at.astimezone(zone)
    return local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()


def duration_text(length: timedelta, language: Language, *, units: int = 4) -> str:
    """Return "1 jam 30 menit": the units that are not zero, cut off after a number of `units`.

    The largest unit is the day. A positive length under a second is "kurang dari 1 detik".
    """
    if length < timedelta(0):
        return f"-{duration_text(-length, language, units=units)}"
    counts = _counts(length // timedelta(seconds=1))
    first = next((index for index, count in enumerate(counts) if count), None)
    if first is None:
        return _LESS[language] if length else _counted(0, 3, language)
    shown = range(first, min(first + units, len(counts)))
    return " ".join(_counted(counts[index], index, language) for index in shown if counts[index])


def _counts(seconds: int) -> list[int]:
    counts = []
    for unit in _SECONDS:
        count, seconds = divmod(seconds, unit)
        counts.append(count)
    return counts


def _counted(count: int, unit: int, language: Language) -> str:
    one, many = _UNITS[language][unit]
    return f"{decimal(count, language)} {one if count == 1 else many}"
