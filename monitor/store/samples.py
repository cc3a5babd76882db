"""The samples of one check in a period, found by steps down the key: however long its history."""

from collections.abc import Sequence
from functools import cache
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Connection,
    FromClause,
    Select,
    Table,
    bindparam,
    func,
    select,
)

from monitor.domain.observation import Status
from monitor.domain.timeline import Sample
from monitor.store.asked import Asked, tuples
from monitor.store.block import HOUR
from monitor.store.codes import CAUSE, MISSED, STATUS
from monitor.store.schema import check_name, missed_slot, observation
from monitor.store.sealed import Counts, blocks, sealed_before, sealed_counts


def samples_between(connection: Connection, asked: Asked) -> dict[int, list[Sample]]:
    """Return the samples by epoch, in order; epochs without any are left out.

    Before those of an epoch comes its last one before the period. So does the newest one
    before the period of all, which may hold into it.
    """
    before, inside = _raw_before(connection, asked), _inside(connection, asked)
    _add_sealed(connection, asked, before, inside)
    newest = max((sample.at for sample in before.values()), default=None)
    found: dict[int, list[Sample]] = {}
    for epoch in sorted(inside.keys() | before.keys()):
        earlier = before.get(epoch)
        if epoch in inside or (earlier is not None and earlier.at == newest):
            found[epoch] = [*([earlier] if earlier else []), *inside.get(epoch, ())]
    return found


def counts_between(connection: Connection, asked: Asked) -> Counts:
    """Return how the slots in the period went. Retries are left out, and a row of missed slots
    counts where it begins.
    """
    counts = sealed_counts(connection, asked)
    for status, count in _status_counts(connection, asked):
        counts.received += count
        counts.known += 0 if status == STATUS.code[Status.UNKNOWN] else count
    for reason, count in _missed_counts(connection, asked):
        counts.missed[MISSED.meaning[reason]] += int(count)
    return counts


def first_unsealed(connection: Connection, check: int, vantage: int) -> int | None:
    """Return when the earliest sample was taken that is in no sealed hour, None without any."""
    found = tuples(connection, _earliest(), {"check": check, "vantage": vantage})
    return min((at for (at,) in found), default=None)


def _status_counts(connection: Connection, asked: Asked) -> Sequence[tuple[int, int]]:
    wanted = select(observation.c.status, func.count()).where(observation.c.attempt == 0)
    return _inside_of(connection, observation, asked, wanted.group_by(observation.c.status))


def _missed_counts(connection: Connection, asked: Asked) -> Sequence[tuple[int, int]]:
    wanted = select(missed_slot.c.reason, func.sum(missed_slot.c.count))
    return _inside_of(connection, missed_slot, asked, wanted.group_by(missed_slot.c.reason))


def _add_sealed(
    connection: Connection,
    asked: Asked,
    before: dict[int, Sample],
    inside: dict[int, list[Sample]],
) -> None:
    """Add the samples of sealed hours, and what was the last one of an epoch before them."""
    row = sealed_before(connection, asked.check, asked.vantage, asked.start // HOUR)
    if row is not None and row.last is not None and row.last_epoch is not None:
        _add_before(before, row.last_epoch, row.last)
    touched: set[int] = set()
    for block in blocks(connection, asked):
        for epoch, at, _, _, _, status, _, cause, _ in block.taken:
            sample = Sample(at, STATUS.meaning[status], CAUSE.optional_meaning(cause))
            if at < asked.start:
                _add_before(before, epoch, sample)
            elif at < asked.end:
                inside.setdefault(epoch, []).append(sample)
                touched.add(epoch)
    for epoch in touched:
        inside[epoch].sort(key=itemgetter(0))


def _add_before(before: dict[int, Sample], epoch: int, sample: Sample) -> None:
    if epoch not in before or before[epoch].at < sample.at:
        before[epoch] = sample


def _inside(connection: Connection, asked: Asked) -> dict[int, list[Sample]]:
    table = observation.c
    wanted = select(table.epoch, table.scheduled_at, table.status, table.cause)
    wanted = wanted.order_by(table.epoch, table.scheduled_at)
    status, cause = STATUS.meaning, CAUSE.optional_meaning
    return {
        epoch: [Sample(at, status[code], cause(why)) for _, at, code, why in rows]
        for epoch, rows in groupby(
            _inside_of(connection, observation, asked, wanted), key=itemgetter(0)
        )
    }


def _raw_before(connection: Connection, asked: Asked) -> dict[int, Sample]:
    """Return the last sample before the period of each epoch."""
    parameters = {"check": asked.check, "vantage": asked.vantage, "start": asked.start}
    return {
        epoch: Sample(at, STATUS.meaning[code], CAUSE.optional_meaning(why))
        for epoch, at, code, why in tuples(connection, _last_before(), parameters)
        if at is not None
    }


def in_period(
    connection: Connection, table: FromClause, asked: Asked
) -> tuple[ColumnElement[bool], ...]:
    """Name every epoch, so that each is one range of the key."""
    return _ranges(table, asked, _epochs_of(connection, table, asked))


def _inside_of(
    connection: Connection, table: FromClause, asked: Asked, wanted: Select[Any]
) -> Sequence[tuple[Any, ...]]:
    """Return what is `wanted` of the rows in the period."""
    epochs = _epochs_of(connection, table, asked)
    if not epochs:  # as ever when all is sealed
        return []
    return tuples(connection, wanted.where(*_ranges(table, asked, epochs)))


def _epochs_of(connection: Connection, table: FromClause, asked: Asked) -> list[int]:
    parameters = {"check": asked.check, "vantage": asked.vantage}
    return [epoch for (epoch,) in tuples(connection, _epochs(table), parameters)]


def _ranges(
    table: FromClause, asked: Asked, epochs: Sequence[int]
) -> tuple[ColumnElement[bool], ...]:
    return (
        table.c.check_id == asked.check,
        table.c.vantage_id == asked.vantage,
        table.c.epoch.in_(epochs),
        table.c.scheduled_at >= asked.start,
        table.c.scheduled_at < asked.end,
    )


# Statements that each question of each check needs are made once: to make one takes as long as to
# execute it.


@cache
def _epochs(table: FromClause) -> Select[int]:
    """Ask for the epochs of a check, each found by one step down the key of `table`."""

    def lowest(*conditions: ColumnElement[bool]) -> Select[int]:
        return select(func.min(table.c.epoch).label("epoch")).where(*_of_check(table), *conditions)

    found = lowest().cte("epochs", recursive=True)
    following = lowest(table.c.epoch > found.c.epoch).correlate(found).scalar_subquery()
    epochs = found.union_all(select(following).where(found.c.epoch.is_not(None)))
    return select(epochs.c.epoch).where(epochs.c.epoch.is_not(None))


@cache
def _earliest() -> Select[int]:
    """Ask for the time of the first sample of each epoch of a check."""
    epochs = _epochs(observation).subquery()
    earliest = (
        select(func.min(observation.c.scheduled_at))
        .where(*_of_check(observation), observation.c.epoch == epochs.c.epoch)
        .correlate(epochs)
        .scalar_subquery()
    )
    return select(earliest)


@cache
def _last_before() -> Select[Any]:
    """Ask for the last sample before :start of each epoch of a check."""
    epochs = _epochs(observation).subquery()
    columns = [
        select(column)
        .where(
            *_of_check(observation),
            observation.c.epoch == epochs.c.epoch,
            observation.c.scheduled_at < bindparam("start"),
        )
        .order_by(observation.c.scheduled_at.desc())
        .limit(1)
        .correlate(epochs)
        .scalar_subquery()
        for column in (observation.c.scheduled_at, observation.c.status, observation.c.cause)
    ]
    return select(epochs.c.epoch, *columns)


def _of_check(table: FromClause) -> tuple[ColumnElement[bool], ...]:
    return table.c.check_id == bindparam("check"), table.c.vantage_id == bindparam("vantage")


def epochs_of_checks(table: Table) -> CTE:
    """Return the epochs of each check numbered from :first up to :end, at :vantage."""
    key = table.c
    of_vantage = key.vantage_id == bindparam("vantage")
    lowest = (
        select(func.min(key.epoch))
        .where(key.check_id == check_name.c.id, of_vantage)
        .correlate(check_name)
        .scalar_subquery()
    )
    epochs = (
        select(check_name.c.id.label("check_id"), lowest.label("epoch"))
        .where(check_name.c.id >= bindparam("first"), check_name.c.id < bindparam("end"))
        .cte("epochs", recursive=True)
    )
    following = (
        select(func.min(key.epoch))
        .where(key.check_id == epochs.c.check_id, of_vantage, key.epoch > epochs.c.epoch)
        .correlate(epochs)
        .scalar_subquery()
    )
    return epochs.union_all(select(epochs.c.check_id, following).where(epochs.c.epoch.is_not(None)))
