"""Section 7: what went wrong, why, and what people did about it."""

from collections.abc import Iterable, Mapping, Sequence

from monitor.domain.check import CheckId
from monitor.domain.incident import Concern, Incident
from monitor.domain.instant import microseconds
from monitor.domain.note import Note, NoteKind
from monitor.domain.periods import days
from monitor.domain.service import ServiceId
from monitor.domain.windows import Window
from monitor.locales import Language
from monitor.locales.messages_reasons import failure_text
from monitor.reports.charts import Stretch, timeline_bar
from monitor.reports.document import Block, Cell, Paragraph, Section, Table
from monitor.reports.report import Account, Report, Told
from monitor.reports.sections.locale import NONE, TO_FILL, Locale
from monitor.reports.sections.outages import outages_of, stretch
from monitor.reports.sections.tables import columns, picture

_DAY = 86_400_000_000
_TICKS = 7 * _DAY
_LONG = 62  # days; as in the map of days

_TEXTS = {
    Language.ID: {
        "title": "7. Gangguan",
        "outages": "Gangguan dalam periode",
        "none": "Tidak ada gangguan yang tercatat dalam periode.",
        "part": "Mutu menurun",
        "degraded": "Layanan tersedia, tetapi tidak seperti seharusnya",
        "no_degraded": "Tidak ada penurunan mutu yang tercatat dalam periode.",
        "timeline": "Kapan layanan terganggu: batang tinggi gangguan, batang rendah "
        "pemeliharaan; satu garis bagi tiap {tick}",
        "week": "tujuh hari",
        "month": "awal bulan",
        "alt": "{name}: {count} gangguan, jumlah {length}",
        "explained": "Lama dihitung dari sampel pertama yang gagal sampai sampel pertama yang "
        "baik; mulai dan selesai masing-masing diketahui sampai satu selang (±). "
        "Sebab teramati berasal dari pemeriksaan; sebab yang dipastikan dan tindak "
        "lanjut ditulis oleh orang. Jumlah di sini tidak harus sama dengan n di "
        "bagian 5: gangguan baru dicatat bila dipastikan oleh beberapa sampel, "
        "sedangkan angka memakai semua sampel.",
        "open": "belum selesai",
        "planned": "selama pemeliharaan terjadwal",
        "ack": "{by} menangani sejak {at}",
        "comment": "{by}, {at}",
    },
    Language.EN: {
        "title": "7. Incidents",
        "outages": "Outages of the period",
        "none": "No outage is on record in the period.",
        "part": "Degraded quality",
        "degraded": "Up, but not as it should be",
        "no_degraded": "No degradation is on record in the period.",
        "timeline": "When services were down: high bars are outages, low bars are maintenance; "
        "one tick at each {tick}",
        "week": "seventh day",
        "month": "beginning of a month",
        "alt": "{name}: outages: {count}, together {length}",
        "explained": "The length is from the first failing sample to the first good one; "
        "beginning and end are each known to one interval (±). The observed cause "
        "is from the checks; the confirmed cause and the follow-up are written by "
        "people. Their number need not be the n of section 5: an outage is on "
        "record once several samples confirm it, while figures go by all samples.",
        "open": "not over yet",
        "planned": "during scheduled maintenance",
        "ack": "{by} took care of it from {at}",
        "comment": "{by}, {at}",
    },
}
_COLUMNS = {
    Language.ID: (
        *("Gangguan", "Layanan", "Mulai", "Selesai", "Lama", "Sebab teramati"),
        *("Sebab dipastikan", "Keterangan, tindak lanjut", "Catatan petugas"),
    ),
    Language.EN: (
        *("Incident", "Service", "Start", "End", "Length", "Observed cause"),
        *("Confirmed cause", "Remarks, follow-up", "Notes of staff"),
    ),
}
_TIMELINE_COLUMNS = {Language.ID: ("Layanan", "Periode"), Language.EN: ("Service", "Period")}


def incidents(report: Report, locale: Locale) -> Section:
    """Return the section."""
    texts = _TEXTS[locale.language]
    outages = outages_of(report, Concern.OUTAGE)
    blocks: list[Block] = [_table(outages, texts["outages"], texts["none"], report, locale)]
    if outages:
        blocks = [_timelines(outages, report, locale), *blocks, Paragraph(text=texts["explained"])]
    degraded = outages_of(report, Concern.DEGRADATION)
    slow = _table(degraded, texts["degraded"], texts["no_degraded"], report, locale)
    part = Section(id="degraded", title=texts["part"], blocks=(slow,))
    return Section(id="incidents", title=texts["title"], blocks=blocks, parts=(part,))


def observed_cause(incident: Incident, types: Mapping[CheckId, str], locale: Locale) -> str:
    """Return why its checks failed, in plain words and with the actual value, each reason once."""
    said = [
        f"{failure_text(one.failure.kind, locale.language, types.get(one.id, ''))}"
        f"{f' ({one.failure.detail})' if one.failure.detail else ''}"
        for one in incident.checks
        if one.failure is not None
    ]
    return "; ".join(dict.fromkeys(said)) or NONE


def _table(
    found: Iterable[Told], caption: str, nothing: str, report: Report, locale: Locale
) -> Table:
    accounts = {each.service.id: each for each in report.accounts}
    return Table(
        caption=caption,
        columns=columns(_COLUMNS[locale.language], (4, 4, 4, 4, 3, 5, 4, 4, 5), (4,)),
        rows=[_row(told, accounts[told.incident.service], report, locale) for told in found],
        nothing=nothing,
    )


def _row(told: Told, account: Account, report: Report, locale: Locale) -> tuple[str, ...]:
    incident, texts = told.incident, _TEXTS[locale.language]
    types = {check.id: check.type for check in account.checks}
    planned = [texts["planned"]] if told.planned else []
    notes = [_note(note, locale) for note in told.notes]
    return (
        incident.id,
        account.service.name,
        locale.moment(incident.started_at),
        texts["open"] if incident.ended_at is None else locale.moment(incident.ended_at),
        _length(incident, account, report.scope.until, locale),
        observed_cause(incident, types, locale),
        report.wording.causes.get(incident.id) or TO_FILL,
        report.wording.remarks.get(incident.id) or TO_FILL,
        "; ".join(planned + notes) or NONE,
    )


def _length(incident: Incident, account: Account, until: int, locale: Locale) -> str:
    end = until if incident.ended_at is None else microseconds(incident.ended_at)
    length = locale.length(max(end - microseconds(incident.started_at), 0))
    return f"{length} ± {locale.length(account.always.interval)}"


def _note(note: Note, locale: Locale) -> str:
    kind = "ack" if note.kind is NoteKind.ACKNOWLEDGED else "comment"
    said = _TEXTS[locale.language][kind].format(by=note.by, at=locale.moment(note.at))
    return f"{said}: {note.text}" if note.text else said


def _timelines(outages: Sequence[Told], report: Report, locale: Locale) -> Table:
    by_service: dict[ServiceId, list[Window]] = {}
    for told in outages:
        part = stretch(told.incident, report.scope.known)
        by_service.setdefault(told.incident.service, []).append(part)
    texts, tick = _TEXTS[locale.language], "month" if _is_long(report.scope.period) else "week"
    return Table(
        caption=texts["timeline"].format(tick=texts[tick]),
        columns=columns(_TIMELINE_COLUMNS[locale.language], (2, 5)),
        rows=[
            _timeline(each, by_service[each.service.id], report.scope.period, locale)
            for each in report.accounts
            if each.service.id in by_service
        ],
        nothing=NONE,
    )


def _is_long(period: Window) -> bool:
    return period.length > _LONG * _DAY


def _ticks(period: Window, locale: Locale) -> Sequence[int]:
    """Return by what one finds one's way: every seventh day, in long periods each new month."""
    if not _is_long(period):
        return range(0, period.length + 1, _TICKS)
    starts = [day.window.start for day in days(period, locale.zone) if day.date.day == 1]
    return [start - period.start for start in starts]


def _timeline(
    account: Account, found: Sequence[Window], period: Window, locale: Locale
) -> tuple[Cell, ...]:
    length = period.length
    bars = [Stretch(w.start - period.start, w.end - period.start) for w in found]
    bars += [
        Stretch(w.start - period.start, w.end - period.start, planned=True) for w in account.carved
    ]
    drawing = timeline_bar(bars, length, _ticks(period, locale))
    alt = _TEXTS[locale.language]["alt"].format(
        name=account.service.name,
        count=locale.number(len(found)),
        length=locale.length(sum(each.length for each in found)),
    )
    return account.service.name, picture(drawing, alt)
