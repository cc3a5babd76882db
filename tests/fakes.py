"""Stand-ins for the ports. Real classes with real behaviour, no patching."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from monitor.domain.alert import (
    Alert,
    AlertType,
    CheckNotice,
    IncidentNotice,
    Notification,
    ServiceNotice,
)
from monitor.domain.check import Check, CheckId
from monitor.domain.observation import Failure, FailureKind, Observation, Outcome, OutcomeStatus
from monitor.domain.service import Criticality, ServiceId
from monitor.domain.status import Status
from monitor.ports import Change, DeliveryState, OutboxRow, Settlement, StoreError, Undelivered

NOON = datetime(2026, 6, 1, 4, 0, tzinfo=UTC)  # 12.00 WITA
LINK_KEY = bytes(range(32))
OK = Outcome(answered=True)
REFUSED = Outcome(
    status=OutcomeStatus.FAILED,
    failure=Failure(FailureKind.CONNECT_REFUSED, "connect to 192.0.2.7:443: refused"),
)


class FakeClock:
    """Time passes only when a test says so. A step moves the wall clock alone."""

    def __init__(self, now: datetime = NOON) -> None:
        self._now = now
        self._monotonic = 1000.0
        self.epoch = 1

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def advance(self, by: timedelta | float) -> None:
        """Let time pass: a timedelta, or seconds."""
        span = by if isinstance(by, timedelta) else timedelta(seconds=by)
        self._now += span
        self._monotonic += span.total_seconds()

    def step(self, by: timedelta) -> None:
        """Set the wall clock, which begins another epoch."""
        self._now += by
        self.epoch += 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One attempt that a RecordingNotifier saw."""

    row_id: str
    body: bytes
    at: datetime
    failed: bool


class RecordingNotifier:
    """Records every attempt. Each raises the next of `failures`, then `failing` while it is set."""

    def __init__(self, *failures: Exception, failing: Exception | None = None) -> None:
        self.attempts: list[Delivery] = []
        self.failing = failing
        self._failures = list(failures)

    @property
    def delivered(self) -> list[Delivery]:
        return [attempt for attempt in self.attempts if not attempt.failed]

    def payload(self, row_id: str, alert: Alert) -> bytes:
        flag = " (firing undelivered)" if alert.firing_undelivered else ""
        return f"{row_id} {alert.type}{flag} {alert.detail}".encode()

    async def notify(self, row_id: str, body: bytes, now: datetime) -> str | None:
        error = self._failures.pop(0) if self._failures else self.failing
        self.attempts.append(Delivery(row_id=row_id, body=body, at=now, failed=error is not None))
        if error is not None:
            raise error
        return None


class Answering(RecordingNotifier):
    """Gives the number of each attempt as a receipt, and answers the first of an incident."""

    def reply(self, row_id: str, alert: Alert, receipt: str) -> bytes:
        return self.payload(row_id, alert) + f" in answer to {receipt}".encode()

    async def notify(self, row_id: str, body: bytes, now: datetime) -> str:
        await super().notify(row_id, body, now)
        return f"receipt {len(self.attempts)}"


class MemoryOutbox:
    """An outbox without a disk. `broken` makes every call raise StoreError."""

    def __init__(self) -> None:
        self.rows: dict[str, OutboxRow] = {}
        self.settled: dict[str, list[Settlement]] = {}
        self.receipts: dict[tuple[str, str], str] = {}
        self.broken = False

    def add(self, notifications: Sequence[Notification], at: datetime) -> None:
        """Add rows as a commit does."""
        for one in notifications:
            row = OutboxRow(
                number=self._next_number(),
                id=one.id,
                receiver=one.receiver,
                alert=one.alert,
                created_at=at,
                attempts=0,
                next_attempt_at=at,
                body=None,
            )
            self.rows.setdefault(one.id, row)

    def state(self, row_id: str) -> DeliveryState:
        """Return where a row stands."""
        settlements = self.settled.get(row_id)
        return settlements[-1].state if settlements else DeliveryState.PENDING

    def retry(self, row_id: str, at: datetime) -> None:
        """Let a row wait again that was given up."""
        number = self._next_number()
        row = self.rows.pop(row_id)
        del self.settled[row_id]
        self.rows[row_id] = replace(row, number=number, created_at=at, next_attempt_at=at)

    def _next_number(self) -> int:
        return max((row.number for row in self.rows.values()), default=0) + 1

    async def dead(self) -> Mapping[str, int]:
        self._check()
        dead = [r for r in self.rows.values() if self.state(r.id) is DeliveryState.DEAD]
        return Counter(row.receiver for row in dead)

    async def pending(self, after: int = 0) -> Sequence[OutboxRow]:
        self._check()
        return [
            row
            for row in self.rows.values()
            if row.number > after and self.state(row.id) is DeliveryState.PENDING
        ]

    async def commit(self, change: Change) -> None:
        """Take the messages of a change, as a store does that keeps the rest elsewhere."""
        self._check()
        at = max((each.alert.occurred_at for each in change.notifications), default=None)
        if at is not None:
            self.add(change.notifications, at)

    async def enqueue(self, notifications: Sequence[Notification], at: datetime) -> None:
        self._check()
        self.add(notifications, at)

    async def freeze(self, row_id: str, body: bytes) -> None:
        self._check()
        self.rows[row_id] = replace(self.rows[row_id], body=body)

    async def settle(self, row_id: str, settlement: Settlement) -> None:
        self._check()
        row = self.rows[row_id]
        due = settlement.retry_at or row.next_attempt_at
        tried = settlement.state is not DeliveryState.SUPERSEDED
        self.rows[row_id] = replace(row, attempts=row.attempts + tried, next_attempt_at=due)
        self.settled.setdefault(row_id, []).append(settlement)
        if settlement.state is DeliveryState.DELIVERED and settlement.detail:
            for incident in row.alert.incidents:
                self.receipts.setdefault((row.receiver, incident), settlement.detail)

    async def receipt(self, receiver: str, incident: str) -> str | None:
        self._check()
        return self.receipts.get((receiver, incident))

    def _check(self) -> None:
        if self.broken:
            raise StoreError("disk full")


class FakeTelemetry:
    """Keeps every call, as (name, values), in order."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def of(self, name: str) -> list[dict[str, Any]]:
        """Return the values of every call of `name`."""
        return [values for called, values in self.calls if called == name]

    def lateness(self, seconds: float) -> None:
        self._called("lateness", seconds=seconds)

    def slot_missed(self, reason: str) -> None:
        self._called("slot_missed", reason=reason)

    def in_flight(self, count: int) -> None:
        self._called("in_flight", count=count)

    def loop_lag(self, seconds: float) -> None:
        self._called("loop_lag", seconds=seconds)

    def notified(self, receiver: str) -> None:
        self._called("notified", receiver=receiver)

    def notification_failed(self, receiver: str, reason: str) -> None:
        self._called("notification_failed", receiver=receiver, reason=reason)

    def dead_letters(self, counts: Mapping[str, int]) -> None:
        self._called("dead_letters", counts=dict(counts))

    def outbox(self, pending: int, oldest_age_seconds: float) -> None:
        self._called("outbox", pending=pending, oldest_age_seconds=oldest_age_seconds)

    def reloaded(self, *, successful: bool, at: datetime) -> None:
        self._called("reloaded", successful=successful, at=at)

    def offline(self, *, offline: bool) -> None:
        self._called("offline", offline=offline)

    def clock_offset(self, seconds: float) -> None:
        self._called("clock_offset", seconds=seconds)

    def store_failed(self) -> None:
        self._called("store_failed")

    def sealed_until(self, seconds: float) -> None:
        self._called("sealed_until", seconds=seconds)

    def sealing_failed(self) -> None:
        self._called("sealing_failed")

    def report_filed(self, seconds: float) -> None:
        self._called("report_filed", seconds=seconds)

    def report_failed(self) -> None:
        self._called("report_failed")

    def ledger_signed(self, size: int, root: str) -> None:
        self._called("ledger_signed", size=size, root=root)

    def _called(self, name: str, **values: Any) -> None:
        self.calls.append((name, values))


def a_check(**changes: Any) -> Check:
    """Return a check; `changes` are its fields that matter to the test."""
    fields: Mapping[str, Any] = {
        "id": CheckId("portal-http"),
        "service": ServiceId("portal"),
        "type": "http",
        "target": "https://makassarkota.go.id/",
        "interval": timedelta(minutes=1),
        "timeout": timedelta(seconds=10),
        "retry_interval": timedelta(seconds=15),
    }
    return Check(**{**fields, **changes})


def observed(
    *outcomes: Outcome, check: Check | None = None, start: datetime = NOON
) -> list[Observation]:
    """Return one observation an interval, the first of them at `start`."""
    check = check or a_check()
    return [
        Observation(
            check_id=check.id,
            vantage="balaikota",
            epoch=1,
            scheduled_at=start + number * check.interval,
            started_at=start + number * check.interval,
            duration=timedelta(milliseconds=20),
            outcome=outcome,
        )
        for number, outcome in enumerate(outcomes)
    ]


def an_alert(
    kind: AlertType = AlertType.FIRING,
    *,
    incident: str | None = "INC1",
    sequence: int = 0,
    **changes: Any,
) -> Alert:
    """Return an alert about the portal, down since NOON and, if resolved, up 90 minutes later.

    `incident` is an id, or None for a message without an incident.
    """
    resolved = kind is AlertType.RESOLVED
    ended_at = NOON + timedelta(minutes=90) if resolved else None
    check = CheckNotice(
        id="portal-http",
        type="http",
        target="https://makassarkota.go.id/",
        status=Status.UP if resolved else Status.DOWN,
        since=ended_at or NOON,
        failure_kind=None if resolved else "status",
        failure_detail=None if resolved else "status: 503, expected 200-299",
        runbook="https://wiki.example/portal",
        vantages=(("balaikota", Status.UP if resolved else Status.DOWN),),
    )
    fields: Mapping[str, Any] = {
        "type": kind,
        "occurred_at": ended_at or NOON,
        "sequence": sequence,
        "incident": incident and IncidentNotice(id=incident, started_at=NOON, ended_at=ended_at),
        "service": ServiceNotice(
            id="portal",
            name="Portal Resmi Kota Makassar",
            owner="diskominfo",
            criticality=Criticality.SANGAT_KRITIS,
        ),
        "checks": (check,),
    }
    return Alert(**{**fields, **changes})


def an_own_alert(kind: AlertType, detail: str = "", sequence: int = 0) -> Alert:
    """Return an alert about the monitor itself."""
    return Alert(type=kind, occurred_at=NOON, sequence=sequence, detail=detail)


def refusal(**changes: Any) -> Undelivered:
    """Return why an attempt failed: an answer of 503, unless `changes` say otherwise."""
    return Undelivered("status 503", **{"reason": "status_5xx", **changes})
