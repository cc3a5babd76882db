"""How long a visit may take."""

from monitor.domain.observation import Failure, FailureKind


def too_slow(longest: float | None, seconds: float) -> Failure | None:
    """Return the failure of what took `seconds` and more than `longest`; None sets no bound."""
    if longest is None or seconds <= longest:
        return None
    return Failure(FailureKind.SLOW, f"took {seconds:.3f} s, expected at most {longest:g} s")
