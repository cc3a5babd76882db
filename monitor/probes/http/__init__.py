"""The check type `http`: what it asks for, what it expects, and how it looks."""

from collections.abc import Awaitable
from dataclasses import replace
from functools import partial
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
from monitor.probes.http.credentials import OAuth2Client
from monitor.probes.http.request import marked, oauth2_of, request_of
from monitor.probes.http.spec import HttpSpec

if TYPE_CHECKING:
    from monitor.net.fetch import Request
    from monitor.net.resolver import Family

__all__ = ["CHECK_TYPE", "HttpSpec", "probe", "request_of"]


async def probe(spec: HttpSpec, context: ProbeContext) -> Outcome:
    """Fetch over one family or both, from one address or all."""
    from monitor.net.errors import NetError
    from monitor.net.families import over_families

    try:
        if spec.oauth2 is not None:
            return await _probe_with_token(spec, context, spec.oauth2)
        return await over_families(spec.ip, partial(_over_family, spec, context, None))
    except NetError as error:
        from monitor.conditions.httpattempt import unsent

        return unsent(error, spec.expect.conditions, marked(spec))


async def _probe_with_token(spec: HttpSpec, context: ProbeContext, oauth2: OAuth2Client) -> Outcome:
    from monitor.net.families import over_families

    client, tokens = oauth2_of(oauth2), context.network.tokens
    token = await tokens.get(context.network, client, context.deadline)
    found = await over_families(spec.ip, partial(_over_family, spec, context, token))
    if found.facts.get("status") == 401:
        tokens.forget(client, token)  # revoked before its time: the next check asks for another one
    return found


def _over_family(
    spec: HttpSpec, context: ProbeContext, token: str | None, family: "Family"
) -> Awaitable[Outcome]:
    request = request_of(spec, family, token)
    if spec.addresses == "one":
        return _attempt(spec, context, token, request)
    from monitor.net.families import over_addresses

    return over_addresses(
        context.network,
        request.target.origin.host,
        family,
        context.deadline,
        lambda address: _attempt(spec, context, token, replace(request, resolve_to=address)),
    )


async def _attempt(
    spec: HttpSpec, context: ProbeContext, token: str | None, request: "Request"
) -> Outcome:
    from monitor.conditions.httpattempt import attempt

    attempted = await attempt(
        context.network,
        request,
        spec.expect.conditions,
        deadline=context.deadline,
        now=context.now,
        marked=marked(spec, token),
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
