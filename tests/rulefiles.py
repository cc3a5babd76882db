"""The rules that are shipped for Prometheus, as their files have them, and what promtool says of them."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import yaml

from tests.peers import peer

Rule = dict[str, Any]

ROOT = Path(__file__).parent.parent
PROMETHEUS = ROOT / "deploy" / "prometheus"
RULES = sorted((PROMETHEUS / "rules").glob("*.yml"))
TESTS = sorted((PROMETHEUS / "tests").glob("*.yml"))
_ASKED_OF = re.compile(r'ALERTS\{alertname="(\w+)", alertstate="firing"\}')
_FAILED = re.compile(
    r'expr: "ALERTS\{alertname=\\"(\w+)\\", alertstate=\\"firing\\"\}", time: (\S+),'
)


def rules_of(path: Path) -> list[Rule]:
    """Return the rules of a file, of all its groups."""
    return [rule for group in yaml.safe_load(path.read_text())["groups"] for rule in group["rules"]]


def alerts_of(path: Path) -> dict[str, Rule]:
    """Return the alert rules of a file by their names."""
    return {rule["alert"]: rule for rule in rules_of(path) if "alert" in rule}


def firing_cases(path: Path) -> dict[str, list[bool]]:
    """Return for each alert that a test file asks of whether its cases expect it to fire."""
    found: dict[str, list[bool]] = {}
    for test in yaml.safe_load(path.read_text())["tests"]:
        for case in test["promql_expr_test"]:
            if asked := _ASKED_OF.fullmatch(case["expr"]):
                found.setdefault(asked[1], []).append(bool(case["exp_samples"]))
    return found


def promtool(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    """Run promtool, and return what it said."""
    command = [peer("promtool"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def failing(tests: Path, folder: Path, **changes: str) -> dict[str, int]:
    """Return for each alert how many cases fail once `changes` were made to every rule."""
    shutil.copytree(PROMETHEUS, folder, dirs_exist_ok=True)
    [named] = yaml.safe_load(tests.read_text())["rule_files"]
    path = folder / "tests" / named
    content = yaml.safe_load(path.read_text())
    for group in content["groups"]:
        group["rules"] = [rule | changes for rule in group["rules"]]
    path.write_text(yaml.safe_dump(content))
    said = promtool("test", "rules", folder / "tests" / tests.name)
    found: dict[str, int] = {}
    for name, _ in _FAILED.findall(said.stdout + said.stderr):
        found[name] = found.get(name, 0) + 1
    return found
