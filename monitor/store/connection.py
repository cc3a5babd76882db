"""How a database is opened: for the one writer, and for readers who change nothing."""

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.pool import NullPool

DATABASE = "pantau.db"
CHECKPOINT_PAGES = 4000

_BUSY_SECONDS = 5.0
_WAL_LIMIT_BYTES = 16 << 20

# What is deleted each hour is filled again in the next. Pages are moved only for more than that.
_INCREMENTAL = 2
_LEAST_FREE_PAGES = 4096
_FREE_SHARE = 20
_PAGES_AT_ONCE = 256

# FULL: in WAL mode NORMAL acknowledges what a power cut then takes away.
_WRITER_PRAGMAS = (
    "journal_mode = WAL",
    "synchronous = FULL",
    "foreign_keys = ON",
    "trusted_schema = OFF",
    "cell_size_check = ON",
    "wal_autocheckpoint = 0",  # what a checkpoint copies must be noted first (`sumskeeper`)
    f"journal_size_limit = {_WAL_LIMIT_BYTES}",
)
# Asked of a file that has pages, this one would write to it.
_NEW_FILE_PRAGMAS = ("auto_vacuum = INCREMENTAL",)
_READER_PRAGMAS = ("query_only = ON", "trusted_schema = OFF", "cell_size_check = ON")


def writing_engine(place: str | Path) -> Engine:
    """Return an engine for the writer: `place` is a data directory, or the URL of a server.

    A directory is made with mode 0700, a file in it with mode 0600, if they are missing.
    """
    if isinstance(place, str) and "://" in place:
        return create_engine(place, poolclass=NullPool)
    path = Path(place) / DATABASE

    def connect() -> sqlite3.Connection:
        _create(path)
        made = () if path.stat().st_size else _NEW_FILE_PRAGMAS
        return _sqlite(path, "rw", (*made, *_WRITER_PRAGMAS))

    return _engine(connect, "BEGIN IMMEDIATE")


def shown_place(place: str | Path) -> str:
    """Return what messages call a database: its file, or its URL without the password."""
    if isinstance(place, str) and "://" in place:
        return make_url(place).render_as_string(hide_password=True)
    return str(Path(place) / DATABASE)


def reading_engine(data_dir: str | Path) -> Engine:
    """Return an engine whose connections can't write. One transaction sees one state."""
    return reading_file(Path(data_dir) / DATABASE)


def reading_file(path: Path) -> Engine:
    """Return the same for a database file of any name."""
    return _engine(lambda: opened_to_read(path), "BEGIN")


def opened_to_read(path: Path) -> sqlite3.Connection:
    """Return a connection of the driver's own to a database file, which can't write."""
    return _sqlite(path, "ro", _READER_PRAGMAS)


def _engine(connect: Callable[[], sqlite3.Connection], begin: str) -> Engine:
    engine = create_engine("sqlite://", creator=connect, poolclass=NullPool)

    # The driver's own idea of when to begin leaves out tables and reads.
    @event.listens_for(engine, "begin")
    def begin_transaction(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _sqlite(path: Path, mode: str, pragmas: tuple[str, ...]) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"file:{quote(str(path))}?mode={mode}",
        uri=True,
        timeout=_BUSY_SECONDS,
        isolation_level=None,
    )
    try:
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _create(path: Path) -> None:
    """Create the file with its mode, and make its name durable: SQLite does neither."""
    if path.exists():
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make durable which names a folder holds."""
    directory = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def checkpoint(connection: Connection, mode: str) -> bool:
    """Checkpoint, outside of a transaction. Return whether a reader kept it from finishing."""
    driver: Any = connection.connection.dbapi_connection
    [(busy, _, _)] = driver.execute(f"PRAGMA wal_checkpoint({mode})").fetchall()
    return bool(busy)


def give_back(connection: Connection) -> bool:
    """Shorten the file by some of its free pages, where it can be and has many. Return whether it
    still has.
    """
    driver: Any = connection.connection.dbapi_connection

    def asked(pragma: str) -> int:
        [(value,)] = driver.execute(f"PRAGMA {pragma}").fetchall()
        return int(value)

    kept = max(_LEAST_FREE_PAGES, asked("page_count") // _FREE_SHARE)
    if asked("auto_vacuum") != _INCREMENTAL or asked("freelist_count") <= kept:
        return False
    # The pragma works while its rows are read.
    driver.execute(f"PRAGMA incremental_vacuum({_PAGES_AT_ONCE})").fetchall()
    return asked("freelist_count") > kept
