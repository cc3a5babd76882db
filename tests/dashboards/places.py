"""Names by which dashboards find their data, and each other."""

from monitor.locales import Language
from tests.dashboards.parts import Kind, Panel
from tests.dashboards.sdk import shapes

DATASOURCE = "datasource"
DATASOURCE_UID = "pantau-prometheus"


def uid(board: str, language: Language) -> str:
    """Return a dashboard's fixed name, as in `/d/pantau-overview`. English is the second one."""
    return f"pantau-{board}" if language is Language.ID else f"pantau-{board}-{language}"


def source() -> shapes.DataSourceRef:
    """Return the data source that was chosen in the dashboard."""
    return shapes.DataSourceRef(type_val="prometheus", uid=f"${{{DATASOURCE}}}")


def target(panel: Panel, language: Language) -> str:
    """Return where a click on a series, or a row of a table, leads: its service is chosen there."""
    service = (
        "${__data.fields.service}" if panel.kind is Kind.TABLE else "${__field.labels.service}"
    )
    board = uid(panel.leads_to, language)
    return f"/d/{board}?var-service={service}&${{{DATASOURCE}:queryparam}}&${{__url_time_range}}"
