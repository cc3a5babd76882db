"""Keeps a damaged database under another name, so that a new one can take its place."""

from datetime import UTC, datetime
from pathlib import Path

from monitor.store.connection import DATABASE, sync_folder


def set_aside(data_dir: Path) -> Path:
    """Rename the database of a data directory with all that is beside it; return its new place."""
    kept = _free_name(data_dir)
    # The database goes first: without it SQLite takes no log for its own, and the other way round
    # a crash in between would leave a database that seems to lack nothing.
    for suffix in ("", "-wal", "-shm", "-sums"):
        beside = data_dir / f"{DATABASE}{suffix}"
        if beside.exists():
            beside.replace(f"{kept}{suffix}")
    sync_folder(data_dir)
    return kept


def _free_name(data_dir: Path) -> Path:
    stamp, number = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}", 0
    while True:
        kept = data_dir / f"damaged-{stamp}{f'-{number}' if number else ''}.db"
        if not kept.exists():
            return kept
        number += 1
