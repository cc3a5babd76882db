"""One APScheduler job for all checks: it fires when the first of them is due.

A job for each check costs five times as much at ten thousand checks. APScheduler goes by the wall
clock, the timetable by the timeline, so the trigger converts; and since a wall clock that is set
back stops APScheduler until it has caught up, `rearm` has to be called when a fire is overdue.
"""

import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from apscheduler.executors.base import BaseExecutor
from apscheduler.job import Job
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger

JOB_ID = "probes"
# What is started together runs on warm caches: alone, a check costs twice as much. But each of
# them waits for the others, which counts in its durations, so they are few, and near in time.
_TOGETHER = 8
_LEAST_SLACK_MICROSECONDS = 10_000
_MOST_SLACK_MICROSECONDS = 100_000
_IDLE_MICROSECONDS = 1_000_000


class InlineExecutor(BaseExecutor):  # type: ignore[misc]
    """Runs a job in the event loop, at once. The job must not block."""

    def _do_submit_job(self, job: Job, run_times: list[datetime]) -> None:  # noqa: ARG002
        try:
            job.func()
        except Exception:
            self._run_job_error(job.id, *sys.exc_info()[1:])
        else:
            self._run_job_success(job.id, [])


class _EarliestDue(BaseTrigger):  # type: ignore[misc]
    """Fires `wait()` microseconds from now, whatever the wall clock says."""

    def __init__(self, wait: Callable[[], int]) -> None:
        self._wait = wait

    def get_next_fire_time(
        self,
        previous_fire_time: datetime | None,  # noqa: ARG002
        now: datetime,  # noqa: ARG002
    ) -> datetime:
        return datetime.now(UTC) + timedelta(microseconds=self._wait())


def slack_microseconds(checks_per_second: float) -> int:
    """Return the time within which what is due is started together: half early, half late."""
    for_a_group = 1e6 * _TOGETHER / checks_per_second if checks_per_second else 0
    return int(min(max(for_a_group, _LEAST_SLACK_MICROSECONDS), _MOST_SLACK_MICROSECONDS))


class GroupJob:
    """Calls `fire` whenever `earliest()` has come, but not twice within `slack`.

    All times are microseconds, those of both functions on the timeline.
    """

    def __init__(
        self,
        scheduler: AsyncIOScheduler,
        *,
        now: Callable[[], int],
        earliest: Callable[[], int | None],
        fire: Callable[[], None],
    ) -> None:
        self._scheduler = scheduler
        self._now = now
        self._earliest = earliest
        self._fire = fire
        self.slack = _LEAST_SLACK_MICROSECONDS
        self._planned = 0
        self._job: Any = None

    @property
    def started(self) -> bool:
        """Say whether the job was added to the scheduler."""
        return self._job is not None

    @property
    def overdue(self) -> float:
        """Return for how many seconds the job should have fired and has not. Negative: not yet."""
        return (self._now() - self._planned) / 1e6

    def start(self) -> None:
        """Add the job to the scheduler."""
        self._job = self._scheduler.add_job(
            self._fire,
            _EarliestDue(self._wait),
            id=JOB_ID,
            executor="inline",
            misfire_grace_time=None,
            coalesce=True,
            max_instances=1,
        )

    def rearm(self) -> None:
        """Plan the next fire anew."""
        self._job.modify(next_run_time=datetime.now(UTC) + timedelta(microseconds=self._wait()))

    def advance_to(self, due: int) -> None:
        """Fire at `due` if that is earlier than planned."""
        if due < self._planned - self.slack:
            self.rearm()

    def _wait(self) -> int:
        now, earliest = self._now(), self._earliest()
        latest = now + _IDLE_MICROSECONDS
        due = latest if earliest is None else min(earliest, latest)
        self._planned = max(due, now + self.slack)
        return self._planned - now
