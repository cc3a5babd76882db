"""Runs one probe, and turns whatever happens into an Observation."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Protocol

import structlog

from monitor.checktype import CheckSpec, CheckType, ProbeContext
from monitor.domain.check import Check
from monitor.domain.instant import instant
from monitor.domain.observation import (
    Failure,
    FailureKind,
    Observation,
    Outcome,
    OutcomeStatus,
    UnknownCause,
)
from monitor.engine.timetable import Due
from monitor.net.errors import NetError
from monitor.net.network import Network
from monitor.ports import Clock

log = structlog.get_logger()

# Probes keep their deadline by themselves. This is for those that don't.
_GRACE_SECONDS = 0.25
# Checks start up to 50 ms off their slots: a probe that hangs until its next slot would miss it.
_LEFT_BEFORE_NEXT_SLOT = timedelta(milliseconds=200)

_LARGEST_MEMORY = 16_384  # bytes of JSON that a check may remember
_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Bound(Protocol):
    """A check with its type and its type's own fields."""

    @property
    def check(self) -> Check: ...
    @property
    def kind(self) -> CheckType[Any]: ...
    @property
    def spec(self) -> CheckSpec: ...


async def observe(
    bound: Bound,
    due: Due,
    clock: Clock,
    network: Network,
    vantage: str,
    *,
    remembered: Mapping[str, Any] = _NOTHING,
) -> Observation:
    """Run the probe once, for as long as it may take. Only cancellation escapes.

    `remembered` is what an earlier probe of the check wanted to know.
    """
    epoch, started_at, began = clock.epoch, clock.now(), clock.monotonic()
    context = ProbeContext(
        network=network,
        deadline=began + time_allowed(bound.check).total_seconds(),
        monotonic=clock.monotonic,
        now=started_at,
        remembered=remembered,
    )
    outcome = _bounded(await _outcome(bound, context), bound.check)
    duration = timedelta(seconds=clock.monotonic() - began)
    return Observation(
        check_id=bound.check.id,
        vantage=vantage,
        epoch=epoch,
        scheduled_at=instant(due.at),
        attempt=due.attempt,
        started_at=started_at,
        duration=duration,
        outcome=judge_duration(outcome, bound.check, duration),
    )


def time_allowed(check: Check) -> timedelta:
    """Return how long a probe may take: its timeout, but never until the check's next slot."""
    left = min(_LEFT_BEFORE_NEXT_SLOT, check.interval / 4)
    return min(check.timeout, check.interval - left)


async def _outcome(bound: Bound, context: ProbeContext) -> Outcome:
    try:
        async with asyncio.timeout_at(_loop_time(context) + _GRACE_SECONDS):
            return await bound.kind.probe(bound.spec, context)
    except Exception as error:
        outcome = classify(error, time_allowed(bound.check))
        if outcome.cause is UnknownCause.INTERNAL:
            log.exception("probe.crashed", check_id=bound.check.id, check_type=bound.check.type)
        return outcome


def _bounded(outcome: Outcome, check: Check) -> Outcome:
    """Return `outcome` without its memory if that is too large, or no JSON: our own bug."""
    if outcome.remember is None:
        return outcome
    try:
        size = len(json.dumps(outcome.remember))
    except (TypeError, ValueError):
        size = None
    if size is not None and size <= _LARGEST_MEMORY:
        return outcome
    log.error("probe.remembers_too_much", check_id=check.id, check_type=check.type, bytes=size)
    return replace(outcome, remember=None)


def _loop_time(context: ProbeContext) -> float:
    """Return the deadline as the event loop tells time."""
    return asyncio.get_running_loop().time() + context.deadline - context.monotonic()


def classify(error: Exception, timeout: timedelta) -> Outcome:
    """Say what an exception of a probe means. What nobody foresaw is our bug: INTERNAL."""
    if isinstance(error, NetError):
        status = OutcomeStatus.FAILED if error.cause is None else OutcomeStatus.UNKNOWN
        return Outcome(
            status=status, failure=error.failure, cause=error.cause, answered=error.answered
        )
    if isinstance(error, TimeoutError):
        detail = f"no result within {timeout.total_seconds():g} s"
        return Outcome(status=OutcomeStatus.FAILED, failure=Failure(FailureKind.TIMEOUT, detail))
    return Outcome(
        status=OutcomeStatus.UNKNOWN,
        failure=Failure(FailureKind.INTERNAL, type(error).__name__),
        cause=UnknownCause.INTERNAL,
    )


def judge_duration(outcome: Outcome, check: Check, duration: timedelta) -> Outcome:
    """Return `outcome`, degraded if it was fine but took longer than `degraded_over`."""
    limit = check.degraded_over
    if limit is None or outcome.status is not OutcomeStatus.OK or duration <= limit:
        return outcome
    detail = f"took {duration.total_seconds():.3f} s, over {limit.total_seconds():g} s"
    failure = Failure(FailureKind.SLOW, detail)
    return replace(outcome, status=OutcomeStatus.DEGRADED, failure=failure)
