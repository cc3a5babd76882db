"""Scalars as blackbox_exporter reads them: Go's rules of YAML, durations and sizes.

A number or a truth value stands for a text where a text is wanted, `yes` is true where a truth
value is wanted, and a key with nothing behind it is as good as none.
"""

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from monitor.fields.patterns import Pattern
from monitor.fields.shown import shown

# What gopkg.in/yaml.v3 takes where a bool is wanted: YAML 1.1's words.
_TRUE = frozenset({"y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "true", "True", "TRUE"})
_FALSE = frozenset({"n", "N", "no", "No", "NO", "off", "Off", "OFF", "false", "False", "FALSE"})

_NANOSECONDS = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,  # U+00B5
    "μs": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
}
_NUMBER = r"[0-9]{1,18}(?:\.[0-9]{0,12})?|\.[0-9]{1,12}"
_DURATION_PART = re.compile(rf"({_NUMBER})(ns|us|µs|μs|ms|s|m|h)")
_LONGEST = timedelta(hours=24)
_DURATION_ADVICE = "write a number with its unit, such as 5s, 500ms or 1m30s"

_BYTES = {
    **{f"{prefix}B": 1024**power for power, prefix in enumerate("KMGTP", 1)},
    **{f"{prefix}iB": 1024**power for power, prefix in enumerate("KMGTP", 1)},
    "B": 1,
}
_SIZE_PART = re.compile(rf"({_NUMBER})([KMGTP]i?B|B)")
_SIZE_ADVICE = "write a number with its unit, such as 512KB or 1.5MB (1KB is 1024 bytes)"


class Part(BaseModel):
    """Base of what stands in blackbox.yml. An unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _without_nothing(cls, written: Any) -> Any:
        if isinstance(written, dict):
            return {key: value for key, value in written.items() if value is not None}
        return written


def parse_go_duration(value: object) -> timedelta:
    """Return what Go's time.ParseDuration makes of a text, in whole microseconds; "0" is none.

    Raise ValueError on anything else, on less than nothing, and on more than a day.
    """
    if isinstance(value, timedelta):
        return value
    if not isinstance(value, str):
        if value == 0 and not isinstance(value, bool):
            return timedelta(0)
        raise ValueError(f"{shown(value)} is no duration: {_DURATION_ADVICE}")
    parts = _parts(value.removeprefix("+"), _DURATION_PART)
    if parts is None and value not in {"0", "+0", "-0"}:
        raise ValueError(f"{shown(value)} is no duration: {_DURATION_ADVICE}")
    nanoseconds = sum(number * _NANOSECONDS[unit] for number, unit in parts or ())
    if nanoseconds > _LONGEST // timedelta(microseconds=1) * 1_000:
        raise ValueError(f"{shown(value)} is over a day")
    return timedelta(microseconds=int(nanoseconds) // 1_000)


def format_go_duration(duration: timedelta) -> str:
    """Return a duration as Go prints it: 5s, 1m30s, 1h0m0s, 500ms."""
    microseconds = duration // timedelta(microseconds=1)
    if microseconds < 1_000_000:
        return f"{Decimal(microseconds) / 1_000:f}ms" if microseconds else "0s"
    minutes, rest = divmod(microseconds, 60_000_000)
    hours, minutes = divmod(minutes, 60)
    seconds = f"{Decimal(rest) / 1_000_000:f}s"
    if hours:
        return f"{hours}h{minutes}m{seconds}"
    return f"{minutes}m{seconds}" if minutes else seconds


def parse_go_size(value: object) -> int:
    """Return the bytes that a text such as 1.5MB or 1MB512KB stands for; 0 is no limit.

    Raise ValueError on anything else.
    """
    if value in (0, "0") and not isinstance(value, bool):
        return 0
    parts = _parts(value, _SIZE_PART) if isinstance(value, str) else None
    if parts is None:
        raise ValueError(f"{shown(value)} is no size: {_SIZE_ADVICE}")
    return int(sum(number * _BYTES[unit] for number, unit in parts))


def format_go_size(size: int) -> str:
    """Return a size in the largest unit that divides it: 1MiB, 1536KiB, 5B."""
    for power, prefix in reversed(tuple(enumerate("KMGTP", 1))):
        if size and size % 1024**power == 0:
            return f"{size // 1024**power}{prefix}iB"
    return f"{size}B"


def _parts(text: str, part: re.Pattern[str]) -> list[tuple[Decimal, str]] | None:
    """Return the numbers and units that make up `text`, or None if something else does."""
    found, end = [], 0
    while match := part.match(text, end):
        found.append((Decimal(match[1]), match[2]))
        end = match.end()
    return found if found and end == len(text) else None


def _text(value: object) -> str:
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(getattr(value, "text", None) or value)
        case _:
            raise ValueError(f"{shown(value)} is no text")


def _flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value in _TRUE | _FALSE:
        return value in _TRUE
    raise ValueError(f"{shown(value)} is neither true nor false")


def _family(value: object) -> object:
    return value or "ip6"


def _searching(value: object) -> object:
    return value if isinstance(value, Pattern) else Pattern(_text(value))


Text = Annotated[str, BeforeValidator(_text)]
"""A text, or a number or truth value as it is written."""

Flag = Annotated[bool, BeforeValidator(_flag)]
"""true or false, or one of YAML 1.1's words for them."""

Whole = Annotated[int, Field(strict=True)]
"""A whole number."""

GoDuration = Annotated[timedelta, BeforeValidator(parse_go_duration)]
"""A duration in Go's notation; 0 where nothing is set."""

GoSize = Annotated[int, BeforeValidator(parse_go_size)]
"""Bytes; 0 where nothing is set."""

Expression = Annotated[Pattern, BeforeValidator(_searching)]
"""A regular expression that searches, unanchored, in RE2's syntax."""

IpProtocol = Annotated[Literal["ip4", "ip6"], BeforeValidator(_family)]
"""The address family to prefer."""


def exclusive(part: BaseModel, *names: str) -> list[str]:
    """Return which of the fields `names` of `part` are set to something."""
    return [name for name in names if getattr(part, name)]


def at_most_one(part: BaseModel, *names: str) -> None:
    """Raise ValueError if several of the fields `names` of `part` are set."""
    if len(given := exclusive(part, *names)) > 1:
        raise ValueError(f"{given[1]}: {' and '.join(given)} exclude each other: give one")


Refusal = Callable[[object], object]


def refused(why: str) -> Refusal:
    """Return a validator that takes nothing but nothing, and says `why`."""

    def refuse(value: object) -> object:
        if value in ("", False, [], {}):
            return None
        raise ValueError(why)

    return refuse
