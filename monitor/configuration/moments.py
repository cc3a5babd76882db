"""Days, times of day and moments as operators write them, by the clock of the zone."""

import re
from datetime import date, datetime, time
from typing import Annotated

from pydantic import BeforeValidator, WithJsonSchema

from monitor.fields import shown

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2})?\Z", re.ASCII)
_CLOCK = re.compile(r"\d{2}:\d{2}\Z", re.ASCII)


def parse_day(value: object) -> date:
    """Return a day; raise ValueError, saying what would be right, for anything else."""
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        raise ValueError(f"{shown(value)} is no day: write it as 2026-11-28") from None


def parse_moment(value: object) -> datetime:
    """Return a moment without a zone; raise ValueError for anything else."""
    if isinstance(value, datetime):
        return value
    if isinstance(value, str) and _MOMENT.match(value):
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            pass
    raise ValueError(f"{shown(value)} is no moment: write it as 2026-11-28 22:00")


def parse_clock(value: object) -> time:
    """Return a time of day; raise ValueError for anything else."""
    if isinstance(value, time):
        return value
    if isinstance(value, str) and _CLOCK.match(value):
        try:
            return time.fromisoformat(value)
        except ValueError:
            pass
    raise ValueError(f"{shown(value)} is no time of day: write it as 01:00")


Day = Annotated[date, BeforeValidator(parse_day)]
"""A day."""

_TEXT = WithJsonSchema({"type": "string"})
Moment = Annotated[datetime, BeforeValidator(parse_moment), _TEXT]
"""A moment by the clock of the zone."""

Clock = Annotated[time, BeforeValidator(parse_clock), _TEXT]
"""A time of day by the clock of the zone."""
