"""Follows the key of a log when it is replaced: the one before and the new one both sign for it.

An entry of type `key` says which key signs. The first one is taken at its word; one that hands
over carries a note that both keys signed. The key before may sign no more than the checkpoint that
ends with that entry, and must have signed that one before anything of the new key counts. So who
was told one key can follow to the next, and who steals one that was replaced can sign nothing that
is younger than its end.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from monitor.ledger.checkpoint import Checkpoint
from monitor.ledger.note import NoteError, Signer, Verifier, parse, signed_by

MARK = b'"type":"key"'
"""What every such entry holds, and no other: in a text of an entry, quotes are escaped."""

_HEAD = "pantau key rotation v1"


@dataclass(frozen=True, slots=True)
class Link:
    """A key, and which checkpoints it may sign: those of over `after` entries, up to `until`."""

    key: Verifier
    after: int = -1
    until: int | None = None


@dataclass(frozen=True, slots=True)
class Keychain:
    """The keys of one log, each after the one that handed over to it."""

    links: Sequence[Link]

    @property
    def last(self) -> Verifier:
        """The key that signs from the last rotation on."""
        return self.links[-1].key

    def checkpoints(self, notes: Iterable[tuple[str, str]]) -> list[Checkpoint]:
        """Return what notes say, each given with where it is kept.

        Raises NoteError where one is not signed by the key whose turn it was, and where the end
        of a key's turn was not signed by it.
        """
        points, signed = [], set()
        for where, note in notes:
            try:
                point, signers = self._opened(note)
            except NoteError as error:
                raise NoteError(f"{where}: {error}") from None
            points.append(point)
            signed |= {(each, point.size) for each in signers}
        newest = max((point.size for point in points), default=0)
        for link in self.links:
            end = link.until
            if end is not None and newest > end and (link.key, end) not in signed:
                message = f"entry {end - 1} hands over to another key, and no checkpoint of {end}"
                raise NoteError(f"{message} entries that {_named(link.key)} signed is there")
        return points

    def _opened(self, note: str) -> tuple[Checkpoint, Sequence[Verifier]]:
        found = parse(note.encode())
        point = Checkpoint.parse(found.text)
        signers = found.signers(link.key for link in self.links)
        link = self._link(point.size)
        if link.key not in signers:
            others = [each for each in self.links if each.key in signers]
            if others:
                message = f"{_named(others[0].key)} does not sign {point.size} entries"
                raise NoteError(f"{message}: it was the turn of {_named(link.key)}")
            raise NoteError(f"{_named(link.key)} did not sign it")
        if point.origin != link.key.name:
            raise NoteError(f"a checkpoint of {point.origin}, and this is {link.key.name}")
        return point, signers

    def _link(self, size: int) -> Link:
        return next(each for each in self.links if each.until is None or size <= each.until)


def followed(known: Verifier, entries: Iterable[tuple[int, bytes]]) -> Keychain:
    """Return the chain that `known` is part of, by a log's entries, each with its number.

    Where no entry speaks of it, it is alone. Raises NoteError where an entry hands over falsely.
    """
    chains: list[list[Link]] = [[]]
    for number, body in entries:
        named = _named_by(body) if MARK in body else None
        if named is None:
            continue
        vkey, note = named
        chain, new = chains[-1], Verifier.parse(vkey)
        if note is None:
            if not chain or chain[-1].key != new:
                chains.append([Link(new)])
            continue
        if not chain:
            raise NoteError(f"entry {number}: it hands over, and no key was named before")
        old = chain[-1]
        _check(note, number, old.key, new)
        chain[-1:] = [Link(old.key, old.after, number + 1), Link(new, number + 1)]
    for chain in chains:
        if known in (link.key for link in chain):
            return Keychain(chain)
    return Keychain([Link(known)])


def rotation_note(old: Signer, new: Signer, number: int) -> str:
    """Return that `old` hands over to `new` with entry `number`: both sign it."""
    return signed_by(_text(number, old.verifier, new.verifier), [old, new])


def _text(number: int, old: Verifier, new: Verifier) -> str:
    # Its second line is no number, so it can't be taken for a checkpoint.
    return f"{old.name}\n{_HEAD}\n{number}\n{old}\n{new}\n"


def _check(note: str, number: int, old: Verifier, new: Verifier) -> None:
    try:
        found = parse(note.encode())
        signers = found.signers([old, new])
    except NoteError as error:
        raise NoteError(f"entry {number}: {error}") from None
    if found.text != _text(number, old, new) or old.name != new.name:
        raise NoteError(f"entry {number}: it hands over from another key, or elsewhere")
    for each in (old, new):
        if each not in signers:
            message = f"entry {number}: {_named(each)} did not sign that it is handed over"
            raise NoteError(message)


def _named_by(body: bytes) -> tuple[str, str | None] | None:
    """Return the key that an entry names, and the note by which it is handed over, if it is."""
    try:
        found = json.loads(body)
    except ValueError:
        return None  # whoever compares roots says what is wrong with it
    if not isinstance(found, dict) or found.get("type") != "key":
        return None
    vkey, note = found.get("key"), found.get("note")
    if not isinstance(vkey, str) or not isinstance(note, str | None):
        return None
    return vkey, note


def _named(key: Verifier) -> str:
    return f"{key.name}+{key.key_hash.hex()}"
