from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.check import CheckId
from monitor.domain.service import Rule, StatusRule
from monitor.domain.status import Status
from monitor.domain.tally import ServiceTally, Tally

UP, DOWN, UNKNOWN = Status.UP, Status.DOWN, Status.UNKNOWN
MINUTE = 60_000_000
A, B = CheckId("a"), CheckId("b")

samples = st.lists(
    st.tuples(st.integers(1, 4 * MINUTE), st.sampled_from(list(Status))), min_size=1, max_size=30
)


class TestTally:
    def test_status_lasts_until_the_next_sample(self):
        """A minute between two samples goes to what the first one saw."""
        tally = Tally()
        tally.sample(0, UP, MINUTE)
        tally.sample(MINUTE, DOWN, MINUTE)

        assert tally.microseconds[UP] == MINUTE

    def test_status_holds_for_two_and_a_half_intervals(self):
        """What lies more than 2.5 intervals after a sample is unknown."""
        tally = Tally()
        tally.sample(0, UP, MINUTE)
        tally.sample(10 * MINUTE, UP, MINUTE)

        assert tally.microseconds[UP] == 5 * MINUTE // 2
        assert tally.microseconds[UNKNOWN] == 15 * MINUTE // 2

    def test_old_samples_count_nothing(self):
        """A sample that is not newer than the last one changes nothing."""
        tally = Tally()
        tally.sample(MINUTE, UP, MINUTE)

        assert tally.sample(MINUTE, DOWN, MINUTE) == ()
        assert tally.status is UP

    @given(samples)
    def test_parts_sum_to_the_whole(self, seen):
        """The time in all statuses together is the time from the first sample to the last."""
        tally, at = Tally(), 0
        tally.sample(0, UP, MINUTE)
        for gap, status in seen:
            at += gap
            tally.sample(at, status, MINUTE)

        assert sum(tally.microseconds.values()) == at


class TestServiceTally:
    def test_down_if_one_is_down(self):
        """Under ALL a service is down as long as one of its checks is."""
        tally = ServiceTally(StatusRule(), [A, B], 0)
        tally.credit(A, [(0, 10, UP)])
        tally.credit(B, [(0, 4, DOWN), (4, 10, UP)])

        assert (tally.microseconds[DOWN], tally.microseconds[UP]) == (4, 6)

    def test_settles_as_far_as_all_checks_go(self):
        """Nothing is counted before every check has settled it."""
        tally = ServiceTally(StatusRule(), [A, B], 0)
        tally.credit(A, [(0, 10, UP)])
        tally.credit(B, [(0, 3, UP)])

        assert (tally.settled_at, tally.microseconds[UP]) == (3, 3)

    def test_hole_between_pieces_is_unknown(self):
        """What no check was credited with is unknown, and never filled."""
        tally = ServiceTally(StatusRule(), [A], 0)
        tally.credit(A, [(5, 8, UP)])

        assert (tally.microseconds[UNKNOWN], tally.microseconds[UP]) == (5, 3)

    def test_goes_on_with_other_checks(self):
        """After a reload the totals go on, and a check that was taken out holds nothing up."""
        tally = ServiceTally(StatusRule(), [A, B], 0)
        tally.credit(A, [(0, 10, UP)])
        tally.adopt(StatusRule(), [A])
        tally.credit(A, [(10, 12, DOWN)])

        assert (tally.microseconds[UP], tally.microseconds[DOWN]) == (10, 2)

    @given(samples, samples, st.sampled_from(list(Rule)))
    def test_parts_sum_to_what_is_settled(self, of_a, of_b, rule):
        """The time in all statuses together is the time settled, under every rule."""
        tally = ServiceTally(StatusRule(rule=rule, quorum=1), [A, B], 0)
        for check, seen in ((A, of_a), (B, of_b)):
            own, at = Tally(), 0
            own.sample(0, UP, MINUTE)
            for gap, status in seen:
                at += gap
                tally.credit(check, own.sample(at, status, MINUTE))

        assert sum(tally.microseconds.values()) == tally.settled_at
