"""A database that was damaged is named, and never becomes a figure. The long form is in tests/chaos."""

import asyncio
import json
import os
import random
import shutil
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain.instant import microseconds
from monitor.ports import Change, MarkKind, StoreError
from monitor.store import sumskeeper
from monitor.store.backup import back_up, examine
from monitor.store.connection import DATABASE
from monitor.store.damage import Damaged, damage
from monitor.store.ledgerreader import open_ledger
from monitor.store.pagesums import UNKNOWN, Sheet, sums_path
from monitor.store.reader import Examined, open_reader
from monitor.store.sql import open_store
from monitor.store.wal import Log
from tests.fakes import NOON
from tests.integration.store.changes import CHECKS, VANTAGE, mark, notification, observation
from tests.integration.store.ruin import WAYS, answers, ruined

SEED = random.randrange(10**6)


def started(data: Path):
    return open_store(data, vantage=VANTAGE, now=lambda: NOON)


async def fill(data: Path, minutes: range) -> None:
    async with started(data) as store:
        for minute in minutes:
            await store.commit(
                Change(
                    observations=tuple(
                        observation(minute, check, started_at=NOON + timedelta(minutes=minute))
                        for check in CHECKS
                    ),
                    marks=(mark(MarkKind.PAUSE, minute),),
                    notifications=(notification(f"N{minute}"),),
                )
            )


@pytest.fixture(scope="module")
def history(tmp_path_factory) -> Path:
    return history_in(tmp_path_factory.mktemp("history"))


def history_in(folder: Path) -> Path:
    """Return a database of two hundred pages, with what a killed daemon left in its log."""
    data = folder / "data"
    asyncio.run(fill(data, range(400)))
    kept = data.with_name("kept")

    async def write_on() -> None:
        async with started(data) as store:
            for minute in range(400, 440):
                await store.commit(
                    Change(
                        observations=(observation(minute),), marks=(mark(MarkKind.PAUSE, minute),)
                    )
                )
            shutil.copytree(data, kept, ignore=shutil.ignore_patterns("*-shm"))

    asyncio.run(write_on())
    assert len(Log.read(kept / DATABASE).frames) > 50
    return kept


@pytest.mark.slow
@pytest.mark.parametrize("name", [DATABASE, f"{DATABASE}-wal", f"{DATABASE}-sums"])
def test_every_flip_is_named_or_changes_nothing(history: Path, tmp_path: Path, name: str) -> None:
    """A bit that flips anywhere, in the database, its log or its checksums, is named; or it stands
    where it changes no answer at all.
    """
    flipped(history, tmp_path, name, 25)


def flipped(history: Path, tmp_path: Path, name: str, flips: int) -> None:
    """Flip a bit of a file, so many times; look at what is said each time."""
    chance, before = random.Random(SEED), answers(history)
    said: list[str] = []
    for turn in range(flips):
        data = tmp_path / "data"
        shutil.copytree(history, data)
        what = ruined(data / name, "flip", chance)
        try:
            assert answers(data) == before, f"seed {SEED}, turn {turn}: {what}"
        except StoreError as error:
            said.append(str(error))
        shutil.rmtree(data)
    print(f"{name}: {len(said)} of {flips} flips named")
    assert len(said) > flips / 3
    assert all("damaged: " in each and "pantau db restore" in each for each in said)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", [DATABASE, f"{DATABASE}-wal"])
def test_every_kind_of_damage_is_named(history: Path, tmp_path: Path, name: str, way: str) -> None:
    """Zeroed and swapped pages, a file cut short, emptied, lost, or of something else: each is
    named, or changes no answer.
    """
    chance, before = random.Random(SEED), answers(history)
    for turn in range(8):
        data = tmp_path / f"data-{turn}"
        shutil.copytree(history, data)
        what = ruined(data / name, way, chance)
        try:
            assert answers(data) == before, f"seed {SEED}: {what}"
        except StoreError:
            if name == DATABASE and (data / name).exists():
                assert examine(data / DATABASE).faults, what


def rot(path: Path, old: bytes, new: bytes) -> None:
    """Change what no log has and what stays well-formed."""
    octets = path.read_bytes().replace(old, new)
    with path.open("r+b") as file:
        file.write(octets)


def test_flip_that_sqlite_takes_for_a_value(history: Path, tmp_path: Path) -> None:
    """A flipped bit in a stored value, of which SQLite's own check knows nothing, is named by
    `verify`, by a reader and by a backup.
    """
    data = tmp_path / "data"
    asyncio.run(fill(data, range(50)))
    octets = (data / DATABASE).read_bytes()
    at = octets.index(b"oncall")
    rot(data / DATABASE, b"oncall", b"oncalm")

    page = at // 4096 + 1
    with closing(sqlite3.connect(f"file:{data / DATABASE}?mode=ro", uri=True)) as connection:
        assert connection.execute("PRAGMA integrity_check(1)").fetchone() is not None
    assert f"page {page} of" in examine(data / DATABASE).faults[0]
    with pytest.raises(Damaged, match=f"page {page} of .* put back a backup"), open_reader(data):
        pass
    with pytest.raises(Damaged):
        back_up(data, tmp_path / "one.db")


def test_stale_log_is_named(history: Path, tmp_path: Path) -> None:
    """A log of before, put beside a database that went on, is not taken for its own."""
    data = tmp_path / "data"
    shutil.copytree(history, data)
    old = (data / f"{DATABASE}-wal").read_bytes()
    asyncio.run(fill(data, range(500, 510)))
    (data / f"{DATABASE}-wal").write_bytes(old)

    assert damage(data / DATABASE) == ("the log beside it (-wal) is not its own, or an old one",)


def test_damaged_database_is_set_aside_at_the_start(history: Path, tmp_path: Path, logs) -> None:
    """A daemon that starts on a damaged database keeps it under another name, and writes to a new
    one: monitoring goes on.
    """
    data = tmp_path / "data"
    shutil.copytree(history, data)
    rot(data / DATABASE, b"oncall", b"oncalm")
    octets = (data / DATABASE).read_bytes()

    asyncio.run(fill(data, range(3)))

    [kept] = data.glob("damaged-*.db")
    assert kept.read_bytes() == octets
    assert examine(kept).faults
    assert examine(data / DATABASE).faults == ()
    with open_reader(data) as reader:
        assert len(reader.samples(CHECKS[0], 0, microseconds(NOON) * 2)[1]) == 3
    assert [event["kept"] for event in logs if event["event"] == "store.set_aside"] == [str(kept)]


def test_ledger_goes_on_after_damage(history: Path, tmp_path: Path) -> None:
    """The ledger of a database that was set aside goes on in the new one, where it can be read, and
    that it was is its next entry.
    """
    data = tmp_path / "data"
    shutil.copytree(history, data)
    with open_ledger(data) as ledger:
        before = list(ledger.entries())
    rot(data / DATABASE, b"oncall", b"oncalm")

    asyncio.run(fill(data, range(500, 502)))

    [kept] = data.glob("damaged-*.db")
    with open_ledger(data) as ledger:
        after = list(ledger.entries())
    assert len(before) > 400
    assert after[: len(before)] == before
    told = json.loads(after[len(before)][1])
    assert (told["type"], told["size"], told["damaged"]) == ("restored", 0, kept.name)
    assert len(after) == len(before) + 1 + 2


async def test_damage_while_it_runs(tmp_path: Path) -> None:
    """What rots while a daemon runs is not written on: the page is looked at before its change
    counts, and the change goes into a new database.
    """
    await fill(tmp_path, range(100))
    async with started(tmp_path) as store:
        rot(tmp_path / DATABASE, b"N5", b"n5")
        for minute in range(100, 110):
            await store.commit(Change(notifications=(notification(f"N{minute}"),)))
        assert [row.id for row in await store.pending()] == [f"N{n}" for n in range(100, 110)]

    found = {path.name[:7]: examine(path).faults for path in databases(tmp_path)}
    assert found.pop("pantau.") == ()
    assert found["damaged"]


def databases(data: Path) -> list[Path]:
    return [*data.glob("*.db")]


async def test_damage_is_found_after_the_start(tmp_path: Path, monkeypatch) -> None:
    """The start waits for no look at a large database: what it has not seen is looked at between
    writes, and set aside when it is found.
    """
    monkeypatch.setattr(sumskeeper, "_AT_THE_START_SECONDS", 0.0)
    await fill(tmp_path, range(100))
    rot(tmp_path / DATABASE, b"N5", b"n5")
    aside: list[Path] = []

    async with open_store(tmp_path, vantage=VANTAGE, now=lambda: NOON, set_aside=aside.append) as s:
        assert databases(tmp_path) == [tmp_path / DATABASE]
        await s.commit(Change(marks=(mark(MarkKind.PAUSE, 100),)))
        await s.commit(Change(marks=(mark(MarkKind.PAUSE, 101),)))

    [kept] = aside
    assert examine(kept).faults
    assert examine(tmp_path / DATABASE).faults == ()


def test_look_goes_on_between_writes(tmp_path: Path, monkeypatch) -> None:
    """However little time there is at once, and while pages come and go, all is looked at once, and
    a sound database is not called damaged.
    """
    monkeypatch.setattr(sumskeeper, "_AT_THE_START_SECONDS", 0.0)
    monkeypatch.setattr(sumskeeper, "CHUNK_PAGES", 7)
    asyncio.run(fill(tmp_path, range(300)))

    asyncio.run(fill(tmp_path, range(300, 400)))

    assert databases(tmp_path) == [tmp_path / DATABASE]
    assert examine(tmp_path / DATABASE).faults == ()


def test_page_that_sqlite_stumbles_over_at_the_start(tmp_path: Path, monkeypatch) -> None:
    """Where SQLite can't read what nobody has looked at yet, all is looked at, and the start goes
    on with a new database.
    """
    monkeypatch.setattr(sumskeeper, "_AT_THE_START_SECONDS", 0.0)
    asyncio.run(fill(tmp_path, range(50)))
    octets = (tmp_path / DATABASE).read_bytes()
    (tmp_path / DATABASE).write_bytes(octets[:4096] + b"\xff" * (len(octets) - 4096))

    asyncio.run(fill(tmp_path, range(50, 52)))

    assert len(databases(tmp_path)) == 2
    assert examine(tmp_path / DATABASE).faults == ()


async def test_command_leaves_a_damaged_database_alone(history: Path, tmp_path: Path) -> None:
    """Who only comes to write a word does not set a database aside, and says what is wrong."""
    data = tmp_path / "data"
    shutil.copytree(history, data)
    rot(data / DATABASE, b"oncall", b"oncalm")

    with pytest.raises(Damaged):
        async with open_store(data, vantage=VANTAGE, upgrading=False):
            pass
    assert databases(data) == [data / DATABASE]


def test_reader_beside_a_writer_sees_no_damage(tmp_path: Path) -> None:
    """A database that is written to all the time is never called damaged."""

    async def write() -> None:
        async with started(tmp_path) as store:
            await store.commit(Change(marks=(mark(MarkKind.START),)))
            looking = asyncio.create_task(asyncio.to_thread(_look, tmp_path / DATABASE))
            minute = 0
            while not looking.done():
                minute += 1
                await store.commit(
                    Change(
                        observations=tuple(observation(minute, f"check-{n}") for n in range(50)),
                        marks=(mark(MarkKind.PAUSE, minute),),
                    )
                )
            assert await looking == []

    asyncio.run(write())


def _look(database: Path) -> list[str]:
    return [fault for _ in range(20) for fault in damage(database)]


@pytest.mark.parametrize("seconds", [1.0, 0.0])
def test_checksums_that_were_lost_are_made_anew(
    history: Path, tmp_path: Path, monkeypatch, seconds: float
) -> None:
    """A database without checksums, as an earlier release left it, has them after the next start,
    or soon after it where there was no time.
    """
    monkeypatch.setattr(sumskeeper, "_AT_THE_START_SECONDS", seconds)
    data = tmp_path / "data"
    shutil.copytree(history, data)
    sums_path(data / DATABASE).unlink()

    asyncio.run(fill(data, range(500, 501)))

    sheet = Sheet.read(sums_path(data / DATABASE))
    assert sheet is not None
    assert len(sheet.sums) > 100
    assert UNKNOWN not in sheet.sums
    assert damage(data / DATABASE) == ()


@pytest.mark.parametrize("bit", [0, 12, 13, 26, 31])
def test_checksums_of_no_page_size(history: Path, tmp_path: Path, logs, bit: int) -> None:
    """A flip in the page size that the checksums name calls no sound database damaged, reads no
    gigabytes at once, and has the checksums made anew.
    """
    data = tmp_path / "data"
    shutil.copytree(history, data)
    sums = sums_path(data / DATABASE)
    octets = bytearray(sums.read_bytes())
    octets[len(b"pantau page sums 1\n") + bit // 8] ^= 1 << bit % 8
    sums.write_bytes(octets)

    assert damage(data / DATABASE) == ()
    asyncio.run(fill(data, range(500, 501)))
    assert databases(data) == [data / DATABASE]
    assert Sheet.read(sums)


def test_reader_that_prints_no_figure_looks_at_no_page_before(
    history: Path, tmp_path: Path
) -> None:
    """What prints no figure reads what it asks for and no more, and names damage where that can't
    be read.
    """
    data = tmp_path / "data"
    asyncio.run(fill(data, range(50)))
    rot(data / DATABASE, b"oncall", b"oncalm")
    with open_reader(data, examined=Examined.IF_UNREADABLE) as reader:
        assert not reader.states()

    with (data / DATABASE).open("r+b") as file:
        file.write(bytes(4096))
    with (
        pytest.raises(Damaged, match="page 1 of"),
        open_reader(data, examined=Examined.IF_UNREADABLE),
    ):
        pass


def test_lost_database_is_told_in_few_words(history: Path, tmp_path: Path) -> None:
    """Of a database whose pages are all wrong the first ones are named, and the others counted."""
    data = tmp_path / "data"
    asyncio.run(fill(data, range(50)))
    pages = (data / DATABASE).stat().st_size // 4096
    (data / DATABASE).write_bytes(b"")

    faults = damage(data / DATABASE)

    assert faults[0] == f"page 1 of {pages} is missing"
    assert faults[5:] == (f"and {pages - 5} more pages",)


def test_backup_that_was_damaged_is_named(history: Path, tmp_path: Path) -> None:
    """A flipped bit anywhere in a backup is named by the checksum beside it."""
    data, target = tmp_path / "data", tmp_path / "one.db"
    shutil.copytree(history, data)
    back_up(data, target)
    assert examine(target).faults == ()
    ruined(target, "flip", random.Random(SEED))

    assert "one.db.sha256" in examine(target).faults[0]


@settings(max_examples=40, deadline=None)
@given(
    groups=st.lists(st.integers(1, 40), min_size=1, max_size=8),
    undone=st.integers(0, 300),
    emptied=st.integers(0, 8),
)
def test_log_is_read_as_sqlite_reads_it(tmp_path_factory, groups, undone, emptied) -> None:
    """What is committed in a log, and nothing else, is found: as many frames as SQLite counts."""
    path = tmp_path_factory.mktemp("log") / "x.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for pragma in ("journal_mode = WAL", "wal_autocheckpoint = 0", "cache_size = 2"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("CREATE TABLE t (a BLOB)")
        for number, rows in enumerate(groups):
            if number == emptied:
                connection.execute("PRAGMA wal_checkpoint(RESTART)")
            connection.execute("BEGIN")
            connection.executemany("INSERT INTO t VALUES (?)", [(os.urandom(500),)] * undone)
            connection.execute("ROLLBACK")
            connection.execute("BEGIN")
            connection.executemany("INSERT INTO t VALUES (?)", [(os.urandom(900),)] * rows)
            connection.execute("COMMIT")
        found = Log.read(path)
        [(_, frames, _)] = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

    assert len(found.frames) == frames
