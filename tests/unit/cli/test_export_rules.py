"""`pantau export rules`: what it prints, what it writes, and when it refuses."""

import json

import pytest
import yaml
from click.testing import CliRunner

from monitor.cli.main import pantau

PROMISED = "sla: {target: 99.9, basis: SK}"


@pytest.fixture
def export(tmp_path):
    """Return how to run the command on a configuration with one service."""

    def run(*arguments, promise=PROMISED):
        extra = f", {promise}" if promise else ""
        (tmp_path / "checks.yaml").write_text(
            "version: 1\nservices:\n"
            f"  - {{id: portal, name: Portal, owner: diskominfo{extra}}}\n"
            "  - {id: sigap, name: SIGAP, owner: brida}\n"
        )
        config = ["--config", str(tmp_path / "checks.yaml")]
        return CliRunner().invoke(pantau, ["export", "rules", *config, *arguments])

    return run


def test_rules_are_printed(export):
    """Without a file the rules are printed, of the services that have a promise alone."""
    told = export()

    assert told.exit_code == 0, told.output
    names = [group["name"] for group in yaml.safe_load(told.stdout)["groups"]]
    assert names == [f"pantau-slo-{part}-portal" for part in ("rates", "long-rates", "alerts")]


def test_json_holds_the_same(export):
    """As JSON the rules are the same."""
    assert json.loads(export("--output", "json").stdout) == yaml.safe_load(export().stdout)


def test_another_file_stays(export, tmp_path):
    """The same rules may be written again; a file that says something else stays, unless asked."""
    file = tmp_path / "rules" / "slo.yml"
    codes = [export("--out", str(file)).exit_code for _ in range(2)]
    file.write_text("mine\n")
    refused = export("--out", str(file))
    kept = file.read_text()
    replaced = export("--out", str(file), "--replace")

    assert codes == [0, 0]
    assert (refused.exit_code, kept) == (1, "mine\n")
    assert "--replace" in refused.stderr
    assert replaced.exit_code == 0
    assert file.read_text() == export().stdout


def test_runbooks_are_where_they_are(export):
    """Alerts lead to the runbooks that were named."""
    told = export("--runbooks", "https://wiki.example/r")

    assert "https://wiki.example/r#pantauerrorbudgetburningfast" in told.stdout


def test_without_a_promise_nothing_is_written(export, tmp_path):
    """Where no service has a promise the command says what to write, and leaves no file."""
    told = export("--out", str(tmp_path / "slo.yml"), promise="")

    assert told.exit_code == 1
    assert "sla: {target: 99.9" in told.stderr
    assert not (tmp_path / "slo.yml").exists()


def test_promise_of_everything_is_pointed_out(export):
    """A target of 100 % has no burn rate, which the command says."""
    told = export(promise="sla: {target: 100, basis: SK}")

    assert told.exit_code == 0
    assert "portal" in told.stderr
    assert "burn_rate" not in told.stdout
