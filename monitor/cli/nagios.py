"""One observation as a line that Nagios, Icinga and their kin read, and its exit code."""

from monitor.cli.words import CAUSES, KINDS
from monitor.domain.check import Check
from monitor.domain.observation import Observation
from monitor.domain.status import Status
from monitor.domain.text import visible_text

STATES = {
    Status.UP: (0, "OK"),
    Status.DEGRADED: (1, "WARNING"),
    Status.DOWN: (2, "CRITICAL"),
    Status.UNKNOWN: (3, "UNKNOWN"),
}


def exit_code(observation: Observation) -> int:
    """Return 0 for up, 1 for degraded, 2 for down, 3 for unknown."""
    return STATES[observation.sample][0]


def plugin_line(check: Check, observation: Observation) -> str:
    """Return `STATE: check: what is the matter | performance data`, on one line."""
    state = STATES[observation.sample][1]
    return f"{state}: {_said(check, observation)} | {_performance(check, observation)}"


def _said(check: Check, observation: Observation) -> str:
    seconds = observation.duration.total_seconds()
    said = f"{check.id} {observation.sample} in {seconds:.3f} s"
    outcome = observation.outcome
    if outcome.cause is not None:
        said += f", {CAUSES[outcome.cause]}"
    if outcome.failure is not None:
        said += f": {KINDS[outcome.failure.kind]} ({outcome.failure.detail})"
    # A bar would begin the performance data.
    return visible_text(said).replace("|", "/")


def _performance(check: Check, observation: Observation) -> str:
    warning = f"{check.degraded_over.total_seconds():g}" if check.degraded_over else ""
    whole = f"{observation.duration.total_seconds():.6f}s"
    limit = f"{check.timeout.total_seconds():g}"
    phases = observation.outcome.facts.get("phases", {})
    return " ".join(
        [
            f"time={whole};{warning};{limit};0;{limit}",
            *(f"{name}={seconds:.6f}s;;;0" for name, seconds in phases.items()),
        ]
    )
