"""What is asked of the history of one check, and rows as plain tuples."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select


@dataclass(frozen=True, slots=True)
class Asked:
    """A check and a vantage by their numbers, in [start, end): microseconds, Unix epoch."""

    check: int
    vantage: int
    start: int
    end: int


def tuples(
    connection: Connection, wanted: Select[Any], parameters: Any = None
) -> Sequence[tuple[Any, ...]]:
    """Return plain tuples: a Row each would cost as much as reading them."""
    cursor: Any = connection.execute(wanted, parameters).cursor
    found: Sequence[tuple[Any, ...]] = cursor.fetchall()
    return found
