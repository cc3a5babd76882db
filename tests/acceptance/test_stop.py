"""A stop is quick and clean, whatever the targets are doing; and there is one daemon at a time."""

import subprocess
import sys

import pytest

from tests.acceptance.conftest import Hire
from tests.collector import Collector
from tests.daemon import ROOT, Daemon, Installed, eventually, http_check, services
from tests.flippable import Flippable
from tests.record import Record

_DRIPPING = [f"tetes-{number:02}" for number in range(20)]


def test_stop_abandons_what_is_in_flight(
    hire: Hire, targets: Flippable, collector: Collector
) -> None:
    """SIGTERM ends the daemon with code 0 within 5 s while targets drip; a probe that it cut short
    is no failure, and nobody is told of one.
    """
    daemon = hire()
    daemon.site.write_alerts({"oncall": collector.url})
    daemon.site.write(
        services(["menetes", "sehat"]),
        [
            *(http_check(name, targets.drip_url, "menetes") for name in _DRIPPING),
            http_check("sehat", targets.url("sehat"), interval="1s", timeout="1s"),
        ],
        interval="20s",
        timeout="20s",
        retry_interval="1s",
        failure_threshold=1,
    )
    daemon.start()
    eventually(lambda: targets.dripping == len(_DRIPPING), 15, "every probe is in flight")
    eventually(lambda: targets.times("sehat"), 5, "the healthy target was asked")

    code, seconds = daemon.terminate()

    record = Record(daemon.site.data)
    print(f"stopped in {seconds:.2f} s")
    assert code == 0
    assert seconds <= 5.0
    assert {sample.check for sample in record.samples()} == {"sehat"}
    assert [kind for kind, _, _ in record.marks()] == ["start", "stop"]
    assert collector.received == []
    assert "Traceback" not in daemon.tail()


def test_second_daemon_ends_at_once(hire: Hire, targets: Flippable) -> None:
    """A second daemon on the same data directory ends within 2 s with code 1 and one sentence
    that names the directory and the process.
    """
    first = hire()
    _write_one_check(first, targets)
    first.start()
    second = hire()
    _write_one_check(second, targets)
    second.site.write_settings(data_dir=str(first.site.data))

    second.launch()

    assert second.ended(2.0) == 1
    said = second.log.read_text()
    assert len(said.splitlines()) == 1
    assert f"{first.site.data}: process {first.pid} is using this data directory since 20" in said
    assert first.ended(0) is None


def test_second_daemon_from_the_command_line(hire: Hire, targets: Flippable) -> None:
    """The command says the same sentence, without a traceback."""
    first = hire()
    _write_one_check(first, targets)
    first.start()
    second = hire(Installed())
    _write_one_check(second, targets)
    second.site.write_settings(data_dir=str(first.site.data))

    second.launch()

    assert second.ended(30.0) == 1
    lines = second.log.read_text().splitlines()
    assert len(lines) == 1
    assert " UTC; stop it first, or name another one" in lines[0]


def test_killed_daemon_leaves_the_data_directory_free(hire: Hire, targets: Flippable) -> None:
    """After kill -9 the next daemon starts, though the lock still names the one that is dead."""
    daemon = hire()
    _write_one_check(daemon, targets)
    daemon.start()
    dead = daemon.pid
    daemon.kill()
    assert (daemon.site.data / "lock").read_text() == f"{dead}\n"

    daemon.start()

    assert daemon.ready_at - daemon.started_at < 10
    assert (daemon.site.data / "lock").read_text() == f"{daemon.pid}\n"


def _write_one_check(daemon: Daemon, targets: Flippable) -> None:
    daemon.site.write_alerts({})
    daemon.site.write(services(["satu"]), [http_check("satu", targets.url("satu"))], interval="1s")


@pytest.mark.slow
def test_installed_daemon_starts_soon(hire: Hire, targets: Flippable) -> None:
    """A cold start asks its first target within two seconds of processor time, or on a machine
    that is busy within twice what importing the program costs there.
    """
    daemon = hire(Installed())
    daemon.site.write_alerts({})
    daemon.site.write(
        services(["satu"]), [http_check("satu", targets.url("satu"))], interval="500ms"
    )

    daemon.start()
    eventually(lambda: targets.asked, 5, "a target was asked")

    cpu, wall = daemon.cpu_seconds(), targets.asked[0].at - daemon.started_at
    lag = daemon.metrics("pantau_loop_lag_seconds")[""]
    print(f"first check after {wall:.2f} s, {cpu:.2f} s of processor time; loop lag {lag:.3f} s")
    assert daemon.terminate()[0] == 0
    assert cpu <= 2.0 or cpu <= 2 * _import_seconds()


def _import_seconds() -> float:
    program = "import time, monitor.app.daemon; print(time.process_time())"
    command = [sys.executable, "-c", program]
    return float(subprocess.run(command, capture_output=True, check=True, cwd=ROOT).stdout)
