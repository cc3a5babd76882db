"""Running totals: how long a check and a service have been in each status, from samples.

All times are whole microseconds since the Unix epoch, so that nothing is lost in a sum.
Both classes are mutable, and each is owned by one task.
"""

from collections import deque
from collections.abc import Iterable
from heapq import heappop, heappush

from monitor.domain.check import CheckId
from monitor.domain.counting import Counted, Counting
from monitor.domain.service import StatusRule
from monitor.domain.status import Status
from monitor.domain.timeline import hold_limit

Piece = tuple[int, int, Status]
"""From, to (exclusive), and the status in between."""

Totals = dict[Counted, dict[Status, int]]
"""Microseconds in each status, by what they count as."""


class Tally:
    """The totals of one check. `seen_at` is where crediting has arrived, None before a sample.

    `apart` holds what of them counts as something else than SLA.
    """

    __slots__ = ("apart", "failures", "microseconds", "runs", "seen_at", "status")

    def __init__(self) -> None:
        self.runs = 0
        self.failures: dict[str, int] = {}
        self.microseconds: dict[Status, int] = dict.fromkeys(Status, 0)
        self.apart: Totals = {}
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
        pieces = _held(self.seen_at, at, self.status, hold_limit(interval))
        for began, end, credited in pieces:
            self.microseconds[credited] += end - began
        self.seen_at, self.status = at, status
        return pieces

    def set_apart(self, pieces: Iterable[Piece], counting: Counting) -> None:
        """Keep what of credited `pieces` counts as something else than SLA."""
        for piece in pieces:
            _set_apart(self.apart, piece, counting)


def _held(began: int, end: int, status: Status, hold: int) -> tuple[Piece, ...]:
    limit = began + hold
    if status is Status.UNKNOWN or end <= limit:
        return ((began, end, status),)
    return ((began, limit, status), (limit, end, Status.UNKNOWN))


def begun(apart: Totals, counting: Counting | None) -> None:
    """Begin at zero with what `counting` may set apart from now on."""
    for kind in counting.kinds if counting else ():
        apart.setdefault(kind, dict.fromkeys(Status, 0))


def _set_apart(apart: Totals, piece: Piece, counting: Counting) -> None:
    began, end, status = piece
    for kind, length in counting.apart(began, end).items():
        if length:
            apart.setdefault(kind, dict.fromkeys(Status, 0))[status] += length


class ServiceTally:
    """The totals of one service: its checks' pieces, combined by its rule, as far as all go.

    `settled_at` is how far: the earliest end among its checks. `apart` holds what of them counts
    as something else than SLA, by `counting`.
    """

    __slots__ = (
        "_counts",
        "_covered",
        "_ends",
        "_pieces",
        "_rule",
        "apart",
        "counting",
        "microseconds",
        "settled_at",
    )

    def __init__(self, rule: StatusRule, checks: Iterable[CheckId], settled_at: int) -> None:
        self.microseconds: dict[Status, int] = dict.fromkeys(Status, 0)
        self.apart: Totals = {}
        self.counting: Counting | None = None
        self.settled_at = settled_at
        self._rule = rule
        self._pieces: dict[CheckId, deque[tuple[int, Status]]] = {i: deque() for i in checks}
        self._covered = dict.fromkeys(self._pieces, settled_at)
        self._count_first()

    def adopt(self, rule: StatusRule, checks: Iterable[CheckId]) -> None:
        """Go on with another rule and other checks. What is not settled counts by the new ones."""
        self._rule = rule
        old, covered = self._pieces, self._covered
        self._pieces = {i: old.get(i, deque()) for i in checks}
        self._covered = {i: covered.get(i, self.settled_at) for i in self._pieces}
        self._count_first()
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
        queue.append((end, status))
        self._covered[check] = end
        if len(queue) == 1:
            self._is_first(check)

    def _count_first(self) -> None:
        """Count the first piece of every check: `_ends` and `_counts` hold those that have one."""
        self._ends: list[tuple[int, CheckId]] = []
        self._counts = dict.fromkeys(Status, 0)
        for check, queue in self._pieces.items():
            if queue:
                self._is_first(check)

    def _is_first(self, check: CheckId) -> None:
        end, status = self._pieces[check][0]
        heappush(self._ends, (end, check))
        self._counts[status] += 1

    def _settle(self) -> None:
        """Settle from one end of a piece to the next, while every check has one."""
        while self._pieces and len(self._ends) == len(self._pieces):
            end = self._ends[0][0]
            status = self._rule.of_counts(self._counts)
            self.microseconds[status] += end - self.settled_at
            if self.counting is not None:
                _set_apart(self.apart, (self.settled_at, end, status), self.counting)
            self.settled_at = end
            while self._ends and self._ends[0][0] == end:
                self._drop_first()

    def _drop_first(self) -> None:
        _, check = heappop(self._ends)
        queue = self._pieces[check]
        self._counts[queue.popleft()[1]] -= 1
        if queue:
            self._is_first(check)
