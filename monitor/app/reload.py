"""Takes up a changed configuration: whole, or not at all."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import structlog

from monitor.app.assembly import Assembly
from monitor.app.planning import plan_of
from monitor.app.reading import Reading, read_configuration
from monitor.app.receivers import build_notifiers, build_readers
from monitor.configuration import ConfigError
from monitor.web.context import ReloadResult

log = structlog.get_logger()

# Read once, at the start. A change of any other setting of monitor.yaml needs a restart too.
_STARTUP_NOTE = "config/monitor.yaml changed: it is read again at the next start only"


class Reloads:
    """Implements `web.context.Reloader`. One reload at a time.

    `followers` are called with what was taken up, each time.
    """

    def __init__(
        self,
        path: Path,
        web_config_file: Path | None,
        reading: Reading,
        parts: Assembly,
    ) -> None:
        self._path = path
        self._web_config_file = web_config_file
        self._reading = reading
        self._parts = parts
        self.followers: tuple[Callable[[Reading], None], ...] = ()
        self._turn = asyncio.Lock()

    @property
    def reading(self) -> Reading:
        """Return the configuration in force."""
        return self._reading

    async def reload(self) -> ReloadResult:
        """Read the configuration again; keep the old one when anything is wrong with it."""
        async with self._turn:
            try:
                reading = await asyncio.to_thread(
                    read_configuration, self._path, self._web_config_file
                )
                return self._take_up(reading)
            except ConfigError as error:
                return self._refused(tuple(str(problem) for problem in error.problems))
            except Exception as error:
                log.exception("config.reload_crashed")
                return self._refused((f"our fault: {type(error).__name__}",))

    def _refused(self, problems: tuple[str, ...]) -> ReloadResult:
        self._parts.telemetry.reloaded(successful=False, at=self._parts.timeline.now())
        for problem in problems[:20]:
            log.error("config.refused", detail=problem)
        return ReloadResult(ok=False, problems=problems)

    def _take_up(self, reading: Reading) -> ReloadResult:
        parts, now = self._parts, self._parts.timeline.now()
        old, config = self._reading.config, reading.config
        if config.monitor != old.monitor:
            log.warning("config.needs_restart", detail=_STARTUP_NOTE)
            # What is in force stays what the notifiers and pages go by.
            same = config.monitor.probe == old.monitor.probe
            modules = config.modules if same else old.modules
            config = replace(config, monitor=old.monitor, modules=modules)
            reading = replace(reading, config=config)
        former = parts.trial.notifiers
        notifiers = build_notifiers(config, parts.network, parts.telemetry, former, parts.link_key)
        # The class that a name was first seen with holds for one configuration.
        parts.network.resolver.forget()
        parts.pipeline.configured(config.hash, now)
        parts.pipeline.replace(plan_of(config), now)
        parts.pushes.replace(config.checks)
        parts.heart.plan = config.sign_of_life
        states = {watched.check.id: watched.state for watched in parts.board.checks()}
        parts.scheduler.replace(config.checks, states)
        parts.keeper.replace(each.check for each in config.checks)
        readers = build_readers(config, parts.network, parts.telemetry)
        parts.dispatcher.replace_notifiers({**notifiers, **readers})
        parts.restater.notifiers = notifiers
        parts.trial.notifiers = notifiers
        if parts.blackbox is not None:
            from monitor.app.blackbox import offer_of  # loaded already

            parts.blackbox.offer = offer_of(config)
        self._reading = reading
        parts.telemetry.reloaded(successful=True, at=now)
        for follow in self.followers:
            follow(reading)
        log.info("config.reloaded", checks=len(config.checks), hash=config.hash)
        return ReloadResult(ok=True)
