"""The wall clock may jump and the process may be stopped: neither is a target's fault."""

import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest

from tests.acceptance.conftest import Hire
from tests.collector import Collector
from tests.daemon import Daemon, Installed, eventually, http_check, services
from tests.flippable import Flippable
from tests.peers import peer
from tests.record import DOWN, Record

_NAMES = [f"layanan-{number:02}" for number in range(20)]
_INTERVAL = 1.0
_STEADY_SECONDS = 5.0
# A step is noticed within a second; then a whole interval may pass, and the one to the new slot.
_NOTICED_SECONDS = 1.0 + 2 * _INTERVAL + 0.5
_STOPPED_SECONDS = 12.0


class WallClock:
    """The wall clock of processes that run with `environment`: it can be set at any time."""

    def __init__(self, folder: Path) -> None:
        library, self._offset = folder / "wallclock.so", folder / "offset"
        source = Path(__file__).with_name("wallclock.c")
        command = [peer("gcc"), "-shared", "-fPIC", "-O1", "-o", str(library), str(source), "-ldl"]
        subprocess.run(command, check=True)
        self._offset.write_bytes(bytes(8))
        self.environment = {"LD_PRELOAD": str(library), "WALLCLOCK_FILE": str(self._offset)}

    def shift(self, seconds: float) -> None:
        """Set the clock so far ahead of the true time."""
        with self._offset.open("r+b") as file:
            file.write(int(seconds * 1e9).to_bytes(8, sys.byteorder, signed=True))


@pytest.mark.peers
@pytest.mark.slow
def test_clock_step_keeps_the_cadence(
    hire: Hire, targets: Flippable, collector: Collector, tmp_path: Path
) -> None:
    """A wall clock that is set an hour forward and back again changes no cadence beyond the one
    interval that is re-phased, runs nothing twice, opens an epoch each and tells nobody.
    """
    clock = WallClock(tmp_path)
    daemon = hire(Installed(**clock.environment))
    _write(daemon, targets, collector)
    daemon.start()
    eventually(lambda: {a.name for a in targets.asked} >= set(_NAMES), 20, "all were asked")
    time.sleep(_STEADY_SECONDS - 1)
    steps = []
    for shift in (3600.4, 0.0):  # no multiple of the interval, so that the slots move
        steps.append(time.monotonic())
        clock.shift(shift)
        time.sleep(_STEADY_SECONDS)
    lag = daemon.metrics("pantau_loop_lag_seconds")[""]
    assert daemon.terminate()[0] == 0

    print(f"loop lag {lag:.3f} s")
    assert _faults_in_cadence(targets, steps, slack=0.2 + lag) == []
    record = Record(daemon.site.data)
    assert [kind for kind, _, _ in record.marks()] == ["start", "clock_step", "clock_step", "stop"]
    assert len({sample.epoch for sample in record.samples()}) == 3
    assert [s for s in record.samples() if s.status == DOWN] == []
    assert collector.received == []


@pytest.mark.slow
def test_stopped_process_blames_nobody(
    hire: Hire, targets: Flippable, collector: Collector
) -> None:
    """A process that was stopped for 12 s records a pause and its missed slots as stopped, finds
    nobody down, and resumes without a burst.
    """
    daemon = hire()
    _write(daemon, targets, collector)
    daemon.start()
    eventually(lambda: {a.name for a in targets.asked} >= set(_NAMES), 20, "all were asked")
    daemon.signal(signal.SIGSTOP)
    stopped_at = time.time()
    time.sleep(_STOPPED_SECONDS)
    asked_before = len(targets.asked)
    resumed = time.monotonic()
    daemon.signal(signal.SIGCONT)
    eventually(
        lambda: {a.name for a in targets.asked[asked_before:]} >= set(_NAMES), 10, "it goes on"
    )
    time.sleep(_INTERVAL)
    assert daemon.terminate()[0] == 0

    record = Record(daemon.site.data)
    pauses = [at for kind, _, at in record.marks() if kind == "pause"]
    first = [a.name for a in targets.asked[asked_before:] if a.at < resumed + _INTERVAL]
    missed = record.missed()
    print(f"{len(first)} runs in the first interval; {sum(m[4] for m in missed)} slots missed")
    assert len(pauses) == 1
    assert abs(pauses[0] / 1e6 - stopped_at) <= 1.0
    assert {reason for _, _, _, reason, _ in missed} == {"stopped"}
    per_check = {name: sum(m[4] for m in missed if m[0] == name) for name in _NAMES}
    slots = _STOPPED_SECONDS / _INTERVAL
    assert all(slots - 1 <= count <= slots + 1 for count in per_check.values()), per_check
    assert [s for s in record.samples() if s.status == DOWN] == []
    # At most one run for each check; one that had begun before the stop may end now, too.
    assert max(first.count(name) for name in _NAMES) <= 1
    assert collector.received == []


def _write(daemon: Daemon, targets: Flippable, collector: Collector) -> None:
    daemon.site.write_alerts({"oncall": collector.url})
    daemon.site.write(
        services(_NAMES),
        [http_check(name, targets.url(name)) for name in _NAMES],
        interval="1s",
        timeout="1s",
        failure_threshold=1,
    )


def _faults_in_cadence(targets: Flippable, steps: Sequence[float], slack: float) -> list[str]:
    """Compare the targets' own log with the interval, on a clock that nobody sets.

    After each step one interval may be longer, up to twice; none may be shorter.
    """
    faults = []
    for name in _NAMES:
        free = list(steps)
        for earlier, later in pairwise(targets.times(name)):
            gap = later - earlier
            if abs(gap - _INTERVAL) <= slack:
                continue
            step = next((at for at in free if at <= later <= at + _NOTICED_SECONDS), None)
            if step is not None and _INTERVAL - slack <= gap <= 2 * _INTERVAL + slack:
                free.remove(step)
                continue
            faults.append(f"{name}: {gap:.2f} s between two runs")
    return faults
