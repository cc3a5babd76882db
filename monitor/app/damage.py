"""Tells people that the database was damaged."""

import asyncio
from pathlib import Path

from monitor.engine.clock import Timeline
from monitor.engine.pipeline import Pipeline


class DamageNews:
    """Takes the news from the thread of the store to where messages are made."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._kept: asyncio.Queue[Path] = asyncio.Queue()

    def put(self, kept: Path) -> None:
        """Have it told that a database is kept as `kept`. From any thread."""
        self._loop.call_soon_threadsafe(self._kept.put_nowait, kept)

    async def tell(self, pipeline: Pipeline, timeline: Timeline) -> None:
        """Tell what comes, until cancelled."""
        while True:
            kept = await self._kept.get()
            pipeline.tell_damage(kept.name, timeline.now(), timeline.epoch)
