"""Section 1: what came of it, on one page."""

from collections import Counter
from collections.abc import Iterable, Sequence
from fractions import Fraction

from monitor.domain.availability import MINIMUM_COVERAGE, Verdict, lowest, pooled
from monitor.domain.incident import Concern
from monitor.locales import Language
from monitor.locales.numbers import plain_percent
from monitor.locales.shares import headline, lower_text, upper_text
from monitor.reports.charts import Standing, standing_bar
from monitor.reports.document import Block, Cell, Paragraph, Points, Section, Table
from monitor.reports.report import Account, Report
from monitor.reports.sections.locale import NONE, Locale
from monitor.reports.sections.outages import outages_of
from monitor.reports.sections.tables import columns, first_of, picture
from monitor.reports.sections.vocabulary import share_target, target, verdict_text

_ALL_SHOWN = 15
_MOST_DUE = 100
_NAMED = 5
_SCALES = (Fraction(99, 100), Fraction(95, 100), Fraction(90, 100), Fraction(50, 100))

_TEXTS = {
    Language.ID: {
        "title": "1. Ringkasan dan pernyataan",
        "nothing": "Tidak ada layanan dalam lingkup laporan ini.",
        "promised": "Dari {promised} layanan yang mempunyai sasaran, {met} memenuhi sasaran, "
        "{missed} tidak memenuhi sasaran, dan {inconclusive} tidak dapat "
        "disimpulkan.",
        "unpromised": "Tidak satu pun dari {count} layanan mempunyai sasaran; karena itu tidak "
        "ada putusan.",
        "provisional": "Periode belum selesai. Angka dan putusan dalam laporan ini masih dapat "
        "berubah.",
        "untargeted": "{count} layanan belum mempunyai sasaran dan tidak diputus.",
        "covered": "Cakupan pengukuran semua layanan sekurang-kurangnya {least}.",
        "uncovered": "Cakupan pengukuran {count} layanan di bawah {least}, sehingga tidak ada "
        "yang disimpulkan tentang layanan itu: {names}.",
        "lowest": "Ketersediaan terendah: {name}, {share}.",
        "mean": "Rerata menurut waktu, ΣU / Σ(U + D): {share}. Persentase tidak dirata-ratakan.",
        "outages": "Gangguan tercatat: {count}; jumlah waktu henti semua layanan: {down}.",
        "unknown": "Jumlah waktu yang tidak diketahui: {unknown}. Waktu itu tidak dihitung "
        "sebagai waktu tersedia dan tidak pula sebagai waktu henti.",
        "corrected": "Angka {count} layanan sudah dikoreksi; angka sebelum dan sesudah koreksi "
        "ada di bagian 10.",
        "verdicts": "Ketersediaan terhadap sasaran",
        "attention": "Layanan yang tidak memenuhi sasaran atau tidak dapat disimpulkan; semua "
        "layanan ada di bagian 5",
        "lowest_due": "{most} layanan dengan ketersediaan terendah di antara {count} yang tidak "
        "memenuhi sasaran atau tidak dapat disimpulkan; semua layanan ada di bagian 5",
        "fine": "Semua layanan yang mempunyai sasaran memenuhi sasarannya.",
        "legend": "Titik: ketersediaan. Pita abu-abu: dari batas bawah sampai batas atas. "
        "Garis merah tegak: sasaran. Skala: {least} di kiri sampai 100 % di kanan; "
        "panah: lebih rendah daripada itu.",
        "alt": "Ketersediaan {value}, batas {low} sampai {high}{target}",
        "alt_target": ", sasaran {target}",
        "owners": "Putusan menurut penanggung jawab",
    },
    Language.EN: {
        "title": "1. Summary and statement",
        "nothing": "There is no service in the scope of this report.",
        "promised": "Services with a target: {promised}. Of these met it: {met}; missed it: "
        "{missed}; inconclusive: {inconclusive}.",
        "unpromised": "No service has a target, so there is no verdict.",
        "provisional": "The period is not over. Figures and verdicts in this report may still "
        "change.",
        "untargeted": "Services without a target, which get no verdict: {count}.",
        "covered": "The coverage of every service is at least {least}.",
        "uncovered": "Services with a coverage below {least}, of which nothing is concluded: "
        "{count} ({names}).",
        "lowest": "Lowest availability: {name}, {share}.",
        "mean": "Mean by time, ΣU / Σ(U + D): {share}. Percentages are never averaged.",
        "outages": "Outages on record: {count}; downtime of all services together: {down}.",
        "unknown": "Unknown time of all services together: {unknown}. It counts neither as up "
        "nor as down.",
        "corrected": "Services whose figures were corrected: {count}; those before and after "
        "stand in section 10.",
        "verdicts": "Availability against the target",
        "attention": "Services that missed their target or are inconclusive; section 5 has all "
        "services",
        "lowest_due": "The {most} services with the lowest availability of {count} that missed "
        "their target or are inconclusive; section 5 has all services",
        "fine": "Every service that has a target met it.",
        "legend": "Dot: availability. Grey band: from the lower to the upper bound. Upright "
        "red line: target. Scale: {least} on the left to 100% on the right; arrow: "
        "lower than that.",
        "alt": "Availability {value}, bounds {low} to {high}{target}",
        "alt_target": ", target {target}",
        "owners": "Verdicts by owner",
    },
}
_COLUMNS = {
    Language.ID: ("Layanan", "Penanggung jawab", "Sasaran", "Ketersediaan", "Putusan", "Grafik"),
    Language.EN: ("Service", "Owner", "Target", "Availability", "Verdict", "Chart"),
}
_OWNER_COLUMNS = {
    Language.ID: (
        *("Penanggung jawab", "Layanan", "Memenuhi", "Tidak memenuhi"),
        *("Tidak dapat disimpulkan", "Tanpa sasaran", "Waktu henti"),
    ),
    Language.EN: (
        *("Owner", "Services", "Met", "Missed"),
        *("Inconclusive", "Without target", "Downtime"),
    ),
}


def summary(report: Report, locale: Locale) -> Section:
    """Return the section."""
    texts, accounts = _TEXTS[locale.language], report.accounts
    blocks: list[Block] = [Paragraph(text=_statement(accounts, locale), stands_out=True)]
    if report.scope.until < report.scope.period.end:
        blocks.append(Paragraph(text=texts["provisional"], stands_out=True))
    if accounts:
        blocks.append(Points(items=_points(report, locale)))
        blocks += _tables(accounts, locale)
    return Section(id="summary", title=texts["title"], blocks=blocks)


def in_words(report: Report, locale: Locale) -> tuple[str, list[str]]:
    """Return what the summary says without its tables: the verdict, and what else is to know."""
    points = _points(report, locale) if report.accounts else []
    return _statement(report.accounts, locale), points


def _statement(accounts: Sequence[Account], locale: Locale) -> str:
    texts = _TEXTS[locale.language]
    if not accounts:
        return texts["nothing"]
    counts = Counter(each.verdict for each in accounts)
    promised = len(accounts) - counts[None]
    if not promised:
        return texts["unpromised"].format(count=locale.number(len(accounts)))
    return texts["promised"].format(
        promised=locale.number(promised),
        **{verdict.value: locale.number(counts[verdict]) for verdict in Verdict},
    )


def _points(report: Report, locale: Locale) -> list[str]:
    texts, accounts = _TEXTS[locale.language], report.accounts
    group = [each.promised for each in accounts]
    whole = pooled(group)
    found = [_coverage(accounts, locale)]
    untargeted = sum(each.verdict is None for each in accounts)
    if 0 < untargeted < len(accounts):
        found.append(texts["untargeted"].format(count=locale.number(untargeted)))
    worst = lowest(group)
    if worst is not None:
        name = next(each.service.name for each in accounts if each.promised is worst)
        found.append(texts["lowest"].format(name=name, share=headline(worst, locale.language)))
    if len(group) > 1:
        found.append(texts["mean"].format(share=headline(whole, locale.language)))
    count = locale.number(len(outages_of(report, Concern.OUTAGE)))
    found.append(texts["outages"].format(count=count, down=locale.length(whole.parts.down)))
    found.append(texts["unknown"].format(unknown=locale.length(whole.parts.unknown)))
    corrected = sum(each.measured is not None for each in accounts)
    if corrected:
        found.append(texts["corrected"].format(count=locale.number(corrected)))
    return found


def _coverage(accounts: Iterable[Account], locale: Locale) -> str:
    texts, least = _TEXTS[locale.language], plain_percent(MINIMUM_COVERAGE, locale.language)
    low = [
        each.service.name
        for each in accounts
        if each.promised.coverage is None or each.promised.coverage < MINIMUM_COVERAGE
    ]
    if not low:
        return texts["covered"].format(least=least)
    names = first_of(low, _NAMED, locale)
    return texts["uncovered"].format(count=locale.number(len(low)), least=least, names=names)


def _tables(accounts: Sequence[Account], locale: Locale) -> list[Block]:
    texts = _TEXTS[locale.language]
    if len(accounts) <= _ALL_SHOWN:
        return [_standings(accounts, texts["verdicts"], locale)]
    due = [each for each in accounts if each.verdict in (Verdict.MISSED, Verdict.INCONCLUSIVE)]
    caption = texts["attention"]
    if len(due) > _MOST_DUE:
        caption = texts["lowest_due"].format(
            most=locale.number(_MOST_DUE), count=locale.number(len(due))
        )
        due = sorted(due, key=_availability)[:_MOST_DUE]
    owners = dict.fromkeys(each.service.owner for each in accounts)
    return [
        Table(
            caption=texts["owners"],
            columns=columns(
                _OWNER_COLUMNS[locale.language], (4, 2, 2, 2, 3, 2, 5), (1, 2, 3, 4, 5)
            ),
            rows=[_owner(owner, accounts, locale) for owner in owners],
            nothing=NONE,
        ),
        _standings(due, caption, locale),
    ]


def _availability(account: Account) -> Fraction:
    share = account.promised.availability
    return Fraction(0) if share is None else share


def _owner(owner: str, accounts: Iterable[Account], locale: Locale) -> tuple[str, ...]:
    own = [each for each in accounts if each.service.owner == owner]
    counts = Counter(each.verdict for each in own)
    of = (Verdict.MET, Verdict.MISSED, Verdict.INCONCLUSIVE, None)
    return (
        owner,
        locale.number(len(own)),
        *(locale.number(counts[verdict]) for verdict in of),
        locale.length(sum(each.promised.parts.down for each in own)),
    )


def _standings(accounts: Sequence[Account], caption: str, locale: Locale) -> Table:
    texts, scale = _TEXTS[locale.language], _scale(accounts)
    legend = texts["legend"].format(least=plain_percent(scale, locale.language))
    return Table(
        caption=f"{caption}. {legend}",
        columns=columns(_COLUMNS[locale.language], (5, 3, 2, 3, 3, 5), (2, 3)),
        rows=[_standing(each, scale, locale) for each in accounts],
        nothing=texts["fine"],
    )


def _scale(accounts: Iterable[Account]) -> Fraction:
    """Return the least share that is drawn: on the narrowest scale that holds all others."""
    shares = [
        share
        for each in accounts
        for share in (each.promised.availability, share_target(each))
        if share is not None
    ]
    return next(
        (scale for scale in _SCALES if all(share >= scale for share in shares)), _SCALES[-1]
    )


def _standing(account: Account, scale: Fraction, locale: Locale) -> tuple[Cell, ...]:
    return (
        account.service.name,
        account.service.owner,
        target(account, locale),
        headline(account.promised, locale.language),
        verdict_text(account.verdict, locale),
        _bar(account, scale, locale),
    )


def _bar(account: Account, scale: Fraction, locale: Locale) -> Cell:
    found, texts = account.promised, _TEXTS[locale.language]
    if found.availability is None or found.lower is None or found.upper is None:
        return NONE
    goal = share_target(account)
    drawing = standing_bar(
        Standing(low=found.lower, value=found.availability, high=found.upper, target=goal), scale
    )
    aim = "" if goal is None else texts["alt_target"].format(target=target(account, locale))
    shown = {
        "value": headline(found, locale.language),
        "low": lower_text(found, locale.language),
        "high": upper_text(found, locale.language),
    }
    return picture(drawing, texts["alt"].format(**shown, target=aim))
