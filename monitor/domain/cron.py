"""When a line of a crontab fires, in a zone with summer time.

The five fields of crontab(5), with names, lists, ranges and steps. As Debian's cron does it, a job
at fixed times that fall into the hour that is skipped runs right after it, and one in the hour
that comes twice runs the first time only; a job whose minute or hour is `*` goes by real time.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from functools import lru_cache

from monitor.domain.walltime import end_of_gap, instants

# 29 February comes after eight years at the latest.
_DAYS_AHEAD = 8 * 366 + 1
_DAY = timedelta(days=1)
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
_MACROS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    least: int
    most: int
    names: tuple[str, ...] = ()


_FIELDS = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of month", 1, 31),
    _Field("month", 1, 12, tuple(_MONTHS)),
    _Field("day of week", 0, 7, tuple(_WEEKDAYS)),
)


@dataclass(frozen=True, slots=True)
class Cron:
    """A line of a crontab without its command. Made by `parse_cron`.

    `days_are_either` says that a day needs to match only one of its two fields, as it is when
    neither begins with `*`. `fixed` says that neither minute nor hour does.
    """

    text: str
    times: tuple[time, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    days_are_either: bool
    fixed: bool

    def __hash__(self) -> int:
        return hash(self.text)

    def falls_on(self, day: date) -> bool:
        """Say whether it fires on `day`."""
        if day.month not in self.months:
            return False
        in_month, in_week = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return in_month or in_week if self.days_are_either else in_month and in_week


def parse_cron(text: str) -> Cron:
    """Return the line that `text` is. Raise ValueError, which says what is wrong with it."""
    fields = _MACROS.get(text.strip().lower(), text).lower().split()
    if len(fields) != len(_FIELDS):
        raise ValueError(f"{len(fields)} fields: a crontab line has 5, such as 30 2 * * *")
    minutes, hours, days, months, weekdays = (
        _values(written, field) for written, field in zip(fields, _FIELDS, strict=True)
    )
    cron = Cron(
        text=" ".join(fields),
        times=tuple(time(hour, minute) for hour in sorted(hours) for minute in sorted(minutes)),
        days=days,
        months=months,
        weekdays=frozenset(day % 7 for day in weekdays),
        days_are_either=not (fields[2].startswith("*") or fields[4].startswith("*")),
        fixed=not (fields[0].startswith("*") or fields[1].startswith("*")),
    )
    leap = date(2096, 1, 1)
    if not any(cron.falls_on(leap + _DAY * ahead) for ahead in range(_DAYS_AHEAD + 366)):
        raise ValueError("it never fires: no such day exists")
    return cron


@lru_cache(maxsize=65_536)
def next_fire(cron: Cron, zone: tzinfo, after: datetime) -> datetime:
    """Return the first time (UTC) strictly after `after` at which `cron` fires in `zone`."""
    # What a skipped hour moved may belong to the day before.
    first = after.astimezone(zone).date() - _DAY
    for ahead in range(2 * _DAYS_AHEAD):
        day = first + _DAY * ahead
        if cron.falls_on(day):
            later = [at for at in _fires(cron, zone, day) if at > after]
            if later:
                return min(later)
    raise ValueError(f"{cron.text} does not fire")


def last_fire(cron: Cron, zone: tzinfo, until: datetime) -> datetime:
    """Return the last time (UTC) at or before `until` at which `cron` fired in `zone`."""
    today = until.astimezone(zone).date()
    for back in range(2 * _DAYS_AHEAD):
        day = today - _DAY * back
        if cron.falls_on(day):
            earlier = [at for at in _fires(cron, zone, day) if at <= until]
            if earlier:
                return max(earlier)
    raise ValueError(f"{cron.text} did not fire")


def _fires(cron: Cron, zone: tzinfo, day: date) -> Iterator[datetime]:
    for at in cron.times:
        wall = datetime.combine(day, at)
        found = instants(wall, zone)
        if not found and cron.fixed:
            yield end_of_gap(wall, zone)
        yield from found[:1] if cron.fixed else found


def _values(written: str, field: _Field) -> frozenset[int]:
    """Return the numbers that one field of a line names."""
    found: set[int] = set()
    for part in written.split(","):
        span, slash, step = part.partition("/")
        if slash and not (step.isascii() and step.isdecimal() and int(step)):
            raise _wrong(part, field)
        first, last = _span(span, field, open_ended=bool(slash))
        found.update(range(first, last + 1, int(step) if slash else 1))
    return frozenset(found)


def _span(span: str, field: _Field, *, open_ended: bool) -> tuple[int, int]:
    if span == "*":
        return field.least, field.most
    low, dash, high = span.partition("-")
    first = _number(low, field)
    last = _number(high, field) if dash else field.most if open_ended else first
    if first > last:
        raise _wrong(span, field)
    return first, last


def _number(written: str, field: _Field) -> int:
    if written in field.names:
        return field.names.index(written) + field.least
    if not (written.isascii() and written.isdecimal() and len(written) <= 2):
        raise _wrong(written, field)
    number = int(written)
    if not field.least <= number <= field.most:
        raise _wrong(written, field)
    return number


def _wrong(written: str, field: _Field) -> ValueError:
    return ValueError(
        f"{field.name}: {written[:20]!r} is none: write numbers from {field.least} to "
        f"{field.most}, such as 5, 1-5, */10 or 1,15"
    )
