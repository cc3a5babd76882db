"""`pantau availability` over a real database, to the last digit."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from monitor.cli.period import period
from monitor.configuration.loader import load
from monitor.domain.availability import verdict
from monitor.domain.instant import microseconds
from monitor.domain.maintenance import MaintenanceWindow, Occurrence
from monitor.domain.observation import (
    Failure,
    FailureKind,
    Observation,
    Outcome,
    OutcomeStatus,
    Status,
)
from monitor.domain.service import ServiceId
from monitor.domain.state import Transition
from monitor.domain.windowrecord import Source, WindowRecord
from monitor.ports import Change, Mark, MarkKind
from monitor.probes import check_types
from monitor.reports.entries import Terms
from monitor.reports.reckoning import entry
from monitor.store.reader import open_reader
from monitor.store.sealjob import Paces
from monitor.store.sql import open_store
from tests.acceptance.cli.commands import pantau

SECOND = 1_000_000
MIDNIGHT = datetime(2025, 6, 2, tzinfo=ZoneInfo("Asia/Makassar"))
FAILING = [*range(36_000, 37_141, 60), *range(54_000, 54_121, 60), *range(79_200, 80_941, 60)]
SEEN = [t for t in range(0, 86_400, 60) if not 10_860 <= t <= 14_340]
CHECKS = """
version: 1
services:
  - id: portal
    name: Portal
    owner: diskominfo
    sla: {target: 94, basis: SK 12/2025}
checks:
  - {id: portal-port, service: portal, type: tcp, host: 127.0.0.1, port: 9, interval: 60s}
"""
REFUSED = Outcome(
    status=OutcomeStatus.FAILED,
    failure=Failure(FailureKind.CONNECT_REFUSED, "connect to 127.0.0.1:9: refused"),
)


def sample(seconds, outcome=Outcome(), check="portal-port"):  # noqa: B008 - a frozen value
    at = (MIDNIGHT + timedelta(seconds=seconds)).astimezone(UTC)
    return Observation(
        check_id=check,
        vantage="utama",
        epoch=1,
        scheduled_at=at,
        started_at=at,
        duration=timedelta(milliseconds=3),
        outcome=outcome,
    )


@pytest.fixture
async def city(tmp_path):
    """A city of one check whose day of 1,381 samples is in the database."""
    (tmp_path / "checks.yaml").write_text(CHECKS)
    (tmp_path / "data").mkdir(mode=0o700)
    seen = tuple(sample(t, REFUSED if t in FAILING else Outcome()) for t in SEEN)
    async with open_store(tmp_path / "data", vantage="utama") as store:
        await store.restore()
        await store.commit(Change(observations=seen))
    return tmp_path


def of_the_day(city, *arguments):
    return pantau(city, "availability", "--from", "2025-06-02", "--to", "2025-06-03", *arguments)


def moment(seconds):
    return (MIDNIGHT + timedelta(seconds=seconds)).astimezone(UTC)


def planned(*, known=0, start=79_200, end=82_800):
    """Work at night on the portal, known since so many seconds after midnight."""
    window = MaintenanceWindow(
        id="patch",
        when=Occurrence(moment(start), moment(end)),
        reason="Pembaruan server",
        approved_by="Kabid Infrastruktur",
        services=frozenset({ServiceId("portal")}),
    )
    return WindowRecord(window=window, source=Source.COMMAND, added_at=moment(known), added_by="a")


async def put_down(city, *windows):
    async with open_store(city / "data", vantage="utama") as store:
        await store.restore()
        await store.commit(Change(windows=windows))


def computed(city):
    config = load(city / "checks.yaml", check_types(), {})
    asked = period(
        in_month=None,
        first=MIDNIGHT.date(),
        until=MIDNIGHT.date() + timedelta(days=1),
        zone=ZoneInfo("Asia/Makassar"),
        now=microseconds(datetime.now(UTC)),
    )
    [service] = config.services.values()
    with open_reader(city / "data", "utama") as reader:
        terms = Terms(calendars=config.calendars, windows=reader.windows())
        return entry(service, [c.check for c in config.checks], reader, asked.window, terms)


@pytest.mark.parametrize("kept", ["samples", "hours"])
async def test_sealed_hours_give_the_same_figures(city, kept):
    """Whether hours are sealed or not, and whether their samples are still kept, is nothing that
    figures show.
    """
    await put_down(city, planned())
    before, printed = computed(city), of_the_day(city, "--output", "json").stdout
    day = microseconds(MIDNIGHT) // (3600 * SECOND)
    async with open_store(city / "data", vantage="utama") as store:
        assert await store.seal(day + 30, Paces(intervals={"portal-port": 60 * SECOND})) == 25
        if kept == "hours":
            assert await store.drop_samples(day + 30) == 25

    assert computed(city) == before
    assert of_the_day(city, "--output", "json").stdout == printed


async def test_day_with_maintenance_to_the_last_digit(city):
    """Parts sum to the day; maintenance is carved out, and what was seen inside is kept apart."""
    await put_down(city, planned())
    figures = computed(city).figures

    parts = figures.parts
    assert (parts.up, parts.down, parts.unknown, parts.maintenance) == tuple(
        seconds * SECOND for seconds in (77_970, 1_380, 3_450, 3_600)
    )
    assert (parts.up_in_maintenance, parts.down_in_maintenance) == (1_800 * SECOND, 1_800 * SECOND)
    shares = (figures.availability, figures.lower, figures.upper, figures.gross, figures.coverage)
    assert [f"{x.numerator}/{x.denominator}" for x in shares] == [
        *("113/115", "113/120", "59/60", "2659/2765", "23/24")
    ]
    assert (figures.outages, figures.mtbf, figures.mttr) == (2, 38_985 * SECOND, 690 * SECOND)
    assert (figures.expected, figures.received) == (1_440, 1_381)


async def test_verdict_follows_the_target(city):
    """The target of 94 is met whatever happened while nobody could see."""
    await put_down(city, planned())
    whole = computed(city)

    assert verdict(whole.figures, whole.service.sla.target) == "met"


async def test_command_prints_the_day_to_the_last_digit(city):
    """What is stored is what is printed: every figure of the day, exact and as people read it."""
    await put_down(city, planned())

    [service] = json.loads(of_the_day(city, "--output", "json").stdout)["services"]

    times = ("up", "down", "unknown", "maintenance", "up_in_maintenance", "down_in_maintenance")
    assert [service["seconds"][name] for name in times] == [
        77_970,
        1_380,
        3_450,
        3_600,
        1_800,
        1_800,
    ]
    assert {name: tuple(service[name].values()) for name in ("availability", "lower", "upper")} == {
        "availability": ("113/115", "98,260 %"),
        "lower": ("113/120", "94,166 %"),
        "upper": ("59/60", "98,334 %"),
    }
    assert service["gross"] == {"exact": "2659/2765", "text": "96,166 %"}
    assert service["coverage"] == {"exact": "23/24", "text": "95,833 %"}
    assert (service["resolution"]["low"], service["resolution"]["high"]) == ("519/529", "2603/2645")
    assert (service["outages"], service["verdict"]) == (2, "met")
    assert service["mtbf_seconds"]["exact"] == "38985/1"
    assert service["mttr_seconds"]["exact"] == "690/1"
    [work] = service["maintenance"]
    assert (work["id"], work["after_the_fact"], work["approved_by"]) == (
        *("patch", False),
        "Kabid Infrastruktur",
    )


@pytest.mark.parametrize(
    ("target", "verdict"),
    [("99", "tidak memenuhi"), ("98", "tidak dapat disimpulkan"), ("94", "memenuhi")],
)
async def test_text_prints_the_day(city, target, verdict):
    """The table shows the same figures, and the work that was carved out with who approved it."""
    (city / "checks.yaml").write_text(CHECKS.replace("target: 94", f"target: {target}"))
    await put_down(city, planned())

    done = of_the_day(city)

    figures = ["98,260 %", "94,166 %", "98,334 %", "96,166 %", "95,833 %"]
    assert [text for text in figures if text not in done.stdout] == []
    assert f"{target},0 %" in done.stdout
    assert f"{target},0 %   {verdict}  " in done.stdout.splitlines()[3]
    assert "patch" in done.stdout
    assert "2 Juni 2025, 22.00–23.00" in done.stdout
    assert "Kabid Infrastruktur" in done.stdout


async def test_work_put_down_too_late_changes_no_figure(city):
    """Work that was put down after it began is listed, and nothing is carved out for it."""
    await put_down(city, planned(known=79_201))

    [service] = json.loads(of_the_day(city, "--output", "json").stdout)["services"]

    assert service["seconds"]["maintenance"] == 0
    assert service["availability"]["exact"] == "2659/2765"
    [work] = service["maintenance"]
    assert (work["after_the_fact"], work["counted"]) == (True, None)


OFFICE = """
name: Jam kerja ASN
days: {mon-thu: "07:30-16:00", fri: "07:30-16:30"}
holidays: {country: ID, categories: [public, government]}
"""


def test_hours_of_a_calendar(city):
    """Figures go by the hours that were promised, and around the clock beside them."""
    (city / "config" / "calendars").mkdir(parents=True)
    (city / "config" / "calendars" / "jam-kerja.yaml").write_text(OFFICE)
    (city / "checks.yaml").write_text(CHECKS.replace("SK 12/2025", "SK, hours: jam-kerja"))

    [service] = json.loads(of_the_day(city, "--output", "json").stdout)["services"]
    lines = list(csv.DictReader(io.StringIO(of_the_day(city, "--output", "csv").stdout)))
    text = of_the_day(city).stdout

    # 07:30-16:00: down from 10:00 to 10:20, and from 15:00 to 15:03.
    assert (service["seconds"]["total"], service["seconds"]["down"]) == (30_600, 1_380)
    assert service["around_the_clock"]["seconds"]["total"] == 86_400
    assert [(line["hours"], line["total_seconds"]) for line in lines] == [
        ("jam-kerja", "30600"),
        ("24x7", "86400"),
    ]
    assert "Portal (Jam kerja ASN)" in text
    assert "\n  24×7  " in text


def test_command_prints_the_day_without_maintenance(city):
    """Without windows the night's work counts: U 79,770, D 3,180, K 3,450 of 86,400 s."""
    done = of_the_day(city, "--output", "json")

    assert done.returncode == 0, done.stderr
    [service] = json.loads(done.stdout)["services"]
    seconds = service["seconds"]
    assert {name: seconds[name] for name in ("up", "down", "unknown", "maintenance", "total")} == {
        "up": 79_770,
        "down": 3_180,
        "unknown": 3_450,
        "maintenance": 0,
        "total": 86_400,
    }
    assert service["availability"] == {"exact": "2659/2765", "text": "96,166 %"}
    assert service["lower"] == {"exact": "2659/2880", "text": "92,326 %"}
    assert service["upper"] == {"exact": "1387/1440", "text": "96,320 %"}
    assert service["gross"] == {"exact": "2659/2765", "text": "96,166 %"}
    assert service["coverage"]["exact"] == "553/576"
    assert (service["expected"], service["received"]) == (1_440, 1_381)
    assert service["outages"] == 3


def test_table_is_in_the_language_that_was_asked_for(city):
    """--lang chooses the words; the figures are the same."""
    done = of_the_day(city, "--lang", "en")

    assert "96.166%" in done.stdout
    assert "Monday, 2 June 2025, 00:00 WITA to Tuesday, 3 June 2025, 00:00 WITA" in done.stdout


def test_csv_has_a_line_for_each_service(city):
    """CSV holds one line a service, with exact fractions."""
    [line] = csv.DictReader(io.StringIO(of_the_day(city, "--output", "csv").stdout))

    assert (line["service"], line["availability_exact"]) == ("portal", "2659/2765")


def test_month_has_all_its_days(city):
    """A month is as long as its local days, and what nobody watched in it is unknown."""
    done = pantau(city, "availability", "--month", "2025-06", "-o", "json")

    [service] = json.loads(done.stdout)["services"]
    assert service["seconds"]["total"] == 30 * 86_400
    assert service["seconds"]["unknown"] == 29 * 86_400 + 3_450 - 90


async def test_recorded_stop_ends_the_hold(city):
    """From a recorded stop on nothing is known, however long the last sample might have held."""
    stop = Mark(
        kind=MarkKind.STOP, at=(MIDNIGHT + timedelta(seconds=86_350)).astimezone(UTC), epoch=1
    )
    async with open_store(city / "data", vantage="utama") as store:
        await store.restore()
        await store.commit(Change(marks=(stop,)))

    assert computed(city).figures.parts.unknown == (3_450 + 50) * SECOND


def test_period_that_is_not_over_ends_now(city):
    """A period that is not over is computed until now, and says so."""
    done = pantau(
        city, "availability", "--from", "2025-06-02", "--to", "2199-01-01", "--lang", "en"
    )

    assert "until now" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "--month"),
        (("--month", "2025-13"), "not a month"),
        (("--from", "2025-06-02"), "--to"),
        (("--from", "2.6.2025", "--to", "2025-06-03"), "no day"),
        (("--from", "2025-06-03", "--to", "2025-06-02"), "ends before"),
        (("--month", "2199-01"), "not begun"),
        (("--month", "2025-06", "--service", "portl"), "did you mean 'portal'?"),
    ],
)
def test_what_is_no_period_is_a_usage_error(city, arguments, said):
    """What is no period, or no service, is refused with what would be right; exit code 2."""
    done = pantau(city, "availability", *arguments)

    assert done.returncode == 2
    assert said in done.stderr


def test_without_database_it_says_how_to_get_one(tmp_path):
    """Without a database the command says so and exits 1."""
    (tmp_path / "checks.yaml").write_text(CHECKS)

    done = of_the_day(tmp_path)

    assert (done.returncode, done.stdout) == (1, "")
    assert "there is no database yet" in done.stderr


CUT = ("correct", "add", "--check", "portal-port", "--from", "2025-06-02 10:00")
BY_ISP = ("--reason", "Jalur kami putus", "--evidence", "Surat ISP 12/2025", "--by", "Rina")


def test_corrections_are_shown_beside_what_was_measured(city):
    """Figures show both, with who corrected what on which evidence; nothing recorded is changed."""
    made = pantau(city, *CUT, "--to", "2025-06-02 10:20", "--status", "unknown", *BY_ISP)
    wrong = pantau(city, *CUT, "--to", "2025-06-02 09:20", "--status", "unknown", *BY_ISP)
    [service] = json.loads(of_the_day(city, "--output", "json").stdout)["services"]
    lines = list(csv.DictReader(io.StringIO(of_the_day(city, "--output", "csv").stdout)))
    text = of_the_day(city).stdout

    assert (made.returncode, made.stderr) == (0, "")
    assert wrong.returncode == 1
    assert "to: 2025-06-02 09:20 is not after from, 2025-06-02 10:00" in wrong.stderr
    assert (service["seconds"]["down"], service["seconds"]["unknown"]) == (1_980, 4_650)
    assert service["as_measured"]["seconds"]["down"] == 3_180
    assert service["as_measured"]["availability"]["exact"] == "2659/2765"
    [told] = service["corrections"]
    assert (told["evidence"], told["by"], told["status"]) == (
        "Surat ISP 12/2025",
        "Rina",
        "unknown",
    )
    assert [(line["corrected"], line["down_seconds"]) for line in lines] == [
        ("yes", "1980"),
        ("no", "3180"),
    ]
    assert "\n  sebelum koreksi  " in text
    assert "2 Juni 2025, 10.00–10.20" in text
    assert "Surat ISP 12/2025" in text

    withdrawn = pantau(
        city, "correct", "withdraw", told["id"], "--reason", "keliru", "--by", "Budi"
    )
    again = pantau(city, "correct", "withdraw", told["id"], "--reason", "keliru", "--by", "Budi")
    [after] = json.loads(of_the_day(city, "--output", "json").stdout)["services"]
    [kept] = json.loads(pantau(city, "correct", "list", "--output", "json").stdout)

    assert (withdrawn.returncode, again.returncode) == (0, 1)
    assert "it was withdrawn already, by Budi" in again.stderr
    assert (after["as_measured"], after["seconds"]["down"]) == (None, 3_180)
    assert kept["withdrawn"]["by"] == "Budi"
    assert after["corrections"][0]["withdrawn"]["reason"] == "keliru"
    assert "dicabut oleh Budi" in of_the_day(city).stdout


def test_corrections_are_listed_to_the_second(city):
    """Who adds up what was corrected can do it from the lists: they leave no seconds out."""
    when = "--from", "2025-06-02 10:00:05", "--to", "2025-06-02 10:00:40"
    made = pantau(city, *CUT[:4], *when, "--status", "unknown", *BY_ISP)

    assert made.stdout.endswith("was unknown, 2025-06-02 10:00:05 to 2025-06-02 10:00:40\n")
    assert "2025-06-02 10:00:05 to 2025-06-02 10:00:40" in pantau(city, "correct", "list").stdout
    assert "2 Juni 2025, 10.00.05–10.00.40" in of_the_day(city).stdout


def turned(seconds, old, new, failure=None):
    at = moment(seconds)
    return "portal-port", Transition(old=old, new=new, at=at, noticed_at=at, failure=failure)


async def test_budget_and_how_fast_it_is_used(city):
    """A budget is what the target allows and the figures use; its rates go by confirmed statuses."""
    changes = (
        turned(0, Status.UNKNOWN, Status.UP),
        turned(79_200, Status.UP, Status.DOWN, REFUSED.failure),
        turned(81_000, Status.DOWN, Status.UP),
    )
    async with open_store(city / "data", vantage="utama") as store:
        await store.restore()
        await store.commit(Change(transitions=changes))

    [service] = json.loads(of_the_day(city, "--output", "json").stdout)["services"]

    budget = service["error_budget"]
    assert budget["allowed_microseconds"] == f"{5_184 * SECOND}/1"  # 6 % of a day
    assert budget["used_microseconds"] == 3_180 * SECOND
    rates = [(one["long_rate"]["exact"], one["short_rate"]["exact"]) for one in budget["burn"]]
    # Down from 22:00 to 22:30: half an hour of 6 hours, of what is known of the day, and of 2 hours.
    assert rates[:3] == [("0/1", "0/1"), ("25/18", "0/1"), ("200/553", "25/6")]
    assert "Jatah waktu henti" in of_the_day(city).stdout
