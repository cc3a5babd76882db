"""Local days and months, as long as their zones make them."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from monitor.domain.availability import Parts, figures
from monitor.domain.instant import instant
from monitor.domain.observation import Status
from monitor.domain.periods import between, days, local_midnight, month
from monitor.domain.timeline import Sample, spans
from monitor.domain.windows import (
    Window,
    difference,
    duration,
    intersection,
    overlaps,
    union,
)

SECOND = 1_000_000
ONE_DAY = timedelta(days=1)


def seconds_of(day, zone):
    return between(day, day + ONE_DAY, ZoneInfo(zone)).length // SECOND


@pytest.mark.parametrize(
    ("zone", "day", "seconds"),
    [
        pytest.param("Asia/Makassar", date(2026, 6, 1), 86_400, id="no summer time"),
        pytest.param("America/New_York", date(2026, 3, 8), 82_800, id="an hour less"),
        pytest.param("America/New_York", date(2026, 11, 1), 90_000, id="an hour more"),
        pytest.param("Australia/Lord_Howe", date(2026, 10, 4), 84_600, id="half an hour less"),
        pytest.param("Australia/Lord_Howe", date(2026, 4, 5), 88_200, id="half an hour more"),
        pytest.param("Pacific/Apia", date(2011, 12, 29), 86_400, id="before the day left out"),
        pytest.param("Pacific/Apia", date(2011, 12, 30), 0, id="the day left out"),
        pytest.param("Pacific/Apia", date(2011, 12, 31), 86_400, id="after the day left out"),
        pytest.param("Asia/Kathmandu", date(1986, 1, 1), 85_500, id="no first quarter of an hour"),
        pytest.param("America/Sao_Paulo", date(2018, 11, 4), 82_800, id="no midnight"),
        pytest.param(
            "America/Toronto", date(1919, 3, 30), 84_600, id="a gap across midnight, before"
        ),
        pytest.param(
            "America/Toronto", date(1919, 3, 31), 84_600, id="a gap across midnight, after"
        ),
        pytest.param("America/Havana", date(2026, 11, 1), 90_000, id="midnight twice"),
    ],
)
def test_the_length_of_a_day(zone, day, seconds):
    """A local day runs from 00:00 to 24:00, as long as the zone makes it."""
    assert seconds_of(day, zone) == seconds


@pytest.mark.parametrize(
    ("zone", "utc"),
    [
        ("Asia/Makassar", datetime(2026, 5, 31, 16, tzinfo=UTC)),
        ("Asia/Kathmandu", datetime(2026, 5, 31, 18, 15, tzinfo=UTC)),
        ("America/New_York", datetime(2026, 6, 1, 4, tzinfo=UTC)),
    ],
)
def test_local_midnight(zone, utc):
    """A day begins at 00:00 of the zone, to the microsecond."""
    assert instant(local_midnight(date(2026, 6, 1), ZoneInfo(zone))) == utc


@pytest.mark.parametrize(
    ("zone", "text", "count"),
    [
        ("Pacific/Apia", "2011-12", 31),
        ("Australia/Lord_Howe", "2026-04", 30),
        ("Australia/Lord_Howe", "2026-10", 31),
        ("America/New_York", "2026-11", 30),
        ("Asia/Kathmandu", "2024-02", 29),
        ("Asia/Makassar", "2026-12", 31),
    ],
)
def test_a_month_is_the_sum_of_its_days(zone, text, count):
    """The days of a month follow each other without a gap, and their figures sum to the month's."""
    whole, local = (
        month(text, ZoneInfo(zone)),
        list(days(month(text, ZoneInfo(zone)), ZoneInfo(zone))),
    )
    hour = 3_600 * SECOND
    slots = range(whole.start - hour // 3, whole.end, hour)
    statuses = (*[Status.UP] * 5, Status.DOWN, Status.DEGRADED)
    known = spans(
        [Sample(t, statuses[k % 7]) for k, t in enumerate(slots) if k % 31 > 4], hour, whole
    )
    planned = [Window(whole.start + 40 * hour, whole.start + 55 * hour)]

    def parts(window):
        return figures(known, [window], interval=hour, maintenance=planned).parts

    assert [day.date.day for day in local] == list(range(1, count + 1))
    assert sum((parts(day.window) for day in local), Parts()) == parts(whole)
    assert parts(whole).total == whole.length


def test_the_edges_cut_days():
    """A period that begins or ends within a day holds a part of that day."""
    zone = ZoneInfo("Asia/Makassar")
    noon = local_midnight(date(2026, 6, 1), zone) + 43_200 * SECOND
    cut = list(days(Window(noon, noon + 86_400 * SECOND), zone))

    assert [(day.date.day, day.window.length // SECOND) for day in cut] == [
        (1, 43_200),
        (2, 43_200),
    ]


@pytest.mark.parametrize(
    "text", ["2026-13", "2026-00", "26-10", "2026-1", "2026/10", "2026-10-01", "", "٢٠٢٦-10"]
)
def test_a_month_that_is_none(text):
    """A month is written YYYY-MM; the message names what was written instead."""
    with pytest.raises(ValueError, match="is not a month") as caught:
        month(text, UTC)

    assert repr(text) in str(caught.value)


A, B = Window(0, 10), Window(20, 30)


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (union([B, A, Window(10, 20)]), [Window(0, 30)]),
        (union([Window(5, 5), Window(7, 6)]), []),
        (intersection([A, B], [Window(5, 25)]), [Window(5, 10), Window(20, 25)]),
        (intersection([A], [B]), []),
        (difference([A, B], [Window(5, 25)]), [Window(0, 5), Window(25, 30)]),
        (
            difference([A], [Window(2, 3), Window(4, 5)]),
            [Window(0, 2), Window(3, 4), Window(5, 10)],
        ),
        (difference([A], [Window(-5, 2), Window(8, 15)]), [Window(2, 8)]),
        (difference([A], [Window(20, 30)]), [A]),
        (difference([A], [Window(-30, -20)]), [A]),
        (difference([A], [Window(-5, 50)]), []),
        (difference([], [A]), []),
        (overlaps([A, Window(5, 25), B]), [Window(5, 10), Window(20, 25)]),
        (overlaps([A, B]), []),
        (overlaps([]), []),
        (duration([A, Window(5, 12)]), 12),
    ],
)
def test_sets_of_windows(result, expected):
    """Windows are sets of instants: union, intersection, difference, what is covered twice."""
    assert result == expected
