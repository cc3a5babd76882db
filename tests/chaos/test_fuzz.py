"""Every parser of what strangers send, fuzzed with coverage as the guide.

FUZZ_SECONDS says how long each is; its default is 600. The fuzzer is no dependency: `pip install
atheris` brings it in where a wheel of it is there.
"""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.parsers import parsers

_SECONDS = int(os.environ.get("FUZZ_SECONDS", "600"))


@pytest.mark.parametrize("name", sorted(parsers()))
def test_fuzzer_finds_nothing(name: str, tmp_path: Path) -> None:
    """No input that the fuzzer comes upon raises, takes over a second, or eats the memory."""
    if importlib.util.find_spec("atheris") is None:
        pytest.skip("the fuzzer is not installed: pip install atheris")
    run = subprocess.run(
        [sys.executable, "-m", "tests.fuzz", name, str(_SECONDS), str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=_SECONDS + 300,
        check=False,
    )

    print(run.stderr[-2000:])
    assert run.returncode == 0, run.stderr[-4000:]
    assert "DONE" in run.stderr or "Done" in run.stderr
