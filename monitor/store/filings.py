"""Reports that were filed, as rows: they are added and never changed."""

import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy import Row as Found

from monitor.domain.instant import instant, microseconds
from monitor.domain.reportfiling import ReportFiling
from monitor.store.documents import storable
from monitor.store.rows import Row
from monitor.store.schema import filed_report


def filing_row(filing: ReportFiling) -> Row:
    """Return the row of a report that was filed."""
    return {
        "id": filing.id,
        "name": filing.name,
        "at": microseconds(filing.at),
        "by": storable(filing.by),
        "document": _text(filing),
    }


def filings(connection: Connection, name: str | None = None) -> Iterator[ReportFiling]:
    """Yield what was filed, in order: all of it, or the version of this name."""
    asked = select(filed_report).order_by(filed_report.c.number)
    if name is not None:
        asked = asked.where(filed_report.c.name == name)
    for row in connection.execute(asked):
        yield _filing(row)


def _text(filing: ReportFiling) -> str:
    return storable(
        json.dumps(
            {
                "period": filing.period,
                "version": filing.version,
                "fingerprint": filing.fingerprint,
                "replaces": filing.replaces,
                "number": filing.number,
                "owners": list(filing.owners),
                "services": list(filing.services),
                "files": dict(filing.files),
            },
            ensure_ascii=False,
        )
    )


def _filing(row: Found[Any]) -> ReportFiling:
    said = json.loads(row.document)
    return ReportFiling(
        id=row.id,
        name=row.name,
        period=said["period"],
        version=said["version"],
        fingerprint=said["fingerprint"],
        files=said["files"],
        by=row.by,
        at=instant(row.at),
        replaces=said["replaces"],
        number=said["number"],
        owners=tuple(said["owners"]),
        services=tuple(said["services"]),
    )
