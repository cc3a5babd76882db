"""The check type `journey`: several requests, what each must be answered, and how it looks."""

from functools import partial

from monitor.checktype import CheckType, MeasurementInfo, ProbeContext
from monitor.domain.blackbox import CERTIFICATE
from monitor.domain.observation import Outcome
from monitor.probes.journey.spec import JourneySpec

__all__ = ["CHECK_TYPE", "JourneySpec", "probe"]


async def probe(spec: JourneySpec, context: ProbeContext) -> Outcome:
    """Walk over one family, or over both at once."""
    from monitor.net.families import over_families
    from monitor.probes.journey.walk import walk

    return await over_families(spec.ip, partial(walk, spec, context))


CHECK_TYPE = CheckType(
    spec=JourneySpec,
    probe=probe,
    measurements=(
        MeasurementInfo(
            "pantau_journey_step_success",
            "1 if a step passed, 0 if it failed; absent for one that was skipped.",
            ("step",),
        ),
        MeasurementInfo(
            "pantau_journey_step_status_code",
            "HTTP status of a step's last response, 0 without one.",
            ("step",),
        ),
        MeasurementInfo(
            "pantau_journey_step_duration_seconds",
            "Seconds of a step by phase, summed over its redirects.",
            ("phase", "step"),
        ),
        MeasurementInfo(*CERTIFICATE[0]),
    ),
)
