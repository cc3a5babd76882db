"""What pages show everybody, of what `domain.visibility` lets through."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache

from monitor.domain.check import Affects
from monitor.domain.incident import Concern, HoldReason, Incident
from monitor.domain.maintenance import MaintenanceWindow, Occurrence, Recurrence, occurrences
from monitor.domain.service import Rule, Service
from monitor.domain.status import Status
from monitor.domain.visibility import public_service_of, public_services
from monitor.domain.windowrecord import WindowRecord
from monitor.ports import StatusBoard, Watched

# The page says that it is old once nothing new was seen for this many intervals.
_STALE_INTERVALS = 3
# Gravest first: what people come to the page for.
_ORDER = (Status.DOWN, Status.DEGRADED, Status.UNKNOWN, Status.UP)
# How far ahead citizens see planned work, and how much of it.
_AHEAD = timedelta(days=14)
_MOST_WORKS = 50
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicService:
    """A service as its users may know it. `since` is None when that cannot be told exactly.

    `maintained_until` is when planned work on it is to end, None when there is none now.
    """

    id: str
    name: str
    owner: str
    status: Status
    since: datetime | None
    maintained_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicWork:
    """Planned work as citizens may know it: on which services, when, and what it is said to be.

    `times` are those of the next days, in order, the one that is going on first.
    """

    services: tuple[str, ...]
    times: tuple[Occurrence, ...]
    reason: str
    is_open: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicView:
    """The public set at one moment. `updated_at` is when a probe last began, None before.

    `works` is the planned work of the next days, what goes on first; `more_works` says that there
    is more than that.
    """

    services: tuple[PublicService, ...]
    works: tuple[PublicWork, ...] = ()
    more_works: bool = False
    updated_at: datetime | None
    stale: bool

    def as_stale(self) -> "PublicView":
        """Return the same view with the warning that it is old."""
        return replace(self, stale=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicIncident:
    """An outage as citizens may know it: of which service, when, and whether it is cared for.

    Not why it is, where, whom it concerns and who does something about it.
    """

    id: str
    name: str
    owner: str
    started_at: datetime
    ended_at: datetime | None
    concern: Concern = Concern.OUTAGE
    is_cared_for: bool
    is_planned: bool


def public_incident(incident: Incident, services: Iterable[Service]) -> PublicIncident | None:
    """Return what everybody may know of an incident, None when that is nothing at all."""
    service = public_service_of(incident, services)
    if service is None:
        return None
    hold = incident.hold
    return PublicIncident(
        id=incident.id,
        name=service.name,
        owner=service.owner,
        started_at=incident.started_at,
        ended_at=incident.ended_at,
        is_cared_for=incident.acknowledged is not None,
        is_planned=hold is not None and hold.reason is HoldReason.MAINTENANCE,
    )


def public_view(
    board: StatusBoard, now: datetime, planned: Iterable[WindowRecord] = ()
) -> PublicView:
    """Return the public services that are watched, gravest first, then by name.

    What is `planned` on them comes soonest first.
    """
    chosen = public_services(board.services())
    members = _members(board, chosen)
    shown = [_shown(board, each, members[each.id]) for each in chosen if members[each.id]]
    watched = [each for checks in members.values() for each in checks]
    updated_at = max((each.last.started_at for each in watched if each.last), default=None)
    named = [(each, members[each.id]) for each in chosen if members[each.id]]
    works = _works(named, planned, now)
    return PublicView(
        services=tuple(sorted(shown, key=lambda s: (_ORDER.index(s.status), s.name, s.id))),
        works=tuple(works[:_MOST_WORKS]),
        more_works=len(works) > _MOST_WORKS,
        updated_at=updated_at,
        stale=_is_stale(watched, updated_at, now),
    )


def _members(board: StatusBoard, services: Sequence[Service]) -> dict[str, list[Watched]]:
    members: dict[str, list[Watched]] = {service.id: [] for service in services}
    for each in board.checks():
        if each.check.affects is Affects.AVAILABILITY and each.check.service in members:
            members[each.check.service].append(each)
    return members


def _works(
    services: Sequence[tuple[Service, Sequence[Watched]]],
    planned: Iterable[WindowRecord],
    now: datetime,
) -> list[PublicWork]:
    found = []
    for record in planned:
        times = _times(record.window.when, now)
        names = _worked_on(record.window, services) if times else ()
        if names:
            work = PublicWork(
                services=names,
                times=times,
                reason=record.window.public_reason,
                is_open=times[0].start <= now,
            )
            found.append(work)
    return sorted(found, key=lambda each: (each.times[0].start, each.services))


def _times(when: Occurrence | Recurrence, now: datetime) -> tuple[Occurrence, ...]:
    found = _by_the_hour(when, now.replace(minute=0, second=0, microsecond=0))
    return tuple(each for each in found if each.end > now and each.start < now + _AHEAD)


@lru_cache(maxsize=1024)
def _by_the_hour(when: Occurrence | Recurrence, hour: datetime) -> tuple[Occurrence, ...]:
    """Return the occurrences ahead of `hour` and the next: who loads the page counts no rules."""
    return occurrences(when, hour, hour + _HOUR + _AHEAD)


def _worked_on(
    window: MaintenanceWindow, services: Sequence[tuple[Service, Sequence[Watched]]]
) -> tuple[str, ...]:
    """Return the names of the services a check of which is covered."""
    return tuple(
        sorted(
            service.name
            for service, checks in services
            if any(window.covers(service, each.check) for each in checks)
        )
    )


def _shown(board: StatusBoard, service: Service, checks: Sequence[Watched]) -> PublicService:
    status = board.service_status(service.id)
    return PublicService(
        id=service.id,
        name=service.name,
        owner=service.owner,
        status=status,
        since=_since(board, service, status, checks),
        maintained_until=max(
            (each.maintained_until for each in checks if each.maintained_until), default=None
        ),
    )


def _since(
    board: StatusBoard, service: Service, status: Status, checks: Sequence[Watched]
) -> datetime | None:
    """Return since when a service has its status, where its checks' present states tell it.

    Down counts from the start of its incident. Where all checks must be up, it is up since the
    last of them came up; a service with one check has its check's time.
    """
    incident = board.incident(service.id)
    if status is Status.DOWN and incident is not None:
        return incident.started_at
    if len(checks) == 1:
        return checks[0].state.since
    if status is Status.UP and service.status.rule is Rule.ALL:
        return max((each.state.since for each in checks if each.state.since), default=None)
    return None


def _is_stale(watched: Sequence[Watched], updated_at: datetime | None, now: datetime) -> bool:
    if updated_at is None:
        return False
    shortest = min((each.check.interval for each in watched), default=timedelta(0))
    return now - updated_at > shortest * _STALE_INTERVALS
