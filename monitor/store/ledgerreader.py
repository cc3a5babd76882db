"""Reads the ledger of a daemon that may be running, and changes nothing."""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from monitor.ledger.audit import Finding, audited
from monitor.ledger.checkpoint import Checkpoint, checkpoint_of
from monitor.ledger.note import Verifier, parse
from monitor.ledger.proof import Proof
from monitor.ledger.tree import inclusion_proof, leaf_hash, subtrees
from monitor.store.ledger import entries, newest_note, notes
from monitor.store.reader import reading


class LedgerReader:
    """Answers questions about the ledger. Made by `open_ledger`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def notes(self) -> Sequence[str]:
        """Return all checkpoints that were signed, oldest first."""
        return tuple(note for _, note in notes(self._connection))

    def entries(self) -> Iterator[tuple[int, bytes]]:
        """Yield the entries in order, each with its number."""
        return entries(self._connection)

    def recorded_key(self) -> str | None:
        """Return the public key that the ledger itself names last, None if it names none."""
        found = [body["key"] for body in self._bodies() if body.get("type") == "key"]
        return str(found[-1]) if found else None

    def signed(self, known: Verifier) -> Iterator[Checkpoint]:
        """Yield what was signed in the database itself. NoteError where `known` did not sign it."""
        for note in self.notes():
            yield checkpoint_of(note, known)

    def audited(self, known: Verifier | None = None, held: Iterable[Checkpoint] = ()) -> Finding:
        """Return how the entries stand to the checkpoints in the database, and to those `held`.

        `known` is the key that signed, by default the one that the ledger names. Raises NoteError
        where it did not.
        """
        recorded = self.recorded_key()
        key = known or (Verifier.parse(recorded) if recorded else None)
        here = () if key is None else self.signed(key)
        return audited(entries(self._connection), [*here, *held])

    def proven(self, number: int) -> tuple[bytes, Proof] | None:
        """Return an entry, and that it is in the newest checkpoint; None where it is not."""
        note = newest_note(self._connection)
        size = Checkpoint.parse(parse(note.encode()).text).size if note else 0
        bodies = [body for _, body in entries(self._connection, 0, size)]
        if note is None or not number < len(bodies) == size:
            return None
        hashes = inclusion_proof(number, size, subtrees(list(map(leaf_hash, bodies))))
        return bodies[number], Proof(index=number, hashes=tuple(hashes), note=note)

    def _bodies(self) -> Iterator[dict[str, Any]]:
        for _, body in entries(self._connection):
            try:
                found = json.loads(body)
            except ValueError:
                continue  # `audited` says what is wrong with it
            if isinstance(found, dict):
                yield found


@contextmanager
def open_ledger(data_dir: str | Path) -> Iterator[LedgerReader]:
    """Open the ledger of a data directory. Raise StoreError when it can't be read."""
    with reading(data_dir) as connection:
        yield LedgerReader(connection)
