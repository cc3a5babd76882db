"""One visit to a database or a directory, judged: what checks of all of them have in common."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from monitor.conditions.certificate import CertificateConditions, Finding
from monitor.conditions.securely import certificate_finding, settings_of
from monitor.conditions.veiling import without
from monitor.domain.observation import Outcome, Series
from monitor.fields.databasekeys import DatabaseKeys
from monitor.net.errors import NetError
from monitor.net.families import over_families
from monitor.net.network import Network
from monitor.net.reader import LARGEST_DIALOGUE, Reader
from monitor.net.report import facts, failed, judged, measurements
from monitor.net.resolver import Family
from monitor.net.trace import Trace
from monitor.net.visit import Security, Visit, connected, shake_hands

HeardT = TypeVar("HeardT")

Secure = Callable[[], Awaitable[None]]
"""Makes the handshake of Security.STARTTLS, once the server agreed to it; raises NetError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan(Generic[HeardT]):
    """A visit, what is said on it, and what is made of the answers.

    `converse` writes into what `listen` made whatever it hears as it comes, so that it is shown
    also when a later step raises NetError. `judge` gets it with the seconds that everything took.
    `largest` bounds what the server may say, in bytes. `secrets` never come back in an outcome,
    whatever the server repeats.
    """

    visit: Visit
    certificate: CertificateConditions
    listen: Callable[[], HeardT]
    converse: Callable[[Reader, HeardT, Secure], Awaitable[None]]
    judge: Callable[[HeardT, float], Finding | None]
    shown: Callable[[HeardT], dict[str, Any]]
    measured: Callable[[HeardT], dict[Series, float]]
    largest: int = LARGEST_DIALOGUE
    secrets: tuple[str, ...] = ()


def visit_of(keys: DatabaseKeys, *alpn: str) -> Visit:
    """Return the visit that a check's keys ask for; `alpn` is what to offer in a handshake."""
    return Visit(
        protocol=keys.protocol,
        host=keys.host,
        port=keys.dialled_port,
        security=Security(keys.security),
        tls=settings_of(keys, *alpn) if keys.secure else None,
    )


def certificate_of(keys: DatabaseKeys) -> CertificateConditions:
    """Return for how long a check wants the certificate to be good."""
    return CertificateConditions(min_days=keys.min_days, critical_days=keys.critical_days)


async def visit(
    network: Network, plan: Plan[HeardT], ip: str, *, deadline: float, now: datetime
) -> Outcome:
    """Make the visit over the families that `ip` asks for, and judge it.

    `deadline` is a reading of `time.monotonic`, `now` the wall clock.
    """
    return await over_families(
        ip, lambda family: attempt(network, plan, deadline=deadline, now=now, family=family)
    )


async def attempt(
    network: Network, plan: Plan[HeardT], *, deadline: float, now: datetime, family: Family
) -> Outcome:
    """Make the visit over one family and judge it."""
    trace, heard = Trace(), plan.listen()
    error = None
    try:
        await _made(network, plan, heard, deadline=deadline, trace=trace, family=family)
    except NetError as raised:
        error = raised
    return without(_outcome(plan, heard, trace, error, now.timestamp()), plan.secrets)


async def _made(
    network: Network,
    plan: Plan[HeardT],
    heard: HeardT,
    *,
    deadline: float,
    trace: Trace,
    family: Family,
) -> None:
    visit = plan.visit
    try:
        async with connected(
            network, visit, deadline=deadline, trace=trace, family=family
        ) as stream:
            reader = Reader(stream, visit.protocol, largest=plan.largest)
            await plan.converse(reader, heard, lambda: shake_hands(reader, network, visit))
    finally:
        trace.leave()


def _outcome(
    plan: Plan[HeardT], heard: HeardT, trace: Trace, error: NetError | None, now: float
) -> Outcome:
    settings = plan.visit.tls
    seen = facts(trace, insecure=settings is not None and settings.insecure) | plan.shown(heard)
    measured = measurements(trace) | plan.measured(heard)
    if error is not None:
        return failed(error, measured, seen)
    finding = gravest(
        (
            plan.judge(heard, trace.seconds),
            certificate_finding(plan.certificate, settings, trace, now),
        )
    )
    if finding is None:
        return judged(None, measured, seen)
    return judged(finding.failure, measured, seen, degraded=finding.degrades)


def gravest(findings: Iterable[Finding | None]) -> Finding | None:
    """Return the first that fails the check, or else the first that degrades it."""
    found = [finding for finding in findings if finding is not None]
    return min(found, key=lambda finding: finding.degrades, default=None)
