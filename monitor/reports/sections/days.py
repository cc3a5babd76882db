"""Section 6: every day of every service, to look at and to read."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import groupby

from monitor.domain.availability import MINIMUM_COVERAGE, Figures, Parts, pooled, whole_seconds
from monitor.locales import Language
from monitor.locales.dates import month_text
from monitor.locales.numbers import plain_percent
from monitor.locales.shares import coverage_text, headline
from monitor.reports.charts import DayMark, Drawing, day_strip, month_strips
from monitor.reports.document import Block, Cell, Paragraph, Section, Table
from monitor.reports.report import Account, DayAccount, Report, Scope
from monitor.reports.sections.identity import local_days
from monitor.reports.sections.locale import NONE, Locale
from monitor.reports.sections.tables import columns, picture
from monitor.reports.sections.vocabulary import share_target

_LONG = 62
_MOST_ROWS = 1_000

_TEXTS = {
    Language.ID: {
        "title": "6. Peta harian",
        "legend": "Arti tanda",
        "strips": "Tiap hari dalam periode, dari kiri ke kanan",
        "months": "Tiap hari dalam periode, satu baris satu bulan",
        "nothing": "Tidak ada layanan dalam lingkup laporan ini.",
        "part_day": "Angka harian",
        "part_month": "Angka bulanan",
        "table": "{name}: angka tiap hari",
        "eventful": "{name}: hari dengan waktu henti, tidak diketahui, atau pemeliharaan",
        "none": "Tidak ada hari seperti itu.",
        "table_month": "{name}: angka tiap bulan",
        "few": "Karena banyaknya layanan, hanya hari dengan waktu henti, waktu tidak "
        "diketahui, atau pemeliharaan yang dicantumkan. Pada hari lain layanan "
        "tersedia sepanjang waktu; angka semua hari ada di data.csv.",
        "quiet": "Tanpa hari seperti itu: {names}.",
        "yet": "belum diketahui",
        "alt": "{name}: {counts}",
        "total": "Jumlah",
    },
    Language.EN: {
        "title": "6. Daily map",
        "legend": "What the marks mean",
        "strips": "Each day of the period, from left to right",
        "months": "Each day of the period, one line a month",
        "nothing": "There is no service in the scope of this report.",
        "part_day": "Figures by the day",
        "part_month": "Figures by the month",
        "table": "{name}: figures of each day",
        "eventful": "{name}: days with downtime, unknown time or maintenance",
        "none": "There is no such day.",
        "table_month": "{name}: figures of each month",
        "few": "As there are many services, only days with downtime, unknown time or "
        "maintenance are listed. On the other days the service was up all the "
        "time; data.csv has all days.",
        "quiet": "Without such a day: {names}.",
        "yet": "not known yet",
        "alt": "{name}: {counts}",
        "total": "Total",
    },
}
_MARKS = {
    Language.ID: {
        DayMark.CLEAR: "tidak ada waktu henti terukur, cakupan sekurang-kurangnya {least}",
        DayMark.DIP: "ada waktu henti; sasaran hari itu tercapai, atau layanan tanpa sasaran",
        DayMark.MISSED: "ada waktu henti; ketersediaan hari itu di bawah sasaran",
        DayMark.UNKNOWN: "tidak ada waktu henti terukur, tetapi cakupan di bawah {least}",
        DayMark.PLANNED: "tidak ada waktu henti terukur, ada pemeliharaan terjadwal",
        DayMark.NONE: "di luar jam layanan, atau belum lewat",
    },
    Language.EN: {
        DayMark.CLEAR: "no downtime measured, coverage of at least {least}",
        DayMark.DIP: "some downtime; the target was reached that day, or there is none",
        DayMark.MISSED: "some downtime; availability below the target that day",
        DayMark.UNKNOWN: "no downtime measured, but coverage below {least}",
        DayMark.PLANNED: "no downtime measured, scheduled maintenance",
        DayMark.NONE: "outside service hours, or not over yet",
    },
}
_SHORT = {
    Language.ID: {
        DayMark.CLEAR: "{count} hari tanpa waktu henti",
        DayMark.DIP: "{count} hari dengan waktu henti",
        DayMark.MISSED: "{count} hari di bawah sasaran",
        DayMark.UNKNOWN: "{count} hari tidak cukup terukur",
        DayMark.PLANNED: "{count} hari pemeliharaan",
        DayMark.NONE: "{count} hari tidak dihitung",
    },
    Language.EN: {
        DayMark.CLEAR: "days without downtime: {count}",
        DayMark.DIP: "days with downtime: {count}",
        DayMark.MISSED: "days below the target: {count}",
        DayMark.UNKNOWN: "days not measured enough: {count}",
        DayMark.PLANNED: "days of maintenance: {count}",
        DayMark.NONE: "days that do not count: {count}",
    },
}
_WORSE = [
    *(DayMark.NONE, DayMark.CLEAR, DayMark.PLANNED, DayMark.UNKNOWN, DayMark.DIP, DayMark.MISSED),
]
_LEGEND_COLUMNS = {Language.ID: ("Tanda", "Arti"), Language.EN: ("Mark", "Meaning")}
_SERVICE = {Language.ID: "Layanan", Language.EN: "Service"}
_COLUMNS = {
    Language.ID: (
        *("Tanggal", "Ketersediaan", "Cakupan", "Henti", "Tidak diketahui", "Pemeliharaan"),
        *("p50", "p95", "p99"),
    ),
    Language.EN: (
        *("Date", "Availability", "Coverage", "Down", "Unknown", "Maintenance"),
        *("p50", "p95", "p99"),
    ),
}
_MONTH_COLUMNS = {
    Language.ID: (
        *("Bulan", "Ketersediaan", "Cakupan", "Tersedia", "Henti"),
        *("Tidak diketahui", "Pemeliharaan"),
    ),
    Language.EN: (
        *("Month", "Availability", "Coverage", "Up", "Down"),
        *("Unknown", "Maintenance"),
    ),
}


def days(report: Report, locale: Locale) -> Section:
    """Return the section."""
    texts, accounts = _TEXTS[locale.language], report.accounts
    is_long = any(map(_is_long, accounts))
    strips = Table(
        caption=texts["months" if is_long else "strips"],
        columns=columns((_SERVICE[locale.language], _from_to(report.scope, locale)), (2, 5)),
        rows=[(each.service.name, strip(each, locale)) for each in accounts],
        nothing=texts["nothing"],
        whole=True,
    )
    if not accounts:
        return Section(id="days", title=texts["title"], blocks=(strips,))
    part = Section(
        id="daily",
        title=texts["part_month" if is_long else "part_day"],
        blocks=_monthly(accounts, locale) if is_long else _daily(accounts, locale),
    )
    return Section(id="days", title=texts["title"], blocks=(_legend(locale), strips), parts=(part,))


def _from_to(scope: Scope, locale: Locale) -> str:
    return " – ".join(locale.day(day) for day in local_days(scope))


def day_mark(day: DayAccount, target: Fraction | None) -> DayMark:
    """Return what a day was like by the hours that were promised."""
    found = counted(day)
    if found is None or not found.parts.total:
        return DayMark.NONE
    if found.parts.down:
        share = found.availability
        missed = target is not None and share is not None and share < target
        return DayMark.MISSED if missed else DayMark.DIP
    if found.coverage is not None and found.coverage < MINIMUM_COVERAGE:
        return DayMark.UNKNOWN
    return DayMark.PLANNED if found.parts.maintenance else DayMark.CLEAR


def counted(day: DayAccount) -> Figures | None:
    """Return the figures of a day by the hours that were promised, None where it is not known."""
    return day.in_hours or day.figures


def _legend(locale: Locale) -> Table:
    texts, least = _TEXTS[locale.language], plain_percent(MINIMUM_COVERAGE, locale.language)
    meanings = {mark: said.format(least=least) for mark, said in _MARKS[locale.language].items()}
    return Table(
        caption=texts["legend"],
        columns=columns(_LEGEND_COLUMNS[locale.language], (1, 12)),
        rows=[(picture(day_strip([mark]), said), said) for mark, said in meanings.items()],
        nothing=NONE,
        leads=True,
    )


def strip(account: Account, locale: Locale) -> Cell:
    """Return every day of a service as a drawing; in a long period a line for each month."""
    return _drawn(account.service.name, account, _marks(account), locale)


def worst_strip(name: str, accounts: Sequence[Account], locale: Locale) -> Cell:
    """Return every day of some services as one drawing: each as it was for the worst of them."""
    marks = [max(found, key=_WORSE.index) for found in zip(*map(_marks, accounts), strict=True)]
    return _drawn(name, accounts[0], marks, locale)


def is_down(day: DayAccount) -> bool:
    """Say whether a day had downtime within the hours that were promised."""
    found = counted(day)
    return found is not None and bool(found.parts.down)


def _marks(account: Account) -> list[DayMark]:
    target = share_target(account)
    return [day_mark(day, target) for day in account.days]


def _drawn(name: str, account: Account, marks: Sequence[DayMark], locale: Locale) -> Cell:
    shorts, counts = _SHORT[locale.language], {mark: marks.count(mark) for mark in DayMark}
    said = [shorts[mark].format(count=locale.number(n)) for mark, n in counts.items() if n]
    alt = _TEXTS[locale.language]["alt"].format(name=name, counts=", ".join(said))
    return picture(_months(account, marks) if _is_long(account) else day_strip(marks), alt)


def _is_long(account: Account) -> bool:
    return len(account.days) > _LONG


def _months(account: Account, marks: Sequence[DayMark]) -> Drawing:
    dated = zip([day.date for day in account.days], marks, strict=True)
    return month_strips(list(dated))


def _daily(accounts: Sequence[Account], locale: Locale) -> list[Block]:
    texts = _TEXTS[locale.language]
    if sum(len(each.days) for each in accounts) <= _MOST_ROWS:
        return [_table(each, each.days, texts["table"], locale) for each in accounts]
    eventful = [(each, [day for day in each.days if _is_eventful(day)]) for each in accounts]
    quiet = [each.service.name for each, found in eventful if not found]
    blocks: list[Block] = [Paragraph(text=texts["few"])]
    blocks += [_table(each, found, texts["eventful"], locale) for each, found in eventful if found]
    if quiet:
        blocks.append(Paragraph(text=texts["quiet"].format(names=locale.listed(quiet))))
    return blocks


def _is_eventful(day: DayAccount) -> bool:
    found = counted(day)
    if found is None:
        return False
    return bool(found.parts.down or found.parts.unknown or found.parts.maintenance)


def _table(account: Account, shown: Iterable[DayAccount], caption: str, locale: Locale) -> Table:
    return Table(
        caption=caption.format(name=account.service.name),
        columns=columns(
            _COLUMNS[locale.language], (9, 14, 6, 7, 7, 7, 6, 6, 6), (1, 2, 3, 4, 5, 6, 7, 8)
        ),
        rows=list(_rows(shown, locale)),
        nothing=_TEXTS[locale.language]["none"],
        whole=True,
    )


def _rows(shown: Iterable[DayAccount], locale: Locale) -> Iterator[tuple[str, ...]]:
    """Yield a row for each day that is known, and one for all that are not yet."""
    yet = []
    for day in shown:
        if (found := counted(day)) is None:
            yet.append(locale.day(day.date))
        else:
            yield _day(day, found, locale)
    if yet:
        when = " – ".join(dict.fromkeys((yet[0], yet[-1])))
        yield (when, _TEXTS[locale.language]["yet"], *[NONE] * 7)


def _day(day: DayAccount, found: Figures, locale: Locale) -> tuple[str, ...]:
    date, took = locale.day(day.date), day.response
    answers = [NONE] * 3 if took is None else [took.p50, took.p95, took.p99]
    return (
        date,
        *(text(found, locale.language) for text in (headline, coverage_text)),
        *_lengths(found, locale, ("down", "unknown", "maintenance")),
        *(each if isinstance(each, str) else locale.milliseconds(each) for each in answers),
    )


def _lengths(found: Figures, locale: Locale, names: Iterable[str]) -> list[str]:
    """Return lengths of time in whole seconds that sum to that of the day; a dash for none."""
    seconds: Parts = whole_seconds(found.parts)
    lengths = (getattr(seconds, name) for name in names)
    return [locale.length(length * 1_000_000) if length else NONE for length in lengths]


def _monthly(accounts: Iterable[Account], locale: Locale) -> list[Block]:
    return [_month_table(each, locale) for each in accounts]


def _month_table(account: Account, locale: Locale) -> Table:
    month: Callable[[DayAccount], str] = lambda day: month_text(day.date, locale.language)  # noqa: E731
    rows = [
        _month(name, [found for day in of if (found := counted(day)) is not None], locale)
        for name, of in groupby(account.days, key=month)
    ]
    return Table(
        caption=_TEXTS[locale.language]["table_month"].format(name=account.service.name),
        columns=columns(_MONTH_COLUMNS[locale.language], (4, 4, 3, 4, 4, 4, 4), (1, 2, 3, 4, 5, 6)),
        rows=rows,
        nothing=_TEXTS[locale.language]["none"],
        whole=True,
    )


def _month(name: str, found: Sequence[Figures], locale: Locale) -> tuple[str, ...]:
    """Return the sums of the days of a month, from which its shares are computed."""
    if not found:
        return (name, _TEXTS[locale.language]["yet"], *[NONE] * 5)
    whole = pooled(found)
    return (
        name,
        *(text(whole, locale.language) for text in (headline, coverage_text)),
        *_lengths(whole, locale, ("up", "down", "unknown", "maintenance")),
    )
