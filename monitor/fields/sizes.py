"""Sizes in bytes, with the units that Prometheus and its exporters read: 1KB is 1024 bytes."""

import re
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

from monitor.fields.shown import shown

_UNITS = {
    "GiB": 2**30,
    "GB": 2**30,
    "MiB": 2**20,
    "MB": 2**20,
    "KiB": 2**10,
    "KB": 2**10,
    "B": 1,
}
_SIZE = re.compile(rf"([0-9]{{1,13}})({'|'.join(_UNITS)})\Z")
_LARGEST = 2**40
_ADVICE = "write a whole number with its unit, such as 64KB or 1MB (1KB is 1024 bytes)"


def parse_size(value: object) -> int:
    """Return the bytes that a text such as 64KB stands for; raise ValueError on anything else."""
    match = _SIZE.match(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"{shown(value)} is no size: {_ADVICE}")
    size = int(match[1]) * _UNITS[match[2]]
    if not 0 < size <= _LARGEST:
        raise ValueError(f"{shown(value)} is out of bounds: a size lies between 1B and 1024GB")
    return size


def format_size(size: int) -> str:
    """Return the shortest text that `parse_size` reads back as `size` bytes."""
    return next(
        f"{size // bytes_}{unit}"
        for unit, bytes_ in _UNITS.items()
        if size % bytes_ == 0 and "i" not in unit
    )


Size = Annotated[
    int,
    BeforeValidator(parse_size),
    PlainSerializer(format_size, return_type=str, when_used="json"),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": "^" + _SIZE.pattern.replace(r"\Z", "$"),
            "examples": ["64KB", "1MB"],
        }
    ),
]
"""Bytes, as an int."""
