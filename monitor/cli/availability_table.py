"""The figures of several services as a table, as CSV and as JSON, in Indonesian and English."""

import csv
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta, tzinfo
from fractions import Fraction
from io import StringIO

from monitor.domain.availability import (
    MINIMUM_COVERAGE,
    Figures,
    Parts,
    lowest,
    pooled,
    verdict,
    whole_seconds,
)
from monitor.domain.instant import instant
from monitor.domain.service import Service, ServiceId
from monitor.domain.timeline import HOLD_FACTOR
from monitor.domain.windows import Window
from monitor.locales import Language
from monitor.locales.dates import duration_text, moment_text
from monitor.locales.numbers import decimal, plain_percent
from monitor.locales.shares import (
    VERDICTS,
    coverage_text,
    gross_text,
    headline,
    lower_text,
    mean_text,
    resolution_text,
    upper_text,
)

_SECOND = 1_000_000
_NONE = "–"
_FORMULA = "ΣU / Σ(U + D)"
_SHARES = {
    "availability": headline,
    "lower": lower_text,
    "upper": upper_text,
    "gross": gross_text,
    "coverage": coverage_text,
}
_ROUNDING = {
    "decimals": 3,
    "availability": "down",
    "lower": "down",
    "upper": "up",
    "gross": "down",
    "coverage": "down",
}
_HEADINGS = {
    Language.ID: (
        *("Layanan", "Ketersediaan", "Batas bawah", "Batas atas", "Kotor", "Cakupan"),
        *("Waktu henti", "Tidak diketahui", "Pemeliharaan", "Gangguan"),
        *("Rerata antar-gangguan", "Rerata pemulihan", "Sasaran", "Putusan"),
    ),
    Language.EN: (
        *("Service", "Availability", "Lower bound", "Upper bound", "Gross", "Coverage"),
        *("Downtime", "Unknown", "Maintenance", "Outages"),
        *("MTBF", "MTTR", "Target", "Verdict"),
    ),
}
_POLICY = {
    Language.ID: (
        "Satu sampel berlaku paling lama {hold} selang pemeriksaan; selebihnya tidak diketahui.",
        "Ketersediaan dan batas bawah dibulatkan ke bawah, batas atas ke atas.",
        "Di bawah cakupan {coverage} tidak ada yang disimpulkan.",
    ),
    Language.EN: (
        "A sample holds for at most {hold} check intervals; what lies beyond is unknown.",
        "Availability and lower bound are rounded down, the upper bound is rounded up.",
        "Below a coverage of {coverage} nothing is concluded.",
    ),
}
_NEW = {
    Language.ID: "Pemantauan dimulai di dalam periode; waktu sebelumnya tidak diketahui: {0}",
    Language.EN: "Watching began inside the period, and the time before is unknown: {0}",
}
_NO_SAMPLE = {Language.ID: "belum ada sampel", Language.EN: "no sample yet"}
_NEW_NAMED = 3
_GROUP = {
    Language.ID: ("Terendah: {0}", f"Rerata menurut waktu, {_FORMULA}: {{0}}"),
    Language.EN: ("Lowest: {0}", f"Mean by time, {_FORMULA}: {{0}}"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A service and its figures.

    `began` is when watching it began (microseconds since the Unix epoch), None if that was before
    the period. Nothing was seen in the period when it is the period's end.
    """

    service: Service
    figures: Figures
    began: int | None = None


def headings(language: Language) -> tuple[str, ...]:
    """Return the headings of `rows`."""
    return _HEADINGS[language]


def rows(entries: Sequence[Entry], language: Language) -> list[tuple[str, ...]]:
    """Return a row of text for each service, in the order of `headings`."""
    return [_row(entry, language) for entry in entries]


def notes(entries: Sequence[Entry], period: Window, zone: tzinfo, language: Language) -> list[str]:
    """Return the lines below the table: the group, where there is one, the policy, and which
    coverages are low because watching began inside the period.
    """
    values = {
        "hold": decimal(HOLD_FACTOR, language, places=1),
        "coverage": plain_percent(MINIMUM_COVERAGE, language),
    }
    policy = [line.format(**values) for line in _POLICY[language]]
    policy += _newcomers(entries, period, zone, language)
    if len(entries) < 2:
        return policy
    texts = _group_texts([entry.figures for entry in entries], language)
    return [
        *(line.format(text) for line, text in zip(_GROUP[language], texts, strict=True)),
        *policy,
    ]


def _newcomers(
    entries: Sequence[Entry], period: Window, zone: tzinfo, language: Language
) -> list[str]:
    new = [
        f"{entry.service.name} ({_beginning(entry.began, period, zone, language)})"
        for entry in entries
        if entry.began is not None and (entry.figures.coverage or 0) < MINIMUM_COVERAGE
    ]
    named = "; ".join(new[:_NEW_NAMED]) + (
        f"; +{rest}" if (rest := len(new) - _NEW_NAMED) > 0 else ""
    )
    return [_NEW[language].format(named)] if new else []


def _beginning(began: int, period: Window, zone: tzinfo, language: Language) -> str:
    if began >= period.end:
        return _NO_SAMPLE[language]
    return moment_text(instant(began), zone, language)


def csv_text(entries: Sequence[Entry], period: Window, language: Language) -> str:
    """Return the figures as CSV (RFC 4180), a line for each service, the policy in each line.

    The column names are the same in every language.
    """
    records = [_record(entry, period, language) for entry in entries]
    nobody = Entry(service=Service(id=ServiceId(""), name="", owner=""), figures=pooled([]))
    columns = list(_record(nobody, period, language))
    out = StringIO()
    writer = csv.writer(out)
    writer.writerow(columns)
    writer.writerows([_cell(record[column]) for column in columns] for record in records)
    return out.getvalue()


def document(
    entries: Sequence[Entry], period: Window, zone: tzinfo, language: Language
) -> dict[str, object]:
    """Return the figures as JSON values: exact fractions beside what they read as.

    Instants are RFC 3339 in UTC, seconds and microseconds are integers.
    """
    group = [entry.figures for entry in entries]
    worst = lowest(group)
    low, mean = _group_texts(group, language)
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
                "formula": _FORMULA,
            },
        },
    }


def _row(entry: Entry, language: Language) -> tuple[str, ...]:
    figures, seconds = entry.figures, whole_seconds(entry.figures.parts)
    times = (seconds.down, seconds.unknown, seconds.maintenance)
    return (
        entry.service.name,
        *(text(figures, language) for text in _SHARES.values()),
        *(_seconds_text(time, language) for time in times),
        decimal(figures.outages, language),
        mean_text(figures.mtbf, language),
        mean_text(figures.mttr, language),
        _target_text(entry, language),
        _verdict_text(entry, language),
    )


def _service(entry: Entry, language: Language) -> dict[str, object]:
    service, figures, sla = entry.service, entry.figures, entry.service.sla
    low, high = figures.resolution or (None, None)
    return {
        "service": service.id,
        "name": service.name,
        "owner": service.owner,
        "criticality": service.criticality.value,
        "target": {
            "exact": _exact(sla.target if sla else None),
            "text": _target_text(entry, language),
            "basis": sla.basis if sla else None,
            "hours": sla.hours if sla else None,
        },
        "verdict": verdict(figures, sla.target).value if sla else None,
        "verdict_text": _verdict_text(entry, language),
        **{
            name: {"exact": _exact(getattr(figures, name)), "text": text(figures, language)}
            for name, text in _SHARES.items()
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
        "expected": figures.expected,
        "received": figures.received,
    }


def _record(entry: Entry, period: Window, language: Language) -> dict[str, object]:
    """Return the columns of one CSV line by name."""
    service, figures, sla = entry.service, entry.figures, entry.service.sla
    seconds, exactly = _times(whole_seconds(figures.parts)), _times(figures.parts)
    record: dict[str, object] = {
        "service": service.id,
        "name": service.name,
        "owner": service.owner,
        "from": _instant(period.start),
        "until": _instant(period.end),
    }
    for name, text in _SHARES.items():
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
        "target": _target_text(entry, language) if sla else None,
        "target_exact": _exact(sla.target if sla else None),
        "basis": sla.basis if sla else None,
        "hours": sla.hours if sla else None,
        "verdict": verdict(figures, sla.target).value if sla else None,
        "hold_factor": _exact(HOLD_FACTOR),
        "minimum_coverage": _exact(MINIMUM_COVERAGE),
        "rounding": "; ".join(f"{name} {way}" for name, way in _ROUNDING.items()),
    }


def _group_texts(group: Sequence[Figures], language: Language) -> tuple[str, str]:
    mean = pooled(group)
    return headline(lowest(group) or mean, language), headline(mean, language)


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


def _seconds_text(seconds: int, language: Language) -> str:
    return duration_text(timedelta(seconds=seconds), language)


def _target_text(entry: Entry, language: Language) -> str:
    sla = entry.service.sla
    return plain_percent(sla.target, language) if sla else _NONE


def _verdict_text(entry: Entry, language: Language) -> str:
    sla = entry.service.sla
    return VERDICTS[language][verdict(entry.figures, sla.target)] if sla else _NONE


def _cell(value: object) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
