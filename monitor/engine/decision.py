"""What a change of a check means for the incident of its service, and who is told."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain

from monitor.domain.alert import (
    Notification,
    Route,
    addressed,
    incident_alert,
    receivers_of,
)
from monitor.domain.check import Affects, Check, CheckId
from monitor.domain.incident import Incident, IncidentChange, follow
from monitor.domain.service import Service
from monitor.domain.state import CheckState


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """A service as it stands after a change: its checks of one kind, and its open incident.

    `checks` describes those that the message lists, `taken` are ids of earlier incidents.
    """

    service: Service
    affects: Affects
    incident: Incident | None
    states: Mapping[CheckId, CheckState]
    checks: Mapping[CheckId, Check]
    taken: Container[str]
    vantage: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequence:
    """The incident as it now is, and what is told of it."""

    change: IncidentChange
    incident: Incident
    notifications: tuple[Notification, ...]


def consequence(situation: Situation, routes: Sequence[Route], at: datetime) -> Consequence | None:
    """Return what follows from `situation`, or None when nothing does.

    `at` is when it changed. Who was told of the opening is told of the rest; whom the routes name
    only now, because of a check that joined or of another configuration, is told that it fires.
    """
    incident = situation.incident
    followed = follow(
        incident,
        situation.service,
        situation.affects,
        situation.states,
        at,
        taken=situation.taken,
    )
    if followed is not None:
        change, incident = followed
    elif incident is not None:
        change = IncidentChange.UPDATED
    else:
        return None
    told = incident.receivers
    new = () if change is IncidentChange.CLOSED else _newly_told(incident, situation, routes)
    if followed is None and not new:
        return None
    incident = replace(incident, receivers=(*told, *new), sequence=incident.sequence + 1)
    notifications: tuple[Notification, ...] = ()
    if followed is not None:
        notifications += _told(change, incident, situation, at, told)
    notifications += _told(IncidentChange.OPENED, incident, situation, at, new)
    return Consequence(change=change, incident=incident, notifications=notifications)


def _newly_told(
    incident: Incident, situation: Situation, routes: Sequence[Route]
) -> tuple[str, ...]:
    """Return whom the routes name for what is down now, and nobody has told yet."""
    checks = situation.checks
    down = [checks[c.id] for c in incident.checks if c.until is None and c.id in checks]
    named = (receivers_of(routes, situation.service, check) for check in down)
    everyone = dict.fromkeys(chain.from_iterable(named))
    return tuple(name for name in everyone if name not in incident.receivers)


def _told(
    change: IncidentChange,
    incident: Incident,
    situation: Situation,
    at: datetime,
    receivers: Sequence[str],
) -> tuple[Notification, ...]:
    alert = incident_alert(
        change, incident, situation.service, situation.checks, vantage=situation.vantage, at=at
    )
    return addressed(alert, incident.id, receivers)
