"""What Grafana does with a query before Prometheus gets it, as its documentation describes it.

No Grafana is needed, and none is tested: this has every query asked that a dashboard would ask.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

EVERYTHING = ".*"

# A step is one of these (seconds): below each bound the round number before it.
_ROUND_STEPS = (
    (1.5, 1),
    (3.5, 2),
    (7.5, 5),
    (12.5, 10),
    (17.5, 15),
    (25, 20),
    (45, 30),
    (90, 60),
    (210, 120),
    (450, 300),
    (750, 600),
    (1050, 900),
    (1500, 1200),
    (2700, 1800),
    (5400, 3600),
    (9000, 7200),
)
_LONGEST_STEP = 10_800
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The time range that is looked at: its end (Unix seconds), its length, the step of queries."""

    end: float
    seconds: int
    step: int
    scrape: int

    def interval(self) -> int:
        """Return `$__rate_interval`: at least four scrapes, so that a rate always has two values."""
        return max(self.step + self.scrape, 4 * self.scrape)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A query of a dashboard: where it is from, and whether only the newest values are wanted."""

    board: str
    panel: str
    ref_id: str
    expr: str
    legend: str
    now: bool


def step_of(seconds: float, points: int, least: int) -> int:
    """Return the step of a query over so long, in seconds."""
    wanted = seconds / points
    for bound, step in _ROUND_STEPS:
        if wanted < bound:
            return max(step, least)
    return max(_LONGEST_STEP, least)


def seconds_of(duration: str) -> int:
    return int(duration[:-1]) * _UNITS[duration[-1]]


def filled_in(expr: str, chosen: Mapping[str, Sequence[str]], window: Window) -> str:
    """Return the query as Prometheus gets it; a variable that is not chosen stands for all."""
    expr = expr.replace("$__rate_interval", f"{window.interval()}s")
    expr = expr.replace("$__range", f"{window.seconds}s").replace("$__interval", f"{window.step}s")
    return re.sub(r"\$(\w+)", lambda found: _choice(chosen.get(found[1], ())), expr)


def _choice(values: Sequence[str]) -> str:
    if not values:
        return EVERYTHING
    return "(" + "|".join(re.escape(value).replace("\\", "\\\\") for value in values) + ")"


def panel_queries(board: Mapping[str, Any]) -> Iterator[Asked]:
    for panel in board["panels"]:
        for target in panel["targets"]:
            yield Asked(
                board=board["uid"],
                panel=panel["title"],
                ref_id=target["refId"],
                expr=target["expr"],
                legend=target["legendFormat"],
                now=target["instant"],
            )


def mark_queries(board: Mapping[str, Any]) -> Iterator[Asked]:
    for mark in board["annotations"]["list"]:
        yield Asked(
            board=board["uid"],
            panel=mark["name"],
            ref_id="annotation",
            expr=mark["target"]["expr"],
            legend=mark["textFormat"],
            now=False,
        )


def variable_queries(board: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield name, label and selector of each `label_values(selector, label)`."""
    for variable in board["templating"]["list"]:
        if variable["type"] == "query":
            found = re.fullmatch(r"label_values\((.*), *(\w+)\)", variable["query"]["query"])
            assert found, variable["query"]
            yield variable["name"], found[2], found[1]


def named(legend: str, labels: Mapping[str, str]) -> str:
    """Return what a series is called."""
    return re.sub(r"\{\{(\w+)\}\}", lambda found: labels.get(found[1], ""), legend)


def stretches(
    points: Sequence[tuple[float, float]], hole_seconds: float, end: float
) -> list[tuple[float, float, float]]:
    """Return a timeline's stretches of one value each: from, to, value.

    A value holds until the next one, or, where that is further away than `hole_seconds`, so long.
    """
    found: list[tuple[float, float, float]] = []
    following = [*(at for at, _ in points[1:]), math.inf]
    for (at, value), after in zip(points, following, strict=True):
        until = after if after - at <= hole_seconds else min(at + hole_seconds, end)
        if found and found[-1][1] == at and found[-1][2] == value:
            found[-1] = (found[-1][0], until, value)
        else:
            found.append((at, until, value))
    return found
