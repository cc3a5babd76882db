"""Dates, times and durations as people read them."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from monitor.locales import Language
from monitor.locales.dates import (
    date_text,
    duration_text,
    moment_text,
    month_text,
    short_date_text,
    span_text,
    time_text,
    zone_text,
)

ID, EN = Language.ID, Language.EN
WITA = ZoneInfo("Asia/Makassar")
AT = datetime(2026, 5, 31, 23, 5, 9, 999_999, tzinfo=UTC)


def test_a_date():
    """A date has its weekday, and no leading zero."""
    assert date_text(date(2026, 6, 1), ID) == "Senin, 1 Juni 2026"
    assert date_text(date(2026, 6, 1), EN) == "Monday, 1 June 2026"
    assert short_date_text(date(2026, 6, 1), ID) == "1 Juni 2026"


def test_every_weekday_and_month_has_a_name():
    """Seven weekdays and twelve months, each with a name of its own."""
    for language in Language:
        days = {date_text(date(2026, 6, day), language).split(",")[0] for day in range(1, 8)}
        months = {month_text(date(2026, month, 1), language) for month in range(1, 13)}

        assert (len(days), len(months)) == (7, 12)


@pytest.mark.parametrize(
    ("day", "text"),
    [
        (date(2026, 8, 17), "Senin, 17 Agustus 2026"),
        (date(2026, 10, 2), "Jumat, 2 Oktober 2026"),
        (date(2026, 11, 7), "Sabtu, 7 November 2026"),
        (date(2026, 2, 18), "Rabu, 18 Februari 2026"),
    ],
)
def test_dates_of_a_year(day, text):
    """The names are Indonesian, by the calendar."""
    assert date_text(day, ID) == text


def test_a_time():
    """A time of day is local, with a dot in Indonesian, and cut off, not rounded."""
    assert time_text(AT, WITA, ID) == "07.05"
    assert time_text(AT, WITA, EN) == "07:05"
    assert time_text(AT, WITA, ID, seconds=True) == "07.05.09"


def test_a_moment():
    """A moment names its zone, and the date is the local one."""
    assert moment_text(AT, WITA, ID) == "Senin, 1 Juni 2026, 07.05 WITA"
    assert moment_text(AT, WITA, EN) == "Monday, 1 June 2026, 07:05 WITA"


@pytest.mark.parametrize(
    ("zone", "name"),
    [
        (WITA, "WITA"),
        (ZoneInfo("Asia/Jakarta"), "WIB"),
        (UTC, "UTC"),
        (ZoneInfo("Asia/Kathmandu"), "UTC+05:45"),
        (ZoneInfo("America/Sao_Paulo"), "UTC-03:00"),
    ],
)
def test_a_zone_without_a_name(zone, name):
    """A zone that has no name of its own is written as its offset."""
    assert zone_text(AT, zone) == name


@pytest.mark.parametrize(
    ("length", "indonesian", "english"),
    [
        (timedelta(minutes=90), "1 jam 30 menit", "1 hour 30 minutes"),
        (timedelta(seconds=1), "1 detik", "1 second"),
        (timedelta(seconds=38_985), "10 jam 49 menit 45 detik", "10 hours 49 minutes 45 seconds"),
        (timedelta(days=1_200, seconds=2), "1.200 hari 2 detik", "1,200 days 2 seconds"),
        (timedelta(0), "0 detik", "0 seconds"),
        (timedelta(microseconds=1), "kurang dari 1 detik", "less than 1 second"),
        (timedelta(seconds=59.9), "59 detik", "59 seconds"),
        (timedelta(minutes=-2), "-2 menit", "-2 minutes"),
    ],
)
def test_a_duration(length, indonesian, english):
    """A duration names the units that are not zero; what is under a second is cut off."""
    assert duration_text(length, ID) == indonesian
    assert duration_text(length, EN) == english


def test_a_short_duration():
    """A limit of units cuts off what is below the largest ones."""
    length = timedelta(days=2, minutes=5, seconds=3)

    assert duration_text(length, ID, units=2) == "2 hari"
    assert duration_text(length, ID, units=3) == "2 hari 5 menit"


@pytest.mark.parametrize(
    ("start", "hours", "zone", "text"),
    [
        ("2026-06-01T14:00", 1, "Asia/Makassar", "1 Juni 2026, 22.00–23.00"),
        ("2026-06-01T14:00", 3, "Asia/Makassar", "1 Juni 2026, 22.00 – 2 Juni 2026, 01.00"),
        ("2026-10-25T00:30", 1, "Europe/Berlin", "25 Oktober 2026, 02.30 CEST–02.30 CET"),
        ("2026-10-25T01:30", 1, "Europe/Berlin", "25 Oktober 2026, 02.30 CET–03.30 CET"),
        ("2026-03-29T00:30", 1, "Europe/Berlin", "29 Maret 2026, 01.30 CET–03.30 CEST"),
    ],
)
def test_from_when_to_when(start, hours, zone, text):
    """A stretch of time names its second day where it is another, and zones where clocks turn."""
    began = datetime.fromisoformat(f"{start}+00:00")
    ended = began + timedelta(hours=hours)
    assert span_text(began, ended, ZoneInfo(zone), Language.ID) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "1 Juni 2026, 22.00–22.01"), (35, "1 Juni 2026, 22.00.00–22.01.35")]
)
def test_from_when_to_when_to_the_second(seconds, text):
    """Seconds are told where they are asked for, unless both are at a full minute."""
    began = datetime.fromisoformat("2026-06-01T14:00+00:00")
    ended = began + timedelta(minutes=1, seconds=seconds)
    told = span_text(began, ended, ZoneInfo("Asia/Makassar"), Language.ID, seconds=True)
    assert told == text
