"""Planned work: announced, and no alarm while it goes on."""

import json
import signal
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from monitor.store.connection import DATABASE
from monitor.store.pagesums import sums_path
from tests.acceptance.cli.commands import pantau
from tests.acceptance.conftest import Hire
from tests.acceptance.messages import body, distinct, kinds
from tests.collector import Collector
from tests.daemon import eventually, http_check, services
from tests.servers import free_port


def _window(minutes: int) -> dict[str, object]:
    now = datetime.now(UTC).astimezone(ZoneInfo("Asia/Makassar"))
    return {
        "id": "patch",
        "services": ["kota"],
        "start": f"{now - timedelta(minutes=minutes):%Y-%m-%d %H:%M}",
        "end": f"{now + timedelta(minutes=minutes):%Y-%m-%d %H:%M}",
        "approved_by": "Kabid Infrastruktur",
        "reason": "Pembaruan server",
    }


def test_outage_during_planned_work(hire: Hire, collector: Collector) -> None:
    """While a window is open it is announced, and an outage of what it covers is seen and told to
    nobody; once the window is taken away, its end and the outage are told.
    """
    daemon = hire()
    planned = daemon.site.folder / "config" / "maintenance.yaml"
    daemon.site.write(
        services(["kota"]),
        [http_check("kota", f"http://127.0.0.1:{free_port()}/", "kota")],
        failure_threshold=1,
    )
    daemon.site.write_alerts({"oncall": collector.url})
    planned.write_text(json.dumps({"windows": [_window(10)]}))
    daemon.start()
    eventually(
        lambda: list(daemon.metrics("pantau_check_status").values()) == [0.0],
        seconds=15,
        what="the check is down",
    )
    assert list(daemon.metrics("pantau_check_maintenance").values()) == [1.0]
    collector.wait_for(1, 10)
    assert kinds(collector.received) == ["maintenance.started"]

    planned.unlink()
    daemon.signal(signal.SIGHUP)
    collector.wait_for(3, 15)

    assert sorted(kinds(collector.received)) == [
        "alert.firing",
        "maintenance.ended",
        "maintenance.started",
    ]
    assert list(daemon.metrics("pantau_check_maintenance").values()) == [0.0]


def test_work_that_is_put_down_during_an_outage(hire: Hire, collector: Collector) -> None:
    """`pantau maintenance add` keeps alarms away from then on, and the record says that the work was
    not planned; a restart keeps it, and once it is cancelled the outage is told.
    """
    daemon = hire()
    daemon.site.write(
        services(["kota"]),
        [http_check("kota", f"http://127.0.0.1:{free_port()}/", "kota")],
        failure_threshold=1,
    )
    daemon.site.write_alerts({"oncall": collector.url})
    site, late = daemon.site.folder, ("--approved-by", "Kabid", "--reason", "Kabel putus")
    began = f"{datetime.now(ZoneInfo('Asia/Makassar')) - timedelta(minutes=5):%Y-%m-%d %H:%M}"
    daemon.start()
    collector.wait_for(1, 15)
    assert daemon.terminate()[0] == 0
    put_down = pantau(
        *(site, "maintenance", "add", "--id", "kabel", "--service", "kota", "--start", began),
        *("--for", "2h", "--by", "Rina", *late),
    )
    assert (put_down.returncode, put_down.stderr) == (0, "")
    assert "after the fact" in put_down.stdout
    daemon.start()
    _told(collector, 2)
    [listed] = json.loads(pantau(site, "maintenance", "list", "--output", "json").stdout)
    misspelt = pantau(
        *(site, "maintenance", "add", "--service", "kotta", "--start", "now", "--for", "1h", *late)
    )
    cancelled = pantau(
        site, "maintenance", "cancel", "kabel", "--by", "Budi", "--reason", "selesai"
    )
    _told(collector, 3)

    assert kinds(collector.received) == [
        "alert.firing",
        "maintenance.started",
        "maintenance.ended",
    ]
    assert body(distinct(collector.received)[1])["after_the_fact"] is True
    assert (listed["source"], listed["added_by"]) == ("command", "Rina")
    assert listed["next"]["after_the_fact"] is True
    assert misspelt.returncode == 1
    assert "kota" in misspelt.stderr
    assert cancelled.stdout == "✓ kabel: cancelled\n"
    assert pantau(site, "maintenance", "list").stdout == "Nothing is planned.\n"
    today = f"{datetime.now(ZoneInfo('Asia/Makassar')) - timedelta(minutes=5):%Y-%m-%d}"
    of_today = pantau(site, "maintenance", "list", "--from", today, "--output", "json").stdout
    assert [len(each["times"]) for each in json.loads(of_today)] == [1]
    everything = pantau(site, "maintenance", "list", "--all").stdout
    assert "cancelled" in everything
    assert "Budi" in everything


def _told(collector: Collector, count: int) -> None:
    """Wait for so many messages; one that was under way at a stop comes a second time."""
    eventually(lambda: len(distinct(collector.received)) >= count, 15, f"{count} are told")


def test_what_an_earlier_release_had_read(hire: Hire, collector: Collector) -> None:
    """A window of the file that earlier runs read before it began, and kept no record of, is known
    since then after the upgrade, also where that comes while the window is open.
    """
    daemon = hire()
    daemon.site.write(services(["kota"]), [http_check("kota", "http://127.0.0.1:9/", "kota")])
    daemon.site.write_alerts({"oncall": collector.url})
    begins = datetime.now(ZoneInfo("Asia/Makassar")) + timedelta(seconds=12)
    planned = _window(10) | {"start": f"{begins:%Y-%m-%d %H:%M:%S}"}
    daemon.site.folder.joinpath("config", "maintenance.yaml").write_text(
        json.dumps({"windows": [planned]})
    )
    daemon.start()
    assert daemon.terminate()[0] == 0
    with closing(sqlite3.connect(daemon.site.data / DATABASE)) as database, database:
        database.execute("DELETE FROM maintenance_window")
    sums_path(daemon.site.data / DATABASE).unlink()  # somebody else wrote, and that is no damage
    eventually(lambda: datetime.now(UTC) > begins, seconds=20, what="the window is open")
    daemon.start()
    [listed] = json.loads(
        pantau(daemon.site.folder, "maintenance", "list", "--output", "json").stdout
    )

    assert datetime.fromisoformat(listed["added_at"]) < begins
    assert listed["next"]["after_the_fact"] is False
