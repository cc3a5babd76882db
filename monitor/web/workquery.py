"""For which time planned work is asked about."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from monitor.domain.maintenance import Occurrence

_AHEAD = timedelta(days=14)
_LONGEST = timedelta(days=366)
# A rule is followed from day to day.
_YEARS = range(2000, 2100)
_KNOWN = ("all", "from", "to")
_EXAMPLE = "ask as in ?all=1 or ?from=2026-11-01T00:00:00+08:00&to=2026-12-01T00:00:00+08:00"


def everything_asked(query: Mapping[str, str]) -> bool:
    """Say whether also what is over is asked for. Raise ValueError for no such question."""
    for key in query:
        if key not in _KNOWN:
            raise ValueError(f"{key}: there are {', '.join(_KNOWN)}; {_EXAMPLE}")
    if query.get("all", "1") != "1":
        raise ValueError(f"all: write 1, or leave it out; {_EXAMPLE}")
    return "all" in query


def period_asked(query: Mapping[str, str], now: datetime) -> Occurrence | None:
    """Return the time that is asked about, [from, to), None for none. Raise ValueError.

    It begins now and lasts 14 days where a query leaves that out.
    """
    if "from" not in query and "to" not in query:
        return None
    start = _moment("from", query["from"]) if "from" in query else now
    end = _moment("to", query["to"]) if "to" in query else start + _AHEAD
    if not start < end <= start + _LONGEST:
        raise ValueError(f"to: it must be after from, by {_LONGEST.days} days at most; {_EXAMPLE}")
    return Occurrence(start, end)


def _moment(key: str, written: str) -> datetime:
    try:
        found = datetime.fromisoformat(written)
        if found.tzinfo is not None and found.year in _YEARS:
            return found
    except ValueError:
        pass
    raise ValueError(f"{key}: this is no time with its zone; {_EXAMPLE}")
