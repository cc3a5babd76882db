"""`pantau notify explain`: who would be told, and why."""

import json

import pytest

from tests.acceptance.cli.commands import pantau

CHECKS = """
version: 1
services:
  - {id: inti, name: Jaringan inti, owner: diskominfo}
  - {id: portal, name: Portal, owner: diskominfo, criticality: kritis, depends_on: [inti]}
checks:
  - {id: portal-http, service: portal, type: http, url: "http://127.0.0.1:1/"}
  - {id: inti-tcp, service: inti, type: tcp, host: 127.0.0.1, port: 1}
  - {id: look, service: inti, type: tcp, host: 127.0.0.1, port: 1, affects: none}
"""
ALERTS = """
receivers:
  - {name: oncall, type: webhook, url: "http://127.0.0.1:2/"}
  - {name: pusat, type: webhook, url: "http://127.0.0.1:2/"}
routes:
  - {match: {criticality: kritis}, receiver: pusat}
  - {receiver: oncall}
escalation:
  - {after: 15m, receivers: oncall, match: {criticality: kritis}}
"""
MAINTENANCE = """
windows:
  - {id: patch, services: [portal], start: "2999-11-28 22:00", end: "2999-11-29 02:00", approved_by: Kabid, reason: Patch}
  - {id: past, services: [portal], start: "2020-11-28 22:00", end: "2020-11-29 02:00", approved_by: Kabid, reason: Patch}
"""


@pytest.fixture
def folder(tmp_path):
    config = tmp_path / "config"
    config.mkdir()
    (tmp_path / "checks.yaml").write_text(CHECKS)
    (config / "alerts.yaml").write_text(ALERTS)
    (config / "maintenance.yaml").write_text(MAINTENANCE)
    return tmp_path


def test_it_says_who_and_why(folder):
    """Every route is named with what it makes of the check, then who is told and what prevents it."""
    found = pantau(folder, "notify", "explain", "portal-http")

    assert found.stdout.splitlines() == [
        "portal-http: http of Portal (portal, diskominfo, kritis)",
        "  route 1 → pusat    takes it, the last",
        "  route 2 → oncall   is not reached: a route before takes it, and ends there",
        "Told: pusat",
        "Told when it is degraded: nobody",
        "After 15m without anybody who takes care: oncall",
        "Nobody while inti is down, which it depends on.",
        "Nobody during patch, from 2999-11-28 22:00 to 2999-11-29 02:00 WITA.",
        "past is over.",
    ]


def test_route_that_objects(folder):
    """A route that does not take the check is named with what it asks for instead."""
    found = json.loads(pantau(folder, "notify", "explain", "inti-tcp", "--output", "json").stdout)

    assert [route["objection"] for route in found["routes"]] == ["criticality", None]
    assert (found["told"], found["escalation"]) == (["oncall"], [])


def test_check_that_alarms_nobody(folder):
    """A check that affects nothing is told to nobody, whatever the routes say."""
    assert "Told: nobody: a check with `affects: none`" in (
        pantau(folder, "notify", "explain", "look").stdout
    )


def test_unknown_check(folder):
    """A misspelt id is a usage error that names the nearest."""
    found = pantau(folder, "notify", "explain", "portal-htp")

    assert (found.returncode, found.stdout) == (2, "")
    assert "did you mean 'portal-http'?" in found.stderr


def test_a_service_is_no_check(folder):
    """Who names a service is told which checks it has."""
    found = pantau(folder, "notify", "explain", "inti")

    assert found.returncode == 2
    assert "'inti' is a service; name one of its checks: inti-tcp, look" in found.stderr
