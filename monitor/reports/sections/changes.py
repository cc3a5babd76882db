"""Section 10: what was corrected, with both figures, and what was changed in the period."""

from collections.abc import Iterator, Mapping

from monitor.domain.availability import Figures, verdict
from monitor.domain.correction import CorrectionRecord
from monitor.locales import Language
from monitor.locales.shares import headline, lower_text, upper_text
from monitor.reports.document import Blank, Block, Paragraph, Section, Table
from monitor.reports.report import Account, Difference, Report
from monitor.reports.sections.locale import NONE, Locale
from monitor.reports.sections.tables import columns
from monitor.reports.sections.vocabulary import (
    FIGURES,
    ROUND_THE_CLOCK,
    STATUSES,
    hours,
    target,
    verdict_text,
)

_TEXTS = {
    Language.ID: {
        "title": "10. Koreksi dan perubahan",
        "rule": "Yang tercatat tidak pernah diubah. Koreksi berdiri di sampingnya, dan "
        "yang dicabut tetap disebut. Angka di bagian lain adalah angka sesudah "
        "koreksi.",
        "acts": "Koreksi yang menyentuh periode",
        "no_acts": "Tidak ada koreksi yang menyentuh periode.",
        "figures": "Angka sebelum dan sesudah koreksi",
        "no_figures": "Tidak ada angka yang berubah karena koreksi.",
        "before": "sebelum koreksi",
        "after": "sesudah koreksi",
        "withdrawn": "{status}; dicabut oleh {by}, {at}: {reason}",
        "made": "{by}, {at}",
        "versions": "Perubahan dari versi sebelumnya",
        "differences": "Yang berbeda dari versi yang digantikan; bagian tanpa angka berbeda isinya",
        "no_differences": "Tidak ada yang berbeda dari versi yang digantikan.",
        "part": "Konfigurasi dan sasaran",
        "applied": "Konfigurasi yang mulai dipakai dalam periode; sidiknya ada di buku catatan",
        "no_applied": "Tidak ada konfigurasi baru yang dipakai dalam periode.",
        "same": "tidak berubah",
        "other": "berubah",
        "targets": "Perubahan sasaran, jam layanan, atau aturan dalam periode, dengan "
        "dasarnya (diisi penyusun; buku catatan menyimpan sidik konfigurasi, bukan isinya):",
        "unchanged": "Konfigurasi tidak berubah dalam periode, maka sasaran, jam layanan, dan "
        "aturan hitung pun tidak.",
    },
    Language.EN: {
        "title": "10. Corrections and changes",
        "rule": "What is on record is never changed. A correction stands beside it, and "
        "one that was withdrawn stays listed. Figures in other sections are those "
        "after corrections.",
        "acts": "Corrections that touch the period",
        "no_acts": "No correction touches the period.",
        "figures": "Figures before and after corrections",
        "no_figures": "No figure was changed by a correction.",
        "before": "before corrections",
        "after": "after corrections",
        "withdrawn": "{status}; withdrawn by {by}, {at}: {reason}",
        "made": "{by}, {at}",
        "versions": "Changes since the previous version",
        "differences": "What differs from the version that is replaced; a part without figures "
        "differs in what it says",
        "no_differences": "Nothing differs from the version that is replaced.",
        "part": "Configuration and targets",
        "applied": "Configurations that were taken up in the period; their hashes are in the "
        "ledger",
        "no_applied": "No new configuration was taken up in the period.",
        "same": "the same",
        "other": "changed",
        "targets": "Changes of targets, hours or rules in the period, and on what basis (for "
        "the author to fill; the ledger keeps hashes of configurations, not what they say):",
        "unchanged": "The configuration did not change in the period, and so did no target, no "
        "service hours and no rule.",
    },
}
_ACT_COLUMNS = {
    Language.ID: (
        *("Koreksi", "Layanan atau pemeriksaan", "Waktu", "Menjadi", "Oleh, pada"),
        *("Bukti", "Alasan"),
    ),
    Language.EN: (
        *("Correction", "Service or check", "When", "Made it", "By, at"),
        *("Evidence", "Reason"),
    ),
}
_COLUMNS = {
    Language.ID: (
        *("Layanan", "Jam", "Angka", "Ketersediaan", "Batas bawah", "Batas atas", "Henti"),
        *("Tidak diketahui", "Sasaran", "Putusan"),
    ),
    Language.EN: (
        *("Service", "Hours", "Figures", "Availability", "Lower bound", "Upper bound", "Down"),
        *("Unknown", "Target", "Verdict"),
    ),
}
_DIFFERENCE_COLUMNS = {
    Language.ID: ("Layanan", "Jam", "Angka atau bagian", "Semula", "Menjadi", "Koreksi"),
    Language.EN: ("Service", "Hours", "Figure or part", "Was", "Is", "Corrections"),
}
_APPLIED_COLUMNS = {
    Language.ID: ("Mulai dipakai", "Sidik konfigurasi (SHA-256)", "Terhadap yang sebelumnya"),
    Language.EN: ("In force from", "Configuration hash (SHA-256)", "Beside the one before"),
}


def changes(report: Report, locale: Locale) -> Section:
    """Return the section."""
    texts, language = _TEXTS[locale.language], locale.language
    acts = Table(
        caption=texts["acts"],
        columns=columns(_ACT_COLUMNS[language], (3, 4, 4, 4, 4, 4, 5)),
        rows=[_act(each, act, locale) for each in report.accounts for act in each.corrections],
        nothing=texts["no_acts"],
    )
    both = Table(
        caption=texts["figures"],
        columns=columns(_COLUMNS[language], (5, 2, 3, 3, 3, 3, 4, 4, 2, 3), (3, 4, 5, 6, 7, 8)),
        rows=[row for each in report.accounts for row in _figures(each, locale)],
        nothing=texts["no_figures"],
    )
    applied = Table(
        caption=texts["applied"],
        columns=columns(_APPLIED_COLUMNS[language], (3, 7, 2)),
        rows=[
            (locale.moment(each.at), each.hash, texts["other" if each.changed else "same"])
            for each in report.applied
        ],
        nothing=texts["no_applied"],
    )
    part = Section(
        id="configuration",
        title=texts["part"],
        blocks=(applied, _targets(report, texts)),
    )
    rule = Paragraph(text=texts["rule"])
    parts = (part,) if report.replaces is None else (_versions(report, locale), part)
    return Section(id="changes", title=texts["title"], blocks=(rule, acts, both), parts=parts)


def _targets(report: Report, texts: Mapping[str, str]) -> Block:
    """Return that no target was changed where that follows from the ledger, or ask for it."""
    if report.provenance.ledger is None or any(each.changed for each in report.applied):
        return Blank(asked=texts["targets"], lines=2)
    return Paragraph(text=texts["unchanged"])


def _versions(report: Report, locale: Locale) -> Section:
    """Return what the version before said otherwise."""
    language, texts = locale.language, _TEXTS[locale.language]
    table = Table(
        caption=texts["differences"],
        columns=columns(_DIFFERENCE_COLUMNS[language], (4, 2, 4, 4, 4, 4)),
        rows=[_difference(each, report, locale) for each in report.differences],
        nothing=texts["no_differences"],
    )
    return Section(id="versions", title=texts["versions"], blocks=(table,))


def versions_in_words(report: Report, locale: Locale) -> list[str]:
    """Return a line for each thing that the version before said otherwise."""
    return [_told(_difference(each, report, locale)) for each in report.differences]


def _told(row: tuple[str, ...]) -> str:
    service, in_hours, figure, was, now, corrections = row
    named = ", ".join(each for each in (service, figure) if each != NONE)
    named += "" if in_hours == NONE else f" ({in_hours})"
    values = "" if was == now == NONE else f": {was} → {now}"
    return named + values + ("" if corrections == NONE else f" [{corrections}]")


def _difference(one: Difference, report: Report, locale: Locale) -> tuple[str, ...]:
    language = locale.language
    names = {str(each.service.id): each.service.name for each in report.accounts}
    calendars = {str(each.service.id): hours(each) for each in report.accounts}
    in_hours = calendars.get(one.service or "", "") if one.hours == "in_hours" else ROUND_THE_CLOCK
    return (
        NONE if one.service is None else names.get(one.service, one.service),
        NONE if one.hours is None else in_hours,
        FIGURES[language].get(one.figure, one.figure),
        NONE if one.before is None else one.before.words[language],
        NONE if one.after is None else one.after.words[language],
        ", ".join(one.corrections) or NONE,
    )


def _act(account: Account, record: CorrectionRecord, locale: Locale) -> tuple[str, ...]:
    made, texts = record.correction, _TEXTS[locale.language]
    name = account.service.name
    return (
        made.id,
        name if made.check is None else f"{name}: {made.check}",
        locale.span(made.start, made.end),
        _made(record, locale),
        texts["made"].format(by=made.by, at=locale.moment(made.at)),
        made.evidence or NONE,
        made.reason or NONE,
    )


def _made(record: CorrectionRecord, locale: Locale) -> str:
    status = STATUSES[locale.language][record.correction.status]
    if (gone := record.withdrawn) is None:
        return status
    return _TEXTS[locale.language]["withdrawn"].format(
        status=status, by=gone.by, at=locale.moment(gone.at), reason=gone.reason or NONE
    )


def _figures(account: Account, locale: Locale) -> Iterator[tuple[str, ...]]:
    """Yield both figures of a service that was corrected: promised hours first, then all."""
    if account.measured is None:
        return
    texts = _TEXTS[locale.language]
    before = account.measured_in_hours or account.measured
    yield _row(account, before, texts["before"], locale)
    yield _row(account, account.promised, texts["after"], locale)
    if account.measured_in_hours is not None:
        yield _row(account, account.measured, texts["before"], locale, is_promised=False)
        yield _row(account, account.always, texts["after"], locale, is_promised=False)


def _row(
    account: Account, found: Figures, which: str, locale: Locale, *, is_promised: bool = True
) -> tuple[str, ...]:
    sla, language = account.service.sla, locale.language
    decided = verdict(found, sla.target) if sla and is_promised else None
    return (
        account.service.name,
        hours(account) if is_promised else ROUND_THE_CLOCK,
        which,
        *(text(found, language) for text in (headline, lower_text, upper_text)),
        *(locale.length(each) for each in (found.parts.down, found.parts.unknown)),
        target(account, locale) if is_promised else NONE,
        verdict_text(decided, locale),
    )
