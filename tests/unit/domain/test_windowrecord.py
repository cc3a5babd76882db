"""What was known of maintenance windows, and when."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.maintenance import MaintenanceWindow, Occurrence, Recurrence
from monitor.domain.service import ServiceId
from monitor.domain.windowrecord import (
    Cancellation,
    Source,
    WindowRecord,
    going_on,
    occasions,
    taken_up,
    window_id,
)

PARIS = ZoneInfo("Europe/Paris")
NOON = datetime(2026, 10, 20, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
# The clocks of Paris go back within this span.
FROM, TO = NOON - timedelta(days=3), NOON + timedelta(days=12)

moments = st.integers(-72, 12 * 24).map(lambda n: NOON + n * HOUR)
onces = st.builds(lambda at, n: Occurrence(at, at + n * HOUR), moments, st.integers(1, 100))
rules = st.builds(
    Recurrence,
    rule=st.sampled_from(["FREQ=DAILY", "FREQ=WEEKLY;BYDAY=SU"]),
    first=st.just(date(2026, 10, 1)),
    start=st.sampled_from([time(2, 30), time(23, 0)]),
    duration=st.integers(1, 30).map(lambda n: n * HOUR),
    zone=st.just(PARIS),
)


def a_window(when=None, name="patch", reason="Pembaruan"):
    return MaintenanceWindow(
        id=name,
        when=when or Occurrence(NOON, NOON + 2 * HOUR),
        reason=reason,
        approved_by="Kabid",
        services=frozenset({ServiceId("portal")}),
    )


def known(when=None, since=NOON - HOUR, source=Source.COMMAND):
    return WindowRecord(window=a_window(when), source=source, added_at=since)


@given(onces | rules, moments)
def test_planned_or_after_the_fact(when, since):
    """Work is planned if it was known by the moment it began, else it is after the fact; it counts
    from when it was known.
    """
    for each in occasions(known(when, since), FROM, TO):
        assert each.after_the_fact is not (since <= each.occurrence.start)
        counted = each.counted
        assert counted is None or counted.start == max(since, each.occurrence.start)


@given(onces | rules, moments, moments)
def test_cancelling_leaves_the_past(when, since, at):
    """Cancelling takes away what would follow, and nothing of what was."""
    record = known(when, min(since, at))
    cancelled = record.ended(Cancellation(at=at, by="Rina", reason="Batal"))

    def until_then(one):
        found = (each.counted for each in occasions(one, FROM, TO))
        return [(c.start, min(c.end, at)) for c in found if c is not None and c.start < at]

    assert until_then(cancelled) == until_then(record)
    assert all(each.occurrence.start < at for each in occasions(cancelled, FROM, TO))
    assert all(
        each.counted is None or each.counted.end <= at for each in occasions(cancelled, FROM, TO)
    )


@given(onces | rules, moments, moments)
def test_occasions_agree_with_what_goes_on(when, since, at):
    """What is open at a moment is one of the times on record, and as planned as that says."""
    record = known(when, since)
    for each in going_on([record], max(at, since)):
        times = {o.occurrence: o.after_the_fact for o in occasions(record, FROM, TO + 30 * HOUR)}
        assert times[each.occurrence] is each.after_the_fact


def test_a_rule_gives_nothing_before_it_was_known():
    """Of a rule only the times count that were not over when it became known; of work that comes once
    that is on record however late it was put down.
    """
    daily = Recurrence(
        rule="FREQ=DAILY", first=date(2026, 10, 1), start=time(8), duration=HOUR, zone=UTC
    )
    found = [each.occurrence.end for each in occasions(known(daily, NOON), FROM, TO)]

    assert found
    assert min(found) > NOON
    assert occasions(known(Occurrence(FROM, FROM + HOUR), NOON), FROM, TO)


def test_nobody_cancels_twice():
    """The first cancellation stands: who cancels again changes nothing."""
    first = Cancellation(at=NOON, by="Rina", reason="Batal")
    again = Cancellation(at=NOON - HOUR, by="Budi", reason="Batal")

    assert known().ended(first).ended(again).cancelled == first


def test_cancelled_work_is_not_open():
    """A window that was cancelled is open no more."""
    record = known()

    assert going_on([record], NOON)
    assert not going_on([record.ended(Cancellation(at=NOON, by="a", reason="b"))], NOON)


def test_local_time_through_a_change_of_the_clock():
    """A daily window begins by the clock on the wall on both sides of a change of it."""
    daily = Recurrence(
        rule="FREQ=DAILY", first=date(2026, 10, 1), start=time(23), duration=HOUR, zone=PARIS
    )
    begins = [each.occurrence.start for each in occasions(known(daily), NOON, TO)]

    assert {at.astimezone(PARIS).hour for at in begins} == {23}
    assert len({at.hour for at in begins}) == 2


class TestTakenUp:
    """The file's windows are taken down as they come and go."""

    def test_new_and_gone(self):
        """A window that the file begins to name is known since then; one that it names no more is
        cancelled then.
        """
        [added] = taken_up((), [a_window()], NOON)
        [left] = taken_up([added], [], NOON + HOUR)

        assert (added.source, added.added_at, added.cancelled) == (Source.FILE, NOON, None)
        assert left.key == added.key
        assert left.cancelled.at == NOON + HOUR

    def test_known_from_an_earlier_reading(self):
        """What the file said when it was first read as it is now is known since then: planned, if
        that was before it began. What was known already is known no earlier for that.
        """
        [found] = taken_up((), [a_window()], NOON + HOUR, NOON - HOUR)
        late = taken_up((), [a_window()], NOON + HOUR)
        again = taken_up(late, [a_window()], NOON + 2 * HOUR, NOON - HOUR)

        assert found.added_at == NOON - HOUR
        assert not going_on([found], NOON + HOUR)[0].after_the_fact
        assert going_on(late, NOON + HOUR)[0].after_the_fact
        assert again == ()

    def test_same_again_is_no_news(self):
        """A file that says the same changes nothing, however often it is read."""
        known_ones = taken_up((), [a_window()], NOON)

        assert taken_up(known_ones, [a_window()], NOON + HOUR) == ()

    def test_written_otherwise_is_another(self):
        """A window that is written otherwise under its id is another one, known since then."""
        old = taken_up((), [a_window()], NOON)
        left, new = taken_up(old, [a_window(reason="Lain")], NOON + HOUR)

        assert (left.window.reason, left.cancelled.at) == ("Pembaruan", NOON + HOUR)
        assert (new.window.reason, new.added_at) == ("Lain", NOON + HOUR)

    def test_named_again(self):
        """A window that the file left out for a while, and names again, is known since it does again."""
        [added] = taken_up((), [a_window()], NOON)
        [left] = taken_up([added], [], NOON + HOUR)
        [again] = taken_up([left], [a_window()], NOON + 2 * HOUR)

        assert (again.added_at, again.cancelled) == (NOON + 2 * HOUR, None)

    def test_why_it_was_cancelled(self):
        """It is on record whether the file left a window out, or says something else of it."""
        old = taken_up((), [a_window()], NOON)
        [left] = taken_up(old, [], NOON + HOUR)
        rewritten, _ = taken_up(old, [a_window(reason="Lain")], NOON + HOUR)

        assert left.cancelled.reason.startswith("taken out")
        assert rewritten.cancelled.reason.startswith("written otherwise")

    def test_what_others_added_stays(self):
        """The file says nothing of windows that were added by a command or by the API."""
        assert taken_up([known()], [], NOON) == ()
        assert taken_up([known()], [a_window()], NOON)[0].source is Source.FILE


@pytest.mark.parametrize(
    "other",
    [
        (a_window(reason="Lain"), "Rina", NOON),
        (a_window(), "Budi", NOON),
        (a_window(), "Rina", NOON + HOUR),
        (replace(a_window(), owners=frozenset({"bapenda"})), "Rina", NOON),
    ],
)
def test_ids(other):
    """The same wish of the same moment has the same id, and no other has it."""
    assert window_id(a_window(), "Rina", NOON) == window_id(a_window(), "Rina", NOON)
    assert window_id(a_window(), "Rina", NOON) != window_id(*other)
