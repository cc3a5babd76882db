"""A full disk delays what is told. It loses no message, and stops no probe."""

import errno
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.conftest import Hire
from tests.acceptance.messages import body, faults_in_order
from tests.collector import Collector
from tests.daemon import Daemon, eventually, http_check, services
from tests.flippable import Flippable
from tests.record import Record

_SIZE = "size=8m,mode=700"


@pytest.fixture
def daemon(hire: Hire, targets: Flippable, collector: Collector) -> Iterator[Daemon]:
    """Return a running daemon whose data directory is a small disk of its own."""
    made = hire()
    made.site.data.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", _SIZE, "pantau-test", str(made.site.data)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("a disk of one's own takes the right to mount one")
    try:
        made.site.write(
            services(["satu", "dua"]),
            [http_check(name, targets.url(name)) for name in ("satu", "dua")],
            interval="500ms",
            timeout="400ms",
            failure_threshold=2,
            success_threshold=1,
        )
        made.site.write_alerts({"oncall": collector.url})
        made.start()
        eventually(lambda: len(Record(made.site.data).samples("satu")) > 2, 10, "it watches")
        yield made
    finally:
        if made.process is not None and made.ended(0) is None:
            made.kill()
        subprocess.run(["umount", str(made.site.data)], check=True)


@pytest.mark.slow
@pytest.mark.parametrize("killed", [False, True], ids=["goes-on", "is-killed"])
def test_full_disk_loses_no_message(
    daemon: Daemon, targets: Flippable, collector: Collector, *, killed: bool
) -> None:
    """While the disk is full probes go on. Once there is room, or after a crash at that moment,
    everyone is told what happened meanwhile, once.
    """
    ballast = _fill(daemon.site.data)
    targets.take_down("satu", "dua")
    eventually(lambda: len(daemon.events("check.transition")) >= 2, 20, "both are down")
    eventually(lambda: daemon.events("store.refused"), 20, "the store refuses")
    asked = len(targets.asked)
    eventually(lambda: len(targets.asked) > asked + 4, 10, "probes go on")
    assert collector.received == []
    assert daemon.fetch("/-/healthy")[0] == 200
    if not killed:
        targets.bring_up("dua")
        eventually(lambda: len(daemon.events("incident.changed")) >= 3, 20, "one is back")

    ballast.unlink()
    if killed:
        daemon.kill()
        daemon.start()
    ends = {"satu": "alert.firing", "dua": "alert.firing" if killed else "alert.resolved"}
    eventually(lambda: _last_told(collector) == ends, 30, "it is told")
    time.sleep(1)

    assert _last_told(collector) == ends
    assert faults_in_order(collector.received) == []
    ids = [each.headers["webhook-id"] for each in collector.received]
    assert len(ids) == len(set(ids))


def _last_told(collector: Collector) -> dict[str, str]:
    """Return the last type told of each service. Two messages about one may come as one."""
    told = [body(each) for each in collector.received]
    return {each["service"]["id"]: each["type"] for each in told}


def _fill(folder: Path) -> Path:
    """Leave no room in the file system of `folder`; return the file that takes it."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (1 << 16, 1 << 12, 1):
            try:
                while True:
                    file.write(os.urandom(size))
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
    return ballast
