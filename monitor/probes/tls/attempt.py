"""How a check of type tls is made: one handshake or several, and what was asked for beside it."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from monitor.checktype import ProbeContext
from monitor.domain.observation import Failure, Outcome, OutcomeStatus
from monitor.probes.tls.spec import TlsSpec

if TYPE_CHECKING:
    from monitor.conditions.certificate import Presented
    from monitor.net.certificates import Certificate
    from monitor.net.resolver import Family
    from monitor.net.trace import Trace


@dataclass(slots=True)
class Seen:
    """What the attempts of one check found: certificates by address, answers of authorities."""

    certificates: "dict[str, Certificate]" = field(default_factory=dict)
    revocation: dict[str, Any] = field(default_factory=dict)


async def probe(spec: TlsSpec, context: ProbeContext) -> Outcome:
    """Make a handshake over one family or both, or at every address."""
    from monitor.net.families import over_ways

    seen = Seen()
    outcome = await over_ways(
        context.network,
        spec.host,
        ip=spec.ip,
        addresses=spec.addresses,
        deadline=context.deadline,
        attempt=lambda family, address: _attempt(spec, context, seen, family, address),
    )
    outcome = telling_apart(outcome, seen)
    return remembering(spec, outcome, seen, context.remembered, context.now.timestamp())


async def _attempt(
    spec: TlsSpec, context: ProbeContext, seen: Seen, family: "Family", address: str | None
) -> Outcome:
    from monitor.conditions.certificate import judge
    from monitor.net.errors import NetError
    from monitor.net.report import facts, failed, judged, measurements
    from monitor.net.trace import Trace

    trace = Trace()
    try:
        await _shake_hands(spec, context, trace, family, address)
    except NetError as error:
        trace.leave()
        return failed(error, measurements(trace), _shown(facts(trace), trace))
    presented = await _presented(spec, context, seen, trace)
    finding = judge(spec.conditions, presented)
    return judged(
        None if finding is None else finding.failure,
        measurements(trace),
        _shown(facts(trace), trace, presented),
        degraded=finding is not None and finding.degrades,
    )


async def _shake_hands(
    spec: TlsSpec,
    context: ProbeContext,
    trace: "Trace",
    family: "Family",
    address: str | None,
) -> None:
    from monitor.net.starttls import farewell

    stream = await context.network.connect(
        spec.host,
        spec.dialled_port,
        deadline=context.deadline,
        trace=trace,
        family=family,
        tls=spec.tls_settings,
        resolve_to=address,
        starttls=spec.protocol,
    )
    try:
        trace.leave()  # what is measured ends with the handshake
        if spec.protocol is not None:
            await farewell(stream, spec.protocol)
    finally:
        stream.finish()
        trace.leave()


async def _presented(
    spec: TlsSpec, context: ProbeContext, seen: Seen, trace: "Trace"
) -> "Presented":
    """Return what the handshake showed, and what was asked for beside it."""
    from monitor.conditions.securely import presented
    from monitor.probes.tls.inquiries import Inquiries

    tls = trace.tls
    assert tls is not None, "a handshake that ended well has its facts"  # noqa: S101
    leaf = tls.chain.leaf
    shown = presented(tls, trace, context.now.timestamp())
    if leaf is None:
        return shown
    if trace.address is not None:
        seen.certificates[trace.address] = leaf
    if not (spec.expect.minimum or spec.expect.strong_ciphers or spec.ocsp or spec.caa):
        return shown
    inquiries = Inquiries(spec, context, trace, leaf, tls)
    offers, status, agreement = await asyncio.gather(
        inquiries.offers(), inquiries.revocation(seen.revocation), inquiries.agreement()
    )
    return replace(shown, offers=offers, ocsp=status, agreement=agreement)


def _shown(
    found: dict[str, Any], trace: "Trace", presented: "Presented | None" = None
) -> dict[str, Any]:
    """Return the facts with what only this type looks at."""
    if trace.banner:
        found["banner"] = trace.banner
    if presented is None:
        return found
    offers, status = presented.offers, presented.ocsp
    if offers is not None:
        accepted = [*offers.versions, *offers.ciphers]
        found["also_accepts"] = accepted or "nothing older or weaker"
        if offers.unknown:
            found["not_learned"] = list(offers.unknown)
    if status is not None:
        found["ocsp"] = {
            "status": status.standing.value,
            "detail": status.detail or None,
            "since": status.since,
            "until": status.until,
            "revoked_at": status.revoked_at,
        }
    if presented.agreement is not None:
        found["caa"] = presented.agreement.text()
    return found


def telling_apart(outcome: Outcome, seen: Seen) -> Outcome:
    """Return the outcome with the certificate of each address, where they differ."""
    found = seen.certificates
    if len({one.fingerprint for one in found.values()}) < 2:
        return outcome
    listed = [
        {"address": address, "fingerprint": one.fingerprint, "not_after": one.not_after}
        for address, one in found.items()
    ]
    return replace(outcome, facts={**outcome.facts, "certificates": listed})


def remembering(
    spec: TlsSpec, outcome: Outcome, seen: Seen, memory: Mapping[str, Any], now: float
) -> Outcome:
    """Return the outcome with what the next check must know; a change may degrade it."""
    from monitor.conditions.certificatechange import changed

    kept: dict[str, Any] = {}
    told: Failure | None = None
    if seen.revocation:
        kept["ocsp"] = seen.revocation
    if spec.on_change == "degraded":
        told, kept["certificates"] = changed(
            memory.get("certificates") or {},
            tuple(seen.certificates.values()),
            now,
            spec.change_window.total_seconds(),
            spec.expect.issuer,
        )
    if not kept and not memory:
        return outcome
    if told is not None and outcome.status is OutcomeStatus.OK:
        outcome = replace(outcome, status=OutcomeStatus.DEGRADED, failure=told)
    return replace(outcome, remember=kept)
