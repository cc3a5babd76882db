"""What sealed hours cost: to seal, to keep, and to read.

    python -m tests.bench.tiers CHECKS INTERVAL HOURS

prints figures as JSON. The samples of simulated hours, which jitter as those of servers do, are
sealed by the real code, while the event loop is watched and a second's observations of as many
checks are stored each second. Two days of hours are then repeated to make 90, for what reads them.
"""

import asyncio
import json
import resource
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from random import Random

import structlog

from monitor.domain.check import CheckId
from monitor.domain.instant import instant
from monitor.domain.observation import Observation, Outcome
from monitor.domain.windows import Window
from monitor.ports import Change
from monitor.store.connection import DATABASE
from monitor.store.pagesums import sums_path
from monitor.store.reader import Reader, open_reader
from monitor.store.sealjob import Paces
from monitor.store.sql import SqlStore, open_store

HOUR = 3_600_000_000
FIRST = 490_000
DAYS = 90
PULSE = 0.005
READ = 50

Row = tuple[int, int, int, int, int, int, int, int]


def name_of(number: int) -> CheckId:
    return CheckId(f"layanan-{number:05d}-http")


def samples(checks: int, interval: int, hours: int) -> Iterator[Row]:
    """Yield rows of `observation` of healthy checks; one in a thousand finds its target down."""
    chance = Random(1)
    for check in range(1, checks + 1):
        phase = chance.randrange(interval)
        for at in range(FIRST * HOUR + phase, (FIRST + hours) * HOUR, interval):
            began, took = int(chance.expovariate(1 / 2500)), int(chance.lognormvariate(10.5, 0.25))
            yield check, 1, 1, at, 0, began, took, 1 if chance.random() < 0.999 else 3


async def prepared(folder: Path, checks: int, interval: int, hours: int) -> None:
    async with open_store(folder, vantage="utama"):
        pass
    with closing(sqlite3.connect(folder / DATABASE)) as database, database:
        names = [(name_of(number),) for number in range(1, checks + 1)]
        database.executemany("INSERT INTO check_name (name) VALUES (?)", names)
        columns = "check_id, vantage_id, epoch, scheduled_at, attempt, started, duration, status"
        statement = f"INSERT INTO observation ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
        database.executemany(statement, samples(checks, interval, hours))
    sums_path(folder / DATABASE).unlink()


async def sealed(folder: Path, checks: int, interval: int, hours: int) -> dict[str, float]:
    """Seal all hours; return the CPU seconds of one, and how late the event loop was meanwhile."""
    late: list[float] = []
    paces = Paces(intervals={name_of(n): interval for n in range(1, checks + 1)})
    async with open_store(folder, vantage="utama") as store:
        await store.seal(FIRST, paces)  # before the first hour nothing is known
        watching = [
            asyncio.create_task(pulse(late)),
            asyncio.create_task(storing(store, checks * 1_000_000 // interval)),
        ]
        before, began = cpu_seconds(), time.perf_counter()
        await store.seal(FIRST + hours - 1, paces)
        spent, wall = cpu_seconds() - before, time.perf_counter() - began
        alone = await idle(watching, wall)
    late.sort()
    return {
        "cpu_seconds": max(spent - alone, 0) / (hours - 1),
        "wall_seconds": wall / (hours - 1),
        "lateness_p99": late[int(len(late) * 0.99)],
    }


async def idle(watching: list["asyncio.Task[None]"], wall: float) -> float:
    """Return the CPU seconds that watching and storing take in `wall` seconds by themselves."""
    before, seconds = cpu_seconds(), min(wall, 5)
    await asyncio.sleep(seconds)
    spent = cpu_seconds() - before
    for task in watching:
        task.cancel()
    return spent * wall / seconds


async def pulse(late: list[float]) -> None:
    while True:
        due = time.perf_counter() + PULSE
        await asyncio.sleep(PULSE)
        late.append(time.perf_counter() - due)


async def storing(store: SqlStore, count: int) -> None:
    """Store what `count` checks see in each second, long after the hours that are sealed."""
    second = 0
    while True:
        at = instant((FIRST + 10_000) * HOUR + second * 1_000_000)
        seen = tuple(
            Observation(
                check_id=name_of(1 + n),
                vantage="utama",
                epoch=2,
                scheduled_at=at,
                started_at=at,
                duration=timedelta(milliseconds=30),
                outcome=Outcome(),
            )
            for n in range(count)
        )
        await store.commit(Change(observations=seen))
        second += 1
        await asyncio.sleep(1)


def sizes(folder: Path, checks: int, hours: int) -> dict[str, float]:
    """Return how many bytes of the file an hour of a check takes, for a time and for ever."""
    with closing(sqlite3.connect(f"file:{folder / DATABASE}?mode=ro", uri=True)) as database:
        wanted = "SELECT name, sum(pgsize) FROM dbstat WHERE name LIKE 's%' GROUP BY name"
        found = dict(database.execute(wanted).fetchall())
    of = checks * hours
    return {"block_bytes": found["sample_block"] / of, "row_bytes": found["sealed_hour"] / of}


def read(folder: Path, checks: int, interval: int, hours: int) -> dict[str, float]:
    """Return how long it takes to tell what is known of a check over 90 days, and over a month."""
    with closing(sqlite3.connect(folder / DATABASE)) as database, database:
        columns = [row[1] for row in database.execute("PRAGMA table_info(sealed_hour)")]
        later = ", ".join(f"hour + {hours} * n" if each == "hour" else each for each in columns)
        database.execute(
            f"INSERT INTO sealed_hour WITH RECURSIVE again(n) AS (VALUES (1) UNION ALL "
            f"SELECT n + 1 FROM again WHERE n < {DAYS * 24 // hours}) "
            f"SELECT {later} FROM again, sealed_hour WHERE hour < {FIRST + hours} "
            f"AND check_id <= {READ}"
        )
    sums_path(folder / DATABASE).unlink()
    with open_reader(folder) as reader:
        asked(reader, 1, interval, 1)
        days = timed(reader, interval, DAYS)
        month = timed(reader, interval, 30)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"days90_seconds": days, "month_seconds": month, "peak_mib": peak}


def timed(reader: Reader, interval: int, days: int) -> float:
    began = time.perf_counter()
    for number in range(1, READ + 1):
        asked(reader, number, interval, days)
    return (time.perf_counter() - began) / READ


def asked(reader: Reader, number: int, interval: int, days: int) -> None:
    window = Window((FIRST + 24) * HOUR, (FIRST + 24 + days * 24) * HOUR)
    found = reader.known(name_of(number), interval, window)
    assert found.spans[-1].end == window.end
    reader.slots(name_of(number), *window)


def cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def measured(checks: int, interval: int, hours: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="pantau-tiers-") as home:
        folder = Path(home) / "data"
        await prepared(folder, checks, interval, hours)
        found = await sealed(folder, checks, interval, hours)
        found |= sizes(folder, checks, hours)
        if checks >= READ:
            found |= await asyncio.to_thread(read, folder, checks, interval, hours)
        return found


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    count, seconds, length = map(int, sys.argv[1:])
    print(json.dumps(asyncio.run(measured(count, seconds * 1_000_000, length))))
