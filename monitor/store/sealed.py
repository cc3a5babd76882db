"""Reads sealed hours of one check: their rows, and the samples in their blocks."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlalchemy import Connection, and_, func, select

from monitor.domain.observation import MissedReason, Status
from monitor.ports import StoreError
from monitor.store.asked import Asked, tuples
from monitor.store.block import HOUR, Block, unpacked
from monitor.store.codes import MISSED, STATUS
from monitor.store.hours import COLUMNS, Hour, hours
from monitor.store.schema import check_name, sample_block, sealed_hour, tally


@dataclass(slots=True)
class Counts:
    """How many slots have a sample, in how many something was seen, and which were missed."""

    received: int = 0
    known: int = 0
    missed: Counter[MissedReason] = field(default_factory=Counter)


def sealed_rows(connection: Connection, asked: Asked) -> list[Hour]:
    """Return the rows of all hours that touch the period, all parts of them, in order."""
    wanted = (
        select(*COLUMNS)
        .where(
            sealed_hour.c.check_id == asked.check,
            sealed_hour.c.vantage_id == asked.vantage,
            sealed_hour.c.hour >= asked.start // HOUR,
            sealed_hour.c.hour < -(-asked.end // HOUR),
        )
        .order_by(sealed_hour.c.hour, sealed_hour.c.part)
    )
    return list(hours(tuples(connection, wanted)))


def sealed_before(connection: Connection, check: int, vantage: int, hour: int) -> Hour | None:
    """Return the last row of a check before an hour, None where there is none."""
    wanted = (
        select(*COLUMNS)
        .where(
            sealed_hour.c.check_id == check,
            sealed_hour.c.vantage_id == vantage,
            sealed_hour.c.hour < hour,
        )
        .order_by(sealed_hour.c.hour.desc(), sealed_hour.c.part.desc())
        .limit(1)
    )
    return next(hours(tuples(connection, wanted)), None)


def blocks(connection: Connection, asked: Asked) -> Iterator[Block]:
    """Yield the blocks that are there of all hours that touch the period, in order."""
    wanted = (
        select(sealed_hour.c.hour, sample_block.c.body)
        .join_from(sealed_hour, sample_block, sealed_hour.c.block == sample_block.c.number)
        .where(
            sealed_hour.c.check_id == asked.check,
            sealed_hour.c.vantage_id == asked.vantage,
            sealed_hour.c.hour >= asked.start // HOUR,
            sealed_hour.c.hour < -(-asked.end // HOUR),
        )
        .order_by(sealed_hour.c.hour, sealed_hour.c.part)
    )
    for hour, body in tuples(connection, wanted):
        yield _unpacked(body, hour)


def sealed_counts(connection: Connection, asked: Asked) -> Counts:
    """Return how the slots in the sealed part of the period went. A row counts where it begins.

    Of an hour that the period cuts the samples are counted, while they are kept; after that the
    whole hour is, where it begins in the period.
    """
    counts = Counts()
    for row in sealed_rows(connection, asked):
        is_cut = row.began < asked.start or asked.end < row.began + HOUR
        if is_cut and row.block is not None:
            _add_block(counts, block_of(connection, row.block, row.hour), asked)
        elif not is_cut or row.began >= asked.start:
            _add_row(counts, row)
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
    for reason, count in row.missed_counts().items():
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
