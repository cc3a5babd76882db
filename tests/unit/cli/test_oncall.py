"""What `pantau oncall` and `pantau notify explain` say of routes by the time."""

import csv
import io
import json

import pytest
from click.testing import CliRunner

from monitor.cli.main import pantau
from tests.unit.configuration.places import SMALL, written

ALERTS = """receivers:
  - {name: kantor, type: webhook, url: "https://alerts.example/", secret: {env: KEY}}
  - {name: andi-hook, type: webhook, url: "https://alerts.example/", secret: {env: KEY}}
  - {name: budi-hook, type: webhook, url: "https://alerts.example/", secret: {env: KEY}}
people:
  - {id: andi, name: Andi Saputra, receivers: andi-hook}
  - {id: budi, name: Budi Santoso, receivers: budi-hook}
oncall:
  - id: jaga
    members: [andi, budi]
    handover: {day: mon, at: "08:00"}
    first: 2026-11-02
    overrides: [{from: "2026-11-04 08:00", to: "2026-11-05 08:00", member: budi, reason: Cuti}]
  - {id: malam, members: [budi], handover: {at: "18:00"}, first: 2026-11-02}
routes:
  - {match: {during: jam-kerja}, receiver: kantor}
  - {oncall: jaga}
escalation:
  - {after: 15m, oncall: malam}
  - {after: 30m, receivers: kantor, match: {outside: jam-kerja}}
"""
CALENDAR = 'name: Jam kerja\ndays: {mon-fri: "07:30-16:00"}\n'
MONDAY = ("--at", "2026-11-02 08:00")


@pytest.fixture
def ask(tmp_path, monkeypatch):
    """Return a function that runs a command on a configuration with rotations."""
    monkeypatch.setenv("KEY", "whsec_" + "A" * 43 + "=")
    path = written(tmp_path, SMALL, alerts=ALERTS)
    (tmp_path / "config" / "calendars").mkdir()
    (tmp_path / "config" / "calendars" / "jam-kerja.yaml").write_text(CALENDAR)

    def asked(*arguments):
        return CliRunner().invoke(pantau, [*arguments, "--config", str(path)])

    return asked


def test_who_is_and_who_is_next(ask):
    """Of each rotation it says who is on call, until when, and who is next."""
    found = json.loads(ask("oncall", *MONDAY, "--output", "json").stdout)

    assert [(each["rotation"], each["name"], each["end"]) for each in found] == [
        ("jaga", "Andi Saputra", "2026-11-04T00:00:00+00:00"),
        ("jaga", "Budi Santoso", "2026-11-05T00:00:00+00:00"),
        ("malam", "Budi Santoso", "2026-11-02T10:00:00+00:00"),
        ("malam", "Budi Santoso", "2026-11-03T10:00:00+00:00"),
    ]


def test_weeks(ask):
    """All shifts of some weeks are told, with who stands in for whom, and why."""
    found = ask("oncall", "jaga", *MONDAY, "--weeks", "2").stdout.splitlines()

    assert [" ".join(line.split()) for line in found] == [
        "Rotation From Until On call Told by Why",
        "jaga Mon 2026-11-02 08:00 Wed 2026-11-04 08:00 Andi Saputra andi-hook in turn",
        (
            "jaga Wed 2026-11-04 08:00 Thu 2026-11-05 08:00 Budi Santoso budi-hook "
            "instead of Andi Saputra: Cuti"
        ),
        "jaga Thu 2026-11-05 08:00 Mon 2026-11-09 08:00 Andi Saputra andi-hook in turn",
        "jaga Mon 2026-11-09 08:00 Mon 2026-11-16 08:00 Budi Santoso budi-hook in turn",
    ]


def test_csv(ask):
    """As CSV it has a line for each shift, with times in UTC."""
    text = ask("oncall", "jaga", *MONDAY, "--output", "csv").stdout
    _, second = csv.DictReader(io.StringIO(text))

    assert (second["start"], second["person"]) == ("2026-11-04T00:00:00+00:00", "budi")
    assert (second["instead_of"], second["reason"]) == ("Andi Saputra", "Cuti")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("jag",), "there is no rotation 'jag'; did you mean 'jaga'?"),
        (("--at", "8:00"), "'8:00' is no moment: write it as 2026-11-28 22:00"),
        (("--weeks", "0"), "0 is not in the range"),
    ],
)
def test_usage(ask, arguments, complaint):
    """What cannot be meant is a usage error that says what would be right."""
    found = ask("oncall", *arguments)

    assert found.exit_code == 2
    assert complaint in found.output


def test_explanation_outside_hours(ask):
    """A route that does not hold says until when, and who is on call is named."""
    found = ask("notify", "explain", "portal-tcp", "--at", "2026-11-02 19:00").stdout

    assert found.splitlines() == [
        "portal-tcp: tcp of Portal (portal, diskominfo, biasa)",
        (
            "  route 1 → kantor                           not now: only in the hours of jam-kerja, "
            "from 2026-11-03 07:30 WITA on"
        ),
        "  route 2 → jaga: Andi Saputra (andi-hook)   takes it, the last",
        "Told: andi-hook",
        "Told when it is degraded: nobody",
        "Routes and people on call may change at 2026-11-03 07:30 WITA.",
        "After 15m without anybody who takes care: malam: Budi Santoso (budi-hook)",
        "After 30m without anybody who takes care: kantor",
    ]


def test_explanation_in_hours(ask):
    """In the hours it is the other way round."""
    found = ask("notify", "explain", "portal-tcp", "--at", "2026-11-02 09:00").stdout

    assert "  route 1 → kantor                           takes it, the last\n" in found
    assert "Told: kantor\n" in found
    assert (
        "kantor: not now: only outside the hours of jam-kerja, from 2026-11-02 16:00 WITA on"
        in found
    )


def test_explanation_as_data(ask):
    """As JSON an explanation names calendars, rotations and people."""
    found = json.loads(
        ask("notify", "explain", "portal-tcp", "--at", "2026-11-04 19:00", "-o", "json").stdout
    )
    first, second = found["routes"]

    assert (first["during"], first["objection"]) == ("jam-kerja", "during")
    assert (second["oncall"], second["person"]) == ("jaga", "Budi Santoso")
    assert found["told"] == ["budi-hook"]
    assert found["told_until"] == "2026-11-04T23:30:00+00:00"
