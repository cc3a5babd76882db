"""The check type `tcp`: what it says, what it expects, and how it talks."""

from monitor.checktype import CheckType, MeasurementInfo, ProbeContext
from monitor.domain.blackbox import (
    ADDRESS,
    CERTIFICATE,
    FAILED_DUE_TO_BYTES,
    FAILED_DUE_TO_REGEX,
)
from monitor.domain.observation import Outcome
from monitor.probes.tcp.spec import TcpSpec


async def probe(spec: TcpSpec, context: ProbeContext) -> Outcome:
    """Connect and talk, over one family or both."""
    from monitor.net.families import over_families
    from monitor.probes.tcp.attempt import attempt

    return await over_families(spec.ip, lambda family: attempt(spec, context, family))


CHECK_TYPE = CheckType(
    spec=TcpSpec,
    probe=probe,
    measurements=tuple(
        MeasurementInfo(*shared)
        for shared in (*ADDRESS, *CERTIFICATE, FAILED_DUE_TO_REGEX, FAILED_DUE_TO_BYTES)
    ),
)
