from datetime import timedelta
from functools import reduce
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.observation import (
    Failure,
    FailureKind,
    Outcome,
    OutcomeStatus,
    UnknownCause,
)
from monitor.domain.state import CheckState, Step, advance, lose_sight
from monitor.domain.status import Status
from tests.fakes import NOON, OK, REFUSED, a_check, observed

CHECK = a_check(failure_threshold=3, success_threshold=2)
MINUTE = timedelta(minutes=1)
SLOW = Outcome(
    status=OutcomeStatus.DEGRADED, failure=Failure(FailureKind.SLOW, "took 4 s, over 3 s")
)
OFFLINE = Outcome(status=OutcomeStatus.UNKNOWN, cause=UnknownCause.SELF_OFFLINE)
RESOLVER = Outcome(status=OutcomeStatus.UNKNOWN, cause=UnknownCause.RESOLVER)
BUG = Outcome(
    status=OutcomeStatus.UNKNOWN,
    failure=Failure(FailureKind.INTERNAL, "KeyError"),
    cause=UnknownCause.INTERNAL,
)
UP, DEGRADED, DOWN, UNKNOWN = Status.UP, Status.DEGRADED, Status.DOWN, Status.UNKNOWN
outcomes = st.lists(st.sampled_from([OK, REFUSED, SLOW, OFFLINE, RESOLVER, BUG]), max_size=40)


def steps(*seen: Outcome) -> list[Step]:
    def walk(done: list[Step], observation: object) -> list[Step]:
        before = done[-1].state if done else CheckState()
        return [*done, advance(before, observation, CHECK)]

    return reduce(walk, observed(*seen, check=CHECK), [])


def shown(*seen: Outcome) -> list[Status]:
    return [step.state.status for step in steps(*seen)]


class TestConfirming:
    def test_first_success_is_up(self):
        """A check that never ran before is up at its first success."""
        assert shown(OK) == [UP]

    def test_first_slow_answer_is_degraded(self):
        """A check that never ran before is degraded at its first degraded sample."""
        assert shown(SLOW) == [DEGRADED]

    def test_first_failures_need_threshold(self):
        """A check that never succeeded stays unknown until enough failures in a row."""
        assert shown(REFUSED, REFUSED, REFUSED) == [UNKNOWN, UNKNOWN, DOWN]

    def test_down_at_threshold_not_before(self):
        """A check goes down at the third failure in a row, and not at the second."""
        assert shown(OK, REFUSED, REFUSED, REFUSED) == [UP, UP, UP, DOWN]

    def test_success_breaks_the_run(self):
        """Failures count only when they come in a row."""
        assert shown(OK, REFUSED, REFUSED, OK, REFUSED, REFUSED)[-1] is UP

    def test_recovery_needs_its_own_threshold(self):
        """A check that is down is up again at the second success in a row."""
        down = (OK, REFUSED, REFUSED, REFUSED)

        assert shown(*down, OK, OK)[-2:] == [DOWN, UP]

    def test_degraded_needs_failure_threshold(self):
        """Up to degraded, and back, takes as many samples in a row as up to down."""
        assert shown(OK, SLOW, SLOW, SLOW) == [UP, UP, UP, DEGRADED]
        assert shown(SLOW, OK, OK, OK) == [DEGRADED, DEGRADED, DEGRADED, UP]

    def test_degraded_counts_as_success_for_recovery(self):
        """A check that is down recovers by degraded samples too, to what was seen last."""
        down = (OK, REFUSED, REFUSED, REFUSED)

        assert shown(*down, OK, SLOW)[-1] is DEGRADED
        assert shown(*down, SLOW, OK)[-1] is UP

    def test_down_and_degraded_in_turn_are_noticed(self):
        """A check that is never up is degraded at least, even if no status comes three times."""
        assert shown(OK, SLOW, REFUSED, SLOW)[-1] is DEGRADED

    def test_failures_go_on_counting_through_degraded(self):
        """Failures that made a check degraded count on towards down."""
        assert shown(OK, SLOW, REFUSED, REFUSED, REFUSED)[-2:] == [DEGRADED, DOWN]


class TestBackDating:
    def test_down_since_first_failure(self):
        """Downtime counts from the first failure of the run, not from its detection."""
        change = steps(OK, REFUSED, REFUSED, REFUSED)[-1].transition

        assert change is not None
        assert (change.at, change.noticed_at) == (NOON + MINUTE, NOON + 3 * MINUTE)

    def test_up_since_first_success(self):
        """A recovery counts from the first success of the run."""
        change = steps(OK, REFUSED, REFUSED, REFUSED, OK, OK)[-1].transition

        assert change is not None
        assert change.at == NOON + 4 * MINUTE

    def test_unknown_in_between_stays_unknown(self):
        """A run that unknown interrupts keeps its start, but what was unknown is not overwritten."""
        last = steps(OK, REFUSED, OFFLINE, REFUSED, REFUSED)[-1]

        assert last.transition is not None
        assert last.transition.at == NOON + MINUTE
        assert last.state.since == NOON + 3 * MINUTE


class TestUnknown:
    def test_shows_at_once_with_its_cause(self):
        """Unknown needs no confirmation."""
        last = steps(OK, OFFLINE)[-1].state

        assert (last.status, last.cause) == (UNKNOWN, UnknownCause.SELF_OFFLINE)

    def test_neither_grows_nor_breaks_a_run(self):
        """Two failures, an unknown sample and another failure are three failures in a row."""
        assert shown(OK, REFUSED, REFUSED, OFFLINE, REFUSED)[-1] is DOWN

    def test_confirmed_status_comes_back_silently(self):
        """After unknown the confirmed status is shown again, and no verdict is passed."""
        last = steps(OK, REFUSED, REFUSED, REFUSED, OFFLINE, REFUSED)[-1]

        assert last.state.status is DOWN
        assert last.verdict is None

    def test_recovery_after_unknown_is_confirmed_too(self):
        """A check that was down before unknown is down until enough successes."""
        down = (OK, REFUSED, REFUSED, REFUSED)

        assert shown(*down, OFFLINE, OK, OK)[-2:] == [DOWN, UP]

    def test_our_own_bug_changes_nothing(self):
        """A crash of the probe itself changes no status and no run."""
        assert steps(OK, REFUSED, BUG)[-1].state is steps(OK, REFUSED, BUG)[-1].before or (
            steps(OK, REFUSED, BUG)[-1].state == steps(OK, REFUSED)[-1].state
        )

    def test_losing_sight_before_anything_was_seen(self):
        """What was never seen can't be lost: only the cause is noted."""
        step = lose_sight(CheckState(), NOON, UnknownCause.OVERLOADED)

        assert step.transition is None
        assert step.state.cause is UnknownCause.OVERLOADED


class TestProperties:
    @given(outcomes)
    def test_transitions_chain(self, seen):
        """Each transition starts from the status that the one before it ended in."""
        changes = [s.transition for s in steps(*seen) if s.transition]

        assert all(a.new is b.old for a, b in pairwise(changes))

    @given(outcomes)
    def test_status_is_what_transitions_say(self, seen):
        """Replaying the transitions alone gives the status at the end."""
        done = steps(*seen)
        changes = [s.transition for s in done if s.transition]

        assert (done[-1].state.status if done else UNKNOWN) is (
            changes[-1].new if changes else UNKNOWN
        )

    @given(outcomes)
    def test_down_needs_a_full_run(self, seen):
        """No check goes down without as many failures in a row as its threshold."""
        done = steps(*seen)
        known = [o for o in seen if o.status is not OutcomeStatus.UNKNOWN]
        for number, step in enumerate(done):
            if step.verdict is DOWN:
                until = [o for o in seen[: number + 1] if o.status is not OutcomeStatus.UNKNOWN]
                assert until[-3:] == [REFUSED] * 3
        assert all(s.state.confirmed is not DOWN for s in done) or known.count(REFUSED) >= 3

    @given(outcomes)
    def test_unknown_outcomes_change_no_verdict(self, seen):
        """Taking every unknown sample out of a history leaves the same confirmed status."""
        definite = [o for o in seen if o.status is not OutcomeStatus.UNKNOWN]
        with_unknown, without = steps(*seen), steps(*definite)

        assert (with_unknown[-1].state.confirmed if with_unknown else UNKNOWN) is (
            without[-1].state.confirmed if without else UNKNOWN
        )

    @given(outcomes)
    def test_since_never_goes_back(self, seen):
        """The status shown has a start that never lies before the one of the status before."""
        starts = [s.state.since for s in steps(*seen) if s.state.since is not None]

        assert all(a <= b for a, b in pairwise(starts))

    @given(outcomes)
    def test_an_untroubled_check_has_one_state(self, seen):
        """While samples agree with the confirmed status nothing changes, so nothing is written."""
        for step, outcome in zip(steps(*seen), seen, strict=True):
            agrees = outcome is OK and step.before.status is UP and not step.before.runs
            assert not agrees or step.state is step.before


@pytest.mark.parametrize("threshold", [1, 2, 5])
def test_threshold_is_the_checks_own(threshold):
    """Each check says itself how many failures in a row take it down."""
    check = a_check(failure_threshold=threshold)
    state, count = CheckState(), 0
    for observation in observed(OK, *[REFUSED] * 6, check=check):
        state = advance(state, observation, check).state
        count += observation.outcome is REFUSED
        if state.status is DOWN:
            break

    assert count == threshold


class TestRemembering:
    """What a probe wants to know next time is part of its check's state."""

    SEEN = Outcome(remember={"fingerprint": "ab"})

    def test_kept_until_replaced(self):
        """A memory stays through samples that give none, and through times without sight."""
        done = steps(self.SEEN, OK, REFUSED, OFFLINE, Outcome(remember={"fingerprint": "cd"}))

        kept = [dict(step.state.remembered) for step in done]
        assert kept == [{"fingerprint": "ab"}] * 4 + [{"fingerprint": "cd"}]

    def test_nothing_new_is_no_change(self):
        """The same memory again leaves the state as it is, so that nothing is written."""
        first, second = steps(self.SEEN, Outcome(remember={"fingerprint": "ab"}))

        assert first.state is not first.before
        assert second.state is second.before

    def test_unknown_remembers_nothing(self):
        """What was seen while nothing can be said of a target is not remembered."""
        blind = Outcome(
            status=OutcomeStatus.UNKNOWN, cause=UnknownCause.LOCAL, remember={"fingerprint": "cd"}
        )

        assert steps(self.SEEN, blind)[-1].state.remembered == {"fingerprint": "ab"}

    def test_what_to_ask_later_is_remembered(self):
        """Who asked in vain, or has nothing to judge by, may remember when to ask again."""
        vain = Outcome(
            status=OutcomeStatus.UNKNOWN, cause=UnknownCause.NO_DATA, remember={"asked_at": 7}
        )

        assert steps(vain)[-1].state.remembered == {"asked_at": 7}
        assert steps(self.SEEN, vain)[-1].state.remembered == {"asked_at": 7}
