"""Tells those who forget, again and again, what is so, and what has just ended.

It keeps nothing: what is told follows from the incidents, so that a restart changes none of it.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import structlog

from monitor.domain.alert import Alert
from monitor.ports import Clock, Notifier, StandingNotifier, Telemetry, Undelivered

PERIOD_SECONDS = 60.0

log = structlog.get_logger()


class Restater:
    """Has every StandingNotifier of `notifiers` restate, once a period. One task runs it.

    `notifiers` may be replaced at any time. The first round is due at once.
    """

    def __init__(
        self,
        notifiers: Mapping[str, Notifier],
        standing: Callable[[str], Sequence[Alert]],
        clock: Clock,
        telemetry: Telemetry,
        *,
        period_seconds: float = PERIOD_SECONDS,
    ) -> None:
        """`standing` returns what the receiver of a name was told, as it is now."""
        self.notifiers = notifiers
        self._standing = standing
        self._clock = clock
        self._telemetry = telemetry
        self._period_seconds = period_seconds
        self._failing: set[str] = set()

    async def run(self) -> None:
        """Restate until cancelled."""
        while True:
            began = self._clock.monotonic()
            await self.restate()
            await asyncio.sleep(max(0.0, began + self._period_seconds - self._clock.monotonic()))

    async def restate(self) -> None:
        """Have all restate once, at the same time, within a period."""
        async with asyncio.TaskGroup() as tasks:
            for name, notifier in self.notifiers.items():
                if isinstance(notifier, StandingNotifier):
                    tasks.create_task(self._one(name, notifier))

    async def _one(self, name: str, notifier: StandingNotifier) -> None:
        error = await self._error_of(name, notifier)
        if error is None:
            if name in self._failing:
                log.info("restatement.recovered", receiver=name)
            self._failing.discard(name)
            return
        if name not in self._failing:
            log.warning("restatement.failed", receiver=name, reason=error.reason, detail=str(error))
        self._failing.add(name)
        self._telemetry.notification_failed(name, error.reason)

    async def _error_of(self, name: str, notifier: StandingNotifier) -> Undelivered | None:
        try:
            async with asyncio.timeout(self._period_seconds):
                await notifier.restate(partial(self._standing, name), self._clock.now())
        except Undelivered as error:
            return error
        except TimeoutError:
            return Undelivered("not done within a period", reason="timeout")
        except Exception as error:
            log.exception("restatement.crashed", receiver=name)
            return Undelivered(f"our fault: {type(error).__name__}", reason="internal")
        return None
