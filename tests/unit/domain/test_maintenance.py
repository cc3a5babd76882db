"""When maintenance windows are open."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.maintenance import (
    MaintenanceWindow,
    Occurrence,
    Recurrence,
    check_rule,
    coming,
    is_over,
    next_change,
    occurrence_at,
    open_windows,
)
from monitor.domain.service import Service, ServiceId
from tests.fakes import a_check

WITA, PARIS = ZoneInfo("Asia/Makassar"), ZoneInfo("Europe/Paris")
HOUR = timedelta(hours=1)


def at(text: str, zone=WITA) -> datetime:
    """Return a moment that is written as a clock in `zone` shows it."""
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


def every(rule: str, start: str = "01:00", hours: float = 2, zone=WITA, first=date(2026, 1, 1)):
    return Recurrence(
        rule=rule,
        first=first,
        start=time.fromisoformat(start),
        duration=timedelta(hours=hours),
        zone=zone,
    )


def a_window(when, **covers) -> MaintenanceWindow:
    covers = covers or {"services": frozenset({"portal"})}
    return MaintenanceWindow(
        id="patch", when=when, reason="Pembaruan", approved_by="Kabid", **covers
    )


@pytest.mark.parametrize(
    ("when", "moment", "is_it"),
    [
        (Occurrence(at("2026-11-28 22:00"), at("2026-11-29 02:00")), "2026-11-29 01:59", False),
        (Occurrence(at("2026-11-28 22:00"), at("2026-11-29 02:00")), "2026-11-29 02:00", True),
        (every("FREQ=DAILY"), "2099-01-01 00:00", False),
        (every("FREQ=DAILY;COUNT=2"), "2026-01-02 02:59", False),
        (every("FREQ=DAILY;COUNT=2"), "2026-01-02 03:00", True),
        (every("FREQ=DAILY;UNTIL=20260103"), "2026-01-02 02:00", False),
        (every("FREQ=DAILY;UNTIL=20260103"), "2026-01-04 00:00", True),
    ],
)
def test_over(when, moment, is_it):
    """A window is over once the last time of it has ended; a rule without an end never is."""
    assert is_over(when, at(moment)) is is_it


SUNDAYS = every("FREQ=WEEKLY;BYDAY=SU")
ONCE = Occurrence(at("2026-11-28 22:00"), at("2026-11-29 02:00"))


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2026-11-28 21:59", False),
        ("2026-11-28 22:00", True),
        ("2026-11-29 01:59", True),
        ("2026-11-29 02:00", False),
    ],
)
def test_once(moment, is_open):
    """A window is open from its start up to, and without, its end."""
    assert bool(open_windows([a_window(ONCE)], at(moment))) is is_open


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2026-11-29 00:59", False),
        ("2026-11-29 01:00", True),
        ("2026-11-29 02:59", True),
        ("2026-11-29 03:00", False),
        ("2026-11-30 01:30", False),
        ("2026-12-06 01:30", True),
    ],
)
def test_weekly(moment, is_open):
    """A weekly window is open in local time on each of its days, and on no other."""
    assert bool(open_windows([a_window(SUNDAYS)], at(moment))) is is_open


def test_past_midnight():
    """A window that begins late on its day goes on into the next one."""
    nightly = every("FREQ=DAILY", "23:00", 3)

    assert occurrence_at(nightly, at("2026-06-02 01:30")) == Occurrence(
        at("2026-06-01 23:00"), at("2026-06-02 02:00")
    )


def test_clock_that_is_put_forward():
    """Where the clock skips the start, the window begins as soon as it has passed it, and lasts as
    long as it says.
    """
    found = occurrence_at(every("FREQ=DAILY", "02:30", 2, PARIS), at("2026-03-29 03:10", PARIS))

    assert found == Occurrence(
        datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 3, 29, 3, tzinfo=UTC)
    )


def test_clock_that_is_put_back():
    """Where the start comes twice, the window begins the first time, once."""
    nightly = every("FREQ=DAILY", "02:30", 1, PARIS)
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)

    assert occurrence_at(nightly, first) == Occurrence(first, first + HOUR)
    assert occurrence_at(nightly, first + HOUR) is None


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ("2026-11-28 21:00", "2026-11-28 22:00"),
        ("2026-11-28 22:00", "2026-11-29 02:00"),
        ("2026-11-20 00:00", "2026-11-21 00:00"),
    ],
)
def test_next_look(after, expected):
    """The next look is when a window opens or closes, or within a day while one may still open."""
    assert next_change([a_window(ONCE)], at(after)) == at(expected)


@pytest.mark.parametrize(
    ("when", "moment", "expected"),
    [
        (ONCE, "2026-11-01 00:00", ONCE),
        (ONCE, "2026-11-29 00:00", ONCE),
        (ONCE, "2026-11-30 00:00", None),
        (SUNDAYS, "2026-11-25 00:00", Occurrence(at("2026-11-29 01:00"), at("2026-11-29 03:00"))),
        (SUNDAYS, "2026-11-29 02:00", Occurrence(at("2026-11-29 01:00"), at("2026-11-29 03:00"))),
    ],
)
def test_what_comes(when, moment, expected):
    """What comes is what is going on, else what is next."""
    assert coming(when, at(moment)) == expected


def test_past_windows_need_no_look():
    """What can never open again needs no look: one in the past, or a rule that has ended."""
    ended = every("FREQ=DAILY;COUNT=3")

    assert next_change([a_window(ONCE), a_window(ended)], at("2026-12-30 00:00")) is None


RULES = ("FREQ=DAILY", "FREQ=WEEKLY;BYDAY=MO,TH", "FREQ=MONTHLY;BYMONTHDAY=-1", "FREQ=YEARLY")


@given(
    rule=st.sampled_from(RULES),
    hour=st.integers(0, 23),
    hours=st.integers(1, 60),
    minutes=st.integers(0, 60 * 24 * 400),
    zone=st.sampled_from([WITA, PARIS, ZoneInfo("Australia/Lord_Howe")]),
)
def test_looks_miss_nothing(rule, hour, hours, minutes, zone):
    """Between one look and the next, no window opens or closes."""
    window = a_window(every(rule, f"{hour:02}:30", hours, zone))
    now = datetime(2026, 1, 2, tzinfo=UTC) + timedelta(minutes=minutes)
    until = next_change([window], now)

    assert now < until <= now + timedelta(days=1)
    step = (until - now) / 7
    found = {occurrence_at(window.when, now + step * n) for n in range(7)}
    assert len(found) == 1


@pytest.mark.parametrize(
    ("covers", "expected"),
    [
        ({"services": frozenset({ServiceId("portal")})}, True),
        ({"services": frozenset({ServiceId("other")})}, False),
        ({"owners": frozenset({"diskominfo"})}, True),
        ({"labels": {"rack": "a"}}, True),
        ({"labels": {"rack": "a", "floor": "2"}}, False),
    ],
)
def test_what_is_covered(covers, expected):
    """A window covers checks by their service, its owner, or all of its labels."""
    service = Service(id=ServiceId("portal"), name="Portal", owner="diskominfo")

    assert a_window(ONCE, **covers).covers(service, a_check(labels={"rack": "a"})) is expected


@pytest.mark.parametrize(
    ("rule", "complaint"),
    [
        ("FREQ=HOURLY", "write FREQ= one of DAILY"),
        ("BYDAY=SU", "write FREQ= one of DAILY"),
        ("FREQ=DAILY;BYHOUR=3", "BYHOUR is not for here: the time stands under `start`"),
        ("FREQ=DAILY;COUNT=3", "COUNT and INTERVAL count from a day"),
        ("FREQ=DAILY;INTERVAL=2", "COUNT and INTERVAL count from a day"),
        ("FREQ=DAILY;UNTIL=20270101T000000Z", "write UNTIL as local time, without Z"),
        ("FREQ=WEEKLY;BYDAY=XX", "write it as in FREQ=WEEKLY;BYDAY=SU"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "no such day comes within ten years"),
    ],
)
def test_rule_that_is_refused(rule, complaint):
    """A rule that can't be meant is refused, saying what would be right."""
    with pytest.raises(ValueError, match=complaint.replace("(", r"\(")):
        check_rule(every(rule), dated=False)
