from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from monitor.engine.clock import Timeline

START = 1_780_000_000_000_000


class Host:
    """A machine's two clocks, in microseconds and seconds."""

    def __init__(self) -> None:
        self.wall = START
        self.monotonic = 50.0

    def pass_time(self, seconds: float, wall_rate: float = 1.0) -> None:
        self.monotonic += seconds
        self.wall += int(seconds * wall_rate * 1e6)

    def timeline(self) -> Timeline:
        return Timeline(7, wall_ns=lambda: self.wall * 1000, monotonic=lambda: self.monotonic)


def test_follows_time():
    """The timeline is wall time at the start plus what passed since."""
    host = Host()
    timeline = host.timeline()
    host.pass_time(90)

    assert timeline.now_microseconds() == START + 90_000_000


def test_step_opens_an_epoch():
    """A wall clock that jumps by over a second begins a new epoch, at wall time."""
    host = Host()
    timeline = host.timeline()
    host.wall += 3600_000_000
    step = timeline.follow()

    assert step is not None
    assert round(step.offset_seconds) == 3600
    assert (timeline.epoch, timeline.now_microseconds()) == (8, host.wall)


def test_step_back_is_a_step_too():
    """A wall clock that is set back begins a new epoch as well."""
    host = Host()
    timeline = host.timeline()
    host.wall -= 86_400_000_000

    assert timeline.follow() is not None
    assert timeline.now_microseconds() == host.wall


def test_small_difference_is_followed_without_a_step():
    """A difference of under a second is made up for slowly, in the same epoch."""
    host = Host()
    timeline = host.timeline()
    host.wall += 400_000
    for _ in range(60):
        host.pass_time(1)
        assert timeline.follow() is None

    assert timeline.epoch == 7
    assert abs(timeline.offset_seconds()) < 0.001


@given(st.lists(st.tuples(st.floats(0.01, 2), st.floats(0.7, 1.4)), max_size=50))
def test_never_goes_back_within_an_epoch(turns):
    """Whatever the wall clock does, the timeline goes forward within an epoch."""
    host = Host()
    timeline = host.timeline()
    seen = [(timeline.epoch, timeline.now_microseconds())]
    for seconds, rate in turns:
        host.pass_time(seconds, rate)
        seen.append((timeline.epoch, timeline.now_microseconds()))
        timeline.follow()
        seen.append((timeline.epoch, timeline.now_microseconds()))

    assert all(a[1] <= b[1] for a, b in pairwise(seen) if a[0] == b[0])
