import asyncio
from types import SimpleNamespace

from monitor.domain.check import CheckId
from monitor.engine.clock import Timeline
from monitor.engine.scheduler import Engine, Scheduler
from monitor.engine.timetable import Due
from tests.fakes import FakeTelemetry, a_check

CHECKS = tuple(a_check(id=CheckId(f"check-{number}")) for number in range(3))


class Endless:
    """A check type whose probes never end by themselves."""

    def __init__(self) -> None:
        self.begun = 0

    async def probe(self, *_: object) -> None:
        self.begun += 1
        await asyncio.Event().wait()


async def test_stop_starts_nothing():
    """When the daemon stops, probes that waited for their turn are not started in place of those
    that are abandoned.
    """
    kind = Endless()
    engine = Engine(
        timeline=Timeline(1),
        network=None,
        vantage="balaikota",
        pipeline=SimpleNamespace(miss=lambda _: None, remembered=lambda _: {}),
        connectivity=None,
        telemetry=FakeTelemetry(),
    )
    scheduler = Scheduler(engine, concurrency=1)
    scheduler.replace([SimpleNamespace(check=c, kind=kind, spec=None) for c in CHECKS], {})
    scheduler.start()
    for check in CHECKS:
        scheduler._crew.begin(Due(check.id, 0, 0, 0))
    await asyncio.sleep(0)
    begun = kind.begun
    await scheduler.stop()
    await asyncio.sleep(0)

    assert (begun, kind.begun) == (1, 1)
    assert not scheduler._tasks
