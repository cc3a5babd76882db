"""The figures of several services as a table, in Indonesian and English."""

from collections.abc import Iterator, Sequence
from datetime import timedelta, tzinfo

from monitor.cli.budgets import budget_notes
from monitor.cli.exceptions import doubt_lines
from monitor.domain.availability import (
    MINIMUM_COVERAGE,
    Figures,
    lowest,
    pooled,
    verdict,
    whole_seconds,
)
from monitor.domain.instant import instant
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
    mtbf_text,
    mttr_text,
    upper_text,
)
from monitor.reports.entries import Entry

_NONE = "–"
FORMULA = "ΣU / Σ(U + D)"
_HEADINGS = {
    Language.ID: (
        *("Layanan", "Ketersediaan", "Sasaran", "Putusan", "Batas bawah", "Batas atas"),
        *("Cakupan", "Kotor", "Waktu henti", "Gangguan", "Tidak diketahui", "Pemeliharaan"),
        *("Rerata antar-gangguan", "Rerata pemulihan"),
    ),
    Language.EN: (
        *("Service", "Availability", "Target", "Verdict", "Lower bound", "Upper bound"),
        *("Coverage", "Gross", "Downtime", "Outages", "Unknown", "Maintenance"),
        *("MTBF", "MTTR"),
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
_ALL_HOURS = "24×7"
_BEFORE = {Language.ID: "sebelum koreksi", Language.EN: "before corrections"}
_GROUP = {
    Language.ID: ("Terendah: {0}", f"Rerata menurut waktu, {FORMULA}: {{0}}"),
    Language.EN: ("Lowest: {0}", f"Mean by time, {FORMULA}: {{0}}"),
}


def headings(language: Language) -> tuple[str, ...]:
    """Return the headings of `rows`."""
    return _HEADINGS[language]


def rows(entries: Sequence[Entry], language: Language) -> list[tuple[str, ...]]:
    """Return a row of text for each service, in the order of `headings`.

    Where the hours that were promised are not all, a second row is about all of them; where
    something was corrected, what was measured follows.
    """
    return [row for entry in entries for row in _rows(entry, language)]


def notes(entries: Sequence[Entry], period: Window, zone: tzinfo, language: Language) -> list[str]:
    """Return the lines below the table: the group, where there is one, the policy, which coverages
    are low because watching began inside the period, and which holidays are in doubt.
    """
    values = {
        "hold": decimal(HOLD_FACTOR, language, places=1),
        "coverage": plain_percent(MINIMUM_COVERAGE, language),
    }
    policy = [line.format(**values) for line in _POLICY[language]]
    policy += _newcomers(entries, period, zone, language)
    policy += doubt_lines(entries, language)
    policy += budget_notes(entries, language)
    if len(entries) < 2:
        return policy
    low, mean = group_texts([entry.figures for entry in entries], language)
    worst = lowest(entry.figures for entry in entries)
    named = next((each.service.name for each in entries if each.figures is worst), "")
    of_low, of_mean = _GROUP[language]
    return [
        of_low.format(f"{low} ({named})" if named else low),
        of_mean.format(mean),
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


def _rows(entry: Entry, language: Language) -> Iterator[tuple[str, ...]]:
    yield from _reckoned(entry, entry.figures, entry.always, "", language)
    if entry.measured is not None:
        before = _BEFORE[language]
        yield from _reckoned(entry, entry.measured.figures, entry.measured.always, before, language)


def _reckoned(
    entry: Entry, promised: Figures, always: Figures | None, note: str, language: Language
) -> Iterator[tuple[str, ...]]:
    hours = entry.hours.name if entry.hours else ""
    promise = target_text(entry, language), verdict_text(entry, promised, language)
    yield (_name(entry, hours, note), *_cells(promised, promise, language))
    if always is not None:
        yield (_name(entry, _ALL_HOURS, note), *_cells(always, (_NONE, _NONE), language))


def _name(entry: Entry, hours: str, note: str) -> str:
    """Return the name, and below it what else its figures are about."""
    if note or hours == _ALL_HOURS:
        return f"  {', '.join(filter(None, (hours, note)))}"
    return f"{entry.service.name} ({hours})" if hours else entry.service.name


def _cells(figures: Figures, promise: tuple[str, str], language: Language) -> tuple[str, ...]:
    seconds = whole_seconds(figures.parts)
    return (
        headline(figures, language),
        *promise,
        lower_text(figures, language),
        upper_text(figures, language),
        coverage_text(figures, language),
        gross_text(figures, language),
        _seconds_text(seconds.down, language),
        decimal(figures.outages, language),
        _seconds_text(seconds.unknown, language),
        _seconds_text(seconds.maintenance, language),
        mtbf_text(figures, language),
        mttr_text(figures, language),
    )


def group_texts(group: Sequence[Figures], language: Language) -> tuple[str, str]:
    """Return the lowest availability of a group and the mean by time, as people read them."""
    mean = pooled(group)
    return headline(lowest(group) or mean, language), headline(mean, language)


def _seconds_text(seconds: int, language: Language) -> str:
    return duration_text(timedelta(seconds=seconds), language)


def target_text(entry: Entry, language: Language) -> str:
    """Return the target, or a dash where there is none."""
    sla = entry.service.sla
    return plain_percent(sla.target, language) if sla else _NONE


def verdict_text(entry: Entry, figures: Figures, language: Language) -> str:
    """Return whether the target is met, or a dash where there is none."""
    sla = entry.service.sla
    return VERDICTS[language][verdict(figures, sla.target)] if sla else _NONE
