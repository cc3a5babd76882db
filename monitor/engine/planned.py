"""Keeps track of which maintenance windows are in force, and which are open."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from monitor.domain.maintenance import (
    MaintenanceWindow,
    Occurrence,
    OpenWindow,
    is_over,
    next_change,
)
from monitor.domain.windowrecord import Source, WindowRecord, going_on, occasions, taken_up

# What is over by a clock that is wrong comes back with the right one. So it is forgotten by number.
_MOST_OVER = 1_000

# The last look of a run may have been so long before its end.
_LAST_LOOK = timedelta(minutes=1)


class PlannedWork:
    """The windows in force, looked at when one of them may open or close."""

    def __init__(self) -> None:
        self._records: dict[tuple[str, datetime], WindowRecord] = {}
        self._looked_at: datetime | None = None
        self._former: tuple[OpenWindow, ...] = ()
        self.open: tuple[OpenWindow, ...] = ()
        self.look_again: datetime | None = None

    @property
    def windows(self) -> tuple[MaintenanceWindow, ...]:
        """Return the windows that are open."""
        return tuple(each.window for each in self.open)

    def in_force(self, now: datetime) -> tuple[WindowRecord, ...]:
        """Return the windows that are not cancelled and that stand in the file or are not over."""
        return tuple(
            each
            for each in self._records.values()
            if each.cancelled is None
            and (each.source is Source.FILE or not is_over(each.window.when, now))
        )

    def put(self, records: Iterable[WindowRecord]) -> None:
        """Go by these records, too, from the next look on."""
        self._records.update({each.key: each for each in records})
        self._looked_at = None

    def was_open(self, at: datetime) -> None:
        """Let those that were open at `at`, the end of the last run, close at the next look.

        So do those that ended just before it: nobody may have looked since, and who was told
        that they did is not told again.
        """
        self._former = tuple(
            OpenWindow(record.window, each.occurrence, each.after_the_fact)
            for record in self._records.values()
            if record.added_at <= at
            for each in occasions(record, at - _LAST_LOOK, at + timedelta.resolution)
            if each.counted is not None
        )

    def take_up(
        self,
        written: Iterable[MaintenanceWindow],
        now: datetime,
        since: datetime | None = None,
    ) -> tuple[WindowRecord, ...]:
        """Go by what the file says from `now` on; return the records that changed.

        `since` is when it was first read as it is written, where only that is on record.
        """
        changed = taken_up(self._records.values(), written, now, since)
        self.put(changed)
        return changed

    def look(self, now: datetime) -> tuple[Sequence[OpenWindow], Sequence[OpenWindow]] | None:
        """Return what has opened and what has closed since the last look; None if nothing can have.

        After `put` something always can. What was cancelled while it was open ends now.
        """
        if not self._is_time(now):
            return None
        self._drop_what_is_over(now)
        windows = [each.window for each in self._records.values()]
        before, self.open = self.open, going_on(self._records.values(), now)
        self._looked_at, self.look_again = now, next_change(windows, now)
        was, now_open = {_key(each) for each in before}, {_key(each) for each in self.open}
        former, self._former = {_key(each): each for each in (*self._former, *before)}, ()
        return (
            [each for each in self.open if _key(each) not in was],
            [_ended(each, now) for key, each in former.items() if key not in now_open],
        )

    def _drop_what_is_over(self, now: datetime) -> None:
        """Forget what was cancelled, and of what is over the first that were known."""
        standing = {each.key for each in self.in_force(now)}
        over = [
            key
            for key, each in self._records.items()
            if each.cancelled is None and key not in standing
        ]
        kept = standing.union(over[-_MOST_OVER:])
        self._records = {key: each for key, each in self._records.items() if key in kept}

    def _is_time(self, now: datetime) -> bool:
        """Say whether something may have changed; also where the clock was set."""
        if self._looked_at is None or now < self._looked_at:
            return True
        return self.look_again is not None and now >= self.look_again


def _key(each: OpenWindow) -> tuple[str, datetime]:
    return each.window.id, each.occurrence.start


def _ended(each: OpenWindow, now: datetime) -> OpenWindow:
    start, end = each.occurrence.start, each.occurrence.end
    return replace(each, occurrence=Occurrence(start, min(end, max(start, now))))
