"""When the host's clock is not to be trusted with dates."""

from datetime import timedelta

import pytest

from monitor.engine.clockdoubt import ClockDoubt
from monitor.ports import MarkKind
from tests.fakes import FakeClock

MINUTE = timedelta(minutes=1)


def doubting(clock: FakeClock, in_step) -> ClockDoubt:
    """Return the doubt of a machine that was just started."""
    began = clock.monotonic()
    return ClockDoubt(clock, in_step, lambda: clock.monotonic() - began)


def later(clock: FakeClock, minutes: float) -> FakeClock:
    clock.advance(minutes * 60)
    return clock


@pytest.mark.parametrize("in_step", [True, None])
def test_no_doubt(in_step):
    """A clock that is kept in step is trusted, and so is one of which nothing is known."""
    clock = FakeClock()

    assert doubting(clock, lambda: in_step).until(clock.now()) is None


def test_after_a_step():
    """For ten minutes after it was set, dates wait."""
    clock = FakeClock()
    doubt = doubting(clock, lambda: True)
    doubt.marked(MarkKind.CLOCK_STEP, clock.now())
    until = clock.now() + 10 * MINUTE

    assert doubt.until(clock.now()) == until
    assert doubt.until(later(clock, 9).now()) == until
    assert doubt.until(later(clock, 1).now()) is None


def test_other_events_are_none():
    """A pause or a start says nothing about the clock."""
    clock = FakeClock()
    doubt = doubting(clock, lambda: True)
    for kind in set(MarkKind) - {MarkKind.CLOCK_STEP}:
        doubt.marked(kind, clock.now())

    assert doubt.until(clock.now()) is None


def test_clock_that_nobody_keeps():
    """While no time server keeps it in step dates wait for the first hour of the machine."""
    clock = FakeClock()
    doubt = doubting(clock, lambda: False)

    assert doubt.until(clock.now()) == clock.now() + MINUTE
    assert doubt.until(later(clock, 59).now()) is not None
    assert doubt.until(later(clock, 1).now()) is None


def test_time_server_is_found():
    """As soon as a time server keeps it in step, dates wait no longer."""
    clock, answers = FakeClock(), [False, True]
    doubt = doubting(clock, lambda: answers.pop(0))
    doubt.until(clock.now())

    assert doubt.until(clock.now()) is None
