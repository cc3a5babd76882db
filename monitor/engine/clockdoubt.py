"""When the host's clock is not to be trusted with dates.

It is in doubt for ten minutes after it was set. It is, too, while the kernel says that no time
server keeps it in step, but only in the hour after the machine was started: so one whose clock is
wrong until the network is there raises no alarm, and one that has no time server still does.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from monitor.ports import Clock, MarkKind

_AFTER_A_STEP = timedelta(minutes=10)
_LOOK_AGAIN = timedelta(minutes=1)
_AT_MOST_SECONDS = 3600.0


class ClockDoubt:
    """Knows until when dates have to wait.

    `in_step` asks the kernel about the clock, None is no answer; `up_seconds` says how long ago the
    machine was started.
    """

    def __init__(
        self,
        clock: Clock,
        in_step: Callable[[], bool | None],
        up_seconds: Callable[[], float],
    ) -> None:
        self._clock = clock
        self._in_step = in_step
        self._up_seconds = up_seconds
        self._until: datetime | None = None

    def marked(self, kind: MarkKind, _at: datetime) -> None:
        """Doubt the clock if it was just set."""
        if kind is MarkKind.CLOCK_STEP:
            self._until = self._clock.now() + _AFTER_A_STEP

    def until(self, now: datetime) -> datetime | None:
        """Return until when the clock is in doubt at least, None when it is not."""
        if self._up_seconds() < _AT_MOST_SECONDS and self._in_step() is False:
            return max(now + _LOOK_AGAIN, self._until or now)
        return self._until if self._until is not None and self._until > now else None
