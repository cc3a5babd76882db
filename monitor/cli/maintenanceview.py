"""Planned work as `pantau maintenance` shows it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any

HEAD = ("Id", "When", "What", "Reason", "Approved by", "Known since")
COLUMNS = (
    *("id", "services", "owners", "labels", "rrule", "start", "end", "after_the_fact", "reason"),
    *("approved_by", "source", "added_at", "added_by", "cancelled_at", "cancelled_by"),
    *("cancel_reason", "public_reason"),
)


def each_time(found: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Yield windows that are asked for by a period once for each of their times, in order."""
    yield from (each for each in found if "times" not in each)
    times = [(time, each) for each in found for time in each.get("times", ())]
    for time, each in sorted(times, key=lambda pair: (pair[0]["start"], pair[1]["id"])):
        yield {**each, "next": time}


def row(found: Mapping[str, Any], zone: tzinfo) -> tuple[str, ...]:
    """Return the line of a window, under HEAD."""
    return (
        found["id"],
        when_text(found, zone),
        ", ".join(_what(found)),
        found["reason"],
        found["approved_by"],
        _known(found, zone),
    )


def _what(found: Mapping[str, Any]) -> Iterator[str]:
    yield from found["services"]
    yield from (f"owner {owner}" for owner in found["owners"])
    yield from (f"{name}={value}" for name, value in found["labels"].items())


def when_text(found: Mapping[str, Any], zone: tzinfo) -> str:
    """Return when a window is open, and what is to be known of that."""
    following, cancelled = found["next"], found["cancelled"]
    if following is None:
        return _cancelled(cancelled, zone) if cancelled else "over"
    start, end = (datetime.fromisoformat(following[key]) for key in ("start", "end"))
    ended = datetime.fromisoformat(cancelled["at"]) if cancelled else None
    if ended is not None and ended <= start:
        return _cancelled(cancelled, zone)
    parts = [f"{_short(following['start'], zone)} to {_short(following['end'], zone)}"]
    if found["rrule"]:
        parts.append(found["rrule"])
    if following["after_the_fact"]:
        parts.append("after the fact")
    if ended is not None and ended < end:
        parts.append(_cancelled(cancelled, zone))
    return ", ".join(parts)


def _cancelled(cancelled: Mapping[str, Any], zone: tzinfo) -> str:
    who = f"by {cancelled['by']}" if cancelled["by"] else f"({cancelled['reason']})"
    return f"cancelled {_short(cancelled['at'], zone)} {who}"


def _known(found: Mapping[str, Any], zone: tzinfo) -> str:
    by = f" by {found['added_by']}" if found["added_by"] else ""
    return f"{_short(found['added_at'], zone)}, {found['source']}{by}"


def _short(at: str, zone: tzinfo) -> str:
    return f"{datetime.fromisoformat(at).astimezone(zone):%Y-%m-%d %H:%M}"


def record(found: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the record of a window, under COLUMNS."""
    following, cancelled = found["next"] or {}, found["cancelled"] or {}
    flat = {
        **found,
        "services": " ".join(found["services"]),
        "owners": " ".join(found["owners"]),
        "labels": " ".join(f"{name}={value}" for name, value in found["labels"].items()),
        **{key: following.get(key, "") for key in ("start", "end", "after_the_fact")},
        "cancelled_at": cancelled.get("at", ""),
        "cancelled_by": cancelled.get("by", ""),
        "cancel_reason": cancelled.get("reason", ""),
    }
    return tuple("" if flat[column] is None else str(flat[column]) for column in COLUMNS)
