"""What is kept of incidents: which there were, notes, and the messages that told of them."""

from collections.abc import Iterator, Sequence

from sqlalchemy import ColumnElement, Connection, func, select

from monitor.domain.incident import Incident
from monitor.domain.instant import instant, microseconds
from monitor.domain.note import Note
from monitor.ports import Delivery, Sought, Story
from monitor.store.codes import AFFECTS, CONCERN, DELIVERY, NOTE, VIA
from monitor.store.documents import read_type
from monitor.store.restore import incidents
from monitor.store.schema import incident, note, outbox, telling


def story(connection: Connection, incident_id: str) -> Story | None:
    """Return all that is kept of an incident, None where there is no such incident."""
    found = incidents(connection, incident.c.id == incident_id)
    if not found:
        return None
    return Story(
        incident=found[0],
        notes=notes(connection, [incident_id]),
        deliveries=deliveries(connection, incident_id),
    )


def found(connection: Connection, sought: Sought) -> tuple[Incident, ...]:
    """Return the incidents that are looked for, the latest first."""
    if sought.services is not None and not sought.services:
        return ()
    newest = (
        select(incident.c.id)
        .where(*_conditions(sought))
        .order_by(incident.c.started_at.desc(), incident.c.id.desc())
        .limit(sought.limit)
    )
    return incidents(connection, incident.c.id.in_(newest))[::-1]


def _conditions(sought: Sought) -> Iterator[ColumnElement[bool]]:
    if sought.is_open:
        yield incident.c.ended_at.is_(None)
    if sought.services is not None:
        yield incident.c.service.in_(sorted(sought.services))
    if sought.affects is not None:
        yield incident.c.affects == AFFECTS.code[sought.affects]
    if sought.concern is not None:
        yield incident.c.concern == CONCERN.code[sought.concern]
    if sought.end is not None:
        yield incident.c.started_at < microseconds(sought.end)
    if sought.start is not None:
        yield incident.c.ended_at.is_(None) | (incident.c.ended_at > microseconds(sought.start))
    if sought.before is not None:
        last = incident.alias()
        at = select(last.c.started_at).where(last.c.id == sought.before).scalar_subquery()
        is_same_time = (incident.c.started_at == at) & (incident.c.id < sought.before)
        yield (incident.c.started_at < at) | is_same_time


def notes_about(connection: Connection, incident_id: str) -> int | None:
    """Return how many notes there are about an incident, None where there is no incident."""
    found = connection.execute(select(incident.c.id).where(incident.c.id == incident_id)).first()
    if found is None:
        return None
    counted = select(func.count()).where(note.c.incident_id == incident_id)
    return connection.execute(counted).scalar_one()


def notes(connection: Connection, incidents: Sequence[str]) -> tuple[Note, ...]:
    """Return the notes about these incidents, in the order in which they were taken."""
    wanted = select(note).where(note.c.incident_id.in_(incidents)).order_by(note.c.number)
    return tuple(
        Note(
            incident=row.incident_id,
            kind=NOTE.meaning[row.kind],
            by=row.by,
            at=instant(row.at),
            text=row.text,
            via=VIA.optional_meaning(row.via),
            receiver=row.receiver,
        )
        for row in connection.execute(wanted)
    )


def deliveries(connection: Connection, incident_id: str) -> tuple[Delivery, ...]:
    """Return what became of each message about an incident, oldest first."""
    wanted = (
        select(*(each for each in outbox.c if each is not outbox.c.body))
        .join_from(telling, outbox, telling.c.row_id == outbox.c.id)
        .where(telling.c.incident_id == incident_id)
        .order_by(outbox.c.number)
    )
    return tuple(
        Delivery(
            id=row.id,
            receiver=row.receiver,
            type=read_type(row.alert),
            state=DELIVERY.meaning[row.state],
            attempts=row.attempts,
            created_at=instant(row.created_at),
            settled_at=None if row.settled_at is None else instant(row.settled_at),
            detail=row.detail,
        )
        for row in connection.execute(wanted)
    )
