"""Who would be told of a check, in words."""

from types import SimpleNamespace
from zoneinfo import ZoneInfo

from monitor.cli.explanation import explanation, lines
from monitor.domain.alert import Route
from monitor.domain.service import Service, ServiceId
from monitor.domain.status import Status
from tests.fakes import NOON, a_check

WITA = ZoneInfo("Asia/Makassar")
ROUTES = (
    Route(receiver="team", statuses=frozenset({Status.DEGRADED})),
    Route(receiver="oncall", statuses=frozenset({Status.DOWN, Status.DEGRADED})),
)


def explained(*routes: Route) -> list[str]:
    portal = Service(id=ServiceId("portal"), name="Portal", owner="diskominfo")
    config = SimpleNamespace(
        services={portal.id: portal}, routes=routes, escalations=(), windows=()
    )
    return list(lines(explanation(config, a_check(), NOON), WITA))


def test_each_status_by_itself():
    """It says who is told when the check is down, and who when it is degraded."""
    told = explained(*ROUTES)

    assert told[1:] == [
        "  route 1 → team     tells of degraded only",
        "  route 2 → oncall   takes it, the last",
        "Told: oncall",
        "Told when it is degraded: team",
        "Told when something of it expires: team",
    ]


def test_nobody_asks_for_degraded():
    """Where no route asks for degraded, nobody is told of it."""
    assert explained(Route(receiver="oncall"))[-1] == "Told when it is degraded: nobody"
