"""Rules for error budgets as promtool computes them, from counters that grow."""

import json
from fractions import Fraction

import pytest

from monitor.domain.service import Service, Sla
from monitor.metrics.burnrates import FAST, NOTICE, SLOW, groups
from monitor.metrics.rulefile import text
from tests.rulefiles import promtool

pytestmark = pytest.mark.peers

LABELS = 'service="portal",owner="diskominfo"'
HOSTILE = 'Portal {{ $labels }} "x" \\ \u2028 é'
SHOWN = 'Portal {{ $labels }} "x" \\ \N{REPLACEMENT CHARACTER} é'


def seconds(status, values, counted="sla"):
    name = "pantau_service_status_seconds_total"
    return {
        "series": f'{name}{{{LABELS},status="{status}",counted="{counted}"}}',
        "values": values,
    }


def status(values, service="portal"):
    return {
        "series": f'pantau_service_status{{service="{service}",owner="diskominfo"}}',
        "values": values,
    }


def growing(up, down, unknown=0, minutes=500):
    """Return counters that grow by so much each minute."""
    parts = {"up": up, "down": down, "unknown": unknown}
    return [seconds(each, f"0+{by}x{minutes}") for each, by in parts.items()]


def portal(target="99.9"):
    return Service(
        id="portal",
        name=HOSTILE,
        owner="diskominfo",
        depends_on=("inti",),
        sla=Sla(target=Fraction(target) / 100, basis="SK"),
    )


@pytest.fixture
def tried(tmp_path):
    """Return how to try the rules of a promise: series, and expressions with what they are."""

    def given(service, series, at, expected, *, every="1m"):
        (tmp_path / "slo.yml").write_text(text(groups([service]), NOTICE))
        cases = [
            {"expr": expr, "eval_time": at, "exp_samples": samples} for expr, samples in expected
        ]
        test = {"interval": "1m", "input_series": series, "promql_expr_test": cases}
        whole = {"rule_files": ["slo.yml"], "evaluation_interval": every, "tests": [test]}
        (tmp_path / "test.yml").write_text(json.dumps(whole))
        return promtool("test", "rules", tmp_path / "test.yml")

    return given


def is_about(expr, value):
    """Return a case: a series is there once, and equals `value` to nine digits."""
    return f"count(abs({expr} - {value}) < 1e-9)", [{"labels": "{}", "value": 1}]


def fires(name):
    return f'count(ALERTS{{alertname="{name}",alertstate="firing"}})', [
        {"labels": "{}", "value": 1}
    ]


def is_silent(name):
    return f'ALERTS{{alertname="{name}",alertstate="firing"}}', []


def test_prometheus_takes_them(tmp_path):
    """Prometheus has nothing against the rules, whatever a service is called."""
    (tmp_path / "slo.yml").write_text(text(groups([portal()]), NOTICE))
    judged = promtool("check", "rules", "--lint=all", "--lint-fatal", tmp_path / "slo.yml")

    assert judged.returncode == 0, judged.stdout + judged.stderr


@pytest.mark.parametrize(
    ("target", "minutes"), [("99.0", 432), ("99.5", 216), ("99.9", 43.2)], ids=str
)
def test_budget_of_thirty_days(tried, target, minutes):
    """In 30 days 99,0 % allows 432 minutes of downtime, 99,5 % 216, and 99,9 % 43,2."""
    allowed = "slo:error_budget:ratio * on (sloth_id) slo:time_period:days * 1440"
    judged = tried(portal(target), [], "5m", [is_about(f"({allowed})", minutes)])

    assert judged.returncode == 0, judged.stdout + judged.stderr


def test_rates_are_those_of_the_figures(tried):
    """The day of docs/availability.md burns (2/115)/0,001 of what 99,9 % allows, in every window:
    its 3.450 unknown seconds are in no rate.
    """
    series = [*growing(7797, 138, 345), seconds("down", "0+180x500", "maintenance")]
    burn = "(2 / 115 / 0.001)"
    rates = [
        is_about(f"slo:sli_error:ratio_rate{each}", "2/115")
        for each in ("5m", "30m", "1h", "2h", "6h", "1d", "3d", "30d")
    ]
    figures = [
        is_about("slo:current_burn_rate:ratio", burn),
        is_about("slo:period_burn_rate:ratio", burn),
        is_about("slo:period_error_budget_remaining:ratio", f"(1 - {burn})"),
    ]
    judged = tried(portal(), series, "8h", [*rates, *figures], every="4m")

    assert judged.returncode == 0, judged.stdout + judged.stderr


def test_crash_is_no_new_beginning(tried):
    """A crash that takes back the last second of a counter does not count all of it once more."""
    series = [seconds("up", "2592000+54x30 2593619+54x60"), seconds("down", "4000+6x120")]
    rate = "count(abs(slo:sli_error:ratio_rate1h - 0.1) < 0.01)"
    judged = tried(portal(), series, "60m", [(rate, [{"labels": "{}", "value": 1}])])

    assert judged.returncode == 0, judged.stdout + judged.stderr


# An hour up, then six minutes of something else.
UP_THEN = {"up": "0+60x60 3600x6", "down": "0x60 0+60x6", "unknown": "0x66"}
OUTAGE = [seconds(each, values) for each, values in UP_THEN.items()]
BLIND = [
    seconds("up", UP_THEN["up"]),
    seconds("down", "0x66"),
    seconds("unknown", UP_THEN["down"]),
]
PLANNED = [
    seconds("up", UP_THEN["up"]),
    seconds("down", "0x66"),
    seconds("unknown", "0x66"),
    seconds("down", UP_THEN["down"], "maintenance"),
]
IN_WORK = {"series": 'pantau_check_maintenance{service="portal",check="a"}', "values": "1x66"}
PAGES = {
    "outage": ([*OUTAGE, status("1x60 0x6")], fires(FAST)),
    "over by now": ([*OUTAGE, status("1x60 0x3 1x2")], is_silent(FAST)),
    "unknown": ([*BLIND, status("1x60 0x6")], is_silent(FAST)),
    "planned": ([*PLANNED, status("1x60 0x6")], is_silent(FAST)),
    "work begins": ([*OUTAGE, IN_WORK, status("1x60 0x6")], is_silent(FAST)),
    "needs what is down": (
        [*OUTAGE, status("1x60 0x6"), status("0x66", "inti")],
        is_silent(FAST),
    ),
    "needs what is up": ([*OUTAGE, status("1x60 0x6"), status("1x66", "inti")], fires(FAST)),
}


@pytest.mark.parametrize(("series", "expected"), PAGES.values(), ids=PAGES)
def test_who_is_woken(tried, series, expected):
    """Somebody is woken where a service is down now and uses its budget fast; never for unknown time,
    planned work, an outage that is over, or one of something that it needs.
    """
    judged = tried(portal(), series, "65m", [expected])

    assert judged.returncode == 0, judged.stdout + judged.stderr


@pytest.mark.parametrize(
    ("down", "expected"),
    [(100, fires(SLOW)), (31, fires(SLOW)), (9, is_silent(SLOW))],
    ids=["10x", "3.1x", "0.9x"],
)
def test_slow_burn_waits_for_the_morning(tried, down, expected):
    """What uses the budget three times too fast, or lets it go in the period, is for office hours;
    what stays below it is for nobody. Neither wakes anybody while the service is up.
    """
    series = [*growing(10_000 - down, down), status("1x500")]
    judged = tried(portal(), series, "3h", [expected, is_silent(FAST)], every="4m")

    assert judged.returncode == 0, judged.stdout + judged.stderr


def test_names_are_shown_as_they_are(tmp_path):
    """An alert shows the name of a service as it is written, and takes none of it for a template."""
    (tmp_path / "slo.yml").write_text(text(groups([portal()]), NOTICE))
    [alerts] = [each for each in groups([portal()]) if each.name.startswith("pantau-slo-alerts-")]
    [notes] = [dict(each.annotations) for each in alerts.rules if each.name == FAST]
    notes["summary"] = f"{SHOWN} terganggu dan cepat menghabiskan jatah waktu henti"
    notes["summary_en"] = f"{SHOWN} is down, and uses up its error budget fast"
    own = {"sloth_id": "portal-availability", "sloth_service": "portal"}
    labels = {"severity": "critical", "sloth_severity": "page", "sloth_slo": "availability"}
    shown = {
        "exp_labels": {**own, **labels, "service": "portal", "owner": "diskominfo"},
        "exp_annotations": notes,
    }
    case = {"alertname": FAST, "eval_time": "65m", "exp_alerts": [shown]}
    series = [*OUTAGE, status("1x60 0x6")]
    test = {"interval": "1m", "input_series": series, "alert_rule_test": [case]}
    (tmp_path / "test.yml").write_text(json.dumps({"rule_files": ["slo.yml"], "tests": [test]}))
    judged = promtool("test", "rules", tmp_path / "test.yml")

    assert judged.returncode == 0, judged.stdout + judged.stderr
