"""The engine's timeline: the wall clock without its jumps."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from monitor.domain.instant import instant

_STEP_MICROSECONDS = 1_000_000
_MAXIMUM_SLEW = 0.05
_SLEW_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockStep:
    """The wall clock jumped by `offset_seconds`, from `old` to `new` (UTC)."""

    old: datetime
    new: datetime
    offset_seconds: float


class Timeline:
    """Wall time at the start plus monotonic time since. Implements `ports.Clock`.

    It follows a wall clock that drifts or is slewed, at no more than 5 %, so it never goes back.
    A difference of over a second is a step: the timeline then begins a new epoch at wall time.
    """

    def __init__(
        self,
        epoch: int,
        wall_ns: Callable[[], int] = time.time_ns,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._wall_ns = wall_ns
        self._monotonic = monotonic
        self._epoch = epoch
        self._rate = 1.0
        self._anchor = wall_ns() // 1000
        self._epoch_began = self._anchor
        self._anchored_at = monotonic()

    @property
    def epoch(self) -> int:
        """Return the number of the timeline."""
        return self._epoch

    @property
    def epoch_began(self) -> datetime:
        """Return when the timeline began, by itself (UTC)."""
        return instant(self._epoch_began)

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        return self._monotonic()

    def now_microseconds(self) -> int:
        """Return the time on the timeline, in microseconds since the Unix epoch."""
        elapsed = self._monotonic() - self._anchored_at
        return self._anchor + int(elapsed * self._rate * 1_000_000)

    def now(self) -> datetime:
        """Return the time on the timeline (UTC)."""
        return instant(self.now_microseconds())

    def offset_seconds(self) -> float:
        """Return how far the wall clock is ahead of the timeline."""
        return (self._wall_ns() // 1000 - self.now_microseconds()) / 1e6

    def follow(self) -> ClockStep | None:
        """Compare with the wall clock. To be called about once a second.

        Return the step when the wall clock jumped; the epoch is then a new one.
        """
        now, monotonic = self.now_microseconds(), self._monotonic()
        wall = self._wall_ns() // 1000
        offset = wall - now
        self._anchored_at = monotonic
        if abs(offset) > _STEP_MICROSECONDS:
            self._anchor, self._rate = wall, 1.0
            self._epoch_began = wall
            self._epoch += 1
            return ClockStep(old=instant(now), new=instant(wall), offset_seconds=offset / 1e6)
        slew = offset / 1e6 / _SLEW_SECONDS
        self._anchor = now
        self._rate = 1.0 + max(-_MAXIMUM_SLEW, min(_MAXIMUM_SLEW, slew))
        return None
