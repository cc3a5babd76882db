"""Which check is due when: a heap of slots and retries. It reads no clock."""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass

from monitor.domain.check import Check, CheckId
from monitor.domain.instant import span_microseconds
from monitor.domain.schedule import phase

# A slot that is found this late was slept through. It is missed, and the check waits for its
# next one, so that a pause ends without a burst.
LATE_MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True)
class Due:
    """A probe to be run now. `slot` and `at` are microseconds since the Unix epoch.

    `at` is the slot itself, or for attempt 1, 2, … the time of that retry.
    """

    check_id: CheckId
    slot: int
    attempt: int
    at: int


@dataclass(frozen=True, slots=True)
class Slept:
    """`count` slots of a check, the first at `slot`, that passed unnoticed."""

    check_id: CheckId
    slot: int
    count: int


class Timetable:
    """The slots of all checks. A check is known from `add` to `remove`."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, CheckId, int, int, int]] = []
        self._plans: dict[CheckId, tuple[int, int]] = {}
        self._generation = 0

    def add(self, check: Check, after: int) -> None:
        """Plan `check` from its first slot after `after` on. What was planned for it is void."""
        interval = span_microseconds(check.interval)
        self._generation += 1
        self._plans[check.id] = (interval, self._generation)
        first = span_microseconds(phase(check.id, check.interval))
        slot = first + ((after - first) // interval + 1) * interval
        self._push(slot, check.id, 0, slot)

    def remove(self, check_id: CheckId) -> None:
        """Forget `check_id`."""
        self._plans.pop(check_id, None)

    def retry(self, check: Check, slot: int, after: int) -> int | None:
        """Plan the next attempt at `slot` that lies after `after`, and return when it is due.

        Attempt k is due at slot + k × retry_interval. None when the next slot comes first.
        """
        plan = self._plans.get(check.id)
        if plan is None:
            return None
        step = span_microseconds(check.retry_interval)
        attempt = max(1, (after - slot) // step + 1)
        due = slot + attempt * step
        if due >= slot + plan[0]:
            return None
        self._push(due, check.id, attempt, slot)
        return due

    def try_early(self, check: Check, now: int, after: int) -> None:
        """Plan an attempt after `after`, before the first slot, so that a new check is soon known.

        It counts as a retry of the slot before `now`. Nothing is planned if the slot comes first.
        """
        interval = span_microseconds(check.interval)
        first = span_microseconds(phase(check.id, check.interval))
        self.retry(check, first + (now - first) // interval * interval, after)

    def earliest(self) -> int | None:
        """Return when something is due next, or None when nothing is planned."""
        self._drop_void()
        return self._heap[0][0] if self._heap else None

    def pop_due(self, until: int) -> Iterator[Due | Slept]:
        """Take out all that is due by `until`, in order, and plan the slots after those."""
        while self._heap and self._heap[0][0] <= until:
            due, check_id, attempt, slot, generation = heapq.heappop(self._heap)
            plan = self._plans.get(check_id)
            if plan is None or plan[1] != generation:
                continue
            late = until - due > LATE_MICROSECONDS
            if attempt == 0:
                count = (until - slot) // plan[0] if late else 0
                following = slot + (count + 1) * plan[0]
                self._push(following, check_id, 0, following)
                if late:
                    yield Slept(check_id, slot, count + 1)
                    continue
            elif late:
                continue
            yield Due(check_id, slot, attempt, due)

    def _push(self, due: int, check_id: CheckId, attempt: int, slot: int) -> None:
        generation = self._plans[check_id][1]
        heapq.heappush(self._heap, (due, check_id, attempt, slot, generation))

    def _drop_void(self) -> None:
        while self._heap:
            _, check_id, _, _, generation = self._heap[0]
            plan = self._plans.get(check_id)
            if plan is not None and plan[1] == generation:
                return
            heapq.heappop(self._heap)
