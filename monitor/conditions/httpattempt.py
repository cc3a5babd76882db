"""One fetch, judged: the part that scheduled checks and /probe share."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from monitor.conditions.http import Answer, Broken, Condition, HttpConditions, first_broken
from monitor.domain.observation import Failure, FailureKind, Outcome, Series
from monitor.domain.secrecy import hidden
from monitor.domain.text import veiled
from monitor.net.errors import NetError
from monitor.net.fetch import Reply, Request
from monitor.net.httpreport import (
    FAILED_DUE_TO_CEL,
    FAILED_DUE_TO_REGEX,
    LAST_MODIFIED,
    fetch_numbers,
    reply_facts,
    reply_numbers,
)
from monitor.net.network import Network
from monitor.net.policy import AddressClass
from monitor.net.report import days_left, facts, failed, judged, measurements
from monitor.net.secrecy import secrets_of
from monitor.net.trace import Trace

_TELLING = {"final_url"}  # facts in which a target may repeat what it was told


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """An outcome and where it comes from. `reply` is None when no response came, `broken` when
    none did or every condition holds.
    """

    outcome: Outcome
    reply: Reply | None = None
    broken: Broken | None = None


async def attempt(
    network: Network,
    request: Request,
    conditions: HttpConditions,
    *,
    deadline: float,
    now: datetime,
    trace: Trace | None = None,
    pinned: AddressClass | None = None,
    marked: Iterable[str] = (),
) -> Attempt:
    """Fetch and judge. `deadline` is a reading of `time.monotonic`, `now` the wall clock.

    `trace`, if given, is written on the way. `pinned` is as in `Network.fetch`. What is told is
    told without the secrets of the request, which error pages like to repeat: `marked`, and what
    `monitor.net.secrecy` finds in it.
    """
    trace = Trace() if trace is None else trace
    try:
        reply = await network.fetch(request, deadline=deadline, trace=trace, pinned=pinned)
    except NetError as error:
        seen = facts(trace, insecure=request.tls.insecure)
        outcome = _without_reply(error, conditions, trace, secrets_of(request, marked))
        return Attempt(outcome=replace(outcome, facts=seen))
    measured = measurements(trace) | fetch_numbers(trace) | reply_numbers(reply)
    modified = measured.get(LAST_MODIFIED)
    broken = first_broken(conditions, _answer(reply, trace, now.timestamp(), modified))
    measured |= rule_numbers(conditions, broken)
    seen = reply_facts(reply) | facts(trace, insecure=request.tls.insecure)
    if modified is not None:
        seen["last_modified"] = modified
    failure = None if broken is None else broken.failure
    if failure is not None or reply.redirects:
        secrets = secrets_of(request, marked)
        failure = failure and _told(failure, secrets)
        seen |= {key: veiled(seen[key], secrets) for key in _TELLING & seen.keys()}
    degraded = failure is not None and failure.kind is FailureKind.EXPIRES_SOON
    outcome = judged(failure, measured, seen, degraded=degraded)
    return Attempt(outcome=outcome, reply=reply, broken=broken)


def unsent(error: NetError, conditions: HttpConditions, marked: Iterable[str] = ()) -> Outcome:
    """Return the outcome of a request that could not even be made: nothing is measured of it."""
    return _without_reply(error, conditions, Trace(), hidden(marked))


def _without_reply(
    error: NetError, conditions: HttpConditions, trace: Trace, secrets: Iterable[str]
) -> Outcome:
    measured = measurements(trace) | fetch_numbers(trace) | rule_numbers(conditions, None)
    return replace(failed(error, measured, {}), failure=_told(error.failure, secrets))


def _answer(reply: Reply, trace: Trace, now: float, modified: float | None) -> Answer:
    """Return what conditions look at; times are in Unix seconds."""
    response = reply.response
    return Answer(
        status=response.status,
        headers=response.headers,
        body=response.body,
        failure=None if response.failure is None else response.failure.failure,
        seconds=trace.seconds,
        days_left=days_left(trace, now),
        age_seconds=None if modified is None else now - modified,
        version=response.version,
        tls=reply.target.origin.scheme == "https",
    )


def rule_numbers(conditions: HttpConditions, broken: Broken | None) -> dict[Series, float]:
    """Return whether it was a regular expression or CEL that failed, as blackbox_exporter has it:
    they have as well when the body that they should look at did not come whole.
    """
    at = None if broken is None else broken.condition
    no_body = at is Condition.WHOLE_BODY
    by_rule = at in {Condition.HEADERS, Condition.BODY} or (no_body and bool(conditions.body))
    found = {FAILED_DUE_TO_REGEX: float(by_rule)}
    if conditions.has_cel:
        by_cel = at is Condition.CEL or (no_body and not conditions.body)
        found[FAILED_DUE_TO_CEL] = float(by_cel)
    return found


def _told(failure: Failure, secrets: Iterable[str]) -> Failure:
    return Failure(failure.kind, veiled(failure.detail, secrets))
