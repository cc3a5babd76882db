"""Reads the ledger of a daemon that may be running, and changes nothing."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from monitor.domain.correction import CorrectionRecord
from monitor.domain.windowrecord import WindowRecord
from monitor.domain.windows import Window
from monitor.ledger.audit import Fault, Finding, audited
from monitor.ledger.checkpoint import Checkpoint
from monitor.ledger.keychain import followed
from monitor.ledger.note import NoteError, Verifier, parse
from monitor.ledger.proof import Proof
from monitor.ledger.tree import inclusion_proof, leaf_hash, root_of, subtrees
from monitor.ledger.witness import Witness, witnessed
from monitor.store.actsaudit import ActsFinding, audited_acts
from monitor.store.corrections import correction_records
from monitor.store.hoursaudit import HoursFinding, audited_hours, rows_and_blocks, sealed_hours
from monitor.store.ledger import entries, key_entries, newest_note, notes
from monitor.store.reader import Examined, reading
from monitor.store.windows import window_records


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
        found = [body for body in self._key_bodies() if isinstance(body.get("key"), str)]
        return str(found[-1]["key"]) if found else None

    def audited(
        self, known: Verifier | None = None, held: Iterable[tuple[str, str]] = ()
    ) -> Finding:
        """Return how the entries stand to the checkpoints in the database, and to those `held`.

        These are notes, each with where it was kept. `known` is a key that signed, by default the
        one that the ledger names last; those that it was handed over from and to count as well.
        Raises NoteError for a note that none of them signed, or not in its turn.
        """
        key, elsewhere = known or self._recorded(), tuple(held)
        if key is None:
            return audited(entries(self._connection), ())
        chain = followed(key, key_entries(self._connection))
        own = chain.checkpoints([*self._notes_here(), *elsewhere])
        kept = own[len(own) - len(elsewhere) :]
        del own[len(own) - len(elsewhere) :]
        finding = audited(entries(self._connection), kept, own=own)
        missing = {point.size for point in kept} - {point.size for point in own}
        if finding.fault is None and missing:
            return replace(finding, fault=_removed(min(missing)))
        return finding

    def hours(self) -> HoursFinding:
        """Return how sealed hours and the samples that are kept stand to their entries."""
        return audited_hours(self._connection, entries(self._connection))

    def acts(self) -> ActsFinding:
        """Return how corrections, planned work and filed reports stand to their entries."""
        return audited_acts(self._connection, entries(self._connection))

    def rows_and_blocks(self) -> Iterator[tuple[bytes, bytes | None]]:
        """Yield what is kept of sealed hours: see `hoursaudit.rows_and_blocks`."""
        return rows_and_blocks(self._connection)

    def sealed(self) -> Window | None:
        """Return from the first hour up to the last one whose samples were sealed and signed."""
        note = newest_note(self._connection)
        size = Checkpoint.parse(parse(note.encode()).text).size if note else 0
        return sealed_hours(self._connection, size)

    def windows(self) -> tuple[WindowRecord, ...]:
        """Return all maintenance windows that were ever known, oldest first."""
        return window_records(self._connection, None, most=None)

    def entered(self) -> Iterator[Mapping[str, Any]]:
        """Yield the entries of filed reports, each with its number as `entry`."""
        for number, body in entries(self._connection):
            if body.startswith(b'{"at":') and b'"type":"report"' in body:
                said = json.loads(body)
                if said["type"] == "report":
                    yield said | {"entry": number}

    def corrections(self) -> tuple[CorrectionRecord, ...]:
        """Return every correction that was ever made, in order."""
        return correction_records(self._connection)

    def witnessed(
        self, witnesses: Sequence[Witness], asked: int, held: Iterable[tuple[str, str]] = ()
    ) -> int:
        """Return how many entries the largest checkpoint has that `asked` witnesses cosigned.

        It is one of those in the database and of those `held`. Raises NoteError for a false one.
        """
        return witnessed([*self.notes(), *(note for _, note in held)], witnesses, asked)

    def _recorded(self) -> Verifier | None:
        written = self.recorded_key()
        return None if written is None else Verifier.parse(written)

    def _notes_here(self) -> Iterator[tuple[str, str]]:
        for size, note in notes(self._connection):
            yield f"the database's checkpoint of {size} entries", note

    def proven(self, number: int) -> tuple[bytes, Proof] | None:
        """Return an entry, and that it is in the newest checkpoint; None where it is not.

        Raises NoteError where that checkpoint stands for other entries: nothing can be proven then.
        """
        note = newest_note(self._connection)
        if note is None:
            return None
        point = Checkpoint.parse(parse(note.encode()).text)
        bodies = [body for _, body in entries(self._connection, 0, point.size)]
        leaves = list(map(leaf_hash, bodies))
        if root_of(leaves) != point.root:
            message = (
                f"these are not the {point.size} entries that the newest checkpoint stands for"
            )
            raise NoteError(f"{message}: `pantau ledger verify` says which are not")
        if number >= point.size:
            return None
        hashes = inclusion_proof(number, point.size, subtrees(leaves))
        return bodies[number], Proof(index=number, hashes=tuple(hashes), note=note)

    def _key_bodies(self) -> Iterator[dict[str, Any]]:
        for _, body in key_entries(self._connection):
            try:
                found = json.loads(body)
            except ValueError:
                continue  # `audited` says what is wrong with it
            if isinstance(found, dict) and found.get("type") == "key":
                yield found


def _removed(size: int) -> Fault:
    """Say that what was signed is no more here: none is dropped, so somebody took it away."""
    detail = "the checkpoint over them was removed from the database"
    return Fault(first=0, end=size, detail=detail)


@contextmanager
def open_ledger(
    data_dir: str | Path, *, examined: Examined = Examined.FIRST
) -> Iterator[LedgerReader]:
    """Open the ledger of a data directory. Raise StoreError when it can't be read, or is damaged.

    Who looks at its hashes need not look for damage.
    """
    with reading(data_dir, examined=examined) as connection:
        yield LedgerReader(connection)
