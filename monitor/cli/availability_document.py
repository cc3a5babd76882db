"""The figures of several services as JSON and as CSV, for programs and auditors."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import tzinfo
from fractions import Fraction
from io import StringIO
from typing import Any

from monitor.cli.availability_table import FORMULA, SHARES, group_texts, target_text, verdict_text
from monitor.cli.budgets import budget_document
from monitor.domain.availability import (
    MINIMUM_COVERAGE,
    Figures,
    Parts,
    lowest,
    pooled,
    verdict,
    whole_seconds,
)
from monitor.domain.calendar import HolidayDoubt
from monitor.domain.correction import CorrectionRecord
from monitor.domain.instant import instant
from monitor.domain.service import ALWAYS, Service, ServiceId
from monitor.domain.timeline import HOLD_FACTOR
from monitor.domain.windowrecord import Occasion
from monitor.domain.windows import Window
from monitor.locales import Language
from monitor.locales.dates import moment_text
from monitor.locales.shares import mean_text, resolution_text
from monitor.reports.entries import Entry

_SECOND = 1_000_000
_ROUNDING = {
    "decimals": 3,
    "availability": "down",
    "lower": "down",
    "upper": "up",
    "gross": "down",
    "coverage": "down",
}


def csv_text(entries: Sequence[Entry], period: Window, language: Language) -> str:
    """Return the figures as CSV (RFC 4180), the policy in each line.

    A service has a line for the hours that were promised and, where these are not all, a second
    one around the clock; where something was corrected, what was measured has lines as well. The
    column names are the same in every language.
    """
    nobody = Entry(service=Service(id=ServiceId(""), name="", owner=""), figures=pooled([]))
    columns = list(_record(nobody, nobody.figures, period, language))
    out = StringIO()
    writer = csv.writer(out)
    writer.writerow(columns)
    for entry in entries:
        for record in _records(entry, period, language):
            writer.writerow([_cell(record[column]) for column in columns])
    return out.getvalue()


def document(
    entries: Sequence[Entry], period: Window, zone: tzinfo, language: Language
) -> dict[str, object]:
    """Return the figures as JSON values: exact fractions beside what they read as.

    Instants are RFC 3339 in UTC, seconds and microseconds are integers.
    """
    group = [entry.figures for entry in entries]
    worst = lowest(group)
    low, mean = group_texts(group, language)
    return {
        "language": language.value,
        "period": {
            "from": _instant(period.start),
            "until": _instant(period.end),
            "from_text": moment_text(instant(period.start), zone, language),
            "until_text": moment_text(instant(period.end), zone, language),
        },
        "policy": {
            "hold_factor": _exact(HOLD_FACTOR),
            "minimum_coverage": _exact(MINIMUM_COVERAGE),
            "rounding": _ROUNDING,
        },
        "services": [_service(entry, language) for entry in entries],
        "group": {
            "lowest": {"exact": _exact(worst.availability if worst else None), "text": low},
            "mean_by_time": {
                "exact": _exact(pooled(group).availability),
                "text": mean,
                "formula": FORMULA,
            },
        },
    }


def _service(entry: Entry, language: Language) -> dict[str, object]:
    service, sla = entry.service, entry.service.sla
    return {
        "service": service.id,
        "name": service.name,
        "owner": service.owner,
        "criticality": service.criticality.value,
        "target": {
            "exact": _exact(sla.target if sla else None),
            "text": target_text(entry, language),
            "basis": sla.basis if sla else None,
            "hours": sla.hours if sla else None,
        },
        **_reckoned(entry, entry.figures, entry.always, language),
        "as_measured": None
        if entry.measured is None
        else _reckoned(entry, entry.measured.figures, entry.measured.always, language),
        "corrections": [_correction(each) for each in entry.corrections],
        "error_budget": None if entry.budget is None else budget_document(entry.budget, language),
        "maintenance": [_work(each) for each in entry.work],
        "holidays_in_doubt": [_doubt(each) for each in entry.doubts],
        "expected": entry.figures.expected,
        "received": entry.figures.received,
    }


def _reckoned(
    entry: Entry, promised: Figures, always: Figures | None, language: Language
) -> dict[str, object]:
    sla = entry.service.sla
    return {
        "verdict": verdict(promised, sla.target).value if sla else None,
        "verdict_text": verdict_text(entry, promised, language),
        **_figures(promised, language),
        "around_the_clock": _figures(always, language) if always else None,
    }


def _figures(figures: Figures, language: Language) -> dict[str, object]:
    low, high = figures.resolution or (None, None)
    return {
        **{
            name: {"exact": _exact(getattr(figures, name)), "text": text(figures, language)}
            for name, text in SHARES.items()
        },
        "resolution": {
            "low": _exact(low),
            "high": _exact(high),
            "text": resolution_text(figures, language),
        },
        "seconds": _times(whole_seconds(figures.parts)),
        "microseconds": _times(figures.parts),
        "unknown_by_cause_microseconds": {
            cause.value: length for cause, length in sorted(figures.unknown_by_cause.items())
        },
        "down_deviation_microseconds": figures.down_deviation,
        "interval_microseconds": figures.interval,
        "outages": figures.outages,
        "mtbf_seconds": _mean(figures.mtbf, language),
        "mttr_seconds": _mean(figures.mttr, language),
    }


def _work(occasion: Occasion) -> Mapping[str, Any]:
    """Return a maintenance window as it was planned; `counted` is what of it was known before."""
    record, planned = occasion.record, occasion.occurrence
    counted = None if occasion.after_the_fact else occasion.counted
    return {
        "id": record.window.id,
        "start": planned.start.isoformat(),
        "end": planned.end.isoformat(),
        "after_the_fact": occasion.after_the_fact,
        "counted": None
        if counted is None
        else {"start": counted.start.isoformat(), "end": counted.end.isoformat()},
        "reason": record.window.reason,
        "approved_by": record.window.approved_by,
        "added_at": record.added_at.isoformat(),
        "added_by": record.added_by,
        "source": record.source.value,
        "cancelled": None
        if record.cancelled is None
        else {
            "at": record.cancelled.at.isoformat(),
            "by": record.cancelled.by,
            "reason": record.cancelled.reason,
        },
    }


def _correction(record: CorrectionRecord) -> Mapping[str, Any]:
    made, withdrawn = record.correction, record.withdrawn
    return {
        "id": made.id,
        "service": made.service,
        "check": made.check,
        "from": made.start.isoformat(),
        "to": made.end.isoformat(),
        "status": made.status.value,
        "reason": made.reason,
        "evidence": made.evidence,
        "by": made.by,
        "at": made.at.isoformat(),
        "withdrawn": None
        if withdrawn is None
        else {"at": withdrawn.at.isoformat(), "by": withdrawn.by, "reason": withdrawn.reason},
    }


def _doubt(doubt: HolidayDoubt) -> Mapping[str, Any]:
    return {
        "year": doubt.year,
        "country": doubt.country,
        "estimated": [day.isoformat() for day in doubt.estimated],
        "missing": list(doubt.missing),
    }


def _records(entry: Entry, period: Window, language: Language) -> Iterator[dict[str, object]]:
    unpromised = {"target": None, "target_exact": None, "verdict": None, "hours": ALWAYS}
    corrected = {"corrected": "no" if entry.measured is None else "yes"}
    yield _record(entry, entry.figures, period, language) | corrected
    if entry.always is not None:
        yield _record(entry, entry.always, period, language) | unpromised | corrected
    if entry.measured is not None:
        yield _record(entry, entry.measured.figures, period, language)
        if entry.measured.always is not None:
            yield _record(entry, entry.measured.always, period, language) | unpromised


def _record(
    entry: Entry, figures: Figures, period: Window, language: Language
) -> dict[str, object]:
    """Return the columns of one CSV line by name."""
    service, sla = entry.service, entry.service.sla
    seconds, exactly = _times(whole_seconds(figures.parts)), _times(figures.parts)
    record: dict[str, object] = {
        "service": service.id,
        "name": service.name,
        "owner": service.owner,
        "from": _instant(period.start),
        "until": _instant(period.end),
    }
    for name, text in SHARES.items():
        record[name] = text(figures, language)
        record[f"{name}_exact"] = _exact(getattr(figures, name))
    return record | {
        **{f"{name}_seconds": time for name, time in seconds.items()},
        **{f"{name}_microseconds": time for name, time in exactly.items()},
        "outages": figures.outages,
        "mtbf_seconds": _exact(_in_seconds(figures.mtbf)),
        "mttr_seconds": _exact(_in_seconds(figures.mttr)),
        "expected": figures.expected,
        "received": figures.received,
        "target": target_text(entry, language) if sla else None,
        "target_exact": _exact(sla.target if sla else None),
        "basis": sla.basis if sla else None,
        "hours": sla.hours if sla else ALWAYS,
        "corrected": "no",
        "verdict": verdict(figures, sla.target).value if sla else None,
        "hold_factor": _exact(HOLD_FACTOR),
        "minimum_coverage": _exact(MINIMUM_COVERAGE),
        "rounding": "; ".join(f"{name} {way}" for name, way in _ROUNDING.items()),
    }


def _times(parts: Parts) -> dict[str, int]:
    return asdict(parts) | {"maintenance": parts.maintenance, "total": parts.total}


def _mean(mean: Fraction | None, language: Language) -> dict[str, str | None]:
    return {"exact": _exact(_in_seconds(mean)), "text": mean_text(mean, language)}


def _in_seconds(mean: Fraction | None) -> Fraction | None:
    return None if mean is None else mean / _SECOND


def _exact(value: Fraction | None) -> str | None:
    return None if value is None else f"{value.numerator}/{value.denominator}"


def _instant(at: int) -> str:
    return instant(at).isoformat().replace("+00:00", "Z")


def _cell(value: object) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
