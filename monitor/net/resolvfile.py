"""A small text file of the system that is read again when it changes."""

import os
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

Parsed = TypeVar("Parsed")

_LOOK_AGAIN_SECONDS = 1.0
_LARGEST_BYTES = 16_000_000
_Signature = tuple[int, int, int] | None


class FollowedFile(Generic[Parsed]):
    """What `parse` makes of a file's text, looked at again at most once a second.

    A file that is missing, unreadable, too large or no file at all has the text "".
    """

    def __init__(
        self,
        path: Path,
        parse: Callable[[str], Parsed],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._path = path
        self._parse = parse
        self._monotonic = monotonic
        self._look_again_at = float("-inf")
        self._signature: _Signature = None
        self._value = parse("")

    def current(self) -> Parsed:
        """Return what the file says now."""
        now = self._monotonic()
        if now >= self._look_again_at:
            self._look_again_at = now + _LOOK_AGAIN_SECONDS
            self._look()
        return self._value

    def _look(self) -> None:
        signature = _signature(self._path)
        if signature != self._signature:
            self._signature = signature
            self._value = self._parse(_text(self._path) if signature else "")


def _signature(path: Path) -> _Signature:
    """Return what changes when the file does. Inode too: editors replace the file."""
    try:
        found = os.stat(path)  # noqa: PTH116  Path.stat costs twice as much, and this runs often
    except OSError:
        return None
    if not stat.S_ISREG(found.st_mode) or found.st_size > _LARGEST_BYTES:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
