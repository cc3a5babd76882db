"""Scheduled reports: when they are filed, and what is done when that fails."""

import asyncio
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from structlog.testing import capture_logs

from monitor.app.reportruns import Memory, ReportRuns, Unfiled, command
from monitor.domain.cron import parse_cron
from monitor.domain.reportplan import Every, ReportPlan, Run
from tests.fakes import FakeTelemetry

OCTOBER = datetime(2026, 10, 24, tzinfo=UTC)
SEVEN = datetime(2026, 10, 31, 23, tzinfo=UTC)  # 07:00 in Makassar, on 1 November
MINUTE = timedelta(minutes=1)
MONTHLY = ReportPlan(
    every=Every.MONTH, cron=parse_cron("0 7 1 * *"), forms=("pdf", "csv"), languages=("id", "en")
)


class City:
    """A daemon of one plan, at a time that a test sets; its reports fail as long as it says so."""

    def __init__(self, folder: Path, plans=(MONTHLY,)):
        self.now, self.in_doubt, self.fails, self.filed = OCTOBER, False, False, []
        self.begun = asyncio.Event()
        self.telemetry, self.told = FakeTelemetry(), []
        self.going = asyncio.Event()
        self.going.set()
        self.file = folder / "reports" / "schedule.json"
        self.start(plans)

    def start(self, plans=(MONTHLY,)):
        self.runs = ReportRuns(
            plans,
            memory=Memory(self.file),
            filing=self._file,
            telemetry=self.telemetry,
            now=lambda: self.now,
            zone=ZoneInfo("Asia/Makassar"),
            telling=lambda run, why: self.told.append((run.period, why)),
            in_doubt=lambda: self.in_doubt,
        )

    async def _file(self, run):
        self.begun.set()
        await self.going.wait()
        if self.fails:
            raise Unfiled("the disk is full")
        self.filed.append((run.plan.name, run.period))

    async def at(self, moment):
        self.now = moment
        await self.runs.run()


@pytest.fixture
def city(tmp_path):
    return City(tmp_path)


async def test_a_plan_begins_when_it_is_first_seen(city):
    """What was due before a plan was written is not made up for."""
    await city.at(OCTOBER)
    await city.at(SEVEN - MINUTE)

    assert city.filed == []


async def test_a_report_is_filed_once_when_its_time_comes(city):
    """At its time a report is filed on the month that is over, and once."""
    for moment in (OCTOBER, SEVEN, SEVEN + MINUTE, SEVEN + timedelta(days=20)):
        await city.at(moment)

    assert city.filed == [("month", "2026-10")]
    assert [name for name, _ in city.telemetry.calls] == ["report_filed"]


async def test_what_was_missed_is_made_up_for_at_the_next_start(city):
    """A report that was due while no daemon ran is filed at its start, and by no later one."""
    await city.at(OCTOBER)
    city.start()
    await city.at(SEVEN + timedelta(days=9))
    city.start()
    await city.at(SEVEN + timedelta(days=10))

    assert city.filed == [("month", "2026-10")]


async def test_what_fails_is_tried_again(city):
    """A report that fails is tried after a minute, after ten, then each hour, until it is filed."""
    await city.at(OCTOBER)
    city.fails = True
    tried = []
    for minutes in range(130):
        before = len(city.telemetry.calls)
        await city.at(SEVEN + minutes * MINUTE)
        tried += [minutes] * (len(city.telemetry.calls) - before)
    city.fails = False
    await city.at(SEVEN + 131 * MINUTE)

    assert tried == [0, 1, 11, 71]
    assert city.told == [("2026-10", "the disk is full")]
    assert city.filed == [("month", "2026-10")]


async def test_what_passes_tells_nobody(city):
    """People are told at the third failure in a row; what works by then is no news."""
    await city.at(OCTOBER)
    city.fails = True
    await city.at(SEVEN)
    await city.at(SEVEN + MINUTE)
    city.fails = False
    await city.at(SEVEN + 11 * MINUTE)

    assert (city.told, city.filed) == ([], [("month", "2026-10")])


async def test_one_that_fails_keeps_no_other_back(tmp_path):
    """Each plan is tried by itself."""
    other = replace(MONTHLY, owners=("bapenda",))
    city = City(tmp_path, (MONTHLY, other))
    await city.at(OCTOBER)

    async def picky(run):
        if not run.plan.owners:
            raise Unfiled("no")
        city.filed.append(run.plan.name)

    city.runs._filing = picky
    await city.at(SEVEN)

    assert city.filed == ["month, bapenda"]


async def test_by_a_clock_in_doubt_nothing_is_filed(city):
    """While the clock is in doubt no report is due: which periods are over would be a guess."""
    await city.at(OCTOBER)
    city.in_doubt = True
    await city.at(SEVEN)

    assert city.filed == []


async def test_one_report_at_a_time(city):
    """While a report is being filed no other is begun; a stop ends it, and it stays due."""
    await city.at(OCTOBER)
    city.going.clear()
    city.now = SEVEN
    first = asyncio.create_task(city.runs.run())
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await city.runs.run()
    await city.runs.stop()
    await first
    city.going.set()
    city.start()
    await city.at(SEVEN + MINUTE)

    assert city.filed == [("month", "2026-10")]


async def test_what_can_not_be_read_is_begun_anew(city):
    """A damaged memory keeps no report back that comes due after it."""
    city.file.parent.mkdir()
    city.file.write_text('{"month": 7}')
    await city.at(OCTOBER)
    await city.at(SEVEN)

    assert city.filed == [("month", "2026-10")]


async def test_a_plan_begins_with_the_reload_that_brings_it(city):
    """What comes due right after a reload is filed, however soon it is looked again."""
    await city.at(OCTOBER)
    city.now = SEVEN - timedelta(seconds=5)
    city.runs.replace((MONTHLY, replace(MONTHLY, owners=("bapenda",))))
    await city.at(SEVEN + timedelta(seconds=40))

    assert city.filed == [("month", "2026-10"), ("month, bapenda", "2026-10")]


async def test_a_plan_that_a_reload_takes_away_files_nothing_more(city):
    """While one report is being filed a reload may take away the next one: it is not filed."""
    other = replace(MONTHLY, owners=("bapenda",))
    city.start((MONTHLY, other))
    await city.at(OCTOBER)
    city.going.clear()
    city.now = SEVEN
    looking = asyncio.create_task(city.runs.run())
    await city.begun.wait()
    city.runs.replace((MONTHLY,))
    city.going.set()
    await looking

    assert city.filed == [("month", "2026-10")]


async def test_a_language_that_is_added_is_filed_for_the_last_period(city):
    """A plan that asks for more than its last report has files that report again, once."""
    await city.at(OCTOBER)
    await city.at(SEVEN)
    more = replace(MONTHLY, languages=("id", "en", "xx"))
    city.start((more,))
    for day in range(3):
        await city.at(SEVEN + timedelta(days=9 + day))
    city.runs.replace((MONTHLY,))
    await city.at(SEVEN + timedelta(days=14))

    assert city.filed == [("month", "2026-10")] * 2


async def test_a_plan_that_is_changed_before_its_first_report_files_nothing(city):
    """Where no report was filed yet there is none to add to."""
    await city.at(OCTOBER)
    city.runs.replace((replace(MONTHLY, languages=("id", "en", "xx")),))
    await city.at(OCTOBER + timedelta(days=1))

    assert city.filed == []


async def test_a_late_report_says_how_late(city):
    """What is made up for after a long stop is in the log, with how late it is; in time is not."""
    await city.at(OCTOBER)
    with capture_logs() as logs:
        await city.at(SEVEN + timedelta(seconds=40))
        await city.at(SEVEN + timedelta(days=70))

    [late] = [each for each in logs if each["event"] == "report.late"]
    assert (late["period"], late["late_seconds"]) == ("2026-12", 9 * 86_400)


def test_a_report_is_filed_by_the_command_that_people_have():
    """The command names the configuration, the period, forms, languages, what it is about, and who."""
    plan = replace(MONTHLY, owners=("bapenda", "dinkes"), sealed=True)
    run = Run(plan=plan, at=SEVEN, period="2026-10")

    assert command(Path("/etc/pantau/checks.yaml"), run) == (
        *(sys.executable, "-m", "monitor", "report", "file", "--quiet", "--by", "Pantau"),
        *("--config", "/etc/pantau/checks.yaml", "--month", "2026-10"),
        *("--format", "pdf,csv", "--lang", "id,en"),
        *("--owner", "bapenda", "--owner", "dinkes", "--sign"),
    )
