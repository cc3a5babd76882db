"""One writer for one data directory: the daemon, or for a moment a command."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from monitor.ports import StoreError
from monitor.store.ownership import leave_to_owner

_FILE = "lock"
_COMMAND = "command"
_PATIENCE_SECONDS = 10.0
_LOOK_AGAIN_SECONDS = 0.05


class DataDirectoryBusy(StoreError):
    """Another process holds the data directory. `pid` is its number, None if it can't be read."""

    def __init__(self, data_dir: Path, pid: int | None) -> None:
        owner = f"process {pid}" if pid else "another process"
        since = _since(data_dir) if pid else ""
        super().__init__(
            f"{data_dir}: {owner} is using this data directory{since}; "
            "stop it first, or name another one"
        )
        self.pid = pid


@dataclass(frozen=True, slots=True, kw_only=True)
class DataLock:
    """A data directory that is ours alone while this is held."""

    data_dir: Path
    pid: int


@contextmanager
def hold(
    data_dir: str | Path, *, briefly: bool = False, patience: float = _PATIENCE_SECONDS
) -> Iterator[DataLock]:
    """Hold the data directory, making it (mode 0700) if it is missing.

    `briefly` says that a command holds it, which is soon done: who wants to stay waits for that,
    `patience` seconds at most. Another one that stays is not waited for, and a command waits for
    nobody: raise DataDirectoryBusy. Raise StoreError when it can't be made or written. The lock
    dies with its process, however that ends; the file stays, since removing it would let two
    processes hold two files of one name.
    """
    directory = Path(data_dir)
    descriptor = _opened(directory)
    try:
        _lock(descriptor, directory, 0.0 if briefly else patience)
        pid = os.getpid()
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{pid} {_COMMAND}\n".encode() if briefly else f"{pid}\n".encode(), 0)
        try:
            yield DataLock(data_dir=directory, pid=pid)
        finally:
            # Whoever meets the lock before the next holder has signed it must not read our name.
            os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def holder(data_dir: str | Path) -> int | None:
    """Return the process that holds the data directory, or None if it can't be read.

    After a crash that is the one that held it last.
    """
    return _signature(Path(data_dir))[0]


def _lock(descriptor: int, directory: Path, patience: float) -> None:
    until = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until or _stays(directory):
                raise DataDirectoryBusy(directory, holder(directory)) from None
            time.sleep(_LOOK_AGAIN_SECONDS)
        else:
            return


def _stays(directory: Path) -> bool:
    """Say whether the holder is no command. One that has not signed yet may be one."""
    pid, kind = _signature(directory)
    return pid is not None and kind != _COMMAND and _is_alive(pid)


def _signature(directory: Path) -> tuple[int | None, str]:
    try:
        pid, _, kind = (directory / _FILE).read_text().strip().partition(" ")
        return int(pid), kind
    except (OSError, ValueError):
        return None, ""


def _since(directory: Path) -> str:
    """Return since when the lock is signed as it is: signing it is all that is ever written."""
    try:
        signed = (directory / _FILE).stat().st_mtime
    except OSError:
        return ""
    return f" since {datetime.fromtimestamp(signed, UTC):%Y-%m-%d %H:%M:%S} UTC"


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _opened(directory: Path) -> int:
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(directory / _FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        leave_to_owner(descriptor, directory)
    except OSError as error:
        raise StoreError(
            f"{directory}: {error.strerror}; Pantau must be able to write there"
        ) from error
    return descriptor
