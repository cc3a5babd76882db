"""What a probe did, step by step, as `debug=true` shows it: lines of logfmt.

The messages are those that blackbox_exporter's users know. No line holds a body, a credential or
another secret.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from monitor.blackbox.hidden import without_password
from monitor.domain.observation import Failure, FailureKind
from monitor.domain.text import visible_text

Value = str | float | int | bool
_MOST_LINES = 500
_LONGEST_VALUE = 2048  # bytes
# Details of these quote what came, and end in what was expected.
_QUOTING = {FailureKind.BODY, FailureKind.HEADER, FailureKind.JSON, FailureKind.BANNER}


@dataclass(frozen=True, slots=True)
class LogLine:
    """One step: when (UTC), how grave (debug, info or error), what, and its particulars."""

    at: datetime
    level: str
    message: str
    fields: tuple[tuple[str, Value], ...] = ()

    def __str__(self) -> str:
        """Return the line as logfmt."""
        stamp = self.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
        pairs = (("ts", stamp), ("level", self.level), ("msg", self.message), *self.fields)
        return " ".join(f"{name}={_written(_shown(value))}" for name, value in pairs)


class ProbeLog:
    """Collects the lines of one probe; those beyond the 500th are counted, and left out.

    `began` (UTC) and readings of `monotonic` since then make their times.
    """

    def __init__(self, began: datetime, monotonic: Callable[[], float]) -> None:
        self._began = began
        self._monotonic = monotonic
        self._since = monotonic()
        self._lines: list[LogLine] = []
        self._left_out = 0

    def debug(self, message: str, **fields: Value) -> None:
        self._add("debug", message, fields)

    def info(self, message: str, **fields: Value) -> None:
        self._add("info", message, fields)

    def error(self, message: str, **fields: Value) -> None:
        self._add("error", message, fields)

    def lines(self) -> tuple[LogLine, ...]:
        """Return the lines so far."""
        if not self._left_out:
            return tuple(self._lines)
        left_out = (("count", self._left_out),)
        return (*self._lines, LogLine(self._now(), "info", "Further lines were left out", left_out))

    def _add(self, level: str, message: str, fields: dict[str, Value]) -> None:
        if len(self._lines) >= _MOST_LINES and level != "error":
            self._left_out += 1
            return
        # As it is: most probes succeed, and nobody reads a word of them.
        self._lines.append(LogLine(self._now(), level, message, tuple(fields.items())))

    def _now(self) -> datetime:
        return self._began + timedelta(seconds=self._monotonic() - self._since)


def shown_target(target: str) -> str:
    """Return a target without a password and without its query, which may hold a token."""
    url = target if "//" in target else f"//{target}"
    shown = without_password(url).partition("?")[0]
    return shown if url is target else shown.removeprefix("//")


def told(failure: Failure) -> str:
    """Return what the log says of a failure: what was wanted, but nothing that a target sent."""
    if failure.kind not in _QUOTING:
        return failure.detail
    return f"expected {failure.detail.rpartition(', expected ')[2]}"


def _shown(value: Value) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case float():
            return f"{value:.9g}"
        case _:
            return visible_text(str(value), _LONGEST_VALUE)


def _written(value: str) -> str:
    """Return a value as logfmt has it: in quotes where it could be read in two ways."""
    if value and all(char > " " and char not in '="\\' for char in value):
        return value
    return json.dumps(value, ensure_ascii=False)
