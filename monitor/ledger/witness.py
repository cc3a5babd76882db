"""Witnesses, who cosign checkpoints (c2sp.org/tlog-cosignature, cosignature/v1 with Ed25519).

A witness saw that the log only grew since what it cosigned before. It says when.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Self

from monitor.ledger.checkpoint import Checkpoint
from monitor.ledger.note import Note, NoteError, Verifier, key_material, parse

_COSIGNATURE = b"\x04"
_TIME_BYTES = 8
_HASH_BYTES = 4
_LATEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Witness:
    """The public key of a witness, and what it is called."""

    name: str
    key: bytes

    @classmethod
    def parse(cls, vkey: str) -> Self:
        """Return the witness that `vkey` (NAME+HASH+KEY) tells. Raises NoteError."""
        name, hashed, key = key_material(vkey)
        if key[:1] != _COSIGNATURE:
            message = f"{name}: not the key of a witness that cosigns with Ed25519 (type 4)"
            raise NoteError(message)
        Verifier(name, key[1:])  # what a name and a key must be
        found = cls(name, key[1:])
        if hashed != found.key_hash.hex():
            message = f"{name}: the key is not the one of hash {hashed!r}"
            raise NoteError(message)
        return found

    @property
    def key_hash(self) -> bytes:
        """Return the four bytes that stand before a cosignature of this key."""
        return sha256(self.name.encode() + b"\n" + _COSIGNATURE + self.key).digest()[:_HASH_BYTES]

    def cosigned_at(self, note: Note) -> int | None:
        """Return when it last cosigned a note (seconds, 1970), None where it did not.

        Raises NoteError for a false cosignature in its name.
        """
        mine = (each for each in note.signatures if self._made(each.name, each.key_hash))
        return max((self._time(note.text, each.signature) for each in mine), default=None)

    def _made(self, name: str, key_hash: bytes) -> bool:
        return (name, key_hash) == (self.name, self.key_hash)

    def _time(self, text: str, signature: bytes) -> int:
        at = int.from_bytes(signature[:_TIME_BYTES])
        verifier = Verifier(self.name, self.key)
        stated = cosigned_text(text, at)
        if at > _LATEST or not verifier.has_signed(stated, signature[_TIME_BYTES:]):
            message = f"the cosignature of {self.name} is false"
            raise NoteError(message)
        return at


def cosigned_text(text: str, at: int) -> str:
    """Return what a witness signs of a note's text at a time (seconds, 1970)."""
    return f"cosignature/v1\ntime {at}\n{text}"


def witnessed(notes: Iterable[str], witnesses: Sequence[Witness], asked: int) -> int:
    """Return the size of the largest checkpoint that so many of `witnesses` cosigned, 0 for none.

    A key that is named twice counts once. Raises NoteError for a false cosignature of one of them.
    """
    known = {each.key: each for each in witnesses}.values()
    largest = 0
    for note in map(parse, (each.encode() for each in notes)):
        cosigners = [each for each in known if each.cosigned_at(note) is not None]
        if len(cosigners) >= asked:
            largest = max(largest, Checkpoint.parse(note.text).size)
    return largest
