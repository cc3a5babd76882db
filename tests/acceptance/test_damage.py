"""A database that was damaged: monitoring goes on, and no command makes a figure of it."""

import random
from pathlib import Path

from tests.acceptance.cli.commands import pantau
from tests.acceptance.conftest import Hire
from tests.acceptance.messages import kinds
from tests.collector import Collector
from tests.daemon import Daemon, eventually, http_check, services
from tests.flippable import Flippable
from tests.integration.store.ruin import ruined

_PERIOD = ("--from", "2026-01-01", "--to", "2100-01-01")
_TOLD = {"self.damaged", "alert.firing"}
_READING = (
    ("availability", *_PERIOD),
    ("availability", *_PERIOD, "--output", "json"),
    ("incidents",),
    ("incidents", "--output", "csv"),
    ("status",),
    ("export", "csv", *_PERIOD, "--out", "keluar"),
    ("ledger", "export", "--checkpoint", "titik"),
    ("db", "verify"),
    ("db", "backup", "cadangan.db"),
    ("doctor", "--quiet"),
)


def test_damaged_database(hire: Hire, targets: Flippable, collector: Collector) -> None:
    """Each command that reads names the damage and ends with 1; a daemon that starts on it sets it
    aside, checks within ten seconds, and tells what is down.
    """
    daemon = hire()
    daemon.site.write_alerts({"oncall": collector.url})
    checks = [http_check("kota", targets.url("kota"))]
    daemon.site.write(services(["kota"]), checks, interval="1s", failure_threshold=1)
    daemon.start()
    eventually(lambda: len(targets.times("kota")) > 2, 15, "the target was asked")
    assert daemon.terminate()[0] == 0
    _zero_a_page(daemon)

    for command in _READING:
        said = pantau(daemon.site.folder, *command)
        assert said.returncode == 1, (command, said.stdout, said.stderr)
        assert "page 1 of" in said.stderr + said.stdout
        assert "pantau db restore" in said.stderr + said.stdout
        assert "Traceback" not in said.stderr
        assert "mistake of Pantau" not in said.stderr
    assert not (daemon.site.folder / "keluar").exists()
    assert not (daemon.site.folder / "cadangan.db").exists()

    targets.take_down("kota")
    asked = len(targets.times("kota"))
    daemon.start()
    eventually(lambda: len(targets.times("kota")) > asked, 10, "the target was asked again")
    eventually(lambda: set(kinds(collector.received)) >= _TOLD, 20, "both were told")
    assert kinds(collector.received).count("self.damaged") == 1
    assert [event["event"] for event in daemon.events("store.set_aside")] == ["store.set_aside"]
    assert daemon.terminate()[0] == 0
    assert pantau(daemon.site.folder, "db", "verify").returncode == 0


def _zero_a_page(daemon: Daemon) -> None:
    database: Path = daemon.site.data / "pantau.db"
    octets = bytearray(database.read_bytes())
    octets[40:60] = random.Random(1).randbytes(20)
    database.write_bytes(octets)
    ruined(database, "zero", random.Random(1))
