"""The check type `http`: what it asks for, what it expects, and how it looks."""

from typing import TYPE_CHECKING

from monitor.checktype import CheckType, MeasurementInfo, ProbeContext
from monitor.domain.blackbox import (
    ADDRESS,
    CERTIFICATE,
    FAILED_DUE_TO_CEL,
    FAILED_DUE_TO_REGEX,
    HTTP,
)
from monitor.domain.observation import Outcome
from monitor.probes.http.request import oauth2_of, request_of, secrets_of
from monitor.probes.http.spec import HttpSpec

if TYPE_CHECKING:
    from monitor.net.resolver import Family

__all__ = ["CHECK_TYPE", "HttpSpec", "probe", "request_of"]


async def probe(spec: HttpSpec, context: ProbeContext) -> Outcome:
    """Fetch over one family or both, from one address or all."""
    from monitor.net.families import over_families

    token = await _token(spec, context)
    return await over_families(spec.ip, lambda family: _attempt(spec, context, family, token))


async def _token(spec: HttpSpec, context: ProbeContext) -> str | None:
    client = oauth2_of(spec)
    if client is None:
        return None
    return await context.network.tokens.get(context.network, client, context.deadline)


async def _attempt(
    spec: HttpSpec, context: ProbeContext, family: "Family", token: str | None
) -> Outcome:
    from monitor.conditions.httpattempt import attempt

    attempted = await attempt(
        context.network,
        request_of(spec, family, token),
        spec.expect.conditions,
        deadline=context.deadline,
        now=context.now,
        secrets=secrets_of(spec, token),
    )
    return attempted.outcome


CHECK_TYPE = CheckType(
    spec=HttpSpec,
    probe=probe,
    measurements=tuple(
        MeasurementInfo(*shared)
        for shared in (*ADDRESS, *HTTP, *CERTIFICATE, FAILED_DUE_TO_REGEX, FAILED_DUE_TO_CEL)
    ),
)
