"""Decides which due probe runs at once, which waits, and which slot is missed."""

from collections.abc import Callable
from dataclasses import dataclass

from monitor.domain.check import CheckId
from monitor.domain.observation import MissedReason
from monitor.engine.timetable import Due


@dataclass(frozen=True, slots=True)
class Missed:
    """A slot (microseconds since the Unix epoch) in which no probe will run."""

    check_id: CheckId
    slot: int
    reason: MissedReason


class Crew:
    """At most `size` probes at once; the rest wait in the order in which they came.

    A check that is still running at its next slot misses that one (OVERRUN). One that still waits
    misses its old slot (OVERLOADED) and keeps its place, so under overload all checks slow down
    alike and none starves. A retry that can't run at once is dropped: it is no slot.
    """

    def __init__(self, size: int, start: Callable[[Due], None]) -> None:
        self.size = size
        self._start = start
        self._running: set[CheckId] = set()
        self._waiting: dict[CheckId, Due] = {}

    @property
    def running(self) -> int:
        """Return how many probes run."""
        return len(self._running)

    def begin(self, due: Due) -> Missed | None:
        """Start `due`, or have it wait. Return the slot that is missed for it, if one is."""
        check_id, is_retry = due.check_id, due.attempt > 0
        if check_id in self._running:
            if is_retry:
                return None
            return Missed(check_id, due.slot, MissedReason.OVERRUN)
        if check_id in self._waiting:
            if is_retry:
                return None
            old, self._waiting[check_id] = self._waiting[check_id], due
            return Missed(check_id, old.slot, MissedReason.OVERLOADED)
        if len(self._running) >= self.size:
            if not is_retry:
                self._waiting[check_id] = due
            return None
        self._running.add(check_id)
        self._start(due)
        return None

    def finish(self, check_id: CheckId) -> None:
        """Note that the probe of `check_id` ended, and start who has waited longest."""
        self._running.discard(check_id)
        while self._waiting and len(self._running) < self.size:
            first = next(iter(self._waiting))
            due = self._waiting.pop(first)
            self._running.add(first)
            self._start(due)

    def dismiss(self) -> None:
        """Drop all that waits: when a probe ends, no other one starts."""
        self._waiting.clear()

    def forget(self, check_id: CheckId) -> None:
        """Drop what waits for a check that is no longer there."""
        self._waiting.pop(check_id, None)
