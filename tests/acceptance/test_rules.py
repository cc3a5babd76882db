"""What is shipped for Prometheus and Alertmanager, with real ones that watch the real daemon.

Their files are taken as they are: addresses and times alone are replaced.
"""

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.acceptance.cli.commands import pantau
from tests.acceptance.conftest import Hire
from tests.alertmanagers import Alertmanager
from tests.daemon import Daemon, eventually, http_check
from tests.flippable import Flippable
from tests.prometheusserver import SCRAPE_SECONDS, Prometheus, prometheus
from tests.rulefiles import PROMETHEUS, ROOT

pytestmark = [pytest.mark.peers, pytest.mark.slow]

INTERVAL_SECONDS = 1
HOLD_SECONDS = 2.5 * INTERVAL_SECONDS
WITA = ZoneInfo("Asia/Makassar")
SECONDS = 'sum(pantau_service_status_seconds_total{service="pajak",counted="sla",status%s})'
_AVAILABLE, _KNOWN = SECONDS % '=~"up|degraded"', SECONDS % '!="unknown"'
SHARE = f"{_AVAILABLE} / {_KNOWN}"


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[Alertmanager]:
    """Return a real Alertmanager with the configuration that is shipped."""
    folder = tmp_path / "am"
    made = Alertmanager(folder, "http://127.0.0.1:9099/")
    shutil.copy(ROOT / "deploy" / "alertmanager" / "alertmanager.yml", folder)
    made.start()
    yield made
    made.stop()


def _start(daemon: Daemon, targets: Flippable) -> None:
    service = {"id": "pajak", "name": "Pajak Daerah", "owner": "bapenda"}
    check = http_check("pajak", targets.url("pajak"))
    daemon.site.write_alerts({})
    daemon.site.write(
        [service | {"sla": {"target": 99.9, "basis": "SK"}}],
        [check],
        interval=f"{INTERVAL_SECONDS}s",
        failure_threshold=1,
        success_threshold=1,
    )
    daemon.start()


def _hurried(path: Path) -> str:
    """Return a rule file in which nothing waits, and all is evaluated each second."""
    text = re.sub(r"(?m)^( +)for: \w+$", r"\1for: 0s", path.read_text())
    return re.sub(r"(?m)^( +)interval: \w+$", r"\1interval: 1s", text)


def _configured(daemon: Daemon, alertmanager: int, folder: Path) -> str:
    """Return the shipped configuration for these ports, with all rules, ours as well, in `folder`."""
    rules = folder / "rules"
    rules.mkdir(parents=True)
    made = pantau(daemon.site.folder, "export", "rules", "--out", rules / "pantau-slo.yml")
    assert made.returncode == 0, made.stderr
    shipped = PROMETHEUS / "rules"
    for path in (*shipped.glob("*.yml"), rules / "pantau-slo.yml"):
        (rules / path.name).write_text(_hurried(path))
    text = (PROMETHEUS / "prometheus.yml").read_text()
    for written, ours in (
        ("_interval: 30s", f"_interval: {SCRAPE_SECONDS}s"),
        ("127.0.0.1:8780", f"127.0.0.1:{daemon.site.port}"),
        ("127.0.0.1:9093", f"127.0.0.1:{alertmanager}"),
    ):
        assert written in text
        text = text.replace(written, ours)
    return text


def _arrived(instance: Alertmanager, name: str) -> dict[str, Any] | None:
    """Return an alert that Alertmanager takes for going on."""
    found = (dict(each) for each in instance.alerts())
    return next((each for each in found if each["labels"]["alertname"] == name), None)


def test_trouble_reaches_alertmanager(
    hire: Hire, targets: Flippable, instance: Alertmanager, tmp_path: Path
) -> None:
    """A service that is taken down, and a daemon that is killed, are told by Prometheus, with what to
    do in both languages; what the dead daemon left behind is held back.
    """
    daemon = hire()
    targets.take_down("pajak")
    _start(daemon, targets)
    folder = tmp_path / "prometheus"
    whole = _configured(daemon, instance.port, folder)
    with prometheus(daemon.site.port, folder, whole=whole) as ask:
        eventually(lambda: _arrived(instance, "PantauWatchdog"), 40, "a sign of life came", 0.2)
        eventually(
            lambda: _arrived(instance, "PantauServiceUnavailable"), 20, "the outage was told", 0.2
        )
        outage = _arrived(instance, "PantauServiceUnavailable")
        burning = eventually(
            lambda: _arrived(instance, "PantauErrorBudgetBurningFast"), 20, "the budget burns", 0.2
        )
        wrong = ask.ask('ALERTS{alertname=~"PantauDown|PantauStoreFailing|PantauSchedulerStalled"}')
        unhealthy = _unhealthy(ask)
        daemon.kill()
        dead = eventually(lambda: _arrived(instance, "PantauDown"), 20, "its death was told", 0.2)
        held = eventually(
            lambda: _is_held_back(instance, "PantauServiceUnavailable"), 10, "it is held back", 0.2
        )

    assert outage is not None
    assert outage["labels"]["severity"] == dead["labels"]["severity"] == "critical"
    assert (outage["labels"]["service"], outage["labels"]["owner"]) == ("pajak", "bapenda")
    assert outage["annotations"]["summary"] == "Layanan pajak mengalami gangguan"
    assert outage["annotations"]["summary_en"] == "Service pajak is down"
    assert dead["annotations"]["runbook_url"].endswith("/runbooks.md#pantaudown")
    assert burning["labels"]["sloth_id"] == "pajak-availability"
    assert wrong == []
    assert unhealthy == []
    assert held


def _unhealthy(ask: Prometheus) -> list[str]:
    """Return the rules that Prometheus could not evaluate."""
    failed = ask.ask("prometheus_rule_evaluation_failures_total > 0")
    return [each["metric"]["rule_group"] for each in failed]


def _is_held_back(instance: Alertmanager, name: str) -> bool:
    """Say whether an alert is there no more, or held back by another one."""
    alert = _arrived(instance, name)
    return alert is None or alert["status"]["inhibitedBy"] != []


def test_promql_agrees_with_the_figures(hire: Hire, targets: Flippable, tmp_path: Path) -> None:
    """Availability in PromQL, and the seconds it is made of, agree with `pantau availability` of the
    same time within one scrape and the time for which a sample is held.
    """
    daemon = hire()
    _start(daemon, targets)
    with ExitStack() as stack:
        ask = stack.enter_context(prometheus(daemon.site.port, tmp_path))
        for outage in (3.0, 4.0):
            _wait_for(ask, "up", 4.0)
            targets.take_down("pajak")
            _wait_for(ask, "down", outage)
            targets.bring_up("pajak")
        _wait_for(ask, "up", 4.0)
        before = _seen(ask)
        figures = _figures(daemon)
        eventually(lambda: _seen(ask)["up"] > before["up"], 10, "it was scraped again", 0.05)
        after = _seen(ask)

    limit = SCRAPE_SECONDS + HOLD_SECONDS
    for status in ("up", "down"):
        counted = figures["microseconds"][status] / 1e6
        assert before[status] - limit <= counted <= after[status] + limit
    known = before["up"] + before["down"]
    exact = figures["availability"]["exact"]
    above, below = map(int, exact.split("/"))
    assert before["down"] > 7.0 - limit
    assert abs(before["share"] - above / below) <= limit / known


def _wait_for(ask: Prometheus, status: str, seconds: float) -> None:
    """Return once so many more seconds of a status were scraped."""
    start = eventually(lambda: _seen(ask) or None, 40, "it is scraped", 0.1)[status]
    eventually(lambda: _seen(ask)[status] >= start + seconds, 40, f"{status} goes on", 0.1)


def _seen(ask: Prometheus) -> dict[str, float]:
    asked = {each: SECONDS % f'="{each}"' for each in ("up", "down")} | {"share": SHARE}
    answers = {name: ask.ask(query) for name, query in asked.items()}
    return {name: float(found[0]["value"][1]) for name, found in answers.items() if found}


def _figures(daemon: Daemon) -> dict[str, Any]:
    today = datetime.now(WITA).date()
    period = ("--from", today - timedelta(days=1), "--to", today + timedelta(days=1))
    told = pantau(daemon.site.folder, "availability", *period, "--output", "json")
    assert told.returncode == 0, told.stderr
    [service] = json.loads(told.stdout)["services"]
    found: dict[str, Any] = service
    return found
