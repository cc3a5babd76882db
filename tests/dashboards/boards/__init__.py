"""The five dashboards, in the order in which people meet them."""

from tests.dashboards.boards.check import CHECK_BOARD
from tests.dashboards.boards.health import HEALTH
from tests.dashboards.boards.names import NAMES
from tests.dashboards.boards.overview import OVERVIEW
from tests.dashboards.boards.sla import SLA

BOARDS = (OVERVIEW, CHECK_BOARD, NAMES, SLA, HEALTH)
