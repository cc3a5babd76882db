"""Backups: made beside a writer, sound or not there, and put back whole."""

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from monitor.cli.main import pantau
from monitor.ledger.audit import audited
from monitor.ledger.checkpoint import checkpoint_of
from monitor.ledger.note import Signer
from monitor.ports import Change, MarkKind, StoreError
from monitor.store.backup import LAST_BACKUP, back_up, examine
from monitor.store.connection import DATABASE, reading_engine, writing_engine
from monitor.store.ledger import Signing, entries
from monitor.store.migrate import HEAD, upgrade
from monitor.store.pagesums import sums_path
from monitor.store.putback import put_back
from monitor.store.sql import open_store
from tests.daemon import ROOT
from tests.fakes import NOON
from tests.integration.store.changes import VANTAGE, mark, observation

OURS = Signer("pantau/balaikota", bytes(range(32)))
_KILLS = 12


def started(place: Path, published: str | None = None):
    return open_store(place, vantage=VANTAGE, now=lambda: NOON, signing=Signing(OURS, published))


async def written(place: Path, minutes: range) -> str:
    """Write an observation and a mark for each of `minutes`; return the checkpoint after it."""
    async with started(place) as store:
        for minute in minutes:
            await store.commit(
                Change(observations=(observation(minute),), marks=(mark(MarkKind.PAUSE, minute),))
            )
        return await store.sign() or ""


def observations(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("SELECT count(*) FROM observation").fetchone()[0])


def log_of(place: Path) -> list[tuple[int, bytes]]:
    with reading_engine(place).connect() as connection:
        return list(entries(connection))


async def test_backup_beside_a_writer(tmp_path: Path) -> None:
    """A backup that is made while the daemon writes is sound, and holds all from before it."""
    data, target = tmp_path / "data", tmp_path / "backups" / "one.db"
    await written(data, range(20))
    async with started(data) as store:

        async def write_on() -> None:
            for minute in range(20, 400):
                await store.commit(Change(observations=(observation(minute),)))
                await asyncio.sleep(0)

        writing = asyncio.create_task(write_on())
        await asyncio.sleep(0.01)
        found = await asyncio.to_thread(back_up, data, target)
        await writing

    assert found.faults == ()
    assert found.ledger is not None
    assert found.ledger.size == found.ledger.signed == 21
    assert 20 <= observations(target) <= 400
    assert target.stat().st_mode & 0o777 == 0o600
    assert {path.name for path in target.parent.iterdir()} == {"one.db", "one.db.sha256"}


def test_last_backup_is_noted(tmp_path: Path) -> None:
    """`pantau db backup` leaves in the data directory when and where it made one; nothing if not."""
    data, note = tmp_path / "data", tmp_path / "data" / LAST_BACKUP
    asyncio.run(written(data, range(2)))
    (tmp_path / "checks.yaml").write_text("version: 1\n")
    command = ["--config", str(tmp_path / "checks.yaml"), str(tmp_path / "one.db")]
    made = CliRunner().invoke(pantau, ["db", "backup", *command])
    began = note.stat().st_mtime
    os.utime(note, (1, 1))
    refused = CliRunner().invoke(pantau, ["db", "backup", *command])

    assert (made.exit_code, refused.exit_code) == (0, 1), made.output
    assert note.read_text() == f"{tmp_path / 'one.db'}\n"
    assert began >= (tmp_path / "one.db").stat().st_mtime
    assert note.stat().st_mtime == 1


def test_backup_replaces_nothing(tmp_path: Path) -> None:
    """A file that is there already stays as it is."""
    data, target = tmp_path / "data", tmp_path / "one.db"
    asyncio.run(written(data, range(2)))
    target.write_text("mine")

    with pytest.raises(StoreError, match="there is such a file already"):
        back_up(data, target)
    assert target.read_text() == "mine"


def test_damage_is_not_backed_up(tmp_path: Path) -> None:
    """A database that is damaged makes no backup that looks like one: the damage is named."""
    data, target = tmp_path / "data", tmp_path / "one.db"
    asyncio.run(written(data, range(300)))
    _damage(data / DATABASE)

    assert examine(data / DATABASE).faults
    with pytest.raises(StoreError, match="damaged: page"):
        back_up(data, target)
    assert not target.exists()


def test_ledger_that_was_changed_is_named(tmp_path: Path) -> None:
    """Verifying a database also holds its ledger against what was signed of it."""
    data = tmp_path / "data"
    asyncio.run(written(data, range(5)))
    with closing(sqlite3.connect(data / DATABASE)) as connection, connection:
        connection.execute("DELETE FROM ledger_entry WHERE number = 2")
    sums_path(data / DATABASE).unlink()

    assert examine(data / DATABASE).faults == ("the ledger, entries 2 to 2: entries are missing",)


def test_backup_is_put_back(tmp_path: Path) -> None:
    """A backup takes the database's place; the one before is kept, and the ledger goes on: what it
    had after the backup, that a backup was put back, and then what comes.
    """
    data, target = tmp_path / "data", tmp_path / "one.db"
    asyncio.run(written(data, range(5)))
    back_up(data, target)
    held = asyncio.run(written(data, range(5, 9)))

    done = put_back(data, target, by="Rina", at=NOON + timedelta(hours=1))
    after = asyncio.run(written(data, range(20, 22)))

    assert done.carried == 4
    assert done.replaced is not None
    assert observations(done.replaced) == 9
    assert observations(data / DATABASE) == 5 + 2
    log = log_of(data)
    restored = {"type": "restored", "by": "Rina", "at": 1780290000000000, "size": 6}
    assert json.loads(log[10][1]) == restored
    points = [checkpoint_of(note, OURS.verifier) for note in (held, after)]
    finding = audited(log, points)
    assert finding.fault is None
    assert (finding.signed, finding.size) == (13, 13)
    assert not (data / "restoring").exists()


def test_older_ledger_is_not_signed_on(tmp_path: Path, logs) -> None:
    """Where the ledger of before is lost, the one of a backup is not signed on: what was published
    stands for entries that it has not.
    """
    data, target = tmp_path / "data", tmp_path / "one.db"
    asyncio.run(written(data, range(5)))
    back_up(data, target)
    published = asyncio.run(written(data, range(5, 9)))
    for path in data.glob(f"{DATABASE}*"):
        path.unlink()
    put_back(data, target, by="Rina", at=NOON)

    async def sign() -> str | None:
        async with started(data, published) as store:
            return await store.sign()

    note = asyncio.run(sign())
    assert note is not None
    assert checkpoint_of(note, OURS.verifier).size == 6
    assert "ledger.inconsistent" in [event["event"] for event in logs]


def test_damaged_backup_is_not_put_back(tmp_path: Path) -> None:
    """A backup that is damaged changes nothing."""
    data, target = tmp_path / "data", tmp_path / "one.db"
    asyncio.run(written(data, range(300)))
    back_up(data, target)
    _damage(target)

    with pytest.raises(StoreError):
        put_back(data, target, by="Rina", at=NOON)
    assert observations(data / DATABASE) == 300


def test_damaged_database_is_replaced(tmp_path: Path) -> None:
    """A database that can't be read any more is replaced all the same, and kept."""
    data, target = tmp_path / "data", tmp_path / "one.db"
    asyncio.run(written(data, range(300)))
    back_up(data, target)
    (data / DATABASE).write_bytes(b"no database" * 1000)

    done = put_back(data, target, by="Rina", at=NOON)
    assert done.carried is None
    assert done.replaced is not None
    assert done.replaced.read_bytes().startswith(b"no database")
    assert observations(data / DATABASE) == 300


def test_upgrade_keeps_what_was_before(tmp_path: Path) -> None:
    """Before a database of an earlier release is changed, a sound copy of it is made."""
    data = tmp_path / "data"
    with writing_engine(data).connect() as connection, connection.begin():
        upgrade(connection, "0006")
        connection.exec_driver_sql("INSERT INTO meta (name, value) VALUES ('sequence', 7)")

    asyncio.run(written(data, range(2)))

    [kept] = data.glob("before-*.db")
    assert examine(kept).faults == ()
    assert examine(kept).schema == "0006"
    with closing(sqlite3.connect(kept)) as copy:
        assert copy.execute("SELECT value FROM meta WHERE name = 'sequence'").fetchone() == (7,)
    assert examine(data / DATABASE).schema == HEAD
    assert observations(data / DATABASE) == 2


@pytest.mark.parametrize("command", ["backup", "restore"])
def test_kills(tmp_path: Path, command: str) -> None:
    """Killed at any moment, a backup is whole or not there, and a restore leaves a sound database."""
    data, backup = tmp_path / "data", tmp_path / "one.db"
    asyncio.run(written(data, range(400)))
    back_up(data, backup)
    (tmp_path / "checks.yaml").write_text("version: 1\n")
    seconds, made = _seconds(tmp_path, command, backup, 0), 0
    for kill in range(_KILLS):
        # The first half of the time is that of loading Python.
        _seconds(tmp_path, command, backup, seconds * (0.5 + 0.6 * kill / _KILLS))
        for found in tmp_path.glob("new-*.db"):
            assert examine(found).faults == ()
            assert observations(found) == 400
            made += 1
            found.unlink()
        assert examine(data / DATABASE).faults == ()
        assert observations(data / DATABASE) == 400
    print(f"{command}: {seconds:.2f} s undisturbed; {made} backups made in spite of {_KILLS} kills")


def _seconds(folder: Path, command: str, backup: Path, kill_after: float) -> float:
    """Run `pantau db` in `folder`, kill it after so many seconds if that is over 0, and return how
    many it took. The kill takes the whole process, in the middle of what it does.
    """
    target = backup if command == "restore" else folder / f"new-{kill_after:.3f}.db"
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "monitor", "db", command, str(target)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        process.wait(kill_after or 60)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    for path in folder.glob("new-0.000.db"):
        path.unlink()
    return time.monotonic() - began


def _damage(path: Path) -> None:
    """Overwrite pages in the middle of a file, as a failing disk would."""
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2 // 4096 * 4096)
        file.write(os.urandom(3 * 4096))
