"""The one connection that writes, and checkpoints. It lives in one thread, and nothing else does.

After a failed write to the disk nobody knows what the file holds: the kernel may drop pages it
could not write, and report the next fsync as a success. So that connection is thrown away. The
next one begins by copying the whole log into the database and emptying it, which writes and
syncs every page anew, and only then reads how far the file has come. A commit that reported a
failure and was written all the same is found there, and not written twice.
"""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import structlog
from sqlalchemy import Connection, select
from sqlalchemy.exc import (
    DatabaseError,
    DataError,
    IntegrityError,
    NotSupportedError,
    ProgrammingError,
    SQLAlchemyError,
)

from monitor.ports import StoreError
from monitor.store import schema
from monitor.store.asidesetting import set_aside
from monitor.store.connection import (
    CHECKPOINT_PAGES,
    DATABASE,
    checkpoint,
    give_back,
    shown_place,
    writing_engine,
)
from monitor.store.damage import Damaged
from monitor.store.ledger import Ledger, Signing
from monitor.store.migrate import HEAD, bring_up, revision
from monitor.store.record import set_aside_entry
from monitor.store.rows import HandOver, Job
from monitor.store.statements import statements
from monitor.store.sumskeeper import SumsKeeper
from monitor.store.writing import Scribe

log = structlog.get_logger()

T = TypeVar("T")

_CHECKPOINT_ROWS = 1000
_FAULTS = (SQLAlchemyError, sqlite3.Error, OSError)
_FAULTS_OF_THE_ROWS = (IntegrityError, DataError, ProgrammingError, NotSupportedError)


@dataclass(frozen=True, slots=True)
class Numbered:
    """A job with its place in the order of arrival."""

    sequence: int
    job: Job


@dataclass(slots=True, kw_only=True)
class Written:
    """What became of a group: durable up to `sequence`, but for what is in `refused`."""

    sequence: int
    conflicts: int = 0
    refused: dict[int, Exception] = field(default_factory=dict)


class Writer:
    """Writes groups of jobs, each in one transaction. All methods run in one thread.

    Each method raises StoreError when the database can't be used right now; the next call then
    starts on a fresh connection. `told_aside` is told as what a database is kept that was damaged,
    once there is a new one. `reached` is told where the writer stands: `writing`,
    `committed`, `checkpointed`. Without `upgrading` an earlier schema is refused.
    """

    def __init__(
        self,
        place: str | Path,
        vantage: str,
        reached: Callable[[str], None],
        *,
        told_aside: Callable[[Path], None] = lambda _: None,
        upgrading: bool = True,
        signing: Signing | None = None,
    ) -> None:
        self._place = shown_place(place)
        self._engine = engine = writing_engine(place)
        is_server = isinstance(place, str) and "://" in place
        self._data_dir = None if is_server else Path(place)
        self._sums = None if self._data_dir is None else SumsKeeper(self._data_dir / DATABASE)
        self._vantage = vantage
        self._signing = signing
        self._reached = reached
        self._told_aside = told_aside
        self._upgrading = upgrading
        self._statements = statements(engine.dialect.name)
        self._connection: Connection | None = None
        self._scribe: Scribe | None = None
        self._sequence = 0
        self._epoch = 0
        self._rows = 0
        self._aside: Path | None = None  # the database before, until the new one is made
        self._suspect = False  # a connection was thrown away, and the next has not proved itself

    def open(self) -> int:
        """Open the database, build or upgrade its tables; return the last durable sequence."""
        self._use(lambda _: None)
        return self._sequence

    def read(self, question: Callable[[Connection], T]) -> T:
        """Return the answer to `question`, which sees everything written so far."""
        return self._use(lambda connection: self._asked(connection, question))

    def write(self, group: Sequence[Numbered]) -> Written:
        """Write `group` in one transaction, unless it is there already.

        If rows of it can't be stored at all, write each job by itself and leave those out.
        """
        self._know_successors(each.job for each in group)
        return self._use(lambda connection: self._written(connection, group))

    def tend(self, work: Callable[[Connection, Ledger], T]) -> T:
        """Return what `work` does in one transaction of its own: what nobody waits for.

        `reached` is told `tending` before, and `tended` once it is durable.
        """
        return self._use(lambda connection: self._tended(connection, work))

    def give_back(self) -> bool:
        """Give some of the file's free space back to the disk; return whether there is more.

        As much as an hour takes is kept. A file that an earlier release made keeps all of it, to
        be filled again.
        """
        return self._sums is not None and self._use(self._given_back)

    def tidy(self) -> None:
        """Copy the log into the database when it has grown, and look on for damage.

        Nobody should be waiting. What is damaged is set aside at once.
        """
        if self._sums is None:
            return
        try:
            self._use(self._tidied)
        except Damaged:
            self._use(lambda _: None)

    def close(self) -> None:
        """Give the connection back. SQLite then empties and removes its log."""
        connection, self._connection, self._scribe = self._connection, None, None
        if connection is None:
            return
        try:
            if self._sums is not None:
                self._sums.sync()
        finally:
            connection.close()
            if self._sums is not None:
                self._sums.ended()

    def _know_successors(self, jobs: Iterable[Job]) -> None:
        """Remember which keys may sign from now on: whether one does is in the database."""
        found = tuple(job.successor for job in jobs if isinstance(job, HandOver))
        if found and self._signing is not None:
            successors = (*self._signing.successors, *found)
            self._signing = self._signing._replace(successors=successors)

    def _use(self, work: Callable[[Connection], T]) -> T:
        try:
            return self._tried(work)
        except StoreError as error:
            if self._sums is None or not _is_malformed(error.__cause__):
                raise
        self._sums.doubt_all()
        return self._tried(work)

    def _tried(self, work: Callable[[Connection], T]) -> T:
        try:
            return work(self._opened())
        except (*_FAULTS, StoreError) as error:
            self._discard()
            if isinstance(error, StoreError):
                raise
            raise StoreError(f"{self._place}: {_message(error)}") from error

    def _opened(self) -> Connection:
        if self._connection is None:
            self._look_for_damage()
            connection = self._connection = self._engine.connect()
            if connection.dialect.name == "sqlite" and checkpoint(connection, "TRUNCATE"):
                self._mind_the_reader()
            self._keep_before_upgrade(connection)
            if self._sums is not None and self._found(connection) != HEAD:
                self._sums.forget()
            with connection.begin():
                bring_up(connection, self._place, upgrading=self._upgrading)
                self._follow_on(connection)
                self._sequence = max(self._sequence, _meta(connection, "sequence"))
                self._epoch = max(self._epoch, _meta(connection, "epoch"))
            if self._sums is not None:
                self._sums.begin()
            self._suspect = False
            self._let_know()
        return self._connection

    def _look_for_damage(self) -> None:
        """Set a damaged database aside, so that monitoring goes on: a new one is made."""
        if self._sums is None or self._data_dir is None:
            return
        try:
            self._sums.look()
            return
        except Damaged as error:
            if not self._upgrading:
                raise
            faults = error.faults
        self._aside = kept = set_aside(self._data_dir)
        log.error("store.set_aside", kept=str(kept), faults=faults)
        self._sums.look()

    def _let_know(self) -> None:
        aside, self._aside = self._aside, None
        if aside is not None:
            self._told_aside(aside)

    def _follow_on(self, connection: Connection) -> None:
        """Let the ledger of a database that was set aside go on in the one that is new."""
        if self._aside is None:
            return
        from monitor.store.carrying import carry_on  # seldom needed
        from monitor.store.lostparts import mark_lost_parts

        connection.execute(self._statements.add_vantage, [{"name": self._vantage}])
        carried, at = carry_on(connection, self._aside), datetime.now(UTC)
        mark_lost_parts(connection, 0, at)
        Ledger(connection).add([set_aside_entry(self._aside.name, at)])
        log.info("ledger.carried_on", entries=carried)

    def _keep_before_upgrade(self, connection: Connection) -> None:
        """Have a sound copy of a database of an earlier release before it is changed."""
        if self._data_dir is None or not self._upgrading:
            return
        found = self._found(connection)
        if found is None or not found.isdecimal() or found >= HEAD:
            return
        from monitor.store.backup import back_up  # needed once a release

        kept = self._data_dir / f"before-{HEAD}.db"
        kept.unlink(missing_ok=True)
        back_up(self._data_dir, kept, examined=False)
        log.info("store.backed_up", path=str(kept), schema=found)

    def _found(self, connection: Connection) -> str | None:
        with connection.begin():
            return revision(connection)

    def _mind_the_reader(self) -> None:
        if self._suspect:
            raise StoreError(f"{self._place}: a reader keeps its log from being emptied")

    def _discard(self) -> None:
        self._suspect = True
        with suppress(*_FAULTS):
            self.close()

    def _asked(self, connection: Connection, question: Callable[[Connection], T]) -> T:
        with connection.begin():
            return question(connection)

    def _written(self, connection: Connection, group: Sequence[Numbered]) -> Written:
        new = [each for each in group if each.sequence > self._sequence]
        written = Written(sequence=self._sequence)
        if not new:
            return written
        try:
            written.conflicts = self._transaction(connection, new)
        except Exception as error:
            if _is_the_disk(error):
                raise
            self._one_by_one(connection, new, written)
        written.sequence = self._sequence
        return written

    def _one_by_one(
        self, connection: Connection, group: Sequence[Numbered], written: Written
    ) -> None:
        for each in group:
            try:
                written.conflicts += self._transaction(connection, [each])
            except Exception as error:
                if _is_the_disk(error):
                    raise
                written.refused[each.sequence] = error

    def _transaction(self, connection: Connection, group: Sequence[Numbered]) -> int:
        """Write `group`, and return how many observations were there before."""
        last = group[-1].sequence
        self._reached("writing")
        try:
            with connection.begin():
                scribe = self._writing(connection)
                conflicts, rows = scribe.conflicts, scribe.rows
                scribe.write([each.job for each in group], last)
        except BaseException:
            self._scribe = None
            raise
        self._note()
        self._sequence, self._epoch = last, scribe.epoch
        self._rows += scribe.rows - rows
        self._reached("committed")
        self._checkpoint_if_long(connection)
        return scribe.conflicts - conflicts

    def _tended(self, connection: Connection, work: Callable[[Connection, Ledger], T]) -> T:
        self._reached("tending")
        try:
            with connection.begin():
                done = work(connection, self._writing(connection).ledger)
        except BaseException:
            self._scribe = None
            raise
        self._note()
        self._reached("tended")
        self._checkpoint_if_long(connection)
        return done

    def _given_back(self, connection: Connection) -> bool:
        has_more = give_back(connection)
        self._note()
        self._checkpoint_if_long(connection)
        return has_more

    def _writing(self, connection: Connection) -> Scribe:
        """Return who writes in the transaction that is open."""
        self._scribe = self._scribe or Scribe(
            connection, self._statements, self._vantage, self._epoch, self._signing
        )
        return self._scribe

    def _note(self) -> None:
        if self._sums is not None:
            self._sums.note()

    def _tidied(self, connection: Connection) -> None:
        assert self._sums is not None  # noqa: S101 - `tidy` looked
        if self._rows >= _CHECKPOINT_ROWS:
            self._checkpoint(connection)
        self._sums.look_on()

    def _checkpoint_if_long(self, connection: Connection) -> None:
        if self._sums is not None and self._sums.frames >= CHECKPOINT_PAGES:
            self._checkpoint(connection)

    def _checkpoint(self, connection: Connection) -> None:
        assert self._sums is not None  # noqa: S101 - only SQLite has a log to copy
        self._sums.note()
        self._sums.sync()
        checkpoint(connection, "PASSIVE")
        self._rows = 0
        self._reached("checkpointed")


def _meta(connection: Connection, name: str) -> int:
    found = connection.execute(select(schema.meta.c.value).where(schema.meta.c.name == name))
    return found.scalar() or 0


def _is_the_disk(error: Exception) -> bool:
    """Say whether the database failed, rather than the rows that it was given."""
    if isinstance(error, DatabaseError):
        return not isinstance(error, _FAULTS_OF_THE_ROWS)
    return isinstance(error, OSError | StoreError | MemoryError)


def _is_malformed(error: BaseException | None) -> bool:
    """Say whether SQLite can't make sense of what the file holds."""
    code = getattr(getattr(error, "orig", error), "sqlite_errorcode", 0)
    return code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def _message(error: Exception) -> str:
    cause = getattr(error, "orig", None) or error
    name = getattr(cause, "sqlite_errorname", None)
    return f"{cause} ({name})" if name else str(cause)
