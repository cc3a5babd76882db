"""Rules for error budgets: which there are, and that no name of a service breaks out of them."""

from fractions import Fraction

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.budget import PAIRS
from monitor.domain.service import Sla
from monitor.metrics.burnrates import FAST, NOTICE, SLOW, groups
from monitor.metrics.rulefile import document, promql_string, text
from tests.unit.metrics.board import a_service

HALF_OF_SLOTH = {
    "slo:objective:ratio",
    "slo:error_budget:ratio",
    "slo:time_period:days",
    "slo:current_burn_rate:ratio",
    "slo:period_burn_rate:ratio",
    "slo:period_error_budget_remaining:ratio",
    "sloth_slo_info",
}
WINDOWS = ("5m", "30m", "1h", "2h", "6h", "1d", "3d", "30d")
RATES = {f"slo:sli_error:ratio_rate{each}" for each in WINDOWS}


def promised(target="99.9", **changes):
    return a_service(sla=Sla(target=Fraction(target) / 100, basis="SK"), **changes)


def rules(*services):
    return [rule for group in groups(services) for rule in group.rules]


def test_names_are_those_of_sloth():
    """A promise gives the series that sloth gives, with its labels, and two alerts."""
    made = rules(promised())
    recorded = {rule.name for rule in made if rule.kind == "record"}

    assert recorded == HALF_OF_SLOTH | RATES
    assert [rule.name for rule in made if rule.kind == "alert"] == [FAST, SLOW]
    for rule in made:
        if rule.kind == "record":
            assert rule.labels["sloth_id"] == "portal-availability"
            assert rule.labels["sloth_service"] == rule.labels["service"] == "portal"
            assert rule.labels["sloth_slo"] == "availability"
        if rule.name in RATES:
            assert rule.name.endswith(f"rate{rule.labels['sloth_window']}")


def test_windows_are_those_of_availability():
    """The pairs of windows and their thresholds are those of `pantau availability`."""
    [fast, slow] = [rule.expr for rule in rules(promised("99")) if rule.kind == "alert"]

    assert [pair.severity for pair in PAIRS] == ["page", "page", "ticket", "ticket"]
    for windows, limit in ((("5m", "1h"), "0.144"), (("30m", "6h"), "0.06")):
        assert all(f"ratio_rate{each}{{" in fast for each in windows)
        assert fast.count(f">= {limit} ") + fast.count(f">= {limit})") == 2
    for windows, limit in ((("2h", "1d"), "0.03"), (("6h", "3d"), "0.01")):
        assert all(f"ratio_rate{each}{{" in slow for each in windows)
        assert slow.count(f">= {limit} ") + slow.count(f">= {limit})") == 2


def test_service_without_promise_has_no_rule():
    """A service without `sla` gives nothing."""
    assert rules(a_service(sla=None)) == []


def test_promise_of_everything_cannot_burn():
    """A promise of 100 % allows nothing that could be used up: no burn rate, and no alert."""
    made = rules(promised("100"))

    assert all("burn" not in rule.name.lower() for rule in made)
    assert {rule.name for rule in made} > RATES


@pytest.mark.parametrize(
    ("target", "budget"),
    [("99.9", "0.001"), ("99.95", "0.0005"), ("97.123456789", "0.02876543211")],
)
def test_budget_is_exact(target, budget):
    """What a target allows is written digit by digit, not as a binary fraction."""
    [rule] = [each for each in rules(promised(target)) if each.name == "slo:error_budget:ratio"]

    assert rule.expr == f"vector({budget})"


def test_order_changes_nothing():
    """The same services give the same bytes, in whatever order the configuration has them."""
    one, two = promised(id="a"), promised(id="b")

    assert text(groups([two, one]), NOTICE) == text(groups([one, two]), NOTICE)


def test_no_two_groups_share_a_name():
    """Prometheus refuses a file in which a group is named twice; a service may be named as a part
    of the rules of another is.
    """
    parts = ("long", "alerts", "rates", "long-rates")
    ids = ("portal", *(f"portal-{each}" for each in parts), *(f"{each}-portal" for each in parts))
    names = [group.name for group in groups([promised(id=each) for each in ids])]

    assert len(set(names)) == len(names) == 3 * len(ids)


@given(st.text(min_size=1, max_size=60), st.text(min_size=1, max_size=30))
def test_no_name_breaks_out(name, owner):
    """Whatever a service and its owner are called, the file says what was meant, and no more."""
    made = list(groups([promised(name=name, owner=owner)]))

    assert yaml.safe_load(text(made, NOTICE)) == document(made)


@pytest.mark.parametrize("character", ["\n", "\x00", "\u2028", "\ufffe", "\U000e0001", '"', "\\"])
def test_no_character_breaks_the_file(character):
    """A character that YAML does not allow, or that ends a line or a text, is written by its number."""
    written = promql_string(f"a{character}: b")

    assert written.isprintable()
    assert yaml.safe_load(written) == f"a{character}: b"


def test_no_name_is_a_template():
    """A name with Go's template marks is shown as it stands, and asks Prometheus for nothing."""
    [alert, _] = [each for each in rules(promised(name='{{ query "up" }}')) if each.kind == "alert"]

    assert alert.annotations["summary_en"].startswith('{{ "{{" }} query "up" }} is down')
