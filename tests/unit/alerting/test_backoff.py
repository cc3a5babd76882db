"""When a failed delivery is tried again, and when it is given up."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.alerting.backoff import delay_after, settlement_after, wait_until
from monitor.ports import DeliveryState, OutboxRow, Settlement, Undelivered
from tests.fakes import NOON, an_alert, refusal

HOUR = timedelta(hours=1)
ROW = OutboxRow(
    number=1,
    id="ROW1",
    receiver="oncall",
    alert=an_alert(),
    created_at=NOON,
    attempts=0,
    next_attempt_at=NOON,
    body=b"{}",
)


def settled(
    error: Undelivered, *, after: timedelta = timedelta(0), refusals: int = 0
) -> Settlement:
    return settlement_after(ROW, error, NOON + after, failures=1, refusals=refusals, jitter=0.5)


@given(failures=st.integers(0, 10**6), jitter=st.floats(0, 1, exclude_max=True))
def test_delay_grows_to_fifteen_minutes(failures, jitter):
    """The delay after a failure is between four seconds and a quarter of an hour."""
    delay = delay_after(failures, refusal(), jitter)

    assert timedelta(seconds=4) <= delay <= timedelta(minutes=15)


@given(jitter=st.floats(0, 1, exclude_max=True))
def test_dead_endpoint_sees_few_attempts(jitter):
    """An endpoint that is dead for six hours sees 40 attempts at most, whatever the dice say."""
    at, attempts = timedelta(0), 0
    while at <= 6 * HOUR:
        attempts += 1
        at += delay_after(attempts, refusal(), jitter)

    assert attempts <= 40


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (1800.0, timedelta(minutes=30)),
        (999_999_999.0, HOUR),
        (float("inf"), HOUR),
        (-5.0, timedelta(seconds=4.5)),
        (0.0, timedelta(seconds=4.5)),
        (float("nan"), timedelta(seconds=4.5)),
    ],
)
def test_retry_after_is_honoured_within_an_hour(asked, expected):
    """Retry-After lengthens the delay, to an hour at most, and never makes it shorter."""
    assert delay_after(1, refusal(retry_after=asked), 0.5) == expected


def test_gone_is_the_end():
    """An endpoint that answers 410 is not tried again."""
    assert settled(refusal(gone=True)).state is DeliveryState.DEAD


def test_a_refusal_is_believed_when_repeated():
    """A message that is refused for good is tried eight times before it is given up."""
    states = [settled(refusal(permanent=True), refusals=n).state for n in (1, 7, 8)]

    assert states == [DeliveryState.PENDING, DeliveryState.PENDING, DeliveryState.DEAD]


def test_kept_for_three_days():
    """A message is kept for 72 hours, and given up at the first failure after that."""
    states = [settled(refusal(), after=after).state for after in (71.9 * HOUR, 72 * HOUR)]

    assert states == [DeliveryState.PENDING, DeliveryState.DEAD]


def test_a_clock_that_was_set_costs_an_hour_at_most():
    """A stored time of the next attempt that lies years ahead is not waited for."""
    far = replace(ROW, next_attempt_at=NOON + timedelta(days=3650))

    assert wait_until(far.next_attempt_at, NOON) == HOUR
    assert wait_until(NOON - HOUR, NOON) == timedelta(0)
