"""The store and the outbox over one database: `monitor.ports.Store` and `monitor.ports.Outbox`."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import structlog
from sqlalchemy import Connection

from monitor.domain.alert import Notification
from monitor.domain.correction import CorrectionRecord
from monitor.domain.deadletter import DeadLetter, LettersSought
from monitor.domain.instant import microseconds
from monitor.domain.reportfiling import ReportFiling
from monitor.domain.windowrecord import WindowRecord
from monitor.ledger.note import Signer
from monitor.ledger.tree import leaf_hash
from monitor.ports import Change, OutboxRow, Restored, Settlement, StoreError
from monitor.store.corrections import correction_records
from monitor.store.deadletters import dead_counts, dead_letters
from monitor.store.filings import filings
from monitor.store.groups import Figures, Groups
from monitor.store.ledger import Ledger, Signing, entries, newest_note
from monitor.store.restore import first_receipt, pending_rows, restored
from monitor.store.retention import drop_samples
from monitor.store.rows import Cosigned, Enqueued, Frozen, HandOver, Settled, Sign
from monitor.store.sealjob import Paces, seal_hours
from monitor.store.stories import notes_about
from monitor.store.tender import Tender
from monitor.store.windows import window_records
from monitor.store.writer import Numbered, Writer, Written

log = structlog.get_logger()

T = TypeVar("T")

GROUP_COMMIT_SECONDS = 0.2
QUEUE_CHANGES = 20_000


class SqlStore:
    """One writer in a thread of its own, behind one queue. Made by `open_store`."""

    def __init__(self, groups: Groups, writer: "_Threaded", now: Callable[[], datetime]) -> None:
        self._groups = groups
        self._writer = writer
        self._now = now
        self._tender = Tender(writer.tend)

    @property
    def figures(self) -> Figures:
        """What the store has counted so far."""
        return self._groups.figures

    async def restore(self) -> Restored:
        """Return what is remembered. Call it before the first commit. Raise StoreError."""
        now = self._now()
        return await self._writer.read(lambda c: restored(c, self._writer.vantage, now))

    async def commit(self, change: Change) -> None:
        """Write `change` in one transaction, or raise StoreError.

        Return when it is durable if it is urgent, else when it is queued. Changes are written
        in the order of these calls. A change that was refused may be offered again: what of it
        is there already stays as it is.
        """
        job = Enqueued(change=change, at=self._now())
        await self._groups.add(job, wait=change.urgent)

    async def pending(self, after: int = 0) -> Sequence[OutboxRow]:
        """Return every pending row whose number is over `after`, oldest first."""
        return await self._writer.read(lambda c: pending_rows(c, after))

    async def enqueue(self, notifications: Sequence[Notification], at: datetime) -> None:
        """Add rows, due `at`; one whose id is there already stays as it is. Durable on return."""
        change = Change(notifications=tuple(notifications))
        await self._groups.add(Enqueued(change=change, at=at), wait=True)

    async def freeze(self, row_id: str, body: bytes) -> None:
        """Store the body that every attempt will send; the first one stays. Durable on return."""
        await self._groups.add(Frozen(row_id, body), wait=True)

    async def settle(self, row_id: str, settlement: Settlement) -> None:
        """Store how an attempt ended; a final state stays. Durable when it returns."""
        await self._groups.add(Settled(row_id, settlement), wait=True)

    async def receipt(self, receiver: str, incident: str) -> str | None:
        """Return the receipt of the first message about an incident that `receiver` got."""
        return await self._writer.read(lambda c: first_receipt(c, receiver, incident))

    async def dead(self) -> Mapping[str, int]:
        """Return how many rows of each receiver were given up, where any were."""
        return await self._writer.read(dead_counts)

    async def dead_letters(self, sought: LettersSought) -> Sequence[DeadLetter]:
        """Return the messages that were given up and are looked for, in the order of the outbox."""
        return await self._writer.read(lambda c: dead_letters(c, sought))

    async def windows(self, since: datetime | None) -> tuple[WindowRecord, ...]:
        """Return the maintenance windows that were not over at `since`; all of them for None."""
        return await self._writer.read(lambda c: window_records(c, since))

    async def corrections(self) -> tuple[CorrectionRecord, ...]:
        """Return every correction that was ever made, in order."""
        return await self._writer.read(correction_records)

    async def filings(self, name: str) -> tuple[ReportFiling, ...]:
        """Return what was filed of the version of a report, in order."""
        return await self._writer.read(lambda c: tuple(filings(c, name)))

    async def notes_about(self, incident: str) -> int | None:
        """Return how many notes there are about an incident, None where there is no incident."""
        return await self._writer.read(lambda c: notes_about(c, incident))

    async def sign(self) -> str | None:
        """Sign what the ledger holds by now, and return the newest checkpoint, a signed note.

        None without a signer, and where nothing was ever signed. Raise StoreError.
        """
        await self._groups.add(Sign(self._now()), wait=True)
        return await self.newest_note()

    async def newest_note(self) -> str | None:
        """Return the newest checkpoint, None where nothing was ever signed. Raise StoreError."""
        return await self._writer.read(newest_note)

    async def seal(self, last: int, paces: Paces) -> int:
        """Seal all hours (counted from 1970, UTC) up to `last`; return how many that were.

        Raise StoreError. What was not done then is done by the next call.
        """
        return await seal_hours(self._tender, paces, last)

    async def drop_samples(self, before: int) -> int:
        """Delete samples of sealed hours before `before`, and give back the space they took.

        Return of how many hours that was: 48 at most, the oldest ones. Raise StoreError.
        """
        count = await drop_samples(self._tender, before, microseconds(self._now()))
        while await self._writer.give_back():
            await self._tender.rest()
        return count

    async def ledger_leaves(self, start: int, end: int) -> Sequence[bytes]:
        """Return the hashes of the entries [start, end) of the ledger. Raise StoreError."""
        return await self._writer.read(
            lambda c: [leaf_hash(body) for _, body in entries(c, start, end)]
        )

    async def cosign(self, size: int, note: str) -> None:
        """Keep a checkpoint with the cosignatures that it has got. Raise StoreError."""
        await self._groups.add(Cosigned(size, note), wait=True)

    async def hand_over(self, successor: Signer, by: str) -> str | None:
        """Have `successor` sign the ledger from here on; return the newest checkpoint.

        It is signed by `successor` too, unless the ledger is not signed any more. Raise StoreError.
        """
        await self._groups.add(HandOver(successor, by, self._now()), wait=True)
        return await self.newest_note()


@asynccontextmanager
async def open_store(
    place: str | Path,
    *,
    vantage: str,
    group_commit: float = GROUP_COMMIT_SECONDS,
    queue: int = QUEUE_CHANGES,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    failed: Callable[[], None] = lambda: None,
    reached: Callable[[str], None] = lambda _: None,
    set_aside: Callable[[Path], None] = lambda _: None,
    upgrading: bool = True,
    signing: Signing | None = None,
) -> AsyncIterator[SqlStore]:
    """Open the store in a data directory, or at the URL of a database server.

    `group_commit` is in seconds, `queue` in changes; `failed` is called for each group that
    could not be written; `reached` is told, in the writer's thread, where the writer stands,
    and so is `set_aside`, as what a database is kept that was damaged.
    Without `upgrading` a database of an earlier release is refused. `signing` is by what the
    ledger is signed; it is kept in any case.
    Everything queued is written at the end. Raise StoreError when the database can't be opened,
    and at the end when something could not be written.
    """
    writer = _Threaded(
        Writer(place, vantage, reached, told_aside=set_aside, upgrading=upgrading, signing=signing),
        vantage,
    )
    try:
        sequence = await writer.open()
        groups = Groups(
            writer.write,
            writer.tidy,
            sequence=sequence,
            delay=group_commit,
            limit=queue,
            failed=failed,
        )
        running = asyncio.create_task(groups.run(), name="store")
        try:
            yield SqlStore(groups, writer, now)
        finally:
            groups.close()
            await running
            if lost := groups.abandoned():
                log.error("store.abandoned", changes=lost)
        if lost:
            raise StoreError(f"{lost} changes could not be written before the end")
    finally:
        await writer.close()


class _Threaded:
    """The writer, each of whose methods runs in its one thread."""

    def __init__(self, writer: Writer, vantage: str) -> None:
        self.vantage = vantage
        self._writer = writer
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="store")

    async def open(self) -> int:
        return await self._run(self._writer.open)

    async def write(self, group: Sequence[Numbered]) -> Written:
        return await self._run(lambda: self._writer.write(group))

    async def tidy(self) -> None:
        await self._run(self._writer.tidy)

    async def read(self, question: Callable[[Connection], T]) -> T:
        return await self._run(lambda: self._writer.read(question))

    async def tend(self, work: Callable[[Connection, Ledger], T]) -> T:
        return await self._run(lambda: self._writer.tend(work))

    async def give_back(self) -> bool:
        return await self._run(self._writer.give_back)

    async def close(self) -> None:
        with suppress(StoreError):
            await self._run(self._writer.close)
        self._thread.shutdown(wait=False)

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)
