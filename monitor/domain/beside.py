"""Holds what is less than an outage while its service is down."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from monitor.domain.check import Affects
from monitor.domain.incident import Concern, Hold, HoldReason, Incident
from monitor.domain.observation import FailureKind
from monitor.domain.service import ServiceId

_EXPIRED = {FailureKind.EXPIRES_SOON, FailureKind.TLS_EXPIRED}

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
    outage = outages.get((incident.service, incident.affects))
    if outage is not None and _says_it_all(outage, incident):
        hold = Hold(reason=HoldReason.OUTAGE, by=outage.id)
        return incident if incident.hold == hold else replace(incident, hold=hold)
    if not is_beside(incident):
        return incident
    if incident.ended_at is not None:
        return replace(incident, hold=None) if incident.receivers else incident
    is_old = incident.concern is Concern.EXPIRY and incident.receivers
    return replace(incident, hold=None, news_since=incident.news_since if is_old else now)


def _says_it_all(outage: Incident, incident: Incident) -> bool:
    """Say whether `incident` is no news beside `outage`.

    That something expires is, unless the outage comes of just that.
    """
    if incident.concern is not Concern.EXPIRY:
        return True
    checks = {each.id for each in incident.checks}
    return any(
        each.id in checks
        and each.until is None
        and each.failure is not None
        and each.failure.kind in _EXPIRED
        for each in outage.checks
    )


def is_beside(incident: Incident) -> bool:
    """Say whether `incident` is held by an outage of its own service."""
    return incident.hold is not None and incident.hold.reason is HoldReason.OUTAGE
