"""What is known of a domain, as measurements and as facts for people."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from monitor.domain.observation import Series, series
from monitor.fields import format_duration
from monitor.probes.domain.judge import DAY, date_text, held

if TYPE_CHECKING:
    from monitor.probes.domain.memory import Known
    from monitor.probes.domain.spec import DomainSpec

EXPIRY = "pantau_domain_expiry_timestamp_seconds"
REGISTERED = "pantau_domain_registered_timestamp_seconds"
CHANGED = "pantau_domain_changed_timestamp_seconds"
HELD = "pantau_domain_held"
LEARNED = "pantau_domain_last_answer_timestamp_seconds"


def measurements(spec: "DomainSpec", known: "Known | None") -> dict[Series, float]:
    """Return what is known as numbers; what is not known is absent."""
    told = None if known is None else known.registration
    expires = _expires(spec, known)
    found = {
        EXPIRY: expires,
        REGISTERED: None if told is None else told.registered,
        CHANGED: None if told is None else told.changed,
        HELD: None if told is None or told.statuses is None else float(bool(held(told))),
        LEARNED: None if known is None else known.learned_at,
    }
    return {series(name): value for name, value in found.items() if value is not None}


def facts(spec: "DomainSpec", known: "Known | None", now: float) -> dict[str, Any]:
    """Return what is known as JSON values, each with where it comes from and how old it is."""
    found: dict[str, Any] = {}
    expires = _expires(spec, known)
    if expires is not None:
        found["expires"] = f"{date_text(expires)}, in {(expires - now) / DAY:.1f} days"
    if known is not None and known.registration is not None:
        told = known.registration
        dates = {"registered": told.registered, "changed": told.changed}
        found |= {name: date_text(at) for name, at in dates.items() if at is not None}
        found["registrar"] = told.registrar
        found["statuses"] = list(told.statuses or ())
        found["name_servers"] = list(told.name_servers or ())
        found["signed"] = told.signed
    if spec.server is not None:
        found["rdap_server"] = spec.server
        if spec.rdap_server is None:
            found["server_list"] = f"of {spec.listed_at}"
    if known is not None:
        found |= _provenance(known, now)
    return {name: value for name, value in found.items() if value not in (None, [])}


def _expires(spec: "DomainSpec", known: "Known | None") -> float | None:
    told = None if known is None else known.registration
    if told is not None and told.expires:
        return told.expires[0]
    if spec.expires_on is None:
        return None
    return datetime(*spec.expires_on.timetuple()[:3], tzinfo=UTC).timestamp()


def _provenance(known: "Known", now: float) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if known.learned_at is not None:
        found["learned"] = _ago(known.learned_at, now)
    if known.learned_at != known.asked_at:
        found["asked"] = _ago(known.asked_at, now)
    if known.said:
        found["last_try"] = known.said
    return found


def _ago(at: float, now: float) -> str:
    age = timedelta(minutes=max(0, round((now - at) // 60)))
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M} UTC, {format_duration(age)} ago"
