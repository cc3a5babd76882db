"""Section 9: how much was seen, why the rest was not, and what befell the monitor itself."""

import re
from collections.abc import Iterable
from fractions import Fraction

from monitor.domain.availability import Figures
from monitor.domain.observation import UnknownCause
from monitor.locales import Language
from monitor.locales.messages_reasons import cause_text
from monitor.locales.numbers import percent
from monitor.ports import Mark, MarkKind
from monitor.reports.document import Blank, Paragraph, Section, Table
from monitor.reports.report import Account, Report
from monitor.reports.sections.locale import NONE, Locale
from monitor.reports.sections.tables import columns

_STEP = re.compile(r"([+-]\d+\.\d+) s")

_TEXTS = {
    Language.ID: {
        "title": "9. Kelengkapan data",
        "slots": "Sampel yang seharusnya ada dan yang diterima, sepanjang periode (24×7)",
        "nothing": "Tidak ada layanan dalam lingkup laporan ini.",
        "explained": "Sampel ulangan tidak dihitung. Bila yang diterima kurang dari yang "
        "seharusnya, pemeriksaan tidak dijalankan pada waktunya; akibatnya tampak "
        "sebagai waktu yang tidak diketahui hanya bila jaraknya melebihi batas "
        "berlakunya sampel (bagian 4).",
        "events": "Kejadian pada pemantau sendiri",
        "no_events": "Tidak ada kejadian pada pemantau sendiri yang tercatat dalam periode.",
        "marks": "Pemantau",
        "steps": "Lompatan jam pemantau yang tercatat: {count}; yang terbesar {most}.",
        "no_steps": "Tidak ada lompatan jam pemantau yang tercatat.",
        "seconds": "{length} detik",
        "clock": "Selisih jam pemantau terhadap sumber waktu resmi dalam periode (diisi penyusun; "
        "pemantau mengenali lompatan jamnya, tetapi tidak menanyakan waktu kepada sumber resmi):",
    },
    Language.EN: {
        "title": "9. Completeness of data",
        "slots": "Samples that were due and that were received, over the whole period (24×7)",
        "nothing": "There is no service in the scope of this report.",
        "explained": "Retries are not counted. Where fewer were received than were due, checks "
        "did not run when they should have; it shows as unknown time only where "
        "the gap exceeds what a sample holds for (section 4).",
        "events": "What befell the monitor itself",
        "no_events": "Nothing that befell the monitor itself is on record in the period.",
        "marks": "The monitor",
        "steps": "Steps of the monitor's clock on record: {count}; the largest is {most}.",
        "no_steps": "No step of the monitor's clock is on record.",
        "seconds": "{length} seconds",
        "clock": "Offset of the monitor's clock from the official source of time in the period "
        "(for the author to fill; the monitor notices steps of its clock, and asks no official "
        "source for the time):",
    },
}
_COLUMNS = {
    Language.ID: (
        *("Layanan", "Seharusnya", "Diterima", "Bagian", "Tidak diketahui"),
        "Karena",
    ),
    Language.EN: ("Service", "Due", "Received", "Share", "Unknown", "Because"),
}
_MARK_COLUMNS = {
    Language.ID: ("Waktu", "Kejadian", "Keterangan"),
    Language.EN: ("Time", "Event", "Remark"),
}
_MARKS = {
    Language.ID: {
        MarkKind.START: "pemantau mulai berjalan",
        MarkKind.STOP: "pemantau berhenti",
        MarkKind.PAUSE: "pemantau tertahan",
        MarkKind.CLOCK_STEP: "jam pemantau melompat",
        MarkKind.SELF_OFFLINE: "jaringan atau DNS pemantau terputus",
        MarkKind.SELF_ONLINE: "jaringan atau DNS pemantau pulih",
    },
    Language.EN: {
        MarkKind.START: "the monitor started",
        MarkKind.STOP: "the monitor stopped",
        MarkKind.PAUSE: "the monitor was held up",
        MarkKind.CLOCK_STEP: "the monitor's clock was set",
        MarkKind.SELF_OFFLINE: "the monitor's network or DNS was cut",
        MarkKind.SELF_ONLINE: "the monitor's network or DNS was back",
    },
}


def completeness(report: Report, locale: Locale) -> Section:
    """Return the section."""
    texts, language = _TEXTS[locale.language], locale.language
    slots = Table(
        caption=texts["slots"],
        columns=columns(_COLUMNS[language], (5, 2, 2, 2, 4, 8), (1, 2, 3, 4)),
        rows=[_row(each, locale) for each in report.accounts],
        nothing=texts["nothing"],
    )
    events = Table(
        caption=texts["events"],
        columns=columns(_MARK_COLUMNS[language], (3, 4, 6)),
        rows=[_mark(each, locale) for each in report.marks],
        nothing=texts["no_events"],
    )
    said = (Paragraph(text=texts["explained"]),) if report.accounts else ()
    part = Section(
        id="monitor",
        title=texts["marks"],
        blocks=(
            events,
            Paragraph(text=_steps(report.marks, locale)),
            Blank(asked=texts["clock"], lines=1),
        ),
    )
    return Section(id="completeness", title=texts["title"], blocks=(slots, *said), parts=(part,))


def _row(account: Account, locale: Locale) -> tuple[str, ...]:
    found = account.always
    share = Fraction(found.received, found.expected) if found.expected else None
    return (
        account.service.name,
        locale.number(found.expected),
        locale.number(found.received),
        NONE if share is None else percent(share, locale.language),
        locale.length(found.parts.unknown),
        _causes(found, locale),
    )


def _causes(found: Figures, locale: Locale) -> str:
    by_length = sorted(found.unknown_by_cause.items(), key=lambda one: (-one[1], one[0]))
    said = [
        f"{cause_text(cause, locale.language)}: {locale.length(length)}"
        for cause, length in by_length
        if length
    ]
    return "; ".join(said) or NONE


def _mark(mark: Mark, locale: Locale) -> tuple[str, ...]:
    return locale.moment(mark.at), _MARKS[locale.language][mark.kind], _detail(mark, locale)


def _detail(mark: Mark, locale: Locale) -> str:
    """Return what is on record beside it: a cause in words, or a length as it was measured."""
    if (step := _step(mark)) is not None:
        return _seconds(step, locale)
    try:
        return cause_text(UnknownCause(mark.detail), locale.language)
    except ValueError:
        return mark.detail or NONE


def _steps(marks: Iterable[Mark], locale: Locale) -> str:
    """Return how often the clock was set, and by how much at most."""
    texts, steps = _TEXTS[locale.language], [step for each in marks if (step := _step(each))]
    if not steps:
        return texts["no_steps"]
    most = _seconds(max(steps, key=abs), locale)
    return texts["steps"].format(count=locale.number(len(steps)), most=most)


def _step(mark: Mark) -> Fraction | None:
    """Return by how many seconds the clock was set, None where that is not what is on record."""
    found = _STEP.fullmatch(mark.detail) if mark.kind is MarkKind.CLOCK_STEP else None
    return Fraction(found[1]) if found else None


def _seconds(step: Fraction, locale: Locale) -> str:
    sign = "+" if step > 0 else "-"
    length = f"{sign}{locale.number(abs(step), places=3)}"
    return _TEXTS[locale.language]["seconds"].format(length=length)
