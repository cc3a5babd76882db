"""Runs every check on its slots."""

import asyncio
import gc
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from monitor.domain.check import Check, CheckId
from monitor.domain.instant import instant
from monitor.domain.observation import MissedReason, MissedSlot, Status
from monitor.domain.state import CheckState
from monitor.engine.clock import Timeline
from monitor.engine.connectivity import Connectivity
from monitor.engine.crew import Crew, Missed
from monitor.engine.groupjob import GroupJob, InlineExecutor, slack_microseconds
from monitor.engine.pipeline import Pipeline
from monitor.engine.pushes import Pushes
from monitor.engine.runner import Bound, observe
from monitor.engine.timetable import Due, Slept, Timetable
from monitor.net.network import Network
from monitor.ports import Telemetry

log = structlog.get_logger()

_EARLY_MICROSECONDS = 20_000
_AFTER_START = timedelta(seconds=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """What running a probe needs, in one value."""

    timeline: Timeline
    network: Network
    vantage: str
    pipeline: Pipeline
    connectivity: Connectivity
    telemetry: Telemetry
    pushes: Pushes | None = None


class Scheduler:
    """Owns the timetable and the probes that run. `concurrency` bounds the latter."""

    def __init__(self, engine: Engine, concurrency: int) -> None:
        self._engine = engine
        self._bounds: dict[CheckId, Bound] = {}
        self._timetable = Timetable()
        self._crew = Crew(concurrency, self._start)
        self._tasks: set[asyncio.Task[None]] = set()
        self._last_begun: dict[CheckId, int] = {}
        self._new: list[Check] = []
        self.slept_reason: Callable[[], MissedReason] = lambda: MissedReason.STOPPED
        # APScheduler logs every fire at INFO, which costs as much as the fire itself.
        logging.getLogger("apscheduler").setLevel(logging.WARNING)
        self.jobs = AsyncIOScheduler(timezone="UTC")
        self.jobs.add_executor(InlineExecutor(), "inline")
        self._group = GroupJob(
            self.jobs,
            now=engine.timeline.now_microseconds,
            earliest=self._timetable.earliest,
            fire=self._fire,
        )

    @property
    def overdue(self) -> float:
        """Return for how many seconds nothing was started although something was due."""
        return self._group.overdue

    def start(self) -> None:
        """Begin to fire. Slots that passed since they were planned are missed."""
        self._fire()
        self._try_early()
        self._group.start()
        # Whatever refers to itself and lived on is let go of here: see `monitor.app.collector`.
        self.jobs.add_job(gc.collect, "interval", hours=1, executor="inline")
        self.jobs.start()

    def tend(self, work: Callable[[], Awaitable[None]], every: timedelta) -> None:
        """Have `work` begun again and again, also while it is at it. It must not raise."""
        self.jobs.add_job(
            work,
            "interval",
            seconds=every.total_seconds(),
            start_date=datetime.now(UTC) + _AFTER_START,
            misfire_grace_time=None,
            coalesce=True,
            max_instances=2,
        )

    async def stop(self) -> None:
        """Fire no more, and abandon what is in flight: it is neither up nor down."""
        self.jobs.shutdown(wait=False)
        self._crew.dismiss()
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def replace(self, bounds: Sequence[Bound], states: Mapping[CheckId, CheckState]) -> None:
        """Run exactly `bounds` from now on. One whose interval stays keeps its slots.

        A check whose status was never confirmed is tried once before its first slot, if there is
        time: no more than fifty of them a second.
        """
        now = self._engine.timeline.now_microseconds()
        old = self._bounds
        self._bounds = {bound.check.id: bound for bound in bounds}
        rate = sum(1 / bound.check.interval.total_seconds() for bound in bounds)
        self._group.slack = slack_microseconds(rate)
        for check_id in old.keys() - self._bounds.keys():
            self._timetable.remove(check_id)
            self._crew.forget(check_id)
            self._last_begun.pop(check_id, None)
        for bound in bounds:
            check, before = bound.check, old.get(bound.check.id)
            if before is not None and before.check.interval == check.interval:
                continue
            self._timetable.add(check, now)
            if before is None and _undecided(states.get(check.id)):
                self._new.append(check)
        if self._group.started:
            self._try_early()
            self._group.rearm()

    def rephase(self) -> None:
        """Plan every check anew after the timeline jumped, none twice within its interval."""
        now, monotonic = self._engine.timeline.now_microseconds(), self._monotonic()
        for bound in self._bounds.values():
            check = bound.check
            begun = self._last_begun.get(check.id)
            rest = 0
            if begun is not None:
                interval = int(check.interval.total_seconds() * 1e6)
                rest = max(0, interval - (monotonic - begun) - 1)
            self._timetable.add(check, now + rest)
        self._group.rearm()

    def keep_firing(self) -> None:
        """Arm the job again if it is overdue, as it is after the wall clock was set back."""
        if self._group.overdue > 0.5:
            self._group.rearm()

    def _try_early(self) -> None:
        now = self._engine.timeline.now_microseconds()
        for number, check in enumerate(self._new):
            self._timetable.try_early(check, now, now + number * _EARLY_MICROSECONDS)
        self._new.clear()

    def _monotonic(self) -> int:
        return int(self._engine.timeline.monotonic() * 1e6)

    def _fire(self) -> None:
        now = self._engine.timeline.now_microseconds()
        missed = []
        for item in self._timetable.pop_due(now + self._group.slack // 2):
            if isinstance(item, Slept):
                missed.append(self._slept(item))
            elif self._is_passive(item):
                continue
            elif (skipped := self._crew.begin(item)) is not None:
                missed.append(self._skipped(skipped))
        self._engine.pipeline.miss(missed)
        self._engine.telemetry.in_flight(self._crew.running)

    def _is_passive(self, due: Due) -> bool:
        """Judge a check to which others push; return whether it is one."""
        pushes = self._engine.pushes
        try:
            return pushes is not None and pushes.look(due)
        except Exception:
            log.exception("judgement.crashed", check_id=due.check_id)
            return True

    def _slept(self, slept: Slept) -> MissedSlot:
        return self._missed(slept.check_id, slept.slot, self.slept_reason(), slept.count)

    def _skipped(self, missed: Missed) -> MissedSlot:
        return self._missed(missed.check_id, missed.slot, missed.reason, 1)

    def _missed(self, check_id: CheckId, slot: int, reason: MissedReason, count: int) -> MissedSlot:
        for _ in range(count):
            self._engine.telemetry.slot_missed(reason)
        return MissedSlot(
            check_id=check_id,
            vantage=self._engine.vantage,
            epoch=self._engine.timeline.epoch,
            scheduled_at=instant(slot),
            reason=reason,
            count=count,
        )

    def _start(self, due: Due) -> None:
        task = asyncio.get_running_loop().create_task(self._probe(due))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _probe(self, due: Due) -> None:
        try:
            bound = self._bounds.get(due.check_id)
            if bound is not None:
                await self._run(bound, due)
        except Exception:
            log.exception("probe.lost", check_id=due.check_id)
        finally:
            self._crew.finish(due.check_id)

    async def _run(self, bound: Bound, due: Due) -> None:
        engine, check = self._engine, bound.check
        timeline = engine.timeline
        lateness = (timeline.now_microseconds() - due.at) / 1e6
        engine.telemetry.lateness(max(0.0, lateness))
        began = timeline.monotonic()
        self._last_begun[check.id] = int(began * 1e6)
        remembered = engine.pipeline.remembered(check.id)
        observation = await observe(
            bound, due, timeline, engine.network, engine.vantage, remembered=remembered
        )
        observation = await engine.connectivity.judge(check, observation, began)
        state = engine.pipeline.record(observation)
        if state is not None and state.unconfirmed:
            at = self._timetable.retry(check, due.slot, timeline.now_microseconds())
            if at is not None:
                self._group.advance_to(at)


def _undecided(state: CheckState | None) -> bool:
    return state is None or state.confirmed is Status.UNKNOWN
