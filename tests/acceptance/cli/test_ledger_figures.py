"""`pantau ledger export --bundle`, and what an auditor's Python computes from it."""

import asyncio
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from monitor.ports import Change
from monitor.store.sealjob import Paces
from tests.acceptance.cli.commands import pantau
from tests.integration.store.test_bundle_figures import TWO, sealed
from tests.integration.store.test_sealing import BEGIN, HOUR, MINUTE, every_minute

CHECKS = f"""\
version: 1
services: [{{id: portal, name: Portal, owner: diskominfo}}]
checks: [{{id: {TWO[0]}, service: portal, type: http, url: "http://127.0.0.1:9/"}}]
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Return a configuration, and a database in which three hours are sealed."""
    (tmp_path / "checks.yaml").write_text(CHECKS)
    observed = Change(observations=every_minute(3, check=TWO[0]))
    paces = Paces(intervals={TWO[0]: MINUTE})
    asyncio.run(sealed(tmp_path / "data", [observed], paces, 2))
    return tmp_path


def _figures(bundle: Path) -> str:
    """Return what the command in README.txt says, by a Python that has no Pantau."""
    readme = (bundle / "README.txt").read_text()
    [key] = re.findall(r"pantau_figures.py --key '(.*)' \\\n", readme)
    said = subprocess.run(
        [
            *(sys.executable, "-I", "-S", "pantau_figures.py", "--key", key),
            *("entries.jsonl", "checkpoints", "--hours", "hours.jsonl", "--blocks", "blocks"),
            *("--terms", "terms.json"),
        ],
        cwd=bundle,
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == 0, said.stderr
    return said.stdout


@pytest.mark.parametrize("days", [(), ("--from", "2026-06-01", "--to", "2026-06-02")])
def test_bundle(site: Path, days: tuple[str, ...]) -> None:
    """The bundle has the terms of all that was sealed, or of days as far as they were sealed, and
    the command that stands in it computes the figures.
    """
    made = pantau(site, "ledger", "export", "--bundle", site / "bundle", *days)

    assert made.returncode == 0, made.stderr
    terms = json.loads((site / "bundle" / "terms.json").read_text())
    start = BEGIN if not days else BEGIN - 12 * HOUR  # 2026-06-01 begins at noon less twelve hours
    assert (terms["from"], terms["until"]) == (start, BEGIN + 3 * HOUR)
    said = _figures(site / "bundle")
    assert "availability 1/1" in said
    assert "portal: portal-http; rule all, taken as given" in said


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--from", "2026-06-01"), "--from and --to go together"),
        (("--from", "2026-06-02", "--to", "2026-06-01"), "the day after the last"),
        (("--from", "2026-07-01", "--to", "2026-07-02"), "nothing was sealed and signed yet"),
        (("--from", "kemarin", "--to", "2026-07-02"), "is no day"),
    ],
)
def test_days(site: Path, options: tuple[str, ...], says: str) -> None:
    """Days that are none, or of which nothing is known, are refused."""
    said = pantau(site, "ledger", "export", "--bundle", site / "bundle", *options)

    assert said.returncode != 0
    assert says in said.stderr
