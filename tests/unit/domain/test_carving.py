"""Which maintenance is carved out of the figures of a service."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.carving import carved_out, concerning
from monitor.domain.check import CheckId
from monitor.domain.instant import microseconds
from monitor.domain.maintenance import MaintenanceWindow, Occurrence, Recurrence
from monitor.domain.service import Service, ServiceId
from monitor.domain.windowrecord import Cancellation, Source, WindowRecord
from monitor.domain.windows import Window, duration
from tests.fakes import a_check

NOON = datetime(2026, 6, 3, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
WEEK = Window(microseconds(NOON - 3 * 24 * HOUR), microseconds(NOON + 4 * 24 * HOUR))
PORTAL = Service(id=ServiceId("portal"), name="Portal", owner="diskominfo")
WEB = a_check(id=CheckId("web"), labels={"link": "pettarani"})
DNS = a_check(id=CheckId("dns"))
EARLY = NOON - 30 * 24 * HOUR


def record(*, start=NOON, end=NOON + HOUR, known=EARLY, cancelled=None, when=None, **covers):
    window = MaintenanceWindow(
        id=covers.pop("id", "patch"),
        when=when or Occurrence(start, end),
        reason="r",
        approved_by="a",
        **(covers or {"services": frozenset({PORTAL.id})}),
    )
    return WindowRecord(
        window=window,
        source=Source.FILE,
        added_at=known,
        cancelled=cancelled and Cancellation(at=cancelled, by="a", reason="r"),
    )


def carved(*records, checks=(WEB, DNS)):
    found = carved_out(concerning(records, PORTAL, checks, WEEK), PORTAL, checks)
    return [tuple((at - microseconds(NOON)) // 60_000_000 for at in window) for window in found]


@pytest.mark.parametrize("covers", [{"services": {PORTAL.id}}, {"owners": {"diskominfo"}}])
def test_planned_work_is_carved_out(covers):
    """Work that was known before it began is carved out, as long as it was planned."""
    found = carved(record(**{key: frozenset(value) for key, value in covers.items()}))

    assert found == [(0, 60)]


@pytest.mark.parametrize(
    ("known", "expected"), [(NOON, [(0, 60)]), (NOON + timedelta(microseconds=1), [])]
)
def test_work_that_was_put_down_too_late_is_not(known, expected):
    """Work that became known after it began is on the list, and nothing is carved out for it."""
    late = record(known=known)

    assert len(concerning([late], PORTAL, [WEB, DNS], WEEK)) == 1
    assert carved(late) == expected


def test_work_that_was_cancelled_ends_there():
    """What was cancelled while it went on is carved out until then."""
    assert carved(record(cancelled=NOON + HOUR / 2)) == [(0, 30)]


def test_work_of_others_is_not():
    """Work on another service takes nothing from this one."""
    assert carved(record(services=frozenset({ServiceId("other")}))) == []


def test_work_on_some_checks_carves_out_nothing():
    """Where a check goes on that nobody works on, the service is accounted for as ever."""
    some = record(labels={"link": "pettarani"})

    assert len(concerning([some], PORTAL, [WEB, DNS], WEEK)) == 1
    assert carved(some) == []
    assert carved(some, checks=(WEB,)) == [(0, 60)]


def test_windows_together_may_cover_every_check():
    """Where one window covers some checks and another one the rest, their common time is taken."""
    web = record(labels={"link": "pettarani"})
    rest = record(id="rest", start=NOON + HOUR / 2, end=NOON + 2 * HOUR)

    assert carved(web, rest) == [(30, 120)]
    assert carved(web, rest, checks=(WEB,)) == [(0, 120)]


def test_work_that_comes_again_and_again():
    """Each occurrence is carved out that begins after the rule was known, and before its end."""
    nightly = Recurrence(
        rule="FREQ=DAILY",
        first=date(2026, 1, 1),
        start=time(1),
        duration=2 * HOUR,
        zone=ZoneInfo("Asia/Makassar"),
    )

    assert len(carved(record(when=nightly))) == 7
    assert len(carved(record(when=nightly, known=NOON))) == 4
    assert len(carved(record(when=nightly, cancelled=NOON))) == 3


minutes = st.integers(-3_000, 3_000).map(lambda m: NOON + timedelta(minutes=m))


@given(
    st.lists(
        st.tuples(minutes, minutes, minutes, st.one_of(st.none(), minutes), st.booleans()),
        max_size=5,
    )
)
def test_nothing_is_carved_out_that_was_not_known_before(cases):
    """No instant is carved out that no window covers, or only one that was known too late."""
    records = [
        record(
            id=str(number),
            start=min(a, b),
            end=max(a, b) + HOUR,
            known=known,
            cancelled=cancelled and max(cancelled, known),
            **({"labels": {"link": "pettarani"}} if some else {}),
        )
        for number, (a, b, known, cancelled, some) in enumerate(cases)
    ]
    found = carved_out(concerning(records, PORTAL, [WEB, DNS], WEEK), PORTAL, [WEB, DNS])

    fair = [
        Window(microseconds(each.window.when.start), microseconds(each.window.when.end))
        for each in records
        if each.added_at <= each.window.when.start and not each.window.labels
    ]
    assert duration([*fair, *found]) == duration(fair)
