"""Drains the outbox, apart from the probes: a slow receiver delays no check and no other receiver.

Delivery is at least once: a row is settled after the receiver has answered. The id and the body
of a row are the same at every attempt, so that a receiver can tell a repeated message.
"""

import asyncio
import random
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from itertools import groupby, islice
from operator import attrgetter

import structlog

from monitor.alerting.courier import ATTEMPT_SECONDS, Courier, Office
from monitor.ports import Clock, Notifier, Outbox, OutboxRow, StoreError, Telemetry

LOOK_AGAIN_SECONDS = 30.0
_STORE_RETRY_SECONDS = 5.0

log = structlog.get_logger()


class Dispatcher:
    """Hands pending rows to one courier a receiver. Its task is the only reader of the outbox."""

    def __init__(
        self,
        outbox: Outbox,
        notifiers: Mapping[str, Notifier],
        clock: Clock,
        telemetry: Telemetry,
        jitter: Callable[[], float] = random.random,
        *,
        checkpoint: Callable[[], str | None] = lambda: None,
        attempt_seconds: float = ATTEMPT_SECONDS,
    ) -> None:
        """`jitter` returns numbers in [0, 1); `attempt_seconds` bounds each attempt as a whole.
        `checkpoint` returns the ledger's newest one.
        """
        self._outbox = outbox
        self._clock = clock
        self._telemetry = telemetry
        self._office = Office(
            outbox=outbox,
            clock=clock,
            telemetry=telemetry,
            jitter=jitter,
            witness=self._witness,
            others=self._others,
            changed=self._measure,
            enqueued=self.wake,
            checkpoint=checkpoint,
            attempt_seconds=attempt_seconds,
        )
        self._couriers: dict[str, Courier] = {}
        self._tasks: asyncio.TaskGroup | None = None
        self._read_up_to = 0
        self._woken = asyncio.Event()
        self.replace_notifiers(notifiers)

    def wake(self) -> None:
        """Look at the outbox at once: something was committed to it."""
        self._woken.set()

    def network_recovered(self) -> None:
        """Try everything now: our own network was down, and the receivers were not at fault."""
        for courier in self._couriers.values():
            courier.try_now()

    def reopen(self, receivers: Collection[str]) -> None:
        """Try these receivers now, also those whose endpoint wanted no more."""
        for name in receivers:
            if (courier := self._couriers.get(name)) is not None:
                courier.reopen()

    def replace_notifiers(self, notifiers: Mapping[str, Notifier]) -> None:
        """Deliver through `notifiers` from the next attempt on.

        One that changed is tried at once, also when its endpoint had been stopped. Rows of a
        receiver that is no longer there are given up, and others are told.
        """
        for name, notifier in notifiers.items():
            if name not in self._couriers:
                self._hire(name, notifier)
        for name, courier in self._couriers.items():
            courier.serve(notifiers.get(name))

    async def run(self) -> None:
        """Deliver until cancelled. An attempt in flight is then made again after a restart."""
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            for courier in self._couriers.values():
                tasks.create_task(courier.run())
            try:
                while True:
                    await self._sleep(await self.take_in())
            finally:
                self._tasks = None

    async def take_in(self) -> float:
        """Hand rows that were not seen before to their couriers; return when to look again.

        Without being woken it looks now and then all the same, in seconds.
        """
        try:
            rows = await self._outbox.pending(self._read_up_to)
            self._telemetry.dead_letters(await self._outbox.dead())
        except StoreError as error:
            log.error("outbox.failed", detail=str(error))  # noqa: TRY400
            return _STORE_RETRY_SECONDS
        except Exception:
            log.exception("dispatcher.failed")
            return _STORE_RETRY_SECONDS
        self._hand_over(rows)
        self._measure()
        return LOOK_AGAIN_SECONDS

    def couriers(self) -> Mapping[str, Courier]:
        """Return the couriers by receiver."""
        return self._couriers

    def _hand_over(self, rows: Sequence[OutboxRow]) -> None:
        for name, own in groupby(sorted(rows, key=attrgetter("receiver")), attrgetter("receiver")):
            courier = self._couriers.get(name) or self._hire(name, None)
            courier.offer(sorted(own, key=attrgetter("number")))
        self._read_up_to = max((row.number for row in rows), default=self._read_up_to)

    def _hire(self, name: str, notifier: Notifier | None) -> Courier:
        courier = self._couriers[name] = Courier(name, notifier, self._office)
        if self._tasks is not None:
            self._tasks.create_task(courier.run())
        return courier

    def _witness(self, name: str) -> tuple[str, ...]:
        couriers = self._couriers.values()
        well = (
            other.name
            for other in couriers
            if other.name != name and other.is_on_call and other.healthy
        )
        return tuple(islice(well, 1))

    def _others(self, name: str) -> tuple[str, ...]:
        """Return one that is well, or else all who may still be reached."""
        couriers = self._couriers.values()
        usable = tuple(other.name for other in couriers if other.name != name and other.is_on_call)
        return self._witness(name) or usable

    def _measure(self) -> None:
        waiting = [courier.waiting for courier in self._couriers.values() if courier.waiting]
        oldest = min((rows[0].created_at for rows in waiting), default=None)
        age = 0.0 if oldest is None else (self._clock.now() - oldest).total_seconds()
        self._telemetry.outbox(sum(map(len, waiting)), max(0.0, age))

    async def _sleep(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        self._woken.clear()
