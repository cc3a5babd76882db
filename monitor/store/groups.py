"""Group commit: when the queue is written, who waits for it, and what happens while it fails."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice

import structlog

from monitor.ports import StoreError
from monitor.store.rows import Job
from monitor.store.writer import Numbered, Written

log = structlog.get_logger()

_GROUP_JOBS = 1000
_RETRY_SECONDS = (0.1, 0.2, 0.5, 1.0)


@dataclass(slots=True, kw_only=True)
class Figures:
    """What the store counts: durable `sequence`, jobs `queued` now, and totals of the rest.

    `conflicts` are observations that were there already, `waits` are callers held up by a full
    queue, `failures` failed attempts, `refused` jobs whose rows can't be stored, `dropped` jobs
    that found the queue full while the database failed.
    """

    sequence: int = 0
    queued: int = 0
    conflicts: int = 0
    waits: int = 0
    failures: int = 0
    refused: int = 0
    dropped: int = 0


@dataclass(slots=True, kw_only=True)
class _Entry:
    numbered: Numbered
    queued_at: float
    done: asyncio.Future[None] | None
    room: asyncio.Future[None] | None = None


class Groups:
    """A queue whose jobs are written together: `delay` seconds after the oldest one, or at once
    when somebody waits. Who comes while a group is being written shares the next one.

    `write` writes a group or raises StoreError; `tidy` runs after it, when nobody waits for it.
    While `write` fails, jobs stay, up to `limit`; those that somebody waits for are given back
    to whom they belong, with a StoreError, after each failed attempt.
    """

    def __init__(
        self,
        write: Callable[[Sequence[Numbered]], Awaitable[Written]],
        tidy: Callable[[], Awaitable[None]],
        *,
        sequence: int,
        delay: float,
        limit: int,
        failed: Callable[[], None],
        retry_seconds: Sequence[float] = _RETRY_SECONDS,
    ) -> None:
        self.figures = Figures(sequence=sequence)
        self._write = write
        self._tidy = tidy
        self._delay = delay
        self._limit = limit
        self._failed = failed
        self._retry_seconds = retry_seconds
        self._last = sequence
        self._entries: deque[_Entry] = deque()
        self._waited_for = 0
        self._arrived = asyncio.Event()
        self._hurry = asyncio.Event()
        self._failures = 0
        self._closing = False

    async def add(self, job: Job, *, wait: bool) -> None:
        """Queue `job`. Return when it is durable if `wait`, else as soon as there is room for it.

        Raise StoreError when it can't be kept: its rows are at fault, the database fails and
        the queue is full, or (with `wait`) it could not be written now.
        """
        entry = self._entry(job, wait=wait)
        if entry.room is not None:
            await entry.room
        if entry.done is not None:
            await entry.done

    async def run(self) -> None:
        """Write groups until `close`, and then what is left."""
        while await self._ripe():
            await self._write_group()
            if self._failures and not await self._pause():
                return

    def close(self) -> None:
        """Take in nothing more, and let `run` end when everything is written or can't be."""
        self._closing = True
        self._arrived.set()
        self._hurry.set()

    def abandoned(self) -> int:
        """Give up what is still queued, and return how many jobs that are."""
        count = len(self._entries)
        while self._entries:
            _settle(
                self._entries.popleft(), StoreError("the store was closed before it was written")
            )
        self._count_queued()
        return count

    def _entry(self, job: Job, *, wait: bool) -> _Entry:
        if self._closing:
            raise StoreError("the store is closed")
        loop = asyncio.get_running_loop()
        is_full = len(self._entries) >= self._limit
        if is_full and self._failures:
            self.figures.dropped += 1
            raise StoreError("the database fails, and the queue in front of it is full")
        self._last += 1
        entry = _Entry(
            numbered=Numbered(self._last, job),
            queued_at=loop.time(),
            done=loop.create_future() if wait else None,
            room=loop.create_future() if is_full else None,
        )
        self._entries.append(entry)
        self.figures.waits += is_full
        self._waited_for += wait
        self._count_queued()
        self._arrived.set()
        if wait or is_full:
            self._hurry.set()
        return entry

    async def _ripe(self) -> bool:
        """Return True when a group is due, False when there will be none any more."""
        while not self._entries:
            if self._closing:
                return False
            self._arrived.clear()
            await self._arrived.wait()
        due = self._entries[0].queued_at + self._delay
        if not (self._waited_for or self._closing or len(self._entries) >= self._limit):
            self._hurry.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout_at(due):
                    await self._hurry.wait()
        return True

    async def _write_group(self) -> None:
        group = list(islice(self._entries, _GROUP_JOBS))
        numbered = [entry.numbered for entry in group]
        try:
            try:
                written = await self._attempt(numbered)
            except StoreError:
                # Once more on a fresh connection, which also tells whether it was written.
                written = await self._attempt(numbered)
        except StoreError as error:
            self._keep(error)
            return
        self._acknowledge(group, written)
        try:
            await self._tidy()
        except StoreError as error:
            log.warning("store.untidy", detail=str(error))
        except Exception:
            log.exception("store.untidy")

    async def _attempt(self, group: Sequence[Numbered]) -> Written:
        try:
            return await self._write(group)
        except Exception as error:
            self.figures.failures += 1
            self._failed()
            if isinstance(error, StoreError):
                raise
            log.exception("store.broken")
            raise StoreError(f"the store broke: {error}") from error

    def _acknowledge(self, group: Sequence[_Entry], written: Written) -> None:
        if self._failures:
            log.info("store.recovered", attempts=self._failures, queued=len(self._entries))
        self._failures = 0
        for entry in group:
            self._entries.popleft()
            self._waited_for -= entry.done is not None
            _settle(entry, self._refusal(entry, written))
        for entry in islice(self._entries, self._limit):
            if entry.room is not None and not entry.room.done():
                entry.room.set_result(None)
        self.figures.conflicts += written.conflicts
        self.figures.sequence = max(self.figures.sequence, written.sequence)
        self._count_queued()
        log.debug("store.committed", sequence=written.sequence, changes=len(group))

    def _refusal(self, entry: _Entry, written: Written) -> StoreError | None:
        error = written.refused.get(entry.numbered.sequence)
        if error is None:
            return None
        self.figures.refused += 1
        log.error("store.refused", detail=str(error), exc_info=error)
        return StoreError(f"its rows can't be stored: {error}", permanent=True)

    def _keep(self, error: StoreError) -> None:
        """Give back what somebody waits for or what has no room; keep the rest, in order."""
        if not self._failures:
            log.error("store.failed", detail=str(error), queued=len(self._entries))
        self._failures += 1
        kept: deque[_Entry] = deque()
        for entry in self._entries:
            if entry.done is None and len(kept) < self._limit:
                kept.append(entry)
                if entry.room is not None and not entry.room.done():
                    entry.room.set_result(None)
            else:
                _settle(entry, error)
        self._entries = kept
        self._waited_for = 0
        self._count_queued()

    async def _pause(self) -> bool:
        """Wait before the next attempt. Return False when the store is closing instead."""
        seconds = self._retry_seconds[min(self._failures, len(self._retry_seconds)) - 1]
        until = asyncio.get_running_loop().time() + seconds
        while not self._closing:
            self._hurry.clear()
            try:
                async with asyncio.timeout_at(until):
                    await self._hurry.wait()
            except TimeoutError:
                return True
        return False

    def _count_queued(self) -> None:
        self.figures.queued = len(self._entries)


def _settle(entry: _Entry, error: StoreError | None) -> None:
    """Tell whoever waits for `entry` how it ended, unless they have gone."""
    for future in (entry.room, entry.done):
        if future is None or future.done():
            continue
        if error is None:
            future.set_result(None)
        elif future is entry.room and entry.done is not None:
            future.set_result(None)  # the other one says it
        else:
            future.set_exception(error)
