"""What messages say in the form of Alertmanager's webhooks, version 4.

For receivers that were made for Alertmanager. There is one alert for each check of an incident;
labels say which, and never change while it goes on, so what changes stands in annotations.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from monitor.domain.alert import Alert, AlertType, CheckNotice
from monitor.domain.incident import Concern
from monitor.domain.status import Status
from monitor.domain.text import visible_text
from monitor.locales import Language
from monitor.locales.messages import summary
from monitor.locales.messages_native import Wording, encoded, time_json

_NEVER = "0001-01-01T00:00:00Z"  # Go's zero time: it has not ended

_OFFSET = 14_695_981_039_346_656_037
_PRIME = 1_099_511_628_211
_SEPARATOR = b"\xff"

_CONCERNS = {
    Concern.OUTAGE: "PantauServiceDown",
    Concern.DEGRADATION: "PantauServiceDegraded",
    Concern.EXPIRY: "PantauExpiry",
}
_NAMES = {
    AlertType.MAINTENANCE_STARTED: "PantauMaintenance",
    AlertType.MAINTENANCE_ENDED: "PantauMaintenance",
    AlertType.SELF_OFFLINE: "PantauOffline",
    AlertType.SELF_RECOVERED: "PantauOffline",
    AlertType.SELF_UNDELIVERED: "PantauUndelivered",
    AlertType.SELF_DAMAGED: "PantauDamaged",
    AlertType.SELF_UNREPORTED: "PantauUnreported",
    AlertType.REPORT_FILED: "PantauReported",
    AlertType.HEARTBEAT: "PantauHeartbeat",
    AlertType.TEST: "PantauTest",
}
_ENDS = {AlertType.RESOLVED, AlertType.MAINTENANCE_ENDED, AlertType.SELF_RECOVERED}


def alertmanager_body(alert: Alert, wording: Wording) -> bytes:
    """Return the body that tells `alert`, in UTF-8. The same arguments give the same bytes."""
    alerts = [each for one in _each(alert) for each in _entries(one, wording)]
    firing = any(each["status"] == "firing" for each in alerts)
    group = _group(replace(alert, service=None) if alert.companions else alert)
    return encoded(
        {
            "receiver": wording.receiver,
            "status": "firing" if firing else "resolved",
            "alerts": alerts,
            "groupLabels": group,
            "commonLabels": _common(each["labels"] for each in alerts),
            "commonAnnotations": _common(each["annotations"] for each in alerts),
            "externalURL": wording.external_url,
            "version": "4",
            "groupKey": _group_key(group),
            "truncatedAlerts": 0,
        }
    )


def alertmanager_alerts(alerts: Iterable[Alert], wording: Wording) -> list[dict[str, Any]]:
    """Return what Alertmanager's API (v2) is posted of `alerts`: one entry for each check.

    Labels, and so fingerprints, are those of the webhooks. `endsAt` is left out of what goes on
    until nobody knows when.
    """
    return [
        _postable(each, alert.until)
        for alert in alerts
        for one in _each(alert)
        for each in _entries(one, wording)
    ]


def _postable(entry: Mapping[str, Any], until: datetime | None) -> dict[str, Any]:
    keys = ("labels", "annotations", "startsAt", "generatorURL")
    posted = {key: entry[key] for key in keys}
    if entry["endsAt"] != _NEVER:
        posted["endsAt"] = entry["endsAt"]
    elif until is not None:
        posted["endsAt"] = time_json(until)
    return posted


def fingerprint(labels: Mapping[str, str]) -> str:
    """Return Alertmanager's fingerprint: FNV-1a, 64 bits, over the sorted labels, in hex."""
    value = _OFFSET
    for name, text in sorted(labels.items()):
        for octet in name.encode() + _SEPARATOR + text.encode() + _SEPARATOR:
            value = (value ^ octet) * _PRIME & 0xFFFF_FFFF_FFFF_FFFF
    return f"{value:016x}"


def _each(alert: Alert) -> Iterable[Alert]:
    """Yield an alert for each incident that `alert` tells of."""
    yield replace(alert, companions=())
    for companion in alert.companions:
        yield replace(
            alert,
            incident=companion.incident,
            service=companion.service,
            checks=companion.checks,
            unstable=companion.unstable,
            companions=(),
            victims=(),
            more_victims=0,
        )


def _entries(alert: Alert, wording: Wording) -> list[Mapping[str, Any]]:
    of_checks = [_of_check(alert, check, wording) for check in alert.checks]
    return of_checks or [_of_whole(alert, wording)]


def _of_check(alert: Alert, check: CheckNotice, wording: Wording) -> Mapping[str, Any]:
    incident = alert.incident
    ended = alert.type in _ENDS or (check.status is Status.UP and alert.unstable is None)
    is_down = check.status is not Status.UP and not ended
    begun = check.since if is_down or incident is None else incident.started_at
    labels = {
        **_group(alert),
        "check": check.id,
        **_ownership(alert),
    }
    # No labels: they are not known any more once a check was taken out of the configuration.
    annotations = _annotations(alert, wording)
    annotations |= {"type": check.type, "target": visible_text(check.target)}
    if check.failure_kind is not None:
        annotations["failure_kind"] = check.failure_kind
        annotations["description"] = visible_text(check.failure_detail or "")
    if check.runbook:
        annotations["runbook_url"] = visible_text(check.runbook)
    ended_at = check.since if ended else None
    return _entry(alert, labels, annotations, wording, begun=begun, ended=ended_at)


def _of_whole(alert: Alert, wording: Wording) -> Mapping[str, Any]:
    incident = alert.incident
    begun = incident.started_at if incident else alert.occurred_at
    ended = alert.occurred_at if alert.type in _ENDS else None
    annotations = _annotations(alert, wording)
    if alert.detail:
        annotations["description"] = visible_text(alert.detail)
    labels = {**_group(alert), **_ownership(alert)}
    return _entry(alert, labels, annotations, wording, begun=begun, ended=ended)


def _entry(
    alert: Alert,
    labels: Mapping[str, str],
    annotations: Mapping[str, str],
    wording: Wording,
    *,
    begun: datetime,
    ended: datetime | None,
) -> Mapping[str, Any]:
    url = wording.incident_url(alert.incident.id) if alert.incident else wording.external_url
    return {
        "status": "firing" if ended is None else "resolved",
        "labels": dict(sorted(labels.items())),
        "annotations": dict(sorted(annotations.items())),
        "startsAt": time_json(begun),
        "endsAt": _NEVER if ended is None else time_json(ended),
        "generatorURL": url,
        "fingerprint": fingerprint(labels),
    }


def _group(alert: Alert) -> dict[str, str]:
    labels = {"alertname": _NAMES.get(alert.type, _CONCERNS[alert.concern])}
    if alert.service is not None:
        labels["service"] = alert.service.id
    return labels


def _ownership(alert: Alert) -> dict[str, str]:
    if alert.service is None:
        return {}
    owner = visible_text(alert.service.owner)
    return {"owner": owner, "criticality": str(alert.service.criticality)}


def _annotations(alert: Alert, wording: Wording) -> dict[str, str]:
    annotations = {
        "summary": summary(alert, wording.language, wording.zone),
        **{
            f"summary_{other}": summary(alert, other, wording.zone)
            for other in Language
            if other is not wording.language
        },
        "event": str(alert.type),
    }
    if alert.service is not None:
        annotations["service_name"] = visible_text(alert.service.name)
    if alert.incident is not None and (url := wording.ack_url(alert.type, alert.incident)):
        annotations["ack_url"] = url
    if alert.unstable is not None:
        annotations["changes"] = str(alert.unstable.changes)
    if alert.firing_undelivered:
        annotations["firing_undelivered"] = "true"
    if alert.after_the_fact:
        annotations["after_the_fact"] = "true"
    return annotations


def _common(each: Iterable[Mapping[str, str]]) -> Mapping[str, str]:
    """Return the entries that all of them share."""
    first, *others = each
    return {
        name: value
        for name, value in first.items()
        if all(other.get(name) == value for other in others)
    }


def _group_key(group: Mapping[str, str]) -> str:
    """Return the key as Alertmanager writes it: {}:{alertname="…", service="…"}."""
    pairs = (f'{name}="{_escaped(value)}"' for name, value in sorted(group.items()))
    return "{}:{" + ", ".join(pairs) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
