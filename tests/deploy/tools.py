"""The tools that judge deploy/: `make deploy-check` installs them apart, and names their folder."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"


def tool(name: str) -> str:
    """Return the path of a tool; without it skip, or fail where REQUIRE_PEERS=1 is set."""
    folder = Path(os.environ.get("DEPLOY_TOOLS", ROOT / "build/deploy-tools/bin")).resolve()
    if (folder / name).exists():
        return str(folder / name)
    reason = f"{name} is not in {folder}: run make deploy-check"
    if os.environ.get("REQUIRE_PEERS") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def run(*command: str | Path, **options: Any) -> "subprocess.CompletedProcess[str]":
    """Run a command in the project's folder; return how it ended and what it said."""
    options = {"cwd": ROOT, "timeout": 300, **options}
    return subprocess.run(
        [str(each) for each in command], capture_output=True, text=True, check=False, **options
    )


def judged(*command: str | Path, **options: Any) -> str:
    """Return what a tool has against something: nothing if it ended with 0."""
    done = run(*command, **options)
    return "" if done.returncode == 0 else f"{done.stdout}{done.stderr}" or str(done.returncode)


def pantau(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    """Run a command of Pantau's."""
    return run(sys.executable, "-m", "monitor", *arguments)


def read(path: Path) -> Any:
    """Return the content of a YAML file."""
    return yaml.safe_load(path.read_text())
