"""The real daemon as a child process, on a configuration of its own in a folder of its own."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from string import Template
from typing import Any

from monitor.web.client import ControlClient, ControlError

_START_SECONDS = 30.0
_STOP_SECONDS = 10.0
_ASK_SECONDS = 0.1
_TAIL_BYTES = 2000
# A supervisor of the demonstration is not the daemon's, nor are its credentials.
_NOT_INHERITED = {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "CREDENTIALS_DIRECTORY"}


class NotRunning(Exception):
    """The daemon ended, or did not begin to watch. The message holds the end of its log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a daemon's configuration, data and log are."""

    folder: Path

    @property
    def config(self) -> Path:
        return self.folder / "checks.yaml"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def log(self) -> Path:
        return self.folder / "daemon.log"


def write_configuration(place: Place, ports: Mapping[str, int], secret: str) -> None:
    """Write checks.yaml, config/ and the secret of the receiver, ports filled in."""
    key = place.folder / "demo.key"
    key.touch(mode=0o600)
    key.write_text(secret)
    _copy(resources.files("monitor.demo") / "city", place.folder, ports)


def _copy(source: Traversable, folder: Path, ports: Mapping[str, int]) -> None:
    for each in source.iterdir():
        target = folder / each.name
        if each.is_dir():
            target.mkdir()
            _copy(each, target, ports)
        elif each.name.endswith(".yaml"):
            target.write_text(Template(each.read_text("utf-8")).substitute(ports), "utf-8")


class Daemon:
    """A running `pantau run`."""

    def __init__(self, place: Place, process: asyncio.subprocess.Process) -> None:
        self._place = place
        self._process = process
        self._client = ControlClient(place.data, timeout=5.0)

    async def status(self) -> Mapping[str, Any] | None:
        """Return what it knows of services and checks; None while it does not answer.

        Raise NotRunning when it has ended.
        """
        if self._process.returncode is not None:
            raise NotRunning(f"the daemon ended:\n{_tail(self._place.log)}")
        try:
            return await asyncio.to_thread(self._client.status)
        except ControlError:
            return None

    async def ready(self) -> None:
        """Return once it answers; raise NotRunning if it does not begin to."""
        try:
            async with asyncio.timeout(_START_SECONDS):
                while await self.status() is None:  # noqa: ASYNC110 - another process
                    await asyncio.sleep(_ASK_SECONDS)
        except TimeoutError:
            raise NotRunning(f"the daemon does not answer:\n{_tail(self._place.log)}") from None

    async def stop(self) -> None:
        """Have it stop as a supervisor would, and make sure of it."""
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(_STOP_SECONDS):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()


@asynccontextmanager
async def daemon(place: Place) -> AsyncIterator[Daemon]:
    """Run the daemon on `place`; it is stopped at the end, whatever happens."""
    with place.log.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *_command(place),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=_environment(),
            # Ctrl-C at a terminal goes to a whole process group; the daemon is to be stopped last.
            start_new_session=True,
        )
    running = Daemon(place, process)
    try:
        yield running
    finally:
        await running.stop()


def _command(place: Place) -> list[str]:
    # -P: a folder called `monitor` where the user happens to be is not ours.
    python = [sys.executable, "-P", "-m", "monitor"]
    return [*python, "run", "--config", str(place.config), "--log-format=json"]


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in _NOT_INHERITED}


def _tail(log: Path) -> str:
    with suppress(OSError):
        return log.read_bytes()[-_TAIL_BYTES:].decode(errors="replace")
    return ""
