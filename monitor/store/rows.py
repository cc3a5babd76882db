"""What a change means in rows. Pure: the writer executes what comes out of here."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from monitor.domain.alert import Alert, Notification
from monitor.domain.check import CheckId
from monitor.domain.deadletter import Retry
from monitor.domain.incident import Incident
from monitor.domain.instant import microseconds, span_microseconds
from monitor.domain.note import Note
from monitor.domain.observation import Failure, MissedSlot, Observation, Status
from monitor.domain.silence import Silence
from monitor.domain.state import CheckState, Transition
from monitor.domain.text import visible_text
from monitor.ledger.note import Signer
from monitor.ports import Change, DeliveryState, Mark, Settlement, TallySnapshot
from monitor.store.codes import (
    AFFECTS,
    CAUSE,
    CONCERN,
    DELIVERY,
    KIND,
    MARK,
    MISSED,
    NOTE,
    STATUS,
    VIA,
)
from monitor.store.documents import (
    acknowledgement_text,
    alert_text,
    apart_text,
    expiry_text,
    hold_text,
    instability_text,
    names_text,
    silence_text,
    state_text,
    storable,
)

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Enqueued:
    """A change, or notifications alone, with the time at which they were handed over."""

    change: Change
    at: datetime


@dataclass(frozen=True, slots=True)
class Frozen:
    """The body of a row of the outbox, to be kept from now on."""

    row_id: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Settled:
    """How an attempt for a row of the outbox ended."""

    row_id: str
    settlement: Settlement


@dataclass(frozen=True, slots=True)
class Sign:
    """What the ledger holds by then, to be signed at this time."""

    at: datetime


@dataclass(frozen=True, slots=True)
class HandOver:
    """Another key that is to sign from here on, by whose wish."""

    successor: Signer
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Cosigned:
    """A checkpoint with the cosignatures of others, in the place of the same one without."""

    size: int
    note: str


Job = Enqueued | Frozen | Settled | Sign | HandOver | Cosigned


@dataclass(frozen=True, slots=True)
class Names:
    """The numbers of the checks and of the vantages that are known to the database."""

    checks: Mapping[str, int]
    vantages: Mapping[str, int]


def check_names(change: Change) -> Iterator[str]:
    """Yield every check that rows of `change` name by its number."""
    yield from (o.check_id for o in change.observations)
    yield from (m.check_id for m in change.missed)
    yield from change.states
    yield from (check_id for check_id, _ in change.transitions)
    yield from change.tallies
    yield from (push.check_id for push in change.pushes)


def vantages(change: Change) -> Iterator[str]:
    """Yield every vantage that `change` names itself."""
    yield from (o.vantage for o in change.observations)
    yield from (m.vantage for m in change.missed)


def epochs(change: Change) -> Iterator[int]:
    """Yield every epoch that `change` speaks of."""
    yield from (o.epoch for o in change.observations)
    yield from (m.epoch for m in change.missed)
    yield from (m.epoch for m in change.marks)


def observation_rows(observations: Iterable[Observation], names: Names) -> list[Row]:
    """Return one row an observation."""
    return [_observation(o, names) for o in observations]


def missed_rows(missed: Iterable[MissedSlot], names: Names) -> list[Row]:
    """Return one row for missed slots in a row."""
    return [
        {
            **_slot(slot, names, microseconds(slot.scheduled_at)),
            "reason": MISSED.code[slot.reason],
            "count": slot.count,
        }
        for slot in missed
    ]


def state_rows(
    states: Iterable[tuple[CheckId, CheckState]], names: Names, vantage: int
) -> list[Row]:
    """Return one row a state."""
    return [
        {"check_id": names.checks[i], "vantage_id": vantage, "document": state_text(state)}
        for i, state in states
    ]


def transition_row(check: int, vantage: int, epoch: int, transition: Transition) -> Row:
    """Return the row of a transition. `epoch` is that of its sample, or the latest one."""
    return {
        "check_id": check,
        "vantage_id": vantage,
        "epoch": epoch,
        "noticed_at": microseconds(transition.noticed_at),
        "at": microseconds(transition.at),
        "old": STATUS.code[transition.old],
        "new": STATUS.code[transition.new],
        "cause": CAUSE.optional(transition.cause) or 0,
        **_failure(transition.failure),
    }


def interval_row(check: int, vantage: int, started_at: int, transition: Transition) -> Row:
    """Return the row of the interval that a transition opens at `started_at`."""
    return {
        "check_id": check,
        "vantage_id": vantage,
        "started_at": started_at,
        "ended_at": None,
        "status": STATUS.code[transition.new],
        "cause": CAUSE.optional(transition.cause),
    }


def incident_row(incident: Incident) -> Row:
    """Return the row of an incident without its checks."""
    return {
        "id": incident.id,
        "service": incident.service,
        "affects": AFFECTS.code[incident.affects],
        "concern": CONCERN.code[incident.concern],
        "expiry": None if incident.expiry is None else expiry_text(incident.expiry),
        "started_at": microseconds(incident.started_at),
        "ended_at": _time(incident.ended_at),
        "sequence": incident.sequence,
        "receivers": names_text(incident.receivers),
        "news_since": _time(incident.news_since),
        "alarmed_at": _time(incident.alarmed_at),
        "told_at": _time(incident.told_at),
        "hold": None if incident.hold is None else hold_text(incident.hold),
        "acknowledged": (
            None if incident.acknowledged is None else acknowledgement_text(incident.acknowledged)
        ),
        "unstable": None if incident.unstable is None else instability_text(incident.unstable),
    }


def silence_row(silence: Silence) -> Row:
    """Return the row of a silence."""
    return {
        "id": silence.id,
        "until": microseconds(silence.until),
        "document": silence_text(silence),
    }


def note_row(note: Note) -> Row:
    """Return the row of a note."""
    return {
        "id": note.id,
        "incident_id": note.incident,
        "kind": NOTE.code[note.kind],
        "by": storable(note.by),
        "at": microseconds(note.at),
        "text": storable(note.text),
        "via": VIA.optional(note.via),
        "receiver": note.receiver,
    }


def affected_rows(incident: Incident) -> list[Row]:
    """Return one row a check of an incident, in order."""
    return [
        {
            "incident_id": incident.id,
            "position": position,
            "check_name": check.id,
            "since": microseconds(check.since),
            "until": _time(check.until),
            **_failure(check.failure),
        }
        for position, check in enumerate(incident.checks)
    ]


def outbox_rows(notifications: Iterable[Notification], at: datetime) -> list[Row]:
    """Return one row a notification, due at once."""
    now = microseconds(at)
    return [
        {
            "id": notification.id,
            "receiver": notification.receiver,
            "alert": alert_text(notification.alert),
            "body": None,
            "state": DELIVERY.code[DeliveryState.PENDING],
            "attempts": 0,
            "created_at": now,
            "next_attempt_at": now,
            "settled_at": None,
            "detail": "",
        }
        for notification in notifications
    ]


def telling_rows(notifications: Iterable[Notification]) -> list[Row]:
    """Return one row for each incident that a notification tells of."""
    return [
        {"incident_id": incident, "row_id": notification.id}
        for notification in notifications
        for incident in sorted(notification.alert.incidents)
    ]


def retried_row(row: Any, retry: Retry) -> Row:
    """Return a row that was given up as one that waits since the retry, due at once.

    It goes behind those that wait already, under the same id, and with the same body.
    """
    again = microseconds(retry.at)
    return {
        "id": row.id,
        "receiver": row.receiver,
        "alert": row.alert,
        "body": row.body,
        "state": DELIVERY.code[DeliveryState.PENDING],
        "attempts": row.attempts,
        "created_at": again,
        "next_attempt_at": again,
        "settled_at": None,
        "detail": row.detail,
    }


def retry_row(row: Any, retry: Retry) -> Row:
    """Return who wants a row sent that was given up, and what had become of it."""
    return {
        "row_id": row.id,
        "by": retry.by,
        "at": microseconds(retry.at),
        "created_at": row.created_at,
        "given_up_at": row.settled_at,
        "attempts": row.attempts,
        "detail": row.detail,
    }


def receipt_rows(alert: Alert, receiver: str, receipt: str) -> list[Row]:
    """Return one row an incident that `alert` told `receiver` of."""
    return [
        {"incident_id": incident, "receiver": receiver, "receipt": receipt}
        for incident in sorted(alert.incidents)
    ]


def settlement_row(settlement: Settlement) -> Row:
    """Return the columns that a settlement sets, and `new_state`, on which the number of attempts
    depends: an update takes no parameter with the name of a column.
    """
    again = settlement.retry_at or settlement.at
    pending = settlement.state is DeliveryState.PENDING
    return {
        "state": DELIVERY.code[settlement.state],
        "new_state": DELIVERY.code[settlement.state],
        "next_attempt_at": microseconds(again),
        "settled_at": None if pending else microseconds(settlement.at),
        "detail": visible_text(settlement.detail),
    }


def mark_rows(marks: Iterable[Mark], vantage: int) -> list[Row]:
    """Return one row a mark."""
    return [
        {
            "vantage_id": vantage,
            "epoch": mark.epoch,
            "at": microseconds(mark.at),
            "kind": MARK.code[mark.kind],
            "detail": visible_text(mark.detail),
        }
        for mark in marks
    ]


def tally_rows(
    tallies: Iterable[tuple[CheckId, TallySnapshot]], names: Names, vantage: int, epoch: int
) -> list[Row]:
    """Return one row a check's totals. `epoch` is the latest one."""
    return [
        {"check_id": names.checks[i], "vantage_id": vantage, "epoch": epoch, **_totals(snapshot)}
        for i, snapshot in tallies
    ]


def service_tally_rows(tallies: Iterable[tuple[str, TallySnapshot]], vantage: int) -> list[Row]:
    """Return one row a service's totals."""
    return [
        {"service": service, "vantage_id": vantage, **_totals(snapshot)}
        for service, snapshot in tallies
    ]


def runs(changes: Sequence[Enqueued]) -> Iterator[Sequence[Enqueued]]:
    """Cut `changes` so that what is written table by table gives the same as one by one.

    Within a table order is kept; only a transition (which closes an interval before it opens
    one) and a forgotten check (whose state may come back) depend on more than that.
    """
    start = 0
    for index, entry in enumerate(changes):
        if entry.change.transitions or entry.change.forgotten:
            if start < index:
                yield changes[start:index]
            yield changes[index : index + 1]
            start = index + 1
    if start < len(changes):
        yield changes[start:]


def _slot(slot: Observation | MissedSlot, names: Names, scheduled_at: int) -> Row:
    return {
        "check_id": names.checks[slot.check_id],
        "vantage_id": names.vantages[slot.vantage],
        "epoch": slot.epoch,
        "scheduled_at": scheduled_at,
    }


def _observation(observation: Observation, names: Names) -> Row:
    outcome = observation.outcome
    scheduled_at = microseconds(observation.scheduled_at)
    return {
        **_slot(observation, names, scheduled_at),
        "attempt": observation.attempt,
        "started": microseconds(observation.started_at) - scheduled_at,
        "duration": span_microseconds(observation.duration),
        "status": STATUS.code[observation.sample],
        "cause": CAUSE.optional(outcome.cause),
        **(_NO_FAILURE if observation.sample is Status.UP else _failure(outcome.failure)),
    }


_NO_FAILURE: Row = {"kind": None, "detail": None}


def _failure(failure: Failure | None) -> Row:
    if failure is None:
        return _NO_FAILURE
    return {"kind": KIND.code[failure.kind], "detail": visible_text(failure.detail)}


def _totals(snapshot: TallySnapshot) -> Row:
    return {
        "at": snapshot.at,
        **{s.value: snapshot.microseconds.get(s, 0) for s in Status},
        "apart": apart_text(snapshot.apart) if snapshot.apart else None,
    }


def _time(at: datetime | None) -> int | None:
    return None if at is None else microseconds(at)
