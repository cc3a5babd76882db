"""Reads the messages that were given up."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, literal_column, select

from monitor.domain.alert import Alert
from monitor.domain.deadletter import DeadLetter, LettersSought, Retry
from monitor.domain.instant import instant, microseconds
from monitor.ports import DeliveryState
from monitor.store.codes import DELIVERY
from monitor.store.documents import read_alert
from monitor.store.schema import outbox, retry, telling

_DEAD = DELIVERY.code[DeliveryState.DEAD]
_SUPERSEDED = DELIVERY.code[DeliveryState.SUPERSEDED]
# Written out: SQLite uses the index of dead rows only where it sees that they are meant.
_IS_DEAD = outbox.c.state == literal_column(str(_DEAD))
_AT_ONCE = 500

_Later = Mapping[str, Sequence[Any]]


def dead_letters(connection: Connection, sought: LettersSought) -> tuple[DeadLetter, ...]:
    """Return the messages that were given up and are looked for, in the order of the outbox."""
    wanted = (
        select(outbox)
        .where(_IS_DEAD, *_conditions(sought))
        .order_by(outbox.c.number.desc())
        .limit(sought.limit)
    )
    found = connection.execute(wanted).all()[::-1]
    alerts = {row.id: read_alert(row.alert) for row in found}
    later = _tellings(connection, sorted({i for each in alerts.values() for i in each.incidents}))
    retries = _retries(connection, [row.id for row in found])
    return tuple(_letter(row, alerts[row.id], later, retries.get(row.id)) for row in found)


def dead_counts(connection: Connection) -> dict[str, int]:
    """Return how many messages to each receiver were given up, where any were."""
    wanted = (
        select(outbox.c.receiver, func.count().label("rows"))
        .where(_IS_DEAD)
        .group_by(outbox.c.receiver)
    )
    return {row.receiver: row.rows for row in connection.execute(wanted)}


def _conditions(sought: LettersSought) -> Iterator[ColumnElement[bool]]:
    if sought.ids is not None:
        yield outbox.c.id.in_(sought.ids)
    if sought.receiver is not None:
        yield outbox.c.receiver == sought.receiver
    if sought.before is not None:
        known = select(outbox.c.number).where(outbox.c.id == sought.before)
        yield outbox.c.number < known.scalar_subquery()
    if sought.since is not None:
        yield outbox.c.settled_at >= microseconds(sought.since)


def _tellings(connection: Connection, incidents: Sequence[str]) -> _Later:
    """Return the rows of the outbox that tell of each incident, but for those superseded."""
    found: dict[str, list[Any]] = {}
    for start in range(0, len(incidents), _AT_ONCE):
        wanted = (
            select(
                telling.c.incident_id,
                *(outbox.c.id, outbox.c.receiver, outbox.c.number, outbox.c.state),
            )
            .join_from(telling, outbox, telling.c.row_id == outbox.c.id)
            .where(
                telling.c.incident_id.in_(incidents[start : start + _AT_ONCE]),
                outbox.c.state != _SUPERSEDED,
            )
        )
        for row in connection.execute(wanted):
            found.setdefault(row.incident_id, []).append(row)
    return found


def _retries(connection: Connection, rows: Sequence[str]) -> dict[str, Retry]:
    """Return the last retry of each row that was ever retried."""
    found: dict[str, Retry] = {}
    for start in range(0, len(rows), _AT_ONCE):
        some = rows[start : start + _AT_ONCE]
        wanted = select(retry).where(retry.c.row_id.in_(some)).order_by(retry.c.number)
        for row in connection.execute(wanted):
            found[row.row_id] = Retry(row_id=row.row_id, by=row.by, at=instant(row.at))
    return found


def _letter(row: Row[Any], alert: Alert, tellings: _Later, retried: Retry | None) -> DeadLetter:
    later = [
        each
        for incident in alert.incidents
        for each in tellings.get(incident, ())
        if each.receiver == row.receiver and each.number > row.number
    ]
    return DeadLetter(
        id=row.id,
        receiver=row.receiver,
        alert=alert,
        created_at=instant(row.created_at),
        given_up_at=instant(row.settled_at),
        attempts=row.attempts,
        detail=row.detail,
        told_since=any(each.state != _DEAD for each in later),
        followed_by=frozenset(each.id for each in later if each.state == _DEAD),
        retried=retried,
    )
