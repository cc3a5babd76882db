"""All files of deploy/grafana that are made from the boards."""

from monitor.locales import Language
from tests.dashboards.boards import BOARDS
from tests.dashboards.rendering import rendered

FOLDER = "deploy/grafana"


def dashboard_files() -> dict[str, str]:
    """Return the text of each file by its path in the repository."""
    made = {
        f"{FOLDER}/dashboards/{language}/{board.name}.json": rendered(board, language)
        for language in Language
        for board in BOARDS
    }
    return {**made, f"{FOLDER}/mixin.libsonnet": _mixin()}


def _mixin() -> str:
    """Return what hands the dashboards to those who build theirs with jsonnet."""
    lines = [
        f"    'pantau-{board.name}-{language}.json': import 'dashboards/{language}/{board.name}.json',"
        for language in Language
        for board in BOARDS
    ]
    return "\n".join(["{", "  grafanaDashboards+:: {", *lines, "  },", "}", ""])
