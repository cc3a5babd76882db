"""Holds what is less than an outage while its service is down."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from monitor.domain.check import Affects
from monitor.domain.incident import Concern, Hold, HoldReason, Incident
from monitor.domain.service import ServiceId

Outages = Mapping[tuple[ServiceId, Affects], Incident]


def outages_of(incidents: Iterable[Incident]) -> Outages:
    """Return the outages that go on, by what they take down."""
    return {
        (each.service, each.affects): each
        for each in incidents
        if each.concern is Concern.OUTAGE and each.ended_at is None
    }


def beside(incident: Incident, outages: Outages, now: datetime) -> Incident:
    """Return `incident` held while its service is down, if it is something less than that.

    So nobody hears that the service is degraded, or normal again, while it is down. Whoever was
    told before hears how it goes on when the outage is over.
    """
    if incident.concern is Concern.OUTAGE:
        return incident
    if outage := outages.get((incident.service, incident.affects)):
        return replace(incident, hold=Hold(reason=HoldReason.OUTAGE, by=outage.id))
    if not is_beside(incident):
        return incident
    if incident.ended_at is not None:
        return replace(incident, hold=None) if incident.receivers else incident
    return replace(incident, hold=None, news_since=now)


def is_beside(incident: Incident) -> bool:
    """Say whether `incident` is held by an outage of its own service."""
    return incident.hold is not None and incident.hold.reason is HoldReason.OUTAGE
