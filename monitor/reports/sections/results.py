"""Section 5: the figures of every service, and how long its answers took."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from monitor.domain.availability import Figures, whole_seconds
from monitor.locales import Language
from monitor.locales.shares import (
    coverage_text,
    gross_text,
    headline,
    lower_text,
    mtbf_text,
    mttr_text,
    resolution_text,
    upper_text,
)
from monitor.reports.charts import Percentiles, percentile_lines
from monitor.reports.document import Block, Figure, Paragraph, Section, Table
from monitor.reports.report import Account, Report, ResponseTimes
from monitor.reports.sections.locale import NONE, Locale
from monitor.reports.sections.tables import columns, picture
from monitor.reports.sections.vocabulary import ROUND_THE_CLOCK, hours, target, verdict_text

_DRAWN = 12

_TEXTS = {
    Language.ID: {
        "title": "5. Hasil",
        "nothing": "Tidak ada layanan dalam lingkup laporan ini.",
        "shares": "Ketersediaan, batas, dan putusan",
        "times": "Pembagian waktu, gangguan, dan reratanya",
        "bridged": "Waktu tersedia mencakup waktu menurun. “Dijembatani” adalah bagian waktu "
        "tersedia dan henti yang ditahan lebih dari satu selang karena sampel "
        "berikutnya terlambat.",
        "figures": "Angka tiap layanan",
        "response": "Waktu tanggap",
        "response_table": "Waktu tanggap dalam periode: separuh (p50), 95 %, dan 99 % jawaban "
        "datang dalam waktu ini",
        "no_response": "Tidak ada jawaban yang diukur waktunya.",
        "lines": "Waktu tanggap {name} tiap hari, skala logaritmis: garis p50, garis putus "
        "p95, titik-titik p99",
        "alt": "Waktu tanggap {name}: p50 {p50}, p95 {p95}, p99 {p99} dalam periode",
        "many": "Grafik harian dibuat bila laporan memuat paling banyak {most} layanan; "
        "angka tiap hari semua layanan ada di data.csv.",
    },
    Language.EN: {
        "title": "5. Results",
        "nothing": "There is no service in the scope of this report.",
        "shares": "Availability, bounds and verdict",
        "times": "Where the time went, outages and their means",
        "bridged": "Up includes degraded. “Bridged” is the part of up and down that was held "
        "past one interval because the next sample was late.",
        "figures": "Figures of each service",
        "response": "Response times",
        "response_table": "Response times of the period: half of the answers (p50), 95% and 99% "
        "came within this time",
        "no_response": "No answer was timed.",
        "lines": "Response times of {name} day by day, logarithmic scale: line p50, dashes "
        "p95, dots p99",
        "alt": "Response times of {name}: p50 {p50}, p95 {p95}, p99 {p99} over the period",
        "many": "Daily charts are drawn in reports on {most} services at most; data.csv "
        "has the figures of each day of all services.",
    },
}
_SHARES = {
    Language.ID: (
        *("Layanan", "Jam", "Ketersediaan", "Batas bawah", "Batas atas", "Kotor", "Cakupan"),
        *("Sasaran", "Putusan"),
    ),
    Language.EN: (
        *("Service", "Hours", "Availability", "Lower bound", "Upper bound", "Gross", "Coverage"),
        *("Target", "Verdict"),
    ),
}
_TIMES = {
    Language.ID: (
        *("Layanan", "Jam", "Tersedia (U)", "Henti (D)", "Tidak diketahui (K)"),
        *("Pemeliharaan (M)", "Menurun", "Dijembatani", "n"),
        *("Rerata antar-gangguan", "Rerata pemulihan", "Resolusi"),
    ),
    Language.EN: (
        *("Service", "Hours", "Up (U)", "Down (D)", "Unknown (K)"),
        *("Maintenance (M)", "Degraded", "Bridged", "n"),
        *("MTBF", "MTTR", "Resolution"),
    ),
}
_RESPONSE = {
    Language.ID: ("Layanan", "p50", "p95", "p99"),
    Language.EN: ("Service", "p50", "p95", "p99"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """Figures of a service: by the hours that were promised, or else around the clock."""

    account: Account
    figures: Figures
    is_promised: bool

    @property
    def hours(self) -> str:
        return hours(self.account) if self.is_promised else ROUND_THE_CLOCK


def results(report: Report, locale: Locale) -> Section:
    """Return the section."""
    texts, language = _TEXTS[locale.language], locale.language
    rows = [row for each in report.accounts for row in _rows(each)]
    shares = Table(
        caption=texts["shares"],
        columns=columns(_SHARES[language], (5, 2, 3, 3, 3, 3, 3, 2, 3), (2, 3, 4, 5, 6, 7)),
        rows=[_share_row(row, locale) for row in rows],
        nothing=texts["nothing"],
    )
    times = Table(
        caption=texts["times"],
        columns=columns(
            _TIMES[language], (5, 2, 4, 4, 4, 5, 3, 4, 1, 4, 4, 6), (2, 3, 4, 5, 6, 7, 8, 9, 10)
        ),
        rows=[_time_row(row, locale) for row in rows],
        nothing=texts["nothing"],
    )
    said = (Paragraph(text=texts["bridged"]),) if rows else ()
    return Section(
        id="results",
        title=texts["title"],
        blocks=(),
        parts=(
            Section(id="figures", title=texts["figures"], blocks=(shares, times, *said)),
            Section(
                id="response", title=texts["response"], blocks=_response(report.accounts, locale)
            ),
        ),
    )


def _rows(account: Account) -> Iterator[_Row]:
    """Yield what was promised, and around the clock where that is something else."""
    yield _Row(account=account, figures=account.promised, is_promised=True)
    if account.in_hours is not None:
        yield _Row(account=account, figures=account.always, is_promised=False)


def _share_row(row: _Row, locale: Locale) -> tuple[str, ...]:
    account, language = row.account, locale.language
    shares = (headline, lower_text, upper_text, gross_text, coverage_text)
    return (
        account.service.name,
        row.hours,
        *(text(row.figures, language) for text in shares),
        target(account, locale) if row.is_promised else NONE,
        verdict_text(account.verdict, locale) if row.is_promised else NONE,
    )


def _time_row(row: _Row, locale: Locale) -> tuple[str, ...]:
    seconds = whole_seconds(row.figures.parts)
    lengths = (
        *(seconds.up, seconds.down, seconds.unknown, seconds.maintenance),
        *(seconds.degraded, seconds.bridged),
    )
    return (
        row.account.service.name,
        row.hours,
        *(locale.length(length * 1_000_000) for length in lengths),
        locale.number(row.figures.outages),
        mtbf_text(row.figures, locale.language),
        mttr_text(row.figures, locale.language),
        resolution_text(row.figures, locale.language),
    )


def _response(accounts: Sequence[Account], locale: Locale) -> list[Block]:
    texts = _TEXTS[locale.language]
    timed = [(each, each.response) for each in accounts if each.response is not None]
    table = Table(
        caption=texts["response_table"],
        columns=columns(_RESPONSE[locale.language], (8, 2, 2, 2), (1, 2, 3)),
        rows=[(each.service.name, *_milliseconds(took, locale)) for each, took in timed],
        nothing=texts["no_response"],
    )
    if len(timed) > _DRAWN:
        return [table, Paragraph(text=texts["many"].format(most=locale.number(_DRAWN)))]
    return [table, *(_lines(each, took, locale) for each, took in timed)]


def _lines(account: Account, took: ResponseTimes, locale: Locale) -> Figure:
    texts, name = _TEXTS[locale.language], account.service.name
    days = [None if each.response is None else _percentiles(each.response) for each in account.days]
    drawing = percentile_lines(days, _labels([each.date for each in account.days]))
    p50, p95, p99 = _milliseconds(took, locale)
    alt = texts["alt"].format(name=name, p50=p50, p95=p95, p99=p99)
    return Figure(picture=picture(drawing, alt), caption=texts["lines"].format(name=name))


def _labels(days: Sequence[date]) -> list[str]:
    """Return the day of the month below every fifth day; in long periods the months."""
    if len(days) > 62:
        return [f"{day.month}/{day.year % 100:02d}" if day.day == 1 else "" for day in days]
    return [str(day.day) if day.day % 5 == 0 or day.day == 1 else "" for day in days]


def _milliseconds(took: ResponseTimes, locale: Locale) -> tuple[str, ...]:
    return tuple(locale.milliseconds(each) for each in (took.p50, took.p95, took.p99))


def _percentiles(took: ResponseTimes) -> Percentiles:
    return Percentiles(took.p50 / 1000, took.p95 / 1000, took.p99 / 1000)
