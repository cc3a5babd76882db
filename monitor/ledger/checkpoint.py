"""Checkpoints (c2sp.org/tlog-checkpoint): how long the log was, and the root over it."""

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Self

from monitor.ledger.note import NoteError, Verifier, is_name, opened

_SIZE = re.compile(r"(0|[1-9][0-9]{0,15})\Z")
_LINES = 3
_ROOT_BYTES = 32


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What is signed: the log's name, how many entries it had, and the root over them."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The text of the note."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return what the text of a note says; lines that others may add are let be. NoteError."""
        lines = text.split("\n")
        if len(lines) <= _LINES or lines[-1]:
            message = "not a checkpoint: it has an origin, a size and a root, each on its line"
            raise NoteError(message)
        origin, size, root = lines[:_LINES]
        if not is_name(origin):
            message = f"{origin[:80]!r} is no origin"
            raise NoteError(message)
        if not _SIZE.match(size):
            message = f"{size[:80]!r} is no size"
            raise NoteError(message)
        if "" in lines[_LINES:-1]:
            message = "an empty line in a checkpoint"
            raise NoteError(message)
        return cls(origin, int(size), read_hash(root))


def checkpoint_of(note: str, known: Verifier) -> Checkpoint:
    """Return what a note says of the log of `known`. Raises NoteError."""
    point = Checkpoint.parse(opened(note.encode(), [known]).text)
    if point.origin != known.name:
        raise NoteError(f"a checkpoint of {point.origin}, and this is {known.name}")
    return point


def read_hash(encoded: str) -> bytes:
    """Return the 32 bytes that stand in base64. Raises NoteError."""
    try:
        root = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        root = b""
    if len(root) != _ROOT_BYTES or base64.b64encode(root).decode() != encoded:
        message = f"{encoded[:80]!r} is no hash: 32 bytes in base64"
        raise NoteError(message)
    return root
