"""Boards as Grafana's JSON, in one language."""

import json
from collections.abc import Sequence

from monitor.locales import Language
from tests.dashboards.codes import in_language
from tests.dashboards.panels import panel
from tests.dashboards.parts import Board, Choice, Mark, Text
from tests.dashboards.places import DATASOURCE, DATASOURCE_UID, source, uid
from tests.dashboards.sdk import Dataquery, JSONEncoder, dashboard

SCHEMA_VERSION = 42
TAG = "pantau"
_SOURCE_LABEL = Text("Sumber data", "Data source")
_ALL = Text("Semua", "All")
_OTHER = Text("English", "Bahasa Indonesia")
_OTHER_ABOUT = Text("The same dashboard in English", "Dasbor yang sama dalam bahasa Indonesia")
_BOARDS = Text("Dasbor Pantau", "Pantau dashboards")
_MARK_STEP = "60s"


def rendered(board: Board, language: Language) -> str:
    """Return the file of a board."""
    return encoded(_dashboard(board, language))


def encoded(made: dashboard.Dashboard) -> str:
    text = json.dumps(made, cls=JSONEncoder, indent=2, ensure_ascii=False, sort_keys=True)
    return f"{text}\n"


def _dashboard(board: Board, language: Language) -> dashboard.Dashboard:
    return dashboard.Dashboard(
        uid=uid(board.name, language),
        title=in_language(board.title, language),
        description=in_language(board.about, language),
        tags=[TAG, f"{TAG}-{language}"],
        timezone="browser",
        editable=True,
        graph_tooltip=dashboard.DashboardCursorSync.CROSSHAIR,
        time=dashboard.DashboardDashboardTime(from_val=board.since, to="now"),
        refresh=board.refresh,
        schema_version=SCHEMA_VERSION,
        panels=[panel(one, number, language) for number, one in enumerate(board.panels, 1)],
        templating=dashboard.DashboardDashboardTemplating(
            list_val=_variables(board.choices, language)
        ),
        annotations=dashboard.AnnotationContainer(
            list_val=[_annotation(mark, language) for mark in board.marks]
        ),
        links=_links(board, language),
    )


def _variables(choices: Sequence[Choice], language: Language) -> list[dashboard.VariableModel]:
    return [_datasource(language), *(_variable(choice, language) for choice in choices)]


def _datasource(language: Language) -> dashboard.VariableModel:
    return dashboard.VariableModel(
        type_val=dashboard.VariableType.DATASOURCE,
        name=DATASOURCE,
        label=in_language(_SOURCE_LABEL, language),
        query="prometheus",
        current=dashboard.VariableOption(text="Pantau", value=DATASOURCE_UID),
    )


def _variable(choice: Choice, language: Language) -> dashboard.VariableModel:
    everything = in_language(_ALL, language)
    return dashboard.VariableModel(
        type_val=dashboard.VariableType.QUERY,
        name=choice.name,
        label=in_language(choice.label, language),
        datasource=source(),
        query={"query": choice.query, "refId": f"Variable-{choice.name}"},
        definition=choice.query,
        current=dashboard.VariableOption(selected=True, text=[everything], value=["$__all"]),
        multi=True,
        include_all=True,
        all_value=".*",
        refresh=dashboard.VariableRefresh.ON_TIME_RANGE_CHANGED,
        sort=dashboard.VariableSort.ALPHABETICAL_ASC,
    )


def _annotation(mark: Mark, language: Language) -> dashboard.AnnotationQuery:
    name = in_language(mark.name, language)
    return dashboard.AnnotationQuery(
        name=name,
        datasource=source(),
        enable=True,
        icon_color=mark.colour,
        expr=mark.expr,
        step=_MARK_STEP,
        title_format=name,
        text_format=in_language(mark.told, language),
        tag_keys=",".join(mark.tags),
        target=Dataquery(
            expr=mark.expr, ref_id="Anno", interval=_MARK_STEP, datasource=source(), range_val=True
        ),
    )


def _links(board: Board, language: Language) -> list[dashboard.DashboardLink]:
    other = Language.EN if language is Language.ID else Language.ID
    return [
        dashboard.DashboardLink(
            type_val=dashboard.DashboardLinkType.DASHBOARDS,
            title=in_language(_BOARDS, language),
            tags=[f"{TAG}-{language}"],
            icon="external link",
            include_vars=True,
            keep_time=True,
        ),
        dashboard.DashboardLink(
            title=in_language(_OTHER, language),
            tooltip=in_language(_OTHER_ABOUT, language),
            url=f"/d/{uid(board.name, other)}",
            icon="external link",
            include_vars=True,
            keep_time=True,
        ),
    ]
