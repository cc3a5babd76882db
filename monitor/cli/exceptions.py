"""What the figures leave out, and what they rest on that is not certain, in words for people."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta, tzinfo
from itertools import groupby

from monitor.domain.calendar import HolidayDoubt
from monitor.domain.correction import CorrectionRecord
from monitor.domain.instant import microseconds
from monitor.domain.windowrecord import Occasion
from monitor.domain.windows import Window, duration, intersection
from monitor.locales import Language
from monitor.locales.dates import duration_text, span_text
from monitor.locales.numbers import decimal
from monitor.reports.entries import Entry
from monitor.web.texts import STATUSES

Listed = tuple[str, Sequence[str], Sequence[Sequence[str]]]

_TITLES = {
    Language.ID: ("Pemeliharaan terjadwal:", "Koreksi:"),
    Language.EN: ("Scheduled maintenance:", "Corrections:"),
}
_WORK = {
    Language.ID: (
        *("Jendela", "Layanan", "Waktu", "Dikecualikan"),
        *("Disetujui oleh", "Alasan"),
    ),
    Language.EN: (
        *("Scheduled maintenance", "Service", "When", "Carved out", "Approved by", "Reason"),
    ),
}
_TIMES = {
    Language.ID: "{count} kali, mulai {first}",
    Language.EN: "{count} times, first {first}",
}
_LATE = {
    Language.ID: "tidak: baru dicatat setelah mulai",
    Language.EN: "no: put down after it began",
}
_PARTLY = {
    Language.ID: "tidak: hanya sebagian pemeriksaan",
    Language.EN: "no: covers some of its checks only",
}
_CANCELLED = {Language.ID: "tidak: dibatalkan", Language.EN: "no: cancelled"}
_CORRECTION = {
    Language.ID: ("Id", "Layanan", "Waktu", "Menjadi", "Oleh", "Bukti", "Alasan"),
    Language.EN: ("Id", "Service", "When", "Made it", "By", "Evidence", "Reason"),
}
_WITHDRAWN = {Language.ID: "dicabut oleh {by}", Language.EN: "withdrawn by {by}"}
_ESTIMATED = {
    Language.ID: "Hari libur {country} {year}: tanggal masih perkiraan: {days}.",
    Language.EN: "Holidays of {country} in {year}: dates that are estimates: {days}.",
}
_MISSING = {
    Language.ID: "Hari libur {country} {year}: jenis {kinds} belum diketahui.",
    Language.EN: "Holidays of {country} in {year}: those of the kind {kinds} are not known yet.",
}
_MICROSECOND = timedelta(microseconds=1)


def exceptions(entries: Sequence[Entry], zone: tzinfo, language: Language) -> Iterator[Listed]:
    """Yield what maintenance and what corrections there were, each as a title, a head and rows."""
    maintenance, corrections = _TITLES[language]
    if work := work_rows(entries, zone, language):
        yield maintenance, _WORK[language], work
    if corrected := correction_rows(entries, zone, language):
        yield corrections, _CORRECTION[language], corrected


def work_rows(entries: Iterable[Entry], zone: tzinfo, language: Language) -> list[tuple[str, ...]]:
    """Return a row for each window of each service; one that comes again and again has one."""
    return [
        _work(entry, list(occasions), zone, language)
        for entry in entries
        for _, occasions in groupby(sorted(entry.work, key=_group), key=_group)
    ]


def _group(occasion: Occasion) -> tuple[str, int, bool]:
    record = occasion.record
    return record.window.id, microseconds(record.added_at), occasion.after_the_fact


def _work(
    entry: Entry, occasions: Sequence[Occasion], zone: tzinfo, language: Language
) -> tuple[str, ...]:
    window = occasions[0].record.window
    return (
        window.id,
        entry.service.name,
        _when(occasions, zone, language),
        _carved(entry, occasions, language),
        window.approved_by,
        window.reason,
    )


def _when(occasions: Sequence[Occasion], zone: tzinfo, language: Language) -> str:
    start, end = occasions[0].occurrence.start, occasions[0].occurrence.end
    first = span_text(start, end, zone, language, seconds=True)
    if len(occasions) == 1:
        return first
    return _TIMES[language].format(count=decimal(len(occasions), language), first=first)


def _carved(entry: Entry, occasions: Sequence[Occasion], language: Language) -> str:
    if occasions[0].after_the_fact:
        return _LATE[language]
    counted = [
        Window(microseconds(part.start), microseconds(part.end))
        for each in occasions
        if (part := each.counted) is not None
    ]
    if not counted:
        return _CANCELLED[language]
    length = duration(intersection(counted, entry.carved))
    return duration_text(length * _MICROSECOND, language) if length else _PARTLY[language]


def correction_rows(
    entries: Iterable[Entry], zone: tzinfo, language: Language
) -> list[tuple[str, ...]]:
    """Return a row for each correction that touches the period; one that was withdrawn says so."""
    return [
        _correction(entry, record, zone, language)
        for entry in entries
        for record in entry.corrections
    ]


def _correction(
    entry: Entry, record: CorrectionRecord, zone: tzinfo, language: Language
) -> tuple[str, ...]:
    made, withdrawn = record.correction, record.withdrawn
    status = STATUSES[language][made.status]
    if withdrawn is not None:
        status = _WITHDRAWN[language].format(by=withdrawn.by)
    return (
        made.id,
        entry.service.name if made.check is None else f"{entry.service.name}: {made.check}",
        span_text(made.start, made.end, zone, language, seconds=True),
        status,
        made.by,
        made.evidence,
        made.reason,
    )


def doubt_lines(entries: Iterable[Entry], language: Language) -> list[str]:
    """Return what is not certain of the holidays by which the figures go, each doubt once."""
    found = dict.fromkeys(doubt for entry in entries for doubt in entry.doubts)
    return [line for doubt in found for line in _doubt(doubt, language)]


def _doubt(doubt: HolidayDoubt, language: Language) -> list[str]:
    common = {"country": doubt.country, "year": doubt.year}
    days = ", ".join(day.isoformat() for day in doubt.estimated)
    lines = [_ESTIMATED[language].format(days=days, **common)] if doubt.estimated else []
    kinds = ", ".join(doubt.missing)
    return lines + ([_MISSING[language].format(kinds=kinds, **common)] if doubt.missing else [])
