"""The tests of acceptance are worth what they notice: every mutant of the program must fail its own."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.chaos.mutants.mutants import MUTANTS, Mutant
from tests.daemon import ROOT

_SECONDS = 300


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_mutant_is_noticed(mutant: Mutant, tmp_path: Path) -> None:
    """Each sabotage fails the test of the promise that it breaks, in the words of that promise."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "monitor", tmp_path / "monitor", ignore=ignored)
    for name, old, new in mutant.changes:
        path = tmp_path / "monitor" / name
        text = path.read_text()
        assert text.count(old) == 1, f"{name} has changed: mend the mutant"
        path.write_text(text.replace(old, new))

    told = subprocess.run(
        [sys.executable, "-m", "pytest", "-vv", "-x", f"tests/acceptance/{mutant.test}"],
        env={**os.environ, "PANTAU_PACKAGE_FOLDER": str(tmp_path)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )

    assert told.returncode == 1, told.stdout[-3000:]
    assert re.search(mutant.says, told.stdout), told.stdout[-3000:]
