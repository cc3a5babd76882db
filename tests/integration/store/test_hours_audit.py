"""What is changed of sealed hours shows, and where; what went by the rules is no fault."""

import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest

from monitor.domain.windows import Window
from monitor.ports import Change
from monitor.store.backup import back_up
from monitor.store.connection import DATABASE
from monitor.store.ledgerreader import open_ledger
from monitor.store.putback import put_back
from monitor.store.reader import Examined, open_reader
from monitor.store.sealjob import Paces
from monitor.store.sql import open_store
from tests.fakes import NOON
from tests.integration.store.changes import CHECKS, VANTAGE
from tests.integration.store.test_sealing import BEGIN, FIRST, HOUR, MINUTE, PORTAL, every_minute

PACES = Paces(intervals=dict.fromkeys(CHECKS, MINUTE))
SLOW = 100_000


async def sealed(directory, *changes, last=2):
    async with open_store(directory, vantage=VANTAGE) as store:
        for change in changes:
            await store.commit(change)
    async with open_store(directory, vantage=VANTAGE) as store:
        await store.seal(FIRST + last, PACES)


@pytest.fixture
async def history(tmp_path):
    """Three checks of which three hours are sealed."""
    seen = [one for name in CHECKS for one in every_minute(3, check=name)]
    await sealed(tmp_path, Change(observations=tuple(seen)))
    return tmp_path


def audited(directory):
    with open_ledger(directory, examined=Examined.NEVER) as reader:
        return reader.hours()


def meddled(directory, statement):
    """Change the database as its owner could."""
    with closing(sqlite3.connect(directory / DATABASE)) as database, database:
        assert database.execute(statement).rowcount


async def test_what_was_sealed_is_as_it_was(history):
    """Rows and blocks that nobody touched agree with the ledger."""
    found = audited(history)

    assert (found.parts, found.rows, found.blocks, found.faults) == (3, 9, 9, [])


OF_PORTAL = "check_id = (SELECT id FROM check_name WHERE name = 'portal-http')"
IN_SECOND = f"hour = {FIRST + 1}"


BLOCK = "(SELECT block FROM sealed_hour WHERE {0} AND {1})"
ADDED = """INSERT INTO sealed_hour SELECT check_id, vantage_id, hour, 7, NULL, NULL, interval, 0, 0, 0, 0,
    NULL, NULL, NULL, NULL, last_at, last_epoch, last_status, NULL
    FROM sealed_hour WHERE {0} AND {1}"""


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("UPDATE sealed_hour SET received = 1 WHERE {0} AND {1}", "portal-http, the hour from"),
        ("UPDATE sealed_hour SET latency = NULL WHERE {0} AND {1}", "portal-http, the hour from"),
        (
            "UPDATE sealed_hour SET spans = '[[0,\"down\",null,false]]' WHERE {0} AND {1}",
            "the hour",
        ),
        ("UPDATE sealed_hour SET spans = 'no JSON' WHERE {0} AND {1}", "the hour from"),
        ("UPDATE sealed_hour SET interval = 1 WHERE {0} AND {1}", "the hour from"),
        ("DELETE FROM sealed_hour WHERE {0} AND {1}", "3 checks were sealed, and there are 2"),
        ("DELETE FROM sealed_hour WHERE {1}", "3 checks were sealed, and there are 0"),
        ("UPDATE sealed_hour SET block = NULL WHERE {0} AND {1}", "portal-http, the hour from"),
        (
            "DELETE FROM sample_block WHERE number = " + BLOCK,
            "portal-http, the hour from",
        ),
        (
            "UPDATE sample_block SET body = x'00' WHERE number = " + BLOCK,
            "portal-http, the hour from",
        ),
        (
            ADDED,
            "no entry of the ledger stands for its row",
        ),
    ],
)
async def test_a_change_is_named_with_its_hour(history, statement, named):
    """Whatever is changed, taken away or added of a sealed hour, the hour is named; and the check,
    where its samples tell that.
    """
    meddled(history, statement.format(OF_PORTAL, IN_SECOND))

    [fault] = audited(history).faults
    assert named in fault
    assert "2026-06-01 05:00 UTC" in fault
    assert VANTAGE in fault


async def test_dropped_samples_are_no_fault(history):
    """Samples that were dropped because they were kept long enough are missed by nobody; others,
    that the ledger does not speak of, are.
    """
    async with open_store(history, vantage=VANTAGE) as store:
        await store.drop_samples(FIRST + 1)
    found = audited(history)
    assert (found.blocks, found.dropped, found.faults) == (6, 3, [])

    meddled(history, f"UPDATE sealed_hour SET block = NULL WHERE {IN_SECOND}")
    assert len(audited(history).faults) == 3


async def test_hours_sealed_after_the_backup_are_told_of(tmp_path):
    """Hours that were sealed after the backup that was put back are no fault; what the backup has
    of them is sealed as another part, and nothing is sealed twice under one name.
    """
    data, copy = tmp_path / "data", tmp_path / "copy.db"
    seen = [one for name in CHECKS for one in every_minute(3, check=name)]
    early = [one for one in seen if one.scheduled_at < NOON + timedelta(minutes=90)]
    await sealed(data, Change(observations=tuple(early)), last=0)
    back_up(data, copy)
    later = [one for one in seen if one not in early]
    await sealed(data, Change(observations=tuple(later)))

    put_back(data, copy, by="Rina", at=NOON + timedelta(hours=4))
    at_once = audited(data)
    await sealed(data)
    afterwards = audited(data)

    assert (at_once.restored, at_once.rows, at_once.faults) == (2, 3, [])
    assert (afterwards.restored, afterwards.faults) == (2, [])
    assert afterwards.parts == 3 + 2
    with open_reader(data) as reader:
        found = reader.known(PORTAL, MINUTE, Window(BEGIN, BEGIN + 3 * HOUR)).spans
    assert (found[0].start, found[0].status) == (BEGIN, "up")
    assert found[-1].status == "unknown"


async def test_what_is_being_sealed_is_not_handed_on(tmp_path, monkeypatch):
    """A ledger that is handed on while an hour is being sealed holds no row that no entry stands
    for yet: whoever verifies it would take it for one that was put in.
    """
    monkeypatch.setattr("monitor.store.sealjob._CHECKS", 1)
    handed_on, stored = [], []

    def handing_on(point):
        with open_ledger(tmp_path) as reader:
            finding = reader.hours()
            assert finding.faults == []
            stored.append((finding.rows, finding.parts))
            handed_on.append((len(list(reader.rows_and_blocks())), finding.parts))

    seen = [one for name in CHECKS for one in every_minute(1, check=name)]
    await sealed(tmp_path, Change(observations=tuple(seen)), last=-1)
    async with open_store(tmp_path, vantage=VANTAGE, reached=handing_on) as store:
        await store.seal(FIRST, PACES)

    assert any(rows and not parts for rows, parts in stored)
    assert {rows for rows, parts in handed_on if not parts} == {0}
    with open_ledger(tmp_path) as reader:
        assert len(list(reader.rows_and_blocks())) == len(CHECKS)


async def test_a_backup_made_while_sealing_is_put_back(tmp_path, monkeypatch):
    """What was being sealed when the backup was made is another part once it is put back."""
    data, copy = tmp_path / "data", tmp_path / "copy.db"
    monkeypatch.setattr("monitor.store.sealjob._CHECKS", 1)
    steps = 0

    def copied_at(point):
        nonlocal steps
        steps += point == "tended"
        if steps == SLOW and not copy.exists():
            back_up(data, copy)

    seen = [one for name in CHECKS for one in every_minute(1, check=name)]
    await sealed(data, Change(observations=tuple(seen)), last=-1)
    async with open_store(data, vantage=VANTAGE, reached=copied_at) as store:
        steps = SLOW - 9
        await store.seal(FIRST, PACES)
    put_back(data, copy, by="Rina", at=NOON + timedelta(hours=4))
    with closing(sqlite3.connect(copy)) as database:
        [(rows,)] = database.execute("SELECT count(*) FROM sealed_hour").fetchall()
    assert 0 < rows < len(CHECKS)

    await sealed(data, last=0)

    found = audited(data)
    assert (found.restored, found.rows, found.faults) == (1, 3, [])
