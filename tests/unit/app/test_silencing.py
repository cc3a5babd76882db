"""Silences that people put down: how many are taken."""

from datetime import timedelta

import pytest

from monitor.app import silencing
from monitor.app.silencing import Silencer
from monitor.domain.alert import Match
from monitor.engine.board import Board
from monitor.engine.pipeline import Pipeline
from monitor.store import restore
from monitor.web.context import TooManySilences
from tests.fakes import NOON, FakeClock

HOUR = timedelta(hours=1)


class Recorder:
    """Takes what is recorded, at once."""

    def record(self, change):
        pass

    async def drain(self):
        pass


async def test_no_more_than_come_back(monkeypatch):
    """So many silences are taken as come back after a restart, and more once one is over."""
    monkeypatch.setattr(silencing, "MOST_SILENCES", 2)
    clock, recorder = FakeClock(NOON), Recorder()
    silencer = Silencer(Pipeline(Board(), recorder, "balaikota"), recorder, clock)
    for hours in (1, 2):
        await silencer.add(Match(), hours * HOUR, f"Rina {hours}", "")
    with pytest.raises(TooManySilences, match="2 silences are in force"):
        await silencer.add(Match(), HOUR, "Budi", "")
    clock.advance(HOUR.total_seconds())

    assert (await silencer.add(Match(), HOUR, "Budi", "")).by == "Budi"


def test_as_many_as_the_store_gives_back():
    """The store gives back all that are taken."""
    assert silencing.MOST_SILENCES <= restore.MOST_SILENCES
