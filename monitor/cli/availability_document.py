"""The figures of several services as JSON and as CSV, for programs and auditors."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from datetime import tzinfo
from fractions import Fraction
from io import StringIO
from typing import Any

from monitor.cli.availability_table import FORMULA, group_texts, target_text, verdict_text
from monitor.cli.budgets import budget_document
from monitor.domain.availability import (
    MINIMUM_COVERAGE,
    Figures,
    lowest,
    pooled,
    verdict,
    whole_seconds,
)
from monitor.domain.calendar import HolidayDoubt
from monitor.domain.instant import instant
from monitor.domain.service import ALWAYS, Service, ServiceId
from monitor.domain.timeline import HOLD_FACTOR
from monitor.domain.windows import Window
from monitor.locales import Language
from monitor.locales.dates import moment_text
from monitor.locales.shares import mtbf_text, mttr_text, resolution_text
from monitor.reports.entries import Entry
from monitor.reports.exactly import (
    ROUNDING,
    SHARES,
    correction_document,
    exact,
    harmless,
    in_seconds,
    instant_text,
    times,
    work_document,
)


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
            writer.writerow([harmless(record[column]) for column in columns])
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
            "from": instant_text(period.start),
            "until": instant_text(period.end),
            "from_text": moment_text(instant(period.start), zone, language),
            "until_text": moment_text(instant(period.end), zone, language),
        },
        "policy": {
            "hold_factor": exact(HOLD_FACTOR),
            "minimum_coverage": exact(MINIMUM_COVERAGE),
            "rounding": ROUNDING,
        },
        "services": [_service(entry, language) for entry in entries],
        "group": {
            "lowest": {"exact": exact(worst.availability if worst else None), "text": low},
            "mean_by_time": {
                "exact": exact(pooled(group).availability),
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
            "exact": exact(sla.target if sla else None),
            "text": target_text(entry, language),
            "basis": sla.basis if sla else None,
            "hours": sla.hours if sla else None,
        },
        **_reckoned(entry, entry.figures, entry.always, language),
        "as_measured": None
        if entry.measured is None
        else _reckoned(entry, entry.measured.figures, entry.measured.always, language),
        "corrections": [correction_document(each) for each in entry.corrections],
        "error_budget": None if entry.budget is None else budget_document(entry.budget, language),
        "maintenance": [work_document(each) for each in entry.work],
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
            name: {"exact": exact(getattr(figures, name)), "text": text(figures, language)}
            for name, text in SHARES.items()
        },
        "resolution": {
            "low": exact(low),
            "high": exact(high),
            "text": resolution_text(figures, language),
        },
        "seconds": times(whole_seconds(figures.parts)),
        "microseconds": times(figures.parts),
        "unknown_by_cause_microseconds": {
            cause.value: length for cause, length in sorted(figures.unknown_by_cause.items())
        },
        "down_deviation_microseconds": figures.down_deviation,
        "interval_microseconds": figures.interval,
        "outages": figures.outages,
        "mtbf_seconds": _mean(figures.mtbf, mtbf_text(figures, language)),
        "mttr_seconds": _mean(figures.mttr, mttr_text(figures, language)),
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
    seconds, exactly = times(whole_seconds(figures.parts)), times(figures.parts)
    record: dict[str, object] = {
        "service": service.id,
        "name": service.name,
        "owner": service.owner,
        "from": instant_text(period.start),
        "until": instant_text(period.end),
    }
    for name, text in SHARES.items():
        record[name] = text(figures, language)
        record[f"{name}_exact"] = exact(getattr(figures, name))
    return record | {
        **{f"{name}_seconds": time for name, time in seconds.items()},
        **{f"{name}_microseconds": time for name, time in exactly.items()},
        "outages": figures.outages,
        "mtbf_seconds": exact(in_seconds(figures.mtbf)),
        "mttr_seconds": exact(in_seconds(figures.mttr)),
        "expected": figures.expected,
        "received": figures.received,
        "target": target_text(entry, language) if sla else None,
        "target_exact": exact(sla.target if sla else None),
        "basis": sla.basis if sla else None,
        "hours": sla.hours if sla else ALWAYS,
        "corrected": "no",
        "verdict": verdict(figures, sla.target).value if sla else None,
        "hold_factor": exact(HOLD_FACTOR),
        "minimum_coverage": exact(MINIMUM_COVERAGE),
        "rounding": "; ".join(f"{name} {way}" for name, way in ROUNDING.items()),
    }


def _mean(mean: Fraction | None, text: str) -> dict[str, str | None]:
    return {"exact": exact(in_seconds(mean)), "text": text}
