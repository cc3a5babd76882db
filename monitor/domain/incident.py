"""Groups the failing checks of a service into one incident of each kind."""

import base64
import hashlib
from collections.abc import Container, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from monitor.domain.check import Affects, CheckId
from monitor.domain.expiry import Expiry
from monitor.domain.observation import Failure, Status
from monitor.domain.service import Service, ServiceId
from monitor.domain.state import CheckState

_ORIGIN = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_ID_LENGTH = 26


@dataclass(frozen=True, slots=True, kw_only=True)
class AffectedCheck:
    """A check that was not well during an incident. `until` is None while it still is."""

    id: CheckId
    since: datetime
    until: datetime | None = None
    failure: Failure | None = None


class Concern(StrEnum):
    """What an incident is about, gravest first. Only an OUTAGE counts in figures and on pages."""

    OUTAGE = "outage"
    DEGRADATION = "degradation"
    EXPIRY = "expiry"

    @property
    def place(self) -> int:
        """Return 0 for the gravest, and more for what can wait longer."""
        return list(Concern).index(self)

    @property
    def status(self) -> Status:
        """Return how a message shows the checks that it is about."""
        return Status.DOWN if self is Concern.OUTAGE else Status.DEGRADED

    @property
    def routed(self) -> Status | None:
        """Return what routes call it; None for what each of them takes."""
        return None if self is Concern.EXPIRY else self.status


class HoldReason(StrEnum):
    """Why nobody is told of an incident."""

    DEPENDENCY = "dependency"
    MAINTENANCE = "maintenance"
    SILENCE = "silence"
    OUTAGE = "outage"
    FLAPPING = "flapping"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Nobody is told, for this reason. `by` is the incident, the window or the silence behind it.

    OUTAGE is that of the service itself, beside which nothing lesser is told: not even to those
    who were told before.

    `until` is the end of a silence, and when a service that flaps is stable if it stays as it is.
    It is there, too, once an incident that explains this one has ended: so long this one may take
    as well.
    """

    reason: HoldReason
    by: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """Somebody takes care of an incident. `told` says that its receivers know."""

    by: str
    at: datetime
    comment: str = ""
    told: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Instability:
    """A service that keeps going down and coming back: `changes` times since `since`.

    The last time was at `changed_at`; `quiet_since` is since when we have known of no other. It
    was noticed when the service had changed too often `within` so long. `outlasts` says that it
    went on after the incident that it began with had ended, `over` that the service is stable.
    """

    changes: int
    since: datetime
    within: timedelta
    changed_at: datetime
    quiet_since: datetime
    outlasts: bool = False
    over: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One service not up. Its start is the first failing sample, its end the first good one.

    A service has at most one open incident of availability, and one of security, of each concern;
    of expiry it has one for each certificate and each domain, which `expiry` says.
    `sequence` counts the notices it gave rise to; `receivers` are those told that it fires, who
    are told the rest as well. `news_since` is when it was noticed what nobody was told yet, None
    when all is told; `alarmed_at` is when anybody was told first, `told_at` when last. `hold` says
    why nobody is told, and stays when it ended untold. `acknowledged` says who takes care of it.
    `unstable` is there when its service had changed too often by its start.
    """

    id: str
    service: ServiceId
    affects: Affects = Affects.AVAILABILITY
    concern: Concern = Concern.OUTAGE
    started_at: datetime
    ended_at: datetime | None = None
    checks: tuple[AffectedCheck, ...]
    sequence: int = 0
    receivers: tuple[str, ...] = ()
    news_since: datetime | None = None
    alarmed_at: datetime | None = None
    told_at: datetime | None = None
    hold: Hold | None = None
    acknowledged: Acknowledgement | None = None
    expiry: Expiry | None = None
    unstable: Instability | None = None

    @property
    def key(self) -> "IncidentKey":
        """Return what no two open incidents share."""
        mark = "" if self.expiry is None else self.expiry.mark
        return self.service, self.affects, self.concern, mark

    @property
    def keeps_changing(self) -> bool:
        """Say whether its service is not stable yet: people hear no more until it is."""
        is_told = self.ended_at is not None and self.news_since is None
        return self.unstable is not None and not self.unstable.over and not is_told


IncidentKey = tuple[ServiceId, Affects, Concern, str]


class IncidentChange(StrEnum):
    """What happened to an incident."""

    OPENED = "opened"
    UPDATED = "updated"
    CLOSED = "closed"


def incident_id(
    service: ServiceId,
    affects: Affects,
    started_at: datetime,
    concern: Concern = Concern.OUTAGE,
    mark: str = "",
) -> str:
    """Return the id of an incident: 26 characters of base32 over its service and start.

    One of security, or of another concern, has its own id, even when both began in the same
    microsecond, and so has one of another `mark`.
    """
    microseconds = (started_at - _ORIGIN) // _MICROSECOND
    suffix = "" if affects is Affects.AVAILABILITY else f":{affects}"
    suffix += "" if concern is Concern.OUTAGE else f":{concern}"
    suffix += f":{mark}" if mark else ""
    digest = hashlib.sha256(f"{service}:{microseconds}{suffix}".encode()).digest()
    return base64.b32encode(digest).decode()[:_ID_LENGTH]


def follow(
    incident: Incident | None,
    service: Service,
    affects: Affects,
    states: Mapping[CheckId, CheckState],
    at: datetime,
    *,
    concern: Concern = Concern.OUTAGE,
    aside: Container[CheckId] = (),
    taken: Container[str] = (),
) -> tuple[IncidentChange, Incident] | None:
    """Return what `states` mean for the incident of a service, or None when nothing changed.

    The `concern` is an outage, or that the service is degraded at least. That is never opened
    during an outage, but outlives one. Of the checks `aside` it is told otherwise that they are
    degraded.

    `states` holds every check of the service with this `affects`, as they are now. They count
    by their confirmed status, so that losing sight of a target opens and closes nothing.
    `at` is when the change came: the end of what was taken out of the configuration. `taken` are
    ids of earlier incidents: one that begins in the same microsecond begins in the next one.
    """
    failing = {i: s for i, s in states.items() if _fails(s, concern, is_aside=i in aside)}
    undecided = _undecided(incident, states)
    trips_at = len(states) - service.status.needed(len(states)) + 1
    is_failing = bool(states) and len(failing) + len(undecided) >= trips_at
    if incident is None:
        if not is_failing or (concern is Concern.DEGRADATION and _is_down(states, trips_at)):
            return None
        opened = _opened(service, affects, concern, failing, trips_at=trips_at, taken=taken)
        return IncidentChange.OPENED, opened
    checks = _affected(incident, {**failing, **undecided}, states, at)
    if not is_failing:
        ended_at = max(incident.started_at, *_ends(incident, checks, at))
        return IncidentChange.CLOSED, replace(incident, checks=checks, ended_at=ended_at)
    if checks == incident.checks:
        return None
    return IncidentChange.UPDATED, replace(incident, checks=checks)


def _fails(state: CheckState, concern: Concern, *, is_aside: bool) -> bool:
    if state.confirmed is Status.DEGRADED:
        return concern is Concern.DEGRADATION and not is_aside
    return state.confirmed is Status.DOWN


def _is_down(states: Mapping[CheckId, CheckState], trips_at: int) -> bool:
    return sum(state.confirmed is Status.DOWN for state in states.values()) >= trips_at


def _opened(
    service: Service,
    affects: Affects,
    concern: Concern,
    failing: Mapping[CheckId, CheckState],
    *,
    trips_at: int,
    taken: Container[str],
) -> Incident:
    """Open at the moment when enough checks had failed for the rule of the service."""
    checks = sorted(
        (AffectedCheck(id=i, since=_since(s), failure=s.failure) for i, s in failing.items()),
        key=lambda check: (check.since, check.id),
    )
    started_at = checks[trips_at - 1].since
    while incident_id(service.id, affects, started_at, concern) in taken:
        started_at += _MICROSECOND
    return Incident(
        id=incident_id(service.id, affects, started_at, concern),
        service=service.id,
        affects=affects,
        concern=concern,
        started_at=started_at,
        checks=tuple(checks),
    )


def _undecided(
    incident: Incident | None, states: Mapping[CheckId, CheckState]
) -> Mapping[CheckId, CheckState]:
    """Return the checks that took part in `incident` and have no verdict since: they still do.

    So it is when another vantage goes on, which has seen nothing yet.
    """
    open_ones = (check.id for check in incident.checks if check.until is None) if incident else ()
    return {
        i: states[i] for i in open_ones if i in states and states[i].confirmed is Status.UNKNOWN
    }


def _ends(
    incident: Incident, checks: tuple[AffectedCheck, ...], at: datetime
) -> tuple[datetime, ...]:
    """Return when each check went back. If none did just now, it was the rule that changed: `at`.

    `checks` are those of `incident`, brought up to date.
    """
    ends = tuple(check.until for check in checks if check.until is not None)
    gone_back = len(ends) > sum(check.until is not None for check in incident.checks)
    return ends if gone_back else (*ends, at)


def _affected(
    incident: Incident,
    failing: Mapping[CheckId, CheckState],
    states: Mapping[CheckId, CheckState],
    at: datetime,
) -> tuple[AffectedCheck, ...]:
    """Return the checks of `incident` brought up to date: joined, gone back up, or down again."""
    known = {check.id: check for check in incident.checks}
    for check in incident.checks:
        if check.until is None and check.id not in failing:
            state = states.get(check.id)
            until = at if state is None else _since(state)
            known[check.id] = replace(check, until=max(check.since, until))
    for check_id, state in failing.items():
        if check_id not in known or known[check_id].until is not None:
            began = known[check_id].since if check_id in known else _since(state)
            known[check_id] = AffectedCheck(id=check_id, since=began, failure=state.failure)
    return tuple(known.values())


def _since(state: CheckState) -> datetime:
    if state.confirmed_since is None:
        message = "a confirmed status has a start"
        raise ValueError(message)
    return state.confirmed_since
