"""The file with the checksums: added to, replaced whole, or gone."""

import os
from pathlib import Path

from monitor.store.connection import sync_folder
from monitor.store.ownership import leave_to_owner
from monitor.store.pagesums import Sheet, sums_path

_COMPACT_BYTES = 256 << 10
_OF_A_PAGE = 8


class SumsFile:
    """Says what a sheet in memory says, or does not exist.

    What can't be written takes the file away, until `sync` can write it anew: checksums that
    stay behind would call sound pages damaged.
    """

    def __init__(self, database: Path) -> None:
        self._path = sums_path(database)
        self._descriptor: int | None = None
        self._is_dirty = False

    def open(self) -> None:
        """Go on with the file that is there."""
        self._descriptor = os.open(self._path, os.O_RDWR | os.O_CLOEXEC)

    def add(self, at: int, record: bytes) -> None:
        """Add a record at the end, which is at `at`. It is durable after `sync`."""
        if self._descriptor is None:
            return
        try:
            _write(self._descriptor, record, at)
        except OSError:
            self.remove()
        else:
            self._is_dirty = True

    def sync(self, sheet: Sheet) -> None:
        """Make durable what `sheet` says, in a new file if there is none or it has grown long.

        OSError where that can't be done, and the file can't be taken away either.
        """
        try:
            if self._descriptor is None:
                self._write_anew(self._path, sheet)
            elif sheet.length > max(_COMPACT_BYTES, 4 * _OF_A_PAGE * sheet.pages):
                draft = Path(f"{self._path}.new")
                draft.unlink(missing_ok=True)
                self._write_anew(draft, sheet)
                draft.replace(self._path)
                sync_folder(self._path.parent)
            elif self._is_dirty:
                os.fdatasync(self._descriptor)
            self._is_dirty = False
        except OSError:
            self.remove()

    def remove(self) -> None:
        """Have no file, for sure."""
        self.close()
        if self._path.exists():
            self._path.unlink()
            sync_folder(self._path.parent)

    def close(self) -> None:
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def _write_anew(self, path: Path, sheet: Sheet) -> None:
        self.close()
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        self._descriptor = os.open(path, flags, 0o600)
        leave_to_owner(self._descriptor, path.parent)
        _write(self._descriptor, sheet.begun(), 0)
        os.fdatasync(self._descriptor)
        sync_folder(path.parent)


def _write(descriptor: int, octets: bytes, at: int) -> None:
    while octets:
        written = os.pwrite(descriptor, octets, at)
        octets, at = octets[written:], at + written
