"""The tasks: one courier a receiver, woken by commits, and a clean stop."""

import asyncio
from contextlib import asynccontextmanager

from monitor.alerting.courier import ATTEMPT_SECONDS
from monitor.alerting.dispatcher import Dispatcher
from monitor.domain.alert import AlertType
from monitor.ports import DeliveryState
from tests.fakes import RecordingNotifier, an_alert
from tests.unit.alerting.world import World

PATIENCE_SECONDS = 30  # reached only when the promise is broken


class Held(RecordingNotifier):
    """Answers when it is let go, and says when it was called and when it had answered."""

    def __init__(self) -> None:
        super().__init__()
        self.called = asyncio.Event()
        self.let_go = asyncio.Event()
        self.answered = asyncio.Event()

    async def notify(self, row_id, body, now):
        self.called.set()
        await self.let_go.wait()
        await super().notify(row_id, body, now)
        self.answered.set()


def prompt() -> Held:
    notifier = Held()
    notifier.let_go.set()
    return notifier


@asynccontextmanager
async def running(world):
    task = asyncio.create_task(world.dispatcher.run())
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_hanging_receiver_delays_no_other():
    """While one receiver hangs, messages to the others go out."""
    hanging, other = Held(), prompt()
    world = World(hanging=hanging, other=other)
    world.fires("A")
    async with running(world):
        await hanging.called.wait()
        await other.answered.wait()
        other.answered.clear()
        world.fires("B", "other")
        world.dispatcher.wake()
        await other.answered.wait()

    assert len(other.delivered) == 2
    assert world.telemetry.of("notification_failed") == []  # the first attempt still hangs


async def test_attempt_is_bounded_as_a_whole():
    """A notifier that never returns is cut off, and its message is tried again."""
    hanging = Held()
    world = World(oncall=hanging)
    row = world.fires("A")
    world.dispatcher = Dispatcher(
        world.outbox, world.notifiers, world.clock, world.telemetry, attempt_seconds=0.01
    )
    await asyncio.wait_for(world.settles(), PATIENCE_SECONDS)

    assert ATTEMPT_SECONDS == 15
    assert world.outbox.rows[row].attempts == 1
    assert world.telemetry.of("notification_failed") == [
        {"receiver": "oncall", "reason": "timeout"}
    ]


async def test_woken_by_a_commit():
    """A message that is committed while the dispatcher rests goes out when it is woken."""
    oncall = prompt()
    world = World(oncall=oncall)
    async with running(world):
        await asyncio.sleep(0)
        world.fires("A")
        world.dispatcher.wake()
        await oncall.answered.wait()

    assert len(oncall.delivered) == 1


async def test_notice_reaches_the_other_receiver():
    """What is told of a lost message goes out at once."""
    other = prompt()
    world = World(other=other)
    world.fires("A", "no-longer-there")
    async with running(world):
        await other.answered.wait()

    assert b"self.undelivered no-longer-there" in other.delivered[0].body


async def test_no_reader_of_reports_is_told_of_lost_messages():
    """What a receiver does not get is told to receivers alone, and to no reader of reports."""
    reader, other = prompt(), prompt()
    reader.attempt_seconds = 1.0
    world = World(reader=reader, other=other)
    world.fires("A", "no-longer-there")
    async with running(world):
        await other.answered.wait()

    assert b"self.undelivered no-longer-there" in other.delivered[0].body
    assert reader.attempts == []


async def test_receiver_added_while_running():
    """A reload that adds a receiver brings it its messages without a restart."""
    added = prompt()
    world = World(oncall=prompt())
    async with running(world):
        await asyncio.sleep(0)
        world.dispatcher.replace_notifiers({**world.notifiers, "added": added})
        world.fires("A", "added")
        world.dispatcher.wake()
        await added.answered.wait()

    assert len(added.delivered) == 1


async def test_stop_in_flight_repeats_the_message():
    """An attempt that a stop cuts short is made again after the start: at least once."""
    hanging = Held()
    world = World(oncall=hanging)
    row = world.fires("A")
    async with running(world) as task:
        await hanging.called.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    assert task.cancelled()
    assert world.outbox.state(row) is DeliveryState.PENDING
    assert world.outbox.rows[row].body is not None


async def test_stop_settles_what_was_delivered():
    """A message that was delivered just before the stop is settled, and not sent again."""
    oncall = prompt()
    world = World(oncall=oncall)
    row = world.fires("A")
    store_is_busy = asyncio.Event()
    settle = world.outbox.settle

    async def settle_slowly(row_id, settlement):
        if not store_is_busy.is_set():
            store_is_busy.set()
            await asyncio.Event().wait()
        await settle(row_id, settlement)

    world.outbox.settle = settle_slowly
    async with running(world) as task:
        await store_is_busy.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    assert world.outbox.state(row) is DeliveryState.DELIVERED


async def test_outbox_that_cannot_be_read_is_read_later():
    """A store that fails to read the outbox is asked again; nothing is skipped."""
    world = World(oncall=RecordingNotifier())
    world.tells(an_alert(AlertType.FIRING))
    world.outbox.broken = True
    wait = await world.dispatcher.take_in()
    world.outbox.broken = False
    await world.settles()

    assert wait == 5
    assert len(world.notifiers["oncall"].delivered) == 1
