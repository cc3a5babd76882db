"""Copies of the database: made while it is in use, and looked at before they count."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from monitor.ledger.audit import Finding
from monitor.ledger.note import NoteError
from monitor.ports import StoreError
from monitor.store.connection import DATABASE, opened_to_read, reading_file, sync_folder
from monitor.store.damage import damage, refuse_damage
from monitor.store.digest import digest_fault, write_digest
from monitor.store.ledgerreader import LedgerReader
from monitor.store.migrate import HEAD, revision
from monitor.store.ownership import leave_to_owner

LAST_BACKUP = "last-backup"
"""The file of a data directory that each backup writes anew: as old as the last of them."""

_STEP_PAGES = 2048
_SHOWN_FAULTS = 5
_FIRST_WITH_LEDGER = "0007"


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """What a database file holds. `faults` is empty where nothing is wrong with it."""

    schema: str | None
    ledger: Finding | None
    faults: tuple[str, ...] = ()


def back_up(
    data_dir: Path,
    target: Path,
    progress: Callable[[int, int], None] = lambda *_: None,
    *,
    examined: bool = True,
) -> Examination:
    """Copy the database of a data directory, as it is now, to `target`, and examine the copy.

    The daemon may write meanwhile. `target` appears whole and sound, or not at all; a file of
    that name is never replaced. Beside it is its checksum, with .sha256 at the end. `progress` is
    told how many pages are done, of how many. Not `examined` is for the daemon, which has looked
    for damage already. Raises StoreError.
    """
    source = data_dir / DATABASE
    if not source.exists():
        raise StoreError(f"{source}: there is no database yet; `pantau run` makes one")
    if target.exists():
        raise StoreError(f"{target}: there is such a file already: name another one")
    if examined:
        refuse_damage(source)
    part = target.with_name(f"{target.name}.part")
    try:
        with _new_file(part, data_dir):
            _copy(source, part, progress)
        found = examine(part)
        if found.faults:
            raise StoreError(f"{source}: {found.faults[0]}; nothing was backed up")
        write_digest(part, target)
        os.link(part, target)  # fails where `target` has come up meanwhile; a rename would not
        sync_folder(target.parent)
    except FileExistsError:
        raise StoreError(f"{target}: there is such a file already: name another one") from None
    except (sqlite3.Error, OSError) as error:
        raise StoreError(f"{target}: {error}") from error
    finally:
        part.unlink(missing_ok=True)
    return found


def note_backup(data_dir: Path, target: Path) -> None:
    """Keep in the data directory that `target` was made just now. Raises StoreError."""
    path = data_dir / LAST_BACKUP
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            leave_to_owner(descriptor, data_dir)
            file.write(os.fsencode(target.absolute()) + b"\n")
    except OSError as error:
        raise StoreError(f"{target} was made, but {path}: {error.strerror}") from error


def examine(path: Path) -> Examination:
    """Look at all of a database file: its checksums, its pages, its keys, its schema, its ledger.

    That it can't be read at all is a fault like others.
    """
    faults = (*digest_fault(path), *damage(path))
    if faults:
        return Examination(schema=None, ledger=None, faults=faults)
    try:
        with reading_file(path).connect() as connection:
            return _examined(connection)
    except SQLAlchemyError as error:
        return Examination(schema=None, ledger=None, faults=(str(getattr(error, "orig", error)),))


def _examined(connection: Connection) -> Examination:
    faults = [
        str(row[0])
        for row in connection.exec_driver_sql(f"PRAGMA integrity_check({_SHOWN_FAULTS})")
        if row[0] != "ok"
    ]
    if faults:
        return Examination(schema=None, ledger=None, faults=tuple(faults))
    faults += [
        f"a row of {row[0]} names one of {row[2]} that is not there"
        for row in connection.exec_driver_sql("PRAGMA foreign_key_check").fetchmany(_SHOWN_FAULTS)
    ]
    schema = revision(connection)
    if schema is None or not schema.isdecimal():
        return Examination(schema=schema, ledger=None, faults=(*faults, "not Pantau's database"))
    if schema > HEAD:
        faults.append(f"schema {schema}, and this release knows {HEAD}")
    finding = None
    if _FIRST_WITH_LEDGER <= schema <= HEAD:
        finding, fault = _ledger(connection)
        faults += [fault] if fault else []
    return Examination(schema=schema, ledger=finding, faults=tuple(faults))


def _ledger(connection: Connection) -> tuple[Finding | None, str | None]:
    try:
        finding = LedgerReader(connection).audited()
    except NoteError as error:
        return None, f"the ledger's own checkpoints: {error}"
    fault = finding.fault
    if fault is None:
        return finding, None
    return finding, f"the ledger, entries {fault.first} to {fault.end - 1}: {fault.detail}"


@contextmanager
def _new_file(path: Path, data_dir: Path) -> Iterator[None]:
    """Have a new file, for its owner alone; it is durable at the end."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        leave_to_owner(descriptor, data_dir)
        yield
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _copy(source: Path, target: Path, progress: Callable[[int, int], None]) -> None:
    with closing(opened_to_read(source)) as old, closing(sqlite3.connect(target)) as new:
        # One transaction for all steps: what is committed meanwhile does not begin it anew.
        old.execute("BEGIN")
        old.execute("SELECT count(*) FROM sqlite_master").fetchone()
        old.backup(
            new,
            pages=_STEP_PAGES,
            progress=lambda _, left, whole: progress(whole - left, whole),
            sleep=0,
        )
        # A copy is one file, and can be read where nothing can be written.
        new.execute("PRAGMA journal_mode = DELETE")
