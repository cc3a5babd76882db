"""Upgrades that are killed: `python -m tests.integration.store.upgrading OLD FOLDER POINT…`.

At each point a child of its own upgrades a copy of the data directory OLD, in FOLDER/POINT. Before
every statement, and before every file that it opens, renames, links or removes, it has come to the
next point; at POINT it kills itself, and at 0 never. A POINT as 0.125 is a time in seconds, after
which it is killed in the midst of whatever it does. `POINT N S` says that nobody killed it, that it
came to N points, and that it took S seconds.
"""

import asyncio
import os
import shutil
import signal
import sqlite3
import sys
import time
from contextlib import closing
from itertools import count
from pathlib import Path

import structlog
from sqlalchemy import Engine, event

from monitor.domain.alert import Notification
from monitor.domain.incident import Acknowledgement, AffectedCheck, Incident
from monitor.domain.service import ServiceId
from monitor.domain.status import Status
from monitor.ports import Change, MarkKind
from monitor.store import backup  # noqa: F401 - what is imported now takes a child no time
from monitor.store.connection import DATABASE, writing_engine
from monitor.store.migrate import upgrade
from monitor.store.sql import open_store
from tests.fakes import NOON, an_alert
from tests.integration.store.changes import CHECKS, VANTAGE, change_to, mark, observation

OLDEST = "0001"
_FILE_EVENTS = {"open", "os.rename", "os.remove", "os.link", "os.mkdir", "sqlite3.connect"}


def old_database(folder: Path) -> Path:
    """Return a data directory as the first schema had it, with something in every table."""
    new, old = folder / "new", folder / "old"
    asyncio.run(_filled(new))
    with writing_engine(old).connect() as connection, connection.begin():
        upgrade(connection, OLDEST)
    with closing(sqlite3.connect(old / DATABASE)) as database:
        database.execute("ATTACH ? AS new", (str(new / DATABASE),))
        for table in tables(database):
            named = ", ".join(f'"{each}"' for each in _columns(database, table))
            database.execute(f"INSERT INTO main.{table} SELECT {named} FROM new.{table}")
        database.commit()
    return old


def tables(database: sqlite3.Connection) -> list[str]:
    """Return the tables that hold Pantau's own rows."""
    found = database.execute("SELECT name FROM main.sqlite_master WHERE type = 'table'")
    return sorted(n for (n,) in found if not n.startswith(("sqlite_", "alembic_")))


def rows(path: Path, shape: Path) -> dict[str, list[tuple[object, ...]]]:
    """Return all rows of a database, by the tables and columns that `shape` has."""
    with closing(sqlite3.connect(f"file:{shape}?mode=ro", uri=True)) as database:
        columns = {table: _columns(database, table) for table in tables(database)}
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        return {
            table: sorted(
                database.execute(f"SELECT {', '.join(names)} FROM {table}").fetchall(), key=repr
            )
            for table, names in columns.items()
        }


def _columns(database: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in database.execute(f"PRAGMA main.table_info({table})")]


async def _filled(data: Path) -> None:
    async with open_store(data, vantage=VANTAGE, now=lambda: NOON) as store:
        for minute in range(120):
            incident = Incident(
                id=f"INC{minute}",
                service=ServiceId("portal"),
                started_at=NOON,
                ended_at=NOON,
                checks=(AffectedCheck(id=CHECKS[0], since=NOON, until=NOON, failure=None),),
                acknowledged=Acknowledgement(by="Rina", at=NOON, comment="Dicek", told=True),
            )
            old, new = [Status.UP, Status.DOWN][:: 1 if minute % 2 else -1]
            told = Notification(id=f"N{minute}", receiver="oncall", alert=an_alert())
            await store.commit(
                Change(
                    observations=tuple(observation(minute, check) for check in CHECKS),
                    transitions=((CHECKS[0], change_to(new, old, minute)),),
                    incidents=(incident,),
                    notifications=(told,),
                    marks=(mark(MarkKind.PAUSE, minute),),
                )
            )


def _upgrade_until(data: Path, point: int) -> int:
    """Upgrade a data directory, and return how many points there were."""
    numbers = count(1)
    reached = 0

    def come(*_: object) -> None:
        nonlocal reached
        reached = next(numbers)
        if reached == point:
            os.kill(os.getpid(), signal.SIGKILL)

    def heard(name: str, arguments: tuple[object, ...]) -> None:
        if name in _FILE_EVENTS and str(data) in str(arguments):
            come()

    sys.addaudithook(heard)
    event.listen(Engine, "before_cursor_execute", come)
    event.listen(Engine, "commit", come)
    asyncio.run(_opened(data))
    return reached


async def _opened(data: Path) -> None:
    async with open_store(data, vantage=VANTAGE, now=lambda: NOON):
        pass


def main(old: Path, folder: Path, points: list[str]) -> None:
    """Upgrade a copy for each of `points`, and say how far each came."""
    structlog.configure(processors=[lambda *_: (_ for _ in ()).throw(structlog.DropEvent)])
    for point in points:
        data = folder / point
        shutil.copytree(old, data)
        if (child := os.fork()) == 0:
            began = time.monotonic()
            reached = _upgrade_until(data, 0 if "." in point else int(point))
            print(f"{point} {reached} {time.monotonic() - began:.4f}", flush=True)
            os._exit(0)
        if "." in point:
            time.sleep(float(point))
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            print(f"{point} killed", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
