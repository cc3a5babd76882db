"""What a change of a check means for the incident of its service, and who is told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from monitor.domain.alert import (
    Alert,
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

    `check` is the one that changed, None when it was the configuration. `checks` describes
    those that the message lists.
    """

    service: Service
    affects: Affects
    incident: Incident | None
    states: Mapping[CheckId, CheckState]
    check: Check | None
    checks: Mapping[CheckId, Check]
    vantage: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequence:
    """The incident as it now is, and what is told of it."""

    change: IncidentChange
    incident: Incident
    notifications: tuple[Notification, ...]


def consequence(situation: Situation, routes: Sequence[Route], at: datetime) -> Consequence | None:
    """Return what follows from `situation`, or None when its incident stays as it is.

    `at` is when the check changed. Who was told of the opening is told of the rest.
    """
    followed = follow(
        situation.incident, situation.service, situation.affects, situation.states, at
    )
    if followed is None:
        return None
    change, incident = followed
    if change is IncidentChange.OPENED and situation.check is not None:
        told = receivers_of(routes, situation.service, situation.check)
        incident = replace(incident, receivers=told)
    incident = replace(incident, sequence=incident.sequence + 1)
    return Consequence(
        change=change,
        incident=incident,
        notifications=addressed(
            _alert(change, incident, situation, at), incident.id, incident.receivers
        ),
    )


def _alert(change: IncidentChange, incident: Incident, situation: Situation, at: datetime) -> Alert:
    return incident_alert(
        change, incident, situation.service, situation.checks, vantage=situation.vantage, at=at
    )
