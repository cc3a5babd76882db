"""The samples of one check in one hour, as the bytes that are kept of them.

A block is the zlib stream of one line of canonical JSON (RFC 8785) in columns, so that Python's
standard library reads it in two lines; `docs/ledger.md` tells its members. What goes in comes out:
these rows are the only ones there are of that hour.
"""

import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby, repeat
from operator import itemgetter, sub
from typing import Any, NamedTuple

from monitor.ledger.canonical import plain
from monitor.store.codes import CAUSE, KIND, MISSED, STATUS, Codes

FORMAT = 1
HOUR = 3_600_000_000

_STATUS = {code: str(status) for code, status in STATUS.meaning.items()}

# Digits are close to random: of their repetitions only the long ones are worth a reference. That
# is a twentieth less than zlib's usual strategy.
_LEVEL, _WINDOW_BITS, _MEMORY = 6, 15, 9


class Taken(NamedTuple):
    """A row of `observation` without its check and vantage. `kind` and `cause` are codes."""

    epoch: int
    scheduled_at: int
    attempt: int
    started: int
    duration: int
    status: int
    kind: int | None
    cause: int | None
    detail: str | None


class Skipped(NamedTuple):
    """A row of `missed_slot` without its check and vantage."""

    epoch: int
    scheduled_at: int
    reason: int
    times: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """What a block holds. Rows are in order of epoch and time; `hour` is counted from 1970."""

    check: str
    vantage: str
    hour: int
    taken: Sequence[Sequence[Any]]
    skipped: Sequence[Sequence[Any]] = ()


def packed(block: Block) -> bytes:
    """Return a block as it is stored."""
    began = block.hour * HOUR
    text = plain(
        {
            "check": block.check,
            "epochs": [
                _epoch(epoch, began, list(rows))
                for epoch, rows in groupby(block.taken, key=itemgetter(0))
            ],
            "format": FORMAT,
            "hour": block.hour,
            "missed": [
                [epoch, at - began, MISSED.meaning[reason].value, count]
                for epoch, at, reason, count in block.skipped
            ],
            "vantage": block.vantage,
        }
    )
    compressor = zlib.compressobj(_LEVEL, zlib.DEFLATED, _WINDOW_BITS, _MEMORY, zlib.Z_FILTERED)
    return compressor.compress(text) + compressor.flush()


def unpacked(stored: bytes) -> Block:
    """Return what a block holds. Raises ValueError where that is none of this format."""
    try:
        written = json.loads(zlib.decompress(stored))
        if written["format"] != FORMAT:
            message = f"a block of format {written['format']!r}"
            raise ValueError(message)
        began = written["hour"] * HOUR
        return Block(
            check=written["check"],
            vantage=written["vantage"],
            hour=written["hour"],
            taken=[row for epoch in written["epochs"] for row in _taken(epoch, began)],
            skipped=[
                Skipped(epoch, began + at, MISSED.code[_member(MISSED, reason)], count)
                for epoch, at, reason, count in written["missed"]
            ],
        )
    except (zlib.error, KeyError, TypeError, IndexError) as error:
        message = f"not a block of samples: {error}"
        raise ValueError(message) from error


def _epoch(epoch: int, began: int, rows: list[Sequence[Any]]) -> dict[str, Any]:
    _, ats, attempts, started, durations, statuses, kinds, causes, details = zip(*rows, strict=True)
    written = {
        "at": [ats[0] - began, *map(sub, ats[1:], ats)],
        "attempt": _column(attempts),
        "duration": durations,
        "epoch": epoch,
        "started": started,
        "status": _column(list(map(_STATUS.__getitem__, statuses))),
    }
    if any(kinds):
        written["kind"] = _sparse([KIND.optional_meaning(code) for code in kinds])
    if any(causes):
        written["cause"] = _sparse([CAUSE.optional_meaning(code) for code in causes])
    if any(detail is not None for detail in details):
        written["detail"] = _sparse(details)
    return written


def _column(values: Sequence[Any]) -> Any:
    """Return a column, or its one value where all are the same."""
    return values[0] if values.count(values[0]) == len(values) else values


def _sparse(values: Sequence[Any]) -> list[list[Any]]:
    """Return the values that are there, each with its place."""
    return [[place, value] for place, value in enumerate(values) if value is not None]


def _taken(written: Mapping[str, Any], began: int) -> Iterable[Taken]:
    ats = [began + offset for offset in accumulate(written["at"])]
    count = len(ats)
    statuses = _spread(written["status"], count)
    return map(
        Taken,
        repeat(written["epoch"], count),
        ats,
        _spread(written["attempt"], count),
        _whole(written["started"], count),
        _whole(written["duration"], count),
        [STATUS.code[_member(STATUS, status)] for status in statuses],
        _scattered(written.get("kind", ()), count, KIND),
        _scattered(written.get("cause", ()), count, CAUSE),
        _scattered(written.get("detail", ()), count),
    )


def _spread(column: Any, count: int) -> Sequence[Any]:
    return _whole(column, count) if isinstance(column, list) else [column] * count


def _whole(column: Sequence[Any], count: int) -> Sequence[Any]:
    if len(column) != count:
        message = f"a column of {len(column)} values beside one of {count}"
        raise ValueError(message)
    return column


def _scattered(pairs: Iterable[Any], count: int, codes: Codes[Any] | None = None) -> Sequence[Any]:
    column: list[Any] = [None] * count
    for place, value in pairs:
        column[place] = value if codes is None else codes.code[_member(codes, value)]
    return column


def _member(codes: Codes[Any], value: str) -> Any:
    for member in codes.code:
        if member == value:
            return member
    message = f"{value!r} is not known here"
    raise ValueError(message)
