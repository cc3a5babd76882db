"""Watches the daemon itself: its loop, its clock, and samples that stay away."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TypeVar

import structlog

from monitor.domain.instant import instant, microseconds, span_microseconds
from monitor.domain.observation import MissedReason, Status, UnknownCause
from monitor.domain.timeline import hold_limit
from monitor.engine.board import Board
from monitor.engine.clock import Timeline
from monitor.engine.pipeline import Pipeline
from monitor.engine.scheduler import Scheduler
from monitor.ports import MarkKind, Telemetry, Watched

log = structlog.get_logger()

_T = TypeVar("_T")

_TICK_SECONDS = 0.25
_SECOND_TICKS = 4
_PAUSE_SECONDS = 1.0
_BUSY_SHARE = 0.5
_SNAPSHOT_SECONDS = 300
_EXPIRY_SECONDS = 5
_STUCK_SECONDS = 5.0
# A loop that stalls half a second more often than every two seconds does nothing in time.
_STALL_SECONDS = 0.5
_FREE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Reading:
    """A moment of the loop: monotonic and CPU seconds, and microseconds on the timeline."""

    monotonic: float
    cpu: float
    at: int


class Watchdog:
    """Ticks four times a second. `alive` is called at each tick at which the scheduler is well."""

    def __init__(
        self,
        *,
        timeline: Timeline,
        board: Board,
        pipeline: Pipeline,
        scheduler: Scheduler,
        telemetry: Telemetry,
        alive: Callable[[], None],
        cpu: Callable[[], float] = time.process_time,
    ) -> None:
        self._timeline = timeline
        self._board = board
        self._pipeline = pipeline
        self._scheduler = scheduler
        self._telemetry = telemetry
        self._alive = alive
        self._cpu = cpu
        self._last = self._reading()
        self._stalled_at = float("-inf")
        self._free_at = self._last.monotonic
        self._running = False
        self._paused = (MissedReason.OVERLOADED, float("-inf"))
        self._turn = 0

    def problem(self) -> str | None:
        """Return why the daemon is not doing its work, or None when it is."""
        now = self._timeline.monotonic()
        stalled = now - self._last.monotonic
        if stalled > _STUCK_SECONDS:
            return f"the event loop has not turned for {stalled:.1f} s"
        stalling = now - self._free_at
        if stalling > _STUCK_SECONDS:
            return f"the event loop has stalled again and again for {stalling:.1f} s"
        overdue = self._scheduler.overdue
        if overdue > _STUCK_SECONDS:
            return f"the scheduler is {overdue:.1f} s late"
        return None

    def slept_reason(self) -> MissedReason:
        """Return why slots pass unnoticed now: we are stopped, as we are until `run`, or busy.

        After a pause the loop may turn here first, or notice the pause first.
        """
        if not self._running:
            return MissedReason.STOPPED
        now = self._reading()
        reason, paused_until = self._paused
        if now.monotonic - self._last.monotonic <= _PAUSE_SECONDS:
            if now.monotonic - paused_until <= _PAUSE_SECONDS:
                return reason
            return MissedReason.OVERLOADED
        return reason_for(self._last, now)

    async def run(self) -> None:
        """Tick until cancelled. What went before, as the daemon was put together, was no pause."""
        self._last, self._running = self._reading(), True
        self._free_at = self._last.monotonic
        ticks = 0
        while True:
            await asyncio.sleep(_TICK_SECONDS)
            self._tick()
            ticks += 1
            if ticks % _SECOND_TICKS == 0:
                self._every_second()

    def _tick(self) -> None:
        before, now = self._last, self._reading()
        self._last = now
        lag = max(0.0, now.monotonic - before.monotonic - _TICK_SECONDS)
        self._telemetry.loop_lag(lag)
        self._note_stall(lag, now.monotonic)
        if lag > _PAUSE_SECONDS:
            reason = reason_for(before, now)
            self._paused = (reason, now.monotonic)
            log.warning("loop.paused", seconds=round(lag, 3), reason=reason)
            self._pipeline.mark(
                MarkKind.PAUSE, instant(before.at), self._timeline.epoch, f"{lag:.3f} s, {reason}"
            )
        self._scheduler.keep_firing()
        if self.problem() is None:
            self._alive()

    def _note_stall(self, lag: float, now: float) -> None:
        """Note when the loop last turned freely, and had for a while."""
        if lag > _STALL_SECONDS:
            self._stalled_at = now
        if now - self._stalled_at > _FREE_SECONDS:
            self._free_at = now

    def _every_second(self) -> None:
        offset = self._timeline.offset_seconds()
        epoch = self._timeline.epoch
        step = self._timeline.follow()
        self._telemetry.clock_offset(offset)
        if step is not None:
            log.warning(
                "clock.step", offset_seconds=step.offset_seconds, old=step.old, new=step.new
            )
            self._pipeline.mark(
                MarkKind.CLOCK_STEP, step.old, epoch, f"{step.offset_seconds:+.3f} s"
            )
            self._board.restart_tallies(microseconds(step.new))
            self._scheduler.rephase()
        self._turn += 1
        self._expire(self._timeline.now_microseconds())
        self._snapshot()

    def _expire(self, now: int) -> None:
        """Show as unknown what has not been seen for longer than a sample may speak.

        Each check has its turn every few seconds; the instant is exact all the same.
        """
        lost = [
            (watched.check.id, at)
            for watched in _share(self._board.checks(), self._turn, _EXPIRY_SECONDS)
            if (at := expired_at(watched, now)) is not None
        ]
        self._pipeline.lose_sight(lost, UnknownCause.NO_DATA)

    def _snapshot(self) -> None:
        """Have the totals of a share of the services stored, so that all are within five minutes.

        A service and its checks are stored together, so that they go equally far.
        """
        services = {s.id for s in _share(self._board.services(), self._turn, _SNAPSHOT_SECONDS)}
        if services:
            checks = [w.check.id for w in self._board.checks() if w.check.service in services]
            self._pipeline.snapshot(checks, tuple(services))

    def _reading(self) -> Reading:
        return Reading(self._timeline.monotonic(), self._cpu(), self._timeline.now_microseconds())


def reason_for(before: Reading, now: Reading) -> MissedReason:
    """Say what a long time between two readings was: with little CPU used, we were stopped."""
    elapsed = now.monotonic - before.monotonic
    busy = now.cpu - before.cpu > elapsed * _BUSY_SHARE
    return MissedReason.OVERLOADED if busy else MissedReason.STOPPED


def expired_at(watched: Watched, now: int) -> datetime | None:
    """Return when the last sample of a check stopped to say anything, or None while it does."""
    seen_at = watched.tally.seen_at
    if seen_at is None or watched.waits or watched.state.status is Status.UNKNOWN:
        return None
    limit = seen_at + hold_limit(span_microseconds(watched.check.interval))
    return instant(limit) if now > limit else None


def _share(items: Sequence[_T], turn: int, turns: int) -> Sequence[_T]:
    """Return those of `items` whose turn it is, when all shall have had one after `turns`."""
    return tuple(islice(items, turn % turns, None, turns))
