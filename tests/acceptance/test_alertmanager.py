"""The real daemon tells a real Alertmanager, and a restart of it tells of no end that was none."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.acceptance.conftest import Hire
from tests.alertmanagers import Alertmanager
from tests.collector import Collector, answers
from tests.daemon import Site, eventually, http_check, services
from tests.flippable import Flippable

pytestmark = pytest.mark.slow


@pytest.fixture
def instance(tmp_path: Path, collector: Collector) -> Iterator[Alertmanager]:
    """Return a real Alertmanager that runs, and tells `collector`."""
    made = Alertmanager(tmp_path / "am", collector.url).start()
    yield made
    made.stop()


def _write(site: Site, targets: Flippable, *urls: str) -> None:
    site.write(
        services(["pajak"]),
        [http_check("pajak", targets.url("pajak"))],
        interval="500ms",
        failure_threshold=1,
        success_threshold=1,
    )
    alerts = {
        "receivers": [{"name": "am", "type": "alertmanager", "urls": urls}],
        "grouping": {"wait": "0s"},
    }
    (site.folder / "config" / "alerts.yaml").write_text(json.dumps(alerts))


@pytest.mark.peers
def test_crash_tells_of_no_end(
    hire: Hire, targets: Flippable, instance: Alertmanager, collector: Collector
) -> None:
    """People hear of an outage once and of its end once, whoever crashed in between."""
    daemon = hire()
    _write(daemon.site, targets, instance.url)
    targets.take_down("pajak")
    daemon.start()
    eventually(lambda: len(collector.received) == 1, 20, "people are told of the outage")
    daemon.kill()
    instance.stop()
    instance.start()
    before = instance.alerts()
    daemon.start()
    eventually(instance.alerts, 20, "the alert is there again")
    targets.bring_up("pajak")
    eventually(lambda: _statuses(collector)[-1] == "resolved", 20, "people are told of its end")

    assert before == []
    assert _statuses(collector) == ["firing", "resolved"]
    [alert] = json.loads(collector.received[-1].body)["alerts"]
    age = datetime.now(UTC) - datetime.fromisoformat(alert["endsAt"])
    assert age < timedelta(seconds=20)


@pytest.mark.peers
def test_restarts_tell_of_no_end(
    hire: Hire, targets: Flippable, instance: Alertmanager, collector: Collector
) -> None:
    """amtool lists an outage with its real beginning, and goes on to list it while the daemon is
    stopped, or killed, and runs again; nobody is told of an end before there is one.
    """
    daemon = hire()
    _write(daemon.site, targets, instance.url)
    targets.take_down("pajak")
    daemon.start()
    [first] = eventually(instance.listed, 20, "amtool lists the alert")
    for ends in (daemon.terminate, daemon.kill):
        last = eventually(instance.listed, 5, "the alert is there")[0]["updatedAt"]
        ends()
        daemon.start()
        eventually(
            lambda last=last: instance.listed()[0]["updatedAt"] > last, 20, "it is told again"
        )
    [after] = instance.listed()
    told_before = _statuses(collector)
    targets.bring_up("pajak")
    eventually(lambda: not instance.listed(), 20, "amtool lists it no more")
    eventually(lambda: _statuses(collector)[-1] == "resolved", 20, "people are told of its end")

    assert first["labels"]["service"] == "pajak"
    for kept in ("fingerprint", "startsAt", "labels"):
        assert after[kept] == first[kept]
    assert told_before == ["firing"]
    assert _statuses(collector) == ["firing", "resolved"]


def test_end_is_told_again_after_a_crash(
    hire: Hire, targets: Flippable, collector: Collector
) -> None:
    """An end that one instance missed is posted to it once the daemon runs again, as it was."""
    collector.otherwise = answers(200)
    daemon = hire()
    _write(daemon.site, targets, f"http://127.0.0.1:{collector.port}")
    targets.take_down("pajak")
    daemon.start()
    eventually(lambda: len(collector.received) == 1, 20, "the outage is posted")
    targets.bring_up("pajak")
    eventually(lambda: len(collector.received) == 2, 20, "its end is posted")
    daemon.kill()
    daemon.start()
    eventually(lambda: len(collector.received) == 3, 20, "its end is posted again")

    first, again = (json.loads(each.body) for each in collector.received[1:])
    assert again == first
    assert "endsAt" in first[0]


def _statuses(collector: Collector) -> list[str]:
    return [json.loads(each.body)["status"] for each in collector.received]
