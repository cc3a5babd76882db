"""When a check is due. Arithmetic only: the scheduler owns the clock."""

import hashlib
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from monitor.domain.check import Check

_ORIGIN = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@lru_cache(maxsize=65_536)
def phase(check_id: str, interval: timedelta) -> timedelta:
    """Return the check's fixed offset inside its interval, in whole microseconds.

    It derives from the id alone, so a thousand checks spread over the interval and a restart
    keeps every check on the same seconds.
    """
    digest = hashlib.sha256(check_id.encode()).digest()
    return timedelta(microseconds=int.from_bytes(digest[:8]) % (interval // _MICROSECOND))


def next_due(check: Check, after: datetime) -> datetime:
    """Return the first slot strictly after `after` (UTC). Slots missed meanwhile are skipped."""
    first = _ORIGIN + phase(check.id, check.interval)
    return first + ((after - first) // check.interval + 1) * check.interval


def retry_due(check: Check, slot: datetime, attempt: int) -> datetime | None:
    """Return when attempt number `attempt` (1, 2, …) of `slot` is due, or None.

    A retry has its place only before the next slot.
    """
    due = slot + attempt * check.retry_interval
    return due if due < slot + check.interval else None
