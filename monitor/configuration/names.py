"""Names that operators give: ids, labels, texts."""

# ruff: noqa: TRY004 (pydantic takes a ValueError, and no TypeError, for the writer's mistake)

import re
from collections.abc import Iterable
from difflib import get_close_matches
from functools import lru_cache
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from monitor.fields import shown

ID_PATTERN = r"^[a-z0-9][a-z0-9._-]{0,99}$"
LABEL_PATTERN = r"^[a-zA-Z_][a-zA-Z0-9_]{0,63}$"
_ID = re.compile(ID_PATTERN.replace("$", r"\Z"))
_LABEL = re.compile(LABEL_PATTERN.replace("$", r"\Z"))
_TAKEN = frozenset(
    {
        *("check", "service", "owner", "vantage", "instance", "type", "criticality"),
        *("name", "target", "status", "kind", "phase", "counted", "receiver", "reason"),
        *("job", "le", "quantile"),
    }
)
MOST_LABELS = 8
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def nearest(name: str, known: Iterable[str]) -> str:
    """Return `; did you mean 'x'?` for the known name that is nearest, else what is known."""
    return _nearest(name, tuple(sorted(known)))


@lru_cache(maxsize=1024)
def _nearest(name: str, known: tuple[str, ...]) -> str:
    # difflib takes quadratic time in the length.
    close = get_close_matches(name[:100], known, n=1, cutoff=0.6)
    if close:
        return f"; did you mean {close[0]!r}?"
    listed = ", ".join(known[:40]) + (", …" if len(known) > 40 else "")
    return f"; known: {listed}" if known else ""


def _id(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{shown(value)} is no id: put it in quotes")
    if not _ID.match(value):
        raise ValueError(
            f"{shown(value)} is no id: it has up to 100 of a-z 0-9 - _ . and begins with a "
            "letter or a digit"
        )
    return value


def _clean(text: str) -> str:
    if strange := _CONTROL.search(text):
        raise ValueError(f"{shown(text)} holds the control character {strange.group()!r}")
    if not text.strip():
        raise ValueError(f"{shown(text)} is empty")
    return text


def _labels(labels: dict[str, str]) -> dict[str, str]:
    if len(labels) > MOST_LABELS:
        raise ValueError(f"{len(labels)} are too many: a check has at most {MOST_LABELS}")
    for name in labels:
        if not _LABEL.match(name) or name.startswith("__"):
            raise ValueError(
                f"{shown(name)} is no label name: letters, digits and _, not a digit first, no __"
            )
        if name in _TAKEN:
            raise ValueError(f"{shown(name)} is a label that Pantau sets itself: name it otherwise")
    return labels


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise ValueError(
            f"{shown(name)} is no time zone: write one such as Asia/Makassar"
        ) from None
    return name


Id = Annotated[str, BeforeValidator(_id), WithJsonSchema({"type": "string", "pattern": ID_PATTERN})]
"""An id: what other parts of the configuration, metrics and URLs call a thing."""

Text = Annotated[str, Field(max_length=200), AfterValidator(_clean)]
"""A line for people, not empty."""

Note = Annotated[str, Field(max_length=2000)]
"""Several lines for people."""

Labels = Annotated[
    dict[str, Annotated[str, Field(max_length=128), AfterValidator(_clean)]],
    AfterValidator(_labels),
    WithJsonSchema(
        {
            "type": "object",
            "maxProperties": MOST_LABELS,
            "propertyNames": {"pattern": LABEL_PATTERN, "not": {"enum": sorted(_TAKEN)}},
            "additionalProperties": {"type": "string", "minLength": 1, "maxLength": 128},
        }
    ),
]
"""Labels of Prometheus that an operator adds to a check."""

Zone = Annotated[str, AfterValidator(_zone)]
"""An IANA time zone."""
