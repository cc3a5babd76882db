"""Turns a stream of samples into a confirmed status.

A sample is what one probe saw. The confirmed status follows only after enough samples in a
row, so that one lost packet wakes nobody. Figures never come from here: they come from samples.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from monitor.domain.check import Check
from monitor.domain.observation import Failure, Observation, Status, UnknownCause


@dataclass(frozen=True, slots=True)
class Run:
    """Samples in a row that argue for `toward`: how many, and when the first one was due."""

    toward: Status
    count: int
    began: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckState:
    """All that the next decision needs to remember of the past.

    `status` is what is shown: the confirmed status, or UNKNOWN (with `cause`) while nothing
    can be said. `confirmed` outlives UNKNOWN; it is UNKNOWN only before the first verdict.
    `runs` is empty while samples agree with `confirmed`, so an untroubled check has one state.
    `failure` is why the confirmed status is not UP. `remembered` is what the check's probe wants
    to know next time, as JSON values.
    """

    status: Status = Status.UNKNOWN
    since: datetime | None = None
    cause: UnknownCause | None = UnknownCause.NO_DATA
    confirmed: Status = Status.UNKNOWN
    confirmed_since: datetime | None = None
    runs: tuple[Run, ...] = field(default=())
    failure: Failure | None = None
    remembered: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @property
    def unconfirmed(self) -> bool:
        """Say whether a change is under way but not confirmed, so that a retry is worth it."""
        return bool(self.runs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """A change of the status shown.

    `at` is when the new status began: the first sample of the deciding run, not its last.
    `noticed_at` is when the deciding sample was due.
    """

    old: Status
    new: Status
    at: datetime
    noticed_at: datetime
    cause: UnknownCause | None = None
    failure: Failure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one sample did to a check."""

    before: CheckState
    state: CheckState
    transition: Transition | None = None

    @property
    def verdict(self) -> Status | None:
        """Return the newly confirmed status, or None when the confirmed status stayed."""
        changed = self.state.confirmed is not self.before.confirmed
        return self.state.confirmed if changed else None


_UP, _DEGRADED, _DOWN, _UNKNOWN = Status.UP, Status.DEGRADED, Status.DOWN, Status.UNKNOWN

# Which samples argue for which change, gravest first. A degraded sample counts as not up while
# the check is up (so that down and degraded in turn are noticed), and as a success while it is
# down (so that a slow recovery is one).
_ARGUMENTS: dict[Status, tuple[tuple[Status, frozenset[Status]], ...]] = {
    _UP: ((_DOWN, frozenset({_DOWN})), (_DEGRADED, frozenset({_DOWN, _DEGRADED}))),
    _DEGRADED: ((_DOWN, frozenset({_DOWN})), (_UP, frozenset({_UP}))),
    _DOWN: ((_UP, frozenset({_UP, _DEGRADED})),),
    _UNKNOWN: (
        (_DOWN, frozenset({_DOWN})),
        (_DEGRADED, frozenset({_DEGRADED})),
        (_UP, frozenset({_UP})),
    ),
}


def advance(state: CheckState, observation: Observation, check: Check) -> Step:
    """Return what `observation` does to the state of `check`.

    An unknown sample is shown at once, neither grows nor ends a run, and keeps the confirmed
    status for later. A fault of our own (INTERNAL) changes nothing at all.
    """
    step = _advanced(state, observation, check)
    remember = observation.outcome.remember
    if remember is None or _is_blind(observation) or remember == state.remembered:
        return step
    return replace(step, state=replace(step.state, remembered=remember))


def _is_blind(observation: Observation) -> bool:
    """Say whether nothing that was seen counts: not so when only what to judge by is missing."""
    return observation.sample is _UNKNOWN and observation.outcome.cause is not UnknownCause.NO_DATA


def _advanced(state: CheckState, observation: Observation, check: Check) -> Step:
    sample, at = observation.sample, observation.scheduled_at
    if sample is _UNKNOWN:
        cause = observation.outcome.cause or UnknownCause.INTERNAL
        if cause is UnknownCause.INTERNAL:
            return Step(before=state, state=state)
        return lose_sight(state, at, cause)
    if sample is state.status and not state.runs:
        return Step(before=state, state=state)

    runs = _extended(state, sample, at)
    verdict = _verdict(state.confirmed, runs, check)
    if verdict is None:
        return _shown(state, replace(state, runs=runs), at, at)
    # A recovery from down shows what was seen last: up, or only degraded.
    new = sample if state.confirmed is _DOWN else verdict.toward
    failure = None if new is _UP else observation.outcome.failure
    moved = replace(
        state,
        confirmed=new,
        confirmed_since=verdict.began,
        runs=tuple(r for r in runs if r.toward is _DOWN and new is _DEGRADED),
        failure=failure,
    )
    return _shown(state, moved, verdict.began, at)


def lose_sight(state: CheckState, at: datetime, cause: UnknownCause) -> Step:
    """Return what it means that from `at` on nothing is known, because of `cause`."""
    if state.status is _UNKNOWN and (state.cause is cause or state.since is None):
        return Step(before=state, state=replace(state, cause=cause))
    began = at if state.since is None else max(at, state.since)
    new = replace(state, status=_UNKNOWN, cause=cause, since=began)
    transition = Transition(old=state.status, new=_UNKNOWN, at=began, noticed_at=at, cause=cause)
    return Step(before=state, state=new, transition=transition)


def _extended(state: CheckState, sample: Status, at: datetime) -> tuple[Run, ...]:
    """Return the runs that go on, or begin, with `sample`. All others are broken by it."""
    going = {run.toward: run for run in state.runs}
    return tuple(
        Run(toward, going[toward].count + 1, going[toward].began)
        if toward in going
        else Run(toward, 1, at)
        for toward, samples in _ARGUMENTS[state.confirmed]
        if sample in samples
    )


def _verdict(confirmed: Status, runs: tuple[Run, ...], check: Check) -> Run | None:
    return next((r for r in runs if r.count >= _threshold(confirmed, r.toward, check)), None)


def _threshold(confirmed: Status, toward: Status, check: Check) -> int:
    if toward is _DOWN:
        return check.failure_threshold
    if confirmed is _DOWN:
        return check.success_threshold
    return 1 if confirmed is _UNKNOWN else check.failure_threshold


def _shown(before: CheckState, moved: CheckState, at: datetime, noticed_at: datetime) -> Step:
    """Show the confirmed status of `moved`, from `at` on but never before the last change."""
    if moved.confirmed is before.status:
        return Step(before=before, state=moved)
    if moved.confirmed is _UNKNOWN:
        return Step(before=before, state=moved)
    began = at if before.since is None else max(at, before.since)
    new = replace(moved, status=moved.confirmed, cause=None, since=began)
    transition = Transition(
        old=before.status,
        new=new.status,
        at=at,
        noticed_at=noticed_at,
        failure=new.failure,
    )
    return Step(before=before, state=new, transition=transition)
