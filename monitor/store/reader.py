"""Reads the database of a daemon that may be running, and changes nothing.

A reader sees the database as it was at its first question, until it is closed.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.sql import Executable

from monitor.domain.check import CheckId
from monitor.domain.correction import CorrectionRecord
from monitor.domain.epochs import Epoch
from monitor.domain.incident import Incident
from monitor.domain.instant import instant
from monitor.domain.note import Note
from monitor.domain.observation import MissedReason, Status, UnknownCause
from monitor.domain.silence import Silence
from monitor.domain.state import CheckState
from monitor.domain.timeline import Sample
from monitor.domain.windowrecord import WindowRecord
from monitor.domain.windows import Window
from monitor.ledger.checkpoint import Checkpoint
from monitor.ledger.note import NoteError, parse
from monitor.ports import Configured, DeliveryState, Mark, Sought, StoreError, Story
from monitor.store import stories
from monitor.store.answers import Answers, answers
from monitor.store.asked import Asked
from monitor.store.block import HOUR
from monitor.store.codes import CAUSE, DELIVERY, MARK, STATUS
from monitor.store.configurations import configured_between
from monitor.store.connection import DATABASE, reading_engine
from monitor.store.corrections import correction_records
from monitor.store.damage import refuse_damage
from monitor.store.ledger import note_of
from monitor.store.migrate import HEAD, revision
from monitor.store.restore import incidents, silences, states
from monitor.store.samples import counts_between, samples_between
from monitor.store.schema import (
    check_name,
    incident,
    interval,
    mark,
    outbox,
    sealed_part,
    vantage_name,
)
from monitor.store.sealed import sealed_between
from monitor.store.stops import Stops, read_stops
from monitor.store.taken import Measured, taken_between
from monitor.store.timeline import Known, known
from monitor.store.windows import window_records

# A statement of SQLite may have 32,766 parameters.
_MOST_ASKED = 10_000


class Examined(Enum):
    """When a reader looks for damage at all pages of the database, which takes a second a gigabyte.

    NEVER is for the daemon, which looks itself, and for who looks at the hashes of the ledger.
    """

    FIRST = auto()
    IF_UNREADABLE = auto()
    NEVER = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """One status shown of a check, [started_at, ended_at). `ended_at` is None while it lasts."""

    status: Status
    started_at: datetime
    ended_at: datetime | None
    cause: UnknownCause | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Slots:
    """How the slots of a check went in a period, without retries.

    `received` are those with a sample of any status, `known` those whose sample is not UNKNOWN.
    """

    received: int
    known: int
    missed: Mapping[MissedReason, int]


class Reader:
    """Answers questions about one vantage. Made by `open_reader`.

    A period [start, end) is in microseconds since the Unix epoch. A check that nobody has
    heard of has no samples. Each method raises StoreError when the file can't be read.
    """

    def __init__(self, connection: Connection, vantage: int) -> None:
        self._connection = connection
        self._vantage = vantage
        self._stops: Stops | None = None
        self._numbers: dict[str, int] = {}

    def checks(self) -> tuple[CheckId, ...]:
        """Return every check that ever had a row, in order of its id."""
        found = self._rows(select(check_name.c.name).order_by(check_name.c.name))
        return tuple(CheckId(name) for (name,) in found)

    def samples(self, check_id: CheckId, start: int, end: int) -> dict[int, list[Sample]]:
        """Return the samples in the period by epoch, in order; epochs without any are left out.

        Before those of an epoch comes the last one before the period, as does the newest one
        before the period of all: it may hold into it.
        """
        with _store_errors():
            return samples_between(self._connection, self._asked(check_id, start, end))

    def taken(self, check_id: CheckId, start: int, end: int) -> Iterator[Measured]:
        """Yield the samples that were due in the period with all that is kept of each, in order."""
        with _store_errors():
            yield from taken_between(self._connection, self._asked(check_id, start, end))

    def epochs(self, check_id: CheckId, start: int, end: int) -> list[Epoch]:
        """Return `samples` with the beginning and the end that the monitor recorded.

        An epoch begins with the mark START, or where the clock was stepped to; it ends with
        STOP, or with the CLOCK_STEP that carries its number.
        """
        stops = self._recorded_stops()
        return [stops.epoch(*each) for each in self.samples(check_id, start, end).items()]

    def known(self, check_id: CheckId, interval: int, window: Window) -> Known:
        """Return what is known of a check throughout `window`, from all that is recorded.

        It runs every `interval` microseconds since the last hour that is sealed.
        """
        stops = self._recorded_stops()
        with _store_errors():
            return known(self._connection, self._asked(check_id, *window), interval, stops)

    def marks(self, start: int, end: int) -> list[Mark]:
        """Return the events of the monitor itself in the period, in order of epoch and time."""
        return [
            Mark(
                kind=MARK.meaning[row.kind],
                at=instant(row.at),
                epoch=row.epoch,
                detail=row.detail,
            )
            for row in self._mark_rows(mark.c.at >= start, mark.c.at < end)
        ]

    def slots(self, check_id: CheckId, start: int, end: int) -> Slots:
        """Return how many slots of a check in the period have a sample, and which were missed."""
        with _store_errors():
            found = counts_between(self._connection, self._asked(check_id, start, end))
        return Slots(received=found.received, known=found.known, missed=found.missed)

    def answers(self, check_id: CheckId, windows: Sequence[Window]) -> list[Answers]:
        """Return how many slots of a check have a sample in each of `windows`, and how long its
        answers took. Windows are in order, and each begins where the one before it ends.
        """
        with _store_errors():
            return answers(self._connection, self._check(check_id), self._vantage, windows)

    def intervals(self, check_id: CheckId, start: int, end: int) -> list[Interval]:
        """Return the statuses that were shown of a check in the period, in order."""
        wanted = (
            select(interval)
            .where(
                interval.c.check_id == self._check(check_id),
                interval.c.vantage_id == self._vantage,
                interval.c.started_at < end,
                interval.c.ended_at.is_(None) | (interval.c.ended_at > start),
            )
            .order_by(interval.c.number)
        )
        return [
            Interval(
                status=STATUS.meaning[row.status],
                started_at=instant(row.started_at),
                ended_at=None if row.ended_at is None else instant(row.ended_at),
                cause=CAUSE.optional_meaning(row.cause),
            )
            for row in self._rows(wanted)
        ]

    def states(self) -> dict[CheckId, CheckState]:
        """Return the last stored state of every check, in order of its id."""
        with _store_errors():
            return states(self._connection, self._vantage)

    def incidents(self, start: int, end: int) -> tuple[Incident, ...]:
        """Return the incidents that touch the period, in order of their start."""
        conditions = (
            incident.c.started_at < end,
            incident.c.ended_at.is_(None) | (incident.c.ended_at > start),
        )
        with _store_errors():
            return incidents(self._connection, *conditions)

    def found(self, sought: Sought) -> tuple[Incident, ...]:
        """Return the incidents that are looked for, the latest first."""
        with _store_errors():
            return stories.found(self._connection, sought)

    def story(self, incident_id: str) -> Story | None:
        """Return all that is kept of an incident, None where there is no such incident."""
        with _store_errors():
            return stories.story(self._connection, incident_id)

    def notes(self, incidents: Sequence[str]) -> list[Note]:
        """Return what people did about these incidents, and said of them."""
        slices = (incidents[n : n + _MOST_ASKED] for n in range(0, len(incidents), _MOST_ASKED))
        with _store_errors():
            return [note for each in slices for note in stories.notes(self._connection, each)]

    def configured(self, start: int, end: int) -> list[Configured]:
        """Return the configurations that were taken up in the period, oldest first."""
        with _store_errors():
            return configured_between(self._connection, start, end)

    def recorded(self, start: int, end: int) -> dict[CheckId, int]:
        """Return the checks that have sealed hours in [start, end), and the end of the last one."""
        with _store_errors():
            return sealed_between(self._connection, self._vantage, start, end)

    def checkpoint(self, told: int, end: int) -> Checkpoint | None:
        """Return the first checkpoint that stands for all that was recorded up to `told` and for
        the sealed hours that began before `end`; the newest where there is none yet.

        None if nothing was signed yet.
        """
        wanted = select(func.max(sealed_part.c.entry)).where(
            sealed_part.c.vantage_id == self._vantage, sealed_part.c.hour < -(-end // HOUR)
        )
        with _store_errors():
            sealed = self._connection.execute(wanted).scalar()
            note = note_of(self._connection, told, -1 if sealed is None else sealed)
        try:
            return None if note is None else Checkpoint.parse(parse(note.encode()).text)
        except NoteError as error:
            raise StoreError(f"a checkpoint can't be read: {error}") from error

    def began(self) -> int | None:
        """Return when the monitor was first started, None before that."""
        wanted = select(func.min(mark.c.at)).where(mark.c.vantage_id == self._vantage)
        [(found,)] = self._rows(wanted)
        began: int | None = found
        return began

    def sealed(self, start: int, end: int) -> tuple[int, int]:
        """Return how many parts of the hours of a period are sealed, and the last entry of them.

        It changes when anything comes to what was known of the period.
        """
        wanted = select(func.count(), func.coalesce(func.max(sealed_part.c.entry), -1)).where(
            sealed_part.c.vantage_id == self._vantage,
            sealed_part.c.hour >= start // HOUR,
            sealed_part.c.hour < -(-end // HOUR),
        )
        [(count, entry)] = self._rows(wanted)
        return count, entry

    def windows(self) -> tuple[WindowRecord, ...]:
        """Return every maintenance window that was ever known, oldest first."""
        with _store_errors():
            return window_records(self._connection, None, most=None)

    def corrections(self) -> tuple[CorrectionRecord, ...]:
        """Return every correction that was ever made, in order."""
        with _store_errors():
            return correction_records(self._connection)

    def silences(self) -> tuple[Silence, ...]:
        """Return the silences that end last, those that are over included."""
        with _store_errors():
            return silences(self._connection)

    def outbox_counts(self) -> dict[DeliveryState, int]:
        """Return how many notifications are in each state."""
        wanted = select(outbox.c.state, func.count()).group_by(outbox.c.state)
        counts = {DELIVERY.meaning[state]: count for state, count in self._rows(wanted)}
        return {state: counts.get(state, 0) for state in DeliveryState}

    def _recorded_stops(self) -> Stops:
        if self._stops is None:
            with _store_errors():
                self._stops = read_stops(self._connection, self._vantage)
        return self._stops

    def _asked(self, check_id: CheckId, start: int, end: int) -> Asked:
        return Asked(self._check(check_id), self._vantage, start, end)

    def _check(self, check_id: CheckId) -> int:
        if check_id not in self._numbers:
            found = self._rows(select(check_name.c.id).where(check_name.c.name == check_id))
            self._numbers[check_id] = found[0][0] if found else -1
        return self._numbers[check_id]

    def _mark_rows(self, *conditions: ColumnElement[bool]) -> Sequence[Any]:
        wanted = (
            select(mark)
            .where(mark.c.vantage_id == self._vantage, *conditions)
            .order_by(mark.c.epoch, mark.c.at, mark.c.number)
        )
        return self._rows(wanted)

    def _rows(self, wanted: Executable) -> Sequence[Any]:
        with _store_errors():
            return self._connection.execute(wanted).all()


@contextmanager
def open_reader(
    data_dir: str | Path, vantage: str | None = None, *, examined: Examined = Examined.FIRST
) -> Iterator[Reader]:
    """Open the database of a data directory for one vantage, by default the one that it has.

    Raise StoreError when there is none, it is damaged, it has another schema, or only other
    vantages. What prints no figure need not look for damage before it reads.
    """
    with reading(data_dir, examined=examined) as connection:
        yield Reader(connection, _vantage(connection, vantage))


@contextmanager
def reading(data_dir: str | Path, *, examined: Examined = Examined.FIRST) -> Iterator[Connection]:
    """Open the database of a data directory to read it. Raise StoreError when that can't be."""
    path = Path(data_dir) / DATABASE
    if not path.exists():
        raise StoreError(f"{path}: there is no database yet; `pantau run` makes one")
    if examined is Examined.FIRST:
        refuse_damage(path)
    try:
        with _store_errors(), reading_engine(data_dir).connect() as connection:
            _refuse_another_schema(path, revision(connection))
            yield connection
    except StoreError:
        if examined is Examined.IF_UNREADABLE:
            refuse_damage(path)
        raise


def _refuse_another_schema(path: Path, found: str | None) -> None:
    if found != HEAD:
        raise StoreError(f"{path}: schema {found or 'unknown'}, and this release reads {HEAD}")


def _vantage(connection: Connection, name: str | None) -> int:
    numbers: dict[str, int] = {
        row.name: row.id
        for row in connection.execute(select(vantage_name).order_by(vantage_name.c.id))
    }
    if name is None or not numbers:
        return min(numbers.values(), default=-1)
    if name not in numbers:
        known = ", ".join(numbers) or "none"
        raise StoreError(f"vantage {name!r} is not in the database (there: {known})")
    return numbers[name]


@contextmanager
def _store_errors() -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        raise StoreError(f"the database can't be read: {getattr(error, 'orig', error)}") from error
