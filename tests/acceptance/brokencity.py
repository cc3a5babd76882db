"""The city of the demonstration with everything broken at once, and the daemon that watches it.

Faults are there before the daemon starts, so each check has one status from its first probe on.
Whoever wants another story opens the city without troubles, and has it suffer them one by one.
"""

import asyncio
import threading
import time
from collections.abc import Collection, Coroutine, Iterator
from contextlib import AsyncExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from monitor.demo.child import Daemon, Place, daemon, write_configuration
from monitor.demo.collector import Collector
from monitor.demo.story import Trouble
from monitor.demo.town import Town, open_town

EVERYTHING = frozenset(Trouble) - {Trouble.FORGOTTEN_NAME}  # a silent resolver forgets it all
_PATIENCE_SECONDS = 60
_ZONE = ZoneInfo("Asia/Makassar")  # that of windows, where the configuration names none

DOWN, UP, DEGRADED, UNKNOWN = 0, 1, 2, 3
CHECKS = {
    "portal-https": UP,
    "portal-tls": UP,
    "perizinan-http": DEGRADED,
    "pajak-https": DOWN,
    "jdih-dns": DOWN,
    "absensi-port": DOWN,
    "antrean-http": DOWN,
    "surel-mx": UNKNOWN,
    "kependudukan-db": UP,
}
SERVICES = {
    "portal": UP,
    "perizinan": DEGRADED,
    "pajak": DOWN,
    "jdih": DOWN,
    "absensi": DOWN,
    "antrean": DOWN,
    "surel": UNKNOWN,
    "kependudukan": UP,
}
TARGETS = {"portal": 0.999, "absensi": 0.99}
MAINTAINED = {"kependudukan"}


class BrokenCity:
    """The daemon on the city: `stop` ends it, `start` has it watch on."""

    def __init__(self, folder: Path, port: int, troubles: Collection[Trouble]) -> None:
        self._place = Place(folder=folder)
        self._port = port
        self._troubles = troubles
        self._town: Town | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._city, self._watch = AsyncExitStack(), AsyncExitStack()

    def open(self) -> None:
        self._thread.start()
        self._do(self._open())

    def start(self) -> None:
        """Have the daemon watch, and return when it answers."""
        running: Daemon = self._do(self._watch.enter_async_context(daemon(self._place)))
        self._do(running.ready())

    def stop(self) -> None:
        self._do(self._watch.aclose())

    def suffer(self, trouble: Trouble, *, begins: bool) -> None:
        assert self._town is not None
        self._do(self._town.suffer(trouble, begins=begins))

    def close(self) -> None:
        self.stop()
        self._do(self._city.aclose())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_PATIENCE_SECONDS)
        self._loop.close()

    async def _open(self) -> None:
        collector = Collector(lambda message: None, time.time)
        town = await self._city.enter_async_context(open_town(self._place.folder, collector))
        self._town = town
        for trouble in self._troubles:
            await town.suffer(trouble, begins=True)
        write_configuration(self._place, {**town.ports, "listen": self._port}, collector.secret)
        _promise_and_plan(self._place)

    def _do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_PATIENCE_SECONDS)


def _promise_and_plan(place: Place) -> None:
    """Write a target for a service that is down, and work on one that is up."""
    checks = yaml.safe_load(place.config.read_text())
    for service in checks["services"]:
        if service["id"] in TARGETS:
            service["sla"] = {"target": TARGETS[service["id"]] * 100, "basis": "uji"}
    place.config.write_text(yaml.safe_dump(checks))
    now = datetime.now(_ZONE)
    window = {
        "id": "uji",
        "services": sorted(MAINTAINED),
        "start": f"{now - timedelta(hours=1):%Y-%m-%d %H:%M}",
        "end": f"{now + timedelta(hours=1):%Y-%m-%d %H:%M}",
        "approved_by": "Kabid",
        "reason": "uji",
    }
    planned = place.folder / "config" / "maintenance.yaml"
    planned.write_text(yaml.safe_dump({"windows": [window]}))


@contextmanager
def broken_city(
    folder: Path, port: int, troubles: Collection[Trouble] = EVERYTHING
) -> Iterator[BrokenCity]:
    """Open the city on loopback; its daemon, once started, listens on `port`."""
    city = BrokenCity(folder, port, troubles)
    city.open()
    try:
        yield city
    finally:
        city.close()
