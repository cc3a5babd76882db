"""Section 0, the title page: which report this is, about what, and made from what."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from monitor.domain.instant import instant
from monitor.locales import Language
from monitor.locales.dates import month_text, short_date_text
from monitor.reports.document import Facts
from monitor.reports.report import Report, Scope
from monitor.reports.sections.locale import Locale

_DAY = timedelta(days=1)

TITLES = {
    Language.ID: "Laporan Ketersediaan Layanan",
    Language.EN: "Service Availability Report",
}
UNNAMED = {
    Language.ID: "(nama instansi penerbit belum diisi)",
    Language.EN: "(the publisher is not named yet)",
}
_QUARTERS = {
    Language.ID: ("Triwulan I", "Triwulan II", "Triwulan III", "Triwulan IV"),
    Language.EN: ("First quarter", "Second quarter", "Third quarter", "Fourth quarter"),
}
_YEAR = {Language.ID: "Tahun {year}", Language.EN: "Year {year}"}
_TEXTS = {
    Language.ID: {
        "number": "Nomor laporan",
        "version": "Versi",
        "replaces": "{version}, mengganti laporan dengan sidik data {hash}",
        "period": "Periode",
        "from_until": "{start} sampai sebelum {end}",
        "known": "Data sampai dengan",
        "unfinished": "{until}; periode belum selesai, laporan ini bersifat sementara",
        "scope": "Lingkup",
        "all": "semua layanan yang dipantau",
        "owner": "layanan milik {owner}",
        "services": "{count} layanan yang dipilih",
        "class": "Klasifikasi informasi",
        "hash": "Sidik data (SHA-256)",
        "software": "Perangkat lunak",
        "vantage": "Titik pantau",
        "configuration": "Sidik konfigurasi",
        "ledger": "Buku catatan (ledger)",
        "entries": "{origin}: {size} entri, akar {root}",
        "no_ledger": "belum ada catatan yang ditandatangani",
        "footer": "{title}, {subject}, versi {version}",
        "footer_hash": "sidik data {hash}…",
    },
    Language.EN: {
        "number": "Report number",
        "version": "Version",
        "replaces": "{version}, in place of the report whose data hash is {hash}",
        "period": "Period",
        "from_until": "{start} up to, and without, {end}",
        "known": "Known up to",
        "unfinished": "{until}; the period is not over, and this report is provisional",
        "scope": "Scope",
        "all": "all services that are watched",
        "owner": "services of {owner}",
        "services": "{count} chosen services",
        "class": "Information class",
        "hash": "Data hash (SHA-256)",
        "software": "Software",
        "vantage": "Vantage point",
        "configuration": "Configuration hash",
        "ledger": "Ledger",
        "entries": "{origin}: {size} entries, root {root}",
        "no_ledger": "no signed entry yet",
        "footer": "{title}, {subject}, version {version}",
        "footer_hash": "data hash {hash}…",
    },
}


def identity(report: Report, locale: Locale, fingerprint: str | None) -> Facts:
    """Return what tells this report from every other; `fingerprint` is the SHA-256 of its data."""
    texts, scope, made = _TEXTS[locale.language], report.scope, report.provenance
    pairs: list[tuple[str, str | None]] = [
        (texts["number"], report.wording.number),
        (texts["version"], _version(report, locale)),
        (texts["period"], _period(scope, locale)),
    ]
    if scope.until < scope.period.end:
        until = texts["unfinished"].format(until=locale.long_moment(scope.until))
        pairs.append((texts["known"], until))
    pairs += [
        (texts["scope"], _scope(scope, locale)),
        (texts["class"], report.wording.information_class),
    ]
    if fingerprint is not None:
        pairs.append((texts["hash"], fingerprint))
    return Facts(
        pairs=(
            *pairs,
            (texts["software"], f"Pantau {made.software}"),
            (texts["vantage"], made.vantage),
            (texts["configuration"], made.configuration),
            (texts["ledger"], _ledger(report, locale)),
        )
    )


def subject(scope: Scope, locale: Locale) -> str:
    """Return the period by its name, and whose services are reported on."""
    named = period_name(scope, locale)
    return f"{named} · {', '.join(scope.owners)}" if scope.owners else named


def footer(report: Report, locale: Locale, fingerprint: str | None) -> str:
    """Return what stands below every page, so that no page is taken for another report's."""
    texts = _TEXTS[locale.language]
    said = texts["footer"].format(
        title=TITLES[locale.language],
        subject=subject(report.scope, locale),
        version=locale.number(report.version),
    )
    if fingerprint is None:
        return said
    return f"{said} · {texts['footer_hash'].format(hash=fingerprint[:16])}"


def period_name(scope: Scope, locale: Locale) -> str:
    """Return "Juni 2026", "Triwulan II 2026", "Tahun 2026", or the first and the last day."""
    first, last = local_days(scope)
    after = last + _DAY
    months = (after.year - first.year) * 12 + after.month - first.month
    if first.day == 1 and after.day == 1:
        if months == 1:
            return month_text(first, locale.language)
        if months == 3 and first.month % 3 == 1:
            return f"{_QUARTERS[locale.language][first.month // 3]} {first.year}"
        if months == 12 and first.month == 1:
            return _YEAR[locale.language].format(year=first.year)
    days = [short_date_text(day, locale.language) for day in (first, last)]
    return days[0] if first == last else " – ".join(days)


def local_days(scope: Scope) -> tuple[date, date]:
    """Return the first and the last local day of the period."""
    zone = ZoneInfo(scope.zone)
    start, end = scope.period.start, max(scope.period.end - 1, scope.period.start)
    return instant(start).astimezone(zone).date(), instant(end).astimezone(zone).date()


def _version(report: Report, locale: Locale) -> str:
    version = locale.number(report.version)
    if report.replaces is None:
        return version
    return _TEXTS[locale.language]["replaces"].format(version=version, hash=report.replaces)


def _period(scope: Scope, locale: Locale) -> str:
    return _TEXTS[locale.language]["from_until"].format(
        start=locale.long_moment(scope.period.start), end=locale.long_moment(scope.period.end)
    )


def _scope(scope: Scope, locale: Locale) -> str:
    texts = _TEXTS[locale.language]
    owners = ", ".join(scope.owners)
    parts = [texts["owner"].format(owner=owners)] if owners else []
    if scope.services:
        parts.append(texts["services"].format(count=locale.number(len(scope.services))))
    return ", ".join(parts) or texts["all"]


def _ledger(report: Report, locale: Locale) -> str:
    texts, ledger = _TEXTS[locale.language], report.provenance.ledger
    if ledger is None:
        return texts["no_ledger"]
    size = locale.number(ledger.size)
    return texts["entries"].format(origin=ledger.origin, size=size, root=ledger.root)
