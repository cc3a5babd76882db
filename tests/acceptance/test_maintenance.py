"""Planned work: announced, and no alarm while it goes on."""

import json
import signal
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from tests.acceptance.conftest import Hire
from tests.acceptance.messages import kinds
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
