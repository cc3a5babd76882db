"""Figures of a running daemon: what time counts as, and what people corrected."""

import json
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.acceptance.cli.commands import pantau
from tests.acceptance.conftest import Hire
from tests.daemon import Daemon, eventually, http_check, services
from tests.flippable import Flippable

WITA = ZoneInfo("Asia/Makassar")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SERVICE, CHECK = "pantau_service_status_seconds_total", "pantau_check_status_seconds_total"


def test_planned_work_and_closed_hours_count_apart(hire: Hire, targets: Flippable) -> None:
    """Work that was planned before it began, and time outside promised hours, count apart in the
    counters, also after a crash, and in the figures; a correction stands beside what was measured.
    """
    daemon = hire()
    now = datetime.now(WITA)
    names = ("kota", "kantor")
    kota, kantor = services(names)
    kantor["sla"] = {"target": 99, "basis": "SK", "hours": "lusa"}
    daemon.site.write(
        [kota, kantor], [http_check(each, targets.url(each), each) for each in names], interval="1s"
    )
    calendars = daemon.site.folder / "config" / "calendars"
    calendars.mkdir()
    closed = {"name": "Lusa", "days": {WEEKDAYS[(now.weekday() + 3) % 7]: "08:00-16:00"}}
    (calendars / "lusa.yaml").write_text(json.dumps(closed))
    daemon.start()
    begins = datetime.now(WITA) + timedelta(seconds=3)
    planned = pantau(
        *(daemon.site.folder, "maintenance", "add", "--service", "kota", "--for", "1h"),
        *("--start", f"{begins:%Y-%m-%d %H:%M:%S}", "--approved-by", "Kabid", "--reason", "Uji"),
    )
    assert planned.returncode == 0, planned.stderr
    eventually(lambda: _seconds(daemon, CHECK, "kota", "maintenance") > 1, 20, "work counts apart")
    eventually(lambda: _seconds(daemon, SERVICE, "kantor", "off_hours") > 1, 10, "so do hours")

    before = _seconds(daemon, SERVICE, "kota", "maintenance")

    daemon.kill()
    daemon.start()
    after = _seconds(daemon, SERVICE, "kota", "maintenance")
    assert after > before - 1.5, "planned work was forgotten"
    eventually(
        lambda: _seconds(daemon, SERVICE, "kota", "maintenance") > after, 15, "work counts on"
    )
    corrected = pantau(
        *(daemon.site.folder, "correct", "add", "--service", "kota", "--status", "down"),
        *("--from", f"{now - timedelta(days=1):%Y-%m-%d %H:%M}", "--to", f"{now:%Y-%m-%d %H:%M}"),
        *("--reason", "Uji", "--evidence", "Surat 1", "--by", "Rina"),
    )
    assert corrected.returncode == 0, corrected.stderr
    of_kota, of_kantor = _figures(daemon, now)

    assert _seconds(daemon, SERVICE, "kantor", "sla") == 0
    assert of_kota["seconds"]["up_in_maintenance"] >= 1
    assert of_kota["seconds"]["down"] > 0
    assert of_kota["as_measured"]["seconds"]["down"] == 0
    assert of_kota["corrections"][0]["by"] == "Rina"
    assert of_kantor["seconds"]["total"] == 0
    assert of_kantor["around_the_clock"]["seconds"]["up"] > 0


def _seconds(daemon: Daemon, name: str, service: str, counted: str) -> float:
    wanted = f'service="{service}"', f'counted="{counted}"'
    found = daemon.metrics(name).items()
    return sum(value for labels, value in found if all(each in labels for each in wanted))


def _figures(daemon: Daemon, now: datetime) -> list[Any]:
    days = (
        "--from",
        f"{now - timedelta(days=1):%Y-%m-%d}",
        "--to",
        f"{now + timedelta(days=2):%Y-%m-%d}",
    )
    done = pantau(daemon.site.folder, "availability", *days, "--output", "json")
    assert done.returncode == 0, done.stderr
    found: list[Any] = json.loads(done.stdout)["services"]
    return found
