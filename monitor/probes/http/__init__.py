"""The check type `http`: what it asks for, what it expects, and how it looks."""

from dataclasses import replace
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
    from monitor.net.fetch import Request
    from monitor.net.resolver import Family

__all__ = ["CHECK_TYPE", "HttpSpec", "probe", "request_of"]


async def probe(spec: HttpSpec, context: ProbeContext) -> Outcome:
    """Fetch over one family or both, from one address or all."""
    from monitor.net.errors import NetError

    try:
        return await _probe(spec, context)
    except NetError as error:
        from monitor.conditions.httpattempt import unsent

        return unsent(error, spec.expect.conditions, secrets_of(spec))


async def _probe(spec: HttpSpec, context: ProbeContext) -> Outcome:
    from monitor.net.families import over_families

    client = oauth2_of(spec)
    if client is None:
        return await over_families(spec.ip, lambda family: _over_family(spec, context, family))
    tokens = context.network.tokens
    token = await tokens.get(context.network, client, context.deadline)
    found = await over_families(spec.ip, lambda family: _over_family(spec, context, family, token))
    if found.facts.get("status") == 401:
        tokens.forget(client)  # revoked before its time: the next check asks for another one
    return found


async def _over_family(
    spec: HttpSpec, context: ProbeContext, family: "Family", token: str | None = None
) -> Outcome:
    request = request_of(spec, family, token)
    if spec.addresses == "one":
        return await _attempt(spec, context, request, token)
    from monitor.net.families import over_addresses

    return await over_addresses(
        context.network,
        request.target.origin.host,
        family,
        context.deadline,
        lambda address: _attempt(spec, context, replace(request, resolve_to=address), token),
    )


async def _attempt(
    spec: HttpSpec, context: ProbeContext, request: "Request", token: str | None
) -> Outcome:
    from monitor.conditions.httpattempt import attempt

    attempted = await attempt(
        context.network,
        request,
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
