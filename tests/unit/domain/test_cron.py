from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.cron import last_fire, next_fire, parse_cron

MAKASSAR = ZoneInfo("Asia/Makassar")
BERLIN = ZoneInfo("Europe/Berlin")  # forward on 29 March 2026 at 2.00, back on 25 October at 3.00
APIA = ZoneInfo("Pacific/Apia")  # had no 30 December 2011
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")  # half an hour, forward on 4 October 2026 at 2.00


def walls(text, zone, start, count):
    """Return the wall times, with their offsets, of the first `count` fires after `start`."""
    cron, at, found = parse_cron(text), start.replace(tzinfo=zone), []
    for _ in range(count):
        at = next_fire(cron, zone, at)
        found.append(f"{at.astimezone(zone):%d %H:%M %z}")
    return found


def test_zone_without_summer_time():
    """In Makassar a nightly job is due at the same time on every day."""
    fires = walls("30 2 * * *", MAKASSAR, datetime(2026, 3, 28, tzinfo=UTC), 3)

    assert fires == ["28 02:30 +0800", "29 02:30 +0800", "30 02:30 +0800"]


def test_skipped_time_is_due_right_after_it():
    """A job at 2.30 in a night without 2.30 is due when the clock was put forward, once."""
    fires = walls("30 2 * * *", BERLIN, datetime(2026, 3, 28, 12, tzinfo=UTC), 2)

    assert fires == ["29 03:00 +0200", "30 02:30 +0200"]


def test_skipped_half_hour():
    """Where the clock goes forward by half an hour, what lies in it is due right after it."""
    fires = walls("15 2 * * *", LORD_HOWE, datetime(2026, 10, 3, 12, tzinfo=UTC), 2)

    assert fires == ["04 02:30 +1100", "05 02:15 +1100"]


def test_skipped_day():
    """Where a whole day is left out, a job at a fixed time is due at its end, others are not."""
    start = datetime(2011, 12, 29, 12, tzinfo=UTC)

    assert walls("30 2 * * *", APIA, start, 2) == ["31 00:00 +1400", "31 02:30 +1400"]
    assert walls("* 2 30 * *", APIA, start, 1) == ["30 02:00 +1400"]


def test_time_that_comes_twice_is_due_once():
    """A job at 2.30 in a night with two of them is due at the first."""
    fires = walls("30 2 * * *", BERLIN, datetime(2026, 10, 24, 12, tzinfo=UTC), 2)

    assert fires == ["25 02:30 +0200", "26 02:30 +0100"]


def test_hourly_job_goes_by_real_time():
    """A job of every hour is due in both hours that have the same name, and in none that is
    skipped.
    """
    back = walls("30 * * * *", BERLIN, datetime(2026, 10, 25, 1, tzinfo=UTC), 4)
    forward = walls("30 * * * *", BERLIN, datetime(2026, 3, 29, 1, tzinfo=UTC), 2)

    assert back == ["25 01:30 +0200", "25 02:30 +0200", "25 02:30 +0100", "25 03:30 +0100"]
    assert forward == ["29 01:30 +0100", "29 03:30 +0200"]


def test_days_of_month_and_week_are_either():
    """With both day fields a day needs to match only one of them, as in crontab(5)."""
    fires = walls("0 8 13 * fri", MAKASSAR, datetime(2026, 10, 1, tzinfo=UTC), 4)

    assert [fire[:2] for fire in fires] == ["02", "09", "13", "16"]


def test_leap_day_is_found():
    """A line for 29 February fires years ahead."""
    fired = next_fire(parse_cron("0 0 29 2 *"), MAKASSAR, datetime(2096, 3, 1, tzinfo=UTC))

    assert fired.astimezone(MAKASSAR).date().isoformat() == "2104-02-29"


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("@daily", "0 0 * * *"),
        ("0 0 * * 7", "0 0 * * sun"),
        ("*/20 8-10 * jan,MAR mon-fri", "0,20,40 8,9,10 * 1,3 1-5"),
        ("5/20 0 * * *", "5,25,45 0 * * *"),
    ],
)
def test_forms_of_a_line(text, means):
    """Macros, names in either case, lists, ranges and steps mean what crontab(5) says."""
    one, other = parse_cron(text), parse_cron(means)

    assert (one.times, one.days, one.months, one.weekdays) == (
        other.times,
        other.days,
        other.months,
        other.weekdays,
    )


@pytest.mark.parametrize(
    "text",
    ["", "* * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 8", "5-1 * * * *",
     "*/0 * * * *", "a * * * *", "1-2-3 * * * *", "٣ * * * *", "0 0 30 2 *", "1,,2 * * * *"],
)  # fmt: skip
def test_mistakes_are_refused(text):
    """What is no line, or names a day that does not exist, is refused."""
    with pytest.raises(ValueError, match=r"."):
        parse_cron(text)


fields = st.tuples(
    st.sampled_from(["*", "*/7", "0", "3,50", "20-22"]),
    st.sampled_from(["*", "*/5", "0", "2", "23"]),
    st.sampled_from(["*", "1", "*/10", "28-31"]),
    st.sampled_from(["*", "2", "*/3"]),
    st.sampled_from(["*", "0", "mon-wed", "6"]),
)


@given(fields, st.integers(0, 400 * 24 * 60))
def test_agrees_with_trying_every_minute(written, minutes):
    """In a zone without summer time the next fire is the first minute that matches."""
    cron = parse_cron(" ".join(written))
    start = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)

    fired = next_fire(cron, MAKASSAR, start)

    wall = fired.astimezone(MAKASSAR)
    assert fired > start
    assert matches(cron, wall)
    tried = range(1, min((fired - start) // timedelta(minutes=1), 3000))
    assert not any(matches(cron, wall - timedelta(minutes=back)) for back in tried)


def matches(cron, wall):
    return wall.time() in cron.times and cron.falls_on(wall.date())


@given(
    line=st.sampled_from(
        ["30 2 * * *", "0 0 * * *", "*/7 * * * *", "0 7 1 * *", "15 2 29 2 *", "30 23 30,31 12 *"]
    ),
    zone=st.sampled_from([MAKASSAR, BERLIN, APIA, LORD_HOWE]),
    seconds=st.integers(946_684_800, 2_208_988_800),
)
def test_the_last_fire_is_the_one_before_the_next(line, zone, seconds):
    """Between the last time and now there was no other, and the last is a time it fires at."""
    cron, until = parse_cron(line), datetime.fromtimestamp(seconds, UTC)

    last = last_fire(cron, zone, until)

    assert last <= until < next_fire(cron, zone, last)
    assert next_fire(cron, zone, last - timedelta(microseconds=1)) == last
