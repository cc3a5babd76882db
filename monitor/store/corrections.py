"""Corrections as rows: rows are added and never changed; a withdrawal is a row of its own."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy import Row as Found

from monitor.domain.check import CheckId
from monitor.domain.correction import Correction, CorrectionRecord, Withdrawal
from monitor.domain.instant import instant, microseconds
from monitor.domain.observation import Status
from monitor.domain.service import ServiceId
from monitor.store.documents import storable
from monitor.store.rows import Row
from monitor.store.schema import correction


def correction_row(act: Correction | Withdrawal) -> Row:
    """Return the row of a correction, or of its withdrawal."""
    said = {"at": microseconds(act.at), "by": storable(act.by), "reason": storable(act.reason)}
    if isinstance(act, Withdrawal):
        return {"id": None, "withdraws": act.correction, "document": "", **said}
    return {"id": act.id, "withdraws": None, "document": correction_text(act), **said}


def correction_text(made: Correction) -> str:
    """Return what is corrected as JSON."""
    return storable(
        json.dumps(
            {
                "service": made.service,
                "check": made.check,
                "start": made.start.isoformat(),
                "end": made.end.isoformat(),
                "status": made.status.value,
                "evidence": made.evidence,
            },
            ensure_ascii=False,
        )
    )


def correction_records(connection: Connection) -> tuple[CorrectionRecord, ...]:
    """Return every correction that was ever made, in order, and whether it was withdrawn."""
    rows = connection.execute(select(correction).order_by(correction.c.number)).all()
    withdrawn = {row.withdraws: _withdrawal(row) for row in rows if row.withdraws is not None}
    return tuple(
        CorrectionRecord(correction=_correction(row), withdrawn=withdrawn.get(row.id))
        for row in rows
        if row.id is not None
    )


def correction_acts(connection: Connection) -> Iterator[Correction | Withdrawal]:
    """Yield what people said of the record, in order: corrections and their withdrawals."""
    for row in connection.execute(select(correction).order_by(correction.c.number)):
        yield _withdrawal(row) if row.id is None else _correction(row)


def _withdrawal(row: Found[Any]) -> Withdrawal:
    return Withdrawal(correction=row.withdraws, by=row.by, reason=row.reason, at=instant(row.at))


def _correction(row: Found[Any]) -> Correction:
    said = json.loads(row.document)
    return Correction(
        id=row.id,
        service=None if said["service"] is None else ServiceId(said["service"]),
        check=None if said["check"] is None else CheckId(said["check"]),
        start=datetime.fromisoformat(said["start"]),
        end=datetime.fromisoformat(said["end"]),
        status=Status(said["status"]),
        evidence=said["evidence"],
        reason=row.reason,
        by=row.by,
        at=instant(row.at),
    )
