"""The check type `domain`: asks the registry once a day, and judges what is known each time."""

from typing import TYPE_CHECKING

from monitor.checktype import CheckType, MeasurementInfo, ProbeContext
from monitor.domain.observation import Outcome
from monitor.probes.domain.spec import DomainSpec

if TYPE_CHECKING:
    from monitor.net.errors import NetError
    from monitor.net.rdap import Answer
    from monitor.probes.domain.memory import Known

__all__ = ["CHECK_TYPE", "DomainSpec", "probe"]


async def probe(spec: DomainSpec, context: ProbeContext) -> Outcome:
    """Ask the registry if it is time to, and judge what is known."""
    from monitor.net.errors import NetError
    from monitor.probes.domain.memory import from_json, informed, is_due, unheard

    now, refresh = context.now.timestamp(), spec.refresh.total_seconds()
    if spec.server is None:
        return _outcome(spec, None, now)
    about = f"{spec.domain} {spec.server}"
    known = from_json(context.remembered, about)
    if not is_due(known, now, refresh):
        return _outcome(spec, known, now)
    try:
        answer = await _ask(spec, context)
    except NetError as error:
        why = f"the registry could not be asked: {error.failure.detail}"
        known = unheard(known, why, about, now, refresh)
        return _outcome(spec, known, now, error=error, answered=error.answered)
    known = informed(known, answer, about, now, refresh)
    return _outcome(spec, known, now, answered=True, asked=True)


async def _ask(spec: DomainSpec, context: ProbeContext) -> "Answer":
    from monitor.net.rdap import question, read
    from monitor.net.resolver import Family
    from monitor.net.trace import Trace

    assert spec.server is not None, "there is somebody to ask"  # noqa: S101
    request = question(
        spec.server,
        spec.domain,
        tls=spec.tls_settings,
        family=Family(spec.ip),
        proxy=spec.through,
    )
    reply = await context.network.fetch(request, deadline=context.deadline, trace=Trace())
    return read(reply.response, spec.domain, context.now)


def _outcome(
    spec: DomainSpec,
    known: "Known | None",
    now: float,
    *,
    asked: bool = False,
    answered: bool = False,
    error: "NetError | None" = None,
) -> Outcome:
    """Return what is known as an outcome, to be remembered if it is new."""
    from monitor.probes.domain.judge import judge
    from monitor.probes.domain.memory import to_json
    from monitor.probes.domain.report import facts, measurements

    finding = judge(spec.conditions, known, now)
    cause = finding.cause
    if cause is not None and error is not None and error.cause is not None:
        cause = error.cause  # it is this machine that could not ask
    is_new = known is not None and (asked or error is not None)
    return Outcome(
        status=finding.status,
        failure=finding.failure,
        cause=cause,
        measurements=measurements(spec, known),
        facts=facts(spec, known, now),
        answered=answered,
        remember=to_json(known) if known is not None and is_new else None,
    )


CHECK_TYPE = CheckType(
    spec=DomainSpec,
    probe=probe,
    measurements=(
        MeasurementInfo(
            "pantau_domain_expiry_timestamp_seconds",
            "When the registration expires, as Unix time; `expires_on` where the registry does "
            "not say.",
        ),
        MeasurementInfo(
            "pantau_domain_registered_timestamp_seconds",
            "When the domain was registered, as Unix time.",
        ),
        MeasurementInfo(
            "pantau_domain_changed_timestamp_seconds",
            "When the registration was last changed, as Unix time.",
        ),
        MeasurementInfo(
            "pantau_domain_held",
            "1 if a status takes the domain out of the DNS or is about to, else 0.",
        ),
        MeasurementInfo(
            "pantau_domain_last_answer_timestamp_seconds",
            "When the registry last told something, as Unix time.",
        ),
    ),
)
