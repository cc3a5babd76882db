"""What is read back when the daemon starts, and while it delivers."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, literal, select, tuple_

from monitor.domain.bundling import STILL_TOLD
from monitor.domain.check import CheckId
from monitor.domain.flapping import LONGEST, MOST_CHANGES
from monitor.domain.incident import AffectedCheck, Incident
from monitor.domain.instant import instant, microseconds
from monitor.domain.maintenance import LONGEST as LONGEST_WINDOW
from monitor.domain.observation import Failure, Status, UnknownCause
from monitor.domain.service import ServiceId
from monitor.domain.silence import Silence
from monitor.domain.state import CheckState
from monitor.ports import (
    DeliveryState,
    LastSample,
    MarkKind,
    OutboxRow,
    PastIncident,
    Restored,
    TallySnapshot,
)
from monitor.store.asked import tuples
from monitor.store.codes import AFFECTS, CONCERN, DELIVERY, KIND, MARK, STATUS
from monitor.store.configurations import last_configured
from monitor.store.documents import (
    read_acknowledgement,
    read_alert,
    read_apart,
    read_expiry,
    read_hold,
    read_instability,
    read_names,
    read_silence,
    read_state,
)
from monitor.store.pushes import last_pushes
from monitor.store.schema import (
    affected_check,
    check_name,
    check_state,
    incident,
    mark,
    meta,
    observation,
    outbox,
    receipt,
    service_tally,
    silence,
    tally,
    vantage_name,
)
from monitor.store.sealed import last_sealed, sealed_since_totals
from monitor.store.windows import window_records

_PAST = 10_000
MOST_SILENCES = 1_000


def restored(connection: Connection, vantage: str, now: datetime) -> Restored:
    """Return what the database remembers for a vantage at `now`."""
    number = _vantage(connection, vantage)
    last_samples = _last_samples(connection, number)
    offline = _offline(connection, number)
    return Restored(
        epoch=_epoch(connection),
        stopped_at=_stopped_at(connection, number, last_samples),
        states=states(connection, number),
        last_samples=last_samples,
        incidents=incidents(
            connection, incident.c.ended_at.is_(None) | incident.c.news_since.is_not(None)
        ),
        tallies=_tallies(connection, number),
        service_tallies=_service_tallies(connection, number),
        later_samples=_later_samples(connection, number),
        offline_since=None if offline is None else instant(offline.at),
        offline_cause=_cause(offline),
        past=_past(connection),
        pushes=last_pushes(connection, number),
        silences=silences(connection),
        configured=last_configured(connection),
        windows=window_records(connection, now - STILL_TOLD - LONGEST_WINDOW),
        ended=incidents(
            connection,
            incident.c.ended_at >= microseconds(now - STILL_TOLD),
            incident.c.news_since.is_(None),
        ),
        recent=_recent(connection, now - LONGEST),
    )


def pending_rows(connection: Connection, after: int) -> tuple[OutboxRow, ...]:
    """Return the pending rows of the outbox whose number is over `after`, oldest first."""
    wanted = (
        select(outbox)
        .where(outbox.c.settled_at.is_(None), outbox.c.number > after)
        .order_by(outbox.c.number)
    )
    return tuple(
        OutboxRow(
            number=row.number,
            id=row.id,
            receiver=row.receiver,
            alert=read_alert(row.alert),
            created_at=instant(row.created_at),
            attempts=row.attempts,
            next_attempt_at=instant(row.next_attempt_at),
            body=row.body,
        )
        for row in connection.execute(wanted)
        if row.state == DELIVERY.code[DeliveryState.PENDING]
    )


def first_receipt(connection: Connection, receiver: str, incident_id: str) -> str | None:
    """Return the receipt of the first message about an incident that `receiver` got, or None."""
    wanted = select(receipt.c.receipt).where(
        receipt.c.incident_id == incident_id, receipt.c.receiver == receiver
    )
    found: str | None = connection.execute(wanted).scalar()
    return found


def states(connection: Connection, vantage: int) -> dict[CheckId, CheckState]:
    """Return the stored state of every check, in order of its id."""
    wanted = (
        select(check_name.c.name, check_state.c.document)
        .join_from(check_state, check_name, check_state.c.check_id == check_name.c.id)
        .where(check_state.c.vantage_id == vantage)
        .order_by(check_name.c.name)
    )
    return {CheckId(name): read_state(text) for name, text in connection.execute(wanted)}


def silences(connection: Connection) -> tuple[Silence, ...]:
    """Return the silences that end last; who reads them looks at the clock."""
    wanted = select(silence.c.document).order_by(silence.c.until.desc(), silence.c.id)
    return tuple(
        read_silence(row.document) for row in connection.execute(wanted.limit(MOST_SILENCES))
    )


def incidents(connection: Connection, *conditions: Any) -> tuple[Incident, ...]:
    """Return the incidents that meet `conditions`, in order of their start."""
    wanted = select(incident).where(*conditions).order_by(incident.c.started_at, incident.c.id)
    found = connection.execute(wanted).all()
    checks: dict[str, list[AffectedCheck]] = {row.id: [] for row in found}
    affected = (
        select(affected_check)
        .join_from(affected_check, incident, affected_check.c.incident_id == incident.c.id)
        .where(*conditions)
        .order_by(affected_check.c.incident_id, affected_check.c.position)
    )
    for row in connection.execute(affected):
        checks[row.incident_id].append(_affected(row))
    return tuple(_incident(row, checks[row.id]) for row in found)


def _vantage(connection: Connection, vantage: str) -> int:
    """Return the number of a vantage, -1 when nothing is stored of it."""
    wanted = select(vantage_name.c.id).where(vantage_name.c.name == vantage)
    found = connection.execute(wanted).scalar()
    return -1 if found is None else found


def _epoch(connection: Connection) -> int:
    return connection.execute(select(meta.c.value).where(meta.c.name == "epoch")).scalar() or 0


def _last_samples(connection: Connection, vantage: int) -> dict[CheckId, LastSample]:
    """Two steps down the key for each check, however many rows there are."""
    of_check = (
        observation.c.check_id == check_name.c.id,
        observation.c.vantage_id == vantage,
    )
    epoch = (
        select(func.max(observation.c.epoch))
        .where(*of_check)
        .correlate(check_name)
        .scalar_subquery()
    )
    at = (
        select(func.max(observation.c.scheduled_at))
        .where(*of_check, observation.c.epoch == epoch)
        .correlate(check_name)
        .scalar_subquery()
    )
    wanted = select(check_name.c.name, epoch, at)
    found = [row for row in tuples(connection, wanted) if row[1] is not None]
    newest: dict[str, tuple[int, int]] = {}
    for name, *seen in (*found, *last_sealed(connection, vantage)):
        newest[name] = max(newest.get(name, (-1, -1)), (seen[0], seen[1]))
    return {
        CheckId(name): LastSample(epoch=epoch, scheduled_at=instant(at))
        for name, (epoch, at) in newest.items()
    }


def _later_samples(connection: Connection, vantage: int) -> dict[CheckId, list[tuple[int, Status]]]:
    """In the order in which they came: by epoch, then by time. From the stored totals on.

    A check that runs rarely may have had its last sample sealed since. Outer joins keep SQLite
    from reading every row there is to find those few.
    """
    epoch, at = func.coalesce(tally.c.epoch, literal(-1)), func.coalesce(tally.c.at, literal(-1))
    of_tally = (tally.c.check_id == check_name.c.id) & (tally.c.vantage_id == vantage)
    is_later = (
        (observation.c.check_id == check_name.c.id)
        & (observation.c.vantage_id == vantage)
        & (tuple_(observation.c.epoch, observation.c.scheduled_at) >= tuple_(epoch, at))
        & (observation.c.scheduled_at >= at)
    )
    wanted = select(
        check_name.c.name,
        observation.c.epoch,
        observation.c.scheduled_at,
        observation.c.status,
    ).select_from(check_name.outerjoin(tally, of_tally).outerjoin(observation, is_later))
    found = [row for row in tuples(connection, wanted) if row[1] is not None]
    later: dict[CheckId, list[tuple[int, Status]]] = {}
    for name, _, seen, status in sorted([*found, *sealed_since_totals(connection, vantage)]):
        later.setdefault(CheckId(name), []).append((seen, STATUS.meaning[status]))
    return later


def _stopped_at(
    connection: Connection, vantage: int, last_samples: Mapping[CheckId, LastSample]
) -> datetime | None:
    """Return the recorded stop, unless something came after it."""
    row = _newest_mark(connection, vantage, MarkKind.START, MarkKind.STOP)
    if row is None or row.kind != MARK.code[MarkKind.STOP]:
        return None
    stopped_at = instant(row.at)
    newest = max(
        ((sample.epoch, sample.scheduled_at) for sample in last_samples.values()),
        default=(row.epoch, stopped_at),
    )
    return None if newest > (row.epoch, stopped_at) else stopped_at


def _offline(connection: Connection, vantage: int) -> Row[Any] | None:
    """Return the mark of the loss of our network, if it had not come back."""
    row = _newest_mark(connection, vantage, MarkKind.SELF_OFFLINE, MarkKind.SELF_ONLINE)
    is_lost = row is not None and row.kind == MARK.code[MarkKind.SELF_OFFLINE]
    return row if is_lost else None


def _cause(offline: Row[Any] | None) -> UnknownCause:
    """Return which part of our network it was."""
    is_resolver = offline is not None and offline.detail == UnknownCause.RESOLVER
    return UnknownCause.RESOLVER if is_resolver else UnknownCause.SELF_OFFLINE


def _past(connection: Connection) -> tuple[str, ...]:
    wanted = select(incident.c.id).order_by(incident.c.started_at.desc(), incident.c.id.desc())
    return tuple(connection.execute(wanted.limit(_PAST)).scalars())[::-1]


def _recent(connection: Connection, since: datetime) -> tuple[PastIncident, ...]:
    """Return the incidents that ended at `since` or later, oldest first: of each service the last
    ones.
    """
    latest = func.row_number().over(
        partition_by=(incident.c.service, incident.c.affects, incident.c.concern),
        order_by=(incident.c.started_at.desc(), incident.c.id.desc()),
    )
    ended = (
        select(incident, latest.label("place"))
        .where(incident.c.ended_at >= microseconds(since))
        .subquery()
    )
    wanted = (
        select(ended)
        .where(ended.c.place <= MOST_CHANGES // 2 + 1)
        .order_by(ended.c.started_at, ended.c.id)
    )
    return tuple(
        PastIncident(
            id=row.id,
            service=ServiceId(row.service),
            affects=AFFECTS.meaning[row.affects],
            concern=CONCERN.meaning[row.concern],
            started_at=instant(row.started_at),
            ended_at=instant(row.ended_at),
        )
        for row in connection.execute(wanted)
    )


def _newest_mark(connection: Connection, vantage: int, *kinds: MarkKind) -> Row[Any] | None:
    wanted = (
        select(mark)
        .where(mark.c.vantage_id == vantage, mark.c.kind.in_([MARK.code[k] for k in kinds]))
        .order_by(mark.c.number.desc())
        .limit(1)
    )
    return connection.execute(wanted).first()


def _tallies(connection: Connection, vantage: int) -> dict[CheckId, TallySnapshot]:
    wanted = (
        select(check_name.c.name, tally)
        .join_from(tally, check_name, tally.c.check_id == check_name.c.id)
        .where(tally.c.vantage_id == vantage)
    )
    return {CheckId(row.name): _snapshot(row) for row in connection.execute(wanted)}


def _service_tallies(connection: Connection, vantage: int) -> dict[ServiceId, TallySnapshot]:
    wanted = select(service_tally).where(service_tally.c.vantage_id == vantage)
    return {ServiceId(row.service): _snapshot(row) for row in connection.execute(wanted)}


def _snapshot(row: Row[Any]) -> TallySnapshot:
    totals = {
        Status.UP: row.up,
        Status.DEGRADED: row.degraded,
        Status.DOWN: row.down,
        Status.UNKNOWN: row.unknown,
    }
    apart = {} if row.apart is None else read_apart(row.apart)
    return TallySnapshot(at=row.at, microseconds=totals, apart=apart)


def _incident(row: Row[Any], checks: Sequence[AffectedCheck]) -> Incident:
    return Incident(
        id=row.id,
        service=ServiceId(row.service),
        affects=AFFECTS.meaning[row.affects],
        concern=CONCERN.meaning[row.concern],
        expiry=None if row.expiry is None else read_expiry(row.expiry),
        started_at=instant(row.started_at),
        ended_at=_instant(row.ended_at),
        checks=tuple(checks),
        sequence=row.sequence,
        receivers=read_names(row.receivers),
        news_since=_instant(row.news_since),
        alarmed_at=_instant(row.alarmed_at),
        told_at=_instant(row.told_at),
        hold=None if row.hold is None else read_hold(row.hold),
        acknowledged=(None if row.acknowledged is None else read_acknowledgement(row.acknowledged)),
        unstable=None if row.unstable is None else read_instability(row.unstable),
    )


def _affected(row: Row[Any]) -> AffectedCheck:
    failure = None if row.kind is None else Failure(KIND.meaning[row.kind], row.detail)
    return AffectedCheck(
        id=CheckId(row.check_name),
        since=instant(row.since),
        until=_instant(row.until),
        failure=failure,
    )


def _instant(at: int | None) -> datetime | None:
    return None if at is None else instant(at)
