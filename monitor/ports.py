"""What the daemon needs of the outside world, and the values that cross."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable

from monitor.domain.alert import Alert, AlertType, Notification
from monitor.domain.check import Affects, Check, CheckId
from monitor.domain.correction import Correction, Withdrawal
from monitor.domain.deadletter import Retry
from monitor.domain.incident import Concern, Incident
from monitor.domain.note import Note
from monitor.domain.observation import MissedSlot, Observation, UnknownCause
from monitor.domain.push import Push
from monitor.domain.reportfiling import ReportFiling
from monitor.domain.service import Service, ServiceId
from monitor.domain.silence import Silence
from monitor.domain.state import CheckState, Transition
from monitor.domain.status import Status
from monitor.domain.tally import Tally, Totals
from monitor.domain.windowrecord import WindowRecord


class Clock(Protocol):
    """The engine's timeline: wall time that never jumps within one epoch."""

    @property
    def epoch(self) -> int:
        """Return the number of the timeline. A wall-clock step over one second begins another."""

    def now(self) -> datetime:
        """Return the time on the timeline, aware, in UTC."""

    def monotonic(self) -> float:
        """Return seconds that never go back. For durations only."""


class MarkKind(StrEnum):
    """Why nothing is known from an instant on, for all checks or (with a check) for one."""

    START = "start"
    STOP = "stop"
    PAUSE = "pause"
    CLOCK_STEP = "clock_step"
    SELF_OFFLINE = "self_offline"
    SELF_ONLINE = "self_online"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """An event of the monitor itself, which ends what the last sample may still say.

    START and SELF_ONLINE end nothing; they are there for the record.
    """

    kind: MarkKind
    at: datetime
    epoch: int
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Configured:
    """From `at` on the configuration with this hash is in force."""

    hash: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TallySnapshot:
    """How long a check or a service was in each status up to `at` (microseconds, Unix epoch).

    `apart` is what of it counts as something else than SLA.
    """

    at: int
    microseconds: Mapping[Status, int]
    apart: Totals = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """All that one decision writes: whole, or not at all."""

    observations: tuple[Observation, ...] = ()
    missed: tuple[MissedSlot, ...] = ()
    states: Mapping[CheckId, CheckState] = field(default_factory=dict)
    transitions: tuple[tuple[CheckId, Transition], ...] = ()
    incidents: tuple[Incident, ...] = ()
    notifications: tuple[Notification, ...] = ()
    marks: tuple[Mark, ...] = ()
    tallies: Mapping[CheckId, TallySnapshot] = field(default_factory=dict)
    service_tallies: Mapping[ServiceId, TallySnapshot] = field(default_factory=dict)
    forgotten: tuple[CheckId, ...] = ()
    pushes: tuple[Push, ...] = ()
    forgotten_notifications: tuple[str, ...] = ()
    configured: tuple[Configured, ...] = ()
    silences: tuple[Silence, ...] = ()
    notes: tuple[Note, ...] = ()
    retries: tuple[Retry, ...] = ()
    windows: tuple[WindowRecord, ...] = ()
    corrections: tuple[Correction | Withdrawal, ...] = ()
    filings: tuple[ReportFiling, ...] = ()

    @property
    def urgent(self) -> bool:
        """Say whether somebody waits for this change, so that it must be durable at once."""
        return bool(
            self.transitions
            or self.incidents
            or self.notifications
            or self.marks
            or self.pushes
            or self.silences
            or self.notes
            or self.windows
            or self.corrections
            or self.filings
            or self.configured
            or self.retries
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LastSample:
    """The newest stored sample of a check, which tells when sight of it was lost."""

    epoch: int
    scheduled_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PastIncident:
    """When an incident that has ended was."""

    id: str
    service: ServiceId
    affects: Affects
    concern: Concern
    started_at: datetime
    ended_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What the store remembers when the daemon starts.

    `incidents` are the open ones, and those whose end is still to be told.
    `epoch` is the highest one used so far. `stopped_at` is the recorded stop of the last run,
    or None after a crash. `later_samples` are those from a check's stored tally on (the one at
    that very instant included), as (microseconds, status) in order; all of them if it has none.
    `ended` are those incidents that ended in the last minutes before now and whose end was told.
    `offline_since` is when the monitor lost its own network, if it had not come back, because of
    `offline_cause`. `past` are the ids of the latest incidents, oldest first. `pushes` are the
    last ones of each check. `recent` are the last incidents of each service that ended within a
    day, oldest first. `windows` are the maintenance windows that are in force, and those that were
    until lately. `configured` is the last configuration, and since when it stood without a break;
    it is None where windows were taken down before.
    """

    epoch: int
    stopped_at: datetime | None
    states: Mapping[CheckId, CheckState]
    last_samples: Mapping[CheckId, LastSample]
    incidents: tuple[Incident, ...]
    tallies: Mapping[CheckId, TallySnapshot]
    service_tallies: Mapping[ServiceId, TallySnapshot]
    later_samples: Mapping[CheckId, Sequence[tuple[int, Status]]]
    offline_since: datetime | None = None
    offline_cause: UnknownCause = UnknownCause.SELF_OFFLINE
    past: tuple[str, ...] = ()
    pushes: Mapping[CheckId, Push] = field(default_factory=dict)
    ended: tuple[Incident, ...] = ()
    silences: tuple[Silence, ...] = ()
    recent: tuple[PastIncident, ...] = ()
    windows: tuple[WindowRecord, ...] = ()
    configured: Configured | None = None


class Store(Protocol):
    """Keeps everything. One writer; what it acknowledged survives a power cut."""

    async def restore(self) -> Restored: ...

    async def commit(self, change: Change) -> None:
        """Write `change` in one transaction, or raise StoreError.

        Return when it is durable if it is urgent, else when it is queued (the queue is bounded).
        """


class Recording(Protocol):
    """Takes down what is decided."""

    def record(self, change: Change) -> None:
        """Have `change` written. Returns at once."""

    async def drain(self) -> None:
        """Return when all that was recorded so far is with the store: durable, if it is urgent."""


class DeliveryState(StrEnum):
    """Where a row of the outbox stands.

    All but PENDING are final, but for DEAD, which somebody may want sent after all.
    """

    PENDING = "pending"
    DELIVERED = "delivered"
    SUPERSEDED = "superseded"
    DEAD = "dead"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxRow:
    """A notification on its way. `number` orders rows; `body` is None until it is frozen."""

    number: int
    id: str
    receiver: str
    alert: Alert
    created_at: datetime
    attempts: int
    next_attempt_at: datetime
    body: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What became of one message. `detail` of a DELIVERED one is its receipt, of a SUPERSEDED one
    the id of the message that stands for it, else why the last attempt failed.
    """

    id: str
    receiver: str
    type: AlertType
    state: DeliveryState
    attempts: int
    created_at: datetime
    settled_at: datetime | None
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """An incident, what people did about it, and what became of the messages about it."""

    incident: Incident
    notes: tuple[Note, ...] = ()
    deliveries: tuple[Delivery, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """Which incidents are looked for. What is None, False or empty asks nothing.

    They touch [start, end), come after the incident `before` in that order of which the latest is
    the first, and `limit` is the most that are wanted.
    """

    limit: int
    is_open: bool = False
    services: frozenset[str] | None = None
    affects: Affects | None = None
    concern: Concern | None = None
    start: datetime | None = None
    end: datetime | None = None
    before: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """How an attempt ended. PENDING asks for another one at `retry_at`."""

    state: DeliveryState
    at: datetime
    detail: str = ""
    retry_at: datetime | None = None


class Outbox(Protocol):
    """The durable queue between deciding and telling. Numbers of rows only grow."""

    async def pending(self, after: int = 0) -> Sequence[OutboxRow]:
        """Return every pending row whose number is over `after`, oldest first."""

    async def enqueue(self, notifications: Sequence[Notification], at: datetime) -> None:
        """Add rows, due `at`; one whose id is there already stays as it is. Durable on return."""

    async def freeze(self, row_id: str, body: bytes) -> None:
        """Store the body that every attempt will send. Durable when it returns."""

    async def settle(self, row_id: str, settlement: Settlement) -> None:
        """Store how an attempt ended. Durable when it returns.

        The detail of a DELIVERED one is the receipt, "" where the receiver gives none.
        """

    async def receipt(self, receiver: str, incident: str) -> str | None:
        """Return the receipt of the first message about an incident that `receiver` got.

        None if it got none, or gave no receipt.
        """

    async def dead(self) -> Mapping[str, int]:
        """Return how many rows of each receiver were given up, where any were."""


LONGEST_RECEIPT = 256
"""In bytes of UTF-8."""


class Notifier(Protocol):
    """One configured receiver."""

    def payload(self, row_id: str, alert: Alert) -> bytes:
        """Return the body that tells `alert`. The same arguments give the same bytes."""

    async def notify(self, row_id: str, body: bytes, now: datetime) -> str | None:
        """Deliver, or raise Undelivered. Return the receipt, if the receiver gave one: a text
        by which a later message can refer to this one.
        """


@runtime_checkable
class Correspondent(Notifier, Protocol):
    """One who gets letters, and no alarms: nobody to tell of what others miss.

    An attempt may take `attempt_seconds`.
    """

    attempt_seconds: float


@runtime_checkable
class Replying(Notifier, Protocol):
    """A receiver that keeps the messages about an incident together."""

    def reply(self, row_id: str, alert: Alert, receipt: str) -> bytes:
        """Return the body that tells `alert` in answer to the message with this receipt.

        The same arguments give the same bytes.
        """


@runtime_checkable
class StandingNotifier(Notifier, Protocol):
    """A receiver that forgets: what it isn't told again and again is over to it."""

    async def restate(self, standing: Callable[[], Sequence[Alert]], now: datetime) -> None:
        """Tell once more all that is so, and what has just ended, or raise Undelivered.

        `standing` is asked as late as possible: what it returns is true at that moment only.
        """


class Undelivered(Exception):
    """A notification did not arrive.

    `permanent` says that trying again cannot help; `gone` that the endpoint wants no more at all.
    `retry_after` is what the receiver asked for, in seconds.
    """

    def __init__(
        self,
        detail: str,
        *,
        reason: str,
        permanent: bool = False,
        gone: bool = False,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(detail)
        self.reason = reason
        self.permanent = permanent
        self.gone = gone
        self.retry_after = retry_after


class StoreError(Exception):
    """Nothing of the change was stored, as far as we can tell.

    `permanent` says that the change itself is at fault: offering it again cannot help.
    """

    def __init__(self, detail: str, *, permanent: bool = False) -> None:
        super().__init__(detail)
        self.permanent = permanent


@dataclass(slots=True, kw_only=True)
class Watched:
    """What is known of one check right now. The pipeline alone writes it.

    `waits` says that its last sample still speaks because nobody can say more yet;
    `maintained_until` is when the maintenance window closes that is open for it.
    """

    check: Check
    state: CheckState
    tally: Tally
    last: Observation | None = None
    waits: bool = False
    maintained_until: datetime | None = None


class StatusBoard(Protocol):
    """What is known right now, for metrics and pages. Reading it changes nothing."""

    def checks(self) -> Sequence[Watched]:
        """Return every check that is watched, in order of its id."""

    def services(self) -> Sequence[Service]:
        """Return every configured service, in order of its id."""

    def service_status(self, service: ServiceId) -> Status:
        """Return the status shown for a service: that of its checks, combined by its rule."""

    def service_tally(self, service: ServiceId) -> Mapping[Status, int]:
        """Return the microseconds that a service has been in each status."""

    def service_apart(self, service: ServiceId) -> Totals:
        """Return what of these counts as something else than SLA."""

    def incident(self, service: ServiceId) -> Incident | None:
        """Return the open outage of a service that concerns its availability, or None."""

    def lesser_incidents(self, service: ServiceId) -> Sequence[Incident]:
        """Return the open incidents of a service that are no outages, the gravest first."""

    def speaker(self, service: ServiceId) -> Incident | None:
        """Return the incident, open or ended, that says that a service's availability keeps
        changing, or None.
        """


class Telemetry(Protocol):
    """The daemon's own figures. Calling it never fails and never blocks."""

    def lateness(self, seconds: float) -> None: ...

    def slot_missed(self, reason: str) -> None: ...

    def in_flight(self, count: int) -> None: ...

    def loop_lag(self, seconds: float) -> None: ...

    def notified(self, receiver: str) -> None: ...

    def notification_failed(self, receiver: str, reason: str) -> None: ...

    def outbox(self, pending: int, oldest_age_seconds: float) -> None: ...

    def dead_letters(self, counts: Mapping[str, int]) -> None: ...

    def reloaded(self, *, successful: bool, at: datetime) -> None: ...

    def offline(self, *, offline: bool) -> None: ...

    def clock_offset(self, seconds: float) -> None: ...

    def store_failed(self) -> None: ...

    def sealed_until(self, seconds: float) -> None: ...

    def sealing_failed(self) -> None: ...

    def report_filed(self, seconds: float) -> None: ...

    def report_failed(self) -> None: ...

    def ledger_signed(self, size: int, root: str) -> None: ...
