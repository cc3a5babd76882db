"""Decides who is told that planned work begins or is over."""

from collections.abc import Iterable

from monitor.domain.alert import (
    Alert,
    AlertType,
    Notification,
    addressed,
    service_notice,
    with_victims,
)
from monitor.domain.check import Check
from monitor.domain.maintenance import OpenWindow
from monitor.domain.observation import Status
from monitor.domain.routing import Routing
from monitor.domain.service import Service, ServiceId


def announced(
    kind: AlertType,
    opened: OpenWindow,
    services: Iterable[Service],
    checks: Iterable[Check],
    routing: Routing,
) -> tuple[Notification, ...]:
    """Return what is told of a window that opens or closes, to whom the routes name for its checks.

    The same occurrence gives the same ids, so that a restart tells of it only once.
    """
    window, occurrence = opened.window, opened.occurrence
    known = {service.id: service for service in services}
    covered: dict[ServiceId, Service] = {}
    told: dict[str, None] = {}
    for check in checks:
        service = known.get(check.service)
        if service is not None and window.covers(service, check):
            covered[service.id] = service
            told |= dict.fromkeys(routing.receivers(service, check, Status.DOWN))
    if not covered:
        return ()
    first, *others = sorted(covered.values(), key=lambda each: (each.criticality.place, each.id))
    alert = Alert(
        type=kind,
        occurred_at=(occurrence.start if kind is AlertType.MAINTENANCE_STARTED else occurrence.end),
        sequence=0,
        service=service_notice(first),
        detail=f"{window.reason} ({window.approved_by})",
        until=occurrence.end,
        after_the_fact=opened.after_the_fact,
    )
    subject = f"window:{window.id}:{occurrence.start.isoformat()}"
    return addressed(with_victims(alert, others), subject, tuple(told))
