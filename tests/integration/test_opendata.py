"""The shelf of open data over a real database: made once, made anew, and never too much at once."""

import asyncio
import json
import pickle
import resource
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from monitor.app.apart import Failed, run_apart
from monitor.app.opendata import OpenDataShelf
from monitor.configuration.loader import load
from monitor.domain.correction import Correction
from monitor.domain.observation import Observation, Outcome, Status
from monitor.domain.service import ServiceId
from monitor.notifiers import receiver_types
from monitor.ports import Change, Mark, MarkKind
from monitor.probes import check_types
from monitor.store.sql import open_store
from monitor.web.context import NotPublished, StillMaking, TooLong

WITA = ZoneInfo("Asia/Makassar")
START = datetime(2025, 6, 2, tzinfo=WITA)
NOW = START + timedelta(days=2, hours=3)
FIRST, LAST = date(2025, 6, 1), date(2025, 6, 3)
CHECKS = """
version: 1
services:
  - {id: portal, name: Portal, owner: diskominfo, public: true}
  - {id: rahasia, name: Ruang Sandi, owner: bidang, public: false}
checks:
  - {id: portal-port, service: portal, type: tcp, host: 127.0.0.1, port: 9, interval: 60s}
  - {id: sandi-port, service: rahasia, type: tcp, host: 127.0.0.1, port: 10, interval: 60s}
"""


def seen(check: str) -> tuple[Observation, ...]:
    return tuple(
        Observation(
            check_id=check,
            vantage="utama",
            epoch=1,
            scheduled_at=at,
            started_at=at,
            duration=timedelta(milliseconds=20),
            outcome=Outcome(),
        )
        for minute in range(2 * 1440)
        for at in [(START + timedelta(minutes=minute)).astimezone(UTC)]
    )


@pytest.fixture
async def config(tmp_path: Path):
    (tmp_path / "checks.yaml").write_text(CHECKS)
    (tmp_path / "data").mkdir(mode=0o700)
    await written(
        tmp_path,
        Change(
            observations=seen("portal-port") + seen("sandi-port"),
            marks=(Mark(kind=MarkKind.START, at=START.astimezone(UTC), epoch=1),),
        ),
    )
    return load(tmp_path / "checks.yaml", check_types(), receiver_types())


async def written(folder: Path, change: Change) -> None:
    async with open_store(folder / "data", vantage="utama") as store:
        await store.restore()
        await store.commit(change)


class Runs:
    """Runs what it is asked to, and remembers when; `length` is how long it takes at least."""

    def __init__(self, length: float = 0.0, *, apart=run_apart) -> None:
        self.length = length
        self.times: list[tuple[float, float]] = []
        self.fed: list[bytes] = []
        self._apart = apart

    async def __call__(self, command, patience, fed):
        began = time.monotonic()
        self.fed.append(fed)
        await asyncio.sleep(self.length)
        await self._apart(command, patience, fed)
        self.times.append((began, time.monotonic()))


async def writing(command, _patience, _fed):
    """Stand for a process that makes a table at once."""
    _write(Path(command[-1]))


def _write(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "gangguan.csv").write_text("x")
    (folder / "digests.json").write_text(json.dumps({"gangguan.csv": "ab"}))


def a_shelf(config, runs, now=NOW):
    return OpenDataShelf(config, "1.0", lambda: now, runs)


async def test_made_once_for_everybody(config):
    """Whoever asks at once, or later, gets what was made once; nothing of a service that is not
    public is even handed to whoever makes it.
    """
    runs = Runs()
    shelf = a_shelf(config, runs)
    names = ("ketersediaan.csv", "gangguan.json", "ketersediaan.csv")
    found = await asyncio.gather(*(shelf.file(name, FIRST, LAST) for name in names))
    later = await a_shelf(config, runs).file("ketersediaan.csv", FIRST, LAST)

    assert len(runs.times) == 1
    assert found[0] == found[2] == later
    assert b"portal" in later.path.read_bytes()
    assert b"portal-port" in runs.fed[0]
    assert b"rahasia" not in runs.fed[0]
    assert b"sandi" not in runs.fed[0]
    assert pickle.loads(runs.fed[0]).days.end == int((START + timedelta(days=2)).timestamp() * 1e6)


async def test_made_anew_after_a_correction(config, tmp_path):
    """A correction makes the data of its days anew, and what it replaces is taken away."""
    shelf = a_shelf(config, Runs())
    before = await shelf.file("ketersediaan.json", FIRST, LAST)
    said = Correction(
        id="k1",
        service=ServiceId("portal"),
        start=(START + timedelta(hours=1)).astimezone(UTC),
        end=(START + timedelta(hours=2)).astimezone(UTC),
        status=Status.DOWN,
        reason="x",
        evidence="y",
        by="z",
        at=NOW.astimezone(UTC),
    )
    await written(tmp_path, Change(corrections=(said,)))
    shelf.replace(config)  # it looks again at once, and not in half a minute
    after = await shelf.file("ketersediaan.json", FIRST, LAST)

    assert before.digest != after.digest
    day = json.loads(after.path.read_text())["data"][1]
    assert (day["turun"], day["sebelum_koreksi_tepat"]) == (3_600_000_000, "1/1")
    assert [each.name for each in (tmp_path / "data" / "opendata").iterdir()] == [
        after.path.parent.name
    ]


async def test_what_is_public_no_more_is_not_given_while_it_is_looked_for(config, tmp_path):
    """Who asked before a reload, and all who ask after it, get what is public by the new configuration."""
    shelf = a_shelf(config, Runs(apart=writing))
    await shelf.file("gangguan.csv", FIRST, LAST)
    shelf.replace(config)  # nobody has looked yet
    async with shelf._asking:
        asked = asyncio.create_task(shelf.file("gangguan.csv", FIRST, LAST))
        await asyncio.sleep(0)
        checks = tmp_path / "checks.yaml"
        checks.write_text(CHECKS.replace("public: true", "public: false"))
        shelf.replace(load(checks, check_types(), receiver_types()))

    with pytest.raises(StillMaking):
        await asked
    assert shelf._looked == {}
    with pytest.raises(NotPublished):
        await shelf.file("gangguan.csv", FIRST, LAST)


async def test_it_rests_as_long_as_it_worked(config):
    """What is made is made one after the other, with a rest between that is as long as the work."""
    runs = Runs(0.3, apart=writing)
    shelf = a_shelf(config, runs)
    days = [date(2025, 6, n) for n in (2, 3)]
    await asyncio.gather(*(shelf.file("gangguan.csv", day, day) for day in days))

    (began, ended), (again, _) = runs.times
    assert again - ended > 0.8 * (ended - began)


async def test_too_much_at_once(config):
    """Of so much that is wanted at once, some is asked to come back; everything else is made."""
    gate = asyncio.Event()

    async def gated(command, patience, fed):
        await gate.wait()
        await writing(command, patience, fed)

    shelf = a_shelf(config, Runs(apart=gated))
    days = [date(2025, month, 1) for month in range(1, 11)]
    asking = [asyncio.create_task(shelf.file("gangguan.csv", day, day)) for day in days]
    finished = asyncio.as_completed(asking, timeout=15)
    for _ in range(2):
        with pytest.raises(StillMaking):
            await next(finished)
    gate.set()

    assert len([await each for each in finished]) == 8


async def test_no_more_than_so_many_are_kept(config, tmp_path):
    """The data of the periods that were made last are kept, and no others."""
    shelf = a_shelf(config, Runs(apart=writing))
    days = [date(2024, 1, 1) + timedelta(days=n) for n in range(27)]
    for day in days:
        await shelf.file("gangguan.csv", day, day)

    assert len(list((tmp_path / "data" / "opendata").iterdir())) == 24


async def test_months_are_kept_before_anything_else(config, tmp_path):
    """Whoever asks for all kinds of periods takes no month away from those who ask for that."""
    shelf = a_shelf(config, Runs(apart=writing))
    month = await shelf.file("gangguan.csv", date(2025, 5, 1), date(2025, 5, 31))
    for n in range(1, 28):
        await shelf.file("gangguan.csv", date(2024, 12, n), date(2025, 1, 31))

    assert month.path.exists()
    assert len(list((tmp_path / "data" / "opendata").iterdir())) == 24


async def test_a_month_that_goes_on_takes_its_own_place(config, tmp_path):
    """Of the month that goes on the newest data is kept, and none of the days before."""
    shelf = a_shelf(config, Runs(apart=writing))
    for day in (1, 2, 3):
        found = await shelf.file("gangguan.csv", FIRST, date(2025, 6, day))

    assert list((tmp_path / "data" / "opendata").iterdir()) == [found.path.parent]


async def test_what_fails_is_no_data(config):
    """Where it can't be made there is none, and whoever asks again may have it."""

    async def failing(_command, _patience, _fed):
        raise Failed("the disk is full")

    runs = Runs(apart=failing)
    with pytest.raises(NotPublished):
        await a_shelf(config, runs).file("gangguan.csv", FIRST, LAST)

    assert (await a_shelf(config, Runs()).file("gangguan.csv", FIRST, LAST)).digest


async def test_a_period_that_is_too_long(config):
    """More than a year at once is refused, with how much would do."""
    with pytest.raises(TooLong, match="12"):
        await a_shelf(config, Runs()).file("gangguan.csv", date(2024, 1, 1), date(2025, 1, 31))


async def test_which_days_there_are(config):
    """There is data from the day of the first start to yesterday, in the configured zone."""
    assert await a_shelf(config, Runs()).covered() == (date(2025, 6, 2), date(2025, 6, 3))
    assert await a_shelf(config, Runs(), START + timedelta(hours=23)).covered() is None


async def test_the_daemon_does_next_to_nothing(config):
    """Making data takes its time in another process: of the work, a tenth at most is ours."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    ours = time.process_time()
    await a_shelf(config, Runs()).file("gangguan.csv", FIRST, LAST)
    ours = time.process_time() - ours
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    theirs = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    assert ours < theirs / 10
