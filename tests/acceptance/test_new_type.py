"""A new check type is one file, in the package or in a distribution of somebody else's."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.collector import Collector
from tests.daemon import ROOT, Daemon, Installed, Site, eventually

MODULE = '''"""Read a level from a file, and judge it.

```yaml
- id: cistern
  service: water
  type: level
  file: /run/cistern
```
"""

from pathlib import Path

from pydantic import Field

from monitor.checktype import CheckSpec, CheckType, MeasurementInfo, ProbeContext
from monitor.domain.observation import Failure, FailureKind, Outcome, OutcomeStatus, series

LEVEL = MeasurementInfo("probe_level_ratio", "How full it is.")


class LevelSpec(CheckSpec):
    """The keys of a level check."""

    file: Path = Field(description="File that holds the level.")

    def target(self) -> str:
        return str(self.file)

    def dialled_host(self) -> None:
        return None


async def probe(spec: LevelSpec, context: ProbeContext) -> Outcome:
    return judge(float(spec.file.read_text()))


def judge(level: float) -> Outcome:
    """Return a failure when it is under a tenth."""
    measured = {series(LEVEL.name): level}
    if level >= 0.1:
        return Outcome(measurements=measured)
    return Outcome(
        status=OutcomeStatus.FAILED,
        failure=Failure(FailureKind.ANSWER, f"level: {level}, expected 0.1 or more"),
        measurements=measured,
        answered=True,
    )


CHECK_TYPE = CheckType(spec=LevelSpec, probe=probe, measurements=(LEVEL,))
'''


def in_the_package(folder: Path) -> None:
    """Add the type to a copy of the package: one new file, nothing else."""
    shutil.copytree(ROOT / "monitor", folder / "monitor")
    (folder / "monitor" / "probes" / "level.py").write_text(MODULE)


def by_entry_point(folder: Path) -> None:
    """Add the type as another distribution would: its module, and an entry point naming it."""
    (folder / "city_level.py").write_text(MODULE)
    metadata = folder / "city_level-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: city-level\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[monitor.check_types]\nlevel = city_level\n")


@pytest.fixture(params=[in_the_package, by_entry_point], ids=["package", "entry point"])
def added(request, tmp_path):
    """A folder for PYTHONPATH in which the type has been added."""
    request.param(tmp_path)
    return tmp_path


def path_to(added: Path) -> dict[str, str]:
    """Return an environment in which Python finds the type before our own package."""
    return {"PYTHONPATH": f"{added}{os.pathsep}{ROOT}", "PYTHONSAFEPATH": "1"}


def run(added: Path, *command: str) -> "subprocess.CompletedProcess[str]":
    """Run a command with the type at hand."""
    return subprocess.run(
        [sys.executable, *command],
        env={**os.environ, **path_to(added)},
        capture_output=True,
        text=True,
        cwd=added,
        check=False,
    )


@pytest.fixture
def site(tmp_path):
    site = Site()
    level = tmp_path / "cistern"
    level.write_text("0.75")
    site.write(
        [{"id": "water", "name": "Air bersih", "owner": "pdam"}],
        [{"id": "cistern", "service": "water", "type": "level", "file": str(level)}],
        interval="300ms",
        failure_threshold=2,
    )
    site.write_settings()
    return site


def test_daemon_runs_it(added, site, tmp_path):
    """Its numbers are on /metrics and its failure is alerted, though no other file names it."""
    with Collector() as collector:
        site.write_alerts({"oncall": collector.url})
        daemon = Daemon(site, Installed(**path_to(added)))
        try:
            daemon.start()
            eventually(lambda: 0.75 in daemon.metrics("probe_level_ratio").values(), 20, "measured")
            (tmp_path / "cistern").write_text("0.02")
            eventually(lambda: collector.received, 20, "alerted")
        finally:
            daemon.close()

    [check] = json.loads(collector.received[0].body)["checks"]
    assert (check["type"], check["failure"]["kind"]) == ("level", "answer")
    assert check["failure"]["detail"] == "level: 0.02, expected 0.1 or more"


def test_schema_knows_it(added):
    """Editors complete its keys: the schema of checks.yaml has it."""
    schema = run(added, "-m", "monitor", "schema", "checks")

    assert "File that holds the level." in schema.stdout


def test_docs_page_has_it(added):
    """The reference has a section for it, with its keys, its numbers and its example."""
    code = "from tests.generate import checks_page; print(checks_page())"
    page = run(added, "-c", code).stdout

    assert "## `level`" in page
    assert "File that holds the level." in page
    assert "probe_level_ratio" in page


def test_mistakes_in_it_have_a_place(added, tmp_path):
    """A wrong key of it is told with its line, as for every other type."""
    (tmp_path / "checks.yaml").write_text(
        "version: 1\n"
        "services: [{id: water, name: Air, owner: pdam}]\n"
        "checks:\n"
        "  - {id: cistern, service: water, type: level, fil: /run/cistern}\n"
    )
    done = run(added, "-m", "monitor", "validate", "--config", "checks.yaml")

    assert done.returncode == 1
    assert "checks.yaml:4:48: fil: unknown key; did you mean 'file'?" in done.stderr
