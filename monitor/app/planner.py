"""Takes down planned work, for the API and the commands."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from monitor.domain.maintenance import MaintenanceWindow, is_over
from monitor.domain.text import visible_text
from monitor.domain.windowrecord import Cancellation, Source, WindowRecord, window_id
from monitor.engine.pipeline import Pipeline
from monitor.ports import Clock, Recording
from monitor.web.context import LONGEST_COMMENT, LONGEST_NAME, NotCancelled, TooManyWindows

# Each is looked at whenever one opens or closes; the file holds as many as somebody writes.
MOST_WINDOWS = 500


class KnownWindows(Protocol):
    """What the store knows of windows that are not in force any more."""

    async def windows(self, since: datetime | None) -> Sequence[WindowRecord]: ...


class Planner:
    """Implements `web.context.Planner`. What it returns is on disk."""

    def __init__(
        self, pipeline: Pipeline, recorder: Recording, clock: Clock, known: KnownWindows
    ) -> None:
        self._pipeline = pipeline
        self._recorder = recorder
        self._clock = clock
        self._known = known

    def now(self) -> datetime:
        """Return the time by which windows are judged."""
        return self._clock.now()

    def windows(self) -> Sequence[WindowRecord]:
        """Return the windows in force: neither cancelled nor over for good."""
        now = self._clock.now()
        known = self._pipeline.planned_work(now)
        return tuple(each for each in known if not is_over(each.window.when, now))

    async def history(self) -> Sequence[WindowRecord]:
        """Return all windows that ever were, oldest first."""
        return await self._known.windows(None)

    async def add(self, window: MaintenanceWindow, source: Source, by: str) -> WindowRecord | None:
        """Go by a window from now on; return None where one of its id is in force already.

        One without an id is given one. Raise TooManyWindows.
        """
        now, by = self._clock.now(), visible_text(by, LONGEST_NAME)
        named = replace(
            window,
            id=window.id or window_id(window, by, now),
            reason=visible_text(window.reason, LONGEST_COMMENT),
            approved_by=visible_text(window.approved_by, LONGEST_NAME),
            public_reason=visible_text(window.public_reason, LONGEST_COMMENT),
        )
        if self._standing(named.id) is not None:
            return None
        self._make_sure_of_room()
        record = WindowRecord(window=named, source=source, added_at=now, added_by=by)
        self._pipeline.plan_work(record)
        await self._recorder.drain()
        return record

    async def cancel(self, name: str, by: str, reason: str) -> WindowRecord:
        """End a window from now on: what was open until then stays as it was.

        Raise NotCancelled where none of that id is in force, or the file says it.
        """
        record = self._standing(name)
        if record is None:
            raise NotCancelled("there is no such window, or it is over")
        if record.source is Source.FILE:
            raise NotCancelled("config/maintenance.yaml says it: take it out there, and reload")
        cancelled = record.ended(
            Cancellation(
                at=self._clock.now(),
                by=visible_text(by, LONGEST_NAME),
                reason=visible_text(reason, LONGEST_COMMENT),
            )
        )
        self._pipeline.plan_work(cancelled)
        await self._recorder.drain()
        return cancelled

    def _make_sure_of_room(self) -> None:
        if sum(each.source is not Source.FILE for each in self.windows()) >= MOST_WINDOWS:
            raise TooManyWindows(
                f"{MOST_WINDOWS} windows beside those of the file are in force, and no more are "
                "taken: cancel some, or write what comes again as one, with rrule"
            )

    def _standing(self, name: str) -> WindowRecord | None:
        return next((each for each in self.windows() if each.window.id == name), None)
