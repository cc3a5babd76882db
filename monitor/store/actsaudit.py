"""Holds the lists of corrections, planned work and filed reports against the ledger.

Each act has its entry, made in the same transaction. So the entries can be made anew from the
lists: one that is not in the ledger was changed or added later, and one that is in the ledger
alone was taken away.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection

from monitor.store.corrections import correction_acts
from monitor.store.filings import filings
from monitor.store.record import correction_entry, filing_entry, window_entry
from monitor.store.windows import window_records

_MOST_FAULTS = 20
_NAMES = {"correction": "correction", "maintenance": "planned work", "report": "filed report"}


@dataclass(slots=True, kw_only=True)
class ActsFinding:
    """How corrections, planned work and filed reports stand to the ledger.

    So many `acts` are as they were entered; `restored` ones were made after the backup that was put
    back since. `faults` are what disagrees, at most twenty.
    """

    acts: int = 0
    restored: int = 0
    faults: list[str] = field(default_factory=list)


def audited_acts(connection: Connection, entries: Iterable[tuple[int, bytes]]) -> ActsFinding:
    """Return how what people said of the record stands to `entries`, those of the ledger."""
    entered, restored = _entered(entries)
    finding = ActsFinding()
    for body in _made_anew(connection):
        if entered.pop(body, None) is None:
            _add(finding, f"{_named(body)}: no entry of the ledger stands for it as it is")
        else:
            finding.acts += 1
    for body in _begun(connection):
        finding.acts += entered.pop(body, None) is not None
    for body, number in entered.items():
        if any(number in range(*each) for each in restored):
            finding.restored += 1
        else:
            _add(finding, f"{_named(body)}: entry {number} tells of it, and the database does not")
    return finding


def _entered(
    entries: Iterable[tuple[int, bytes]],
) -> tuple[dict[bytes, int], list[tuple[int, int]]]:
    """Return the entries of acts with their numbers, and which numbers a backup did not have."""
    entered: dict[bytes, int] = {}
    restored: list[tuple[int, int]] = []
    for number, body in entries:
        match _read(body):
            case {"type": "restored", "size": int() as size}:
                restored.append((size, number))
            case {"type": str() as kind} if kind in _NAMES:
                entered[body] = number
    return entered, restored


def _made_anew(connection: Connection) -> Iterator[bytes]:
    """Yield the entries of all acts as the database has them."""
    yield from map(correction_entry, correction_acts(connection))
    yield from map(window_entry, window_records(connection, None, None))
    yield from map(filing_entry, filings(connection))


def _begun(connection: Connection) -> Iterator[bytes]:
    """Yield the entries that were made of planned work before it was cancelled."""
    for record in window_records(connection, None, None):
        if record.cancelled is not None:
            yield window_entry(replace(record, cancelled=None))


def _named(body: bytes) -> str:
    said = json.loads(body)
    return f"{_NAMES[said['type']]} {said.get('name', said['id'])}"


def _read(body: bytes) -> object:
    try:
        return json.loads(body)
    except ValueError:
        return None  # the tree says what is wrong with it


def _add(finding: ActsFinding, fault: str) -> None:
    if len(finding.faults) < _MOST_FAULTS:
        finding.faults.append(fault)
