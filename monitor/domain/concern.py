"""Says which checks an incident is about, and whom the routes name for them."""

from collections.abc import Sequence

from monitor.domain.check import Check
from monitor.domain.incident import Incident
from monitor.domain.surroundings import Surroundings


def concerned(incident: Incident, around: Surroundings) -> Sequence[Check]:
    """Return the checks that fail, or did if the incident ended, as far as configured."""
    return [
        around.checks[each.id]
        for each in incident.checks
        if each.id in around.checks and (each.until is None or incident.ended_at is not None)
    ]


def named(incident: Incident, around: Surroundings) -> tuple[str, ...]:
    """Return whom the routes name for the checks that are concerned.

    Who comes on call later is told only of what nobody takes care of: those who know of it go on.
    """
    service = around.services.get(incident.service)
    if service is None:
        return ()
    status = incident.concern.routed
    in_care = incident.acknowledged is not None and bool(incident.receivers)
    found = (
        around.routing.receivers(service, check, status, in_care=in_care)
        for check in concerned(incident, around)
    )
    return tuple(dict.fromkeys(name for names in found for name in names))
