"""Reading Prometheus' text format, as far as /probe uses it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

Labels = tuple[tuple[str, str], ...]
_SAMPLE = re.compile(r"([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)\Z")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"(?:,|\Z)')


@dataclass(slots=True)
class Metric:
    """One metric: its help and type, and the text of its values by labels."""

    help: str = ""
    kind: str = ""
    values: dict[Labels, str] = field(default_factory=dict)


def read(text: str) -> Mapping[str, Metric]:
    """Return every metric of a text, in its order. Raise ValueError for a line that is none."""
    found: dict[str, Metric] = {}
    for line in text.splitlines():
        if line.startswith("# HELP "):
            name, _, words = line[7:].partition(" ")
            found.setdefault(name, Metric()).help = words
        elif line.startswith("# TYPE "):
            name, _, words = line[7:].partition(" ")
            found.setdefault(name, Metric()).kind = words
        else:
            name, labels, value = _sample(line)
            found.setdefault(name, Metric()).values[labels] = value
    return found


def _sample(line: str) -> tuple[str, Labels, str]:
    parts = _SAMPLE.match(line)
    if parts is None:
        raise ValueError(f"no sample: {line}")
    name, labels, value = parts.groups()
    return name, tuple(_LABEL.findall(labels or "")), value
