"""Reads a daemon's database by itself, with `sqlite3` and numbers of its own: the other witness.

Times are microseconds since the Unix epoch.
"""

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

UP, DEGRADED, DOWN, UNKNOWN = 1, 2, 3, 4
STOPPED_CAUSE, OFFLINE_CAUSE = 1, 2
MARKS = {1: "start", 2: "stop", 3: "pause", 4: "clock_step", 5: "self_offline", 6: "self_online"}
MISSED = {1: "overrun", 2: "overloaded", 3: "clock_step", 4: "stopped"}
PENDING, DELIVERED, SUPERSEDED, DEAD = 1, 2, 3, 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One stored observation. `at` is when it was due; attempt 0 is the slot itself."""

    check: str
    epoch: int
    at: int
    attempt: int
    status: int
    cause: int | None

    @property
    def key(self) -> tuple[str, int, int]:
        return self.check, self.epoch, self.at


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One stored incident."""

    id: str
    service: str
    started_at: int
    ended_at: int | None
    sequence: int
    receivers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One row of the outbox. `alert` is its JSON document."""

    id: str
    receiver: str
    state: int
    attempts: int
    created_at: int
    alert: dict[str, Any]

    @property
    def subject(self) -> str | None:
        incident = self.alert["incident"]
        return None if incident is None else str(incident["id"])


class Record:
    """The database of a data directory, read anew at every question."""

    def __init__(self, data: Path) -> None:
        self._path = data / "pantau.db"

    def rows(self, question: str, *values: object) -> list[Any]:
        """Return the rows that answer a question in SQL."""
        connection = sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, timeout=10)
        with closing(connection):
            return connection.execute(question, values).fetchall()

    def sequence(self) -> int:
        """Return the number of the last change that is durable."""
        return int(self.rows("SELECT value FROM meta WHERE name = 'sequence'")[0][0])

    def samples(self, check: str | None = None) -> list[Sample]:
        """Return the samples in the order in which they came: by epoch, then by time."""
        found = self.rows(
            "SELECT name, epoch, scheduled_at, attempt, status, cause FROM observation"
            " JOIN check_name ON check_name.id = observation.check_id ORDER BY 1, 2, 3"
        )
        return [
            Sample(check=name, epoch=epoch, at=at, attempt=attempt, status=status, cause=cause)
            for name, epoch, at, attempt, status, cause in found
            if check in (None, name)
        ]

    def incidents(self) -> list[Incident]:
        """Return the incidents in order of their start."""
        found = self.rows(
            "SELECT id, service, started_at, ended_at, sequence, receivers FROM incident ORDER BY 3"
        )
        return [
            Incident(
                id=row[0],
                service=row[1],
                started_at=row[2],
                ended_at=row[3],
                sequence=row[4],
                receivers=tuple(json.loads(row[5])),
            )
            for row in found
        ]

    def messages(self) -> list[Message]:
        """Return the outbox, oldest first."""
        found = self.rows(
            "SELECT id, receiver, state, attempts, created_at, alert FROM outbox ORDER BY number"
        )
        return [
            Message(
                id=row[0],
                receiver=row[1],
                state=row[2],
                attempts=row[3],
                created_at=row[4],
                alert=json.loads(row[5]),
            )
            for row in found
        ]

    def pending(self) -> int:
        """Return how many messages wait."""
        return int(self.rows("SELECT count(*) FROM outbox WHERE settled_at IS NULL")[0][0])

    def marks(self) -> list[tuple[str, int, int]]:
        """Return the events of the monitor itself as (kind, epoch, time), in their order."""
        found = self.rows("SELECT kind, epoch, at FROM mark ORDER BY number")
        return [(MARKS[kind], epoch, at) for kind, epoch, at in found]

    def missed(self) -> list[tuple[str, int, int, str, int]]:
        """Return missed slots as (check, epoch, first slot, reason, count)."""
        found = self.rows(
            "SELECT name, epoch, scheduled_at, reason, count FROM missed_slot"
            " JOIN check_name ON check_name.id = missed_slot.check_id ORDER BY 1, 2, 3"
        )
        return [
            (name, epoch, at, MISSED[reason], count) for name, epoch, at, reason, count in found
        ]


def outages(samples: Sequence[Sample]) -> list[tuple[int, int | None]]:
    """Return start and end of each run of failing samples of one check, unknown ones left out.

    With thresholds of one, these are the incidents of its service.
    """
    known = [sample for sample in samples if sample.status != UNKNOWN]
    runs = [
        (is_down, next(iter(run)).at)
        for is_down, run in groupby(known, lambda sample: sample.status == DOWN)
    ]
    return [
        (began, runs[place + 1][1] if place + 1 < len(runs) else None)
        for place, (is_down, began) in enumerate(runs)
        if is_down
    ]
