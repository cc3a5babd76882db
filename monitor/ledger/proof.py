"""Proofs that one entry is in a log (c2sp.org/tlog-proof): a text that stands for itself."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from monitor.ledger.checkpoint import Checkpoint, read_hash
from monitor.ledger.note import LARGEST, NoteError, Verifier, opened
from monitor.ledger.tree import leaf_hash, root_by_inclusion

_HEAD = "c2sp.org/tlog-proof@v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """That entry `index` is in the log that the signed `note` speaks of."""

    index: int
    hashes: tuple[bytes, ...]
    note: str

    @property
    def text(self) -> str:
        """The proof as it is handed on."""
        hashes = "".join(f"{base64.b64encode(each).decode()}\n" for each in self.hashes)
        return f"{_HEAD}\nindex {self.index}\n{hashes}\n{self.note}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return what a text proves, unchecked. Raises NoteError."""
        if len(text) > LARGEST:
            raise NoteError("a proof of over a million characters")
        above, gap, note = text.partition("\n\n")
        head, *lines = above.split("\n")
        if head != _HEAD or not gap:
            raise NoteError(f"not a proof: its first line should be {_HEAD}")
        if lines and lines[0].startswith("extra "):
            lines = lines[1:]
        word, _, number = (lines[0] if lines else "").partition(" ")
        if word != "index" or not number.isdecimal() or str(int(number)) != number:
            raise NoteError("not a proof: it has no line `index NUMBER`")
        return cls(index=int(number), hashes=tuple(map(read_hash, lines[1:])), note=note)

    def checkpoint(self, entry: bytes, known: Sequence[Verifier]) -> Checkpoint:
        """Return what one of `known` signed, and `entry` is proven to be part of. NoteError."""
        point = Checkpoint.parse(opened(self.note.encode(), known).text)
        try:
            root = root_by_inclusion(leaf_hash(entry), self.index, point.size, self.hashes)
        except ValueError as error:
            raise NoteError(str(error)) from None
        if root != point.root:
            raise NoteError(f"this is not entry {self.index} of {point.origin}")
        return point
