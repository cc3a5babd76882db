"""Keeps the checksums of the database's pages, for the one connection that writes.

The order makes it safe. What a commit wrote is noted once it is durable, so no checksum is ever
ahead of the disk. What was noted is synced before a checkpoint copies it, so no page in the
database is ever ahead of its checksum. What a kill left without a note is vouched for by the
log's own checksums.
"""

import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import structlog

from monitor.store.connection import sync_folder
from monitor.store.damage import CHUNK_PAGES, Damaged, faults_of, stored, vouched
from monitor.store.pagesums import CLOSED, OPENED, UNKNOWN, Sheet, page_sum, sheet_now, sums_path
from monitor.store.sumsfile import SumsFile
from monitor.store.wal import Log, Tail, tail

log = structlog.get_logger()

# Nobody waits for the rest: monitoring begins meanwhile.
_AT_THE_START_SECONDS = 1.0
_AT_ONCE_SECONDS = 0.05


class SumsKeeper:
    """The checksums of one database, whose writer calls these methods in this order.

    `look` before it connects, `begin` once it has, `note` after each commit, `sync` before each
    checkpoint and before it lets go, and `ended` after. `look` sees as much as it can in a second;
    `look_on` the rest, bit by bit, whenever nobody is waiting. A commit that failed is not noted: a
    connection that closes does not copy it. Each raises OSError where the disk fails, and `look`,
    `look_on` and `note` raise Damaged.
    """

    def __init__(self, database: Path) -> None:
        self._database = database
        self._path = sums_path(database)
        self._file = SumsFile(database)
        self._sheet: Sheet | None = None
        self._logged: set[int] = set()
        self._log: int | None = None
        # Closing any descriptor of the database would take SQLite's locks on it away: this one
        # is kept for as long as SQLite may have some.
        self._pages: int | None = None
        self._left = range(0)  # the pages, from 0, that nobody has looked at yet
        self._doubted: set[int] = set()
        self._is_thorough = False

    @property
    def frames(self) -> int:
        """How many frames of the log are noted."""
        return 0 if self._sheet is None else self._sheet.frames

    def look(self) -> None:
        """Raise Damaged where the database is not what was written. Nobody may have it open.

        Pages in doubt come first. After `doubt_all` it takes the time it needs.
        """
        self._let_go()
        self._left = range(0)
        sheet = Sheet.read(self._path)
        if sheet is None or not self._database.exists():
            self._file.remove()
            return
        found = Log.read(self._database)
        self._pages = os.open(self._database, os.O_RDONLY | os.O_CLOEXEC)
        faults = faults_of(sheet, found, self._pages, self._first_pages)
        self._doubted, self._is_thorough = set(), False
        if faults and sheet.whole:
            raise Damaged(self._database, faults)
        if faults:
            log.warning("store.sums_lost", detail="; ".join(faults))
            self._file.remove()
        else:
            self._go_on(sheet, found)

    def look_on(self) -> None:
        """Look at some pages more. Raise Damaged where one is not what was written."""
        if self._sheet is None:
            return
        self._left = self._left[: max(0, self._sheet.pages - self._left.start)]
        self._look_at(self._sheet, _AT_ONCE_SECONDS)

    def doubt_all(self) -> None:
        """Have the next `look` see all pages: SQLite found one that it can't make sense of."""
        self._is_thorough = True

    def begin(self) -> None:
        """Have checksums and keep them. Those that were lost are made by looking on."""
        if self._pages is None:
            self._pages = os.open(self._database, os.O_RDONLY | os.O_CLOEXEC)
        self._settle_log()
        found = Log.read(self._database)
        self._logged = set(found.newest())
        if self._sheet is None:
            self._sheet = sheet = sheet_now(self._pages, found)
            self._left = range(0 if sheet is None else sheet.pages)
            if sheet is not None:
                self._look_at(sheet, _AT_THE_START_SECONDS)
        self.note()
        self.sync()

    def note(self) -> None:
        """Note what was committed since the last time. Raise Damaged where it went onto damage."""
        try:
            self._note()
        except OSError:
            self.forget()
            raise

    def _note(self) -> None:
        sheet, new = self._sheet, self._new()
        if sheet is None or new is None:
            return
        if new.start == 0:
            self._logged = set()
        changed = {frame.page: frame.octets for frame in new.frames}
        self._compare(sheet, changed.keys() - self._logged)
        self._logged |= changed.keys()
        self._add(
            sheet,
            new.salt,
            new.start + len(new.frames),
            new.frames[-1].size,
            {page: page_sum(octets) for page, octets in changed.items()},
        )

    def sync(self) -> None:
        """Make durable what was noted."""
        if self._sheet is not None:
            self._file.sync(self._sheet)

    def forget(self) -> None:
        """Have no checksums until `begin`: what comes before it is not noted."""
        self._file.remove()
        self._sheet = None

    def ended(self) -> None:
        """Note that no log is left, if that is so, and let go of all files."""
        if self._sheet is not None and not self._log_path.exists():
            sync_folder(self._database.parent)  # or a power cut brings the log back
            self._add(self._sheet, CLOSED, 0, self._sheet.pages, {})
            self.sync()
        self._let_go()

    def _settle_log(self) -> None:
        """Make durable that the log was emptied, or a power cut lays the old one over the pages."""
        if self._log_path.exists():
            descriptor = os.open(self._log_path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def _look_at(self, sheet: Sheet, seconds: float) -> None:
        """Compare pages that only the database has, and sum those that were never summed."""
        for places in self._in_time(seconds):
            pages = {place + 1 for place in places} - self._logged
            self._compare(sheet, pages)
            if summed := self._summed(sheet, pages):
                self._add(sheet, sheet.salt, sheet.frames, sheet.pages, summed)

    def _summed(self, sheet: Sheet, pages: Iterable[int]) -> dict[int, int]:
        assert self._pages is not None  # noqa: S101 - `begin` opened it
        size, unknown = sheet.page_size, [page for page in pages if sheet.of(page) == UNKNOWN]
        found = {page: stored(self._pages, size, (page - 1) * size) for page in unknown}
        return {page: page_sum(octets) for page, octets in found.items() if len(octets) == size}

    def _first_pages(self, pages: int) -> Iterator[range]:
        yield from (range(page - 1, page) for page in sorted(self._doubted) if page <= pages)
        self._left = range(pages)
        yield from self._in_time(_AT_THE_START_SECONDS)

    def _in_time(self, seconds: float) -> Iterator[range]:
        """Yield pages that are left, some at a time, until time is up."""
        until = time.monotonic() + seconds
        while self._left and (self._is_thorough or time.monotonic() < until):
            yield self._left[:CHUNK_PAGES]
            self._left = self._left[CHUNK_PAGES:]

    def _go_on(self, sheet: Sheet, found: Log) -> None:
        """Take up what is known. What it lacks comes into a new file, and there is none until then:
        a checkpoint may come in between.
        """
        self._sheet = sheet
        later = vouched(sheet, found)
        if later or not sheet.whole:
            self._file.remove()
        else:
            self._file.open()
        if later:
            sheet.record(found.salt, len(found.frames), found.frames[-1].size, later)
        elif sheet.salt == CLOSED:
            self._add(sheet, OPENED, 0, sheet.pages, {})
            self.sync()

    def _add(
        self, sheet: Sheet, salt: bytes, frames: int, pages: int, changed: dict[int, int]
    ) -> None:
        at = sheet.length
        self._file.add(at, sheet.record(salt, frames, pages, changed))

    def _new(self) -> Tail | None:
        if self._sheet is None:
            return None
        if self._log is None:
            if not self._log_path.exists():
                return None
            self._log = os.open(self._log_path, os.O_RDONLY | os.O_CLOEXEC)
        return tail(self._log, self._sheet.salt, self._sheet.frames)

    def _compare(self, sheet: Sheet, pages: Iterable[int]) -> None:
        """Look at what the database has of pages that were changed: what was read there goes on."""
        assert self._pages is not None  # noqa: S101 - `begin` opened it
        for page in pages:
            known, size = sheet.of(page), sheet.page_size
            if known == UNKNOWN:
                continue
            if page_sum(stored(self._pages, size, (page - 1) * size)) != known:
                self._doubted.add(page)
                what = f"page {page} of {sheet.pages} is not what was written"
                raise Damaged(self._database, (what,))

    @property
    def _log_path(self) -> Path:
        return Path(f"{self._database}-wal")

    def _let_go(self) -> None:
        self._file.close()
        for descriptor in (self._log, self._pages):
            if descriptor is not None:
                os.close(descriptor)
        self._sheet, self._log, self._pages = None, None, None
