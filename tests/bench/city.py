"""A city of any size with a period behind it, in a folder in which commands may be run.

The samples of a few services are sealed by the real code, hour by hour. The others repeat them
under their own names: to seal those of a thousand services would take an hour, and make the same
rows.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

from monitor.domain.check import Affects, CheckId
from monitor.domain.incident import AffectedCheck, Concern, Incident, incident_id
from monitor.domain.instant import instant
from monitor.domain.observation import Failure, FailureKind
from monitor.domain.periods import between
from monitor.domain.service import ServiceId
from monitor.domain.windows import Window
from monitor.ports import Change
from monitor.store.connection import DATABASE
from monitor.store.pagesums import sums_path
from monitor.store.sealjob import Paces
from monitor.store.sql import open_store

MINUTE = 60_000_000
HOUR = 60 * MINUTE
CHECKS = ("http", "tls", "dns")
SERVICES_OF_AN_OWNER = 25
VANTAGE = "utama"
_ZONE = ZoneInfo("Asia/Makassar")
_SEALED_BY_ITSELF = 10

Row = tuple[int, int, int, int, int, int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class City:
    """`services` of three checks a minute each, over the local days from `first` up to `until`."""

    services: int
    first: date
    until: date

    @property
    def window(self) -> Window:
        """Return its period in microseconds since the Unix epoch."""
        return between(self.first, self.until, _ZONE)

    @property
    def period(self) -> tuple[str, ...]:
        """Return its period as an option of commands."""
        return "--from", self.first.isoformat(), "--to", self.until.isoformat()


async def build(folder: Path, city: City) -> None:
    """Write the configuration and the database of `city` into `folder`."""
    (folder / "checks.yaml").write_text("\n".join(_configuration(city)))
    home = folder / "data"
    home.mkdir(mode=0o700)
    async with open_store(home, vantage=VANTAGE) as store:
        told = (each for n in range(city.services) for each in _incidents(n, city.window))
        await store.commit(Change(incidents=tuple(told)))
    own = min(city.services, _SEALED_BY_ITSELF)
    with closing(sqlite3.connect(home / DATABASE)) as database, database:
        names = [(name,) for n in range(city.services) for name in _checks(n)]
        database.executemany("INSERT INTO check_name (name) VALUES (?)", names)
        columns = "check_id, vantage_id, epoch, scheduled_at, attempt, started, duration, status"
        statement = f"INSERT INTO observation ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
        database.executemany(statement, _samples(own, city.window))
    sums_path(home / DATABASE).unlink()
    paces = Paces(intervals={name: MINUTE for n in range(own) for name in _checks(n)})
    async with open_store(home, vantage=VANTAGE) as store:
        await store.seal(city.window.end // HOUR - 1, paces)
    with closing(sqlite3.connect(home / DATABASE)) as database, database:
        _repeat(database, own * len(CHECKS))
    sums_path(home / DATABASE).unlink()


def _configuration(city: City) -> Iterator[str]:
    yield "version: 1\nservices:"
    for number in range(city.services):
        yield (
            f"  - {{id: {_service(number)}, name: Layanan kota nomor {number:04d}, "
            f"owner: opd-{number // SERVICES_OF_AN_OWNER:02d}, "
            "sla: {target: 99.9, basis: SK 12/2026}}"
        )
    yield "checks:"
    for number in range(city.services):
        for name in _checks(number):
            yield (
                f"  - {{id: {name}, service: {_service(number)}, type: tcp, host: 127.0.0.1, "
                "port: 9, interval: 60s}"
            )


def _service(number: int) -> ServiceId:
    return ServiceId(f"layanan-{number:04d}")


def _checks(number: int) -> list[CheckId]:
    return [CheckId(f"{_service(number)}-{kind}") for kind in CHECKS]


def _outages(number: int, window: Window) -> list[Window]:
    """Return when a service was down: some never are, and some are again and again."""
    chance = Random(number % _SEALED_BY_ITSELF)
    starts = sorted(chance.sample(range(60, window.length // MINUTE - 60, 60), number % 5))
    return [
        Window(begin, begin + chance.randrange(3, 50) * MINUTE)
        for begin in (window.start + minute * MINUTE for minute in starts)
    ]


def _incidents(number: int, window: Window) -> Iterator[Incident]:
    failure = Failure(FailureKind.CONNECT_TIMEOUT, "10.0.0.9:443, 10 s")
    for start, end in _outages(number, window):
        since = instant(start)
        yield Incident(
            id=incident_id(_service(number), Affects.AVAILABILITY, since, Concern.OUTAGE),
            service=_service(number),
            started_at=since,
            ended_at=instant(end),
            checks=(AffectedCheck(id=_checks(number)[0], since=since, failure=failure),),
        )


def _samples(services: int, window: Window) -> Iterator[Row]:
    """Yield rows of `observation`: answers that jitter as those of servers do, and outages."""
    chance = Random(1)
    for check in range(services * len(CHECKS)):
        number = check // len(CHECKS)
        outages = _outages(number, window)
        middle = 10 + chance.random() * 3  # e to this power, in microseconds: 22 to 440 ms
        phase = chance.randrange(MINUTE)
        for at in range(window.start + phase, window.end, MINUTE):
            began, took = int(chance.expovariate(1 / 2500)), int(chance.lognormvariate(middle, 0.3))
            is_down = any(start <= at < end for start, end in outages)
            yield check + 1, 1, 1, at, 0, began, took, 3 if is_down else 1


def _repeat(database: sqlite3.Connection, own: int) -> None:
    """Give the checks from `own` on the sealed hours of the first ones, in turn."""
    columns = [row[1] for row in database.execute("PRAGMA table_info(sealed_hour)")]
    told = ", ".join(f"known.{each}" for each in columns if each != "check_id")
    database.execute(
        f"INSERT INTO sealed_hour SELECT check_name.id, {told} FROM check_name "
        f"JOIN sealed_hour AS known ON known.check_id = 1 + (check_name.id - 1) % {own} "
        f"WHERE check_name.id > {own} ORDER BY check_name.id, known.hour"
    )
