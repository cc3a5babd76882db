"""When the teller looks at what is to be told."""

import asyncio
import selectors
from collections.abc import Callable
from datetime import datetime, timedelta

from monitor.engine.teller import Teller
from tests.fakes import NOON


class AtOnce(selectors.DefaultSelector):
    """Waits for nothing: whoever waits for time finds that it has passed."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None):
        assert timeout is not None, "nobody would ever be woken"
        self.now += max(0.0, timeout)
        return super().select(0)


class Loop(asyncio.SelectorEventLoop):
    """An event loop whose time passes as soon as nothing else is to be done."""

    def __init__(self) -> None:
        self._selected = AtOnce()
        super().__init__(self._selected)

    def time(self) -> float:
        return self._selected.now


class Looks:
    """Stands for the pipeline and for the clock: keeps when it was looked at, in seconds."""

    def __init__(self, *promised: float) -> None:
        self.at: list[float] = []
        self._promised = list(promised)

    def now(self) -> datetime:
        return NOON + timedelta(seconds=asyncio.get_running_loop().time())

    def tell(self, now: datetime) -> datetime | None:
        self.at.append(round((now - NOON).total_seconds(), 3))
        return NOON + timedelta(seconds=self._promised.pop(0)) if self._promised else None


def looked_at(looks: Looks, *wakes: float, until: float = 1000.0) -> list[float]:
    """Return when a teller looked that was woken at `wakes`."""

    async def run() -> None:
        teller = Teller(looks, looks)  # type: ignore[arg-type]
        loop = asyncio.get_running_loop()
        for at in wakes:
            loop.call_at(at, teller.wake)
        task = asyncio.create_task(teller.run())
        await asyncio.sleep(until)
        task.cancel()

    make: Callable[[], asyncio.AbstractEventLoop] = Loop
    with asyncio.Runner(loop_factory=make) as runner:
        runner.run(run())
    return looks.at


GAP = 0.2


def test_looks_when_more_may_be_due():
    """It looks at once, and again as soon as time alone may have something told; then not by itself."""
    assert looked_at(Looks(20.0, 75.5)) == [0.0, 20.0 + GAP, 75.5 + GAP]


def test_looks_when_woken():
    """It looks soon after it is woken, and once; what was promised before does not count any more."""
    assert looked_at(Looks(300.0), 50.0) == [0.0, 50.0 + GAP]


def test_a_storm_is_looked_at_together():
    """What happens within a fifth of a second is looked at together, and nothing is missed."""
    storm = [10.0 + n / 100 for n in range(15)]

    assert looked_at(Looks(), *storm, 10.3) == [0.0, 10.0 + GAP, 10.3 + GAP]


def test_what_is_overdue_is_looked_at_soon():
    """What is due already is looked at soon, but not more often than five times a second."""
    assert looked_at(Looks(-5.0, 0.1), until=5.0) == [0.0, GAP, 2 * GAP]
