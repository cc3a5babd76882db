import pytest

from monitor.blackbox.turnstile import TooMany, Turnstile


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def passed(turnstile, times):
    """Return how many of so many visits in a row are let through."""
    count = 0
    for _ in range(times):
        try:
            with turnstile.turn():
                count += 1
        except TooMany:
            pass
    return count


def test_so_many_at_once(clock):
    """No more probes run at once than is set; a place is free again when one ends."""
    turnstile = Turnstile(2, 100, clock)

    with (
        turnstile.turn(),
        turnstile.turn(),
        pytest.raises(TooMany, match="2 probes are under way"),
        turnstile.turn(),
    ):
        pass
    with turnstile.turn():
        pass


def test_place_is_given_back_after_a_crash(clock):
    """A probe that crashes gives its place back."""
    turnstile = Turnstile(1, 100, clock)
    with pytest.raises(ZeroDivisionError), turnstile.turn():
        raise ZeroDivisionError

    assert passed(turnstile, 1) == 1


def test_so_many_a_second(clock):
    """In the long run no more begin in a second than is set, twice as many in a burst."""
    turnstile = Turnstile(10, 5, clock)

    assert passed(turnstile, 50) == 10
    clock.now += 1
    assert passed(turnstile, 50) == 5
    clock.now += 3600
    assert passed(turnstile, 50) == 10
