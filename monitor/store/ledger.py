"""The ledger in the database: entries are added, and what there is gets signed."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

import structlog
from sqlalchemy import Connection, func, insert, select, update

from monitor.domain.instant import microseconds
from monitor.ledger.checkpoint import Checkpoint
from monitor.ledger.keychain import MARK, followed, rotation_note
from monitor.ledger.note import NoteError, Signer, parse, signed_by
from monitor.ledger.tree import Frontier, leaf_hash
from monitor.store.record import key_entry, rotation_entry
from monitor.store.schema import ledger_checkpoint, ledger_entry

log = structlog.get_logger()

_BATCH = 10_000
_UNSIGNED = 1_000


class Signing(NamedTuple):
    """Who signs, and the checkpoint that was published last, None if there was none.

    `successors` are keys to which it may have been handed over meanwhile: what is in the database
    says whether it was.
    """

    signer: Signer
    published: str | None = None
    successors: tuple[Signer, ...] = ()


class Ledger:
    """Adds entries in the transaction that is open on `connection`, and signs with `signer`.

    The first signature looks at every entry there is. Where the newest checkpoint, or the one that
    was `published` last, stands for other entries than these, nothing is signed any more: a log
    must not vouch for two histories.
    """

    def __init__(
        self,
        connection: Connection,
        signer: Signer | None = None,
        published: str | None = None,
        successors: Sequence[Signer] = (),
    ) -> None:
        self._connection = connection
        self._signer = signer
        self._published = published
        self._successors = successors
        self._size = _size(connection)
        self._signed_size = _signed_size(connection)
        self._frontier: Frontier | None = None

    @property
    def size(self) -> int:
        """Return how many entries there are: the number of the next one."""
        return self._size

    def add(self, bodies: Iterable[bytes]) -> None:
        """Add entries at the end."""
        found = [{"number": self._size + n, "body": body} for n, body in enumerate(bodies)]
        if found:
            self._connection.execute(insert(ledger_entry), found)
            self._size += len(found)

    def sign_if_long(self, at: datetime) -> None:
        """Sign what there is if that is a thousand entries more than were signed."""
        if self._size - self._signed_size >= _UNSIGNED:
            self.sign(at)

    def sign(self, at: datetime) -> None:
        """Sign what there is, unless the newest checkpoint stands for just that already."""
        signer = self._ready(at)
        if signer is not None and self._size > self._signed_size:
            self._sign_by([signer], at)

    def hand_over(self, successor: Signer, by: str, at: datetime) -> None:
        """Have `successor` sign from here on, unless nothing is signed any more.

        The key before signs the checkpoint that ends with that, and nothing after it.
        """
        signer = self._ready(at)
        if signer is None or signer.verifier == successor.verifier:
            return
        note = rotation_note(signer, successor, self._size)
        self.add([rotation_entry(str(successor.verifier), note, by, at)])
        self._sign_by([signer, successor], at)
        self._signer = successor

    def cosigned(self, size: int, note: str) -> None:
        """Keep a checkpoint with the cosignatures that it has got, if it is still the same one."""
        [before] = [*notes_at(self._connection, [size]), ""][:1]
        if before and note.startswith(before):
            of_size = ledger_checkpoint.c.size == size
            self._connection.execute(update(ledger_checkpoint).where(of_size).values(note=note))

    def _ready(self, at: datetime) -> Signer | None:
        """Return who signs, None where nobody does."""
        if self._signer is not None and self._frontier is None:
            self._frontier = Frontier()
            try:
                self._signer = self._begun(self._signer, at)
            except NoteError as error:
                self._refuse(str(error))
        return self._signer

    def _refuse(self, detail: str) -> None:
        log.error("ledger.inconsistent", detail=detail)
        self._signer = None

    def _sign_by(self, signers: Sequence[Signer], at: datetime) -> None:
        frontier = self._take_in(self._size)
        point = Checkpoint(signers[0].name, frontier.size, frontier.root)
        row = {"size": point.size, "at": microseconds(at), "note": signed_by(point.text, signers)}
        self._connection.execute(insert(ledger_checkpoint), row)
        self._signed_size = frontier.size

    def _begun(self, given: Signer, at: datetime) -> Signer:
        """Take in all entries, and return who signs.

        The first entry that a key signs says whose it is. Raises NoteError where what was signed
        so far is about other entries, or by another key.
        """
        newest = newest_note(self._connection)
        signer = _whose_turn([given, *self._successors], newest)
        chain = followed(signer.verifier, key_entries(self._connection))
        if chain.last != signer.verifier:
            raise NoteError("the key was replaced: put back the one that signs now")
        ends = [link.until for link in chain.links if link.until is not None]
        signed = [newest, self._published, *notes_at(self._connection, ends)]
        points = chain.checkpoints(("what was signed last", note) for note in signed if note)
        for point in sorted(points, key=lambda each: each.size):
            frontier = self._take_in(point.size)
            if (frontier.size, frontier.root) != (point.size, point.root):
                message = f"the log is not what was signed when it had {point.size} entries"
                raise NoteError(message)
        if newest is None:
            self.add([key_entry(str(signer.verifier), microseconds(at))])
        return signer

    def _take_in(self, end: int) -> Frontier:
        frontier = self._frontier or Frontier()
        leaves = (leaf_hash(body) for _, body in entries(self._connection, frontier.size, end))
        self._frontier = frontier.grown(leaves)
        return self._frontier


def _whose_turn(signers: Sequence[Signer], newest: str | None) -> Signer:
    """Return the last of `signers` that signed the newest checkpoint, the first if none did."""
    try:
        found = None if newest is None else parse(newest.encode())
        signed = () if found is None else found.signers(each.verifier for each in signers)
    except NoteError:
        signed = ()
    return next((each for each in reversed(signers) if each.verifier in signed), signers[0])


def entries(
    connection: Connection, start: int = 0, end: int | None = None
) -> Iterator[tuple[int, bytes]]:
    """Yield the entries [start, end), in order, each with its number."""
    last = start - 1
    while True:
        wanted = (
            select(ledger_entry.c.number, ledger_entry.c.body)
            .where(ledger_entry.c.number > last)
            .order_by(ledger_entry.c.number)
            .limit(_BATCH)
        )
        if end is not None:
            wanted = wanted.where(ledger_entry.c.number < end)
        found = connection.execute(wanted).all()
        yield from found
        if len(found) < _BATCH:
            return
        last = found[-1][0]


def key_entries(connection: Connection) -> Iterator[tuple[int, bytes]]:
    """Yield the entries that name a key, in order, each with its number."""
    if connection.dialect.name != "sqlite":
        yield from (each for each in entries(connection) if MARK in each[1])
        return
    names_key = func.instr(ledger_entry.c.body, MARK) > 0
    wanted = select(ledger_entry.c.number, ledger_entry.c.body).where(names_key)
    yield from connection.execute(wanted.order_by(ledger_entry.c.number))


def notes(connection: Connection) -> Iterator[tuple[int, str]]:
    """Yield all checkpoints that were signed, each with the size it is kept under."""
    wanted = select(ledger_checkpoint.c.size, ledger_checkpoint.c.note)
    for row in connection.execute(wanted.order_by(ledger_checkpoint.c.size)):
        yield row.size, row.note


def notes_at(connection: Connection, sizes: Sequence[int]) -> Sequence[str]:
    """Return the checkpoints of these sizes, those that there are."""
    wanted = select(ledger_checkpoint.c.note).where(ledger_checkpoint.c.size.in_(sizes))
    return connection.execute(wanted).scalars().all()


def newest_note(connection: Connection) -> str | None:
    """Return the newest checkpoint, None if nothing was signed yet."""
    newest = ledger_checkpoint.c.size.desc()
    found: str | None = connection.execute(
        select(ledger_checkpoint.c.note).order_by(newest).limit(1)
    ).scalar()
    return found


def note_of(connection: Connection, at: int, entry: int) -> str | None:
    """Return the first checkpoint that was signed at `at` or later and stands for `entry`.

    The newest where there is none yet, None if nothing was signed.
    """
    found = ledger_checkpoint.c
    wanted = select(found.note).where(found.at >= at, found.size > entry)
    first: str | None = connection.execute(wanted.order_by(found.size).limit(1)).scalar()
    return newest_note(connection) if first is None else first


def _size(connection: Connection) -> int:
    newest = connection.execute(select(func.max(ledger_entry.c.number))).scalar()
    return 0 if newest is None else int(newest) + 1


def _signed_size(connection: Connection) -> int:
    return int(connection.execute(select(func.max(ledger_checkpoint.c.size))).scalar() or 0)
