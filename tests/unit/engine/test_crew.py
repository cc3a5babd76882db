from monitor.domain.check import CheckId
from monitor.domain.observation import MissedReason
from monitor.engine.crew import Crew, Missed
from monitor.engine.timetable import Due

A, B, C = CheckId("a"), CheckId("b"), CheckId("c")


def due(check: CheckId, slot: int = 0, attempt: int = 0) -> Due:
    return Due(check, slot, attempt, slot)


def crew_of(size: int) -> tuple[Crew, list[Due]]:
    started: list[Due] = []
    return Crew(size, started.append), started


def test_runs_up_to_its_size():
    """At most as many probes run at once as the crew has hands."""
    crew, started = crew_of(2)
    for check in (A, B, C):
        crew.begin(due(check))

    assert [each.check_id for each in started] == [A, B]


def test_who_waits_starts_when_one_ends():
    """A probe that waits starts as soon as another has ended."""
    crew, started = crew_of(1)
    crew.begin(due(A))
    crew.begin(due(B))
    crew.finish(A)

    assert [each.check_id for each in started] == [A, B]


def test_still_running_misses_its_next_slot():
    """A check in flight at its next slot misses that slot: overrun."""
    crew, started = crew_of(2)
    crew.begin(due(A, 0))

    assert crew.begin(due(A, 60)) == Missed(A, 60, MissedReason.OVERRUN)
    assert len(started) == 1


def test_still_waiting_misses_its_old_slot():
    """A check that waited until its next slot misses the old one: overloaded."""
    crew, started = crew_of(1)
    crew.begin(due(A))
    crew.begin(due(B, 0))

    assert crew.begin(due(B, 60)) == Missed(B, 0, MissedReason.OVERLOADED)
    crew.finish(A)
    assert started[-1] == due(B, 60)


def test_waiting_is_fair():
    """Under overload every check gets its turn: who missed a slot keeps its place in the queue."""
    crew, started = crew_of(1)
    crew.begin(due(A))
    for slot in range(30):
        for check in (B, C):
            crew.begin(due(check, slot))
        crew.finish(started[-1].check_id)

    counts = [sum(each.check_id == check for each in started) for check in (B, C)]
    assert abs(counts[0] - counts[1]) <= 1


def test_retry_neither_waits_nor_is_missed():
    """A retry is no slot: when it can't run at once it is dropped."""
    crew, started = crew_of(1)
    crew.begin(due(A))

    assert crew.begin(due(B, 0, attempt=1)) is None
    assert crew.begin(due(A, 0, attempt=1)) is None
    crew.finish(A)
    assert len(started) == 1


def test_forgotten_check_does_not_start():
    """A check that is taken out while it waits never starts."""
    crew, started = crew_of(1)
    crew.begin(due(A))
    crew.begin(due(B))
    crew.forget(B)
    crew.finish(A)

    assert len(started) == 1
