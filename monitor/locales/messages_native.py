"""What messages say to programs: our own JSON, version 1.

Keys stand in a fixed order, times are UTC (RFC 3339). New keys may be added; none changes its
meaning or goes. Text that others wrote is data: on one line, at most 1 KB, no control characters.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

from monitor.domain.alert import Alert, CheckNotice, Companion, IncidentNotice, ServiceNotice
from monitor.domain.text import visible_text
from monitor.locales import Language
from monitor.locales.messages import summary

VERSION = "1"
MOST_LISTED = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """How one receiver's messages are worded.

    `external_url` is where our pages are, without a final slash. `language` comes first where
    only one can; `zone` is that of times in texts.
    """

    receiver: str
    external_url: str
    language: Language
    zone: tzinfo

    def incident_url(self, incident_id: str) -> str:
        """Return the address of an incident's page."""
        return f"{self.external_url}/incidents/{incident_id}"


def native_body(row_id: str, alert: Alert, wording: Wording) -> bytes:
    """Return the body that tells `alert`, in UTF-8. The same arguments give the same bytes."""
    body: dict[str, Any] = {
        "version": VERSION,
        "id": row_id,
        "type": alert.type,
        "occurred_at": time_json(alert.occurred_at),
        "incident": alert.incident and _incident(alert.incident, wording),
        "service": alert.service and _service(alert.service),
        "checks": [_check(check) for check in alert.checks],
        "summary": {each: summary(alert, each, wording.zone) for each in Language},
        "checkpoint": alert.checkpoint,
    }
    if alert.firing_undelivered:
        body["firing_undelivered"] = True
    if alert.companions:
        shown = alert.companions[:MOST_LISTED]
        body["companions"] = [_companion(each, wording) for each in shown]
        body["companions_total"] = len(alert.companions)
    if alert.victims:
        key = "victims" if alert.incident else "others"
        body[key] = [_service(each) for each in alert.victims[:MOST_LISTED]]
        body[f"{key}_total"] = len(alert.victims)
    if alert.until is not None:
        body["until"] = time_json(alert.until)
    return encoded(body)


def encoded(body: Mapping[str, Any]) -> bytes:
    """Return JSON in UTF-8, keys in their order, without needless spaces."""
    return json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def time_json(at: datetime) -> str:
    """Return a time in UTC: 2026-06-01T04:00:00Z, with microseconds if there are any."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _incident(incident: IncidentNotice, wording: Wording) -> Mapping[str, Any]:
    return {
        "id": incident.id,
        "url": wording.incident_url(incident.id),
        "started_at": time_json(incident.started_at),
        "ended_at": time_json(incident.ended_at) if incident.ended_at else None,
    }


def _service(service: ServiceNotice) -> Mapping[str, Any]:
    return {
        "id": service.id,
        "name": visible_text(service.name),
        "owner": visible_text(service.owner),
        "criticality": service.criticality,
    }


def _companion(companion: Companion, wording: Wording) -> Mapping[str, Any]:
    return {
        "incident": _incident(companion.incident, wording),
        "service": _service(companion.service),
        "checks": [_check(check) for check in companion.checks],
    }


def _check(check: CheckNotice) -> Mapping[str, Any]:
    failure = None
    if check.failure_kind is not None:
        failure = {"kind": check.failure_kind, "detail": visible_text(check.failure_detail or "")}
    return {
        "id": check.id,
        "type": check.type,
        "target": visible_text(check.target),
        "status": check.status,
        "since": time_json(check.since),
        "failure": failure,
        "runbook": visible_text(check.runbook) if check.runbook else None,
        "vantages": [
            {"name": visible_text(name), "status": status} for name, status in check.vantages
        ],
    }
