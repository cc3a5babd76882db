"""The samples of a check with all that is kept of each, sealed or not, a day at a time."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, select

from monitor.domain.instant import instant
from monitor.domain.observation import FailureKind, Status, UnknownCause
from monitor.store.asked import Asked, tuples
from monitor.store.block import HOUR, Taken
from monitor.store.codes import CAUSE, KIND, STATUS
from monitor.store.samples import in_period
from monitor.store.schema import observation
from monitor.store.sealed import blocks

_DAY = 24 * HOUR


class Measured(NamedTuple):
    """One sample. `duration` is in seconds; `attempt` is over 0 for a retry."""

    epoch: int
    scheduled_at: datetime
    attempt: int
    started_at: datetime
    duration: float
    status: Status
    kind: FailureKind | None
    cause: UnknownCause | None
    detail: str | None


def taken_between(connection: Connection, asked: Asked) -> Iterator[Measured]:
    """Yield the samples that were due in the period, in order of time, retries included."""
    for start in range(asked.start - asked.start % _DAY, asked.end, _DAY):
        part = Asked(
            asked.check, asked.vantage, max(start, asked.start), min(start + _DAY, asked.end)
        )
        found = [*_sealed(connection, part), *_raw(connection, part)]
        found.sort(key=lambda one: (one.scheduled_at, one.epoch))
        yield from map(_measured, found)


def _measured(one: Taken) -> Measured:
    return Measured(
        epoch=one.epoch,
        scheduled_at=instant(one.scheduled_at),
        attempt=one.attempt,
        started_at=instant(one.scheduled_at + one.started),
        duration=one.duration / 1_000_000,
        status=STATUS.meaning[one.status],
        kind=KIND.optional_meaning(one.kind),
        cause=CAUSE.optional_meaning(one.cause),
        detail=one.detail,
    )


def _sealed(connection: Connection, asked: Asked) -> Iterator[Taken]:
    for block in blocks(connection, asked):
        for row in block.taken:
            one = Taken(*row)
            if asked.start <= one.scheduled_at < asked.end:
                yield one


def _raw(connection: Connection, asked: Asked) -> Iterator[Taken]:
    columns = (observation.c[name] for name in Taken._fields)
    wanted = select(*columns).where(*in_period(connection, observation, asked))
    return (Taken(*row) for row in tuples(connection, wanted))
