"""Maintenance windows as rows: what each is, since when it is known, and how it was ended."""

import json
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select
from sqlalchemy import Row as Found

from monitor.domain.instant import instant, microseconds
from monitor.domain.maintenance import MaintenanceWindow, Occurrence, Recurrence
from monitor.domain.service import ServiceId
from monitor.domain.windowrecord import Cancellation, Source, WindowRecord
from monitor.store.codes import SOURCE
from monitor.store.documents import storable
from monitor.store.rows import Row
from monitor.store.schema import maintenance_window

MOST_WINDOWS = 10_000
_MICROSECOND = timedelta(microseconds=1)


def window_row(record: WindowRecord) -> Row:
    """Return the row of a record."""
    when, cancelled = record.window.when, record.cancelled
    return {
        "id": record.window.id,
        "added_at": microseconds(record.added_at),
        "source": SOURCE.code[record.source],
        "added_by": storable(record.added_by),
        "until": microseconds(when.end) if isinstance(when, Occurrence) else None,
        "document": window_text(record.window),
        "cancelled_at": microseconds(cancelled.at) if cancelled else None,
        "cancelled_by": storable(cancelled.by) if cancelled else None,
        "cancel_reason": storable(cancelled.reason) if cancelled else None,
    }


def window_records(
    connection: Connection, since: datetime | None, most: int | None = MOST_WINDOWS
) -> tuple[WindowRecord, ...]:
    """Return the windows that were not over at `since`, oldest first; all of them for None.

    One that still stands in the file is always there. The latest are returned, `most` of them.
    """
    table = maintenance_window
    wanted = select(table).order_by(table.c.added_at.desc(), table.c.id.desc())
    if since is not None:
        at = microseconds(since)
        stands = table.c.cancelled_at.is_(None) & (table.c.source == SOURCE.code[Source.FILE])
        is_open = table.c.cancelled_at.is_(None) | (table.c.cancelled_at > at)
        wanted = wanted.where(stands | (is_open & (table.c.until.is_(None) | (table.c.until > at))))
    return tuple(map(_record, connection.execute(wanted.limit(most)).all()))[::-1]


def window_text(window: MaintenanceWindow) -> str:
    """Return what a window is as JSON."""
    when = window.when
    return storable(
        json.dumps(
            {
                "services": sorted(window.services),
                "owners": sorted(window.owners),
                "labels": dict(window.labels),
                "reason": window.reason,
                "approved_by": window.approved_by,
                **({"public_reason": window.public_reason} if window.public_reason else {}),
                **(_once(when) if isinstance(when, Occurrence) else _again(when)),
            },
            ensure_ascii=False,
        )
    )


def _once(when: Occurrence) -> dict[str, Any]:
    return {"start": when.start.isoformat(), "end": when.end.isoformat()}


def _again(when: Recurrence) -> dict[str, Any]:
    return {
        "rrule": when.rule,
        "first": when.first.isoformat(),
        "start": when.start.isoformat(),
        "duration_microseconds": when.duration // _MICROSECOND,
        "zone": str(when.zone),
    }


def _record(row: Found[Any]) -> WindowRecord:
    cancelled = None
    if row.cancelled_at is not None:
        cancelled = Cancellation(
            at=instant(row.cancelled_at), by=row.cancelled_by, reason=row.cancel_reason
        )
    return WindowRecord(
        window=_window(row.id, json.loads(row.document)),
        source=SOURCE.meaning[row.source],
        added_at=instant(row.added_at),
        added_by=row.added_by,
        cancelled=cancelled,
    )


def _window(name: str, said: dict[str, Any]) -> MaintenanceWindow:
    return MaintenanceWindow(
        id=name,
        when=_recurrence(said) if "rrule" in said else _occurrence(said),
        reason=said["reason"],
        approved_by=said["approved_by"],
        public_reason=said.get("public_reason", ""),
        services=frozenset(map(ServiceId, said["services"])),
        owners=frozenset(said["owners"]),
        labels=said["labels"],
    )


def _occurrence(said: dict[str, Any]) -> Occurrence:
    return Occurrence(datetime.fromisoformat(said["start"]), datetime.fromisoformat(said["end"]))


def _recurrence(said: dict[str, Any]) -> Recurrence:
    return Recurrence(
        rule=said["rrule"],
        first=date.fromisoformat(said["first"]),
        start=time.fromisoformat(said["start"]),
        duration=said["duration_microseconds"] * _MICROSECOND,
        zone=ZoneInfo(said["zone"]),
    )
