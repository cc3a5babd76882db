"""Drops the samples of hours that are older than they are kept. What is known of an hour stays."""

from sqlalchemy import Connection, bindparam, delete, select, update

from monitor.store.asked import tuples
from monitor.store.closing import Part
from monitor.store.hours import in_part
from monitor.store.ledger import Ledger
from monitor.store.record import retention_entry
from monitor.store.schema import check_name, sample_block, sealed_hour, sealed_part
from monitor.store.tender import Tender

_CHECKS = 500
# Two days each hour are more than enough to keep up. A clock that is years ahead for an hour, and
# that nobody noticed, then costs two days of samples, and not all of them.
_MOST_PARTS = 48


async def drop_samples(tender: Tender, before: int, now: int) -> int:
    """Delete the blocks of the oldest hours before `before` (counted from 1970); return how many
    parts of hours lost theirs, which are 48 at most of each vantage.

    That they go is an entry of the ledger before they do, so that a block which is missing without
    one was taken by somebody else. `now` is in microseconds.
    """
    count = 0
    for vantage, name in await tender.vantages():
        if parts := await tender.ask(_old_parts, vantage, name, before):
            await tender.enter(_announce, parts[-1], now)
        for part in parts:
            for first, end in await tender.checks(_CHECKS):
                await tender.ask(_drop_blocks, part, first, end)
                await tender.rest()
            await tender.ask(_note_dropped, part, now)
        count += len(parts)
    return count


def _old_parts(connection: Connection, vantage: int, name: str, before: int) -> list[Part]:
    wanted = (
        select(sealed_part.c.hour, sealed_part.c.part)
        .where(
            sealed_part.c.vantage_id == vantage,
            sealed_part.c.hour < before,
            sealed_part.c.entry.is_not(None),
            sealed_part.c.dropped_at.is_(None),
            sealed_part.c.restored_at.is_(None),
        )
        .order_by(sealed_part.c.hour, sealed_part.c.part)
        .limit(_MOST_PARTS)
    )
    return [Part(vantage, name, *row) for row in tuples(connection, wanted)]


def _announce(_: Connection, ledger: Ledger, last: Part, now: int) -> None:
    ledger.add([retention_entry(last.vantage_name, last.hour + 1, now)])


def _drop_blocks(connection: Connection, part: Part, first: int, end: int) -> None:
    wanted = (
        select(sealed_hour.c.check_id, sealed_hour.c.block)
        .join_from(check_name, sealed_hour, in_part(part.vantage, part.hour, part.part))
        .where(check_name.c.id >= first, check_name.c.id < end, sealed_hour.c.block.is_not(None))
        .order_by(sealed_hour.c.block)
    )
    found = tuples(connection, wanted)
    if not found:
        return
    of = {"of_vantage": part.vantage, "of_hour": part.hour, "of_part": part.part}
    connection.execute(_FORGET, [{"of_check": check, **of} for check, _ in found])
    connection.execute(_DELETE, [{"of_block": block} for _, block in found])


def _note_dropped(connection: Connection, part: Part, now: int) -> None:
    is_part = (
        sealed_part.c.vantage_id == part.vantage,
        sealed_part.c.hour == part.hour,
        sealed_part.c.part == part.part,
    )
    connection.execute(update(sealed_part).where(*is_part).values(dropped_at=now))


_FORGET = (
    update(sealed_hour)
    .where(
        sealed_hour.c.check_id == bindparam("of_check"),
        sealed_hour.c.vantage_id == bindparam("of_vantage"),
        sealed_hour.c.hour == bindparam("of_hour"),
        sealed_hour.c.part == bindparam("of_part"),
    )
    .values(block=None)
)
_DELETE = delete(sample_block).where(sample_block.c.number == bindparam("of_block"))
