"""What messages say to PagerDuty: events that open, update and close its alerts.

PagerDuty knows one alert for each `dedup_key`, and an event is about one alone. So a message that
tells of several incidents is several events, and each incident closes the alert that it opened.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from monitor.domain.alert import Alert, AlertType, CheckNotice
from monitor.domain.incident import Concern
from monitor.domain.observation import UnknownCause
from monitor.domain.service import Criticality
from monitor.domain.status import Status
from monitor.domain.text import visible_text
from monitor.locales.messages import summary
from monitor.locales.messages_native import Wording, encoded, time_json
from monitor.locales.messages_signs import links

ALERTS, CHANGES = "/v2/enqueue", "/v2/change/enqueue"
SUMMARY_LIMIT = 1024

_MOST_LISTED = 20
_SOURCE_BYTES = 255


class Severity(StrEnum):
    """How grave PagerDuty takes an event to be."""

    CRITICAL = "critical"
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


_SEVERITIES = {
    Criticality.SANGAT_KRITIS: Severity.CRITICAL,
    Criticality.KRITIS: Severity.ERROR,
    Criticality.PENTING: Severity.WARNING,
    Criticality.BIASA: Severity.INFO,
}

# News that nobody has to act on: they stand beside the alerts, and call nobody.
_CHANGES = {
    AlertType.MAINTENANCE_STARTED,
    AlertType.MAINTENANCE_ENDED,
    AlertType.HEARTBEAT,
}


def pagerduty_body(row_id: str, alert: Alert, wording: Wording) -> bytes:
    """Return the events that tell `alert`, in order, each with the path that it is posted to.

    They lack the routing key, which is added when they are sent.
    """
    return encoded({"events": list(_events(row_id, alert, wording))})


def _events(row_id: str, alert: Alert, wording: Wording) -> Iterator[Mapping[str, Any]]:
    if alert.type in _CHANGES:
        yield _event(CHANGES, _change(alert, wording))
        return
    for single in singles(alert):
        key = _dedup_key(row_id, single, wording)
        if single.type is AlertType.ACKNOWLEDGED:
            yield _event(ALERTS, {"event_action": "acknowledge", "dedup_key": key})
        elif single.type is AlertType.TEST or single.firing_undelivered:
            # Nobody knows of it, and it is over: told, and closed at once.
            trigger = _trigger(key, single, wording, Severity.INFO)
            yield _event(ALERTS, trigger)
            yield _event(ALERTS, _resolve(key))
        elif single.type in {AlertType.RESOLVED, AlertType.SELF_RECOVERED}:
            yield _event(ALERTS, _resolve(key))
        else:
            yield _event(ALERTS, _trigger(key, single, wording, _severity(single)))


def singles(alert: Alert) -> Iterator[Alert]:
    """Return an alert for each incident of `alert`, by itself."""
    yield replace(alert, companions=())
    for each in alert.companions:
        yield replace(
            alert,
            incident=each.incident,
            service=each.service,
            checks=each.checks,
            unstable=each.unstable,
            companions=(),
            victims=(),
            more_victims=0,
        )


def _event(path: str, event: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"path": path, "event": event}


def _resolve(key: str) -> Mapping[str, Any]:
    return {"event_action": "resolve", "dedup_key": key}


def _trigger(key: str, alert: Alert, wording: Wording, severity: Severity) -> Mapping[str, Any]:
    check = next((each for each in alert.checks if each.status is not Status.UP), None)
    return {
        "event_action": "trigger",
        "dedup_key": key,
        "client": "Pantau",
        "client_url": wording.external_url,
        "payload": {
            **_said(alert, wording),
            "severity": severity,
            **_place(check),
            "custom_details": _details(alert, wording),
        },
        "links": _links(alert, wording),
    }


def _change(alert: Alert, wording: Wording) -> Mapping[str, Any]:
    details = _details(alert, wording)
    payload = {**_said(alert, wording), "custom_details": details}
    return {"payload": payload, "links": _links(alert, wording)}


def _said(alert: Alert, wording: Wording) -> Mapping[str, str]:
    """Return the first line, which says it all, where it was seen, and since when."""
    first, _, _ = summary(alert, wording.language, wording.zone).partition("\n")
    target = next((each.target for each in alert.checks if each.target), "")
    return {
        "summary": visible_text(first, SUMMARY_LIMIT),
        "source": visible_text(target or wording.external_url, _SOURCE_BYTES),
        "timestamp": time_json(_since(alert)),
    }


def _since(alert: Alert) -> datetime:
    return alert.incident.started_at if alert.incident else alert.occurred_at


def _place(check: CheckNotice | None) -> Mapping[str, str]:
    if check is None:
        return {}
    place = {"component": check.id}
    return {**place, "class": check.failure_kind} if check.failure_kind else place


def _details(alert: Alert, wording: Wording) -> Mapping[str, Any]:
    details: dict[str, Any] = {"text": summary(alert, wording.language, wording.zone)}
    if alert.service is not None:
        details["service"] = visible_text(alert.service.name or alert.service.id)
        details["owner"] = visible_text(alert.service.owner)
        details["criticality"] = alert.service.criticality
    if alert.victims:
        key = "victims" if alert.incident else "others"
        details[key] = [visible_text(each.name or each.id) for each in alert.victims[:_MOST_LISTED]]
        details[f"{key}_total"] = alert.victims_total
    details["event"] = alert.type
    return details


def _links(alert: Alert, wording: Wording) -> list[Mapping[str, str]]:
    return [{"href": url, "text": label} for label, url in links(alert, wording)]


def _severity(alert: Alert) -> Severity:
    """Return how grave it is by what it is about: nothing less than an outage calls anybody out."""
    found = _SEVERITIES[alert.service.criticality] if alert.service else Severity.ERROR
    if alert.concern is Concern.OUTAGE or found is Severity.INFO:
        return found
    return Severity.WARNING


def _dedup_key(row_id: str, alert: Alert, wording: Wording) -> str:
    """Return what an alert is known by in PagerDuty: the same from its first event to its last.

    Of our own network and resolver it is made of our address as well, for several monitors may
    post to one service. What has no end is known by its message.
    """
    if alert.incident is not None:
        return alert.incident.id
    if alert.type not in {AlertType.SELF_OFFLINE, AlertType.SELF_RECOVERED}:
        return row_id
    cause = alert.detail or UnknownCause.SELF_OFFLINE
    return hashlib.sha256(f"{wording.external_url}|{cause}".encode()).hexdigest()
