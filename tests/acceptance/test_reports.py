"""The daemon files the reports that are scheduled, while it goes on watching."""

import hashlib
import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor.app.reportruns import Unfiled, file_apart
from tests.acceptance.conftest import Hire
from tests.daemon import eventually, http_check, services
from tests.flippable import Flippable

_FILED = "pantau_report_last_success_timestamp_seconds"
_FAILED = "pantau_report_failures_total"


def test_a_missed_report_is_filed_at_the_start(hire: Hire, targets: Flippable) -> None:
    """A report that was due while no daemon ran is filed after the start, with its manifest, and
    once; one that can't be filed is counted, and neither the daemon nor the other minds.
    """
    daemon = hire()
    daemon.site.write(services(["satu"]), [http_check("satu", targets.url("satu"))], interval="1s")
    entries = [
        {"period": "year", "cron": "0 0 1 1 *", "formats": ["csv"]},
        {"period": "month", "cron": "0 0 1 * *", "formats": ["csv", "html"]},
    ]
    (daemon.site.folder / "config" / "report.yaml").write_text(json.dumps({"schedule": entries}))
    memory = daemon.site.data / "reports" / "schedule.json"
    memory.parent.mkdir(parents=True, mode=0o700)
    daemon.site.data.chmod(0o700)
    long_ago = datetime(2020, 1, 1, tzinfo=UTC).isoformat()
    memory.write_text(json.dumps({"month": long_ago, "year": long_ago}))

    for year in range(2025, 2100):  # whichever it is: a file stands where its folder would be
        (memory.parent / str(year)).touch()

    daemon.start()
    eventually(lambda: daemon.metrics(_FILED), 30, "the report is filed")
    [manifest] = (daemon.site.data / "reports").glob("*-*/*-v1.manifest.json")
    said = json.loads(manifest.read_text())
    kept = json.loads(memory.read_text())

    for name, digest in said["files"].items():
        assert hashlib.sha256((manifest.parent / name).read_bytes()).hexdigest() == digest
    assert {name.rpartition(".")[2] for name in said["files"]} == {"csv", "html", "json"}
    assert (kept["year"]["at"], kept["month"]["at"] > long_ago) == (long_ago, True)
    assert kept["month"]["parts"] == ["csv", "html", "id"]
    assert "report.late" in daemon.tail()
    assert list(daemon.metrics(_FAILED).values()) == [1]
    assert "report.unfiled" in daemon.tail()


async def test_a_report_is_made_at_low_priority() -> None:
    """The process gives way to probes, and what it says on its way out is why it failed."""
    program = "import os, sys, time; time.sleep(1); sys.exit(f'nice {os.nice(0)}')"

    with pytest.raises(Unfiled, match=r"^nice 10$"):
        await file_apart((sys.executable, "-c", program))


async def test_a_report_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    """A process that outlives its time is killed, and none is left running."""
    mark = tmp_path / "pid"
    program = "import os, sys, time; open(sys.argv[1], 'w').write(str(os.getpid())); time.sleep(60)"

    with pytest.raises(Unfiled, match="it took more than 2 s"):
        await file_apart((sys.executable, "-c", program, str(mark)), 2.0)

    with pytest.raises(ProcessLookupError):
        os.kill(int(mark.read_text()), 0)
