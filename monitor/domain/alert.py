"""Decides who is told what. Rendering and sending are elsewhere."""

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from monitor.domain.check import Check, CheckId
from monitor.domain.expiry import Expiry
from monitor.domain.incident import AffectedCheck, Concern, Incident
from monitor.domain.observation import Status
from monitor.domain.reportfiling import Gist
from monitor.domain.service import Criticality, Service

_ID_LENGTH = 26

# A message is stored for each receiver, and what fell with one switch may be thousands.
MOST_VICTIMS = 100


class AlertType(StrEnum):
    """What a message says. The values are the `type` of the native webhook."""

    FIRING = "alert.firing"
    RESOLVED = "alert.resolved"
    REMINDER = "alert.reminder"
    ACKNOWLEDGED = "alert.acknowledged"
    ESCALATED = "alert.escalated"
    UPDATED = "incident.updated"
    MAINTENANCE_STARTED = "maintenance.started"
    MAINTENANCE_ENDED = "maintenance.ended"
    SELF_OFFLINE = "self.offline"
    SELF_RECOVERED = "self.recovered"
    SELF_UNDELIVERED = "self.undelivered"
    SELF_DAMAGED = "self.damaged"
    SELF_UNREPORTED = "self.unreported"
    REPORT_FILED = "report.filed"
    HEARTBEAT = "heartbeat"
    TEST = "test"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckNotice:
    """What a message says of one check. `since` is when its present status began."""

    id: str
    type: str
    target: str
    status: Status
    since: datetime
    failure_kind: str | None = None
    failure_detail: str | None = None
    runbook: str | None = None
    vantages: tuple[tuple[str, Status], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceNotice:
    """What a message says of a service."""

    id: str
    name: str
    owner: str
    criticality: Criticality


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentNotice:
    """What a message says of an incident. `ended_at` is None while it is open.

    `told_at` is when it was decided to tell of it, None in a message of an earlier release.
    """

    id: str
    started_at: datetime
    ended_at: datetime | None = None
    concern: Concern = Concern.OUTAGE
    expiry: Expiry | None = None
    told_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InstabilityNotice:
    """What a message says of a service that kept changing: how often since when, and the last time.

    It was noticed when the service had changed too often `within` so long. Once it is `over`,
    `is_down` says in which way the service is stable.
    """

    changes: int
    since: datetime
    within: timedelta
    changed_at: datetime
    over: bool = False
    is_down: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Companion:
    """Another incident that the same message tells of."""

    incident: IncidentNotice
    service: ServiceNotice
    checks: tuple[CheckNotice, ...] = ()
    unstable: InstabilityNotice | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LostNotice:
    """A message that did not arrive. `service` is a name, "" where it was about the monitor."""

    type: AlertType
    concern: Concern
    service: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class UndeliveredNotice:
    """What a message says of a receiver that gets no messages: the first of these, and `more`.

    `failing_since` is None where they were given up; until then they are still tried.
    """

    receiver: str
    why: str
    messages: tuple[LostNotice, ...]
    failing_since: datetime | None = None
    more: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachedFile:
    """A file of a filed report: its SHA-256 in hex, and its size in bytes."""

    name: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportNotice:
    """What a reader is told of a report that was filed, in `language`.

    `name` is as in `ReportFiling`. `attached` go with the message; `left_out` are too large for
    that, and are found at `place`. `is_correction` says that a version before it is replaced.
    """

    name: str
    language: str
    version: int
    fingerprint: str
    gist: Gist
    place: str
    number: str | None = None
    is_correction: bool = False
    attached: tuple[AttachedFile, ...] = ()
    left_out: tuple[AttachedFile, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """Something that people should know, the same for every receiver.

    `occurred_at` (UTC) is when it happened, not when it was noticed or sent. Messages about
    the monitor itself have no incident, no service and no checks; `detail` then says what is.
    `firing_undelivered` marks a RESOLVED that also stands for a FIRING nobody was told of.
    `companions` are the other incidents of the message, and `victims` the services that are down
    because they depend on it, and of which nobody is told by a message of their own: the gravest
    of them, and `more_victims` is how many there are besides. Of maintenance, `victims` are the
    other services that are worked on, `until` its end, and `after_the_fact` says that it was known
    only after it began.
    `checkpoint` is the newest one of the ledger, a signed note, when the message is written.
    `unstable` is there when its service keeps changing, or did: then it speaks of all of that.
    `undelivered` says which receiver does not get its messages; `detail` says it to programs.
    `report` is there when a report was filed: its readers alone are told.
    """

    type: AlertType
    occurred_at: datetime
    sequence: int
    incident: IncidentNotice | None = None
    service: ServiceNotice | None = None
    checks: tuple[CheckNotice, ...] = ()
    detail: str = ""
    firing_undelivered: bool = False
    companions: tuple[Companion, ...] = ()
    victims: tuple[ServiceNotice, ...] = ()
    until: datetime | None = None
    checkpoint: str | None = None
    unstable: InstabilityNotice | None = None
    after_the_fact: bool = False
    more_victims: int = 0
    undelivered: UndeliveredNotice | None = None
    report: ReportNotice | None = None

    @property
    def concern(self) -> Concern:
        """Return what it is about; where it is of no incident, it is as grave as an outage."""
        return Concern.OUTAGE if self.incident is None else self.incident.concern

    @property
    def victims_total(self) -> int:
        """Return how many victims there are, named ones and others."""
        return len(self.victims) + self.more_victims

    @property
    def incidents(self) -> frozenset[str]:
        """Return the ids of all incidents that it tells of."""
        own = () if self.incident is None else (self.incident.id,)
        return frozenset((*own, *(each.incident.id for each in self.companions)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """One alert for one receiver. `id` is derived, so a second try can't make another one."""

    id: str
    receiver: str
    alert: Alert


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """What a route asks of an incident. An empty set asks nothing; labels must all be there."""

    owners: frozenset[str] = frozenset()
    services: frozenset[str] = frozenset()
    criticalities: frozenset[Criticality] = frozenset()
    types: frozenset[str] = frozenset()
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Sends what matches to a receiver. `goes_on` lets later routes match as well.

    `on_call` says that it leads to somebody because they are on call now.
    """

    receiver: str
    match: Match = Match()
    statuses: frozenset[Status] = frozenset({Status.DOWN})
    goes_on: bool = False
    on_call: bool = False


def notification_id(subject: str, receiver: str, kind: AlertType, sequence: int) -> str:
    """Return the id of a notification. `subject` is the incident's id, or names an own affair."""
    text = f"{subject}|{receiver}|{kind}|{sequence}"
    digest = hashlib.sha256(text.encode()).digest()
    return base64.b32encode(digest).decode()[:_ID_LENGTH]


def receivers_of(
    routes: Sequence[Route],
    service: Service,
    check: Check,
    status: Status | None = Status.DOWN,
    *,
    in_care: bool = False,
) -> tuple[str, ...]:
    """Return who is told that `service` is in `status` by `check`, each once, in route order.

    Without a status, what a route says of it does not count.

    Of what is `in_care` of somebody, nobody is told because they are on call.
    """
    told: dict[str, None] = {}
    for route in routes:
        if objection(route, service, check, status) is None:
            if not (in_care and route.on_call):
                told[route.receiver] = None
            if not route.goes_on:
                break
    return tuple(told)


def objection(
    route: Route, service: Service, check: Check, status: Status | None = Status.DOWN
) -> str | None:
    """Return the key by which a route does not take a check, None if it does."""
    if status is not None and status not in route.statuses:
        return "status"
    return _mismatch(route.match, service, check)


def matches(match: Match, service: Service, check: Check) -> bool:
    """Say whether a check of `service` is what `match` asks for."""
    return _mismatch(match, service, check) is None


def incident_notice(incident: Incident) -> IncidentNotice:
    """Return what a message says of an incident: one that speaks for others goes on with them."""
    return IncidentNotice(
        id=incident.id,
        started_at=incident.started_at,
        ended_at=None if incident.keeps_changing else incident.ended_at,
        concern=incident.concern,
        expiry=incident.expiry,
        told_at=incident.told_at,
    )


def service_notice(service: Service) -> ServiceNotice:
    """Return what a message says of a service."""
    return ServiceNotice(
        id=service.id, name=service.name, owner=service.owner, criticality=service.criticality
    )


def with_victims(alert: Alert, victims: Sequence[Service]) -> Alert:
    """Return `alert` with the gravest of these victims, as many as are named, and their number."""
    gravest = sorted(victims, key=lambda each: each.criticality.place)[:MOST_VICTIMS]
    return replace(
        alert,
        victims=tuple(map(service_notice, gravest)),
        more_victims=len(victims) - len(gravest),
    )


def addressed(alert: Alert, subject: str, receivers: Sequence[str]) -> tuple[Notification, ...]:
    """Return one notification of `alert` for each receiver."""
    return tuple(
        Notification(
            id=notification_id(subject, receiver, alert.type, alert.sequence),
            receiver=receiver,
            alert=alert,
        )
        for receiver in receivers
    )


def check_notices(
    incident: Incident,
    checks: Mapping[CheckId, Check],
    vantage: str,
    degraded: Mapping[CheckId, AffectedCheck] | None = None,
) -> tuple[CheckNotice, ...]:
    """Return what a message says of an incident's checks; `checks` are those still configured.

    Those in `degraded` are no better than that, even where they are not down any more.
    """
    notices = []
    for affected in incident.checks:
        check = checks.get(affected.id)
        now = affected if affected.until is None else (degraded or {}).get(affected.id)
        status = incident.concern.status if now is affected else Status.DEGRADED
        status, failure = (Status.UP, None) if now is None else (status, now.failure)
        notices.append(
            CheckNotice(
                id=affected.id,
                type=check.type if check else "",
                target=check.target if check else "",
                status=status,
                since=affected.since if affected.until is None else affected.until,
                failure_kind=failure.kind if failure else None,
                failure_detail=failure.detail if failure else None,
                runbook=check.runbook if check else None,
                vantages=((vantage, status),),
            )
        )
    return tuple(notices)


def _mismatch(match: Match, service: Service, check: Check) -> str | None:
    """Return the first key of `match` that does not hold, None if all do."""
    return next(_mismatches(match, service, check), None)


def _mismatches(match: Match, service: Service, check: Check) -> Iterator[str]:
    """Yield the keys of `match` that do not hold.

    With 10,000 open incidents this is what a look at them costs, so it ends where its reader does.
    """
    if match.owners and service.owner not in match.owners:
        yield "owner"
    if match.services and service.id not in match.services:
        yield "service"
    if match.criticalities and service.criticality not in match.criticalities:
        yield "criticality"
    if match.types and check.type not in match.types:
        yield "type"
    if match.labels and not match.labels.items() <= check.labels.items():
        yield "labels"
