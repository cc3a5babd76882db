"""The one on call hears of an outage, and so does who takes over."""

import json
import signal
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from tests.acceptance.cli.commands import pantau
from tests.acceptance.conftest import Hire
from tests.acceptance.messages import body, kinds
from tests.collector import Collector
from tests.daemon import eventually, http_check, services
from tests.servers import free_port

_UNTIL_HANDOVER = timedelta(seconds=10)


def _alerts(collector: Collector, handover: datetime) -> dict[str, object]:
    """Return alerts of a rotation in which Budi takes over from Andi at `handover`."""
    later = handover + timedelta(days=1)
    standing_in = {"from": f"{handover:%Y-%m-%d %H:%M:%S}", "to": f"{later:%Y-%m-%d %H:%M:%S}"}
    people = ("andi", "budi")
    return {
        "receivers": [
            {"name": each, "type": "webhook", "url": f"{collector.url}/{each}"} for each in people
        ],
        "people": [{"id": each, "name": each.title(), "receivers": each} for each in people],
        "oncall": [
            {
                "id": "jaga",
                "members": ["andi"],
                "handover": {"at": "08:00"},
                "first": "2026-01-01",
                "overrides": [{**standing_in, "member": "budi", "reason": "Cuti"}],
            }
        ],
        "routes": [{"oncall": "jaga"}],
        "grouping": {"wait": "0s"},
    }


def test_who_takes_over_is_told(hire: Hire, collector: Collector) -> None:
    """Whoever is on call is told of an outage, and at the hand-over the next one is, without
    anything else happening; the command names both.
    """
    daemon = hire()
    daemon.site.write(
        services(["kota"]),
        [http_check("kota", f"http://127.0.0.1:{free_port()}/", "kota")],
        failure_threshold=1,
    )
    daemon.start()
    eventually(
        lambda: list(daemon.metrics("pantau_check_status").values()) == [0.0],
        seconds=15,
        what="the check is down",
    )
    now = datetime.now(UTC).astimezone(ZoneInfo("Asia/Makassar")).replace(microsecond=0)
    alerts = json.dumps(_alerts(collector, now + _UNTIL_HANDOVER))
    (daemon.site.folder / "config" / "alerts.yaml").write_text(alerts)
    daemon.signal(signal.SIGHUP)
    collector.wait_for(2, 30)
    asked = pantau(daemon.site.folder, "oncall", "--at", f"{now:%Y-%m-%d %H:%M:%S}", "-o", "json")
    named = json.loads(asked.stdout)

    assert [each["name"] for each in named] == ["Andi", "Budi"]
    assert kinds(collector.received) == ["alert.firing", "alert.firing"]
    assert [each.path for each in collector.received] == ["/hook/andi", "/hook/budi"]
    assert len({body(each)["incident"]["id"] for each in collector.received}) == 1
