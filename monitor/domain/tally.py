"""Running totals: how long a check and a service have been in each status, from samples.

All times are whole microseconds since the Unix epoch, so that nothing is lost in a sum.
Both classes are mutable, and each is owned by one task.
"""

from collections import deque
from collections.abc import Iterable
from fractions import Fraction

from monitor.domain.check import CheckId
from monitor.domain.service import StatusRule
from monitor.domain.status import Status

# The last sample says nothing past this many intervals.
HOLD = Fraction(5, 2)

Piece = tuple[int, int, Status]
"""From, to (exclusive), and the status in between."""


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

    def sample(self, at: int, status: Status, interval: int) -> tuple[Piece, ...]:
        """Credit the time up to `at`, from which on `status` is seen; return what was credited.

        A status holds for 2.5 × `interval` at most; the rest is UNKNOWN. A sample that is not
        newer than the last one credits nothing.
        """
        if self.seen_at is None:
            self.seen_at, self.status = at, status
            return ()
        if at <= self.seen_at:
            return ()
        pieces = _held(self.seen_at, at, self.status, int(interval * HOLD))
        for began, end, credited in pieces:
            self.microseconds[credited] += end - began
        self.seen_at, self.status = at, status
        return pieces


def _held(began: int, end: int, status: Status, hold: int) -> tuple[Piece, ...]:
    limit = began + hold
    if status is Status.UNKNOWN or end <= limit:
        return ((began, end, status),)
    return ((began, limit, status), (limit, end, Status.UNKNOWN))


class ServiceTally:
    """The totals of one service: its checks' pieces, combined by its rule, as far as all go.

    `settled_at` is how far: the earliest end among its checks.
    """

    __slots__ = ("_covered", "_pieces", "_rule", "microseconds", "settled_at")

    def __init__(self, rule: StatusRule, checks: Iterable[CheckId], settled_at: int) -> None:
        self.microseconds: dict[Status, int] = dict.fromkeys(Status, 0)
        self.settled_at = settled_at
        self._rule = rule
        self._pieces: dict[CheckId, deque[tuple[int, Status]]] = {i: deque() for i in checks}
        self._covered = dict.fromkeys(self._pieces, settled_at)

    def adopt(self, rule: StatusRule, checks: Iterable[CheckId]) -> None:
        """Go on with another rule and other checks. What is not settled counts by the new ones."""
        self._rule = rule
        old, covered = self._pieces, self._covered
        self._pieces = {i: old.get(i, deque()) for i in checks}
        self._covered = {i: covered.get(i, self.settled_at) for i in self._pieces}
        self._settle()

    def credit(self, check: CheckId, pieces: Iterable[Piece]) -> None:
        """Take in what `check` was credited with, and settle what all checks now cover.

        Between two pieces nothing is known. What is already covered is not counted again.
        """
        for began, end, status in pieces:
            if began > self._covered[check]:
                self._append(check, began, Status.UNKNOWN)
            if end > self._covered[check]:
                self._append(check, end, status)
        self._settle()

    def _append(self, check: CheckId, end: int, status: Status) -> None:
        queue = self._pieces[check]
        if queue and queue[-1][1] is status:
            queue.pop()
        queue.append((end, status))
        self._covered[check] = end

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
