"""What must be true of an SQL server and of a query's answer. Pure.

What a query returns may be private. A text is never shown, not even where it fails the check; a
number is, since it is measured.
"""

import math
import re
from dataclasses import dataclass

from monitor.conditions.certificate import Finding, Searches
from monitor.conditions.duration import too_slow
from monitor.domain.observation import Failure, FailureKind
from monitor.net.sql import MOST_ROWS, Answer, SqlHeard

_NUMBER = re.compile(
    r"[+-]?(?:\d{1,300}(?:\.\d{0,300})?|\.\d{1,300})(?:[eE][+-]?\d{1,4})?\Z", re.ASCII
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlConditions:
    """What is expected. None expects nothing. `rows` are the fewest and the most."""

    replica: bool | None = None
    value: str | None = None
    value_matches: Searches | None = None
    value_min: float | None = None
    value_max: float | None = None
    rows: tuple[int | None, int | None] = (None, None)
    max_seconds: float | None = None


def judge(conditions: SqlConditions, heard: SqlHeard, seconds: float) -> Finding | None:
    """Return why a visit that went well fails all the same, or None."""
    failure = _wrong_role(conditions, heard)
    if failure is None and heard.answer is not None:
        failure = wrong_answer(conditions, heard.answer)
    failure = failure or too_slow(conditions.max_seconds, seconds)
    return None if failure is None else Finding(failure)


def number(value: str | None) -> float | None:
    """Return a query's value as a number; None where it is none that is finite."""
    text = "" if value is None else value.strip()
    if not _NUMBER.match(text):
        return None
    found = float(text)
    return found if math.isfinite(found) else None


def wrong_answer(conditions: SqlConditions, answer: Answer) -> Failure | None:
    """Return what is wrong with a query's answer."""
    detail = (
        _wrong_count(conditions.rows, answer.rows)
        or _wrong_text(conditions, answer.value)
        or _wrong_number(conditions, answer.value)
    )
    return None if detail is None else Failure(FailureKind.ANSWER, f"query: {detail}")


def _wrong_role(conditions: SqlConditions, heard: SqlHeard) -> Failure | None:
    wanted, found = conditions.replica, heard.replica
    if wanted is None or found is None or wanted == found:
        return None
    return Failure(FailureKind.ANSWER, f"role: {role(found)}, expected {role(wanted)}")


def role(replica: bool) -> str:  # noqa: FBT001 (it is what is named)
    return "replica" if replica else "primary"


def _wrong_count(bounds: tuple[int | None, int | None], count: int) -> str | None:
    fewest, most = bounds
    found = f"{count} rows" if count < MOST_ROWS else f"{MOST_ROWS} rows or more"
    if fewest is not None and fewest == most and count != fewest:
        return f"{found}, expected {fewest}"
    if fewest is not None and count < fewest:
        return f"{found}, expected at least {fewest}"
    if most is not None and count > most:
        return f"{found}, expected at most {most}"
    return None


def _wrong_text(conditions: SqlConditions, value: str | None) -> str | None:
    wanted, pattern = conditions.value, conditions.value_matches
    if wanted is not None and value != wanted:
        return f"{_described(value)}, expected {wanted!r}"
    if pattern is not None and (value is None or not pattern.search(value)):
        return f"{_described(value)}, expected to match {pattern.text!r}"
    return None


def _wrong_number(conditions: SqlConditions, value: str | None) -> str | None:
    least, most = conditions.value_min, conditions.value_max
    if least is None and most is None:
        return None
    found = number(value)
    if found is None:
        return f"{_described(value)}, expected a number"
    if least is not None and found < least:
        return f"{found:.15g}, expected at least {least:.15g}"
    if most is not None and found > most:
        return f"{found:.15g}, expected at most {most:.15g}"
    return None


def _described(value: str | None) -> str:
    """Return what may be said of a value: all of a number, of a text its length."""
    if value is None:
        return "no value"
    found = number(value)
    return f"{found:.15g}" if found is not None else f"a text of {len(value.encode())} bytes"
