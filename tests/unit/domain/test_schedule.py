from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.check import CheckId
from monitor.domain.instant import instant
from monitor.domain.schedule import next_due, phase, retry_due
from tests.fakes import NOON, a_check

checks = st.builds(
    lambda name, seconds: a_check(id=CheckId(name), interval=timedelta(seconds=seconds)),
    st.text(min_size=1),
    st.integers(1, 86_400),
)
times = st.integers(10**15, 4 * 10**15).map(instant)


class TestNextDue:
    @given(checks, times)
    def test_within_one_interval(self, check, now):
        """The next slot lies after now, and at most one interval away."""
        assert now < next_due(check, now) <= now + check.interval

    @given(checks, times)
    def test_slots_are_one_interval_apart(self, check, now):
        """A check keeps its pace, however often or late it is asked."""
        due = next_due(check, now)

        assert next_due(check, due) == due + check.interval

    @given(checks)
    def test_phase_is_inside_interval(self, check):
        """Checks spread over their interval and no further."""
        assert timedelta() <= phase(check.id, check.interval) < check.interval

    def test_phases_spread_evenly(self):
        """Of a thousand checks of a minute, each ten seconds get their share."""
        tenths = [0] * 6
        for number in range(1000):
            tenths[phase(f"check-{number}", timedelta(minutes=1)) // timedelta(seconds=10)] += 1

        assert min(tenths) > 120
        assert max(tenths) < 220

    def test_phase_is_stable(self):
        """A check has the same second of the minute after every restart and on every machine."""
        assert phase("portal-http", timedelta(minutes=1)) == timedelta(
            seconds=26, microseconds=524982
        )


class TestRetryDue:
    def test_retries_follow_the_slot(self):
        """Retry k comes k retry intervals after its slot."""
        check = a_check(interval=timedelta(minutes=1), retry_interval=timedelta(seconds=15))

        assert retry_due(check, NOON, 2) == NOON + timedelta(seconds=30)

    def test_no_retry_at_the_next_slot(self):
        """A retry that would fall on the next slot has no place."""
        check = a_check(interval=timedelta(minutes=1), retry_interval=timedelta(seconds=15))

        assert retry_due(check, NOON, 4) is None
