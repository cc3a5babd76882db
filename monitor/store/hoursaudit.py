"""Holds the rows of sealed hours, and the blocks of samples, against the ledger's entries.

One pass over the rows, check by check: an hour's tree grows with each check's row, and all trees
together are small.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, select

from monitor.domain.instant import instant
from monitor.domain.windows import Window
from monitor.ledger.tree import Frontier, leaf_hash
from monitor.store.asked import tuples
from monitor.store.block import HOUR, unpacked
from monitor.store.hours import COLUMNS, Hour, in_code_points, leaf
from monitor.store.schema import check_name, sample_block, sealed_hour, sealed_part, vantage_name
from monitor.store.summing import counted

_MOST_FAULTS = 20


class Key(NamedTuple):
    """A part of an hour (counted from 1970) at a vantage."""

    vantage: str
    hour: int
    part: int

    def __str__(self) -> str:
        began = f"{instant(self.hour * HOUR):%Y-%m-%d %H:%M} UTC"
        part = f", part {self.part}" if self.part else ""
        return f"the hour from {began}{part} at {self.vantage}"


@dataclass(frozen=True, slots=True)
class _Entered:
    """What the ledger says of a part: entry `number` stands for `checks` rows by their `root`."""

    number: int
    checks: int
    root: str


@dataclass(slots=True)
class HoursFinding:
    """How sealed hours stand to the ledger.

    `rows` of checks, and `blocks` of samples that are there, were looked at. `dropped` rows have
    theirs no more, as the ledger says. `restored` parts of hours were sealed after the backup that
    was put back since, and are not in the database for that. `faults` are what disagrees, at most
    twenty.
    """

    parts: int = 0
    rows: int = 0
    blocks: int = 0
    dropped: int = 0
    restored: int = 0
    faults: list[str] = field(default_factory=list)


def audited_hours(connection: Connection, entries: Iterable[tuple[int, bytes]]) -> HoursFinding:
    """Return how the rows and blocks that are stored stand to `entries`, those of the ledger."""
    entered, kept_from, restored = _said(entries)
    finding = HoursFinding(parts=len(entered))
    opened = _opened(connection)
    trees: dict[Key, Frontier] = defaultdict(Frontier)
    for check, vantage, row, body in _rows(connection):
        key = Key(vantage, row.hour, row.part)
        if key in entered:
            trees[key] = trees[key].grown([leaf_hash(_leaf(row, check, vantage))])
        elif key not in opened:
            _add(finding, f"{check}, {key}: no entry of the ledger stands for its row")
        finding.rows += 1
        _compare_block(finding, row, body, f"{check}, {key}", kept_from.get(vantage, 0))
    for key, said in entered.items():
        tree = trees[key]
        if tree.size == 0 and any(said.number in range(*each) for each in restored):
            finding.restored += 1
        elif (tree.size, tree.root.hex()) != (said.checks, said.root):
            _explain(connection, finding, key, said, tree)
    return finding


def rows_and_blocks(connection: Connection) -> Iterator[tuple[bytes, bytes | None]]:
    """Yield each row as the ledger stands for it, with its block where that is still there.

    They are in order of the names of checks, then of vantage, hour and part. What is being sealed
    is left out: no entry stands for it yet.
    """
    opened = _opened(connection)
    for check, vantage, row, body in _rows(connection):
        if Key(vantage, row.hour, row.part) not in opened:
            yield leaf(row, check, vantage), body


def sealed_hours(connection: Connection, size: int) -> Window | None:
    """Return from the first up to the last hour of which the first `size` entries tell.

    None where there is none. What a backup lacked that was put back is not there.
    """
    wanted = select(func.min(sealed_part.c.hour), func.max(sealed_part.c.hour)).where(
        sealed_part.c.entry < size, sealed_part.c.restored_at.is_(None)
    )
    first, last = connection.execute(wanted).one()
    return None if first is None else Window(first * HOUR, (last + 1) * HOUR)


def _said(
    entries: Iterable[tuple[int, bytes]],
) -> tuple[dict[Key, _Entered], Mapping[str, int], list[tuple[int, int]]]:
    """Return what entries say of hours, from which hour on samples are kept at each vantage, and
    which entries were made after a backup that was put back.
    """
    entered: dict[Key, _Entered] = {}
    kept_from: dict[str, int] = {}
    restored: list[tuple[int, int]] = []
    for number, body in entries:
        match _read(body):
            case {"type": "hour", "vantage": v, "hour": h, "part": p, "checks": n, "root": root}:
                entered.setdefault(Key(v, h, p), _Entered(number, n, root))
            case {"type": "retention", "vantage": v, "before": before}:
                kept_from[v] = max(before, kept_from.get(v, 0))
            case {"type": "restored", "size": size}:
                restored.append((size, number))
    return entered, kept_from, restored


def _read(body: bytes) -> Any:
    # Nearly all entries are of other kinds, and reading them would take most of the time.
    if not any(kind in body for kind in _KINDS):
        return None
    try:
        return json.loads(body)
    except ValueError:
        return None  # who looks at the ledger itself says what is wrong with it


_KINDS = (b'"type":"hour"', b'"type":"retention"', b'"type":"restored"')


def _opened(connection: Connection) -> set[Key]:
    """Return the parts that are being sealed: no entry stands for them yet."""
    wanted = (
        select(vantage_name.c.name, sealed_part.c.hour, sealed_part.c.part)
        .join_from(sealed_part, vantage_name, sealed_part.c.vantage_id == vantage_name.c.id)
        .where(sealed_part.c.entry.is_(None), sealed_part.c.restored_at.is_(None))
    )
    return {Key(*row) for row in tuples(connection, wanted)}


def _rows(connection: Connection) -> Iterator[tuple[str, str, Hour, bytes | None]]:
    """Yield all rows, with the names of check and vantage, and with their blocks."""
    name = in_code_points(connection, check_name.c.name)
    checks = tuples(connection, select(check_name.c.id, check_name.c.name).order_by(name))
    vantages = dict(tuples(connection, select(vantage_name.c.id, vantage_name.c.name)))
    for number, check in checks:
        wanted = (
            select(sample_block.c.body, *COLUMNS)
            .outerjoin_from(sealed_hour, sample_block, sealed_hour.c.block == sample_block.c.number)
            .where(sealed_hour.c.check_id == number)
            .order_by(sealed_hour.c.vantage_id, sealed_hour.c.hour, sealed_hour.c.part)
        )
        for body, *columns in tuples(connection, wanted):
            row = Hour._make(columns)
            yield check, vantages[row.vantage_id], row, body


def _compare_block(
    finding: HoursFinding, row: Hour, body: bytes | None, what: str, kept_from: int
) -> None:
    if row.hash is None:
        return
    if body is not None:
        finding.blocks += 1
        if sha256(body).digest() != row.hash:
            _add(finding, f"{what}: its samples are not those that were sealed")
    elif row.block is None and row.hour < kept_from:
        finding.dropped += 1
    else:
        _add(finding, f"{what}: its samples are gone, and the ledger does not say why")


def _explain(
    connection: Connection, finding: HoursFinding, key: Key, said: _Entered, tree: Frontier
) -> None:
    """Say of which checks the rows are not what their samples give, as far as that shows."""
    if tree.size != said.checks:
        _add(finding, f"{key}: {said.checks} checks were sealed, and there are {tree.size}")
        return
    changed = [check for check, row, body in _of_part(connection, key) if _differs(row, body)]
    named = f"{', '.join(changed)}, " if changed else ""
    _add(finding, f"{named}{key}: not what entry {said.number} of the ledger stands for")


def _of_part(connection: Connection, key: Key) -> list[tuple[str, Hour, bytes | None]]:
    wanted = (
        select(check_name.c.name, sample_block.c.body, *COLUMNS)
        .join_from(check_name, sealed_hour, sealed_hour.c.check_id == check_name.c.id)
        .join(vantage_name, sealed_hour.c.vantage_id == vantage_name.c.id)
        .outerjoin(sample_block, sealed_hour.c.block == sample_block.c.number)
        .where(
            vantage_name.c.name == key.vantage,
            sealed_hour.c.hour == key.hour,
            sealed_hour.c.part == key.part,
        )
        .order_by(check_name.c.name)
    )
    return [(check, Hour._make(row), body) for check, body, *row in tuples(connection, wanted)]


def _differs(row: Hour, body: bytes | None) -> bool:
    """Say whether a row counts otherwise than its samples do."""
    if body is None:
        return False
    try:
        block = unpacked(body)
        sums = counted(block.taken, block.skipped)
    except ValueError:
        return True
    return (sums.received, sums.known, sums.samples, sums.missed, sums.latency) != (
        row.received,
        row.known,
        row.samples,
        row.missed,
        row.latency,
    )


def _leaf(row: Hour, check: str, vantage: str) -> bytes:
    try:
        return leaf(row, check, vantage)
    except (ValueError, KeyError):
        return b""  # a row that can't be read is none that was sealed


def _add(finding: HoursFinding, fault: str) -> None:
    if len(finding.faults) < _MOST_FAULTS:
        finding.faults.append(fault)
