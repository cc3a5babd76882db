"""Files into text: whatever can be wrong with a file is one line that says so."""

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from monitor.configuration.document import Unreadable
from monitor.configuration.problem import Problem

_LARGEST = 4 * 2**20
# YAML 1.2, 5.1: what a document may hold.
_FORBIDDEN = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)


@dataclass(frozen=True, slots=True)
class Source:
    """A file as it was read. `name` is relative to the folder of checks.yaml."""

    name: str
    octets: bytes


def read(path: Path, name: str) -> Source:
    """Return the content of a file; raise Unreadable if it is none, or is over 4 MB."""
    try:
        # O_NONBLOCK: opening a named pipe must not wait for a writer.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            return Source(name, _content(file.fileno(), name))
    except IsADirectoryError:
        raise _unreadable(name, "this is a folder, not a file") from None
    except OSError as error:
        raise _unreadable(name, f"cannot be read: {error.strerror}") from None


def _content(descriptor: int, name: str) -> bytes:
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        raise _unreadable(name, "this is no ordinary file")
    parts, left = [], _LARGEST + 1
    while left and (part := os.read(descriptor, left)):
        parts.append(part)
        left -= len(part)
    if not left:
        raise _unreadable(name, f"over {_LARGEST // 2**20} MB: split it into config/services/")
    return b"".join(parts)


def decode(source: Source) -> str:
    """Return the text of a file; raise Unreadable where it is no text that YAML allows."""
    try:
        text = source.octets.decode()
    except UnicodeDecodeError as error:
        before = source.octets[: error.start].decode()
        octet = source.octets[error.start]
        message = f"the byte 0x{octet:02x} is no UTF-8 text: save the file as UTF-8"
        raise _at_end_of(before, source.name, message) from None
    text = text.removeprefix("\ufeff")
    if strange := _FORBIDDEN.search(text):
        message = f"the character U+{ord(strange.group()):04X} has no place in YAML"
        raise _at_end_of(text[: strange.start()], source.name, message)
    return text


def _at_end_of(before: str, name: str, message: str) -> Unreadable:
    line = before.count("\n") + 1
    column = len(before) - (before.rfind("\n") + 1) + 1
    return Unreadable(Problem(name, line, column, message))


def _unreadable(name: str, message: str) -> Unreadable:
    return Unreadable(Problem(name, 1, 1, message))
