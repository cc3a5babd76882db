"""Reads SQLite's write-ahead log as SQLite itself does after a crash: up to where its sums hold.

The format is that of https://www.sqlite.org/fileformat2.html#the_write_ahead_log.
"""

import os
import struct
from dataclasses import dataclass, field
from functools import lru_cache
from operator import mul
from pathlib import Path
from typing import NamedTuple, Self

_HEADER = struct.Struct(">IIII8sII")
_FRAME = struct.Struct(">II8sII")
_MAGIC = 0x377F0682
_MASK = 0xFFFFFFFF
_SUMMED_OF_FRAME = 8


class Frame(NamedTuple):
    """A page as one transaction left it. `size` is that of the database, 0 before a commit."""

    page: int
    size: int
    octets: bytes


@dataclass(frozen=True, slots=True)
class Log:
    """What is committed in a log. `salt` is another one each time that it begins anew."""

    salt: bytes = b""
    frames: list[Frame] = field(default_factory=list)

    @classmethod
    def read(cls, database: Path) -> Self:
        """Return the log of a database; an empty one where there is none, or where it is void."""
        try:
            octets = Path(f"{database}-wal").read_bytes()
        except FileNotFoundError:
            return cls()
        header = octets[: _HEADER.size]
        if len(header) < _HEADER.size:
            return cls()
        magic, _, page_size, _, salt, *sums = _HEADER.unpack(header)
        order = ">" if magic & 1 else "<"
        if magic & ~1 != _MAGIC or _summed(header[:24], (0, 0), order) != tuple(sums):
            return cls()
        return cls(salt, _committed(octets, page_size, salt, (sums[0], sums[1]), order))

    def newest(self) -> dict[int, int]:
        """Return for each page that is in the log the place of its newest frame."""
        return {frame.page: place for place, frame in enumerate(self.frames)}


class Tail(NamedTuple):
    """What was committed since the log was looked at last, as `salt` and a number of frames."""

    salt: bytes
    start: int
    frames: list[Frame]


def tail(descriptor: int, salt: bytes, seen: int) -> Tail | None:
    """Return what is new in an open log, None where nothing is.

    This is for the one who writes it: what stands there was written a moment ago, and is believed.
    """
    header = os.pread(descriptor, _HEADER.size, 0)
    if len(header) < _HEADER.size:
        return None
    _, _, page_size, _, now, *_ = _HEADER.unpack(header)
    start = seen if now == salt else 0
    found: list[Frame] = []
    committed, step = 0, _FRAME.size + page_size
    while True:
        octets = os.pread(descriptor, step, _HEADER.size + (start + len(found)) * step)
        if len(octets) < step:
            break
        page, size, salt_of_frame, *_ = _FRAME.unpack_from(octets)
        if salt_of_frame != now:
            break
        found.append(Frame(page, size, octets[_FRAME.size :]))
        if size:
            committed = len(found)
    return Tail(now, start, found[:committed]) if committed else None


def _committed(
    octets: bytes, page_size: int, salt: bytes, sums: tuple[int, int], order: str
) -> list[Frame]:
    found: list[Frame] = []
    committed, step = 0, _FRAME.size + page_size
    for at in range(_HEADER.size, len(octets) - step + 1, step):
        page, size, salt_of_frame, *said = _FRAME.unpack_from(octets, at)
        body = octets[at + _FRAME.size : at + step]
        if salt_of_frame != salt or page == 0:
            break
        sums = _summed(octets[at : at + _SUMMED_OF_FRAME] + body, sums, order)
        if sums != tuple(said):
            break
        found.append(Frame(page, size, body))
        if size:
            committed = len(found)
    return found[:committed]


def _summed(octets: bytes, start: tuple[int, int], order: str) -> tuple[int, int]:
    """Return SQLite's running checksum. It is linear, so that it can be taken in one go."""
    first, second = _weights(len(octets) // 4)
    words = struct.unpack(f"{order}{len(octets) // 4}I", octets)
    return _weighed(first, start, words), _weighed(second, start, words)


class _Weights(NamedTuple):
    before: tuple[int, int]
    words: tuple[int, ...]


def _weighed(weights: _Weights, start: tuple[int, int], words: tuple[int, ...]) -> int:
    past: int = weights.before[0] * start[0] + weights.before[1] * start[1]
    here: int = sum(map(mul, weights.words, words))
    return (past + here) & _MASK


@lru_cache
def _weights(words: int) -> tuple[_Weights, _Weights]:
    return _traced(1, 0, words), _traced(0, 1, words)


def _traced(a: int, b: int, words: int) -> _Weights:
    """Follow a·s0 + b·s1 back through the steps s0 += x0 + s1, s1 += x1 + s0."""
    found: list[int] = []
    for _ in range(words // 2):
        found += [b, (a + b) & _MASK]
        a, b = (a + b) & _MASK, (a + 2 * b) & _MASK
    return _Weights((a, b), tuple(reversed(found)))
