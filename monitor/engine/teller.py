"""Looks at what is to be told whenever something changed, or time alone may have made it due."""

import asyncio
from contextlib import suppress

from monitor.engine.pipeline import Pipeline
from monitor.ports import Clock

# A storm of changes is looked at together: each look goes over all open incidents.
_GAP_SECONDS = 0.2


class Teller:
    """Calls `Pipeline.tell` in time. One task runs it."""

    def __init__(self, pipeline: Pipeline, clock: Clock) -> None:
        self._pipeline = pipeline
        self._clock = clock
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Look soon: something changed."""
        self._woken.set()

    async def run(self) -> None:
        """Tell until cancelled."""
        while True:
            self._woken.clear()
            await self._sleep(self.look())
            await asyncio.sleep(_GAP_SECONDS)

    def look(self) -> float | None:
        """Have told what is due; return the seconds until more may be, None for not by itself."""
        now = self._clock.now()
        look_again = self._pipeline.tell(now)
        return None if look_again is None else max(0.0, (look_again - now).total_seconds())

    async def _sleep(self, seconds: float | None) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._woken.wait()
