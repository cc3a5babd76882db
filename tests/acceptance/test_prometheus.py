"""A real Prometheus scrapes the daemon, and understands it."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.conftest import Hire
from tests.daemon import Daemon, eventually, http_check, services
from tests.flippable import Flippable
from tests.peers import peer
from tests.prometheusserver import prometheus

_STATUS = {"naik": 1, "lambat": 2, "turun": 0}


@pytest.mark.peers
@pytest.mark.slow
def test_prometheus_reads_every_status(hire: Hire, targets: Flippable, tmp_path: Path) -> None:
    """Prometheus finds the daemon up, each check in its status, and probes under the instance that
    they are about.
    """
    daemon = _three_fates(hire, targets)
    with prometheus(daemon.site.port, tmp_path) as running:
        ask = running.ask
        eventually(lambda: _value(ask("up")) == 1, 30, "the daemon is scraped", 0.2)
        eventually(lambda: _statuses(ask) == _STATUS, 15, f"the statuses are {_STATUS}", 0.2)
        instances = {each["metric"]["instance"] for each in ask("probe_success")}
        problems = ask("scrape_samples_scraped == 0")

    assert instances == {targets.url(name) for name in _STATUS}
    assert problems == []


@pytest.mark.peers
def test_promtool_has_nothing_to_say(hire: Hire, targets: Flippable) -> None:
    """promtool finds nothing to complain of in a live scrape."""
    daemon = _three_fates(hire, targets)
    _, body = daemon.fetch("/metrics", accept="text/plain;version=0.0.4")

    told = subprocess.run(
        [peer("promtool"), "check", "metrics"],
        input=body,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (told.returncode, told.stdout, told.stderr) == (0, "", "")


@pytest.mark.peers
@pytest.mark.slow
def test_prometheus_discovers_what_is_watched(
    hire: Hire, targets: Flippable, tmp_path: Path
) -> None:
    """Another job of Prometheus finds every target with its labels, chooses among them by these,
    and gives itself what it wants of them.
    """
    daemon = _three_fates(hire, targets)
    job = f"""
  - job_name: lain
    http_sd_configs: [{{url: "http://127.0.0.1:{daemon.site.port}/api/v1/sd/prometheus", refresh_interval: 1s}}]
    relabel_configs:
      - {{source_labels: [__meta_pantau_type, __meta_pantau_service], regex: http;turun, action: drop}}
      - {{source_labels: [__address__], target_label: instance}}
      - {{source_labels: [__meta_pantau_owner], target_label: owner}}
      - {{source_labels: [__meta_pantau_check], target_label: check}}
      - {{target_label: __address__, replacement: "127.0.0.1:{daemon.site.port}"}}
"""
    expected = {(name, targets.url(name), "diskominfo") for name in _STATUS if name != "turun"}

    with prometheus(daemon.site.port, tmp_path, job) as running:
        ask = running.ask
        found = eventually(
            lambda: (
                {
                    (one["metric"]["check"], one["metric"]["instance"], one["metric"]["owner"])
                    for one in ask('up{job="lain"}')
                }
                == expected
            ),
            30,
            "each target but the dropped one is scraped",
            0.2,
        )

    assert found


def _three_fates(hire: Hire, targets: Flippable) -> Daemon:
    daemon = hire()
    daemon.site.write_alerts({})
    targets.take_down("turun")
    checks = [http_check(name, targets.url(name)) for name in _STATUS]
    checks[1] = {**checks[1], "degraded_over": "1ms", "expect": {"status": [200]}}
    targets.slow = {"lambat": 0.02}
    daemon.site.write(
        services(list(_STATUS)), checks, interval="1s", failure_threshold=1, success_threshold=1
    )
    daemon.start()
    eventually(
        lambda: sorted(daemon.metrics("pantau_check_status").values()) == [0, 1, 2],
        15,
        "each check has its status",
        0.1,
    )
    return daemon


def _value(found: list[Any]) -> float | None:
    return float(found[0]["value"][1]) if found else None


def _statuses(ask: Callable[[str], list[Any]]) -> dict[str, int]:
    found = ask("pantau_check_status")
    return {each["metric"]["check"]: int(each["value"][1]) for each in found}
