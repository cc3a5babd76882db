"""Running totals: how long a check and a service have been in each status, from samples.

All times are whole microseconds since the Unix epoch, so that nothing is lost in a sum.
Both classes are mutable, and each is owned by one task.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from fractions import Fraction

from monitor.domain.check import CheckId
from monitor.domain.service import StatusRule
from monitor.domain.status import Status

# The last sample says nothing past this many intervals.
HOLD = Fraction(5, 2)


class Tally:
    """The totals of one check. `seen_at` is where crediting has arrived, None before a sample."""

    __slots__ = ("failures", "microseconds", "runs", "seen_at", "status")

    def __init__(self) -> None:
        self.runs = 0
        self.failures: dict[str, int] = {}
        self.microseconds: dict[Status, int] = dict.fromkeys(Status, 0)
        self.seen_at: int | None = None
        self.status = Status.UNKNOWN

    def count(self, failure_kind: str | None) -> None:
        """Count one run, and why it failed if it did."""
        self.runs += 1
        if failure_kind is not None:
            self.failures[failure_kind] = self.failures.get(failure_kind, 0) + 1

    def sample(self, at: int, status: Status, interval: int) -> tuple[tuple[int, Status], ...]:
        """Credit the time up to `at`, from which on `status` is seen.

        Return what was credited as (end, status) pieces, in order, each beginning where the one
        before ended. A status holds for 2.5 × `interval` at most; the rest is UNKNOWN. A sample
        that is not newer than the last one credits nothing.
        """
        if self.seen_at is None:
            self.seen_at, self.status = at, status
            return ()
        if at <= self.seen_at:
            return ()
        held = min(at, self.seen_at + int(interval * HOLD))
        pieces: list[tuple[int, Status]] = (
            [(held, self.status)] if self.status is not Status.UNKNOWN else []
        )
        if not pieces or held < at:
            pieces.append((at, Status.UNKNOWN))
        began = self.seen_at
        for end, credited in pieces:
            self.microseconds[credited] += end - began
            began = end
        self.seen_at, self.status = at, status
        return tuple(pieces)


class ServiceTally:
    """The totals of one service: its checks' pieces, combined by its rule, as far as all go.

    `settled_at` is how far: the earliest end among its checks.
    """

    __slots__ = ("_pieces", "_rule", "microseconds", "settled_at")

    def __init__(self, rule: StatusRule, checks: Iterable[CheckId], settled_at: int) -> None:
        self.microseconds: dict[Status, int] = dict.fromkeys(Status, 0)
        self.settled_at = settled_at
        self._rule = rule
        self._pieces: dict[CheckId, deque[tuple[int, Status]]] = {i: deque() for i in checks}

    def credit(self, check: CheckId, pieces: Iterable[tuple[int, Status]]) -> None:
        """Take in what `check` was credited with, and settle what all checks now cover.

        What lies before `settled_at` is not counted again.
        """
        queue = self._pieces[check]
        for end, status in pieces:
            if end <= self.settled_at:
                continue
            if queue and queue[-1][1] is status:
                queue[-1] = (end, status)
            else:
                queue.append((end, status))
        self._settle()

    def statuses(self) -> Mapping[Status, int]:
        """Return the microseconds settled in each status."""
        return self.microseconds

    def _settle(self) -> None:
        queues = self._pieces.values()
        while queues and all(queues):
            end = min(queue[0][0] for queue in queues)
            status = self._rule.combined([queue[0][1] for queue in queues])
            self.microseconds[status] += end - self.settled_at
            self.settled_at = end
            for queue in queues:
                if queue[0][0] == end:
                    queue.popleft()
