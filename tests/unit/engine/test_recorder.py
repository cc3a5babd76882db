import asyncio
from contextlib import asynccontextmanager
from dataclasses import fields, replace

import pytest

from monitor.domain.alert import addressed
from monitor.domain.incident import Incident
from monitor.domain.service import ServiceId
from monitor.domain.state import CheckState
from monitor.engine.recorder import Recorder, WriteThrough, gathered, taken_apart
from monitor.ports import Change, Mark, MarkKind, StoreError
from tests.fakes import NOON, OK, FakeTelemetry, a_check, an_alert, observed

PLAIN = Change(observations=tuple(observed(OK)))
TOLD = Change(notifications=addressed(an_alert(), "INC1", ["oncall"]))
MARK = Change(marks=(Mark(kind=MarkKind.START, at=NOON, epoch=1),))


class Disk:
    """A store that keeps what it is given, and refuses as often as it is told to."""

    def __init__(self, refusals: int = 0) -> None:
        self.written: list[Change] = []
        self.refusals = refusals

    async def commit(self, change: Change) -> None:
        await asyncio.sleep(0)
        if self.refusals:
            self.refusals -= 1
            raise StoreError("disk full")
        self.written.append(change)


@asynccontextmanager
async def recording(disk: Disk):
    told: list[int] = []
    recorder = Recorder(disk, FakeTelemetry(), lambda: told.append(len(disk.written)))
    task = asyncio.create_task(recorder.run())
    yield recorder, told
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def test_neighbours_that_nobody_waits_for_are_joined():
    """Plain observations are written together, and never across a change that someone waits for."""
    joined = gathered([PLAIN, PLAIN, TOLD, PLAIN])

    assert [len(change.observations) for change in joined] == [2, 0, 1]


async def test_writes_in_order():
    """Changes are written in the order in which they were recorded."""
    disk = Disk()
    async with recording(disk) as (recorder, _):
        for change in (MARK, TOLD, PLAIN):
            recorder.record(change)
        await recorder.drain()

    assert disk.written == [MARK, TOLD, PLAIN]


async def test_dispatcher_hears_of_it_after_the_write():
    """The dispatcher is woken when a notification is durable, not before."""
    disk = Disk()
    async with recording(disk) as (recorder, told):
        recorder.record(TOLD)
        await recorder.drain()

    assert told == [1]


async def test_refused_changes_are_offered_again_in_order(monkeypatch):
    """What the store refuses is not lost, and what follows it does not overtake it."""
    monkeypatch.setattr("monitor.engine.recorder._RETRY_SECONDS", (0.0,))
    disk = Disk(refusals=3)
    async with recording(disk) as (recorder, _):
        for change in (TOLD, MARK):
            recorder.record(change)
        await recorder.drain()

    assert [change for change in disk.written if change in (TOLD, MARK)][-2:] == [TOLD, MARK]


async def test_alerts_are_never_dropped(monkeypatch):
    """With the queue full, plain observations are dropped and counted, an alert is not."""
    monkeypatch.setattr("monitor.engine.recorder._BOUND", 1)
    recorder = Recorder(Disk(), FakeTelemetry(), lambda: None)
    for change in (PLAIN, PLAIN, TOLD):
        recorder.record(change)

    assert recorder.dropped == 1
    assert TOLD in recorder._queue


class Picky(Disk):
    """A store that takes everything but changes with an incident."""

    async def commit(self, change: Change) -> None:
        await asyncio.sleep(0)
        if change.incidents:
            raise StoreError("datatype mismatch", permanent=True)
        self.written.append(change)


async def test_a_change_that_can_never_be_stored_holds_nothing_up():
    """What the store can never take is given up alone: every message of its change is kept."""
    disk = Picky()
    incident = Incident(id="INC1", service=ServiceId("portal"), started_at=NOON, checks=())
    second = Change(notifications=addressed(an_alert(), "INC1", ["second"]))
    bad = Change(incidents=(incident,), notifications=(*TOLD.notifications, *second.notifications))
    async with recording(disk) as (recorder, told):
        for change in (bad, MARK):
            recorder.record(change)
        async with asyncio.timeout(5):
            await recorder.drain()

    assert recorder.dropped == 1
    assert all(kept in disk.written for kept in (TOLD, second, MARK))
    assert told


async def test_a_full_disk_does_not_fill_the_memory(monkeypatch):
    """While the store refuses everything, what comes waits in the bounded queue and nowhere else."""
    monkeypatch.setattr("monitor.engine.recorder._RETRY_SECONDS", (0.0,))
    monkeypatch.setattr("monitor.engine.recorder._BOUND", 10)
    async with recording(Disk(refusals=10**6)) as (recorder, _):
        recorder.record(TOLD)
        for _ in range(200):
            recorder.record(PLAIN)
            await asyncio.sleep(0)

        assert recorder.waiting < 25
        assert recorder.dropped > 150


def test_a_check_that_comes_back_keeps_its_state():
    """What forgets a check is never joined with what remembers it: their order is the meaning."""
    check = a_check().id
    gone, back = Change(forgotten=(check,)), Change(states={check: CheckState()})

    assert gathered([back, gone, back]) == [back, gone, back]


@pytest.mark.parametrize("name", [field.name for field in fields(Change)])
def test_every_part_has_its_place(name):
    """Whatever a change holds, now or in a later release, is in one of its parts."""
    held = {"a": 1} if name in ("states", "tallies", "service_tallies") else ("a",)
    parts = taken_apart(replace(MARK, **{name: held}))

    assert [getattr(part, name) for part in parts if getattr(part, name) == held] == [held]


def test_all_of_a_change_is_in_its_parts():
    """A change that is taken apart loses nothing that it held."""
    whole = replace(
        TOLD, observations=PLAIN.observations, marks=MARK.marks, states={a_check().id: CheckState()}
    )

    for name in ("observations", "marks", "notifications"):
        parts = [each for part in taken_apart(whole) for each in getattr(part, name)]
        assert parts == list(getattr(whole, name))
    assert any(part.states == whole.states for part in taken_apart(whole))


def test_messages_come_before_what_says_that_they_are_told():
    """A crash between the parts of a change leaves no incident told of which no message is stored."""
    incident = Incident(id="INC1", service=ServiceId("portal"), started_at=NOON, checks=())
    first, second = taken_apart(replace(TOLD, incidents=(incident,)))

    assert first.notifications == TOLD.notifications
    assert second.incidents == (incident,)


async def test_a_store_that_refuses_everything_is_waited_for(monkeypatch):
    """While the store takes nothing at all, nothing is given up."""
    monkeypatch.setattr("monitor.engine.recorder._RETRY_SECONDS", (0.0,))
    disk = Disk(refusals=60)
    async with recording(disk) as (recorder, _):
        for change in (TOLD, MARK):
            recorder.record(change)
        async with asyncio.timeout(5):
            await recorder.drain()

    assert recorder.dropped == 0
    assert disk.written == [TOLD, MARK]


async def test_write_through_writes_in_order():
    """Who is soon over writes what was recorded, in order, when it is waited for."""
    disk = Disk()
    recorder = WriteThrough(disk)
    for change in (MARK, TOLD):
        recorder.record(change)
    assert disk.written == []

    await recorder.drain()
    await recorder.drain()

    assert disk.written == [MARK, TOLD]


async def test_write_through_says_what_it_cannot_write():
    """What can't be written now is refused with the reason, and not written behind one's back."""
    disk = Disk(refusals=1)
    recorder = WriteThrough(disk)
    recorder.record(MARK)
    with pytest.raises(StoreError, match="disk full"):
        await recorder.drain()

    await recorder.drain()

    assert disk.written == []
