"""Reads sealed hours of one check: their rows, and the samples in their blocks."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, and_, bindparam, func, select

from monitor.domain.check import CheckId
from monitor.domain.observation import MissedReason, Status
from monitor.ports import StoreError
from monitor.store.asked import Asked, tuples
from monitor.store.block import HOUR, Block, unpacked
from monitor.store.codes import MISSED, STATUS
from monitor.store.hours import COLUMNS, Hour, hours, missed_counts
from monitor.store.schema import check_name, sample_block, sealed_hour, tally

# The hours that touch a period: one range of the key.
_TOUCHING = (
    sealed_hour.c.check_id == bindparam("check"),
    sealed_hour.c.vantage_id == bindparam("vantage"),
    sealed_hour.c.hour >= bindparam("first"),
    sealed_hour.c.hour < bindparam("end"),
)
_IN_ORDER = (sealed_hour.c.hour, sealed_hour.c.part)

# Made once: to make a statement takes as long as to execute it.
_ROWS = select(*COLUMNS).where(*_TOUCHING).order_by(*_IN_ORDER)
_SPANS = select(sealed_hour.c.hour, sealed_hour.c.spans).where(*_TOUCHING).order_by(*_IN_ORDER)
_ANSWERS = (
    select(
        *(sealed_hour.c.hour, sealed_hour.c.block),
        *(sealed_hour.c.received, sealed_hour.c.latency),
    )
    .where(*_TOUCHING)
    .order_by(*_IN_ORDER)
)
_FIRST = (
    select(sealed_hour.c.hour, sealed_hour.c.first_at)
    .where(*_TOUCHING, sealed_hour.c.first_at.is_not(None))
    .order_by(sealed_hour.c.hour, sealed_hour.c.part.desc())
    .limit(1)
)
_LAST = (
    select(*COLUMNS)
    .where(*_TOUCHING[:2], sealed_hour.c.hour < bindparam("end"))
    .order_by(sealed_hour.c.hour.desc(), sealed_hour.c.part.desc())
    .limit(1)
)
_BLOCKS = (
    select(sealed_hour.c.hour, sample_block.c.body)
    .join_from(sealed_hour, sample_block, sealed_hour.c.block == sample_block.c.number)
    .where(*_TOUCHING)
    .order_by(*_IN_ORDER)
)
_TOTALS = select(func.sum(sealed_hour.c.received), func.sum(sealed_hour.c.known)).where(*_TOUCHING)
_MISSED = select(sealed_hour.c.missed).where(*_TOUCHING, sealed_hour.c.missed.is_not(None))


def _touched(asked: Asked) -> dict[str, int]:
    return {
        "check": asked.check,
        "vantage": asked.vantage,
        "first": asked.start // HOUR,
        "end": -(-asked.end // HOUR),
    }


@dataclass(slots=True)
class Counts:
    """How many slots have a sample, in how many something was seen, and which were missed."""

    received: int = 0
    known: int = 0
    missed: Counter[MissedReason] = field(default_factory=Counter)


def sealed_rows(connection: Connection, asked: Asked) -> list[Hour]:
    """Return the rows of all hours that touch the period, all parts of them, in order."""
    return list(hours(tuples(connection, _ROWS, _touched(asked))))


def sealed_spans(connection: Connection, asked: Asked) -> dict[int, str | None]:
    """Return what is known throughout each hour that touches the period, as it is stored, in order.

    That is all that most questions need, so a month of a check is one short list.
    """
    # Of two parts the later one stays.
    return dict(tuples(connection, _SPANS, _touched(asked)))


def sealed_answers(
    connection: Connection, asked: Asked
) -> Sequence[tuple[int, int | None, int, bytes | None]]:
    """Return of all parts of the hours that touch the period, in order: which hour, its block, how
    many slots have a sample, and the sketch of how long answers took.
    """
    found: Sequence[Any] = tuples(connection, _ANSWERS, _touched(asked))
    return found


def first_sealed(connection: Connection, asked: Asked) -> int | None:
    """Return when the first sample was taken that counts in a sealed hour of the period."""
    return next(
        (hour * HOUR + at for hour, at in tuples(connection, _FIRST, _touched(asked))), None
    )


def sealed_before(connection: Connection, check: int, vantage: int, hour: int) -> Hour | None:
    """Return the last row of a check before an hour, None where there is none."""
    parameters = {"check": check, "vantage": vantage, "end": hour}
    return next(hours(tuples(connection, _LAST, parameters)), None)


def blocks(connection: Connection, asked: Asked) -> Iterator[Block]:
    """Yield the blocks that are there of all hours that touch the period, in order."""
    for hour, body in tuples(connection, _BLOCKS, _touched(asked)):
        yield _unpacked(body, hour)


def sealed_counts(connection: Connection, asked: Asked) -> Counts:
    """Return how the slots in the sealed part of the period went. A row counts where it begins.

    Of an hour that the period cuts the samples are counted, while they are kept; after that the
    whole hour is, where it begins in the period.
    """
    first, end = -(-asked.start // HOUR), asked.end // HOUR
    whole = Asked(asked.check, asked.vantage, first * HOUR, max(first, end) * HOUR)
    counts = _whole_counts(connection, whole)
    edges = {asked.start // HOUR, (asked.end - 1) // HOUR}
    for hour in sorted(edge for edge in edges if not first <= edge < end):
        cut = Asked(asked.check, asked.vantage, hour * HOUR, hour * HOUR + 1)
        for row in sealed_rows(connection, cut):
            if row.block is not None:
                _add_block(counts, block_of(connection, row.block, row.hour), asked)
            elif asked.start <= row.began < asked.end:
                _add_row(counts, row)
    return counts


def _whole_counts(connection: Connection, asked: Asked) -> Counts:
    [(received, known)] = tuples(connection, _TOTALS, _touched(asked))
    counts = Counts(received=int(received or 0), known=int(known or 0))
    for (text,) in tuples(connection, _MISSED, _touched(asked)):
        _add_missed(counts, missed_counts(text))
    return counts


def last_sealed(connection: Connection, vantage: int) -> list[tuple[str, int, int]]:
    """Return of each check by name the epoch and the time of its last sample in sealed hours."""
    newest = (
        select(func.max(sealed_hour.c.hour))
        .where(sealed_hour.c.check_id == check_name.c.id, sealed_hour.c.vantage_id == vantage)
        .correlate(check_name)
        .scalar_subquery()
    )
    of_hour = sealed_hour.alias("of_hour")
    wanted = (
        select(check_name.c.name, of_hour.c.last_epoch, of_hour.c.hour, of_hour.c.last_at)
        .join_from(
            check_name,
            of_hour,
            and_(
                of_hour.c.check_id == check_name.c.id,
                of_hour.c.vantage_id == vantage,
                of_hour.c.hour == newest,
            ),
        )
        .where(of_hour.c.last_at.is_not(None))
    )
    return [(name, epoch, hour * HOUR + at) for name, epoch, hour, at in tuples(connection, wanted)]


def sealed_between(
    connection: Connection, vantage: int, start: int, end: int
) -> dict[CheckId, int]:
    """Return the checks with sealed hours that begin in [start, end), and when the last ends."""
    newest = (
        select(func.max(sealed_hour.c.hour))
        .where(
            sealed_hour.c.check_id == check_name.c.id,
            sealed_hour.c.vantage_id == vantage,
            sealed_hour.c.hour >= -(-start // HOUR),
            sealed_hour.c.hour < -(-end // HOUR),
        )
        .correlate(check_name)
        .scalar_subquery()
    )
    found = tuples(connection, select(check_name.c.name, newest))
    return {CheckId(name): (hour + 1) * HOUR for name, hour in found if hour is not None}


def sealed_since_totals(connection: Connection, vantage: int) -> list[tuple[str, int, int, int]]:
    """Return the samples in sealed hours that stored totals do not tell of yet: the name of the
    check, epoch, time and status code.
    """
    wanted = (
        select(check_name.c.name, tally.c.epoch, tally.c.at, sample_block.c.body)
        .select_from(tally)
        .join(check_name, check_name.c.id == tally.c.check_id)
        .join(
            sealed_hour,
            and_(
                sealed_hour.c.check_id == tally.c.check_id,
                sealed_hour.c.vantage_id == vantage,
                sealed_hour.c.hour >= tally.c.at // HOUR,
            ),
        )
        .join(sample_block, sample_block.c.number == sealed_hour.c.block)
        .where(tally.c.vantage_id == vantage)
    )
    return [
        (name, epoch, at, status)
        for name, known_epoch, known_at, body in tuples(connection, wanted)
        for epoch, at, _, _, _, status, *_ in unpacked(body).taken
        if (epoch, at) >= (known_epoch, known_at) and at >= known_at
    ]


def _add_row(counts: Counts, row: Hour) -> None:
    counts.received += row.received
    counts.known += row.known
    _add_missed(counts, row.missed_counts())


def _add_missed(counts: Counts, missed: Mapping[MissedReason, int]) -> None:
    for reason, count in missed.items():
        counts.missed[reason] += count


def _add_block(counts: Counts, block: Block, asked: Asked) -> None:
    slots = [
        status
        for _, at, attempt, _, _, status, *_ in block.taken
        if attempt == 0 and asked.start <= at < asked.end
    ]
    counts.received += len(slots)
    counts.known += len(slots) - slots.count(STATUS.code[Status.UNKNOWN])
    for _, at, reason, count in block.skipped:
        if asked.start <= at < asked.end:
            counts.missed[MISSED.meaning[reason]] += count


def block_of(connection: Connection, number: int, hour: int) -> Block:
    """Return the block of that number, which is about that hour."""
    wanted = select(sample_block.c.body).where(sample_block.c.number == number)
    [(body,)] = tuples(connection, wanted)
    return _unpacked(body, hour)


def _unpacked(body: bytes, hour: int) -> Block:
    try:
        return unpacked(body)
    except ValueError as error:
        raise StoreError(f"the samples of hour {hour} can't be read: {error}") from error
