"""One observation for programs: as JSON values, and as a line of CSV."""

from typing import Any

from monitor.domain.check import Check
from monitor.domain.observation import Observation

COLUMNS = (
    *("check", "type", "target", "status", "started_at", "duration_seconds"),
    *("failure_kind", "failure_detail", "unknown_cause"),
)


def document(check: Check, observation: Observation) -> dict[str, Any]:
    """Return everything that was seen, as JSON values."""
    outcome = observation.outcome
    failure = outcome.failure
    return {
        "check": check.id,
        "type": check.type,
        "target": check.target,
        "status": observation.sample.value,
        "started_at": observation.started_at.isoformat().replace("+00:00", "Z"),
        "duration_seconds": observation.duration.total_seconds(),
        "failure": failure and {"kind": failure.kind.value, "detail": failure.detail},
        "unknown_cause": outcome.cause and outcome.cause.value,
        "measurements": [
            {"name": name, "labels": dict(labels), "value": value}
            for (name, labels), value in outcome.measurements.items()
        ],
        "facts": dict(outcome.facts),
    }


def record(check: Check, observation: Observation) -> list[str]:
    """Return the cells of COLUMNS."""
    whole = document(check, observation)
    failure = whole["failure"] or {"kind": "", "detail": ""}
    return [
        *(str(whole[column]) for column in COLUMNS[:6]),
        failure["kind"],
        failure["detail"],
        whole["unknown_cause"] or "",
    ]
