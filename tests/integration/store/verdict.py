"""Looks at a database from outside, with nothing but SQLite: what is there, and is it whole?"""

import sqlite3
from contextlib import closing
from pathlib import Path

from monitor.store.connection import DATABASE

OBSERVATIONS = 20


def numbers(output: str, word: str) -> set[int]:
    """Return the numbers of the changes that a victim said `word` of."""
    lines = (line.partition(" ") for line in output.splitlines())
    return {int(number) for said, _, number in lines if said == word}


def faults(directory: Path, acknowledged: set[int]) -> list[str]:
    """Return what is wrong: damage, acknowledged changes that are lost, and halves of changes."""
    with closing(sqlite3.connect(directory / DATABASE)) as database:
        if not database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            return [f"lost {sorted(acknowledged)}: no tables"] if acknowledged else []
        damage = [text for (text,) in database.execute("PRAGMA integrity_check") if text != "ok"]
        told = {int(name[1:]) for (name,) in database.execute("SELECT id FROM outbox")}
        changed = _count(database, "transition")
        seen = _count(database, "observation")
    found = [f"damage: {text}" for text in damage]
    if lost := acknowledged - told:
        found.append(f"lost {sorted(lost)} of {len(acknowledged)}")
    if changed != len(told) or seen != OBSERVATIONS * len(told):
        found.append(f"halves: {len(told)} told, {changed} changed, {seen} seen")
    return found


def _count(database: sqlite3.Connection, table: str) -> int:
    return database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
