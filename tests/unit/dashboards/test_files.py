"""The dashboards in deploy/grafana are what the code makes, and keep the rules of good ones."""

import json
import re
from collections import Counter
from dataclasses import fields, is_dataclass
from itertools import combinations
from pathlib import Path

import promql_parser
import pytest
import yaml

from monitor.locales import Language
from monitor.metrics.catalogue import CATALOGUE, Kind
from monitor.probes import check_types
from tests.dashboards.boards import BOARDS
from tests.dashboards.files import dashboard_files
from tests.dashboards.grafana import (
    Window,
    filled_in,
    mark_queries,
    panel_queries,
    seconds_of,
    step_of,
    stretches,
)
from tests.dashboards.parts import Text
from tests.dashboards.places import DATASOURCE_UID, uid
from tests.dashboards.rendering import encoded
from tests.dashboards.sdk import dashboard, register_default_plugins

ROOT = Path(__file__).parents[3]
GRAFANA = ROOT / "deploy" / "grafana"
FILES = sorted((GRAFANA / "dashboards").rglob("*.json"))
WEEK_SECONDS = 7 * 86_400
WINDOW = Window(end=1_800_000_000, seconds=3600, step=60, scrape=30)
# By Prometheus itself, with each scrape, and of the rules in deploy/prometheus.
# What `pantau export rules` has recorded.
RECORDED = {"slo:period_error_budget_remaining:ratio", "slo:current_burn_rate:ratio"}
PROMETHEUS_SERIES = {"up", "scrape_duration_seconds", "scrape_samples_scraped", "ALERTS"}
ALERTS = "ALERTS"
# Windows of the burn rates that alerts go by, and of figures of a day.
FIGURE_WINDOWS = {"$__range", "1h", "5m", "3d", "6h", "1d"}

every_board = pytest.mark.parametrize("path", FILES, ids=lambda p: f"{p.parent.name}-{p.stem}")


def read(path):
    return json.loads(path.read_text())


def queries(board):
    return [*panel_queries(board), *mark_queries(board)]


def selectors(expr):
    """Return name and matchers of every selector in a query."""
    found = []

    def note(node):
        if isinstance(node, promql_parser.VectorSelector):
            matchers = {(each.name, each.value) for each in node.matchers.matchers}
            found.append((node.name, matchers))

    promql_parser.walk(promql_parser.parse(expr), note)
    return found


def kept_variables(expr):
    """Return a query that parses, with the variables in it standing for themselves."""
    expr = expr.replace("$__rate_interval", "4m").replace("$__range", "1h")
    return re.sub(r"\$(owner|service|check|job)", r"chosen_\1", expr)


def test_files_are_what_the_code_makes():
    """Every dashboard, and no other, is in deploy/grafana byte by byte as the code makes it."""
    stored = {str(path.relative_to(ROOT)): path.read_text() for path in FILES}
    made = {path: text for path, text in dashboard_files().items() if path.endswith(".json")}

    assert len(made) == 10
    assert stored == made


@every_board
def test_nothing_is_lost_on_reading(path):
    """Grafana's own library reads each dashboard and writes the same bytes again."""
    register_default_plugins()

    assert encoded(dashboard.Dashboard.from_json(read(path))) == path.read_text()


@every_board
def test_every_panel_explains_itself(path):
    """Each panel has a title, says what it shows, and has a unit; each series has a name."""
    for panel in read(path)["panels"]:
        assert panel["title"].strip()
        assert panel["description"].strip().endswith(".")
        assert panel["fieldConfig"]["defaults"]["unit"]
        assert panel["fieldConfig"]["defaults"]["noValue"]
        assert all(target["legendFormat"].strip(" _") for target in panel["targets"])


@every_board
def test_panels_have_their_own_place(path):
    """Panels lie within the 24 columns, and none on another; numbers and queries are unique."""
    panels = read(path)["panels"]
    places = [panel["gridPos"] for panel in panels]
    overlaps = [(a, b) for a, b in combinations(places, 2) if meet(a, b)]

    assert overlaps == []
    assert all(each["x"] >= 0 and each["x"] + each["w"] <= 24 for each in places)
    assert all(each["w"] > 0 and each["h"] > 0 for each in places)
    assert max(Counter(panel["id"] for panel in panels).values()) == 1
    for panel in panels:
        assert max(Counter(target["refId"] for target in panel["targets"]).values()) == 1


def meet(one, other):
    across = one["x"] < other["x"] + other["w"] and other["x"] < one["x"] + one["w"]
    return across and one["y"] < other["y"] + other["h"] and other["y"] < one["y"] + one["h"]


def test_dashboards_have_names_of_their_own():
    """Each dashboard has a fixed name of its own that begins with `pantau-`, in both languages."""
    names = [read(path)["uid"] for path in FILES]

    assert len(set(names)) == len(names) == 10
    assert all(name.startswith("pantau-") and len(name) <= 40 for name in names)


@every_board
def test_prometheus_can_read_every_query(path):
    """Each query is PromQL, whatever is chosen."""
    board = read(path)
    chosen = {name: ["a.b", "c"] for name in ("owner", "service", "check", "job")}

    for asked in queries(board):
        for choice in ({}, chosen):
            promql_parser.parse(filled_in(asked.expr, choice, WINDOW))


@every_board
def test_queries_go_by_what_is_chosen(path):
    """Each series is narrowed to the owners, services and checks, or jobs, that are chosen."""
    board = read(path)
    names = [each["name"] for each in board["templating"]["list"] if each["type"] == "query"]
    wanted = {(name, f"chosen_{name}") for name in names}

    for asked in queries(board):
        for name, matchers in selectors(kept_variables(asked.expr)):
            # The daemon's own state belongs to no service, and an alert to no job if there is none.
            of_all = name == "ALERTS" or (name == "pantau_self_offline" and "job" not in names)
            # A service has no check.
            of_service = name.startswith("pantau_service_")
            expected = {each for each in wanted if not (of_service and each[0] == "check")}
            assert of_all or expected <= matchers, asked.expr


@every_board
def test_rates_are_taken_over_enough_scrapes(path):
    """Rates are taken over `$__rate_interval`, and figures over the range or an alert's window."""
    for asked in panel_queries(read(path)):
        for function, window in re.findall(r"(\w+)\([^()\[]*\[([^\]]+)\]", asked.expr):
            allowed = {"$__rate_interval"} if function == "rate" else FIGURE_WINDOWS
            assert window in allowed | {"$__rate_interval"}, asked.expr


@every_board
def test_seconds_that_a_crash_took_back_are_no_new_beginning(path):
    """Of seconds in each status the difference is shown: a crash may take the last of them back, after
    which `rate` and `increase` would add all that was ever counted.
    """
    counters = r"(\w+)\(pantau_(?:service|check)_status_seconds_total"
    found = {name for each in queries(read(path)) for name in re.findall(counters, each.expr)}

    assert found <= {"delta"}


@every_board
def test_series_exist(path):
    """Each query asks for series that Pantau exposes, or that Prometheus makes of a scrape."""
    known = {one.name for each in check_types().values() for one in each.measurements}
    for family in CATALOGUE:
        histogram = family.kind is Kind.HISTOGRAM
        known |= {f"{family.name}_bucket"} if histogram else {family.name}

    for asked in queries(read(path)):
        for name, _ in selectors(kept_variables(asked.expr)):
            assert name in known | PROMETHEUS_SERIES | RECORDED, asked.expr


def texts(value):
    """Yield every text of a board."""
    if isinstance(value, Text):
        yield value
    elif is_dataclass(value):
        for each in fields(value):
            yield from texts(getattr(value, each.name))
    elif isinstance(value, tuple):
        for each in value:
            yield from texts(each)


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.name)
def test_every_text_is_in_both_languages(board):
    """Each text is there in Indonesian and in English, and sentences are no copies."""
    for text in texts(board):
        assert text.id.strip()
        assert text.en.strip()
        assert text.id != text.en or text.id.count(" ") == 0, text


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.name)
def test_both_languages_show_the_same(board):
    """The dashboards of both languages ask the same, and put it in the same places."""
    one, other = (
        read(GRAFANA / "dashboards" / language / f"{board.name}.json") for language in Language
    )

    assert shape(one) == shape(other)


def shape(board):
    asked = [(each.ref_id, each.expr, each.now) for each in queries(board)]
    places = [(panel["type"], panel["gridPos"]) for panel in board["panels"]]
    return asked, places, [each["name"] for each in board["templating"]["list"]]


@every_board
def test_links_lead_somewhere(path):
    """Each link leads to a dashboard that exists: of the same language, or the twin in the other."""
    board, language = read(path), Language(path.parent.name)
    siblings = {uid(each.name, language) for each in BOARDS}
    links = [
        each for p in board["panels"] for each in p["fieldConfig"]["defaults"].get("links", ())
    ]
    twins = [re.match(r"/d/([^?]+)", each["url"])[1] for each in board["links"] if each.get("url")]

    assert {re.match(r"/d/([^?]+)", each["url"])[1] for each in links} <= siblings
    assert len(twins) == 1
    assert twins[0] in {read(other)["uid"] for other in FILES} - siblings


@every_board
def test_a_status_has_its_colour(path):
    """Wherever a status is shown, down is red, up green, degraded yellow and unknown grey."""
    shown = [panel for panel in read(path)["panels"] if shows_statuses(panel)]
    for panel in shown:
        words = panel["fieldConfig"]["defaults"]["mappings"][0]["options"]
        colours = {code: each["color"] for code, each in words.items()}
        assert colours == {"0": "red", "1": "green", "2": "yellow", "3": "#8e8e8e"}


def shows_statuses(panel):
    expr = panel["targets"][0]["expr"]
    return panel["type"] != "table" and re.match(r"pantau_(check|service)_status\{", expr)


@every_board
def test_timelines_have_holes_and_no_others(path):
    """A timeline disconnects values that are further apart than its queries' steps can be in any
    range of up to a week, and shows a hole after five minutes without values.
    """
    for panel in read(path)["panels"]:
        if panel["type"] != "state-timeline":
            continue
        hole = panel["fieldConfig"]["defaults"]["custom"]["insertNulls"] / 1000
        least = seconds_of(panel["interval"])
        steps = [
            step_of(seconds, panel["maxDataPoints"], least)
            for seconds in range(60, WEEK_SECONDS, 600)
        ]
        assert max(steps) <= hole < 300
        assert not panel["fieldConfig"]["defaults"]["custom"].get("spanNulls")


def test_a_hole_is_no_status():
    """Where values are missing for longer than the bound, a timeline shows nothing."""
    points = [(0.0, 1.0), (60.0, 1.0), (1000.0, 0.0), (1060.0, 0.0)]

    assert stretches(points, 180, 1200) == [(0.0, 240.0, 1.0), (1000.0, 1200.0, 0.0)]


def test_grafana_finds_its_data():
    """The data source that is provisioned is the one that dashboards name."""
    (source,) = yaml.safe_load((GRAFANA / "provisioning/datasources/pantau.yml").read_text())[
        "datasources"
    ]
    chosen = {read(path)["templating"]["list"][0]["current"]["value"] for path in FILES}

    assert chosen == {source["uid"]} == {DATASOURCE_UID}


def test_files_are_what_holds():
    """Each language has its folder in Grafana, and changes made in the browser are not kept."""
    providers = yaml.safe_load((GRAFANA / "provisioning/dashboards/pantau.yml").read_text())[
        "providers"
    ]

    assert not any(each["allowUiUpdates"] for each in providers)
    assert {Path(each["options"]["path"]).name for each in providers} == set(Language)


def test_jsonnet_finds_every_dashboard():
    """mixin.libsonnet imports every dashboard, under its own name."""
    imported = re.findall(r"'(\S+)': import '(\S+)'", (GRAFANA / "mixin.libsonnet").read_text())

    assert {GRAFANA / path for _, path in imported} == set(FILES)
    assert len({name for name, _ in imported}) == len(FILES)
