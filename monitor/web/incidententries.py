"""Incidents as JSON shows them, over HTTP and on the command line."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from monitor.domain.expiry import Expiry
from monitor.domain.incident import AffectedCheck, Incident
from monitor.domain.note import Note
from monitor.ports import Delivery, Story


def incident_entry(incident: Incident) -> dict[str, Any]:
    """Return an incident without its notes and messages."""
    known, hold = incident.acknowledged, incident.hold
    return {
        "id": incident.id,
        "service": incident.service,
        "affects": incident.affects,
        "concern": incident.concern,
        "expiry": _expiry(incident.expiry) if incident.expiry else None,
        "started_at": time_text(incident.started_at),
        "ended_at": time_text(incident.ended_at),
        "checks": [_check(each) for each in incident.checks],
        "told": list(incident.receivers),
        "hold": hold and {"reason": hold.reason, "by": hold.by, "until": time_text(hold.until)},
        "acknowledged": known
        and {"by": known.by, "at": time_text(known.at), "comment": known.comment},
    }


def _expiry(expiry: Expiry) -> dict[str, Any]:
    return {
        "of": expiry.of,
        "name": expiry.name,
        "expires_at": time_text(expiry.expires_at),
        "told_days": expiry.told_days,
        "renewed_until": time_text(expiry.until),
    }


def story_entry(story: Story) -> dict[str, Any]:
    """Return an incident with what people did about it, and what became of its messages."""
    return {
        **incident_entry(story.incident),
        "notes": [_note(each) for each in story.notes],
        "deliveries": [_delivery(each) for each in story.deliveries],
    }


def time_text(at: datetime | None) -> str | None:
    """Return a time in UTC, None for none."""
    return at.isoformat() if at else None


def _check(check: AffectedCheck) -> Mapping[str, Any]:
    failure = check.failure
    return {
        "id": check.id,
        "since": time_text(check.since),
        "until": time_text(check.until),
        "failure": failure and {"kind": failure.kind, "detail": failure.detail},
    }


def _note(note: Note) -> Mapping[str, Any]:
    return {
        "kind": note.kind,
        "by": note.by,
        "at": time_text(note.at),
        "text": note.text,
        "via": note.via,
        "receiver": note.receiver or None,
    }


def _delivery(delivery: Delivery) -> Mapping[str, Any]:
    return {
        "id": delivery.id,
        "receiver": delivery.receiver,
        "type": delivery.type,
        "state": delivery.state,
        "attempts": delivery.attempts,
        "created_at": time_text(delivery.created_at),
        "settled_at": time_text(delivery.settled_at),
        "detail": delivery.detail,
    }
