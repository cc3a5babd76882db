"""The rules that are shipped for Prometheus: promtool tries each of them, and each has a runbook."""

import re
from collections import Counter

import pytest
import yaml

from monitor.locales.messages_alertmanager import _CONCERNS, _NAMES
from monitor.metrics.burnrates import groups
from monitor.metrics.catalogue import CATALOGUE, Kind
from monitor.probes import check_types
from tests.rulefiles import (
    PROMETHEUS,
    ROOT,
    RULES,
    TESTS,
    alerts_of,
    failing,
    firing_cases,
    promtool,
    rules_of,
)
from tests.unit.metrics.board import a_service

ALERTS = {name: rule for path in RULES for name, rule in alerts_of(path).items()}
ALERT_TESTS = [path for path in TESTS if firing_cases(path)]
ALWAYS = {"PantauWatchdog"}
SEVERITIES = {"critical", "warning", "info"}
BURNING = {
    rule.name: rule.labels["severity"]
    for group in groups([a_service()])
    for rule in group.rules
    if rule.kind == "alert"
}
FOREIGN = {"up", "process_start_time_seconds", "process_open_fds", "process_max_fds"}
ROWS = [
    "Arti / Meaning",
    "Yang dilihat kota / What the city sees",
    "Langkah pertama / First steps",
]
TEXTS = ("summary", "description", "summary_en", "description_en")
SERIES = re.compile(r"\b(?:up|(?:pantau|probe|process)_\w+)\b(?=[{\[\s)]|$)")
RECORDED = re.compile(r"[a-z_]+:[a-z_]+:[a-z0-9_]+")


def by_name(path):
    return path.name


@pytest.mark.peers
@pytest.mark.parametrize("path", RULES, ids=by_name)
def test_promtool_takes_the_rules(path):
    """Prometheus has nothing against the rules that are shipped."""
    judged = promtool("check", "rules", "--lint=all", "--lint-fatal", path)

    assert judged.returncode == 0, judged.stdout + judged.stderr


@pytest.mark.peers
@pytest.mark.parametrize("path", TESTS, ids=by_name)
def test_rules_do_what_they_say(path):
    """Each alert fires when it should and stays silent when it should, and each figure is exact."""
    judged = promtool("test", "rules", path)

    assert judged.returncode == 0, judged.stdout + judged.stderr


def test_each_alert_is_tried_both_ways():
    """For each alert there is a case in which it fires, and one in which it does not."""
    tried: dict[str, set[bool]] = {}
    for path in ALERT_TESTS:
        for name, cases in firing_cases(path).items():
            tried.setdefault(name, set()).update(cases)

    assert tried == {name: {True} if name in ALWAYS else {True, False} for name in ALERTS}


@pytest.mark.peers
@pytest.mark.parametrize("path", ALERT_TESTS, ids=by_name)
@pytest.mark.parametrize(
    ("expr", "expected"), [("vector(1) > 2", True), ("vector(1)", False)], ids=["never", "always"]
)
def test_rules_that_do_nothing_are_noticed(path, tmp_path, expr, expected):
    """An alert that never fires any more fails each case in which it should, and one that fires
    always each of the others.
    """
    failed = failing(path, tmp_path, expr=expr, **{"for": "0s"})

    for name, cases in firing_cases(path).items():
        # What fires always has labels of no target, so it is not what a firing case expects either.
        wanted = cases.count(True) if expected else len(cases) * (name not in ALWAYS)
        assert failed.get(name, 0) == wanted, name


@pytest.mark.parametrize("name", ALERTS)
def test_alert_says_what_it_is(name):
    """Each alert has a grade, texts in both languages, and a link to its own runbook."""
    rule = ALERTS[name]
    notes = rule["annotations"]

    assert re.fullmatch(r"Pantau(?:[A-Z][a-z]+)+", name)
    assert rule["labels"]["severity"] in SEVERITIES
    assert set(notes) == {*TEXTS, "runbook_url"}
    assert all(notes[each].strip() == notes[each] for each in TEXTS)
    assert notes["summary"] != notes["summary_en"]
    assert notes["runbook_url"].endswith(f"/runbooks.md#{name.lower()}")


def test_names_are_of_one_sender():
    """No alert of Prometheus has the name of one that Pantau posts, or of another rule."""
    posted = {*_NAMES.values(), *_CONCERNS.values(), *BURNING}
    names = Counter(rule["alert"] for path in RULES for rule in rules_of(path) if "alert" in rule)

    assert posted.isdisjoint(names)
    assert set(names.values()) == {1}


def test_recorded_names_have_three_parts():
    """What is recorded is named level:metric:operations."""
    names = [rule["record"] for path in RULES for rule in rules_of(path) if "record" in rule]

    assert names
    assert all(RECORDED.fullmatch(name) for name in names)


def test_rules_ask_for_what_there_is():
    """Every series that a rule reads is one that Pantau shows, or that every scrape and process has."""
    told = {one.name for kind in check_types().values() for one in kind.measurements}
    for family in CATALOGUE:
        suffixes = ("_bucket", "_count", "_sum") if family.kind is Kind.HISTOGRAM else ("",)
        told |= {family.name + suffix for suffix in suffixes}
    for path in RULES:
        for rule in rules_of(path):
            asked = set(SERIES.findall(re.sub(r"\{[^}]*\}", " ", rule["expr"])))
            assert asked <= told | FOREIGN, rule


def test_every_alert_has_a_runbook():
    """docs/runbooks.md has a heading for each alert and for no other, with what it means, what the
    city sees and what to do first, in both languages.
    """
    page = (ROOT / "docs" / "runbooks.md").read_text()
    sections = re.split(r"(?m)^### ", page)[1:]

    grades = {name: rule["labels"]["severity"] for name, rule in ALERTS.items()} | BURNING
    assert {section.partition("\n")[0] for section in sections} == {*grades}
    for section in sections:
        name = section.partition("\n")[0]
        assert f"\n`{grades[name]}`\n" in section
        rows = re.findall(r"(?m)^\| (.+?) \| (.+) \| (.+) \|$", section)
        assert [label for label, *_ in rows if label.strip("- ")] == ROWS, name


def test_shipped_configuration_reads_the_rules():
    """prometheus.yml reads every rule file that is shipped, and tells Alertmanager."""
    config = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text())
    read = {path for each in config["rule_files"] for path in PROMETHEUS.glob(each)}

    assert read == set(RULES)
    assert config["alerting"]["alertmanagers"]
    assert config["scrape_configs"][0]["honor_labels"] is True
