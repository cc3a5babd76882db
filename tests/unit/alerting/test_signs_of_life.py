"""Whatever breaks in the monitor, its signs of life stop, and systemd's watchdog is fed no more."""

import asyncio
from contextlib import suppress
from datetime import timedelta

import pytest

from monitor.domain.alert import AlertType
from monitor.domain.instant import microseconds
from monitor.domain.signoflife import SignOfLife
from monitor.engine.board import Board
from monitor.engine.clock import Timeline
from monitor.engine.heart import Heart
from monitor.engine.pipeline import Pipeline
from monitor.engine.recorder import Recorder
from monitor.engine.watchdog import Watchdog
from tests.fakes import NOON, OK, RecordingNotifier, a_check, observed, refusal
from tests.unit.alerting.world import World
from tests.unit.engine.test_pipeline import a_plan
from tests.unit.engine.test_watchdog import Firing

CHECK = a_check()
PERIOD = timedelta(minutes=1)
FREE_TICK, STALLED_TICK = 0.6, 1.0  # a tick that nothing holds up comes after 0.25 s


class Monitor:
    """All that a sign of life goes through: watchdog, heart, recorder, outbox, courier."""

    def __init__(self) -> None:
        self.receiver = RecordingNotifier()
        self.world = World(oncall=self.receiver)
        clock, telemetry, board = self.world.clock, self.world.telemetry, Board()
        self.timeline = Timeline(
            1, wall_ns=lambda: microseconds(clock.now()) * 1000, monotonic=clock.monotonic
        )
        self.recorder = Recorder(self.world.outbox, telemetry, lambda: None)
        self.pipeline = Pipeline(board, self.recorder, "balaikota")
        self.pipeline.replace(a_plan(CHECK), NOON)
        self.heart = Heart(board, self.pipeline, self.recorder, self.timeline)
        self.heart.plan = SignOfLife(every=PERIOD, receivers=("oncall",))
        self.scheduler = Firing()
        self.fed: list[float] = []
        self.watchdog = Watchdog(
            timeline=self.timeline,
            board=board,
            pipeline=self.pipeline,
            scheduler=self.scheduler,
            telemetry=telemetry,
            alive=self._alive,
            cpu=clock.monotonic,
        )
        self.tick_seconds = FREE_TICK
        self.is_probing = self.is_firing = True
        self._minute = -1

    @property
    def beats(self) -> list:
        """The signs of life that arrived."""
        kind = AlertType.HEARTBEAT.value.encode()
        return [each for each in self.receiver.delivered if kind in each.body]

    async def lives(self, span: timedelta) -> None:
        """Let time go by, tick by tick, and everything happen that falls due."""
        running = asyncio.create_task(self.recorder.run())
        end = self.world.clock.now() + span
        due = self.world.clock.now()
        while self.world.clock.now() < end:
            self._probe()
            self.world.clock.advance(self.tick_seconds)
            self.scheduler.overdue = 0.0 if self.is_firing else self.scheduler.overdue + 1
            self.watchdog._tick()
            if self.recorder.waiting or self.world.clock.now() >= due:
                for _ in range(20):  # the recorder, and its store, have their turns
                    await asyncio.sleep(0)
                delay = await self.world.settles()
                due = self.world.clock.now() + timedelta(seconds=60.0 if delay is None else delay)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running

    def _probe(self) -> None:
        now = self.world.clock.now()
        minute = int((now - NOON) / CHECK.interval)
        if self.is_probing and self.is_firing and minute > self._minute:
            self._minute = minute
            self.pipeline.record(observed(OK, check=CHECK, start=now)[0])

    def _alive(self) -> None:
        self.fed.append(self.world.clock.monotonic())
        self.heart.beat()


@pytest.fixture
def monitor() -> Monitor:
    return Monitor()


async def test_a_healthy_day_has_every_sign(monitor):
    """In 24 healthy hours no period is without its sign of life, and none has two."""
    await monitor.lives(timedelta(hours=24))

    turns = [monitor.heart.plan.turn(each.at) for each in monitor.beats]
    assert len(turns) >= 24 * 60
    assert turns == list(range(turns[0], turns[-1] + 1))
    assert len({each.row_id for each in monitor.beats}) == len(turns)


def stuck_scheduler(monitor: Monitor) -> None:
    monitor.is_firing = False


def hanging_probes(monitor: Monitor) -> None:
    monitor.is_probing = False


def stalling_loop(monitor: Monitor) -> None:
    monitor.tick_seconds = STALLED_TICK


def refusing_database(monitor: Monitor) -> None:
    monitor.world.outbox.broken = True


def dead_receiver(monitor: Monitor) -> None:
    monitor.receiver.failing = refusal()


def full_outbox(monitor: Monitor) -> None:
    for number in range(1000):
        monitor.world.fires(f"I{number}")
    monitor.receiver.failing = refusal(permanent=True)


@pytest.mark.parametrize(
    "breaks",
    [
        stuck_scheduler,
        hanging_probes,
        stalling_loop,
        refusing_database,
        dead_receiver,
        full_outbox,
    ],
)
async def test_fault_silences_the_monitor(breaks, monitor):
    """Two periods after anything on their way broke, no sign of life arrives, until it is mended."""
    await monitor.lives(timedelta(minutes=5))
    before = len(monitor.beats)
    breaks(monitor)
    await monitor.lives(2 * PERIOD + 2 * CHECK.interval)
    broken = len(monitor.beats)
    await monitor.lives(timedelta(minutes=20))

    assert before >= 5
    assert len(monitor.beats) == broken
    late = [each.at for each in monitor.beats[before:]]
    assert len(late) <= 2


@pytest.mark.parametrize("breaks", [stuck_scheduler, stalling_loop])
async def test_watchdog_is_fed_by_the_same_condition(breaks, monitor):
    """A scheduler that is stuck, and a loop that stalls again and again, starve systemd's watchdog
    within seconds as well, and the monitor says that it is not ready, and why.
    """
    await monitor.lives(timedelta(minutes=1))
    breaks(monitor)
    began = monitor.world.clock.monotonic()
    await monitor.lives(timedelta(minutes=2))

    assert monitor.fed[-1] - began <= 10
    assert monitor.watchdog.problem() is not None


async def test_what_is_over_is_forgiven(monitor):
    """A loop that turns freely again for some seconds gives signs of life again."""
    await monitor.lives(timedelta(minutes=2))
    stalling_loop(monitor)
    await monitor.lives(timedelta(minutes=5))
    before = len(monitor.beats)
    monitor.tick_seconds = 0.25
    await monitor.lives(2 * PERIOD)

    assert len(monitor.beats) > before
    assert monitor.watchdog.problem() is None
