"""When a report is due, and on which period."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from monitor.domain.cron import parse_cron
from monitor.domain.reportplan import Done, Every, ReportPlan, due, ended, pause

WITA = ZoneInfo("Asia/Makassar")
MONTHLY = ReportPlan(
    every=Every.MONTH, cron=parse_cron("0 7 1 * *"), forms=("json",), languages=("id",)
)


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=WITA)


@pytest.mark.parametrize(
    ("every", "moment", "name"),
    [
        (Every.MONTH, "2026-11-01T00:00", "2026-10"),
        (Every.MONTH, "2026-10-31T23:59", "2026-09"),
        (Every.MONTH, "2026-01-15T07:00", "2025-12"),
        (Every.QUARTER, "2026-10-01T07:00", "2026-Q3"),
        (Every.QUARTER, "2026-09-30T07:00", "2026-Q2"),
        (Every.QUARTER, "2026-02-01T07:00", "2025-Q4"),
        (Every.YEAR, "2027-01-01T00:00", "2026"),
        (Every.YEAR, "2026-12-31T23:59", "2025"),
    ],
)
def test_a_report_is_on_the_newest_period_that_is_over(every, moment, name):
    """By local days: the month, quarter or year before the one that goes on."""
    assert ended(every, at(moment), WITA) == name


def test_a_report_is_due_when_its_time_comes():
    """It is not due before its time, due from then on, and not again once it was taken care of."""
    done = Done(at=at("2026-10-01T07:00"))

    assert due(MONTHLY, done, at("2026-11-01T06:59"), WITA) is None
    run = due(MONTHLY, done, at("2026-11-01T07:00"), WITA)
    assert (run.at, run.period) == (at("2026-11-01T07:00"), "2026-10")
    assert due(MONTHLY, Done(at=run.at), at("2026-11-30T00:00"), WITA) is None


def test_of_what_was_missed_the_last_is_due():
    """After months of absence the newest report is made up for, once."""
    run = due(MONTHLY, Done(at=at("2026-06-01T07:00")), at("2026-11-24T12:00"), WITA)

    assert (run.at, run.period) == (at("2026-11-01T07:00"), "2026-10")


def test_what_fails_is_tried_again_soon_then_hourly():
    """After a minute, after ten, and then each hour."""
    minute = timedelta(minutes=1)

    assert [pause(n) / minute for n in (1, 2, 3, 4, 50)] == [1, 10, 60, 60, 60]
