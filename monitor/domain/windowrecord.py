"""What was known of maintenance windows, and when. A record is ended, and never changed otherwise.

Work is planned if it was known before it began. Whatever became known later is after the fact:
it keeps alarms away from then on, and no later act makes it look planned.
"""

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from monitor.domain.maintenance import (
    MaintenanceWindow,
    Occurrence,
    OpenWindow,
    occurrences,
    open_windows,
)

_ID_LENGTH = 10
_TAKEN_OUT = "taken out of config/maintenance.yaml"
_REWRITTEN = "written otherwise in config/maintenance.yaml"


class Source(StrEnum):
    """By which way a window became known."""

    FILE = "file"
    COMMAND = "command"
    API = "api"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancellation:
    """From `at` (UTC) on a window counts no more. `by` is "" where the file left it out."""

    at: datetime
    by: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowRecord:
    """A window, known since `added_at` (UTC). `added_by` is "" where the file says it."""

    window: MaintenanceWindow
    source: Source
    added_at: datetime
    added_by: str = ""
    cancelled: Cancellation | None = None

    @property
    def key(self) -> tuple[str, datetime]:
        """Return what tells it from others: an id that is used again is known since later."""
        return self.window.id, self.added_at

    def ended(self, cancellation: Cancellation) -> "WindowRecord":
        """Return it as it is once it is cancelled. What was cancelled once stays as it is."""
        return self if self.cancelled else replace(self, cancelled=cancellation)


@dataclass(frozen=True, slots=True)
class Occasion:
    """One time that the window of a record is open, as it is written."""

    record: WindowRecord
    occurrence: Occurrence

    @property
    def after_the_fact(self) -> bool:
        """Say whether it was known only after it began."""
        return is_after_the_fact(self.record, self.occurrence)

    @property
    def counted(self) -> Occurrence | None:
        """Return the part in which it was known and not cancelled, None if there is none."""
        record, start, end = self.record, self.occurrence.start, self.occurrence.end
        start = max(start, record.added_at)
        end = min(end, record.cancelled.at) if record.cancelled else end
        return Occurrence(start, end) if start < end else None


def is_after_the_fact(record: WindowRecord, occurrence: Occurrence) -> bool:
    """Say whether `record` became known only after this occurrence of it began."""
    return record.added_at > occurrence.start


def occasions(record: WindowRecord, start: datetime, end: datetime) -> tuple[Occasion, ...]:
    """Return the times that touch [start, end), in order.

    What would have begun once it was cancelled is none, and neither is what a rule gives before
    the rule was known. Work that comes once is on record however late it was written down.
    """
    once = isinstance(record.window.when, Occurrence)
    return tuple(
        Occasion(record, each)
        for each in occurrences(record.window.when, start, end)
        if (once or each.end > record.added_at)
        and (record.cancelled is None or each.start < record.cancelled.at)
    )


def going_on(records: Iterable[WindowRecord], at: datetime) -> tuple[OpenWindow, ...]:
    """Return the windows that are in force and open at `at`."""
    return tuple(
        replace(each, after_the_fact=is_after_the_fact(record, each.occurrence))
        for record in records
        if record.cancelled is None
        for each in open_windows((record.window,), at)
    )


def taken_up(
    known: Iterable[WindowRecord],
    written: Iterable[MaintenanceWindow],
    now: datetime,
    since: datetime | None = None,
) -> tuple[WindowRecord, ...]:
    """Return the records that change because the file says `written` from `now` on.

    A window that is written otherwise under its old id is another one, known since now. `since` is
    when the file was read first as it is written, where that is on record, and windows are not.
    """
    listed = {window.id: window for window in written}
    standing = {
        each.window.id: each
        for each in known
        if each.source is Source.FILE and each.cancelled is None
    }
    left = (
        each.ended(Cancellation(at=now, by="", reason=_REWRITTEN if i in listed else _TAKEN_OUT))
        for i, each in standing.items()
        if listed.get(i) != each.window
    )
    new = (
        WindowRecord(window=window, source=Source.FILE, added_at=since or now)
        for i, window in listed.items()
        if i not in standing or standing[i].window != window
    )
    return (*left, *new)


def window_id(window: MaintenanceWindow, by: str, at: datetime) -> str:
    """Return a short id for a window that nobody named."""
    covers = sorted(window.services), sorted(window.owners), sorted(window.labels.items())
    text = repr((covers, window.when, window.reason, window.approved_by, by, at))
    digest = hashlib.sha256(text.encode(errors="replace")).digest()
    return base64.b32encode(digest).decode()[:_ID_LENGTH].lower()
