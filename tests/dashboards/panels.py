"""Panels as Grafana has them."""

from collections.abc import Callable, Mapping

from monitor.locales import Language
from tests.dashboards.codes import in_language, mappings
from tests.dashboards.parts import Codes, Column, Kind, Panel, Query, Text
from tests.dashboards.places import source, target
from tests.dashboards.sdk import (
    Builder,
    Dataquery,
    PromQueryFormat,
    bargauge,
    common,
    dashboard,
    shapes,
    stat,
    statetimeline,
    table,
    timeseries,
)

# A timeline shows a hole where values are further apart than this. It is above the step of
# queries over up to seven days (see the test), and hides no longer absence of the daemon.
HOLE_MILLISECONDS = 180_000
TIMELINE_POINTS = 5_040
SHORTEST_STEP = "30s"

_NOTHING = Text("Tidak ada data", "No data")
_OPEN = Text("Lihat rincian", "Show details")


def panel(spec: Panel, number: int, language: Language) -> dashboard.Panel:
    """Return the panel with this number."""
    made = _LOOKS[spec.kind](spec).build()
    made.id_val = number
    made.title = in_language(spec.title, language)
    made.description = in_language(spec.about, language)
    made.datasource = source()
    made.interval = SHORTEST_STEP
    made.max_data_points = spec.points or made.max_data_points
    made.grid_pos = dashboard.GridPos(
        x=spec.place.x, y=spec.place.y, w=spec.place.w, h=spec.place.h
    )
    made.targets = [
        _target(query, chr(ord("A") + index), spec.kind, language)
        for index, query in enumerate(spec.queries)
    ]
    made.field_config = _fields(spec, made.field_config, language)
    if spec.kind is Kind.TABLE:
        made.transformations = _columns(spec, language)
    return made


def _target(query: Query, ref_id: str, kind: Kind, language: Language) -> Dataquery:
    form = PromQueryFormat.TABLE if kind is Kind.TABLE else PromQueryFormat.TIME_SERIES
    return Dataquery(
        datasource=source(),
        expr=query.expr,
        format_val=form,
        instant=query.now,
        range_val=not query.now,
        legend_format=in_language(query.legend, language),
        ref_id=ref_id,
    )


def _fields(
    spec: Panel, made: dashboard.FieldConfigSource | None, language: Language
) -> dashboard.FieldConfigSource:
    """Return how the values of a panel are written and coloured."""
    found = made or dashboard.FieldConfigSource()
    defaults = found.defaults
    defaults.unit = spec.unit
    defaults.decimals = spec.decimals
    defaults.min_val, defaults.max_val = spec.least, spec.most
    defaults.no_value = in_language(_NOTHING, language)
    if spec.codes:
        defaults.mappings = list(mappings(spec.codes, language))
    if spec.steps:
        defaults.thresholds = dashboard.ThresholdsConfig(
            steps=[dashboard.Threshold(value=step.value, color=step.colour) for step in spec.steps]
        )
    by_value = spec.steps or spec.codes or spec.kind in {Kind.TILES, Kind.TABLE}
    defaults.color = dashboard.FieldColor(
        mode=dashboard.FieldColorModeId.THRESHOLDS
        if by_value
        else dashboard.FieldColorModeId.PALETTE_CLASSIC_BY_NAME
    )
    if spec.leads_to:
        link = dashboard.DashboardLink(
            title=in_language(_OPEN, language), url=target(spec, language)
        )
        defaults.links = [link]
    found.overrides = [_override(column, language) for column in spec.columns]
    return found


def _override(column: Column, language: Language) -> dashboard.DashboardFieldConfigSourceOverrides:
    properties = []
    if column.unit:
        properties.append(dashboard.DynamicConfigValue(id_val="unit", value=column.unit))
    if column.codes:
        words = mappings(column.codes, language)
        properties.append(dashboard.DynamicConfigValue(id_val="mappings", value=words))
    if column.codes is Codes.STATUS:
        colours = {"type": "color-background"}
        properties.append(dashboard.DynamicConfigValue(id_val="custom.cellOptions", value=colours))
    name = in_language(column.name, language)
    return dashboard.DashboardFieldConfigSourceOverrides(
        matcher=dashboard.MatcherConfig(id_val="byName", options=name), properties=properties
    )


def _columns(spec: Panel, language: Language) -> list[dashboard.DataTransformerConfig]:
    """Return what makes one table of the answers to all queries, with these columns alone."""
    fields = [column.field for column in spec.columns]
    names = {column.field: in_language(column.name, language) for column in spec.columns}
    order = {name: index for index, name in enumerate(fields)}
    steps: list[tuple[str, object]] = [
        ("merge", {}),
        ("filterFieldsByName", {"include": {"names": fields}}),
        ("organize", {"excludeByName": {}, "indexByName": order, "renameByName": names}),
    ]
    return [dashboard.DataTransformerConfig(id_val=name, options=what) for name, what in steps]


def _tiles(spec: Panel) -> Builder[dashboard.Panel]:
    return (
        stat.Panel()
        .reduce_options(_last())
        .color_mode(
            shapes.BigValueColorMode.BACKGROUND
            if spec.codes or spec.steps
            else shapes.BigValueColorMode.VALUE
        )
        .graph_mode(shapes.BigValueGraphMode.NONE)
        .text_mode(shapes.BigValueTextMode.AUTO)
    )


def _timeline(_: Panel) -> Builder[dashboard.Panel]:
    return (
        statetimeline.Panel()
        .show_value(shapes.VisibilityMode.NEVER)
        .insert_nulls(HOLE_MILLISECONDS)
        .max_data_points(TIMELINE_POINTS)
        .legend(_legend())
    )


def _graph(spec: Panel) -> Builder[dashboard.Panel]:
    made = (
        timeseries.Panel()
        .line_width(1)
        .fill_opacity(30 if spec.stacked else 0)
        .show_points(shapes.VisibilityMode.AUTO)
        .legend(_legend())
        .tooltip(common.VizTooltipOptions().mode(shapes.TooltipDisplayMode.MULTI))
    )
    if spec.stacked:
        made.stacking(common.StackingConfig().mode(shapes.StackingMode.NORMAL).group("A"))
    return made


def _bars(_: Panel) -> Builder[dashboard.Panel]:
    return (
        bargauge.Panel()
        .reduce_options(_last())
        .orientation(shapes.VizOrientation.HORIZONTAL)
        .display_mode(shapes.BarGaugeDisplayMode.BASIC)
    )


def _table(_: Panel) -> Builder[dashboard.Panel]:
    return table.Panel().show_header(show_header=True)


def _last() -> common.ReduceDataOptions:
    return common.ReduceDataOptions().calcs(["lastNotNull"]).values(values=False)


def _legend() -> common.VizLegendOptions:
    return (
        common.VizLegendOptions()
        .show_legend(show_legend=True)
        .display_mode(shapes.LegendDisplayMode.LIST)
        .placement(shapes.LegendPlacement.BOTTOM)
    )


_LOOKS: Mapping[Kind, Callable[[Panel], Builder[dashboard.Panel]]] = {
    Kind.TILES: _tiles,
    Kind.TIMELINE: _timeline,
    Kind.GRAPH: _graph,
    Kind.BARS: _bars,
    Kind.TABLE: _table,
}
