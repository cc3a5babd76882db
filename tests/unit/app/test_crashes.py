import asyncio
import signal
from types import SimpleNamespace

import pytest

from monitor.app.daemon import Crashes, _recording
from monitor.engine.board import Board
from tests.fakes import FakeClock


class Broken:
    """A recorder that dies of something that nobody foresaw."""

    waiting = 3

    async def run(self) -> None:
        raise RuntimeError

    async def drain(self) -> None:
        """Have nothing to write."""


class Silent:
    """A pipeline that records nothing."""

    def snapshot(self, *_: object) -> None:
        """Store nothing."""

    mark = snapshot


class Unsigning:
    """A notary that has nothing signed."""

    async def sign(self) -> None:
        """Have nothing signed."""


@pytest.fixture
async def terminated():
    """Return an event that is set when the process asks itself to stop."""
    event, loop = asyncio.Event(), asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, event.set)
    yield event
    loop.remove_signal_handler(signal.SIGTERM)


async def test_daemon_stops_when_nothing_is_written_any_more(terminated):
    """A recorder that dies stops the daemon: alerts would pile up in memory and never be told."""
    crashes = Crashes()
    parts = SimpleNamespace(
        recorder=Broken(),
        timeline=FakeClock(),
        board=Board(),
        pipeline=Silent(),
        notary=Unsigning(),
    )
    async with _recording(parts, crashes):
        async with asyncio.timeout(5):
            await terminated.wait()

    assert crashes.parts == ["recorder"]


async def test_part_that_is_stopped_is_no_crash(terminated):
    """A part that is cancelled because the daemon stops did not crash."""
    crashes, faults = Crashes(), []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context))
    task = asyncio.create_task(asyncio.Event().wait())
    crashes.watch(task)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await asyncio.sleep(0)

    assert (crashes.parts, faults) == ([], [])
    assert not terminated.is_set()
