"""What messages say to programs: our own JSON, version 1.

Keys stand in a fixed order, times are UTC (RFC 3339). New keys may be added; none changes its
meaning or goes. Text that others wrote is data: on one line, at most 1 KB, no control characters.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from monitor.domain.acklink import LASTS, token_of
from monitor.domain.alert import (
    Alert,
    AlertType,
    CheckNotice,
    Companion,
    IncidentNotice,
    InstabilityNotice,
    ServiceNotice,
)
from monitor.domain.expiry import Expiry
from monitor.domain.status import Status
from monitor.domain.text import visible_text
from monitor.locales import Language
from monitor.locales.messages import summary

VERSION = "1"
MOST_LISTED = 100

# What calls for somebody to take care.
_CALLING = {AlertType.FIRING, AlertType.UPDATED, AlertType.REMINDER, AlertType.ESCALATED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """How one receiver's messages are worded.

    `external_url` is where our pages are, without a final slash. `language` comes first where
    only one can; `zone` is that of times in texts. `link_key` signs the links by which whoever
    was told says that they take care; without it messages have none. They hold for `link_lasts`.
    """

    receiver: str
    external_url: str
    language: Language
    zone: tzinfo
    link_key: bytes | None = field(default=None, repr=False)
    link_lasts: timedelta = LASTS

    def incident_url(self, incident_id: str) -> str:
        """Return the address of an incident's page."""
        return f"{self.external_url}/incidents/{incident_id}"

    def ack_url(self, kind: AlertType, incident: IncidentNotice) -> str | None:
        """Return where one says that one takes care of `incident`, None where nobody is called.

        It comes of what is stored of the message alone, so each attempt sends the same.
        """
        if self.link_key is None or kind not in _CALLING:
            return None
        told_at = incident.told_at or incident.started_at
        token = token_of(self.link_key, incident.id, self.receiver, told_at, self.link_lasts)
        return f"{self.external_url}/ack/{incident.id}/{token}"


def native_body(row_id: str, alert: Alert, wording: Wording) -> bytes:
    """Return the body that tells `alert`, in UTF-8. The same arguments give the same bytes."""
    body: dict[str, Any] = {
        "version": VERSION,
        "id": row_id,
        "type": alert.type,
        "occurred_at": time_json(alert.occurred_at),
        "incident": alert.incident and _incident(alert.type, alert.incident, wording),
        "service": alert.service and _service(alert.service),
        "checks": [_check(check) for check in alert.checks],
        "summary": {each: summary(alert, each, wording.zone) for each in Language},
        "checkpoint": alert.checkpoint,
    }
    if alert.firing_undelivered:
        body["firing_undelivered"] = True
    if alert.unstable is not None:
        body["unstable"] = _unstable(alert.unstable)
    if alert.companions:
        shown = alert.companions[:MOST_LISTED]
        body["companions"] = [_companion(alert.type, each, wording) for each in shown]
        body["companions_total"] = len(alert.companions)
    if alert.victims:
        key = "victims" if alert.incident else "others"
        body[key] = [_service(each) for each in alert.victims[:MOST_LISTED]]
        body[f"{key}_total"] = alert.victims_total
    if alert.until is not None:
        body["until"] = time_json(alert.until)
    if alert.after_the_fact:
        body["after_the_fact"] = True
    return encoded(body)


def encoded(body: Mapping[str, Any]) -> bytes:
    """Return JSON in UTF-8, keys in their order, without needless spaces."""
    return json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def time_json(at: datetime) -> str:
    """Return a time in UTC: 2026-06-01T04:00:00Z, with microseconds if there are any."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _incident(kind: AlertType, incident: IncidentNotice, wording: Wording) -> Mapping[str, Any]:
    return {
        "id": incident.id,
        "url": wording.incident_url(incident.id),
        "ack_url": wording.ack_url(kind, incident),
        "concern": incident.concern,
        **({"expiry": _expiry(incident.expiry)} if incident.expiry else {}),
        "started_at": time_json(incident.started_at),
        "ended_at": time_json(incident.ended_at) if incident.ended_at else None,
    }


def _expiry(expiry: Expiry) -> Mapping[str, Any]:
    return {
        "of": expiry.of,
        "name": visible_text(expiry.name),
        "expires_at": time_json(expiry.expires_at),
        "stage_days": expiry.told_days,
        "renewed_until": time_json(expiry.until) if expiry.until else None,
    }


def _service(service: ServiceNotice) -> Mapping[str, Any]:
    return {
        "id": service.id,
        "name": visible_text(service.name),
        "owner": visible_text(service.owner),
        "criticality": service.criticality,
    }


def _companion(kind: AlertType, companion: Companion, wording: Wording) -> Mapping[str, Any]:
    body: dict[str, Any] = {
        "incident": _incident(kind, companion.incident, wording),
        "service": _service(companion.service),
        "checks": [_check(check) for check in companion.checks],
    }
    if companion.unstable is not None:
        body["unstable"] = _unstable(companion.unstable)
    return body


def _unstable(unstable: InstabilityNotice) -> Mapping[str, Any]:
    """Return how often a service changed; once that is over, whether it is down or up."""
    return {
        "changes": unstable.changes,
        "since": time_json(unstable.since),
        "last_change_at": time_json(unstable.changed_at),
        "within_seconds": int(unstable.within.total_seconds()),
        "over": unstable.over,
        "status": (Status.DOWN if unstable.is_down else Status.UP) if unstable.over else None,
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
