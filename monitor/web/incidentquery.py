"""For which incidents a query asks."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from monitor.configuration.names import nearest
from monitor.fields import shown
from monitor.ports import Sought

ValueT = TypeVar("ValueT")

_MOST = 1_000
_USUAL = 100
_LONGEST_ID = 64
_KNOWN = ("open", "service", "from", "to", "limit", "before")
_TRUTHS = {"true": True, "1": True, "false": False, "0": False}
# The database keeps microseconds of these years; a zone may still move a time by a day.
_YEARS = range(1971, 9999)
_EXAMPLE = "ask as in ?open=true&service=portal&from=2026-11-01T00:00:00Z&to=…&limit=100&before=ID"


def incidents_asked(query: Sequence[tuple[str, str]]) -> Sought:
    """Return what is looked for. Of what stands there twice the last counts, but for `service`.

    A time without its zone is UTC, as all times of the API are. Raise ValueError for no such
    question; it says what would be right.
    """
    given = dict(query)
    for key in given:
        if key not in _KNOWN:
            raise ValueError(f"{shown(key)}: unknown parameter{nearest(key, _KNOWN)}; {_EXAMPLE}")

    def value(key: str, read: Callable[[str], ValueT]) -> ValueT | None:
        try:
            return read(given[key]) if key in given else None
        except ValueError as error:
            raise ValueError(f"{key}: {error}; {_EXAMPLE}") from None

    return Sought(
        limit=value("limit", _count) or _USUAL,
        is_open=value("open", _truth) or False,
        services=frozenset(written for key, written in query if key == "service") or None,
        start=value("from", _moment),
        end=value("to", _moment),
        before=value("before", _id),
    )


def _truth(written: str) -> bool:
    if written not in _TRUTHS:
        raise ValueError(f"{shown(written)} is neither true nor false")
    return _TRUTHS[written]


def _moment(written: str) -> datetime:
    # In a query a plus stands for a blank, and many forget to write it as %2B.
    try:
        at = datetime.fromisoformat(written.replace(" ", "+") if "T" in written else written)
    except ValueError:
        raise ValueError(f"{shown(written)} is no time") from None
    if at.year not in _YEARS:
        raise ValueError(f"{shown(written)} is too far from now")
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def _count(written: str) -> int:
    if not (written.isascii() and written.isdigit() and len(written) < 10):
        raise ValueError(f"{shown(written)} is no whole number")
    if not 1 <= int(written) <= _MOST:
        raise ValueError(f"{int(written)} is not between 1 and {_MOST}")
    return int(written)


def _id(written: str) -> str:
    if len(written) > _LONGEST_ID:
        raise ValueError(f"it has {len(written)} characters: {_LONGEST_ID} at most")
    return written
