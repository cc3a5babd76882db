"""The ledger in the database: entries are added, and what there is gets signed."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

import structlog
from sqlalchemy import Connection, func, insert, select

from monitor.domain.instant import microseconds
from monitor.ledger.checkpoint import Checkpoint, checkpoint_of
from monitor.ledger.note import NoteError, Signer
from monitor.ledger.tree import Frontier, leaf_hash
from monitor.store.record import key_entry
from monitor.store.schema import ledger_checkpoint, ledger_entry

log = structlog.get_logger()

_BATCH = 10_000
_UNSIGNED = 1_000
_KEY = b'"type":"key"'  # as RFC 8785 writes it, and in no text: quotes are escaped there


class Signing(NamedTuple):
    """Who signs, and the checkpoint that was published last, None if there was none."""

    signer: Signer
    published: str | None = None


class Ledger:
    """Adds entries in the transaction that is open on `connection`, and signs with `signer`.

    The first signature looks at every entry there is. Where the newest checkpoint, or the one that
    was `published` last, stands for other entries than these, nothing is signed any more: a log
    must not vouch for two histories.
    """

    def __init__(
        self, connection: Connection, signer: Signer | None = None, published: str | None = None
    ) -> None:
        self._connection = connection
        self._signer = signer
        self._published = published
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
        signer = self._signer
        if signer is None:
            return
        if self._frontier is None and not self._begin(signer, at):
            return
        frontier = self._grown()
        if frontier.size > self._signed_size:
            point = Checkpoint(signer.name, frontier.size, frontier.root)
            note = signer.signed(point.text)
            row = {"size": point.size, "at": microseconds(at), "note": note}
            self._connection.execute(insert(ledger_checkpoint), row)
            self._signed_size = frontier.size

    def _begin(self, signer: Signer, at: datetime) -> bool:
        """Take in all entries; return whether what was signed so far is about the same ones.

        The first entry that a key signs says whose it is.
        """
        self._frontier = Frontier()
        newest = newest_note(self._connection)
        signed = [note for note in (newest, self._published) if note is not None]
        try:
            points = [checkpoint_of(note, signer.verifier) for note in signed]
        except NoteError as error:
            return self._refuse(f"what was signed last: {error}")
        for point in sorted(points, key=lambda each: each.size):
            self._take_in(point.size)
            if (self._frontier.size, self._frontier.root) != (point.size, point.root):
                detail = f"the log is not what was signed when it had {point.size} entries"
                return self._refuse(detail)
        if newest is None:
            self.add([key_entry(str(signer.verifier), microseconds(at))])
        return True

    def _refuse(self, detail: str) -> bool:
        log.error("ledger.inconsistent", detail=detail)
        self._signer = None
        return False

    def _grown(self) -> Frontier:
        self._take_in(self._size)
        assert self._frontier is not None  # noqa: S101 - `sign` begins with it
        return self._frontier

    def _take_in(self, end: int) -> None:
        frontier = self._frontier or Frontier()
        leaves = (leaf_hash(body) for _, body in entries(self._connection, frontier.size, end))
        self._frontier = frontier.grown(leaves)


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
    """Yield the entries that name a key, in order, each with its number. Of SQLite alone."""
    names_key = func.instr(ledger_entry.c.body, _KEY) > 0
    wanted = select(ledger_entry.c.number, ledger_entry.c.body).where(names_key)
    yield from connection.execute(wanted.order_by(ledger_entry.c.number))


def notes(connection: Connection) -> Iterator[tuple[int, str]]:
    """Yield all checkpoints that were signed, each with the size it is kept under."""
    wanted = select(ledger_checkpoint.c.size, ledger_checkpoint.c.note)
    for row in connection.execute(wanted.order_by(ledger_checkpoint.c.size)):
        yield row.size, row.note


def newest_note(connection: Connection) -> str | None:
    """Return the newest checkpoint, None if nothing was signed yet."""
    newest = ledger_checkpoint.c.size.desc()
    found: str | None = connection.execute(
        select(ledger_checkpoint.c.note).order_by(newest).limit(1)
    ).scalar()
    return found


def _size(connection: Connection) -> int:
    newest = connection.execute(select(func.max(ledger_entry.c.number))).scalar()
    return 0 if newest is None else int(newest) + 1


def _signed_size(connection: Connection) -> int:
    return int(connection.execute(select(func.max(ledger_checkpoint.c.size))).scalar() or 0)
