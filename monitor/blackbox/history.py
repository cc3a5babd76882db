"""The probes that ran lately, in memory alone: the last hundred, and as many earlier failures."""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

KEPT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A probe that ended. `debug` makes its debug text, whenever somebody asks for it."""

    id: int
    at: datetime
    module: str
    target: str
    success: bool
    seconds: float
    debug: Callable[[], str]


class History:
    """Remembers probes. A failure that the ring lets go is kept among the failures."""

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._next = 0
        self._ring: deque[Entry] = deque()
        self._failures: deque[Entry] = deque(maxlen=kept)

    def add(
        self,
        *,
        at: datetime,
        module: str,
        target: str,
        success: bool,
        seconds: float,
        debug: Callable[[], str],
    ) -> Entry:
        """Remember a probe, and return its entry with its number: they count from 0."""
        entry = Entry(
            id=self._next,
            at=at,
            module=module,
            target=target,
            success=success,
            seconds=seconds,
            debug=debug,
        )
        self._next += 1
        self._ring.append(entry)
        if len(self._ring) > self._kept:
            oldest = self._ring.popleft()
            if not oldest.success:
                self._failures.append(oldest)
        return entry

    def newest_first(self) -> Iterator[Entry]:
        """Yield what is remembered."""
        yield from reversed(self._ring)
        yield from reversed(self._failures)

    def by_id(self, number: int) -> Entry | None:
        """Return the probe of that number, or None if it is not remembered."""
        return next((entry for entry in self.newest_first() if entry.id == number), None)

    def latest(self, target: str, module: str = "") -> Entry | None:
        """Return the newest probe of a target, by one module or any; None without one."""
        for entry in self.newest_first():
            if entry.target == target and module in {"", entry.module}:
                return entry
        return None
