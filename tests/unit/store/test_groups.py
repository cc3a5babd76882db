import asyncio
from collections.abc import Sequence
from contextlib import asynccontextmanager

import pytest

from monitor.ports import Change, StoreError
from monitor.store.groups import Groups
from monitor.store.rows import Enqueued, Frozen
from monitor.store.writer import Numbered, Written
from tests.fakes import NOON

JOB = Enqueued(change=Change(), at=NOON)
HOURS = 3600.0


class Disk:
    """Writes what it is given, when it is let; fails as often as it is told to."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.attempts = 0
        self.failures = 0
        self.error: Exception = StoreError("disk full")
        self.refused: dict[int, Exception] = {}
        self.may_write = asyncio.Event()
        self.may_write.set()
        self.has_written = asyncio.Event()
        self.has_failed_twice = asyncio.Event()

    async def write(self, group: Sequence[Numbered]) -> Written:
        self.attempts += 1
        await self.may_write.wait()
        if self.failures:
            self.failures -= 1
            if self.attempts > 1:
                self.has_failed_twice.set()
            raise self.error
        self.groups.append([each.sequence for each in group])
        self.has_written.set()
        return Written(sequence=group[-1].sequence, refused=self.refused)

    async def tidy(self) -> None:
        pass


@asynccontextmanager
async def grouping(disk: Disk, *, delay: float = 0.0, limit: int = 100):
    groups = Groups(
        disk.write,
        disk.tidy,
        sequence=0,
        delay=delay,
        limit=limit,
        failed=lambda: None,
        retry_seconds=(0.0,),
    )
    running = asyncio.create_task(groups.run())
    yield groups
    disk.may_write.set()
    groups.close()
    await running
    groups.abandoned()


def waiter(groups: Groups, job=JOB) -> asyncio.Task[None]:
    return asyncio.create_task(groups.add(job, wait=True))


async def turns(count: int = 30) -> None:
    """Let everything run that can."""
    for _ in range(count):
        await asyncio.sleep(0)


async def test_waiter_returns_after_the_write():
    """Who waits is told after the group is written, never before."""
    disk = Disk()
    disk.may_write.clear()
    async with grouping(disk) as groups:
        waiting = waiter(groups)
        await turns()
        was_told = waiting.done()
        disk.may_write.set()
        await waiting

    assert not was_told
    assert disk.groups == [[1]]


async def test_who_does_not_wait_is_held_up_by_no_disk():
    """Without a waiter, adding returns although the disk hangs."""
    disk = Disk()
    disk.may_write.clear()
    async with grouping(disk) as groups:
        await groups.add(JOB, wait=False)
        await turns()
        await groups.add(JOB, wait=False)
        queued = groups.figures.queued

    assert queued == 2


async def test_plain_jobs_gather_until_somebody_waits():
    """Jobs gather for the delay; the first waiter has them all written, in order of arrival."""
    disk = Disk()
    async with grouping(disk, delay=HOURS) as groups:
        for _ in range(3):
            await groups.add(JOB, wait=False)
        await turns()
        early = list(disk.groups)
        await groups.add(JOB, wait=True)

    assert early == []
    assert disk.groups == [[1, 2, 3, 4]]


async def test_group_is_written_after_the_delay():
    """Without a waiter, a group is written when its oldest job has waited for the delay."""
    disk = Disk()
    async with grouping(disk, delay=0.0) as groups:
        await groups.add(JOB, wait=False)
        await disk.has_written.wait()

    assert disk.groups == [[1]]


async def test_waiters_during_a_commit_share_the_next():
    """Waiters who come while a group is being written are all served by one commit."""
    disk = Disk()
    disk.may_write.clear()
    async with grouping(disk) as groups:
        first = waiter(groups)
        await turns()
        others = [waiter(groups) for _ in range(5)]
        await turns()
        disk.may_write.set()
        await asyncio.gather(first, *others)

    assert disk.groups == [[1], [2, 3, 4, 5, 6]]


async def test_one_failure_is_nobodys_business():
    """A write that succeeds at the second attempt is a success for everybody."""
    disk = Disk()
    disk.failures = 1
    async with grouping(disk) as groups:
        await groups.add(JOB, wait=True)

    assert disk.groups == [[1]]
    assert groups.figures.failures == 1


async def test_failure_reaches_waiters_and_keeps_the_rest():
    """While the disk fails, waiters get a StoreError; what nobody waits for is written later."""
    disk = Disk()
    disk.failures = 2
    async with grouping(disk, delay=HOURS) as groups:
        await groups.add(JOB, wait=False)
        with pytest.raises(StoreError, match="disk full"):
            await groups.add(JOB, wait=True)
        await groups.add(JOB, wait=True)

    assert disk.groups in ([[1, 3]], [[1], [3]])


async def test_bug_in_the_writer_is_a_store_error():
    """Whatever breaks in the writer, who waits is told, and the queue goes on."""
    disk = Disk()
    disk.failures, disk.error = 2, RuntimeError("bug")
    async with grouping(disk) as groups:
        with pytest.raises(StoreError, match="bug"):
            await groups.add(JOB, wait=True)
        await groups.add(JOB, wait=True)

    assert disk.groups == [[2]]


async def test_full_queue_holds_up():
    """A full queue holds up who adds to it until there is room, and counts it."""
    disk = Disk()
    disk.may_write.clear()
    async with grouping(disk, limit=2) as groups:
        for _ in range(2):
            await groups.add(JOB, wait=False)
        third = asyncio.create_task(groups.add(JOB, wait=False))
        await turns()
        was_held = not third.done()
        disk.may_write.set()
        await third

    assert was_held
    assert groups.figures.waits == 1
    assert [number for group in disk.groups for number in group] == [1, 2, 3]


async def test_full_queue_of_a_failing_disk_refuses():
    """While the disk fails, a full queue refuses at once rather than hold up a probe; counted."""
    disk = Disk()
    disk.failures = 1000
    async with grouping(disk, limit=2) as groups:
        await groups.add(JOB, wait=False)
        await groups.add(JOB, wait=False)
        await disk.has_failed_twice.wait()
        await turns()
        with pytest.raises(StoreError, match="full"):
            await groups.add(JOB, wait=False)
        disk.failures = 0

    assert groups.figures.dropped == 1
    assert [number for group in disk.groups for number in group] == [1, 2]


async def test_rows_at_fault_concern_their_job_alone():
    """A job whose rows can't be stored is refused; the others of its group are written."""
    disk = Disk()
    disk.may_write.clear()
    disk.refused = {2: ValueError("not a number")}
    async with grouping(disk, delay=HOURS) as groups:
        good, bad = waiter(groups), waiter(groups, Frozen("row", b""))
        await turns()
        disk.may_write.set()
        results = await asyncio.gather(good, bad, return_exceptions=True)

    assert results[0] is None
    assert isinstance(results[1], StoreError)
    assert results[1].permanent
    assert groups.figures.refused == 1


async def test_close_writes_what_is_queued():
    """At the end everything queued is written, and nothing more is taken in."""
    disk = Disk()
    async with grouping(disk, delay=HOURS) as groups:
        await groups.add(JOB, wait=False)
    with pytest.raises(StoreError, match="closed"):
        await groups.add(JOB, wait=False)

    assert disk.groups == [[1]]


async def test_close_gives_up_on_a_failing_disk():
    """A disk that fails at the end doesn't keep the daemon from ending."""
    disk = Disk()
    disk.failures = 1000
    groups = Groups(disk.write, disk.tidy, sequence=0, delay=HOURS, limit=9, failed=lambda: None)
    running = asyncio.create_task(groups.run())
    await groups.add(JOB, wait=False)
    groups.close()
    await running

    assert groups.abandoned() == 1
