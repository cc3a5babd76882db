"""A reload takes up the new configuration whole, or leaves the old one in force."""

import re
import shutil
import signal
import time
from collections import Counter
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest

from tests.acceptance.brokenfiles import BREAKS
from tests.acceptance.conftest import Hire
from tests.acceptance.messages import body, kinds
from tests.collector import Collector
from tests.daemon import Daemon, Entry, eventually, http_check, services
from tests.flippable import Flippable
from tests.record import Record

_SECOND = 1_000_000
_PLACE = re.compile(r"(checks|alerts)\.yaml:[1-9][0-9]*:[1-9][0-9]*: \S")
_RELOADS = 30


@pytest.mark.slow
def test_bad_configuration_changes_nothing(
    hire: Hire, targets: Flippable, collector: Collector
) -> None:
    """Twenty kinds of broken files each leave the old configuration in force: a metric says 0, a
    line names file and place, POST /-/reload answers 500 with it, systemd is told that the reload is
    over, and no check misses a slot.
    """
    names = [f"layanan-{number:02}" for number in range(20)]
    daemon = _watching(hire, targets, collector, names)
    slowest = 0.0
    for number, (kind, break_it) in enumerate(BREAKS.items()):
        good = _kept(daemon.site.folder)
        break_it(daemon.site.folder)
        refused = _refusals(daemon)
        began = time.monotonic()

        if number % 2:
            status, answer = daemon.fetch("/-/reload", "POST", seconds=10)
            assert status == 500, kind
            assert _PLACE.search(answer), f"{kind}: {answer}"
        else:
            daemon.signal(signal.SIGHUP)
            eventually(partial(_refused_again, daemon, refused), 10, kind)
            eventually(partial(_told_that_it_is_over, daemon), 10, kind)

        slowest = max(slowest, time.monotonic() - began)
        lines = daemon.events("config.refused")[refused:]
        assert all(_PLACE.search(line["detail"]) for line in lines), (kind, lines)
        assert daemon.metrics("pantau_config_last_reload_successful") == {"": 0}, kind
        _restore(daemon.site.folder, good)
    time.sleep(1.0)
    status, _ = daemon.fetch("/-/reload", "POST")
    metric = daemon.metrics("pantau_config_last_reload_successful")
    lag = _stop(daemon)

    print(f"the slowest refusal took {slowest:.2f} s; loop lag {lag:.3f} s")
    assert (status, metric) == (200, {"": 1})
    assert slowest <= 1.0 + lag
    assert _faults_in_slots(daemon, names) == []
    assert collector.received == []


def test_reload_changes_what_it_says_and_nothing_else(
    hire: Hire, targets: Flippable, collector: Collector
) -> None:
    """A good reload adds, removes and changes checks; the others keep slots, state and history. A
    removed check that was down closes its incident, and that alone is told.
    """
    targets.take_down("tetap-sakit", "hilang")
    daemon = _watching(hire, targets, collector, ["tetap", "tetap-sakit", "hilang", "ubah"])
    collector.wait_for(2, 10)
    since = daemon.metrics("pantau_check_status_since_timestamp_seconds")
    kept = [f'check="{name}"' for name in ("tetap", "tetap-sakit")]

    names = ["tetap", "tetap-sakit", "ubah", "baru"]
    checks = [http_check(name, targets.url(name)) for name in names]
    checks[2] = {**checks[2], "interval": "2s"}
    _write(daemon, ["hilang", *names], checks)
    daemon.signal(signal.SIGHUP)
    eventually(lambda: daemon.events("config.reloaded"), 10, "it is reloaded")
    # One of these may still be of the old rhythm.
    due = len(targets.times("ubah")) + 3
    eventually(lambda: len(targets.times("baru")) >= 2, 10, "the new check is run")
    eventually(lambda: len(targets.times("ubah")) >= due, 20, "the changed check is run")
    eventually(lambda: len(collector.received) >= 3, 10, "the end is told")
    time.sleep(1.5)
    later = daemon.metrics("pantau_check_status_since_timestamp_seconds")
    _stop(daemon)

    told = [body(each) for each in collector.received]
    assert Counter((m["service"]["id"], m["type"]) for m in told) == {
        ("tetap-sakit", "alert.firing"): 1,
        ("hilang", "alert.firing"): 1,
        ("hilang", "alert.resolved"): 1,
    }
    ended = {i.service: i.ended_at is not None for i in Record(daemon.site.data).incidents()}
    assert ended == {"tetap-sakit": False, "hilang": True}
    assert _of(kept, later) == _of(kept, since)
    assert not _of(['check="hilang"'], later)
    assert _faults_in_slots(daemon, ["tetap", "tetap-sakit"]) == []
    gone = [sample.at for sample in Record(daemon.site.data).samples("hilang")]
    assert max(gone) < max(s.at for s in Record(daemon.site.data).samples("tetap"))
    slots = [s.at for s in Record(daemon.site.data).samples("ubah") if s.attempt == 0]
    assert slots[-1] - slots[-2] == 2 * _SECOND


@pytest.mark.slow
def test_reloads_in_a_row_disturb_nobody(
    hire: Hire, targets: Flippable, collector: Collector
) -> None:
    """Thirty reloads at 0.3 s that add and remove checks: the hundred others miss no slot, run none
    twice, and nobody is told anything.
    """
    names = [f"layanan-{number:03}" for number in range(100)]
    daemon = _watching(hire, targets, collector, names)
    began = time.monotonic()
    for number in range(_RELOADS):
        extra = [f"tamu-{number % 7}-{guest}" for guest in range(5)]
        now = [*names, *extra] if number % 2 else [*reversed(names)]
        _write(daemon, now, [http_check(name, targets.url(name)) for name in now])
        daemon.signal(signal.SIGHUP)
        time.sleep(max(0.0, began + 0.3 * (number + 1) - time.monotonic()))
    eventually(lambda: daemon.events("config.reloaded"), 10, "it is reloaded")
    lag = _stop(daemon)

    done = len(daemon.events("config.reloaded"))
    print(f"{done} reloads for {_RELOADS} signals; loop lag {lag:.3f} s")
    assert done >= _RELOADS // 3
    assert _faults_in_slots(daemon, names) == []
    asked = Counter(each.name for each in targets.asked)
    stored = Counter(sample.check for sample in Record(daemon.site.data).samples())
    # One probe of each check may have been in flight at the stop.
    assert {name for name in names if asked[name] - stored[name] not in {0, 1}} == set()
    assert kinds(collector.received) == []


def _told_that_it_is_over(daemon: Daemon) -> bool:
    return daemon.notices("READY=1")[-1] > daemon.notices("RELOADING=1")[-1]


def _watching(hire: Hire, targets: Flippable, collector: Collector, names: list[str]) -> Daemon:
    daemon = hire()
    daemon.site.write_alerts({"oncall": collector.url})
    _write(daemon, names, [http_check(name, targets.url(name)) for name in names])
    daemon.start()
    eventually(lambda: {a.name for a in targets.asked} >= set(names), 10, "all were asked")
    return daemon


def _write(daemon: Daemon, names: list[str], checks: list[Entry]) -> None:
    daemon.site.write(services(names), checks, interval="1s", timeout="1s", failure_threshold=1)


def _stop(daemon: Daemon) -> float:
    """Stop the daemon; return how much its loop lagged before."""
    lag = daemon.metrics("pantau_loop_lag_seconds")[""]
    assert daemon.terminate()[0] == 0
    return lag


def _faults_in_slots(daemon: Daemon, names: list[str]) -> list[str]:
    """Return where these checks, at one second, have a gap, a double or a slot off the beat, and
    which of them were no longer run at the stop.
    """
    record = Record(daemon.site.data)
    [stop] = [at for kind, _, at in record.marks() if kind == "stop"]
    slots: dict[str, list[int]] = {name: [] for name in names}
    for sample in record.samples():
        if sample.attempt == 0 and sample.check in slots:
            slots[sample.check].append(sample.at)
    faults = [f"{name} has no slots" for name in names if not slots[name]]
    for name, times in slots.items():
        steps = {later - earlier for earlier, later in pairwise(times)}
        if steps - {_SECOND}:
            faults.append(f"{name}: slots {sorted(steps)} µs apart")
        # The last one may have been in flight.
        if times and stop - times[-1] > 2 * _SECOND:
            faults.append(f"{name} was not run in its last {(stop - times[-1]) / 1e6:.1f} s")
    return faults + [f"{missed[0]} missed {missed}" for missed in record.missed()]


def _refusals(daemon: Daemon) -> int:
    return len(daemon.events("config.refused"))


def _refused_again(daemon: Daemon, before: int) -> bool:
    return _refusals(daemon) > before


def _of(labels: list[str], values: dict[str, float]) -> dict[str, float]:
    return {k: v for k, v in values.items() if any(label in k for label in labels)}


def _kept(folder: Path) -> Path:
    """Put the configuration aside; return where it is."""
    aside = folder / "aside"
    shutil.copytree(folder / "config", aside / "config")
    shutil.copy(folder / "checks.yaml", aside / "checks.yaml")
    return aside


def _restore(folder: Path, aside: Path) -> None:
    shutil.copytree(aside / "config", folder / "config", dirs_exist_ok=True)
    shutil.copy(aside / "checks.yaml", folder / "checks.yaml")
    shutil.rmtree(aside)
