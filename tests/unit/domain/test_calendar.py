"""When a calendar's hours are."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.calendar import (
    FURTHEST,
    Calendar,
    Hours,
    SpecialPeriod,
    is_open,
    next_change,
    open_windows,
)
from monitor.domain.instant import instant, microseconds
from monitor.domain.periods import between
from monitor.domain.windows import Window, difference, duration

WITA, PARIS, KATHMANDU = map(ZoneInfo, ("Asia/Makassar", "Europe/Paris", "Asia/Kathmandu"))
LORD_HOWE, APIA = ZoneInfo("Australia/Lord_Howe"), ZoneInfo("Pacific/Apia")
ST_JOHNS = ZoneInfo("America/St_Johns")  # its clocks were set back from 00:01 to 23:01
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
CLOSED = ((),) * 7


def hours(*spans: str) -> tuple[Hours, ...]:
    """Return hours that are written as 07:30-16:00."""
    return tuple(Hours(*map(_since_midnight, span.split("-"))) for span in spans)


def _since_midnight(clock: str) -> timedelta:
    hour, minute = clock.split(":")
    return timedelta(hours=int(hour), minutes=int(minute))


def at(text: str, zone=WITA) -> datetime:
    """Return a moment that is written as a clock in `zone` shows it."""
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


OFFICE = (*(hours("07:30-16:00"),) * 4, hours("07:30-16:30"), (), ())
FASTING = (*(hours("08:00-15:00"),) * 4, hours("08:00-15:30"), (), ())
RAMADAN = SpecialPeriod(
    name="Ramadan", first=date(2026, 2, 18), last=date(2026, 3, 19), week=FASTING
)


def a_calendar(week=OFFICE, zone=WITA, **fields) -> Calendar:
    return Calendar(
        **{"id": "jam-kerja", "name": "Jam kerja", "zone": zone, "week": week, **fields}
    )


def always(zone) -> Calendar:
    return a_calendar((hours("00:00-24:00"),) * 7, zone)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-11-24 07:29:59.999999", False),
        ("2026-11-24 07:30", True),
        ("2026-11-24 15:59:59.999999", True),
        ("2026-11-24 16:00", False),
        ("2026-11-27 16:15", True),
        ("2026-11-28 10:00", False),
    ],
)
def test_week(moment, expected):
    """Hours hold from their start up to and without their end, on their weekdays alone."""
    assert is_open(a_calendar(), at(moment)) is expected


def test_holiday():
    """On a holiday nothing is open, in a special period either."""
    ramadan = a_calendar(holidays={date(2026, 3, 19): "Nyepi"}, special=(RAMADAN,))

    assert is_open(ramadan, at("2026-03-18 10:00"))
    assert not is_open(ramadan, at("2026-03-19 10:00"))


def test_special_period():
    """From its first day to its last, a special period's hours are those that hold."""
    calendar = a_calendar(special=(RAMADAN,))

    assert is_open(calendar, at("2026-02-17 15:30"))
    assert not is_open(calendar, at("2026-02-18 15:30"))
    assert not is_open(calendar, at("2026-03-19 15:30"))
    assert is_open(calendar, at("2026-03-20 15:45"))


def test_next_change():
    """The next change is the next beginning or end of hours, over a weekend if need be."""
    calendar = a_calendar()

    assert next_change(calendar, at("2026-11-27 07:29")) == at("2026-11-27 07:30")
    assert next_change(calendar, at("2026-11-27 07:30")) == at("2026-11-27 16:30")
    assert next_change(calendar, at("2026-11-27 16:30")) == at("2026-11-30 07:30")


def test_hours_through_midnight():
    """Hours that end at 24:00 and go on at 00:00 of the next day don't change in between."""
    night = a_calendar((hours("00:00-06:00", "22:00-24:00"),) * 7)

    assert next_change(night, at("2026-11-27 23:00")) == at("2026-11-28 06:00")
    assert is_open(night, at("2026-11-28 00:00"))


@pytest.mark.parametrize("week", [CLOSED, (hours("00:00-24:00"),) * 7])
def test_what_never_changes(week):
    """Where nothing changes, one looks again after a time all the same."""
    assert (
        next_change(a_calendar(week), at("2026-11-27 00:00")) == at("2026-11-27 00:00") + FURTHEST
    )


@pytest.mark.parametrize(
    ("zone", "day", "expected"),
    [
        (WITA, date(2026, 6, 1), 24 * HOUR),
        (KATHMANDU, date(2026, 6, 1), 24 * HOUR),
        (PARIS, date(2026, 3, 29), 23 * HOUR),
        (PARIS, date(2026, 10, 25), 25 * HOUR),
        (LORD_HOWE, date(2026, 4, 5), 24.5 * HOUR),
        (LORD_HOWE, date(2026, 10, 4), 23.5 * HOUR),
        (APIA, date(2011, 12, 30), 0 * HOUR),
        (APIA, date(2011, 12, 31), 24 * HOUR),
    ],
)
def test_whole_days(zone, day, expected):
    """A day from 00:00 to 24:00 is as long as its zone makes it."""
    period = between(day, day + DAY, zone)

    assert duration(open_windows(always(zone), period)) * timedelta(microseconds=1) == expected


@pytest.mark.parametrize(
    ("span", "day", "expected"),
    [
        ("01:30-03:30", date(2026, 3, 29), 1 * HOUR),
        ("02:15-02:45", date(2026, 3, 29), 0 * HOUR),
        ("01:30-03:30", date(2026, 10, 25), 3 * HOUR),
        ("01:30-02:30", date(2026, 10, 25), 1 * HOUR),
        ("02:30-03:00", date(2026, 10, 25), 1.5 * HOUR),
    ],
)
def test_hours_while_the_clock_changes(span, day, expected):
    """Hours begin and end when the clock first shows it, or was put forward past it."""
    calendar = a_calendar((hours(span),) * 7, PARIS)
    found = open_windows(calendar, between(day, day + DAY, PARIS))

    assert duration(found) * timedelta(microseconds=1) == expected


def test_day_that_begins_twice():
    """Where the clock shows midnight and is set back before it, the new day has begun for good."""
    sunday = a_calendar((*((),) * 6, hours("00:00-02:00")), ST_JOHNS)
    midnight = datetime(2010, 11, 7, 2, 30, tzinfo=UTC)

    assert not is_open(sunday, midnight - MINUTE)
    assert is_open(sunday, midnight + 30 * MINUTE)
    assert next_change(sunday, midnight + 30 * MINUTE) == midnight + 3 * HOUR
    assert open_windows(sunday, Window(*map(microseconds, (midnight, midnight + DAY)))) == [
        Window(*map(microseconds, (midnight, midnight + 3 * HOUR)))
    ]


def test_half_an_hour_east_of_another():
    """In a zone of +05:45 hours begin by its own clock."""
    calendar = a_calendar(zone=KATHMANDU)

    assert not is_open(calendar, datetime(2026, 11, 24, 1, 44, tzinfo=UTC))
    assert is_open(calendar, datetime(2026, 11, 24, 1, 45, tzinfo=UTC))


@pytest.mark.parametrize(
    ("first", "until", "closed", "days", "expected"),
    [
        (date(2026, 2, 1), date(2026, 3, 1), (16, 17), 18, 143 * HOUR),
        (date(2026, 3, 1), date(2026, 4, 1), (18, 19, 20, 23, 24), 17, 128 * HOUR),
        (date(2026, 6, 1), date(2026, 7, 1), (1, 16), 20, 172 * HOUR),
    ],
)
def test_months_of_the_civil_service(first, until, closed, days, expected):
    """The hours of 2026 are those that the civil service counts."""
    names = {first.replace(day=day): "libur" for day in closed}
    calendar = a_calendar(holidays=names, special=(RAMADAN,))
    found = open_windows(calendar, between(first, until, WITA))

    assert len(found) == days
    assert duration(found) * timedelta(microseconds=1) == expected


@st.composite
def weeks(draw):
    """Weeks of up to three spans a day, on whole minutes, some of which touch."""
    week = []
    for _ in range(7):
        cuts = sorted(draw(st.sets(st.integers(0, 24 * 60), max_size=6)))
        pairs = list(pairwise(cuts))[:: draw(st.sampled_from((1, 2)))]
        week.append(tuple(Hours(start * MINUTE, end * MINUTE) for start, end in pairs))
    return tuple(week)


ZONES = st.sampled_from((WITA, PARIS, KATHMANDU, LORD_HOWE, APIA, ST_JOHNS))
# The days around each change of a clock that these zones know.
DAYS = st.one_of(
    st.dates(date(2010, 11, 4), date(2010, 11, 9)),
    st.dates(date(2011, 12, 25), date(2012, 1, 3)),
    st.dates(date(2026, 3, 25), date(2026, 4, 8)),
    st.dates(date(2026, 9, 24), date(2026, 10, 28)),
)
CALENDARS = st.builds(a_calendar, weeks(), ZONES)


def complement(week):
    """Return the hours of each day that `week` leaves out."""
    return tuple(_between(day) for day in week)


def _between(day):
    edges = [0 * DAY, *(edge for span in day for edge in span), DAY]
    pairs = zip(edges[::2], edges[1::2], strict=True)
    return tuple(Hours(start, end) for start, end in pairs if start < end)


@given(CALENDARS, DAYS)
def test_a_week_is_parted(calendar, day):
    """What is open and what is closed are together a week, exactly, whatever the clock does."""
    week = between(day, day + 7 * DAY, calendar.zone)
    opposite = a_calendar(complement(calendar.week), calendar.zone)
    opened, closed = open_windows(calendar, week), open_windows(opposite, week)

    assert closed == difference([week], opened)
    assert duration(opened) + duration(closed) == week.length


@given(CALENDARS, DAYS, st.integers(0, 24 * 3600 - 1), st.integers(1, 5 * 24 * 3600))
def test_windows_of_a_part_are_a_part_of_the_windows(calendar, day, second, length):
    """The hours in a period do not depend on where else one looks."""
    start = microseconds(at(str(datetime.combine(day, time())), calendar.zone))
    part = Window(start + second * 10**6, start + (second + length) * 10**6)
    wide = Window(part.start - 3 * 86_400 * 10**6, part.end + 3 * 86_400 * 10**6)
    cut = [
        Window(max(each.start, part.start), min(each.end, part.end))
        for each in open_windows(calendar, wide)
        if each.start < part.end and each.end > part.start
    ]

    assert open_windows(calendar, part) == cut


@given(CALENDARS, DAYS, st.integers(0, 24 * 3600 - 1))
def test_constant_between_changes(calendar, day, second):
    """Up to the next change a calendar stays as it is, and there it changes."""
    moment = at(str(datetime.combine(day, time())), calendar.zone) + timedelta(seconds=second)
    change = next_change(calendar, moment)
    stretch = Window(microseconds(moment), microseconds(change))
    opened = is_open(calendar, moment)

    assert open_windows(calendar, stretch) == ([stretch] if opened else [])
    if change < moment + FURTHEST:
        assert is_open(calendar, change) is not opened
    assert instant(stretch.end) > moment
