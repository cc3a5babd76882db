"""A wait that ends the moment it is told to."""

import asyncio

import pytest

from monitor.net.wakeup import Wakeup


async def test_the_task_goes_on_at_once():
    """The waiting task runs inside the call that wakes it, not a turn of the loop later."""
    loop = asyncio.get_running_loop()
    wakeup, told = Wakeup(loop), []

    async def wait():
        await wakeup
        told.append("went on")

    task = loop.create_task(wait())
    await asyncio.sleep(0)
    loop.call_soon(lambda: (wakeup.wake(), told.append("after wake")))
    await task

    assert told == ["went on", "after wake"]


async def test_waking_before_the_wait_and_twice():
    """A wakeup that came before the wait ends it; a second one is nothing."""
    wakeup = Wakeup(asyncio.get_running_loop())
    wakeup.wake()
    wakeup.wake()

    await wakeup


async def test_cancellation_gets_out():
    """Cancelling the task ends the wait with CancelledError, and later wakeups are nothing."""
    loop = asyncio.get_running_loop()
    wakeup = Wakeup(loop)

    async def wait():
        await wakeup

    task = loop.create_task(wait())
    await asyncio.sleep(0)
    task.cancel()
    loop.call_soon(wakeup.wake)
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_cancelled_and_woken_in_one_turn():
    """A task that is woken first goes on; the cancellation meets its next wait."""
    loop = asyncio.get_running_loop()
    wakeup = Wakeup(loop)
    went_on = []

    async def wait():
        await wakeup
        went_on.append(True)
        await asyncio.sleep(0)

    task = loop.create_task(wait())
    await asyncio.sleep(0)
    loop.call_soon(wakeup.wake)
    loop.call_soon(task.cancel)
    with pytest.raises(asyncio.CancelledError):
        await task

    assert went_on == [True]


async def test_timeouts_of_asyncio_work_on_it():
    """asyncio.timeout, which cancels, ends such a wait like any other."""
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await Wakeup(asyncio.get_running_loop())
