"""What the steps of a journey come to together."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from monitor.domain.observation import Failure, Outcome, OutcomeStatus, Series, series

_SHARED = ("address", "tls", "insecure", "certificate", "chain", "chain_oddities")
_OF_A_STEP = ("status", "http_version", "redirects", "final_url", "body_bytes")
_EXPIRY = series("probe_ssl_earliest_cert_expiry")
_FAILING = (OutcomeStatus.FAILED, OutcomeStatus.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A step that was taken, or skipped for the reason `skipped`: then without an outcome.

    `place` is what messages call it.
    """

    name: str
    number: int
    outcome: Outcome | None = None
    skipped: str = ""

    @property
    def place(self) -> str:
        return f"step {self.number} ({self.name})"

    @property
    def has_failed(self) -> bool:
        """Whether nothing but `always_run` steps may follow."""
        return self.outcome is not None and self.outcome.status in _FAILING


def together(steps: Sequence[Taken]) -> Outcome:
    """Return one outcome of all steps: the first that failed speaks, else the first degraded."""
    taken = [(step, step.outcome) for step in steps if step.outcome is not None]
    step, speaks = min(taken, key=lambda entry: _rank(entry[1]))
    failure = speaks.failure
    if failure is not None:
        failure = Failure(failure.kind, f"{step.place}: {failure.detail}")
    return Outcome(
        status=speaks.status,
        failure=failure,
        cause=speaks.cause,
        measurements=dict(_measured(taken)),
        facts={
            **{key: speaks.facts[key] for key in _SHARED if key in speaks.facts},
            "steps": [_told(one) for one in steps],
        },
        answered=any(outcome.answered for _, outcome in taken),
    )


def seconds_of(outcome: Outcome) -> float:
    """Return how long the target and the network took over a step: all phases together."""
    return float(sum(outcome.facts.get("phases", {}).values()))


def _rank(outcome: Outcome) -> int:
    """Return how loud an outcome is, the loudest first."""
    if outcome.status in _FAILING:
        return 0
    return 1 if outcome.status is OutcomeStatus.DEGRADED else 2


def _told(step: Taken) -> Mapping[str, Any]:
    if step.outcome is None:
        return {"name": step.name, "outcome": "skipped", "detail": step.skipped}
    facts, failure = step.outcome.facts, step.outcome.failure
    told: dict[str, Any] = {
        "name": step.name,
        "outcome": step.outcome.status.value,
        "seconds": seconds_of(step.outcome),
        "phases": facts.get("phases", {}),
        **{key: facts[key] for key in _OF_A_STEP if key in facts},
    }
    if failure is not None:
        told |= {"kind": failure.kind.value, "detail": failure.detail}
    return told


def _measured(taken: Sequence[tuple[Taken, Outcome]]) -> Iterator[tuple[Series, float]]:
    for step, outcome in taken:
        passed = outcome.status not in _FAILING
        yield series("pantau_journey_step_success", step=step.name), float(passed)
        status = float(outcome.facts.get("status", 0))
        yield series("pantau_journey_step_status_code", step=step.name), status
        for phase, seconds in outcome.facts.get("phases", {}).items():
            yield (
                series("pantau_journey_step_duration_seconds", step=step.name, phase=phase),
                seconds,
            )
    expiries = [
        outcome.measurements[_EXPIRY] for _, outcome in taken if _EXPIRY in outcome.measurements
    ]
    if expiries:
        yield _EXPIRY, min(expiries)
