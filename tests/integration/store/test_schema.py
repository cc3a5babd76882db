"""How a database comes about, and which ones are refused."""

import asyncio
import re
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest
from sqlalchemy import create_engine

from monitor.domain.alert import Notification
from monitor.domain.incident import Acknowledgement, Incident
from monitor.domain.note import Note, NoteKind
from monitor.domain.service import ServiceId
from monitor.ports import Change, StoreError
from monitor.store.connection import DATABASE
from monitor.store.migrate import SchemaTooNew
from monitor.store.pagesums import sums_path
from monitor.store.reader import open_reader
from monitor.store.schema import metadata
from monitor.store.sql import open_store
from tests.fakes import NOON, an_alert

SQL = "SELECT name, sql FROM sqlite_master WHERE name NOT LIKE '%alembic%' ORDER BY name"


async def opened(directory):
    async with open_store(directory, vantage="balaikota"):
        pass


def run(directory, statement: str):
    # What another program writes is damage, unless the checksums go.
    if not statement.startswith("SELECT"):
        sums_path(directory / DATABASE).unlink(missing_ok=True)
    with closing(sqlite3.connect(directory / DATABASE)) as database, database:
        return database.execute(statement).fetchall()


async def test_revisions_build_the_schema(tmp_path):
    """The revisions build exactly the tables that the code describes."""
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        metadata.create_all(connection)
        described = [tuple(row) for row in connection.exec_driver_sql(SQL)]
    await opened(tmp_path)

    built = run(tmp_path, SQL)
    assert [_normal(row) for row in built] == [_normal(row) for row in described]


def _normal(row):
    """Return the name and the parts in any order: a column that was added stands elsewhere."""
    name, sql = row
    parts = re.split(r"\n|,(?![^(]*\))", (sql or "").replace("\t", ""))
    return name, sorted(filter(None, (part.strip() for part in parts)))


async def test_database_is_its_owners_alone(tmp_path):
    """The data directory has mode 0700, and every file of the database 0600."""
    async with open_store(tmp_path / "data", vantage="balaikota"):
        files = [path for path in (tmp_path / "data").iterdir() if path.name.startswith(DATABASE)]
        modes = {path.stat().st_mode & 0o777 for path in files}

    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700
    assert modes == {0o600}
    assert len(files) == 4


async def test_writer_survives_a_power_cut_by_its_settings(tmp_path):
    """The writer syncs each commit, keeps a log, and trusts neither schema nor cells."""
    async with open_store(tmp_path, vantage="balaikota") as store:
        found = await store._writer.read(
            lambda connection: [
                connection.exec_driver_sql(f"PRAGMA {name}").scalar()
                for name in (
                    "journal_mode",
                    "synchronous",
                    "foreign_keys",
                    "trusted_schema",
                    "cell_size_check",
                )
            ]
        )

    assert found == ["wal", 2, 1, 0, 1]


def test_what_was_said_and_told_before_is_kept(tmp_path):
    """An upgrade makes a note of each acknowledgement, and knows what each message told of."""
    incident = Incident(
        id="INC1",
        service=ServiceId("portal"),
        started_at=NOON,
        checks=(),
        acknowledged=Acknowledgement(by="Rina", at=NOON, comment="Sedang dicek", told=True),
    )
    told = Notification(id="N1", receiver="oncall", alert=an_alert(incident="INC1"))
    own = Notification(id="N2", receiver="oncall", alert=an_alert(incident=None))
    asyncio.run(committed(tmp_path, Change(incidents=(incident,), notifications=(told, own))))
    for statement in (
        "ALTER TABLE incident DROP COLUMN unstable",
        "ALTER TABLE incident DROP COLUMN concern",
        "ALTER TABLE incident DROP COLUMN expiry",
        "DROP TABLE note",
        "DROP TABLE telling",
        "DROP TABLE ledger_entry",
        "DROP TABLE ledger_checkpoint",
        "DROP TABLE maintenance_window",
        *(f"DROP TABLE {name}" for name in ("sample_block", "sealed_hour", "sealed_part")),
        "DROP TABLE correction",
        "DROP TABLE filed_report",
        *(f"ALTER TABLE {name} DROP COLUMN apart" for name in ("tally", "service_tally")),
        "DROP TABLE retry",
        "DROP INDEX outbox_dead",
        "UPDATE alembic_version SET version_num = '0005'",
    ):
        run(tmp_path, statement)

    asyncio.run(opened(tmp_path))

    with open_reader(tmp_path) as reader:
        story = reader.story("INC1")
    kept = Note(
        incident="INC1",
        kind=NoteKind.ACKNOWLEDGED,
        by="Rina",
        at=NOON,
        text="Sedang dicek",
        via=None,
    )
    assert story.notes == (kept,)
    assert run(tmp_path, "SELECT id FROM note") == [(kept.id,)]
    assert [(one.id, one.receiver) for one in story.deliveries] == [("N1", "oncall")]


async def committed(directory, change: Change):
    async with open_store(directory, vantage="balaikota") as store:
        await store.commit(change)


async def test_newer_schema_is_refused(tmp_path):
    """A database of a later release is refused with one sentence, and left as it is."""
    await opened(tmp_path)
    run(tmp_path, "UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(SchemaTooNew, match=f"{DATABASE}: the database has schema 9999"):
        await opened(tmp_path)
    with pytest.raises(StoreError, match="schema 9999"), open_reader(tmp_path):
        pass
    assert run(tmp_path, "SELECT version_num FROM alembic_version") == [("9999",)]


async def test_database_of_someone_else_is_refused(tmp_path):
    """A database with other tables is refused, and nothing is added to it."""
    run(tmp_path, "CREATE TABLE recipes (name TEXT)")

    with pytest.raises(StoreError, match="not Pantau's"):
        await opened(tmp_path)
    assert run(tmp_path, "SELECT name FROM sqlite_master") == [("recipes",)]


async def test_text_file_is_refused(tmp_path):
    """A file that is no database is refused by name."""
    (tmp_path / DATABASE).write_text("a shopping list\n" * 100)

    with pytest.raises(StoreError, match=f"{DATABASE}: .*not a database"):
        await opened(tmp_path)


def test_known_schema_needs_no_migration_tool(tmp_path):
    """A database that has the present schema is opened without importing Alembic."""
    asyncio.run(opened(tmp_path))
    script = (
        "import asyncio, sys; from monitor.store.sql import open_store\n"
        "async def main():\n"
        f"    async with open_store({str(tmp_path)!r}, vantage='v'): pass\n"
        "asyncio.run(main()); print('alembic' in sys.modules)"
    )

    output = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert output.stdout.splitlines()[-1] == "False"
