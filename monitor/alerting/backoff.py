"""Decides when a failed delivery is tried again, and when it is given up."""

import math
from datetime import datetime, timedelta

from monitor.ports import DeliveryState, OutboxRow, Settlement, Undelivered

FIRST_DELAY = timedelta(seconds=5)
LONGEST_DELAY = timedelta(minutes=15)
LONGEST_RETRY_AFTER = timedelta(hours=1)
KEPT_FOR = timedelta(hours=72)
MOST_REFUSALS = 8

# A small spread is enough to keep receivers apart, and keeps a dead endpoint under 40 attempts
# in six hours: a full one would draw many short delays.
_LEAST_SHARE = 0.8


def delay_after(failures: int, error: Undelivered, jitter: float) -> timedelta:
    """Return how long an endpoint is left alone after `failures` failed attempts in a row.

    `jitter` is a random number in [0, 1). What the receiver asks for (Retry-After) can lengthen
    the delay, up to an hour, and never shorten it: a "0" at every attempt must not make a loop.
    """
    doublings = min(max(failures, 1) - 1, 32)
    grown = min(FIRST_DELAY * (1 << doublings), LONGEST_DELAY)
    return max(grown * (_LEAST_SHARE + (1 - _LEAST_SHARE) * jitter), _asked_for(error))


def settlement_after(
    row: OutboxRow,
    error: Undelivered,
    now: datetime,
    *,
    failures: int,
    refusals: int,
    jitter: float,
) -> Settlement:
    """Return what becomes of `row` after an attempt that ended in `error`.

    `failures` counts the endpoint's attempts that failed in a row, this one included, and
    `refusals` those that refused this very row for good. A refusal is believed only when it is
    repeated: a proxy that is being set up answers 400 too, and the message would be lost.
    """
    if error.gone:
        return Settlement(state=DeliveryState.DEAD, at=now, detail=f"endpoint is gone: {error}")
    if error.permanent and refusals >= MOST_REFUSALS:
        return Settlement(
            state=DeliveryState.DEAD, at=now, detail=f"refused {refusals} times: {error}"
        )
    if is_stale(row, now):
        return Settlement(state=DeliveryState.DEAD, at=now, detail=f"given up: {error}")
    retry_at = now + delay_after(failures, error, jitter)
    return Settlement(state=DeliveryState.PENDING, at=now, detail=str(error), retry_at=retry_at)


def is_stale(row: OutboxRow, now: datetime) -> bool:
    """Say whether `row` has waited as long as rows are kept."""
    return now - row.created_at >= KEPT_FOR


def wait_until(due: datetime, now: datetime) -> timedelta:
    """Return how long to wait for a stored time: a clock that was set costs an hour at most."""
    return min(max(due - now, timedelta(0)), LONGEST_RETRY_AFTER)


def _asked_for(error: Undelivered) -> timedelta:
    seconds = error.retry_after
    if seconds is None or math.isnan(seconds):
        return timedelta(0)
    return timedelta(seconds=min(max(seconds, 0.0), LONGEST_RETRY_AFTER.total_seconds()))
