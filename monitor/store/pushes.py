"""The last pushes of each check, in rows and back."""

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, func, select

from monitor.domain.check import CheckId
from monitor.domain.instant import instant, microseconds, span_microseconds
from monitor.domain.push import Push
from monitor.store.codes import OUTCOME, SIGNAL
from monitor.store.rows import Names
from monitor.store.schema import check_name, push

KEPT = 16
"""How many pushes of a check are kept, with what came along as evidence."""


def push_rows(pushes: Iterable[Push], names: Names, vantage: int) -> list[dict[str, Any]]:
    """Return one row a push; of those that share a place only the last, which the others became."""
    rows = {(each.check_id, each.number % KEPT): _row(each, names, vantage) for each in pushes}
    return list(rows.values())


def last_pushes(connection: Connection, vantage: int) -> dict[CheckId, Push]:
    """Return the last push of every check that had one."""
    newest = (
        select(push.c.check_id, func.max(push.c.number).label("number"))
        .where(push.c.vantage_id == vantage)
        .group_by(push.c.check_id)
        .subquery()
    )
    wanted = (
        select(check_name.c.name, push)
        .join_from(push, check_name, push.c.check_id == check_name.c.id)
        .join(newest, (newest.c.check_id == push.c.check_id) & (newest.c.number == push.c.number))
        .where(push.c.vantage_id == vantage)
    )
    return {CheckId(row.name): _push(row) for row in connection.execute(wanted)}


def pushes_of(connection: Connection, vantage: int, check_id: CheckId) -> tuple[Push, ...]:
    """Return the pushes of a check that are kept, oldest first."""
    wanted = (
        select(check_name.c.name, push)
        .join_from(push, check_name, push.c.check_id == check_name.c.id)
        .where(push.c.vantage_id == vantage, check_name.c.name == check_id)
        .order_by(push.c.number)
    )
    return tuple(_push(row) for row in connection.execute(wanted))


def _row(each: Push, names: Names, vantage: int) -> dict[str, Any]:
    return {
        "check_id": names.checks[each.check_id],
        "vantage_id": vantage,
        "place": each.number % KEPT,
        "number": each.number,
        "signal": SIGNAL.code[each.signal],
        "received_at": microseconds(each.received_at),
        "outcome": OUTCOME.optional(each.status),
        "ended_at": _time(each.ended_at),
        "exit_code": each.exit_code,
        "run": None if each.run is None else span_microseconds(each.run),
        "started_at": _time(each.started_at),
        "detail": each.detail,
        "measured": json.dumps(dict(each.values)),
        "body": each.body,
    }


def _push(row: Row[Any]) -> Push:
    return Push(
        check_id=CheckId(row.name),
        number=row.number,
        signal=SIGNAL.meaning[row.signal],
        received_at=instant(row.received_at),
        status=OUTCOME.optional_meaning(row.outcome),
        ended_at=_instant(row.ended_at),
        exit_code=row.exit_code,
        run=None if row.run is None else timedelta(microseconds=row.run),
        started_at=_instant(row.started_at),
        detail=row.detail,
        values=json.loads(row.measured),
        body=row.body,
    )


def _time(at: datetime | None) -> int | None:
    return None if at is None else microseconds(at)


def _instant(at: int | None) -> datetime | None:
    return None if at is None else instant(at)
