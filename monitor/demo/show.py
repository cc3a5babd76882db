"""The demonstration from beginning to end: open the city, watch it, tell, clean up."""

import asyncio
import shutil
import signal
import socket
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from monitor.demo import scenes
from monitor.demo.child import Daemon, NotRunning, Place, daemon, write_configuration
from monitor.demo.collector import Collector, Message
from monitor.demo.story import pace, turns
from monitor.demo.town import Town, open_town

USUAL_PORT = 8790

_LOOK_SECONDS = 0.5
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class CannotShow(Exception):
    """The demonstration can't begin, or broke off. The message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Show:
    """How to show it: for how long (None: until stopped), and on which port the page is.

    Without a port it is the usual one, or a free one if that is taken. `tell` gets every scene;
    the configuration and the data are still there when it gets the last.
    """

    seconds: float | None
    port: int | None
    tell: Callable[[scenes.Scene], None]


@dataclass(slots=True)
class _Memory:
    """What happened so far."""

    messages: Counter[str] = field(default_factory=Counter)
    standings: dict[str, scenes.Standing] = field(default_factory=dict)
    untold: list[scenes.Arrived] = field(default_factory=list)


def perform(show: Show) -> None:
    """Show the city until the time is up, or Ctrl-C or SIGTERM; leave nothing behind.

    Raise CannotShow when the port is taken or the daemon does not run.
    """
    with _folder() as folder:
        try:
            asyncio.run(_perform(show, Place(folder=folder)))
        except NotRunning as error:
            raise CannotShow(str(error)) from None


async def _perform(show: Show, place: Place) -> None:
    stopping, memory = _stopping(), _Memory()
    collector = Collector(lambda message: _take(message, memory), time.time)
    port = _port(show.port)
    async with open_town(place.folder, collector) as town:
        write_configuration(place, {**town.ports, "listen": port}, collector.secret)
        async with daemon(place) as running:
            await _unless(stopping, running.ready())
            if stopping.is_set():
                return
            began_at = datetime.now(UTC)
            show.tell(_opened(place, port))
            await _watched(show, town, running, memory, stopping)
        _tell_messages(show, memory)
        show.tell(
            scenes.Ended(
                began_at=began_at,
                ended_at=datetime.now(UTC),
                config=place.config,
                messages=memory.messages,
                forged=collector.forged,
            )
        )


async def _watched(
    show: Show, town: Town, running: Daemon, memory: _Memory, stopping: asyncio.Event
) -> None:
    """Play the story and tell what the daemon makes of it, until it is time to stop."""
    async with (
        _beside(_play(show, town)) as playing,
        _beside(_look(show, running, memory)) as looking,
        _beside(stopping.wait()) as stopped,
    ):
        tasks = [playing, looking, stopped]
        done, _ = await asyncio.wait(
            tasks, timeout=show.seconds, return_when=asyncio.FIRST_COMPLETED
        )
        for task in done:
            task.result()


async def _play(show: Show, town: Town) -> None:
    began = time.monotonic()
    for turn in turns(pace(show.seconds)):
        await asyncio.sleep(began + turn.at - time.monotonic())
        show.tell(scenes.Turned(at=datetime.now(UTC), turn=turn))
        await town.suffer(turn.trouble, begins=turn.begins)


async def _look(show: Show, running: Daemon, memory: _Memory) -> None:
    """Ask the daemon again and again, and tell what is new."""
    began = time.monotonic()
    while True:
        document = await running.status()
        now = list(scenes.standings(document)) if document else []
        changed = [each for each in now if each.differs(memory.standings.get(each.name))]
        memory.standings |= {each.name: each for each in changed}
        if changed:
            show.tell(scenes.Changed(at=datetime.now(UTC), standings=changed))
        _tell_messages(show, memory)
        counts = Counter(each.status for each in memory.standings.values())
        show.tell(scenes.Ticked(seconds=time.monotonic() - began, counts=counts))
        await asyncio.sleep(_LOOK_SECONDS)


def _take(message: Message, memory: _Memory) -> None:
    memory.messages[message.type] += 1
    memory.untold.append(scenes.Arrived(at=datetime.now(UTC), message=message))


def _tell_messages(show: Show, memory: _Memory) -> None:
    """Tell what arrived, after the change that it is about."""
    while memory.untold:
        show.tell(memory.untold.pop(0))


def _opened(place: Place, port: int) -> scenes.Opened:
    url = f"http://127.0.0.1:{port}"
    return scenes.Opened(
        page_url=f"{url}/", metrics_url=f"{url}/metrics", config=place.config, log=place.log
    )


def _stopping() -> asyncio.Event:
    """Return what Ctrl-C, SIGTERM and the end of a terminal set. A second one hurries nothing."""
    event = asyncio.Event()
    for each in _SIGNALS:
        asyncio.get_running_loop().add_signal_handler(each, event.set)
    return event


async def _unless(stopping: asyncio.Event, work: Coroutine[Any, Any, None]) -> None:
    """Do `work`, or as much of it as there is time for."""
    async with _beside(work) as working, _beside(stopping.wait()) as stopped:
        done, _ = await asyncio.wait([working, stopped], return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()


@asynccontextmanager
async def _beside(work: Coroutine[Any, Any, Any]) -> AsyncIterator["asyncio.Task[Any]"]:
    """Do `work` meanwhile; what isn't done at the end is left."""
    task = asyncio.ensure_future(work)
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _port(wanted: int | None) -> int:
    reason: str | None = None
    for port in (USUAL_PORT, 0) if wanted is None else (wanted,):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                tried.bind(("127.0.0.1", port))
            except OSError as error:
                reason = error.strerror
                continue
            found: int = tried.getsockname()[1]
            return found
    raise CannotShow(f"port {wanted} of 127.0.0.1: {reason}")


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="pantau-demo-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
