"""Section 8: what figures leave out, who approved that, and what was seen meanwhile."""

from collections.abc import Sequence
from datetime import datetime

from monitor.domain.instant import microseconds
from monitor.domain.windowrecord import Occasion
from monitor.domain.windows import Window, duration, intersection
from monitor.locales import Language
from monitor.reports.document import Section, Table
from monitor.reports.report import Account, Report
from monitor.reports.sections.locale import NONE, Locale
from monitor.reports.sections.tables import columns, first_of

_NAMED = 4

_TEXTS = {
    Language.ID: {
        "title": "8. Pemeliharaan dan pengecualian",
        "work": "Pemeliharaan yang menyentuh periode: rencana, persetujuan, dan yang dikecualikan",
        "no_work": "Tidak ada pemeliharaan yang tercatat dalam periode.",
        "inside": "Yang terlihat selama pemeliharaan yang dikecualikan",
        "nothing_inside": "Tidak ada waktu yang dikecualikan karena pemeliharaan.",
        "times": "{count} kali, pertama {first}",
        "late": "tidak ada: baru dicatat setelah mulai",
        "partly": "tidak ada: hanya sebagian pemeriksaan",
        "cancelled": "tidak ada: dibatalkan",
        "ended": "; dihentikan {at} oleh {by}: {reason}",
        "file": "konfigurasi",
        "known": "{at} oleh {by}",
    },
    Language.EN: {
        "title": "8. Maintenance and exclusions",
        "work": "Maintenance that touches the period: plan, approval, and what was carved out",
        "no_work": "No maintenance is on record in the period.",
        "inside": "What was seen within the maintenance that was carved out",
        "nothing_inside": "No time was carved out for maintenance.",
        "times": "{count} times, first {first}",
        "late": "none: put on record after it began",
        "partly": "none: covers some of the checks only",
        "cancelled": "none: cancelled",
        "ended": "; ended {at} by {by}: {reason}",
        "file": "the configuration",
        "known": "{at} by {by}",
    },
}
_COLUMNS = {
    Language.ID: (
        *("Pemeliharaan", "Layanan", "Rencana", "Disetujui oleh", "Dicatat"),
        *("Dikecualikan tiap layanan", "Alasan"),
    ),
    Language.EN: (
        *("Maintenance", "Services", "Plan", "Approved by", "On record since"),
        *("Carved out of each service", "Reason"),
    ),
}
_INSIDE_COLUMNS = {
    Language.ID: ("Layanan", "Dikecualikan (M)", "Tersedia", "Henti", "Tidak diketahui"),
    Language.EN: ("Service", "Carved out (M)", "Up", "Down", "Unknown"),
}

_Group = list[tuple[Account, Occasion]]


def maintenance(report: Report, locale: Locale) -> Section:
    """Return the section."""
    texts, language = _TEXTS[locale.language], locale.language
    work = Table(
        caption=texts["work"],
        columns=columns(_COLUMNS[language], (4, 5, 5, 4, 5, 4, 5)),
        rows=[_row(group, locale) for group in _groups(report.accounts)],
        nothing=texts["no_work"],
    )
    inside = Table(
        caption=texts["inside"],
        columns=columns(_INSIDE_COLUMNS[language], (5, 4, 4, 4, 4), (1, 2, 3, 4)),
        rows=[_inside(each, locale) for each in report.accounts if each.always.parts.maintenance],
        nothing=texts["nothing_inside"],
    )
    return Section(id="maintenance", title=texts["title"], blocks=(work, inside))


def _groups(accounts: Sequence[Account]) -> list[_Group]:
    """Return what one window comes to: its services, and the times that it came in the period."""
    groups: dict[tuple[str, datetime, bool], _Group] = {}
    for account in accounts:
        for one in account.work:
            key = (*one.record.key, one.after_the_fact)
            groups.setdefault(key, []).append((account, one))
    return list(groups.values())


def _row(group: _Group, locale: Locale) -> tuple[str, ...]:
    record = group[0][1].record
    names = list(dict.fromkeys(account.service.name for account, _ in group))
    return (
        record.window.id,
        first_of(names, _NAMED, locale),
        _plan(group, locale),
        record.window.approved_by or NONE,
        _TEXTS[locale.language]["known"].format(
            at=locale.moment(record.added_at),
            by=record.added_by or _TEXTS[locale.language]["file"],
        ),
        _carved(group, locale),
        record.window.reason or NONE,
    )


def _plan(group: _Group, locale: Locale) -> str:
    texts, record = _TEXTS[locale.language], group[0][1].record
    times = list(dict.fromkeys(each.occurrence for _, each in group))
    first = locale.span(times[0].start, times[0].end)
    said = (
        first
        if len(times) == 1
        else texts["times"].format(count=locale.number(len(times)), first=first)
    )
    if (ended := record.cancelled) is None:
        return said
    return said + texts["ended"].format(
        at=locale.moment(ended.at), by=ended.by or texts["file"], reason=ended.reason or NONE
    )


def _carved(group: _Group, locale: Locale) -> str:
    texts = _TEXTS[locale.language]
    if group[0][1].after_the_fact:
        return texts["late"]
    if all(each.counted is None for _, each in group):
        return texts["cancelled"]
    lengths = sorted({_length(name, group) for name in {a.service.id for a, _ in group}})
    if not lengths[-1]:
        return texts["partly"]
    if len(lengths) == 1:
        return locale.length(lengths[0])
    return " – ".join(locale.length(each) for each in (lengths[0], lengths[-1]))


def _length(service: str, group: _Group) -> int:
    own = [(account, each.counted) for account, each in group if account.service.id == service]
    counted = [
        Window(microseconds(part.start), microseconds(part.end))
        for _, part in own
        if part is not None
    ]
    return duration(intersection(counted, own[0][0].carved))


def _inside(account: Account, locale: Locale) -> tuple[str, ...]:
    parts = account.always.parts
    lengths = (
        *(parts.maintenance, parts.up_in_maintenance),
        *(parts.down_in_maintenance, parts.unknown_in_maintenance),
    )
    return account.service.name, *(locale.length(each) for each in lengths)
