"""Looks at a database from outside, with nothing but SQLite: what is there, and is it whole?"""

import sqlite3
from contextlib import closing
from pathlib import Path

from monitor.store.connection import DATABASE
from monitor.store.damage import damage

OBSERVATIONS = 20


def numbers(output: str, word: str) -> set[int]:
    """Return the numbers of the changes that a victim said `word` of."""
    lines = (line.partition(" ") for line in output.splitlines())
    return {int(number) for said, _, number in lines if said == word}


def faults(directory: Path, acknowledged: set[int]) -> list[str]:
    """Return what is wrong: damage, acknowledged changes that are lost, and halves of changes.

    That the checksums of pages call a sound database damaged is wrong, too.
    """
    if alarms := damage(directory / DATABASE):
        return [f"alarm: {'; '.join(alarms)}"]
    if not (directory / DATABASE).exists():
        return [f"lost {sorted(acknowledged)}: no file"] if acknowledged else []
    # Who may write copies the log when he closes it last. A file that was cut off while it was made
    # has no log yet: it is rolled back first, and for that one must write.
    mode = "rw" if (directory / f"{DATABASE}-journal").exists() else "ro"
    place = f"file:{directory / DATABASE}?mode={mode}"
    with closing(sqlite3.connect(place, uri=True)) as database:
        if not database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            return [f"lost {sorted(acknowledged)}: no tables"] if acknowledged else []
        broken = [text for (text,) in database.execute("PRAGMA integrity_check") if text != "ok"]
        told = {int(name[1:]) for (name,) in database.execute("SELECT id FROM outbox")}
        changed = _count(database, "transition")
        seen = _count(database, "observation")
    found = [f"damage: {text}" for text in broken]
    if lost := acknowledged - told:
        found.append(f"lost {sorted(lost)} of {len(acknowledged)}")
    if changed != len(told) or seen != OBSERVATIONS * len(told):
        found.append(f"halves: {len(told)} told, {changed} changed, {seen} seen")
    return found


def _count(database: sqlite3.Connection, table: str) -> int:
    return database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
