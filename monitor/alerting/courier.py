"""Brings one receiver its messages, in order, however long the receiver is away."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import takewhile

import structlog

from monitor.alerting import notices
from monitor.alerting.backoff import LONGEST_DELAY, is_stale, settlement_after, wait_until
from monitor.alerting.merging import mergers
from monitor.alerting.settlements import Settlements, log_store_error
from monitor.domain.alert import Notification
from monitor.domain.text import visible_text
from monitor.ports import (
    LONGEST_RECEIPT,
    Clock,
    Correspondent,
    DeliveryState,
    Notifier,
    Outbox,
    OutboxRow,
    Replying,
    Settlement,
    StoreError,
    Telemetry,
    Undelivered,
)

ATTEMPT_SECONDS = 15.0
COMPLAIN_AFTER_SECONDS = 900.0
_STORE_RETRY_SECONDS = 5.0
_AFTER_BUG_SECONDS = 60.0
_LAST_WORDS_SECONDS = 2.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """What couriers share.

    `witness(name)` is one other receiver that is well, if there is one; `others(name)` are those
    to tell that messages to `name` are lost. `jitter` returns a random number in [0, 1).
    `changed` is called when rows were settled, `enqueued` when the outbox got new ones.
    `checkpoint` returns the ledger's newest one, which messages carry out of this machine.
    `attempt_seconds` bounds each attempt as a whole.
    """

    outbox: Outbox
    clock: Clock
    telemetry: Telemetry
    jitter: Callable[[], float]
    witness: Callable[[str], Sequence[str]]
    others: Callable[[str], Sequence[str]]
    changed: Callable[[], None]
    enqueued: Callable[[], None]
    checkpoint: Callable[[], str | None]
    attempt_seconds: float = ATTEMPT_SECONDS


@dataclass(slots=True, kw_only=True)
class Trouble:
    """An endpoint's failures in a row, of which `refusals` refused its oldest row for good.

    `began` is the first of them in this run of the daemon, as monotonic seconds and as wall time;
    until `rest_until` (monotonic) nothing is attempted. `told` says that others know of it.
    """

    failures: int = 0
    refusals: int = 0
    began: tuple[float, datetime] | None = None
    rest_until: float = float("-inf")
    told: bool = False


class Courier:
    """The only one who attempts and settles the rows of its receiver. One task runs it.

    Rows are read once and kept here; the outbox holds the durable copy. Only the oldest row is
    ever attempted, so that one row at a time probes an endpoint that is dead.
    """

    def __init__(self, name: str, notifier: Notifier | None, office: Office) -> None:
        """`notifier` is None when no such receiver is configured."""
        self.name = name
        self._notifier = notifier
        self._office = office
        self._rows: deque[OutboxRow] = deque()
        self._settlements = Settlements(name, office.outbox)
        self._woken = asyncio.Event()
        self._unmerged = False
        self._gone: str | None = None
        self._trouble = Trouble()

    def offer(self, rows: Sequence[OutboxRow]) -> None:
        """Take over rows that were not offered before, oldest first."""
        if not self._rows and rows[0].attempts:
            # A restart must not give a dead endpoint another burst of quick attempts.
            self._trouble.failures = max(self._trouble.failures, rows[0].attempts)
        self._rows.extend(rows)
        self._unmerged = True
        self._woken.set()

    def try_now(self) -> None:
        """Forget all backoff: what kept messages from arriving is over."""
        self._trouble = Trouble()
        if self._rows and self._rows[0].attempts:
            now = self._office.clock.now()
            self._rows[0] = replace(self._rows[0], next_attempt_at=now)
        self._woken.set()

    def reopen(self) -> None:
        """Try an endpoint now that was given up: somebody says that it is well again."""
        self._gone = None
        self.try_now()

    def serve(self, notifier: Notifier | None) -> None:
        """Deliver through `notifier` from the next attempt on; an equal one changes nothing."""
        if notifier == self._notifier:
            return
        self._notifier = notifier
        self._gone = None
        self.try_now()

    @property
    def waiting(self) -> Sequence[OutboxRow]:
        """The rows that have not arrived yet, oldest first."""
        return self._rows

    @property
    def usable(self) -> bool:
        """Say whether messages may still arrive through this receiver."""
        return self._notifier is not None and self._gone is None

    @property
    def is_on_call(self) -> bool:
        """Say whether it may be told of what others miss."""
        return self.usable and not isinstance(self._notifier, Correspondent)

    @property
    def healthy(self) -> bool:
        """Say whether the last attempt, if there was one, succeeded."""
        return self.usable and self._trouble.failures == 0

    async def run(self) -> None:
        """Deliver until cancelled."""
        try:
            while True:
                await self._sleep(await self._turn())
        finally:
            # What was delivered but not yet settled would be delivered twice.
            with suppress(TimeoutError):
                async with asyncio.timeout(_LAST_WORDS_SECONDS):
                    await self._settlements.store()

    async def deliver_due(self) -> float | None:
        """Attempt all that is due; return the seconds until more may be, None for not before
        more is offered.
        """
        while self._rows:
            if not self.usable:
                why = self._gone or "no longer configured"
                if not await self._bury(len(self._rows), why, "unusable"):
                    return _STORE_RETRY_SECONDS
                continue
            await self._merge()
            seconds = self._seconds_left()
            if seconds > 0:
                break
            if not await self._attempt():
                return _STORE_RETRY_SECONDS
            self._office.changed()
        settled = await self._settlements.store()
        if self._rows:
            seconds = self._seconds_left()
            return seconds if settled else min(seconds, _STORE_RETRY_SECONDS)
        return None if settled else _STORE_RETRY_SECONDS

    async def _turn(self) -> float | None:
        try:
            return await self.deliver_due()
        except Exception:
            log.exception("courier.failed", receiver=self.name)
            return _AFTER_BUG_SECONDS

    async def _sleep(self, seconds: float | None) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        self._woken.clear()

    def _seconds_left(self) -> float:
        """Return how long the endpoint, and its oldest row, are to be left alone."""
        clock, row = self._office.clock, self._rows[0]
        resting = self._trouble.rest_until - clock.monotonic()
        if row.attempts and self._trouble.began is not None:
            return resting  # by the monotonic clock: its stored time follows a clock that is set
        return max(resting, wait_until(row.next_attempt_at, clock.now()).total_seconds())

    async def _merge(self) -> None:
        """Let one message stand for several that nobody was told. Without a store, tell all."""
        if not self._unmerged:
            return
        self._unmerged = False
        for merger in mergers(self._rows):
            carrier = await self._frozen(merger.carrier) if merger.says_more else merger.carrier
            if carrier is None:
                continue
            now, overtaken = self._office.clock.now(), {row.id for row in merger.superseded}
            self._rows = deque(
                carrier if row.id == carrier.id else row
                for row in self._rows
                if row.id not in overtaken
            )
            self._settlements.add(
                overtaken,
                Settlement(state=DeliveryState.SUPERSEDED, at=now, detail=carrier.id),
            )

    async def _attempt(self) -> bool:
        """Attempt the oldest row. Return False if only the store kept it from being settled."""
        row = await self._frozen(self._rows[0])
        if row is None:
            return await self._bury(1, "our fault: it cannot be put into words", "payload")
        self._rows[0] = row
        began = self._office.clock.monotonic()
        outcome = await self._sent(row)
        if isinstance(outcome, Undelivered):
            return await self._failed(row, outcome)
        self._delivered(row, outcome, self._office.clock.monotonic() - began)
        await self._settlements.store()
        return True

    async def _frozen(self, row: OutboxRow) -> OutboxRow | None:
        """Return `row` with the body that every attempt sends, or None if it has none.

        A store that fails at this moment keeps nobody from being told: the body is then frozen
        in memory only, and the same alert gives the same body after a restart, or at worst one
        that answers no earlier message.
        """
        if row.body is not None or self._notifier is None:
            return row
        try:
            body = await self._body(self._notifier, row)
        except Exception:
            log.exception("notification.unspeakable", receiver=self.name, notification_id=row.id)
            return None
        try:
            await self._office.outbox.freeze(row.id, body)
        except StoreError as error:
            log_store_error(self.name, error)
        return replace(row, body=body)

    async def _body(self, notifier: Notifier, row: OutboxRow) -> bytes:
        """Return what tells of `row`, in answer to the first message about its incident."""
        alert = replace(row.alert, checkpoint=self._office.checkpoint())
        incident = alert.incident
        if incident is None or not isinstance(notifier, Replying):
            return notifier.payload(row.id, alert)
        try:
            receipt = await self._office.outbox.receipt(self.name, incident.id)
        except StoreError as error:
            log_store_error(self.name, error)
            receipt = None
        if receipt is None:
            return notifier.payload(row.id, alert)
        return notifier.reply(row.id, alert, receipt)

    async def _sent(self, row: OutboxRow) -> str | Undelivered:
        """Return the receipt, "" if there is none, or why the attempt failed."""
        assert self._notifier is not None  # noqa: S101  `usable` was asked before
        assert row.body is not None  # noqa: S101  it was frozen
        seconds = self._office.attempt_seconds
        if isinstance(self._notifier, Correspondent):
            seconds = self._notifier.attempt_seconds
        try:
            async with asyncio.timeout(seconds):
                receipt = await self._notifier.notify(row.id, row.body, self._office.clock.now())
        except Undelivered as error:
            return error
        except TimeoutError:
            return Undelivered(f"no answer within {seconds:g} s", reason="timeout")
        except Exception as error:
            log.exception("notification.crashed", receiver=self.name)
            return Undelivered(f"our fault: {type(error).__name__}", reason="internal")
        return visible_text(receipt or "", LONGEST_RECEIPT)

    def _delivered(self, row: OutboxRow, receipt: str, seconds: float) -> None:
        now = self._office.clock.now()
        log.info(
            "notification.delivered",
            receiver=self.name,
            notification_id=row.id,
            type=row.alert.type,
            attempts=row.attempts + 1,
            duration_seconds=round(seconds, 3),
        )
        self._office.telemetry.notified(self.name)
        self._rows.popleft()
        arrived = Settlement(state=DeliveryState.DELIVERED, at=now, detail=receipt)
        self._settlements.add([row.id], arrived)
        self._trouble = Trouble()

    async def _failed(self, row: OutboxRow, error: Undelivered) -> bool:
        office, trouble, now = self._office, self._trouble, self._office.clock.now()
        trouble.began = trouble.began or (office.clock.monotonic(), now)
        trouble.failures += 1
        trouble.refusals += error.permanent
        settlement = settlement_after(
            row,
            error,
            now,
            failures=trouble.failures,
            refusals=trouble.refusals,
            jitter=office.jitter(),
        )
        tell = log.error if trouble.failures > 2 or error.permanent else log.warning
        tell(
            "notification.failed",
            receiver=self.name,
            notification_id=row.id,
            reason=error.reason,
            detail=str(error),
            attempts=row.attempts + 1,
            retry_at=settlement.retry_at,
        )
        office.telemetry.notification_failed(self.name, error.reason)
        row = replace(row, attempts=row.attempts + 1)
        if settlement.retry_at is None:
            self._rows[0] = row
            return await self._give_up(settlement, error, now)
        trouble.rest_until = office.clock.monotonic() + (settlement.retry_at - now).total_seconds()
        self._rows[0] = replace(row, next_attempt_at=settlement.retry_at)
        self._settlements.add([row.id], settlement)
        await self._settlements.store()
        await self._complain(str(error), now)
        return True

    async def _give_up(self, settlement: Settlement, error: Undelivered, now: datetime) -> bool:
        if error.gone:
            self._gone = settlement.detail
            return True  # all rows are buried together at the next look
        if error.permanent and not is_stale(self._rows[0], now):
            buried = await self._bury(1, settlement.detail, "refused")
        else:
            stale = sum(1 for _ in takewhile(lambda row: is_stale(row, now), self._rows))
            buried = await self._bury(stale, settlement.detail, "given_up")
        if buried:
            self._trouble.refusals = 0
        else:
            rest = LONGEST_DELAY.total_seconds()
            self._trouble.rest_until = self._office.clock.monotonic() + rest
        return buried

    async def _bury(self, count: int, why: str, reason: str) -> bool:
        """Give up the `count` oldest rows and tell others. Return False if the store fails.

        Others are told first: after a crash in between they are told again, under the same id.
        """
        rows, now = list(self._rows)[:count], self._office.clock.now()
        told = self._office.others(self.name)
        notifications = notices.given_up(self.name, rows, why=why, at=now, told=told)
        if not await self._enqueued(notifications, now):
            return False
        for row in rows:
            log.error(
                "notification.lost",
                receiver=self.name,
                notification_id=row.id,
                type=row.alert.type,
                detail=why,
                told=list(told),
            )
            self._office.telemetry.notification_failed(self.name, reason)
            self._rows.popleft()
        dead = Settlement(state=DeliveryState.DEAD, at=now, detail=why)
        self._settlements.add([row.id for row in rows], dead)
        await self._settlements.store()
        self._office.changed()
        return True

    async def _complain(self, why: str, now: datetime) -> None:
        """Tell others, once, that this receiver has been failing for long."""
        trouble = self._trouble
        if trouble.told or trouble.began is None:
            return
        monotonic, since = trouble.began
        if self._office.clock.monotonic() - monotonic < COMPLAIN_AFTER_SECONDS:
            return
        told = self._office.witness(self.name)
        notifications = notices.still_trying(
            self.name, list(self._rows), why=why, since=since, at=now, told=told
        )
        trouble.told = bool(told) and await self._enqueued(notifications, now)

    async def _enqueued(self, notifications: tuple[Notification, ...], now: datetime) -> bool:
        try:
            if notifications:
                await self._office.outbox.enqueue(notifications, now)
        except StoreError as error:
            log_store_error(self.name, error)
            return False
        self._office.enqueued()
        return True
