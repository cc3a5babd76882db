"""Takes down corrections of what was recorded, for the API and the commands."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from monitor.domain.correction import (
    Correction,
    CorrectionRecord,
    Withdrawal,
    correction_id,
)
from monitor.domain.text import visible_text
from monitor.engine.pipeline import Pipeline
from monitor.ports import Clock, Recording
from monitor.web.context import LONGEST_COMMENT, LONGEST_NAME, NotWithdrawn


class KnownCorrections(Protocol):
    """What the store knows of corrections."""

    async def corrections(self) -> Sequence[CorrectionRecord]: ...


class Corrector:
    """Implements `web.context.Corrector`. What it returns is on disk."""

    def __init__(
        self, pipeline: Pipeline, recorder: Recording, clock: Clock, known: KnownCorrections
    ) -> None:
        self._pipeline = pipeline
        self._recorder = recorder
        self._clock = clock
        self._known = known

    def now(self) -> datetime:
        """Return the time by which corrections are judged."""
        return self._clock.now()

    async def corrections(self) -> Sequence[CorrectionRecord]:
        """Return all that was ever corrected, in order."""
        return await self._known.corrections()

    async def correct(self, wish: Correction) -> CorrectionRecord:
        """Have figures computed with a correction as well; it is given its id and its time."""
        made = replace(
            wish,
            at=self._clock.now(),
            by=visible_text(wish.by, LONGEST_NAME),
            reason=visible_text(wish.reason, LONGEST_COMMENT),
            evidence=visible_text(wish.evidence, LONGEST_COMMENT),
        )
        made = replace(made, id=correction_id(made))
        self._pipeline.correct(made)
        await self._recorder.drain()
        return CorrectionRecord(correction=made)

    async def withdraw(self, name: str, by: str, reason: str) -> CorrectionRecord:
        """Have a correction count no more; it stays on record. Raise NotWithdrawn."""
        known = {each.correction.id: each for each in await self._known.corrections()}
        record = known.get(name)
        if record is None:
            raise NotWithdrawn("there is no such correction: `pantau correct list` shows all")
        if record.withdrawn is not None:
            raise NotWithdrawn(f"it was withdrawn already, by {record.withdrawn.by}")
        withdrawal = Withdrawal(
            correction=name,
            by=visible_text(by, LONGEST_NAME),
            reason=visible_text(reason, LONGEST_COMMENT),
            at=self._clock.now(),
        )
        self._pipeline.correct(withdrawal)
        await self._recorder.drain()
        return replace(record, withdrawn=withdrawal)
