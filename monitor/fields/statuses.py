"""Which HTTP status codes are right: single codes and ranges, as in [200-299, 301]."""

import re
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

from monitor.fields.shown import shown

_RANGE = re.compile(r"([1-5][0-9][0-9])(?:-([1-5][0-9][0-9]))?\Z")

StatusRange = tuple[int, int]
"""The first and the last code that are meant."""


def parse_statuses(value: object) -> tuple[StatusRange, ...]:
    """Return the ranges that a code, a range or a list of them stands for.

    Raise ValueError on anything else, saying what would be right.
    """
    if isinstance(value, tuple):
        return value
    entries = value if isinstance(value, list) else [value]
    if not entries:
        raise ValueError("an empty list lets no status pass: write codes and ranges in it")
    return tuple(_range(entry) for entry in entries)


def _range(entry: object) -> StatusRange:
    text = str(entry) if isinstance(entry, int | str) and not isinstance(entry, bool) else ""
    match = _RANGE.match(text)
    if match is None:
        raise ValueError(f"{shown(entry)} is no status: write a code such as 301, or 200-299")
    first, last = int(match[1]), int(match[2] or match[1])
    if last < first:
        raise ValueError(f"{shown(entry)} is no range: the smaller code comes first")
    return first, last


def format_statuses(ranges: tuple[StatusRange, ...]) -> str:
    """Return the ranges as they are written: 200-299, 301."""
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in ranges)


def _written(ranges: tuple[StatusRange, ...]) -> list[str]:
    return format_statuses(ranges).split(", ")


_ENTRY = {
    "anyOf": [
        {"type": "integer", "minimum": 100, "maximum": 599},
        {"type": "string", "pattern": "^" + _RANGE.pattern.replace(r"\Z", "$")},
    ]
}

Statuses = Annotated[
    tuple[StatusRange, ...],
    BeforeValidator(parse_statuses),
    PlainSerializer(_written, return_type=list, when_used="json"),
    WithJsonSchema(
        {"anyOf": [_ENTRY, {"type": "array", "items": _ENTRY, "minItems": 1}]},
        mode="validation",
    ),
]
"""Ranges of HTTP status codes."""
