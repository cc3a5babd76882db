"""One visit to a mail server, judged: what checks of SMTP, IMAP and POP3 have in common."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from monitor.conditions.certificate import CertificateConditions
from monitor.conditions.mail import MailConditions, judge, wrong_banner
from monitor.conditions.securely import certificate_finding
from monitor.conditions.veiling import without
from monitor.domain.blackbox import FAILED_DUE_TO_REGEX
from monitor.domain.observation import Outcome, Series, series
from monitor.fields.mailkeys import MailKeys
from monitor.net.errors import NetError
from monitor.net.families import over_families
from monitor.net.mail import (
    Heard,
    Login,
    MailSession,
    go_over,
    introduce,
    take_leave,
)
from monitor.net.network import Network
from monitor.net.reader import Reader
from monitor.net.report import facts, failed, judged, measurements
from monitor.net.resolver import Family
from monitor.net.tls import TlsSettings
from monitor.net.trace import Trace
from monitor.net.visit import Security, Visit, connected

_BY_REGEX = series(FAILED_DUE_TO_REGEX[0])

Session = TypeVar("Session", bound=MailSession)
Errand = Callable[[Session, Heard], Awaitable[None]]
"""Something to do on a visit; it raises NetError when it does not succeed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan(Generic[Session]):
    """A visit, the words to speak, and what to do before TLS and behind it.

    `secrets` never come back in an outcome, whatever the server repeats.
    """

    visit: Visit
    conditions: MailConditions
    speak: Callable[[Reader], Session]
    before: Errand[Session] | None = None
    within: Errand[Session] | None = None
    secrets: tuple[str, ...] = ()


def visit_of(keys: MailKeys) -> Visit:
    """Return the visit that a check's keys ask for."""
    security = Security(keys.security)
    settings = TlsSettings(
        ca_file=keys.ca_file,
        min_tls=keys.min_tls,
        insecure=keys.insecure,
        server_name=keys.server_name,
    )
    return Visit(
        protocol=keys.protocol,
        host=keys.host,
        port=keys.dialled_port,
        security=security,
        tls=None if security is Security.NONE else settings,
    )


def conditions_of(keys: MailKeys) -> MailConditions:
    """Return the conditions that a check's keys hold."""
    expect = keys.expect
    longest = expect.max_duration
    return MailConditions(
        protocol=keys.protocol,
        banner_matches=expect.banner_matches,
        offers=expect.offers,
        no_clear_login=expect.no_clear_login,
        max_seconds=None if longest is None else longest.total_seconds(),
        certificate=CertificateConditions(min_days=keys.min_days, critical_days=keys.critical_days),
    )


def login_of(keys: MailKeys) -> Login | None:
    """Return who logs in, with the password as it is now."""
    if keys.login is None:
        return None
    return Login(username=keys.login.username, password=keys.login.password.reveal())


async def log_in(session: MailSession, heard: Heard, login: Login | None) -> None:
    """Log in, if somebody does."""
    if login is not None:
        await session.log_in(login, heard.offers or ())
        heard.logged_in = True


def reading(keys: MailKeys, speak: Callable[[Reader], Session]) -> Plan[Session]:
    """Return the plan of who would read mail: nothing but a login, if there is one."""
    login = login_of(keys)
    return Plan(
        visit=visit_of(keys),
        conditions=conditions_of(keys),
        speak=speak,
        within=lambda session, heard: log_in(session, heard, login),
        secrets=() if login is None else login.secrets,
    )


async def visit(
    network: Network, plan: Plan[Session], ip: str, *, deadline: float, now: datetime
) -> Outcome:
    """Make the visit over the families that `ip` asks for, and judge it.

    `deadline` is a reading of `time.monotonic`, `now` the wall clock.
    """
    return await over_families(
        ip, lambda family: attempt(network, plan, deadline=deadline, now=now, family=family)
    )


async def attempt(
    network: Network, plan: Plan[Session], *, deadline: float, now: datetime, family: Family
) -> Outcome:
    """Make the visit over one family and judge it."""
    trace, heard = Trace(), Heard()
    error = None
    try:
        await _made(network, plan, heard, deadline=deadline, trace=trace, family=family)
    except NetError as raised:
        error = raised
    outcome = _outcome(plan, heard, trace, error, now.timestamp())
    return without(outcome, plan.secrets)


async def _made(
    network: Network,
    plan: Plan[Session],
    heard: Heard,
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
            session = plan.speak(Reader(stream, visit.protocol))
            await introduce(session, heard, visit.security)
            if plan.before is not None:
                await plan.before(session, heard)
            await go_over(session, heard, network, visit)
            if plan.within is not None:
                await plan.within(session, heard)
            await take_leave(session)
    finally:
        trace.leave()


def _outcome(
    plan: Plan[Session],
    heard: Heard,
    trace: Trace,
    error: NetError | None,
    now: float,
) -> Outcome:
    conditions = plan.conditions
    insecure = plan.visit.tls is not None and plan.visit.tls.insecure
    seen = facts(trace, insecure=insecure) | _shown(plan.visit, heard)
    measured: dict[Series, float] = measurements(trace)
    measured[_BY_REGEX] = float(wrong_banner(conditions, heard) is not None)
    if error is not None:
        return failed(error, measured, seen)
    failure = judge(conditions, heard, trace.seconds)
    if failure is not None:
        return judged(failure, measured, seen)
    finding = certificate_finding(conditions.certificate, plan.visit.tls, trace, now)
    if finding is None:
        return judged(None, measured, seen)
    return judged(finding.failure, measured, seen, degraded=finding.degrades)


def _shown(visit: Visit, heard: Heard) -> dict[str, Any]:
    """Return as facts what was heard."""
    found: dict[str, Any] = {}
    if heard.banner:
        found["banner"] = heard.banner
    if heard.in_the_clear is not None and visit.security is not Security.NONE:
        found["offers_in_the_clear"] = list(heard.in_the_clear)
    if heard.offers is not None and (heard.offers != heard.in_the_clear or not found):
        found["offers"] = list(heard.offers)
    if heard.replies:
        found["replies"] = dict(heard.replies)
    if heard.logged_in:
        found["login"] = "accepted"
    return found
