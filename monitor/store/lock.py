"""One daemon for one data directory."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from monitor.ports import StoreError

_FILE = "lock"


class DataDirectoryBusy(StoreError):
    """Another process holds the data directory. `pid` is its number, None if it can't be read."""

    def __init__(self, data_dir: Path, pid: int | None) -> None:
        owner = f"process {pid}" if pid else "another process"
        super().__init__(
            f"{data_dir}: {owner} is using this data directory; stop it first, or name another one"
        )
        self.pid = pid


@dataclass(frozen=True, slots=True, kw_only=True)
class DataLock:
    """A data directory that is ours alone while this is held."""

    data_dir: Path
    pid: int


@contextmanager
def hold(data_dir: str | Path) -> Iterator[DataLock]:
    """Hold the data directory, making it (mode 0700) if it is missing.

    Raise DataDirectoryBusy at once when another process holds it, StoreError when it can't be
    made or written. The lock dies with its process, however that ends; the file stays, since
    removing it would let two processes hold two files of one name.
    """
    directory = Path(data_dir)
    descriptor = _opened(directory)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DataDirectoryBusy(directory, holder(directory)) from None
        pid = os.getpid()
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{pid}\n".encode(), 0)
        yield DataLock(data_dir=directory, pid=pid)
    finally:
        os.close(descriptor)


def holder(data_dir: str | Path) -> int | None:
    """Return the process that last held the data directory, or None."""
    try:
        return int((Path(data_dir) / _FILE).read_text())
    except (OSError, ValueError):
        return None


def _opened(directory: Path) -> int:
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        return os.open(directory / _FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StoreError(
            f"{directory}: {error.strerror}; Pantau must be able to write there"
        ) from error
