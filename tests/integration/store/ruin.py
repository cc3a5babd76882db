"""Ways in which a disk or a hand ruins a file, and what a database says afterwards."""

import random
from datetime import timedelta
from pathlib import Path
from typing import Any

from monitor.domain.instant import microseconds
from monitor.store.ledgerreader import open_ledger
from monitor.store.reader import open_reader
from tests.fakes import NOON

PAGE = 4096
YEAR = timedelta(days=365)
WAYS = ("flip", "zero", "swap", "cut", "empty", "text", "garble")


def answers(data: Path) -> Any:
    """Return all that a database says to those who read it."""
    ever = (microseconds(NOON - YEAR), microseconds(NOON + YEAR))
    with open_reader(data) as reader:
        checks = reader.checks()
        said = [
            (reader.samples(c, *ever), reader.slots(c, *ever), reader.intervals(c, *ever))
            for c in checks
        ]
        more = (reader.incidents(*ever), reader.outbox_counts(), reader.marks(*ever))
        states = reader.states()
    with open_ledger(data) as ledger:
        return checks, said, more, states, list(ledger.entries())


def ruined(path: Path, way: str, chance: random.Random) -> str:
    """Ruin a file in a way, and return what was done where."""
    octets = bytearray(path.read_bytes())
    page = chance.randrange(max(1, len(octets) // PAGE)) * PAGE
    at = chance.randrange(len(octets))
    match way:
        case "flip":
            octets[at] ^= 1 << chance.randrange(8)
        case "zero":
            octets[page : page + PAGE] = bytes(PAGE)
        case "swap":
            other = chance.randrange(max(1, len(octets) // PAGE)) * PAGE
            one, two = octets[page : page + PAGE], octets[other : other + PAGE]
            octets[page : page + PAGE], octets[other : other + PAGE] = two, one
        case "cut":
            del octets[at:]
        case "empty":
            octets.clear()
        case "text":
            octets[:] = b"daftar belanja: kopi, gula\n" * 100
        case "garble":
            octets[at : at + 20] = chance.randbytes(len(octets[at : at + 20]))
    path.write_bytes(octets)
    return f"{way} of {path.name} at {at}, page {page // PAGE + 1}"
