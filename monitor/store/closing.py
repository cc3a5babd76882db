"""Enters a sealed part of an hour into the ledger: one root over what is kept of all checks."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, func, select, update

from monitor.domain.observation import Status
from monitor.ledger.tree import Frontier, leaf_hash
from monitor.store.asked import tuples
from monitor.store.block import HOUR
from monitor.store.hours import COLUMNS, Hour, in_code_points, in_part, leaf
from monitor.store.ledger import Ledger
from monitor.store.record import hour_entry
from monitor.store.schema import check_name, sealed_hour, sealed_part

_LEAVES = 500


@dataclass(frozen=True, slots=True)
class Part:
    """A part of an hour (counted from 1970) at a vantage, all its checks together."""

    vantage: int
    vantage_name: str
    hour: int
    part: int


@dataclass(slots=True)
class Summed:
    """The leaves of a part so far, in order of the names of checks, up to `name`."""

    name: str = ""
    leaves: Frontier = field(default_factory=Frontier)
    totals: Counter[str] = field(default_factory=Counter)
    is_whole: bool = False


def open_parts(connection: Connection, vantage: int, vantage_name: str) -> list[Part]:
    """Return the parts that have no entry yet, oldest first."""
    wanted = (
        select(sealed_part.c.hour, sealed_part.c.part)
        .where(
            sealed_part.c.vantage_id == vantage,
            sealed_part.c.entry.is_(None),
            sealed_part.c.restored_at.is_(None),
        )
        .order_by(sealed_part.c.hour, sealed_part.c.part)
    )
    return [Part(vantage, vantage_name, *row) for row in tuples(connection, wanted)]


def add_leaves(connection: Connection, part: Part, so_far: Summed) -> Summed:
    """Return `so_far` with the leaves of the next checks."""
    name = in_code_points(connection, check_name.c.name)
    wanted = (
        select(check_name.c.name, *COLUMNS)
        .join_from(check_name, sealed_hour, in_part(part.vantage, part.hour, part.part))
        .where(name > so_far.name)
        .order_by(name)
        .limit(_LEAVES)
    )
    found = [(name, Hour._make(row)) for name, *row in tuples(connection, wanted)]
    return Summed(
        name=found[-1][0] if found else so_far.name,
        leaves=so_far.leaves.grown(
            leaf_hash(leaf(row, name, part.vantage_name)) for name, row in found
        ),
        totals=so_far.totals + totals(row for _, row in found),
        is_whole=len(found) < _LEAVES,
    )


def close(connection: Connection, ledger: Ledger, part: Part, summed: Summed) -> None:
    """Write the entry of a part whose leaves are all there. One that has an entry gets no other."""
    is_part = (
        sealed_part.c.vantage_id == part.vantage,
        sealed_part.c.hour == part.hour,
        sealed_part.c.part == part.part,
        sealed_part.c.entry.is_(None),
    )
    wrote = connection.execute(update(sealed_part).where(*is_part).values(entry=ledger.size))
    if wrote.rowcount:
        entry = hour_entry(part.vantage_name, part.hour, part.part, summed.leaves, summed.totals)
        ledger.add([entry])


def totals(rows: Iterable[Hour]) -> Counter[str]:
    """Return what of rows is summed in the entry: counts, and microseconds in each status."""
    found: Counter[str] = Counter()
    quiet = 0
    for row in rows:
        found["samples"] += row.samples
        found["expected"] += row.expected
        found["received"] += row.received
        if row.spans is None:
            quiet += 1
            continue
        for span in row.known_throughout():
            found[span.status.value] += span.end - span.start
    found[Status.UP.value] += quiet * HOUR
    return found


def is_sealed(connection: Connection, vantage: int, hour: int) -> bool:
    """Say whether an hour was sealed before, whatever is still open of it.

    A clock that was ahead leaves sealed hours behind those that are yet to come.
    """
    wanted = select(sealed_part.c.part).where(
        sealed_part.c.vantage_id == vantage, sealed_part.c.hour == hour, _IS_OVER
    )
    return connection.execute(wanted.limit(1)).first() is not None


def sealed_until(connection: Connection, vantage: int) -> int | None:
    """Return the hour after the last one that is sealed, None where none is."""
    wanted = select(func.max(sealed_part.c.hour)).where(
        sealed_part.c.vantage_id == vantage, _IS_OVER
    )
    newest: Any = connection.execute(wanted).scalar()
    return None if newest is None else int(newest) + 1


_IS_OVER = sealed_part.c.entry.is_not(None) | sealed_part.c.restored_at.is_not(None)
