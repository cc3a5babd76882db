import asyncio
from datetime import timedelta

import pytest

from monitor.domain.instant import instant, microseconds
from monitor.domain.observation import MissedReason, UnknownCause
from monitor.domain.service import Service, ServiceId
from monitor.domain.status import Status
from monitor.engine.board import Board
from monitor.engine.clock import Timeline
from monitor.engine.pipeline import Pipeline, Plan
from monitor.engine.watchdog import Reading, Watchdog, expired_at, reason_for
from monitor.ports import MarkKind
from tests.fakes import NOON, OK, FakeTelemetry, a_check, observed
from tests.unit.engine.test_pipeline import Ledger

CHECK = a_check()
PORTAL = Service(id=ServiceId("portal"), name="Portal", owner="diskominfo")


class Host:
    """A machine whose clocks and CPU move when a test says so."""

    def __init__(self) -> None:
        self.wall, self.monotonic, self.cpu = microseconds(NOON), 100.0, 5.0

    def pass_time(self, seconds: float, cpu: float = 0.0) -> None:
        self.monotonic += seconds
        self.wall += int(seconds * 1e6)
        self.cpu += cpu


class Firing:
    """A scheduler as the watchdog sees it."""

    def __init__(self) -> None:
        self.overdue, self.rearmed, self.rephased = 0.0, 0, 0

    def keep_firing(self) -> None:
        self.rearmed += 1

    def rephase(self) -> None:
        self.rephased += 1


class Scene:
    """A watchdog with everything around it."""

    def __init__(self) -> None:
        self.host, self.scheduler, self.telemetry = Host(), Firing(), FakeTelemetry()
        self.timeline = Timeline(
            1, wall_ns=lambda: self.host.wall * 1000, monotonic=lambda: self.host.monotonic
        )
        self.board, self.ledger, self.beats = Board(), Ledger(), 0
        self.pipeline = Pipeline(self.board, self.ledger, "balaikota")
        self.pipeline.replace(
            Plan(services=(PORTAL,), checks=(CHECK,), routes=(), receivers=()), NOON
        )
        self.watchdog = Watchdog(
            timeline=self.timeline,
            board=self.board,
            pipeline=self.pipeline,
            scheduler=self.scheduler,
            telemetry=self.telemetry,
            alive=self.beat,
            cpu=lambda: self.host.cpu,
        )

    def beat(self) -> None:
        self.beats += 1

    def tick(self, seconds: float = 0.25, cpu: float = 0.0) -> None:
        self.host.pass_time(seconds, cpu)
        self.watchdog._tick()

    def second(self) -> None:
        self.host.pass_time(1)
        self.watchdog._every_second()

    @property
    def marks(self):
        return [mark for change in self.ledger.changes for mark in change.marks]


@pytest.fixture
def scene():
    return Scene()


class TestPause:
    def test_stall_over_a_second_is_recorded(self, scene):
        """A loop that stood still for over a second is recorded as a pause, from its last turn on."""
        before = scene.timeline.now()
        scene.tick(60)

        [mark] = scene.marks
        assert (mark.kind, mark.at) == (MarkKind.PAUSE, before)

    def test_short_stall_is_only_measured(self, scene):
        """A shorter lag is measured, and ends nothing."""
        scene.tick(0.75)

        assert scene.marks == []
        assert scene.telemetry.of("loop_lag")[-1]["seconds"] == pytest.approx(0.5)

    async def test_slow_start_is_no_pause(self, scene):
        """What goes before the first turn is no pause; slots that pass meanwhile, we were stopped."""
        scene.host.pass_time(60, 55)
        reason = scene.watchdog.slept_reason()
        running = asyncio.create_task(scene.watchdog.run())
        await asyncio.sleep(0)
        running.cancel()
        scene.tick()

        assert reason is MissedReason.STOPPED
        assert scene.marks == []

    @pytest.mark.parametrize("noticed", [False, True], ids=["slots-first", "pause-first"])
    def test_what_was_slept_through_was_a_stop(self, scene, noticed):
        """Slots that pass while the process is stopped say so, whichever the loop finds first: the
        slots, or the pause. A busy turn long after it is no stop.
        """
        scene.watchdog._running = True
        scene.tick()
        if noticed:
            scene.tick(60)
            scene.host.pass_time(0.01, 0.01)
        else:
            scene.host.pass_time(60)
        reason = scene.watchdog.slept_reason()
        scene.tick()
        scene.host.pass_time(10, 10)

        assert reason is MissedReason.STOPPED
        assert scene.watchdog.slept_reason() is MissedReason.OVERLOADED

    def test_little_cpu_means_that_we_were_stopped(self):
        """A long time without CPU is a stop; with CPU it is overload."""
        before = Reading(0.0, 0.0, 0)

        assert reason_for(before, Reading(60.0, 0.1, 0)) is MissedReason.STOPPED
        assert reason_for(before, Reading(4.0, 3.9, 0)) is MissedReason.OVERLOADED


class TestClockStep:
    def test_step_is_recorded_in_the_old_epoch(self, scene):
        """A step of the wall clock ends the old epoch at its own time, and plans anew."""
        scene.host.wall += 3_600_000_000
        scene.second()

        [mark] = scene.marks
        assert (mark.kind, mark.epoch) == (MarkKind.CLOCK_STEP, 1)
        assert scene.timeline.epoch == 2
        assert scene.scheduler.rephased == 1

    def test_step_changes_no_status(self, scene):
        """A step of the clock takes no check down and tells nobody."""
        scene.pipeline.record(observed(OK, check=CHECK)[0])
        scene.host.wall += 10 * 365 * 86_400_000_000
        scene.second()

        assert scene.board[CHECK.id].state.status is Status.UP
        assert scene.ledger.notifications == []


class TestExpiry:
    def test_silence_becomes_unknown(self, scene):
        """A check without a sample for 2.5 intervals is shown as unknown from that instant on."""
        scene.pipeline.record(observed(OK, check=CHECK)[0])
        scene.host.pass_time(200)
        for _ in range(5):
            scene.second()
        state = scene.board[CHECK.id].state

        assert (state.status, state.cause) == (Status.UNKNOWN, UnknownCause.NO_DATA)
        assert state.since == NOON + timedelta(seconds=150)

    def test_a_sample_holds(self, scene):
        """Within 2.5 intervals a sample still speaks."""
        scene.pipeline.record(observed(OK, check=CHECK)[0])
        watched = scene.board[CHECK.id]
        limit = microseconds(NOON) + 150_000_000

        assert expired_at(watched, limit) is None
        assert expired_at(watched, limit + 1) == instant(limit)


class TestAlive:
    def test_beats_while_all_is_well(self, scene):
        """systemd hears from us at each tick at which the scheduler is well."""
        scene.tick()

        assert scene.beats == 1

    def test_stuck_scheduler_stops_the_beat(self, scene):
        """A scheduler that starts nothing although something is due stops the beat, and `ready`."""
        scene.scheduler.overdue = 6.0
        scene.tick()

        assert scene.beats == 0
        assert "late" in scene.watchdog.problem()

    def test_stalled_loop_is_not_ready(self, scene):
        """A loop that does not turn is a problem as well."""
        scene.host.pass_time(30)

        assert "loop" in scene.watchdog.problem()

    def test_loop_that_stalls_again_and_again_is_not_ready(self, scene):
        """A loop that stalls for a second at a time, without an end, is a problem as well."""
        for _ in range(6):
            scene.tick(1)

        assert "again and again" in scene.watchdog.problem()

    def test_one_stall_is_no_problem(self, scene):
        """A stall that is over, or a long stop of the process, is none some seconds later."""
        scene.tick(60)
        for _ in range(9):
            scene.tick()

        assert scene.watchdog.problem() is None


def test_totals_are_stored_every_five_minutes(scene):
    """Every service's totals, and its checks', are stored once in five minutes."""
    scene.pipeline.record(observed(OK, check=CHECK)[0])
    for _ in range(300):
        scene.second()
    stored = [change for change in scene.ledger.changes if change.service_tallies]

    assert [set(change.tallies) for change in stored] == [{CHECK.id}]
