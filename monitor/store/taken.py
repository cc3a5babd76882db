"""The samples of a check with all that is kept of each, sealed or not, a day at a time."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from monitor.domain.instant import instant
from monitor.domain.observation import FailureKind, Status, UnknownCause
from monitor.domain.windows import Window
from monitor.store.asked import Asked, tuples
from monitor.store.block import HOUR, Taken
from monitor.store.codes import CAUSE, KIND, STATUS
from monitor.store.samples import in_period
from monitor.store.schema import observation, sealed_hour
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
    there = _there(connection, asked)
    for start in range(there.start - there.start % _DAY, there.end, _DAY):
        part = Asked(
            asked.check, asked.vantage, max(start, there.start), min(start + _DAY, there.end)
        )
        found = [*_sealed(connection, part), *_raw(connection, part)]
        found.sort(key=lambda one: (one.scheduled_at, one.epoch))
        yield from map(_measured, found)


def _there(connection: Connection, asked: Asked) -> Window:
    """Return what of the period there may be samples in, however long it is."""
    at, hour = observation.c.scheduled_at, sealed_hour.c.hour
    raw = select(func.min(at), func.max(at)).where(*in_period(connection, observation, asked))
    sealed = select(func.min(hour), func.max(hour)).where(
        sealed_hour.c.check_id == asked.check, sealed_hour.c.vantage_id == asked.vantage
    )
    [(first, last)], [(oldest, newest)] = tuples(connection, raw), tuples(connection, sealed)
    begins = [] if first is None else [first]
    ends = [] if last is None else [last + 1]
    if oldest is not None:
        begins.append(oldest * HOUR)
        ends.append((newest + 1) * HOUR)
    start = max(asked.start, min(begins, default=asked.start))
    return Window(start, max(start, min(asked.end, max(ends, default=start))))


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
