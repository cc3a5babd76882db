"""What the daemon knows of services and checks, as a table and as CSV."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any

from monitor.cli.words import CAUSES, GLYPHS, KINDS
from monitor.domain.check import Check, CheckId
from monitor.domain.incident import HoldReason
from monitor.domain.observation import FailureKind, UnknownCause
from monitor.domain.service import Service
from monitor.domain.state import CheckState
from monitor.domain.status import Status

HEAD = ("Service, check", "Status", "Since", "What is the matter")
COLUMNS = (
    *("service", "service_status", "check", "type", "target", "status", "since"),
    *("unknown_cause", "failure_kind", "failure_detail", "last_run"),
)
# All its checks are switched off.
_NOT_WATCHED = "· not watched"

Document = Mapping[str, Any]
"""What GET /api/v1/status answers: lists of `services` and of `checks`."""


def stored_document(
    services: Iterable[Service], checks: Sequence[Check], states: Mapping[CheckId, CheckState]
) -> dict[str, Any]:
    """Return, in the same form, what the database knows; a check without a state is unknown."""
    known = {check.id: states.get(check.id, CheckState()) for check in checks}
    return {
        "services": [_service(service, checks, known) for service in services],
        "checks": [_check(check, known[check.id]) for check in checks],
    }


def _service(
    service: Service, checks: Iterable[Check], known: Mapping[CheckId, CheckState]
) -> dict[str, Any]:
    counted = [
        known[check.id].status
        for check in checks
        if check.service == service.id and check.affects == "availability"
    ]
    return {
        "id": service.id,
        "name": service.name,
        "owner": service.owner,
        "criticality": service.criticality,
        "status": service.status.combined(counted),
    }


def _check(check: Check, state: CheckState) -> dict[str, Any]:
    failure = state.failure
    return {
        "id": check.id,
        "service": check.service,
        "type": check.type,
        "target": check.target,
        "status": state.status,
        "since": state.since.isoformat() if state.since else None,
        "cause": state.cause,
        "failure": {"kind": failure.kind, "detail": failure.detail} if failure else None,
        "last_run": None,
    }


def table_rows(document: Document, zone: tzinfo) -> Iterator[tuple[str, str, str, str]]:
    """Yield a row for each service, and below it one for each of its checks."""
    names = {each["incident"]: each["name"] for each in document["services"] if _incident(each)}
    for service in document["services"]:
        checks = list(_checks_of(document, service))
        status = _status(service["status"]) if checks else _NOT_WATCHED
        yield service["name"], status, "", _held(service, names) or _unstable(service)
        for check in checks:
            yield f"  {check['id']}", _status(check["status"]), _since(check, zone), _matter(check)


def csv_rows(document: Document) -> Iterator[list[str]]:
    """Yield the cells of COLUMNS for each check."""
    for service in document["services"]:
        for check in _checks_of(document, service):
            failure = check["failure"] or {}
            yield [
                service["id"],
                service["status"],
                *(check[name] or "" for name in ("id", "type", "target", "status", "since")),
                check["cause"] or "",
                failure.get("kind", ""),
                failure.get("detail", ""),
                check["last_run"] or "",
            ]


def tally(document: Document) -> str:
    """Return "12 services: 11 up, 1 down", the gravest last, then how many are not watched."""
    services = document["services"]
    watched = [each["status"] for each in services if any(_checks_of(document, each))]
    counts = [f"{watched.count(one)} {one}" for one in Status if one in watched]
    if len(watched) < len(services):
        counts.append(f"{len(services) - len(watched)} not watched")
    noun = "service" if len(services) == 1 else "services"
    return f"{len(services)} {noun}" + (f": {', '.join(counts)}" if counts else "")


def _checks_of(document: Document, service: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    return (check for check in document["checks"] if check["service"] == service["id"])


def _incident(service: Mapping[str, Any]) -> str | None:
    """Return the id of its open incident. The database and an older daemon don't say."""
    found: str | None = service.get("incident")
    return found


def _held(service: Mapping[str, Any], names: Mapping[str | None, str]) -> str:
    """Return why nobody is told of its incident; `names` are those of services by incident."""
    hold = service.get("hold")
    if not hold:
        return _lesser(service)
    if hold["reason"] == HoldReason.MAINTENANCE:
        return f"nobody is told: planned work ({hold['by']})"
    if hold["reason"] == HoldReason.SILENCE:
        return f"nobody is told: silenced ({hold['by']})"
    if hold["reason"] == HoldReason.FLAPPING:
        return f"nobody is told: {_unstable(service) or 'it keeps changing'}"
    return f"nobody is told: it depends on {names.get(hold['by'], 'what has just come back')}"


def _lesser(service: Mapping[str, Any]) -> str:
    """Return what is open of it beside an outage, and who takes care. Older daemons don't say."""
    return "; ".join(map(_open, service.get("lesser_incidents", ())))


def _open(incident: Mapping[str, Any]) -> str:
    by = incident["acknowledged_by"]
    expiry = incident.get("expiry")
    what = f"{expiry['of']} expires {expiry['expires_at'][:10]}" if expiry else incident["concern"]
    return f"{what} ({incident['id']})" + (f", {by} takes care" if by else "")


def _unstable(service: Mapping[str, Any]) -> str:
    """Return how often a service that is unstable changed. An older daemon doesn't say."""
    known = service.get("unstable")
    return f"unstable: it changed {known['changes']} times" if known else ""


def _status(status: str) -> str:
    return f"{GLYPHS[Status(status)]} {status}"


def _since(check: Mapping[str, Any], zone: tzinfo) -> str:
    if check["since"] is None:
        return ""
    at = datetime.fromisoformat(check["since"]).astimezone(UTC)
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M %Z}"


def _matter(check: Mapping[str, Any]) -> str:
    cause = CAUSES[UnknownCause(check["cause"])] if check["cause"] else ""
    failure = check["failure"]
    if not failure:
        return cause
    told = failure["detail"] or KINDS[FailureKind(failure["kind"])]
    return f"{cause} ({told})" if cause else told
