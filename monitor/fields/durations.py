"""Durations as Prometheus writes them: 30s, 5m, 1h30m."""

# ruff: noqa: TRY004 (pydantic takes a ValueError, and no TypeError, for the writer's mistake)

import re
from datetime import timedelta
from functools import lru_cache
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

from monitor.fields.shown import shown

_UNITS = {
    "y": timedelta(days=365),
    "w": timedelta(weeks=1),
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
    "s": timedelta(seconds=1),
    "ms": timedelta(milliseconds=1),
}
_SHAPE = "".join(rf"(?:([0-9]{{1,12}}){unit})?" for unit in _UNITS)
_DURATION = re.compile(rf"(?=[0-9]){_SHAPE}\Z")
_LONGEST = timedelta(days=3650)
_ADVICE = "write whole numbers with their units, the largest first, such as 30s, 5m or 1h30m"


def parse_duration(value: object) -> timedelta:
    """Return the duration that `value` (text, or a timedelta as it is) stands for; it may be 0.

    Raise ValueError on anything else, and on more than ten years. A year has 365 days.
    """
    if isinstance(value, timedelta):
        return value
    if not isinstance(value, str):
        raise ValueError(f"{shown(value)} is no duration: {_ADVICE}")
    return _parsed(value)


@lru_cache(maxsize=1024)
def _parsed(value: str) -> timedelta:
    match = _DURATION.match(value)
    if match is None:
        raise ValueError(f"{shown(value)} is no duration: {_ADVICE}")
    parts = zip(match.groups(default="0"), _UNITS.values(), strict=True)
    # Whole milliseconds first: a timedelta overflows with an error of another kind.
    total = sum(int(count) * (unit // _UNITS["ms"]) for count, unit in parts)
    if total > _LONGEST // _UNITS["ms"]:
        raise ValueError(f"{shown(value)} is over ten years")
    return total * _UNITS["ms"]


def format_duration(duration: timedelta) -> str:
    """Return the shortest text that `parse_duration` reads back as `duration` (not negative).

    Fractions of a millisecond are cut off.
    """
    text, rest = "", duration
    # Years and weeks stay out: 365d and 7d are what people expect to read.
    for unit in ("d", "h", "m", "s", "ms"):
        count, rest = divmod(rest, _UNITS[unit])
        text += f"{count}{unit}" if count else ""
    return text or "0s"


def _positive(value: object) -> timedelta:
    duration = parse_duration(value)
    if duration <= timedelta(0):
        raise ValueError(f"{shown(value)} is too short: it must be more than 0s")
    return duration


_JSON_SCHEMA = {
    "type": "string",
    "pattern": r"^(?=[0-9])" + _SHAPE + "$",
    "examples": ["30s", "5m", "1h30m", "500ms"],
}

_Written = Annotated[
    timedelta,
    PlainSerializer(format_duration, return_type=str, when_used="json"),
    WithJsonSchema(_JSON_SCHEMA),
]

Duration = Annotated[_Written, BeforeValidator(_positive)]
"""More than nothing, up to ten years, in whole milliseconds."""

DurationOrZero = Annotated[_Written, BeforeValidator(parse_duration)]
"""As Duration, and 0s too."""
