"""What everybody may know. Decided here and nowhere else, for every page, feed and file."""

from collections.abc import Iterable

from monitor.domain.check import Affects
from monitor.domain.incident import Concern, Incident
from monitor.domain.service import Service


def public_services(services: Iterable[Service]) -> tuple[Service, ...]:
    """Return the services that everybody may know, in their order."""
    return tuple(service for service in services if service.public)


def public_service_of(incident: Incident, services: Iterable[Service]) -> Service | None:
    """Return the service of an outage that everybody may know, None when nobody is to know it."""
    if incident.affects is not Affects.AVAILABILITY or incident.concern is not Concern.OUTAGE:
        return None
    known = (each for each in public_services(services) if each.id == incident.service)
    return next(known, None)
