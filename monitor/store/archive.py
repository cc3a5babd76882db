"""Answers what pages ask of the past, beside the writer: visitors must not delay a commit."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from monitor.domain.incident import Incident
from monitor.ports import Sought, Story
from monitor.store.reader import Examined, Reader, open_reader

T = TypeVar("T")


class Archive:
    """Reads the database in a thread, one question at a time. Each method raises StoreError.

    A question sees everything that was durable when it was asked.
    """

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._turn = asyncio.Lock()

    async def story(self, incident: str) -> Story | None:
        """Return all that is kept of an incident, None where there is no such incident."""
        return await self._ask(lambda reader: reader.story(incident))

    async def found(self, sought: Sought) -> tuple[Incident, ...]:
        """Return the incidents that are looked for, the latest first."""
        return await self._ask(lambda reader: reader.found(sought))

    async def _ask(self, question: Callable[[Reader], T]) -> T:
        async with self._turn:
            return await asyncio.to_thread(self._answer, question)

    def _answer(self, question: Callable[[Reader], T]) -> T:
        with open_reader(self._data_dir, examined=Examined.NEVER) as reader:
            return question(reader)
