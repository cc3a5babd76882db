"""Which time a command is about."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from monitor.cli.period import NoPeriod, heading, period
from monitor.domain.instant import microseconds
from monitor.locales import Language
from tests.fakes import NOON

WITA = ZoneInfo("Asia/Makassar")
HOUR = 3_600_000_000


def asked(*, in_month=None, first=None, until=None, now=NOON):
    return period(in_month=in_month, first=first, until=until, zone=WITA, now=microseconds(now))


def test_month_begins_at_local_midnight():
    """A month is that of the configured zone: WITA begins it eight hours before UTC."""
    may = asked(in_month="2026-05")

    assert may.window.length == 31 * 24 * HOUR
    assert may.window.end == microseconds(NOON) - 12 * HOUR
    assert not may.running


def test_running_month_ends_now():
    """A month that is not over ends now."""
    june = asked(in_month="2026-06")

    assert june.window.length == 12 * HOUR
    assert june.running


def test_heading_says_until_now():
    """Figures of a period that is not over say so, in the language of the figures."""
    assert heading(asked(in_month="2026-06"), WITA, Language.ID) == (
        "Senin, 1 Juni 2026, 00.00 WITA sampai Senin, 1 Juni 2026, 12.00 WITA "
        "(sampai sekarang: periode belum selesai)"
    )


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"in_month": "2026-05", "first": date(2026, 5, 1)},
        {"first": date(2026, 5, 1)},
        {"first": date(2026, 5, 2), "until": date(2026, 5, 2)},
        {"in_month": "2026-07"},
        {"in_month": "2026-5"},
    ],
)
def test_what_is_no_period_is_refused(arguments):
    """Half a period, two at once, an empty one and one that has not begun are refused."""
    with pytest.raises(NoPeriod):
        asked(**arguments)


@pytest.mark.parametrize(
    ("asked_for", "days"), [({"in_quarter": "2026-Q1"}, 90), ({"in_year": "2025"}, 365)]
)
def test_quarters_and_years_are_periods(asked_for, days):
    """A quarter is three months of the zone, a year twelve."""
    found = period(
        in_month=None, first=None, until=None, zone=WITA, now=microseconds(NOON), **asked_for
    )

    assert found.window.length == days * 24 * HOUR


@pytest.mark.parametrize(
    "asked_for", [{"in_quarter": "2026-Q5"}, {"in_quarter": "2026-1"}, {"in_year": "26"}]
)
def test_what_is_no_quarter_or_year_is_refused(asked_for):
    """A quarter is written 2026-Q1 and a year 2026."""
    with pytest.raises(NoPeriod, match="write it as"):
        period(
            in_month=None, first=None, until=None, zone=WITA, now=microseconds(NOON), **asked_for
        )
