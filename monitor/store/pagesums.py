"""A checksum for each page of the database, in a file beside it: SQLite keeps none.

`integrity_check` looks at how pages hang together, and takes a flipped bit in a value for the
value. The file is a line of records, each with a checksum of its own and with what one commit
changed. It is only ever added to, or replaced whole: a crash loses its end and no more.
"""

import os
import struct
import zlib
from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from monitor.store.wal import Log

_MAGIC = b"pantau page sums 1\n"
_HEAD = struct.Struct("<I")
_RECORD = struct.Struct("<8sIIII")
_PAIR = struct.Struct("<II")
_CHECK = struct.Struct("<I")
_REMEMBERED = 64
_PAGE_SIZES = frozenset(512 << power for power in range(8))  # those that SQLite has

UNKNOWN = 0
CLOSED = bytes(8)
OPENED = b"\1" * 8


def sums_path(database: Path) -> Path:
    """Return where the checksums of a database are."""
    return Path(f"{database}-sums")


def page_sum(octets: bytes | memoryview) -> int:
    """Return the checksum of a page, which is never UNKNOWN."""
    return zlib.crc32(octets) or 1


@dataclass(slots=True, kw_only=True)
class Sheet:
    """The checksums, as they stand for `frames` frames of the log with that `salt`.

    The salt is CLOSED where everything was in the database and no log was left, OPENED where a new
    log may begin. `sums` holds
    UNKNOWN for a page that was never written. `salts` are those of earlier logs. `whole` says
    that the file ended where a record ends, `records` how many there are.
    """

    page_size: int
    pages: int = 0
    sums: "array[int]" = field(default_factory=lambda: array("I"))
    salt: bytes = CLOSED
    frames: int = 0
    salts: list[bytes] = field(default_factory=list)
    records: int = 0
    whole: bool = True
    length: int = len(_MAGIC) + _HEAD.size

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """Return what the file says, None where there is none or it does not begin as one."""
        try:
            octets = path.read_bytes()
        except FileNotFoundError:
            return None
        start = len(_MAGIC) + _HEAD.size
        if len(octets) < start or not octets.startswith(_MAGIC):
            return None
        (page_size,) = _HEAD.unpack_from(octets, len(_MAGIC))
        if page_size not in _PAGE_SIZES:  # no record's checksum is over it
            return None
        sheet = cls(page_size=page_size)
        while sheet._take(octets):
            pass
        sheet.whole = sheet.length == len(octets)
        return sheet if sheet.records else None

    def begun(self) -> bytes:
        """Return how the file begins, with one record that says everything."""
        pairs = {page: each for page, each in enumerate(self.sums, 1) if each != UNKNOWN}
        salts, self.salts = self.salts[-_REMEMBERED:], []
        now, self.records = (self.salt, self.frames), 0
        octets = _MAGIC + _HEAD.pack(self.page_size)
        for salt in salts:
            octets += self.record(salt, 0, self.pages, {})
        octets += self.record(*now, self.pages, pairs)
        self.length = len(octets)
        return octets

    def record(self, salt: bytes, frames: int, pages: int, changed: Mapping[int, int]) -> bytes:
        """Take in what changed, and return the record that says so."""
        head = _RECORD.pack(salt, frames, pages, self.records, len(changed))
        body = b"".join(_PAIR.pack(*pair) for pair in changed.items())
        self._apply(salt, frames, pages, changed.items())
        octets = head + body + _CHECK.pack(zlib.crc32(head + body))
        self.length += len(octets)
        return octets

    def of(self, page: int) -> int:
        """Return the checksum of a page, UNKNOWN where there is none."""
        return self.sums[page - 1] if page <= len(self.sums) else UNKNOWN

    def _take(self, octets: bytes) -> bool:
        at = self.length
        if len(octets) < at + _RECORD.size:
            return False
        salt, frames, pages, number, count = _RECORD.unpack_from(octets, at)
        end = at + _RECORD.size + count * _PAIR.size
        if number != self.records or len(octets) < end + _CHECK.size:
            return False
        if _CHECK.unpack_from(octets, end)[0] != zlib.crc32(memoryview(octets)[at:end]):
            return False
        self._apply(salt, frames, pages, _PAIR.iter_unpack(octets[at + _RECORD.size : end]))
        self.length = end + _CHECK.size
        return True

    def _apply(
        self, salt: bytes, frames: int, pages: int, changed: Iterable[tuple[int, int]]
    ) -> None:
        if salt not in (self.salt, CLOSED):
            self.salts.append(salt)
        self.salt, self.frames, self.pages = salt, frames, pages
        self.records += 1
        del self.sums[pages:]
        if (missing := pages - len(self.sums)) > 0:
            self.sums.extend(array("I", [UNKNOWN]) * missing)
        for page, each in changed:
            if page <= pages:
                self.sums[page - 1] = each


def sheet_now(database: int, log: Log) -> Sheet | None:
    """Return a sheet of an open database that knows what its log has; None where there is no page.

    What only the database has is UNKNOWN: to read that takes its time.
    """
    first = os.pread(database, 100, 0)
    if not log.frames and len(first) < 100:
        return None
    size = len(log.frames[0].octets) if log.frames else _page_size(first)
    pages = log.frames[-1].size if log.frames else os.fstat(database).st_size // size
    sums = array("I", [UNKNOWN]) * pages
    for page, place in log.newest().items():
        if page <= pages:
            sums[page - 1] = page_sum(log.frames[place].octets)
    return Sheet(
        page_size=size,
        pages=pages,
        sums=sums,
        salt=log.salt if log.frames else OPENED,
        frames=len(log.frames),
    )


def _page_size(header: bytes) -> int:
    said = int.from_bytes(header[16:18], "big")
    return 65536 if said == 1 else said
