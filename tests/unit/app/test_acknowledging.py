"""Who takes care of what, when somebody names a service."""

from dataclasses import replace

import pytest

from monitor.app.acknowledging import Acknowledger
from monitor.domain.check import CheckId
from monitor.domain.incident import AffectedCheck, Concern, Incident
from monitor.domain.note import Via
from monitor.domain.service import ServiceId
from monitor.engine.board import Board
from monitor.engine.pipeline import Pipeline
from monitor.web.context import Said
from tests.fakes import NOON, FakeClock

OUTAGE = Incident(
    id="DOWN",
    service=ServiceId("portal"),
    started_at=NOON,
    checks=(AffectedCheck(id=CheckId("portal-http"), since=NOON),),
)
SAID = Said(by="Rina", text="", via=Via.API)
SLOW = replace(OUTAGE, id="SLOW", concern=Concern.DEGRADATION)


class Recorder:
    def record(self, _change) -> None:
        pass

    async def drain(self) -> None:
        pass


@pytest.mark.parametrize(
    ("name", "open_ones", "taken"),
    [
        ("portal", (SLOW, OUTAGE), ["DOWN"]),
        ("portal", (SLOW,), ["SLOW"]),
        ("SLOW", (SLOW, OUTAGE), ["SLOW"]),
        ("other", (SLOW, OUTAGE), []),
    ],
)
async def test_the_gravest_is_taken(name, open_ones, taken):
    """The name of a service stands for the gravest of what is open of it; an id for itself."""
    board = Board()
    for each in open_ones:
        board.put(each)
    pipeline = Pipeline(board, Recorder(), "balaikota")
    acknowledger = Acknowledger(board, pipeline, Recorder(), FakeClock())

    assert await acknowledger.acknowledge(name, SAID) == taken
