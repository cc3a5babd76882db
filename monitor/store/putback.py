"""Puts a backup in the place of the database, and keeps what it replaces."""

import os
import shutil
import sqlite3
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import structlog
from sqlalchemy.exc import SQLAlchemyError

from monitor.ports import StoreError
from monitor.store.backup import Examination, examine
from monitor.store.carrying import carry_on
from monitor.store.connection import (
    DATABASE,
    checkpoint,
    sync_folder,
    writing_engine,
)
from monitor.store.ledger import Ledger
from monitor.store.lostparts import mark_lost_parts
from monitor.store.migrate import bring_up
from monitor.store.ownership import leave_to_owner
from monitor.store.pagesums import sums_path
from monitor.store.record import restored_entry

log = structlog.get_logger()

_WORKSHOP = "restoring"


@dataclass(frozen=True, slots=True, kw_only=True)
class PutBack:
    """How a backup was put back.

    `replaced` is where the database before is kept, None where there was none. `carried` are the
    entries of its ledger that the backup did not have and that go on; None where the ledger before
    could not be read, or is not what the backup's grew to.
    """

    found: Examination
    replaced: Path | None
    carried: int | None


def put_back(data_dir: Path, backup: Path, *, by: str, at: datetime) -> PutBack:
    """Put `backup` in the place of the database of a data directory that is held by the caller.

    The ledger is not put back: what it had since then goes on in it, and that `by` put back a
    backup is its next entry. A crash leaves the database as it was, or the backup whole in its
    place. Raises StoreError when the backup is not sound.
    """
    found = examine(backup)
    if found.faults:
        raise StoreError(f"{backup}: {found.faults[0]}; nothing was changed")
    workshop = data_dir / _WORKSHOP
    shutil.rmtree(workshop, ignore_errors=True)
    try:
        workshop.mkdir(mode=0o700)
        _copy(backup, workshop / DATABASE)
        carried = _prepare(workshop, data_dir, by, at)
        replaced = _set_aside(data_dir, at)
        # Of the database before; the daemon makes those of the new one when it opens it.
        sums_path(data_dir / DATABASE).unlink(missing_ok=True)
        sync_folder(data_dir)
        (workshop / DATABASE).replace(data_dir / DATABASE)
        sync_folder(data_dir)
    except (SQLAlchemyError, sqlite3.Error, OSError) as error:
        raise StoreError(f"{data_dir}: {error}") from error
    finally:
        shutil.rmtree(workshop, ignore_errors=True)
    return PutBack(found=found, replaced=replaced, carried=carried)


def _copy(backup: Path, target: Path) -> None:
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        leave_to_owner(descriptor, target.parent.parent)
    finally:
        os.close(descriptor)
    shutil.copyfile(backup, target)


def _prepare(workshop: Path, data_dir: Path, by: str, at: datetime) -> int | None:
    """Bring the copy to our schema, and its ledger to where the present one is."""
    engine = writing_engine(workshop)
    with engine.connect() as connection:
        with connection.begin():
            bring_up(connection, str(workshop / DATABASE))
        with connection.begin():
            size = Ledger(connection).size
            carried = carry_on(connection, data_dir / DATABASE)
            mark_lost_parts(connection, size, at)
            Ledger(connection).add([restored_entry(by, at, size)])
        checkpoint(connection, "TRUNCATE")
    return carried


def _set_aside(data_dir: Path, at: datetime) -> Path | None:
    """Keep the present database under another name, beside its own, with what its log holds."""
    present = data_dir / DATABASE
    if not present.exists():
        return None
    kept = data_dir / f"replaced-{at:%Y%m%dT%H%M%SZ}.db"
    _empty_log(data_dir)
    os.link(present, kept)
    for suffix in ("-wal", "-shm"):
        beside = Path(f"{present}{suffix}")
        if beside.exists():  # of a database that can't be opened any more
            beside.replace(f"{kept}{suffix}")
    sync_folder(data_dir)
    return kept


def _empty_log(data_dir: Path) -> None:
    try:
        with writing_engine(data_dir).connect() as connection:
            checkpoint(connection, "TRUNCATE")
    except (SQLAlchemyError, sqlite3.Error) as error:
        log.warning("store.unreadable", detail=str(error))
