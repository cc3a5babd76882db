"""Compares a database with the checksums of its pages, and names what is not as it was written."""

import errno
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from monitor.ports import StoreError
from monitor.store.pagesums import CLOSED, UNKNOWN, Sheet, page_sum, sums_path
from monitor.store.wal import Log

_SHOWN = 5
_LOOKS = 20
_PAUSE_SECONDS = 0.05
CHUNK_PAGES = 256

ADVICE = (
    "The disk is failing, or another program wrote to it. No figure is computed from it: look at "
    "the disk, stop the daemon, and put back a backup with `pantau db restore`"
)


class Damaged(StoreError):
    """The database is not what was written to it. `faults` say where."""

    def __init__(self, database: Path, faults: tuple[str, ...]) -> None:
        super().__init__(f"{database}: damaged: {'; '.join(faults)}. {ADVICE}")
        self.faults = faults


@dataclass(frozen=True, slots=True)
class _Look:
    """The three files, read one after the other."""

    sheet: Sheet
    log: Log

    @property
    def noted(self) -> int:
        """How many frames of the log the checksums stand for; 0 for a log that is a new one."""
        return self.sheet.frames if self.log.salt == self.sheet.salt else 0

    @property
    def pages(self) -> int:
        """How many pages the database has."""
        frames = self.log.frames
        return frames[-1].size if len(frames) > self.noted else self.sheet.pages


def damage(database: Path) -> tuple[str, ...]:
    """Return what is wrong with a database; nothing where it has no checksums.

    It may be written to meanwhile: only what stays wrong is told. Not for the process that has the
    database open: closing a file takes SQLite's own locks on it away.
    """
    faults: tuple[str, ...] = ()
    before: tuple[str, ...] | None = None
    for _ in range(_LOOKS):
        faults, still = _looked(database)
        if not faults or (faults == before and still):
            break
        before = faults
        time.sleep(_PAUSE_SECONDS)
    return faults


def refuse_damage(database: Path) -> None:
    """Raise Damaged where a database is."""
    if faults := damage(database):
        raise Damaged(database, faults)


def _looked(database: Path) -> tuple[tuple[str, ...], bool]:
    """Return what seems wrong, and whether nobody wrote meanwhile."""
    try:
        sheet = Sheet.read(sums_path(database))
        if sheet is None:
            return (), True
        log = Log.read(database)
        descriptor = os.open(database, os.O_RDONLY | os.O_CLOEXEC)
        try:
            faults = faults_of(sheet, log, descriptor)
        finally:
            os.close(descriptor)
        again = Sheet.read(sums_path(database))
    except OSError as error:
        raise StoreError(f"{database}: {error.strerror}") from error
    return faults, again is not None and again.length == sheet.length


def all_pages(pages: int) -> Iterator[range]:
    """Return all of so many pages, counted from 0, some at a time."""
    return (range(first, pages)[:CHUNK_PAGES] for first in range(0, pages, CHUNK_PAGES))


def faults_of(
    sheet: Sheet,
    log: Log,
    descriptor: int,
    among: Callable[[int], Iterable[range]] = all_pages,
) -> tuple[str, ...]:
    """Return what is wrong with an open database whose files are `sheet` and `log`.

    `among` says which of so many pages are looked at.
    """
    look = _Look(sheet, log)
    wrong = _of_the_log(look) or _shown(_wrong_pages(look, descriptor, among(look.pages)))
    if wrong and not sheet.whole:
        wrong.append("the end of the checksums is lost, too")
    return tuple(wrong)


def _shown(faults: Iterator[str]) -> list[str]:
    """Return the first faults, and how many more there are: of a lost file that is each page."""
    shown = list(islice(faults, _SHOWN))
    if more := sum(1 for _ in faults):
        shown.append(f"and {more} more pages")
    return shown


def _of_the_log(look: _Look) -> list[str]:
    sheet, log = look.sheet, look.log
    if not log.frames or log.salt == sheet.salt:
        return []
    if sheet.salt == CLOSED or log.salt in sheet.salts:
        return ["the log beside it (-wal) is not its own, or an old one"]
    return []


def _wrong_pages(look: _Look, descriptor: int, among: Iterable[range]) -> Iterator[str]:
    newest = look.log.newest()
    for page, octets in _pages(descriptor, look.sheet.page_size, among):
        place = newest.get(page)
        known = look.sheet.of(page)
        if place is not None:
            if place >= look.noted:
                continue  # written after the last note; the log's own sums vouch for it
            octets = look.log.frames[place].octets  # noqa: PLW2901 - the page is there now
        if known == UNKNOWN or page_sum(octets) == known:
            continue
        if len(octets) < look.sheet.page_size:
            yield f"page {page} of {look.pages} is missing"
        else:
            yield f"page {page} of {look.pages} is not what was written"


def _pages(descriptor: int, size: int, among: Iterable[range]) -> Iterator[tuple[int, bytes]]:
    for places in among:
        octets = stored(descriptor, len(places) * size, places.start * size)
        for at, place in enumerate(places):
            yield place + 1, octets[at * size : (at + 1) * size]


def stored(descriptor: int, length: int, at: int) -> bytes:
    """Return what the disk has there; nothing where it can't be read, as where it is cut off."""
    try:
        return os.pread(descriptor, length, at)
    except OSError as error:
        if error.errno != errno.EIO:
            raise
        return b""


def vouched(sheet: Sheet, log: Log) -> Mapping[int, int]:
    """Return the checksums of pages that the log has and that nobody noted yet."""
    start = _Look(sheet, log).noted
    return {f.page: page_sum(f.octets) for f in log.frames[start:]}
