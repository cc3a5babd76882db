"""What every store promises of pushes, over SQLite and over PostgreSQL."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import create_engine, insert

from monitor.domain.check import CheckId
from monitor.domain.observation import OutcomeStatus
from monitor.domain.push import Push, Signal
from monitor.ports import Change
from monitor.store.connection import DATABASE
from monitor.store.migrate import upgrade
from monitor.store.pushes import KEPT, pushes_of
from monitor.store.schema import check_name
from monitor.store.sql import open_store
from tests.fakes import NOON
from tests.integration.store.changes import VANTAGE

BACKUP = CheckId("backup")
FAILED = Push(
    check_id=BACKUP,
    number=1,
    signal=Signal.FAIL,
    received_at=NOON,
    status=OutcomeStatus.FAILED,
    ended_at=NOON,
    exit_code=3,
    run=timedelta(seconds=90),
    detail="disk full",
    values={"rows": 5.5},
    body=b"\0evidence\xff",
)


async def stored(place, *pushes):
    async with open_store(place, vantage=VANTAGE) as store:
        for push in pushes:
            await store.commit(Change(pushes=(push,)))


async def restored(place):
    async with open_store(place, vantage=VANTAGE) as store:
        return (await store.restore()).pushes


async def test_push_comes_back_whole(place):
    """Everything that was known of a job is known after a restart, evidence and all."""
    await stored(place, FAILED)

    assert await restored(place) == {BACKUP: FAILED}


async def test_last_push_counts(place):
    """The last push of each check is the one that is remembered."""
    started = replace(FAILED, number=2, signal=Signal.START, started_at=NOON, body=b"")
    other = replace(FAILED, check_id=CheckId("sync"))
    await stored(place, FAILED, started, other)

    assert await restored(place) == {BACKUP: started, CheckId("sync"): other}


async def test_push_is_durable_when_commit_returns(place):
    """A push is on disk when its commit returns, however long others may wait."""
    async with open_store(place, vantage=VANTAGE, group_commit=3600) as store:
        await store.commit(Change(pushes=(FAILED,)))

        assert (await store.restore()).pushes == {BACKUP: FAILED}


async def test_evidence_is_bounded_for_ever(place):
    """Of each check the last sixteen pushes are kept, so that a busy job fills no disk."""
    many = [replace(FAILED, number=number) for number in range(1, 41)]
    async with open_store(place, vantage=VANTAGE) as store:
        for push in many:
            await store.commit(Change(pushes=(push,)))
        kept = await store._writer.read(lambda connection: pushes_of(connection, 1, BACKUP))

    assert [push.number for push in kept] == [*range(41 - KEPT, 41)]


async def test_other_vantage_has_pushes_of_its_own(place):
    """What another vantage was told is not taken for ours."""
    await stored(place, FAILED)
    async with open_store(place, vantage="cloud") as store:
        assert (await store.restore()).pushes == {}


async def test_database_of_the_release_before(tmp_path):
    """A database without pushes is brought up to date, and keeps what it holds."""
    engine = create_engine(f"sqlite:///{tmp_path / DATABASE}")
    with engine.begin() as connection:
        upgrade(connection, "0001")
        name = insert(check_name).values(id=7, name=BACKUP)
        connection.execute(name)
    before = await restored(tmp_path)
    await stored(tmp_path, FAILED)

    assert (before, await restored(tmp_path)) == ({}, {BACKUP: FAILED})
    with closing(sqlite3.connect(tmp_path / DATABASE)) as database:
        assert database.execute("SELECT id, name FROM check_name").fetchall() == [(7, BACKUP)]
