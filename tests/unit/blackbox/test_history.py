from monitor.blackbox.history import History
from tests.unit.metrics.board import NOON


def remembering(kept, outcomes):
    history = History(kept)
    for number, success in enumerate(outcomes):
        history.add(
            at=NOON,
            module="a" if number % 2 else "b",
            target=f"host{number // 4}",
            success=success,
            seconds=0.1,
            debug=lambda: "",
        )
    return history


def ids(history):
    return [entry.id for entry in history.newest_first()]


def test_latest_are_kept():
    """The latest probes are kept, newest first, and no more of them than is promised."""
    assert ids(remembering(3, [True] * 10)) == [9, 8, 7]


def test_failures_are_kept_longer():
    """A failure that the ring lets go is kept, up to as many as the ring holds."""
    history = remembering(2, [False, False, False, True, True, True])

    assert ids(history) == [5, 4, 2, 1]


def test_memory_is_bounded():
    """However many probes run, twice the promised number is the most that is kept."""
    assert len(ids(remembering(100, [False] * 1000))) == 200


def test_one_is_found():
    """A probe is found by its number, or as the newest of its target and module."""
    history = remembering(10, [True] * 8)

    assert history.by_id(3).id == 3
    assert history.by_id(99) is None
    assert history.latest("host1").id == 7
    assert history.latest("host1", "b").id == 6
    assert history.latest("host2") is None
