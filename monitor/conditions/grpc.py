"""What must be true of a gRPC health answer, and the numbers that tell of it."""

from collections.abc import Collection

from monitor.domain.observation import Failure, FailureKind, Series, series
from monitor.net.grpc import SERVING_STATUSES, HealthAnswer

STATUS_CODE = series("probe_grpc_status_code")
SSL = series("probe_grpc_ssl")
RESOLVE, CHECK = (
    series("probe_grpc_duration_seconds", phase=phase) for phase in ("resolve", "check")
)
_HINTS = {
    "UNIMPLEMENTED": "; does the server have the health service?",
    "NOT_FOUND": "; does the server know that service?",
}


def health_failure(
    answer: HealthAnswer, service: str, expected: Collection[str] = ("SERVING",)
) -> Failure | None:
    """Return why an answer is not well, or None. `service` is what was asked for, "" the server."""
    asked = f"service {service!r}" if service else "the server"
    if answer.code:
        said = f": {answer.message}" if answer.message else ""
        hint = _HINTS.get(answer.code_name, "")
        detail = f"gRPC status {answer.code} {answer.code_name} for {asked}{said}{hint}"
        return Failure(FailureKind.STATUS, detail)
    if answer.serving not in expected:
        wanted = " or ".join(expected)
        return Failure(FailureKind.STATUS, f"{asked} is {answer.serving}, expected {wanted}")
    return None


def serving_numbers(answer: HealthAnswer | None) -> dict[Series, float]:
    """Return a number for each status there is: 1 at the one that was answered."""
    serving = None if answer is None else answer.serving
    return {
        series("probe_grpc_healthcheck_response", serving_status=name): float(name == serving)
        for name in SERVING_STATUSES
    }


def health_facts(answer: HealthAnswer) -> dict[str, str]:
    """Return as facts what the server answered."""
    facts = {"grpc_status": f"{answer.code} {answer.code_name}"}
    if answer.message:
        facts["grpc_message"] = answer.message
    if answer.serving is not None:
        facts["serving"] = answer.serving
    return facts
