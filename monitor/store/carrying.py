"""Lets the ledger of one database go on in another: a history is never begun anew."""

import sqlite3
from pathlib import Path

import structlog
from sqlalchemy import Connection, insert
from sqlalchemy.exc import SQLAlchemyError

from monitor.ledger.note import NoteError
from monitor.ledger.tree import root_of_entries
from monitor.ports import StoreError
from monitor.store.connection import reading_file
from monitor.store.ledger import entries, notes
from monitor.store.ledgerreader import LedgerReader
from monitor.store.migrate import revision
from monitor.store.schema import ledger_checkpoint, ledger_entry

log = structlog.get_logger()

FIRST_WITH_LEDGER = "0007"


def carry_on(new: Connection, old: Path) -> int | None:
    """Add what the ledger of the database `old` has and the one of `new` has not.

    Return how many entries these are; None where it can't be read, where it is not what was
    signed, or where it is not what the other one grew to.
    """
    if not old.exists():
        return 0
    try:
        with reading_file(old).connect() as connection:
            return _carried(new, connection)
    except (SQLAlchemyError, sqlite3.Error, StoreError, NoteError) as error:
        log.warning("ledger.unreadable", detail=str(error))
        return None


def _carried(new: Connection, old: Connection) -> int | None:
    if revision(old) is None or str(revision(old)) < FIRST_WITH_LEDGER:
        return 0
    before = list(entries(new))
    if root_of_entries(entries(old, 0, len(before))) != root_of_entries(before):
        return None
    if (fault := LedgerReader(old).audited().fault) is not None:
        log.warning("ledger.unreadable", detail=fault.detail)
        return None
    later = [{"number": n, "body": body} for n, body in entries(old, len(before))]
    signed = {size for size, _ in notes(new)}
    rows = old.execute(ledger_checkpoint.select())
    kept = [{"size": row.size, "at": row.at, "note": row.note} for row in rows]
    if later:
        new.execute(insert(ledger_entry), later)
    if missing := [row for row in kept if row["size"] not in signed]:
        new.execute(insert(ledger_checkpoint), missing)
    return len(later)
