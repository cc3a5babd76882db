import json
import shutil
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from monitor.configuration import load
from monitor.notifiers import receiver_types
from monitor.probes import check_types

ROOT = Path(__file__).resolve().parents[3]
FILES = [
    ROOT / "checks.yaml",
    *sorted((ROOT / "config").glob("*.yaml")),
    *sorted((ROOT / "config" / "services").glob("*.yaml")),
]


def schema_of(path):
    name = path.stem if path.stem in {"monitor", "alerts"} else "checks"
    return json.loads((ROOT / "config" / "schema" / f"{name}.schema.json").read_text())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_editor_takes_shipped_file(path):
    """An editor has nothing against a file that we ship."""
    value = yaml.safe_load(path.read_text())

    errors = Draft202012Validator(schema_of(path)).iter_errors(value)

    assert [error.message for error in errors] == []


def test_shipped_configuration_loads():
    """What we ship is a whole configuration."""
    assert load(ROOT / "checks.yaml", check_types(), receiver_types(), {}).checks


def test_shipped_modules_load(tmp_path):
    """The blackbox.yml that we ship is one, once /probe is turned on, and nothing in it doubtful."""
    shutil.copytree(ROOT / "config", tmp_path / "config")
    shutil.copy(ROOT / "checks.yaml", tmp_path)
    (tmp_path / "config" / "monitor.yaml").write_text("probe: {enabled: true}\n")
    config = load(tmp_path / "checks.yaml", check_types(), receiver_types(), {})

    assert {"http_2xx", "tcp_connect", "icmp", "dns_udp"} <= config.modules.keys()
    assert not [each for each in config.warnings if "blackbox" in each.file]


@pytest.mark.parametrize("name", check_types())
def test_editor_explains_every_key(name):
    """Every key of every check type has a description, in its own words."""
    spec = check_types()[name].spec

    assert [key for key, field in spec.model_fields.items() if not field.description] == []
