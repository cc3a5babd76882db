from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.check import CheckId
from monitor.domain.instant import microseconds
from monitor.domain.schedule import next_due
from monitor.engine.timetable import Due, Slept, Timetable
from tests.fakes import NOON, a_check

SECOND = 1_000_000
NOW = microseconds(NOON)
CHECK = a_check(interval=timedelta(minutes=1), retry_interval=timedelta(seconds=15))


def planned(*checks, at=NOW) -> Timetable:
    timetable = Timetable()
    for check in checks:
        timetable.add(check, at)
    return timetable


def first_slot(check=CHECK) -> int:
    return microseconds(next_due(check, NOON))


class TestSlots:
    def test_slots_are_those_of_the_domain(self):
        """The timetable plans exactly the slots that `next_due` defines."""
        timetable, slot = planned(CHECK), first_slot()

        assert timetable.earliest() == slot
        assert list(timetable.pop_due(slot)) == [Due(CHECK.id, slot, 0, slot)]
        assert timetable.earliest() == slot + 60 * SECOND

    def test_nothing_is_due_early(self):
        """A slot is not taken out before its time."""
        assert list(planned(CHECK).pop_due(first_slot() - 1)) == []

    def test_slept_slots_are_told_and_skipped(self):
        """After a pause the slots that passed are told as one, and none is run late."""
        timetable, slot = planned(CHECK), first_slot()
        until = slot + 150 * SECOND

        assert list(timetable.pop_due(until)) == [Slept(CHECK.id, slot, 3)]
        assert timetable.earliest() == slot + 180 * SECOND

    def test_slightly_late_is_still_run(self):
        """A slot found within a second of its time is run, not skipped."""
        timetable, slot = planned(CHECK), first_slot()

        assert list(timetable.pop_due(slot + SECOND)) == [Due(CHECK.id, slot, 0, slot)]

    def test_removed_check_is_never_due(self):
        """What was planned for a check that is taken out is void."""
        timetable = planned(CHECK)
        timetable.remove(CHECK.id)

        assert timetable.earliest() is None
        assert list(timetable.pop_due(first_slot() + 3600 * SECOND)) == []

    def test_planned_anew_is_planned_once(self):
        """Planning a check again replaces what was planned, so it never runs twice."""
        timetable = planned(CHECK, CHECK)

        assert len(list(timetable.pop_due(first_slot()))) == 1

    @given(st.lists(st.integers(1, 90 * SECOND), min_size=1, max_size=40))
    def test_every_slot_is_due_or_told(self, naps):
        """However irregularly it is asked, each slot is either run or told as slept, once."""
        timetable, now, seen = planned(CHECK), NOW, []
        for nap in naps:
            now += nap
            for item in timetable.pop_due(now):
                count = item.count if isinstance(item, Slept) else 1
                seen += [item.slot + n * 60 * SECOND for n in range(count)]

        expected = range(first_slot(), now + 1, 60 * SECOND)
        assert seen == list(expected)


class TestRetries:
    def test_retry_comes_one_retry_interval_later(self):
        """The first retry of a slot comes one retry interval after the slot, not after the probe."""
        timetable, slot = planned(CHECK), first_slot()
        list(timetable.pop_due(slot))

        assert timetable.retry(CHECK, slot, slot + 2 * SECOND) == slot + 15 * SECOND

    def test_retry_after_a_long_probe_keeps_the_rhythm(self):
        """A probe that outlasts a retry's time makes the next retry the next in line."""
        timetable, slot = planned(CHECK), first_slot()
        list(timetable.pop_due(slot))
        timetable.retry(CHECK, slot, slot + 20 * SECOND)

        assert list(timetable.pop_due(slot + 30 * SECOND)) == [
            Due(CHECK.id, slot, 2, slot + 30 * SECOND)
        ]

    def test_no_retry_past_the_next_slot(self):
        """A retry has its place only before the next slot."""
        timetable, slot = planned(CHECK), first_slot()
        list(timetable.pop_due(slot))

        assert timetable.retry(CHECK, slot, slot + 46 * SECOND) is None

    def test_new_check_is_tried_early(self):
        """A check that was never seen is tried within one retry interval."""
        timetable = planned(CHECK)
        timetable.try_early(CHECK, NOW, NOW)
        earliest = timetable.earliest()

        assert earliest is not None
        assert NOW < earliest <= NOW + 15 * SECOND

    def test_early_attempt_after_the_slot_is_none(self):
        """A new check whose turn to be tried early comes after its first slot waits for the slot."""
        timetable = planned(CHECK)
        timetable.try_early(CHECK, NOW, NOW + 120 * SECOND)

        assert timetable.earliest() == first_slot()

    def test_unknown_check_gets_no_retry(self):
        """A check that was taken out while it ran is not retried."""
        assert Timetable().retry(CHECK, NOW, NOW) is None


def test_checks_are_taken_in_order_of_time():
    """What is due comes out in order of its time, whatever check it belongs to."""
    timetable = planned(*(a_check(id=CheckId(f"c{n}")) for n in range(50)))
    due = [
        item.at
        for half_second in range(1, 121)
        for item in timetable.pop_due(NOW + half_second * SECOND // 2)
    ]

    assert len(due) == 50
    assert due == sorted(due)
