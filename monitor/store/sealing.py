"""Seals an hour: moves its samples out of the tables of single rows, into blocks and hour rows.

A few checks at a time, each slice in one transaction, so that a sample is in exactly one place at
every moment. A slice that is done again finds nothing left to do.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    Connection,
    Select,
    Table,
    and_,
    bindparam,
    delete,
    func,
    insert,
    select,
)

from monitor.domain.epochs import merge_epochs
from monitor.domain.instant import span_microseconds
from monitor.domain.schedule import phase
from monitor.domain.windows import Window
from monitor.store.asked import Asked, tuples
from monitor.store.block import HOUR, Block, packed
from monitor.store.codes import CAUSE, STATUS
from monitor.store.hours import COLUMNS, Hour, hours, in_part, spans_text
from monitor.store.samples import epochs_of_checks, samples_between
from monitor.store.schema import (
    check_name,
    missed_slot,
    observation,
    sample_block,
    sealed_hour,
    sealed_part,
)
from monitor.store.stops import Stops
from monitor.store.summing import (
    Last,
    Seen,
    counted,
    expected_slots,
    in_order,
    last_interval,
    last_of,
    reaches,
    seen,
    seen_by,
    usual_interval,
)
from monitor.store.timeline import surroundings, unsealed

Rows = Mapping[int, Sequence[tuple[Any, ...]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """The checks that are numbered [first, end), in one hour (counted from 1970) of one vantage.

    `intervals` says by name how often checks run that are configured, `since` from when on each
    does (microseconds, Unix epoch). `is_late` says that the hour was sealed before: only what came
    after that is sealed, and what it changes.
    """

    vantage: int
    vantage_name: str
    hour: int
    first: int
    end: int
    intervals: Mapping[str, int]
    since: Mapping[str, int]
    stops: Stops
    is_late: bool = False

    @property
    def window(self) -> Window:
        """Return the hour in microseconds."""
        return Window(self.hour * HOUR, self.hour * HOUR + HOUR)

    def interval(
        self, name: str, before: Hour | None, taken: Sequence[tuple[Any, ...]] = ()
    ) -> int | None:
        """Return how often a check ran in the hour: as configured by then, or as it did before.

        A restart does not know since when its configuration is in force: `taken` shows it.
        """
        known, configured = before and before.interval, self.intervals.get(name)
        if not (known and configured):
            return known or configured
        if self.since.get(name, 0) < self.window.end:
            return configured
        return last_interval(taken, {known, configured}) or known


def seal(connection: Connection, asked: Slice) -> int:
    """Seal a slice in the transaction that is open; return how many checks got a row by it."""
    taken, skipped = _raw(connection, asked, observation), _raw(connection, asked, missed_slot)
    previous = _previous(connection, asked)
    open_part, is_new = _open_part(connection, asked.vantage, asked.hour)
    done = _rows_of_part(connection, asked, asked.hour, open_part)
    changed = _changed_before(connection, asked) if asked.is_late else frozenset()
    sealer = _Sealer(connection, asked, open_part)
    for check, name in _names(connection, asked):
        if check in done:
            continue
        found = taken.get(check, ()), skipped.get(check, ())
        before = previous.get(check)
        if any(found) or check in changed or sealer.is_held(name, before):
            sealer.add(check, name, found, before)
    if sealer.rows and is_new:
        _begin_part(connection, asked, open_part)
    sealer.write()
    return len(sealer.rows)


class _Sealer:
    """Collects what a slice writes and takes away."""

    def __init__(self, connection: Connection, asked: Slice, part: int) -> None:
        self.rows: list[Hour] = []
        self._connection = connection
        self._asked = asked
        self._part = part
        self._blocks: list[dict[str, Any]] = []
        self._gone: dict[Table, list[dict[str, int]]] = {observation: [], missed_slot: []}
        highest = connection.execute(select(func.max(sample_block.c.number))).scalar()
        self._number = 0 if highest is None else int(highest)

    def is_held(self, name: str, before: Hour | None) -> bool:
        """Say whether what was seen before the hour may say something of it."""
        if self._asked.is_late or before is None:
            return False
        interval = self._asked.interval(name, before) or before.interval
        return reaches(last_of(before), self._asked.window.start, interval)

    def add(
        self,
        check: int,
        name: str,
        found: tuple[Sequence[tuple[Any, ...]], Sequence[tuple[Any, ...]]],
        before: Hour | None,
    ) -> None:
        """Make the row of a check, unless nothing came of it that was not known already."""
        asked = self._asked
        taken, skipped = found
        interval = asked.interval(name, before, taken) or usual_interval(taken)
        what = self._seen(check, taken, last_of(before), interval)
        sums = counted(taken, skipped)
        body = self._body(name, taken, skipped)
        row = Hour(
            check_id=check,
            vantage_id=asked.vantage,
            hour=asked.hour,
            part=self._part,
            block=None if body is None else self._number,
            hash=None if body is None else sha256(body).digest(),
            interval=interval,
            expected=expected_slots(asked.hour, interval, _phase(name, interval)),
            received=sums.received,
            known=sums.known,
            samples=sums.samples,
            missed=sums.missed,
            spans=None if what.spans is None else spans_text(what.spans, asked.window.start),
            latency=sums.latency,
            first_at=None if what.first is None else what.first - asked.window.start,
            **_last_columns(what.last, asked.window.start),
        )
        if body is None and asked.is_late and not self._says_more(row):
            return
        self.rows.append(row)
        self._take_away(observation, check, taken)
        self._take_away(missed_slot, check, skipped)

    def write(self) -> None:
        """Write what was collected, and delete the rows that it was made from."""
        execute = self._connection.execute
        if self._blocks:
            execute(insert(sample_block), self._blocks)
        if self.rows:
            execute(insert(sealed_hour), [row._asdict() for row in self.rows])
        for table, gone in self._gone.items():
            if gone:
                execute(_DELETE[table], gone)

    def _seen(
        self, check: int, taken: Sequence[tuple[Any, ...]], before: Last | None, interval: int
    ) -> Seen:
        asked = self._asked
        start, end = asked.window
        reach = surroundings(interval)
        stepped = asked.stops.stepped(start - reach, end + reach)
        if not (asked.is_late or stepped) and in_order(taken, before):
            return seen(taken, before, asked.hour, interval, asked.stops)
        return self._seen_around(check, interval)

    def _seen_around(self, check: int, interval: int) -> Seen:
        """Return the same where the clock was stepped, or samples came late."""
        asked = self._asked
        reach = surroundings(interval)
        around = Asked(check, asked.vantage, asked.window.start - reach, asked.window.end + reach)
        epochs = samples_between(self._connection, around)
        samples, _ = merge_epochs(asked.stops.epoch(*each) for each in epochs.items())
        _, spans = unsealed(self._connection, around, asked.window, interval, asked.stops)
        return seen_by(samples, epochs, spans, asked.window)

    def _body(
        self, name: str, taken: Sequence[tuple[Any, ...]], skipped: Sequence[tuple[Any, ...]]
    ) -> bytes | None:
        if not taken and not skipped:
            return None
        asked = self._asked
        body = packed(
            Block(
                check=name,
                vantage=asked.vantage_name,
                hour=asked.hour,
                taken=taken,
                skipped=skipped,
            )
        )
        self._number += 1
        self._blocks.append({"number": self._number, "body": body})
        return body

    def _says_more(self, row: Hour) -> bool:
        """Say whether a row tells of its hour what the last part of it does not."""
        wanted = (
            select(*COLUMNS)
            .where(
                sealed_hour.c.check_id == row.check_id,
                sealed_hour.c.vantage_id == row.vantage_id,
                sealed_hour.c.hour == row.hour,
            )
            .order_by(sealed_hour.c.part.desc())
            .limit(1)
        )
        there = next(hours(tuples(self._connection, wanted)), None)
        return there is None or (there.spans, there.last) != (row.spans, row.last)

    def _take_away(self, table: Table, check: int, rows: Sequence[tuple[Any, ...]]) -> None:
        asked = self._asked
        self._gone[table] += (
            {
                "of_check": check,
                "of_vantage": asked.vantage,
                "of_epoch": epoch,
                "since": asked.window.start,
                "until": asked.window.end,
            }
            for epoch in {row[0] for row in rows}
        )


def _raw(connection: Connection, asked: Slice, table: Table) -> Rows:
    """Return the rows of each check in the hour, in order of epoch and time."""
    parameters = {
        "vantage": asked.vantage,
        "first": asked.first,
        "end": asked.end,
        "since": asked.window.start,
        "until": asked.window.end,
    }
    # The first three columns differ from row to row, so no others are compared.
    found = sorted(tuples(connection, _RAW[table], parameters))
    return {check: [row[1:] for row in rows] for check, rows in groupby(found, key=itemgetter(0))}


def _previous(connection: Connection, asked: Slice) -> Mapping[int, Hour]:
    """Return the last row before the hour of each check that has one."""
    parameters = {
        "vantage": asked.vantage,
        "first": asked.first,
        "end": asked.end,
        "hour": asked.hour,
    }
    return {row.check_id: row for row in hours(tuples(connection, _PREVIOUS, parameters))}


def _open_part(connection: Connection, vantage: int, hour: int) -> tuple[int, bool]:
    """Return the part of an hour that is being sealed, and whether that is yet to begin."""
    wanted = (
        select(sealed_part.c.part, sealed_part.c.entry, sealed_part.c.restored_at)
        .where(sealed_part.c.vantage_id == vantage, sealed_part.c.hour == hour)
        .order_by(sealed_part.c.part.desc())
        .limit(1)
    )
    for part, entry, restored_at in tuples(connection, wanted):
        is_open = entry is None and restored_at is None
        return (part, False) if is_open else (part + 1, True)
    return 0, True


def _begin_part(connection: Connection, asked: Slice, part: int) -> None:
    row = {"vantage_id": asked.vantage, "hour": asked.hour, "part": part}
    connection.execute(insert(sealed_part), row)


def _changed_before(connection: Connection, asked: Slice) -> AbstractSet[int]:
    """Return the checks of which the hour before has been sealed anew, for what came late."""
    part, is_new = _open_part(connection, asked.vantage, asked.hour - 1)
    return frozenset() if is_new else _rows_of_part(connection, asked, asked.hour - 1, part)


def _rows_of_part(connection: Connection, asked: Slice, hour: int, part: int) -> AbstractSet[int]:
    wanted = select(sealed_hour.c.check_id).join_from(
        check_name, sealed_hour, in_part(asked.vantage, hour, part)
    )
    wanted = wanted.where(check_name.c.id >= asked.first, check_name.c.id < asked.end)
    return frozenset(check for (check,) in tuples(connection, wanted))


def _names(connection: Connection, asked: Slice) -> Sequence[tuple[Any, ...]]:
    wanted = (
        select(check_name.c.id, check_name.c.name)
        .where(check_name.c.id >= asked.first, check_name.c.id < asked.end)
        .order_by(check_name.c.id)
    )
    return tuples(connection, wanted)


def _phase(name: str, interval: int) -> int:
    return span_microseconds(phase(name, timedelta(microseconds=interval)))


def _last_columns(last: Last | None, began: int) -> dict[str, Any]:
    if last is None:
        return dict.fromkeys(("last_at", "last_epoch", "last_status", "last_cause"))
    sample, epoch = last
    return {
        "last_at": sample.at - began,
        "last_epoch": epoch,
        "last_status": STATUS.code[sample.status],
        "last_cause": CAUSE.optional(sample.cause),
    }


def _raw_rows(table: Table) -> Select[Any]:
    """Find rows by steps down the key: each epoch of each check is one range of it."""
    epochs = epochs_of_checks(table)
    key = table.c
    rest = [column for column in key if column.name != "vantage_id"]
    return select(*rest).join_from(
        epochs,
        table,
        and_(
            key.check_id == epochs.c.check_id,
            key.vantage_id == bindparam("vantage"),
            key.epoch == epochs.c.epoch,
            key.scheduled_at >= bindparam("since"),
            key.scheduled_at < bindparam("until"),
        ),
    )


def _previous_rows() -> Select[Any]:
    earlier = sealed_hour.alias("earlier")
    newest = (
        select(func.max(earlier.c.hour))
        .where(
            earlier.c.check_id == check_name.c.id,
            earlier.c.vantage_id == bindparam("vantage"),
            earlier.c.hour < bindparam("hour"),
        )
        .correlate(check_name)
        .scalar_subquery()
    )
    return (
        select(*COLUMNS)
        .join_from(
            check_name,
            sealed_hour,
            and_(
                sealed_hour.c.check_id == check_name.c.id,
                sealed_hour.c.vantage_id == bindparam("vantage"),
                sealed_hour.c.hour == newest,
            ),
        )
        .where(check_name.c.id >= bindparam("first"), check_name.c.id < bindparam("end"))
        .order_by(sealed_hour.c.check_id, sealed_hour.c.part)
    )


def _delete(table: Table) -> Any:
    return delete(table).where(
        table.c.check_id == bindparam("of_check"),
        table.c.vantage_id == bindparam("of_vantage"),
        table.c.epoch == bindparam("of_epoch"),
        table.c.scheduled_at >= bindparam("since"),
        table.c.scheduled_at < bindparam("until"),
    )


_TABLES = (observation, missed_slot)
_RAW = {table: _raw_rows(table) for table in _TABLES}
_DELETE = {table: _delete(table) for table in _TABLES}
_PREVIOUS = _previous_rows()
