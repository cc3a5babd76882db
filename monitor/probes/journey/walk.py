"""Taking the steps of a journey, one after the other."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from monitor.checktype import ProbeContext
from monitor.domain.observation import Failure, FailureKind, Outcome, OutcomeStatus
from monitor.net.report import judged
from monitor.probes.journey.carried import Carried
from monitor.probes.journey.extraction import extracted
from monitor.probes.journey.keys import Step
from monitor.probes.journey.report import Taken, seconds_of, together
from monitor.probes.journey.request import request_of
from monitor.probes.journey.spec import JourneySpec

if TYPE_CHECKING:
    from monitor.conditions.httpattempt import Attempt
    from monitor.net.resolver import Family


async def walk(spec: JourneySpec, context: ProbeContext, family: "Family") -> Outcome:
    """Take the steps over one address family, and return what they come to."""
    carried = Carried(secrets={name: one.reveal() for name, one in spec.secrets.items()})
    taken: list[Taken] = []
    for number, step in enumerate(spec.steps, 1):
        reason = _reason_to_skip(step, taken, carried)
        if reason:
            taken.append(Taken(name=step.name, number=number, skipped=reason))
            continue
        now = context.monotonic()
        until = deadline_of(spec.steps, number - 1, now=now, whole=context.deadline)
        outcome = await _take(spec, step, replace(context, deadline=until), carried, family)
        taken.append(Taken(name=step.name, number=number, outcome=_timed(outcome, step)))
    # Last of all: a step may have shown what only a later one was told to be a secret.
    return together([_told(one, carried) for one in taken])


def _reason_to_skip(step: Step, taken: Sequence[Taken], carried: Carried) -> str:
    failed = next((one for one in taken if one.has_failed), None)
    if failed is None:
        return ""
    if not step.always_run:
        return f"{failed.place} failed"
    missing = carried.missing(step)
    return "" if missing is None else f"nothing gave ${{{missing}}}"


def deadline_of(steps: Sequence[Step], at: int, *, now: float, whole: float) -> float:
    """Return until when the step at index `at` may run; times are seconds of one clock.

    The `timeout` of every `always_run` step behind it is kept free, but never more than half of
    the time that is left.
    """
    later = [step.timeout for step in steps[at + 1 :] if step.always_run and step.timeout]
    kept = sum(timeout.total_seconds() for timeout in later)
    until = whole - min(kept, max(0.0, whole - now) / 2)
    own = steps[at].timeout
    return until if own is None else min(until, now + own.total_seconds())


async def _take(
    spec: JourneySpec, step: Step, context: ProbeContext, carried: Carried, family: "Family"
) -> Outcome:
    """Return how a step went. What it extracts is carried on."""
    from monitor.conditions.httpattempt import attempt

    if context.deadline <= context.monotonic():
        return _failed(FailureKind.TIMEOUT, "no time is left for it")
    try:
        request = request_of(spec, step, carried, family)
    except ValueError as error:
        return _failed(FailureKind.STEP, str(error))
    attempted = await attempt(
        context.network,
        request,
        step.expect.conditions,
        deadline=context.deadline,
        now=context.now,
    )
    return _with_values(step, attempted, carried)


def _with_values(step: Step, attempted: "Attempt", carried: Carried) -> Outcome:
    """Carry on what the answer holds; return the outcome, failed if a value is not there.

    Also what a bad answer holds is carried on: it must not be told either.
    """
    outcome = attempted.outcome
    if attempted.reply is None:
        return outcome
    values, fault = extracted(step.extract, attempted.reply, carried.cookies)
    carried.take(values)
    if not fault or outcome.status is OutcomeStatus.FAILED:
        return outcome
    failure = Failure(FailureKind.STEP, fault)
    return judged(failure, dict(outcome.measurements), dict(outcome.facts))


def _told(taken: Taken, carried: Carried) -> Taken:
    """Return a step whose texts hold no secret and no value."""
    outcome = taken.outcome
    if outcome is None:
        return taken
    failure, facts = outcome.failure, outcome.facts
    if failure is not None:
        failure = Failure(failure.kind, carried.veiled(failure.detail))
    if "final_url" in facts:
        facts = {**facts, "final_url": carried.veiled(facts["final_url"])}
    return replace(taken, outcome=replace(outcome, failure=failure, facts=facts))


def _failed(kind: FailureKind, detail: str) -> Outcome:
    return Outcome(status=OutcomeStatus.FAILED, failure=Failure(kind, detail))


def _timed(outcome: Outcome, step: Step) -> Outcome:
    """Return `outcome`, degraded if it was fine but took longer than the step should."""
    limit, seconds = step.degraded_over, seconds_of(outcome)
    if limit is None or outcome.status is not OutcomeStatus.OK or seconds <= limit.total_seconds():
        return outcome
    detail = f"took {seconds:.3f} s, over {limit.total_seconds():g} s"
    failure = Failure(FailureKind.SLOW, detail)
    return replace(outcome, status=OutcomeStatus.DEGRADED, failure=failure)
