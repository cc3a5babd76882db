"""Files the reports that config/report.yaml schedules, each by a process of its own."""

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import structlog

from monitor.app.apart import Failed, run_apart
from monitor.app.assembly import Assembly
from monitor.app.reportfiling import FOLDER
from monitor.configuration.config import Config
from monitor.domain.cron import parse_cron
from monitor.domain.reportplan import Done, ReportPlan, Run, due, is_told, pause
from monitor.ports import Telemetry

log = structlog.get_logger()

_PATIENCE_SECONDS = 1_800.0
_BY = "Pantau"


class Unfiled(Exception):
    """A report was not filed; the message says why."""


class Memory:
    """Which time of each plan was taken care of, in a file, so that a restart repeats none."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> dict[str, Done]:
        """Return the times by the names of plans. What can't be read is as if it never was."""
        try:
            found = json.loads(self._path.read_text())
            return {str(name): _remembered(said) for name, said in found.items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, TypeError, AttributeError, KeyError) as error:
            log.warning("report.schedule_unread", file=str(self._path), detail=str(error))
            return {}

    def write(self, done: Mapping[str, Done]) -> None:
        """Keep the times. A crash leaves the old ones or the new ones."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        draft = self._path.with_suffix(".part")
        with draft.open("w") as file:
            json.dump({name: _said(each) for name, each in done.items()}, file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._path)


def _remembered(said: Any) -> Done:
    if isinstance(said, str):  # as it was written before parts were
        return Done(at=datetime.fromisoformat(said))
    parts = said["parts"]
    return Done(
        at=datetime.fromisoformat(said["at"]),
        parts=None if parts is None else frozenset(map(str, parts)),
    )


def _said(done: Done) -> dict[str, Any]:
    parts = None if done.parts is None else sorted(done.parts)
    return {"at": done.at.isoformat(), "parts": parts}


@dataclass(slots=True)
class _Trouble:
    failures: int
    again: datetime


class ReportRuns:
    """Looks each minute for what is due. One report at a time; what fails is tried again.

    A plan begins when it is given. `filing` files one report and raises Unfiled if it can't;
    one that goes on failing is told to people by `telling`, once. While the clock is `in_doubt`
    nothing is due.
    """

    def __init__(
        self,
        plans: Sequence[ReportPlan],
        *,
        memory: Memory,
        filing: Callable[[Run], Awaitable[None]],
        telemetry: Telemetry,
        now: Callable[[], datetime],
        zone: ZoneInfo,
        telling: Callable[[Run, str], None],
        in_doubt: Callable[[], bool] = lambda: False,
    ) -> None:
        self._plans = tuple(plans)
        self._memory = memory
        self._filing = filing
        self._telemetry = telemetry
        self._now = now
        self._zone = zone
        self._telling = telling
        self._in_doubt = in_doubt
        self._done: dict[str, Done] | None = None
        self._given_at = self._certain_now()
        self._troubles: dict[str, _Trouble] = {}
        self._task: asyncio.Task[None] | None = None

    def replace(self, plans: Sequence[ReportPlan]) -> None:
        """Go by these plans from now on. What is being filed is filed all the same."""
        self._plans = tuple(plans)
        self._given_at = self._certain_now()
        self._troubles.clear()

    async def run(self) -> None:
        """File what is due, unless that is going on already. It never raises."""
        if self._task is not None or not self._plans or self._in_doubt():
            return
        self._task = asyncio.create_task(self._look_at_all())
        await asyncio.wait({self._task})
        self._task = None

    async def stop(self) -> None:
        """End what is going on: it is due again at the next start."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _look_at_all(self) -> None:
        try:
            for plan in self._plans:
                if plan in self._plans:  # others may have come in their place meanwhile
                    await self._look(plan)
        except Exception:
            log.exception("report.crashed")

    async def _look(self, plan: ReportPlan) -> None:
        known = await self._known()
        if plan.name not in known:
            await self._keep(plan, Done(at=self._given_at or self._now()))
        done = known[plan.name]
        trouble = self._troubles.get(plan.name)
        run = due(plan, done, self._now(), self._zone)
        if run is None or (trouble is not None and self._now() < trouble.again):
            return
        if trouble is None:
            self._tell_lateness(run)
        try:
            await self._filing(run)
        except Unfiled as error:
            self._failed(run, str(error))
        else:
            self._troubles.pop(plan.name, None)
            await self._keep(plan, Done(at=run.at, parts=plan.parts | (done.parts or frozenset())))
            self._telemetry.report_filed(self._now().timestamp())
            log.info("report.filed", period=run.period, report=plan.name)

    def _tell_lateness(self, run: Run) -> None:
        late = run.lateness(self._now())
        if late is not None:
            log.warning(
                "report.late",
                period=run.period,
                report=run.plan.name,
                due=run.at.isoformat(),
                late_seconds=round(late.total_seconds()),
            )

    def _certain_now(self) -> datetime | None:
        return None if self._in_doubt() else self._now()

    def _failed(self, run: Run, detail: str) -> None:
        before = self._troubles.get(run.plan.name)
        failures = 1 if before is None else before.failures + 1
        self._troubles[run.plan.name] = _Trouble(failures, self._now() + pause(failures))
        self._telemetry.report_failed()
        if is_told(failures):
            self._telling(run, detail)
        log.error("report.unfiled", period=run.period, report=run.plan.name, detail=detail)

    async def _known(self) -> dict[str, Done]:
        if self._done is None:
            self._done = await asyncio.to_thread(self._memory.read)
        return self._done

    async def _keep(self, plan: ReportPlan, done: Done) -> None:
        known = await self._known()
        known[plan.name] = done
        await asyncio.to_thread(self._memory.write, dict(known))


def build_report_runs(config_path: Path, config: Config, parts: Assembly) -> ReportRuns:
    """Return what files the reports of `config`, the configuration at `config_path`."""
    settings = config.monitor
    return ReportRuns(
        plans_of(config),
        memory=Memory(settings.data_dir / FOLDER / "schedule.json"),
        filing=lambda run: file_apart(command(config_path, run)),
        telemetry=parts.telemetry,
        now=parts.timeline.now,
        zone=ZoneInfo(settings.zone),
        telling=lambda run, why: parts.pipeline.tell_unreported(
            run.name, run.at, parts.timeline.now(), why
        ),
        in_doubt=lambda: parts.pipeline.dates_wait_until(parts.timeline.now()) is not None,
    )


def plans_of(config: Config) -> tuple[ReportPlan, ...]:
    """Return the reports that are scheduled."""
    return tuple(
        ReportPlan(
            every=each.period,
            cron=parse_cron(each.cron),
            forms=each.formats or ("json",),
            languages=each.languages or (str(config.monitor.language),),
            owners=tuple(sorted(each.owner or ())),
            services=tuple(sorted(each.service or ())),
            sealed=each.sign,
        )
        for each in config.report.schedule
    )


def command(config_path: Path, run: Run) -> tuple[str, ...]:
    """Return the command that files a report."""
    plan = run.plan
    scope = [word for each in plan.owners for word in ("--owner", each)]
    scope += [word for each in plan.services for word in ("--service", each)]
    return (
        *(sys.executable, "-m", "monitor", "report", "file", "--quiet", "--by", _BY),
        *("--config", str(config_path), f"--{plan.every}", run.period),
        *("--format", ",".join(plan.forms), "--lang", ",".join(plan.languages), *scope),
        *(("--sign",) if plan.sealed else ()),
    )


async def file_apart(command: Sequence[str], patience: float = _PATIENCE_SECONDS) -> None:
    """Run `command` in a process of low priority, which ends with us. Raises Unfiled."""
    try:
        await run_apart(command, patience)
    except Failed as error:
        raise Unfiled(str(error)) from None
