"""Planned work that people put down: what is in force, and how much of it is taken."""

from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.app import planner as limits
from monitor.app.planner import Planner
from monitor.domain.maintenance import MaintenanceWindow, Occurrence
from monitor.domain.service import ServiceId
from monitor.domain.windowrecord import Source
from monitor.engine.board import Board
from monitor.engine.pipeline import Pipeline, Plan
from monitor.web.context import NotCancelled, TooManyWindows
from tests.fakes import NOON, FakeClock

HOUR = timedelta(hours=1)


class Recorder:
    """Keeps what is recorded, at once."""

    def __init__(self):
        self.windows = []

    def record(self, change):
        self.windows.extend(change.windows)

    async def drain(self):
        pass


def a_window(name="", start=HOUR):
    return MaintenanceWindow(
        id=name,
        when=Occurrence(NOON + start, NOON + start + HOUR),
        reason="Pembaruan",
        approved_by="Kabid",
        services=frozenset({ServiceId("portal")}),
    )


@pytest.fixture
def clock():
    return FakeClock(NOON)


def a_planner(clock, *written):
    recorder = Recorder()
    pipeline = Pipeline(Board(), recorder, "balaikota")
    plan = Plan(services=(), checks=(), routes=(), receivers=(), windows=written)
    pipeline.watch(plan, NOON, {})
    pipeline.reconcile(NOON)
    return Planner(pipeline, recorder, clock, known=None), recorder


async def test_what_is_over_is_not_in_force(clock):
    """Work that is over is in force no more, also where the file still names it: its id is free,
    and it can't be cancelled.
    """
    planner, _ = a_planner(clock, a_window("old", -2 * HOUR), a_window("file"))
    assert [each.window.id for each in planner.windows()] == ["file"]
    with pytest.raises(NotCancelled, match="over"):
        await planner.cancel("old", "Rina", "x")

    assert await planner.add(a_window("old"), Source.API, "Rina") is not None
    clock.advance(2 * HOUR)

    assert planner.windows() == ()


async def test_what_the_file_says_is_cancelled_there(clock):
    """A window that the file says is not cancelled otherwise: that is refused, and it stays in force."""
    planner, recorder = a_planner(clock, a_window("file"))
    before = list(recorder.windows)

    with pytest.raises(NotCancelled, match=r"maintenance\.yaml says it: take it out there"):
        await planner.cancel("file", "Rina", "x")

    assert recorder.windows == before
    assert [each.window.id for each in planner.windows()] == ["file"]


async def test_only_so_many_are_taken(clock, monkeypatch):
    """Once so many windows beside those of the file are in force, a further one is refused with
    what to do, until one of them is over or cancelled.
    """
    monkeypatch.setattr(limits, "MOST_WINDOWS", 3)
    planner, recorder = a_planner(clock, *(a_window(f"f{n}") for n in range(5)))
    for n in range(3):
        await planner.add(a_window(f"a{n}", HOUR * (n + 1)), Source.API, "Rina")

    with pytest.raises(TooManyWindows, match=r"3 windows beside those of the file.*cancel some"):
        await planner.add(a_window("more"), Source.COMMAND, "Rina")
    assert "more" not in {each.window.id for each in recorder.windows}

    await planner.cancel("a2", "Rina", "x")
    assert await planner.add(a_window("more", 5 * HOUR), Source.COMMAND, "Rina") is not None
    with pytest.raises(TooManyWindows):
        await planner.add(a_window("late", 5 * HOUR), Source.COMMAND, "Rina")
    clock.advance(2 * HOUR)
    assert await planner.add(a_window("late", 5 * HOUR), Source.COMMAND, "Rina") is not None


async def test_public_words_are_made_fit_to_show(clock):
    """What citizens will read holds no control characters."""
    planner, _ = a_planner(clock)
    wish = replace(a_window(), public_reason="Pembaruan\x1b[2J")

    record = await planner.add(wish, Source.API, "Rina")

    assert "\x1b" not in record.window.public_reason
