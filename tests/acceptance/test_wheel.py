"""What a user gets who installs Pantau. PANTAU names the command; unset, it is the one beside this Python."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PANTAU = Path(os.environ.get("PANTAU", Path(sys.executable).with_name("pantau")))


@pytest.fixture
def city(tmp_path):
    """A folder away from the checkout with the configuration as it is shipped."""
    shutil.copy(ROOT / "checks.yaml", tmp_path)
    shutil.copytree(ROOT / "config", tmp_path / "config")
    return tmp_path


def run(*command, cwd):
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=60, check=False)


def test_version_is_that_of_the_project(tmp_path):
    """`pantau version` names the release."""
    done = run(PANTAU, "version", cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    assert "0.1.0" in done.stdout


def test_shipped_configuration_is_valid(city):
    """The configuration that is shipped is accepted as it is."""
    done = run(PANTAU, "validate", cwd=city)

    assert done.returncode == 0, done.stdout + done.stderr


def test_typo_is_refused_with_its_place(city):
    """A mistake is named with its file, line and column."""
    with (city / "checks.yaml").open("a") as checks:
        checks.write("chekcs: []\n")

    done = run(PANTAU, "validate", cwd=city)

    assert done.returncode == 1
    last_line = len((city / "checks.yaml").read_text().splitlines())
    assert f"checks.yaml:{last_line}:1:" in done.stdout + done.stderr


def test_schema_is_json_schema(tmp_path):
    """`pantau schema` prints the JSON Schema of checks.yaml."""
    done = run(PANTAU, "schema", cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    assert "properties" in json.loads(done.stdout)


def test_every_file_of_the_package_is_installed(tmp_path):
    """Templates, catalogues and migrations are installed with the code."""
    python = PANTAU.with_name("python")
    where = run(python, "-c", "import monitor; print(*monitor.__path__)", cwd=tmp_path)

    assert files(Path(where.stdout.strip())) == files(ROOT / "monitor")


def files(folder):
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return {path for path in found if path.suffix != ".pyc"}
