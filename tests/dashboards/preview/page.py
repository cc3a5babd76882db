"""A dashboard as a page: each panel at its place, drawn by us from what Prometheus answered."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from monitor.locales import Language
from tests.dashboards.grafana import named, stretches
from tests.dashboards.preview.values import colour_of, text_of, word_of
from tests.prometheusserver import SCRAPE_SECONDS

WIDTH = 1440
_COLUMN, _ROW, _GAP = WIDTH / 24, 34, 8
_PALETTE = ("#4c82c9", "#dd7a2b", "#3f9c5a", "#a864c4", "#d9a521", "#4fb0b5", "#d64545", "#9aa0aa")
_LABEL = {
    Language.ID: "Pratinjau dari jawaban Prometheus, digambar oleh Pantau. Ini bukan Grafana.",
    Language.EN: "Preview of what Prometheus answers, drawn by Pantau. This is not Grafana.",
}
_STYLE = """
* { box-sizing: border-box }
body { margin: 0; background: #15171c; color: #d5d8de; font: 13px/1.3 sans-serif; width: %dpx }
header { display: flex; justify-content: space-between; align-items: center; padding: 8px 10px 0; height: 40px }
h1 { font-size: 17px; margin: 0 }
header p { margin: 0; padding: 4px 10px; background: #d9a521; color: #15171c; font-weight: bold; border-radius: 3px }
main { position: relative }
section { position: absolute; background: #1e2127; border: 1px solid #2d3138; border-radius: 3px; overflow: hidden }
h2 { font-size: 12px; margin: 0; padding: 5px 8px; height: 24px; font-weight: 600; white-space: nowrap }
.tiles { display: flex; gap: 4px; padding: 0 6px 6px; height: calc(100%% - 24px) }
.tile { flex: 1; border-radius: 3px; padding: 4px 6px; overflow: hidden; color: #fff; display: flex; flex-direction: column; justify-content: center; align-items: center }
.tile b { font-size: 15px; text-align: center } .tile.one b { font-size: 34px }
.tile span { font-size: 11px }
table { border-collapse: collapse; width: 100%%; font-size: 12px }
th, td { text-align: left; padding: 3px 8px; border-bottom: 1px solid #2d3138; white-space: nowrap }
th { color: #7fa7dc }
text { fill: #aab0ba; font: 11px sans-serif }
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What a page is made of: a dashboard, its answers by panel and query, and the time range.

    `hole` is how many seconds without values a timeline shows as none.
    """

    board: Mapping[str, Any]
    answers: Mapping[tuple[int, str], Sequence[Mapping[str, Any]]]
    start: float
    end: float
    hole: float
    language: Language


def page(view: View) -> str:
    """Return the page as HTML that needs nothing else."""
    panels = view.board["panels"]
    height = max(each["gridPos"]["y"] + each["gridPos"]["h"] for each in panels) * _ROW + 10
    title = escape(view.board["title"])
    return (
        f"<!doctype html><meta charset=utf-8><title>{title}</title><style>{_STYLE % WIDTH}</style>"
        f"<header><h1>{title}</h1><p>{_LABEL[view.language]}</p></header>"
        f'<main style="height:{height}px">{"".join(_section(p, view) for p in panels)}</main>'
    )


def _section(panel: Mapping[str, Any], view: View) -> str:
    at = panel["gridPos"]
    left, top = at["x"] * _COLUMN + _GAP / 2, at["y"] * _ROW + _GAP / 2
    width, height = at["w"] * _COLUMN - _GAP, at["h"] * _ROW - _GAP
    inside = _LOOKS[panel["type"]](panel, view, (width, height - 26))
    return (
        f'<section style="left:{left}px;top:{top}px;width:{width}px;height:{height}px">'
        f"<h2>{escape(panel['title'])}</h2>{inside}</section>"
    )


Size = tuple[float, float]
Rows = list[tuple[str, Mapping[str, Any]]]


def _series(panel: Mapping[str, Any], view: View) -> Rows:
    """Return every series of a panel with its name."""
    found = [
        (named(target["legendFormat"], each["metric"]), each)
        for target in panel["targets"]
        for each in view.answers[panel["id"], target["refId"]]
    ]
    return sorted(found, key=lambda one: one[0])


def _field(panel: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = panel["fieldConfig"]["defaults"]
    return found


def _tiles(panel: Mapping[str, Any], view: View, _: Size) -> str:
    rows, field = _series(panel, view), _field(panel)
    tiles = []
    for name, each in rows:
        value = float(each["value"][1])
        back = colour_of(value, field)
        back = "#2d3138" if back == "#d5d8de" else back
        one = " one" if len(rows) == 1 else ""
        label = f"<span>{escape(name)}</span>" if len(rows) > 1 else ""
        shown = escape(text_of(value, field, view.end, view.language))
        tiles.append(
            f'<div class="tile{one}" style="background:{back}">{label}<b>{shown}</b></div>'
        )
    return f'<div class="tiles">{"".join(tiles) or escape(field["noValue"])}</div>'


def _bars(panel: Mapping[str, Any], view: View, size: Size) -> str:
    rows, field = _series(panel, view), _field(panel)
    rows.sort(key=lambda row: -float(row[1]["value"][1]))
    most = field.get("max") or max((float(each["value"][1]) for _, each in rows), default=1) or 1
    step = size[1] / max(len(rows), 1)
    drawn = []
    for number, (name, each) in enumerate(rows):
        value, y = float(each["value"][1]), number * step
        wide = max(0.0, min(1.0, value / most)) * (size[0] - 240)
        shown = escape(text_of(value, field, view.end, view.language))
        drawn.append(
            f'<text x="8" y="{y + step / 2 + 4:.0f}">{escape(name)}</text>'
            f'<rect x="140" y="{y + 3:.1f}" width="{wide:.1f}" height="{max(step - 6, 2):.1f}" '
            f'fill="{colour_of(value, field)}"/>'
            f'<text x="{150 + wide:.0f}" y="{y + step / 2 + 4:.0f}">{shown}</text>'
        )
    return _svg(size, drawn)


def _timeline(panel: Mapping[str, Any], view: View, size: Size) -> str:
    rows, field = _series(panel, view), _field(panel)
    step, left = (size[1] - 20) / max(len(rows), 1), 120.0
    drawn = []
    for number, (name, each) in enumerate(rows):
        y = number * step
        drawn.append(f'<text x="8" y="{y + step / 2 + 4:.0f}">{escape(name)}</text>')
        points = [(at, float(value)) for at, value in each["values"]]
        for start, until, value in stretches(points, view.hole, view.end):
            x, end = (_across(at, view, left, size[0] - 10) for at in (start, until))
            drawn.append(
                f'<rect x="{x:.1f}" y="{y + 2:.1f}" width="{end - x:.1f}" height="{step - 4:.1f}" '
                f'fill="{colour_of(value, field)}"/>'
            )
    return _svg(size, [*drawn, *_times(view, left, size)])


def _graph(panel: Mapping[str, Any], view: View, size: Size) -> str:
    rows, field = _series(panel, view), _field(panel)
    values = [float(value) for _, each in rows for _, value in each["values"]]
    most, left, low = max(values, default=1) or 1, 70.0, size[1] - 44
    drawn = [
        f'<text x="6" y="14">{escape(text_of(most, field, view.end, view.language))}</text>',
        f'<text x="6" y="{low:.0f}">0</text>',
    ]
    for number, (name, each) in enumerate(rows[: len(_PALETTE)]):
        hue = _PALETTE[number]
        for run in _runs(each["values"]):
            dots = " ".join(
                f"{_across(at, view, left, size[0] - 10):.1f},"
                f"{low - float(value) / most * (low - 10):.1f}"
                for at, value in run
            )
            drawn.append(
                f'<polyline points="{dots}" fill="none" stroke="{hue}" stroke-width="1.5"/>'
            )
        x = left + number * (size[0] - left) / min(len(rows), len(_PALETTE))
        drawn.append(
            f'<text x="{x:.0f}" y="{size[1] - 4:.0f}" style="fill:{hue}">{escape(name)}</text>'
        )
    return _svg(size, [*drawn, *_times(view, left, (size[0], size[1] - 20))])


def _runs(points: Sequence[tuple[float, str]]) -> list[list[tuple[float, str]]]:
    """Part a line where values are missing."""
    found: list[list[tuple[float, str]]] = []
    for point in points:
        if found and point[0] - found[-1][-1][0] <= SCRAPE_SECONDS:
            found[-1].append(point)
        else:
            found.append([point])
    return found


def _table(panel: Mapping[str, Any], view: View, _: Size) -> str:
    """Return the rows of all queries, joined by the labels that are shown."""
    organised = panel["transformations"][-1]["options"]
    names: Mapping[str, str] = organised["renameByName"]
    fields = sorted(names, key=organised["indexByName"].__getitem__)
    keys = [each for each in fields if not each.startswith("Value")]
    rows: dict[tuple[str, ...], dict[str, float]] = {}
    for target in panel["targets"]:
        for each in view.answers[panel["id"], target["refId"]]:
            key = tuple(each["metric"].get(label, "") for label in keys)
            value = f"Value #{target['refId']}" if len(panel["targets"]) > 1 else "Value"
            rows.setdefault(key, {})[value] = float(each["value"][1])
    head = "".join(f"<th>{escape(names[field])}</th>" for field in fields)
    body = "".join(
        _row(panel, view, fields, dict(zip(keys, key, strict=True)), rows[key])
        for key in sorted(rows)
    )
    return f"<table><tr>{head}</tr>{body}</table>"


def _row(
    panel: Mapping[str, Any],
    view: View,
    fields: Sequence[str],
    labels: Mapping[str, str],
    values: Mapping[str, float],
) -> str:
    cells = []
    for field in fields:
        if field in labels:
            word = word_of(labels[field], _override(panel, field))
            cells.append(f"<td>{escape(word['text'] if word else labels[field])}</td>")
        elif field not in values:
            cells.append("<td></td>")
        else:
            said = _override(panel, field)
            back = (
                f' style="background:{colour_of(values[field], said)}"'
                if "mappings" in said
                else ""
            )
            shown = escape(text_of(values[field], said, view.end, view.language))
            cells.append(f"<td{back}>{shown}</td>")
    return f"<tr>{''.join(cells)}</tr>"


def _override(panel: Mapping[str, Any], field: str) -> Mapping[str, Any]:
    name = panel["transformations"][-1]["options"]["renameByName"][field]
    found = {**_field(panel)}
    for each in panel["fieldConfig"]["overrides"]:
        if each["matcher"]["options"] == name:
            found |= {one["id"]: one["value"] for one in each["properties"]}
    return found


def _across(at: float, view: View, left: float, right: float) -> float:
    return left + (at - view.start) / (view.end - view.start) * (right - left)


def _times(view: View, left: float, size: Size) -> list[str]:
    """Return marks below a picture: how long before now."""
    drawn = []
    for number in range(5):
        at = view.start + (view.end - view.start) * number / 4
        x, ago = _across(at, view, left, size[0] - 10), view.end - at
        anchor = "end" if number == 4 else "middle"
        text = "-" + text_of(ago, {"unit": "s"}, view.end, view.language) if number < 4 else "0"
        drawn.append(
            f'<text x="{x:.0f}" y="{size[1] - 5:.0f}" text-anchor="{anchor}">{text}</text>'
        )
    return drawn


def _svg(size: Size, drawn: Sequence[str]) -> str:
    return f'<svg width="{size[0]:.0f}" height="{size[1]:.0f}">{"".join(drawn)}</svg>'


_LOOKS: Mapping[str, Callable[[Mapping[str, Any], View, Size], str]] = {
    "stat": _tiles,
    "state-timeline": _timeline,
    "timeseries": _graph,
    "bargauge": _bars,
    "table": _table,
}
