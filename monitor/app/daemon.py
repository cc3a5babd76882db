"""The life of the daemon: start, reload, stop."""

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import structlog

from monitor.app.assembly import Assembly, assemble, web_context
from monitor.app.collector import tame_collector
from monitor.app.damage import DamageNews
from monitor.app.keeper import EVERY
from monitor.app.ledgerkey import LedgerKeyError, ledger_signing, settle_next_signer
from monitor.app.linkkey import NoLinkKey, link_key
from monitor.app.listeners import CannotListen, open_listeners
from monitor.app.opendata import OpenDataShelf
from monitor.app.planning import plan_of
from monitor.app.reading import Reading, read_configuration
from monitor.app.receivers import external_url
from monitor.app.reload import Reloads
from monitor.app.reportruns import ReportRuns, build_report_runs, plans_of
from monitor.app.supervisor import Supervisor
from monitor.configuration.config import Config
from monitor.engine.resume import ended_at, resume, unchanged_since
from monitor.engine.selfcheck import Proof
from monitor.metrics.telemetry import PrometheusTelemetry
from monitor.ports import MarkKind, Restored, StoreError
from monitor.store.backup import LAST_BACKUP
from monitor.store.lock import DataDirectoryBusy, hold
from monitor.store.sql import open_store

log = structlog.get_logger()

_DRAIN_SECONDS = 3.0
_REFUSED = "the new configuration was refused, the log says why"
_ONLINE = {
    Proof.ONLINE: "online",
    Proof.OFFLINE: "offline: until it is back, failures are unknown, not down",
    Proof.RESOLVER_DEAD: "online, but our resolver does not answer",
    Proof.NO_CANARY: "not known: no canary answers; set self_check.targets in config/monitor.yaml",
}


class StartupError(Exception):
    """The daemon can't start, or can't go on. The message says why, and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    """What the daemon watches, and where to look. `online` says how our own network fares."""

    checks: int
    services: int
    by_type: Mapping[str, int]
    page_url: str
    metrics_url: str
    receivers: tuple[str, ...]
    online: str
    data_dir: Path
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """How to run. `on_ready` is called once everything watches, with a summary.

    `reached` is told where the store's writer stands; it is there for crash tests.
    """

    web_config_file: Path | None = None
    on_ready: Callable[[RunSummary], None] = lambda _: None
    reached: Callable[[str], None] = lambda _: None


def run(config_path: Path, options: RunOptions) -> None:
    """Run the daemon until SIGTERM or SIGINT.

    Raise ConfigError when the configuration is wrong, StartupError when something else is.
    """
    # Asked to reload while it is about to read: a signal that nobody handles would end us.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    reading = read_configuration(config_path, options.web_config_file)
    data_dir = reading.config.monitor.data_dir
    tame_collector()
    try:
        with hold(data_dir):
            asyncio.run(_run(config_path, options, reading))
    except (DataDirectoryBusy, CannotListen, LedgerKeyError, NoLinkKey) as error:
        raise StartupError(str(error)) from None
    except StoreError as error:
        raise StartupError(f"{data_dir}: {error}") from None


async def _run(config_path: Path, options: RunOptions, reading: Reading) -> None:
    config = reading.config
    settings = config.monitor
    stopping = _on_signal(signal.SIGTERM, signal.SIGINT)
    asked_to_reload = _on_signal(signal.SIGHUP)
    crashes = Crashes()
    supervisor = Supervisor()
    telemetry = PrometheusTelemetry(version("pantau"), tuple(config.receivers))
    telemetry.watches_folder(settings.data_dir, settings.data_dir / LAST_BACKUP)
    damage = DamageNews()
    supervisor.starting("opening the database")
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(
            open_store(
                settings.data_dir,
                vantage=settings.vantage,
                reached=options.reached,
                set_aside=damage.put,
                signing=ledger_signing(config),
            )
        )
        settle_next_signer(settings.data_dir, await store.newest_note())
        restored = await store.restore()
        parts = assemble(
            config,
            store,
            restored.epoch + 1,
            telemetry,
            alive=supervisor.alive,
            link_key=link_key(settings.data_dir),
        )
        stack.push_async_callback(parts.network.resolver.close)
        await stack.enter_async_context(_recording(parts, crashes))
        _begin(parts, config, restored)
        reports = build_report_runs(config_path, config, parts)
        reloads = Reloads(config_path, options.web_config_file, reading, parts)
        shelf = OpenDataShelf(config, version("pantau"), parts.timeline.now)
        stack.push_async_callback(shelf.stop)
        admission = await stack.enter_async_context(
            open_listeners(reading, web_context(parts, config, reloads, shelf))
        )
        reloads.followers += (
            lambda now: admission.replace(now.web),
            lambda now: supervisor.ready(_watched(now.config)),
            lambda now: reports.replace(plans_of(now.config)),
            lambda now: shelf.replace(now.config),
        )
        await stack.enter_async_context(_watching(parts, crashes, damage, reports))
        await stack.enter_async_context(_reloading(asked_to_reload, reloads, supervisor, parts))
        log.info("daemon.started", checks=len(config.checks), hash=config.hash)
        proof = await parts.self_check.ask()
        supervisor.ready(_watched(config))
        options.on_ready(_summary(config, proof))
        await stopping.wait()
        log.info("daemon.stopping")
        supervisor.stopping()
    if crashes.parts:
        raise StartupError(f"our fault: {', '.join(crashes.parts)} crashed; the log says how")


class Crashes:
    """Notices when a part of the daemon dies. It then stops, fails, and is started again."""

    def __init__(self) -> None:
        self.parts: list[str] = []

    def watch(self, task: "asyncio.Task[None]") -> None:
        """Stop the daemon when `task` fails: without it, work would silently be left undone."""
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self.parts.append(task.get_name())
            log.error("daemon.part_crashed", part=task.get_name(), exc_info=error)
            signal.raise_signal(signal.SIGTERM)


def _begin(parts: Assembly, config: Config, restored: Restored) -> None:
    """Go on where the last run ended, and plan what is to be run."""
    now = parts.timeline.now()
    parts.pipeline.watch(plan_of(config), now, restored.states)
    parts.connectivity.resume(restored.offline_since, restored.offline_cause)
    resume(restored, parts.board, parts.pipeline, parts.timeline, config.monitor.vantage)
    parts.pipeline.configured(config.hash, now)
    parts.pipeline.reconcile(now, unchanged_since(restored, config.hash))
    parts.pushes.restore(restored.pushes, ended_at(restored))
    parts.pushes.replace(config.checks)
    parts.scheduler.replace(config.checks, restored.states)
    parts.keeper.replace(each.check for each in config.checks)
    parts.telemetry.reloaded(successful=True, at=now)


@asynccontextmanager
async def _recording(parts: Assembly, crashes: Crashes) -> AsyncIterator[None]:
    """Write what is decided; at the end, what is still waiting, and that we stopped."""
    task = asyncio.create_task(parts.recorder.run(), name="recorder")
    crashes.watch(task)
    try:
        yield
    finally:
        now, epoch = parts.timeline.now(), parts.timeline.epoch
        services = tuple(service.id for service in parts.board.services())
        checks = tuple(watched.check.id for watched in parts.board.checks())
        parts.pipeline.snapshot(checks, services)
        parts.pipeline.mark(MarkKind.STOP, now, epoch)
        with suppress(TimeoutError):
            await asyncio.wait_for(parts.recorder.drain(), _DRAIN_SECONDS)
            await asyncio.wait_for(parts.notary.sign(), _DRAIN_SECONDS)
        await _cancelled(task)
        if lost := parts.recorder.waiting:
            log.error("daemon.unwritten", changes=lost)


@asynccontextmanager
async def _watching(
    parts: Assembly, crashes: Crashes, damage: DamageNews, reports: ReportRuns
) -> AsyncIterator[None]:
    """Probe, tell, and watch ourselves. What is in flight at the end is abandoned, not failed."""
    parts.scheduler.start()
    parts.scheduler.tend(parts.keeper.run, EVERY)
    parts.scheduler.tend(reports.run, EVERY)
    tasks = [
        asyncio.create_task(parts.teller.run(), name="teller"),
        asyncio.create_task(parts.dispatcher.run(), name="dispatcher"),
        asyncio.create_task(parts.restater.run(), name="restater"),
        asyncio.create_task(parts.connectivity.run(), name="connectivity"),
        asyncio.create_task(parts.watchdog.run(), name="watchdog"),
        asyncio.create_task(parts.notary.run(), name="notary"),
        asyncio.create_task(damage.tell(parts.pipeline, parts.timeline), name="damage"),
    ]
    for task in tasks:
        crashes.watch(task)
    try:
        yield
    finally:
        await parts.scheduler.stop()
        await reports.stop()
        for task in tasks:
            await _cancelled(task)


@asynccontextmanager
async def _reloading(
    asked: asyncio.Event, reloads: Reloads, supervisor: Supervisor, parts: Assembly
) -> AsyncIterator[None]:
    """Read the configuration again at every SIGHUP. systemd waits until we say that it is over."""

    async def follow() -> None:
        while True:
            await asked.wait()
            asked.clear()
            supervisor.reloading(parts.timeline.monotonic())
            if not (await reloads.reload()).ok:
                supervisor.ready(f"{_watched(reloads.reading.config)}; {_REFUSED}")

    task = asyncio.create_task(follow(), name="reload")
    try:
        yield
    finally:
        await _cancelled(task)


def _on_signal(*signals: signal.Signals) -> asyncio.Event:
    event = asyncio.Event()
    for each in signals:
        asyncio.get_running_loop().add_signal_handler(each, event.set)
    return event


async def _cancelled(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _watched(config: Config) -> str:
    return f"watching {len(config.checks)} checks of {len(config.services)} services"


def _summary(config: Config, proof: Proof) -> RunSummary:
    url = external_url(config)
    return RunSummary(
        checks=len(config.checks),
        services=len(config.services),
        by_type=Counter(configured.check.type for configured in config.checks),
        page_url=f"{url}/",
        metrics_url=f"{url}/metrics",
        receivers=tuple(config.receivers),
        online=_ONLINE[proof],
        data_dir=config.monitor.data_dir,
        warnings=tuple(str(warning) for warning in config.warnings),
    )
