"""Has hours sealed once they are over, and samples dropped that were kept long enough."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Protocol

import structlog

from monitor.domain.check import Check
from monitor.domain.instant import span_microseconds
from monitor.ports import StoreError, Telemetry
from monitor.store.block import HOUR
from monitor.store.sealjob import Paces

log = structlog.get_logger()

EVERY = timedelta(minutes=1)

# By then what was seen in an hour is stored, retries and slow writes included.
_SETTLED = 15 * 60_000_000

# Between two of its runs, which are a minute apart, the process stood still. That it did is on
# record only once the watchdog has noticed, and what was seen before holds no longer than that.
_STOOD_STILL = 5 * 60_000_000


class SealingStore(Protocol):
    """Seals hours, and drops what is old."""

    async def seal(self, last: int, paces: Paces) -> int: ...

    async def drop_samples(self, before: int) -> int: ...


class Keeper:
    """Looks after the store once an hour, and again each minute while that fails.

    `now` is in microseconds since the Unix epoch, `kept` how long samples are. While the clock is
    `in_doubt` nothing is done: which hours are over would be a guess. After the process stood still
    one turn is left out.
    """

    def __init__(
        self,
        store: SealingStore,
        telemetry: Telemetry,
        now: Callable[[], int],
        kept: timedelta,
        *,
        in_doubt: Callable[[], bool] = lambda: False,
    ) -> None:
        self._store = store
        self._telemetry = telemetry
        self._now = now
        self._in_doubt = in_doubt
        self._kept = span_microseconds(kept)
        self._paces = Paces()
        self._done: int | None = None
        self._ran: int | None = None
        self._is_at_it = False

    def replace(self, checks: Iterable[Check]) -> None:
        """Go by how often these checks run, in hours that are not over yet."""
        before, now = self._paces, self._now()
        intervals = {str(check.id): span_microseconds(check.interval) for check in checks}
        since = {
            name: min(now, before.since[name]) if before.intervals.get(name) == interval else now
            for name, interval in intervals.items()
        }
        self._paces = Paces(intervals=intervals, since=since)

    async def run(self) -> None:
        """Do what is due. A store that fails is asked again the next time."""
        now = self._now()
        last = (now - _SETTLED) // HOUR - 1
        before, self._ran = self._ran, now
        has_stood_still = before is not None and now - before > _STOOD_STILL
        if self._is_at_it or last == self._done or self._in_doubt() or has_stood_still:
            return
        self._is_at_it = True  # a long history may take hours
        try:
            sealed = await self._store.seal(last, self._paces)
            dropped = await self._store.drop_samples((now - self._kept) // HOUR)
        except StoreError as error:
            self._failed(str(error))
        except Exception as error:
            log.exception("store.untended")
            self._failed(type(error).__name__)
        else:
            self._done = last
            self._telemetry.sealed_until((last + 1) * HOUR / 1e6)
            log.debug("store.sealed", hours=sealed, dropped=dropped)
        finally:
            self._is_at_it = False

    def _failed(self, detail: str) -> None:
        self._telemetry.sealing_failed()
        log.warning("store.unsealed", detail=detail)
