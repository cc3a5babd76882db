"""Keeps track of which maintenance windows are open."""

from collections.abc import Sequence
from datetime import datetime

from monitor.domain.maintenance import MaintenanceWindow, OpenWindow, next_change, open_windows


class PlannedWork:
    """The windows of the configuration, looked at when one of them may open or close."""

    def __init__(self) -> None:
        self._windows: Sequence[MaintenanceWindow] = ()
        self._looked_at: datetime | None = None
        self.open: tuple[OpenWindow, ...] = ()
        self.look_again: datetime | None = None

    @property
    def windows(self) -> tuple[MaintenanceWindow, ...]:
        """Return the windows that are open."""
        return tuple(each.window for each in self.open)

    def replace(self, windows: Sequence[MaintenanceWindow]) -> None:
        """Go by `windows` from the next look on."""
        self._windows, self._looked_at = windows, None

    def look(self, now: datetime) -> tuple[Sequence[OpenWindow], Sequence[OpenWindow]] | None:
        """Return what has opened and what has closed since the last look; None if nothing can have.

        After `replace` something always can.
        """
        if not self._is_time(now):
            return None
        before, self.open = self.open, open_windows(self._windows, now)
        self._looked_at, self.look_again = now, next_change(self._windows, now)
        was, now_open = {_key(each) for each in before}, {_key(each) for each in self.open}
        return (
            [each for each in self.open if _key(each) not in was],
            [each for each in before if _key(each) not in now_open],
        )

    def _is_time(self, now: datetime) -> bool:
        """Say whether something may have changed; also where the clock was set."""
        if self._looked_at is None or now < self._looked_at:
            return True
        return self.look_again is not None and now >= self.look_again


def _key(each: OpenWindow) -> tuple[str, datetime]:
    return each.window.id, each.occurrence.start
