"""Decides of which incidents nobody is told, and why."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from monitor.domain.beside import is_beside
from monitor.domain.check import Affects
from monitor.domain.concern import concerned, named
from monitor.domain.flapping import Speakers, first_speakers, settled, spoken_for
from monitor.domain.incident import Concern, Hold, HoldReason, Incident
from monitor.domain.maintenance import MaintenanceWindow
from monitor.domain.service import Service, ServiceId
from monitor.domain.silence import Silence
from monitor.domain.surroundings import Surroundings, depended_on

# How long a service may take to be confirmed down, or to come back, after what it depends on.
PATIENCE = timedelta(minutes=2)


def holders_of(incidents: Iterable[Incident], around: Surroundings) -> Mapping[ServiceId, Incident]:
    """Return the incidents that may explain others, by service: an open one before an ended one.

    One that nobody is told of explains nothing: of the others nobody would be told either.
    """
    needed = {other for each in around.services.values() for other in each.depends_on}
    known = (
        each
        for each in incidents
        if each.concern is Concern.OUTAGE
        and each.affects is Affects.AVAILABILITY
        and each.service in needed
        and not _is_outlasted(each)
        and (each.receivers or named(each, around))
    )
    return {each.service: each for each in sorted(known, key=lambda one: one.ended_at is None)}


def _is_outlasted(incident: Incident) -> bool:
    """Say whether it ended some time ago, and only speaks for others of its service."""
    return incident.unstable is not None and incident.unstable.outlasts


def speakers(
    incidents: Iterable[Incident], holders: Mapping[ServiceId, Incident], around: Surroundings
) -> Speakers:
    """Return the incident that speaks for each service that keeps changing.

    One that is held back for another reason speaks for nobody, and nor does one that was.
    """
    return first_speakers(
        each
        for each in incidents
        if each.keeps_changing
        and (each.receivers or each.ended_at is None or each.hold is None)
        and (each.receivers or _reason(each, holders, around) is None)
    )


def present(incident: Incident, around: Surroundings, now: datetime) -> Incident:
    """Return `incident` as it is at `now`, stable if it was quiet.

    That an outage of its own service holds it was found out before (`monitor.domain.beside`).

    A clock that was set back must not put off what was noticed before.
    """
    if incident.news_since is not None and incident.news_since > now:
        incident = replace(incident, news_since=now)
    if incident.told_at is not None and incident.told_at > now:
        alarmed_at = min(incident.alarmed_at or now, now)
        incident = replace(incident, alarmed_at=alarmed_at, told_at=now)
    return settled(incident, around, now)


def judged(
    incident: Incident,
    holders: Mapping[ServiceId, Incident],
    speaking: Speakers,
    around: Surroundings,
    now: datetime,
) -> Incident:
    """Return `incident` held, or held no longer. One that was told is never held.

    That an outage of its own service holds it was found out before (`monitor.domain.beside`).
    """
    if incident.receivers or is_beside(incident):
        return incident
    reason = _reason(incident, holders, around) or spoken_for(incident, speaking, around.flapping)
    if reason is not None:
        return incident if incident.hold == reason else replace(incident, hold=reason)
    hold = incident.hold
    if hold is None or incident.ended_at is not None:
        return incident
    if hold.reason is not HoldReason.DEPENDENCY:
        return replace(incident, hold=None, news_since=now)
    if hold.until is None or hold.until > now + PATIENCE:
        return replace(incident, hold=replace(hold, until=now + PATIENCE))
    return incident if now < hold.until else replace(incident, hold=None, news_since=now)


def _reason(
    incident: Incident, holders: Mapping[ServiceId, Incident], around: Surroundings
) -> Hold | None:
    """Return why nobody is to be told of `incident` now."""
    if holder := _holder(incident, holders, around.services):
        return Hold(reason=HoldReason.DEPENDENCY, by=holder.id)
    if window := _worked_on(incident, around):
        return Hold(reason=HoldReason.MAINTENANCE, by=window.id)
    if silence := silence_of(incident, around):
        return Hold(reason=HoldReason.SILENCE, by=silence.id, until=silence.until)
    return None


def _worked_on(incident: Incident, around: Surroundings) -> MaintenanceWindow | None:
    """Return an open window that covers every check that is concerned."""
    if not around.windows:
        return None
    service, checks = around.services.get(incident.service), concerned(incident, around)
    if service is None or not checks:
        return None
    return next(
        (w for w in around.windows if all(w.covers(service, check) for check in checks)), None
    )


def silence_of(incident: Incident, around: Surroundings) -> Silence | None:
    """Return the silence that covers every check that is concerned, the longest of several."""
    if not around.silences:
        return None
    service, checks = around.services.get(incident.service), concerned(incident, around)
    if service is None or not checks:
        return None
    found = (each for each in around.silences if each.covers(service, checks))
    return max(found, key=lambda each: each.until, default=None)


def _holder(
    incident: Incident,
    holders: Mapping[ServiceId, Incident],
    services: Mapping[ServiceId, Service],
) -> Incident | None:
    """Return the incident that explains this one: of a service that itself depends on none down.

    An ended incident explains only what has ended as well.
    """
    if incident.affects is not Affects.AVAILABILITY or incident.concern is Concern.EXPIRY:
        return None
    down = {
        service: each
        for service in depended_on(incident.service, services)
        if (each := holders.get(service))
        and (each.ended_at is None or incident.ended_at is not None)
    }
    roots = [
        each for service, each in down.items() if not depended_on(service, services) & down.keys()
    ]
    return min(roots, key=lambda each: (each.started_at, each.id), default=None)
