"""How many probes may be asked for: so many at a time, and so many a second."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager


class TooMany(Exception):
    """No further probe is begun now. `retry_after` is in whole seconds."""

    def __init__(self, message: str, retry_after: int = 1) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Turnstile:
    """Lets probes through. Who comes too early is refused at once, so that no queue grows.

    `rate` is per second; a burst of twice as many passes.
    """

    def __init__(self, concurrency: int, rate: int, monotonic: Callable[[], float]) -> None:
        self._concurrency = concurrency
        self._rate = rate
        self._monotonic = monotonic
        self._inside = 0
        self._left = 2.0 * rate
        self._seen = monotonic()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Hold a place while a probe runs; raise TooMany if there is none."""
        if self._inside >= self._concurrency:
            raise TooMany(f"{self._inside} probes are under way already (probe.concurrency)")
        self._spend()
        self._inside += 1
        try:
            yield
        finally:
            self._inside -= 1

    def _spend(self) -> None:
        now = self._monotonic()
        self._left = min(2.0 * self._rate, self._left + (now - self._seen) * self._rate)
        self._seen = now
        if self._left < 1:
            raise TooMany(f"over {self._rate} probes a second are asked for (probe.rate)")
        self._left -= 1
