"""Who would be told of a check, in words."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

from monitor.cli.explanation import Wishes, explanation, lines
from monitor.domain.alert import Match, Route
from monitor.domain.maintenance import MaintenanceWindow, Occurrence
from monitor.domain.service import Service, ServiceId
from monitor.domain.silence import Silence
from monitor.domain.status import Status
from tests.fakes import NOON, a_check

WITA = ZoneInfo("Asia/Makassar")
ROUTES = (
    Route(receiver="team", statuses=frozenset({Status.DEGRADED})),
    Route(receiver="oncall", statuses=frozenset({Status.DOWN, Status.DEGRADED})),
)


def explained(*routes: Route, **wishes: Any) -> list[str]:
    portal = Service(id=ServiceId("portal"), name="Portal", owner="diskominfo")
    config = SimpleNamespace(
        services={portal.id: portal}, routes=routes, escalations=(), windows=()
    )
    return list(lines(explanation(config, a_check(), NOON, Wishes(**wishes)), WITA))


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


def test_silences_are_named():
    """A silence that is about the check is named with its end, who wanted it, and why."""
    told = explained(*ROUTES, silences=(a_silence(), a_silence(comment="Pindah server")))

    assert told[-2:] == [
        "Nobody until 2026-06-01 14:00 WITA: silence k3q7 (Rina).",
        "Nobody until 2026-06-01 14:00 WITA: silence k3q7 (Rina: Pindah server).",
    ]


def test_other_silences_are_not_named():
    """A silence that is over by then, or about something else, is not named."""
    others = a_silence(until=NOON), a_silence(match=Match(owners=frozenset({"bapenda"})))

    assert explained(*ROUTES, silences=others) == explained(*ROUTES)


def test_work_planned_by_command_is_named():
    """Work that was put down by command is named as that of the file, until it is over."""
    told = explained(*ROUTES, windows=(a_window(1), a_window(-5)))

    assert told[:-1] == explained(*ROUTES)
    assert told[-1] == "Nobody during patch, from 2026-06-01 13:00 to 2026-06-01 15:00 WITA."


def a_silence(**changes: Any) -> Silence:
    fields = {"id": "k3q7", "match": Match(), "at": NOON, "by": "Rina"}
    return Silence(**{**fields, "until": NOON + timedelta(hours=2), **changes})


def a_window(hours: int) -> MaintenanceWindow:
    start = NOON + timedelta(hours=hours)
    return MaintenanceWindow(
        id="patch",
        when=Occurrence(start, start + timedelta(hours=2)),
        reason="Pembaruan",
        approved_by="Kabid",
        services=frozenset({ServiceId("portal")}),
    )
