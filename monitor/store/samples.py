"""The samples of one check in a period, found by steps down the key: however long its history."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, Select, func, select

from monitor.domain.timeline import Sample
from monitor.store.codes import CAUSE, STATUS
from monitor.store.schema import missed_slot, observation


@dataclass(frozen=True, slots=True)
class Asked:
    """A check and a vantage by their numbers, in [start, end): microseconds, Unix epoch."""

    check: int
    vantage: int
    start: int
    end: int


def samples_between(connection: Connection, asked: Asked) -> dict[int, list[Sample]]:
    """Return the samples by epoch, in order; epochs without any are left out.

    Before those of an epoch comes its last one before the period. So does the newest one
    before the period of all, which may hold into it.
    """
    before = _before(connection, asked)
    inside = _inside(connection, asked)
    newest = max((sample.at for sample in before.values()), default=None)
    found: dict[int, list[Sample]] = {}
    for epoch in sorted(inside.keys() | before.keys()):
        earlier = before.get(epoch)
        if epoch in inside or (earlier is not None and earlier.at == newest):
            found[epoch] = [*([earlier] if earlier else []), *inside.get(epoch, ())]
    return found


def status_counts(connection: Connection, asked: Asked) -> Mapping[int, int]:
    """Return how many slots have a sample of each status code. Retries are left out."""
    wanted = (
        select(observation.c.status, func.count())
        .where(*_in_period(connection, observation, asked))
        .where(observation.c.attempt == 0)
        .group_by(observation.c.status)
    )
    return dict(_tuples(connection, wanted))


def missed_counts(connection: Connection, asked: Asked) -> Mapping[int, int]:
    """Return how many slots were missed by code of the reason. A row counts where it begins."""
    wanted = (
        select(missed_slot.c.reason, func.sum(missed_slot.c.count))
        .where(*_in_period(connection, missed_slot, asked))
        .group_by(missed_slot.c.reason)
    )
    return {reason: int(count) for reason, count in _tuples(connection, wanted)}


def _inside(connection: Connection, asked: Asked) -> dict[int, list[Sample]]:
    table = observation.c
    wanted = (
        select(table.epoch, table.scheduled_at, table.status, table.cause)
        .where(*_in_period(connection, observation, asked))
        .order_by(table.epoch, table.scheduled_at)
    )
    status, cause = STATUS.meaning, CAUSE.optional_meaning
    return {
        epoch: [Sample(at, status[code], cause(why)) for _, at, code, why in rows]
        for epoch, rows in groupby(_tuples(connection, wanted), key=itemgetter(0))
    }


def _before(connection: Connection, asked: Asked) -> dict[int, Sample]:
    """Return the last sample before the period of each epoch."""
    epochs = _epochs(observation, asked).subquery()
    columns = [
        select(column)
        .where(
            observation.c.check_id == asked.check,
            observation.c.vantage_id == asked.vantage,
            observation.c.epoch == epochs.c.epoch,
            observation.c.scheduled_at < asked.start,
        )
        .order_by(observation.c.scheduled_at.desc())
        .limit(1)
        .correlate(epochs)
        .scalar_subquery()
        for column in (observation.c.scheduled_at, observation.c.status, observation.c.cause)
    ]
    return {
        epoch: Sample(at, STATUS.meaning[code], CAUSE.optional_meaning(why))
        for epoch, at, code, why in _tuples(connection, select(epochs.c.epoch, *columns))
        if at is not None
    }


def _in_period(
    connection: Connection, table: FromClause, asked: Asked
) -> tuple[ColumnElement[bool], ...]:
    """Name every epoch, so that each is one range of the key."""
    epochs = [epoch for (epoch,) in _tuples(connection, _epochs(table, asked))]
    return (
        table.c.check_id == asked.check,
        table.c.vantage_id == asked.vantage,
        table.c.epoch.in_(epochs),
        table.c.scheduled_at >= asked.start,
        table.c.scheduled_at < asked.end,
    )


def _epochs(table: FromClause, asked: Asked) -> Select[int]:
    """Ask for the epochs of a check, each found by one step down the key of `table`."""

    def lowest(*conditions: ColumnElement[bool]) -> Select[int]:
        return select(func.min(table.c.epoch).label("epoch")).where(
            table.c.check_id == asked.check, table.c.vantage_id == asked.vantage, *conditions
        )

    found = lowest().cte("epochs", recursive=True)
    following = lowest(table.c.epoch > found.c.epoch).correlate(found).scalar_subquery()
    epochs = found.union_all(select(following).where(found.c.epoch.is_not(None)))
    return select(epochs.c.epoch).where(epochs.c.epoch.is_not(None))


def _tuples(connection: Connection, wanted: Select[Any]) -> Sequence[tuple[Any, ...]]:
    """Return plain tuples: a Row each would cost as much as reading them."""
    cursor: Any = connection.execute(wanted).cursor
    found: Sequence[tuple[Any, ...]] = cursor.fetchall()
    return found
