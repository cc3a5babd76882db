"""Section 3: which services the report is about, and how each of them is checked."""

from datetime import timedelta

from monitor.domain.check import Check
from monitor.domain.instant import instant
from monitor.locales import Language
from monitor.locales.dates import duration_text
from monitor.reports.document import Blank, Block, Paragraph, Section, Table
from monitor.reports.report import Account, Report
from monitor.reports.sections.locale import NONE, Locale
from monitor.reports.sections.tables import columns
from monitor.reports.sections.vocabulary import CRITICALITIES, hours

_TEXTS = {
    Language.ID: {
        "title": "3. Lingkup",
        "count": "Laporan ini tentang {services} layanan milik {owners} penanggung jawab, "
        "yang diperiksa dengan {checks} pemeriksaan.",
        "services": "Layanan dalam lingkup laporan",
        "no_services": "Tidak ada layanan dalam lingkup laporan ini.",
        "since": "{moment}",
        "before": "sebelum periode",
        "never": "belum pernah terukur",
        "added": "Layanan yang mulai dipantau dalam periode",
        "no_added": "Tidak ada layanan yang mulai dipantau dalam periode.",
        "retired": "Pemeriksaan yang tercatat dalam periode, tetapi tidak ada lagi dalam "
        "konfigurasi saat laporan dibuat",
        "no_retired": "Semua pemeriksaan yang tercatat dalam periode masih ada dalam "
        "konfigurasi: tidak ada yang berhenti dipantau.",
        "why": "Alasan pemeriksaan itu berhenti, dan layanan yang berhenti dipantau karenanya "
        "(diisi penyusun; yang tercatat hanya nama pemeriksaan dan waktunya):",
        "removed": "Layanan yang berhenti dipantau dalam periode, dengan tanggal dan alasannya "
        "(diisi penyusun; pemilik layanan yang sudah dihapus tidak tercatat, sehingga hanya "
        "laporan tentang semua layanan yang dapat menyebutnya):",
        "checks": "Pemeriksaan yang menentukan ketersediaan tiap layanan",
        "no_checks": "Tidak ada pemeriksaan yang menentukan ketersediaan.",
        "part": "Cara tiap layanan diperiksa",
        "retry": "{failures} kali gagal, ulang tiap {retry}",
        "lone": "pemeriksaannya",
        "all": "semua pemeriksaan",
        "any": "salah satu pemeriksaan",
        "quorum": "{count} pemeriksaan",
    },
    Language.EN: {
        "title": "3. Scope",
        "count": "Services in this report: {services}; their owners: {owners}; checks that look at "
        "them: {checks}.",
        "services": "Services in the scope of the report",
        "no_services": "There is no service in the scope of this report.",
        "since": "{moment}",
        "before": "before the period",
        "never": "never measured yet",
        "added": "Services that began to be watched in the period",
        "no_added": "No service began to be watched in the period.",
        "retired": "Checks with records of the period that were not configured any more when the "
        "report was made",
        "no_retired": "All checks with records of the period are still configured: none ceased to "
        "be watched.",
        "why": "Why these checks ceased, and which services are not watched any more since (for "
        "the author to fill; only their names and times are on record):",
        "removed": "Services that ceased to be watched in the period, when and why (for the author "
        "to fill; whose services they were is not on record once they are removed, so only a "
        "report on all services can tell of them):",
        "checks": "Checks that decide on the availability of each service",
        "no_checks": "No check decides on availability.",
        "part": "How each service is checked",
        "retry": "failures in a row: {failures}, retried every {retry}",
        "lone": "its check",
        "all": "all checks",
        "any": "any check",
        "quorum": "{count} of its checks",
    },
}
_COLUMNS = {
    Language.ID: (
        *("Layanan", "Kode", "Penanggung jawab", "Tingkat kepentingan", "Jam layanan"),
        *("Tersedia bila berhasil", "Dipantau sejak"),
    ),
    Language.EN: (
        *("Service", "Id", "Owner", "Criticality", "Hours"),
        *("Up when these succeed", "Watched since"),
    ),
}
_RETIRED_COLUMNS = {
    Language.ID: ("Pemeriksaan", "Tercatat terakhir dalam periode sampai"),
    Language.EN: ("Check", "Last on record in the period up to"),
}
_CHECK_COLUMNS = {
    Language.ID: (
        *("Pemeriksaan", "Layanan", "Jenis", "Sasaran pemeriksaan", "Selang"),
        *("Batas waktu", "Gangguan dipastikan setelah"),
    ),
    Language.EN: (
        *("Check", "Service", "Type", "What is asked", "Interval"),
        *("Timeout", "Outage confirmed after"),
    ),
}


def coverage(report: Report, locale: Locale) -> Section:
    """Return the section."""
    texts, accounts = _TEXTS[locale.language], report.accounts
    checks = [(each, check) for each in accounts for check in each.checks]
    blocks: list[Block] = [
        Paragraph(
            text=texts["count"].format(
                services=locale.number(len(accounts)),
                owners=locale.number(len({each.service.owner for each in accounts})),
                checks=locale.number(len(checks)),
            )
        ),
        Table(
            caption=texts["services"],
            columns=columns(_COLUMNS[locale.language], (5, 4, 3, 3, 2, 3, 4)),
            rows=[_service(each, report.scope.until, locale) for each in accounts],
            nothing=texts["no_services"],
        ),
        Paragraph(text=_added(report, locale)),
        *removed(report, locale),
    ]
    how = Table(
        caption=texts["checks"],
        columns=columns(_CHECK_COLUMNS[locale.language], (4, 4, 2, 6, 2, 2, 4)),
        rows=[_check(account, check, locale) for account, check in checks],
        nothing=texts["no_checks"],
    )
    part = Section(id="checks", title=texts["part"], blocks=(how,))
    return Section(id="scope", title=texts["title"], blocks=blocks, parts=(part,))


def _service(account: Account, until: int, locale: Locale) -> tuple[str, ...]:
    service = account.service
    return (
        service.name,
        service.id,
        service.owner,
        CRITICALITIES[locale.language][service.criticality],
        hours(account),
        _rule(account, locale),
        _since(account, until, locale),
    )


def _rule(account: Account, locale: Locale) -> str:
    rule = account.service.status
    if len(account.checks) < 2:
        return _TEXTS[locale.language]["lone"] if account.checks else NONE
    count = locale.number(rule.needed(len(account.checks)))
    return _TEXTS[locale.language][rule.rule.value].format(count=count)


def _since(account: Account, until: int, locale: Locale) -> str:
    texts = _TEXTS[locale.language]
    if account.began is None:
        return texts["before"]
    return texts["never"] if account.began >= until else locale.moment(instant(account.began))


def _added(report: Report, locale: Locale) -> str:
    texts = _TEXTS[locale.language]
    new = [
        each.service.name
        for each in report.accounts
        if each.began is not None and each.began < report.scope.until
    ]
    return f"{texts['added']}: {locale.listed(new)}." if new else texts["no_added"]


def removed(report: Report, locale: Locale) -> list[Block]:
    """Return what is on record of checks that are gone, and ask for what is not."""
    texts = _TEXTS[locale.language]
    if report.scope.owners or report.scope.services:
        return [Blank(asked=texts["removed"], lines=2)]
    table = Table(
        caption=texts["retired"],
        columns=columns(_RETIRED_COLUMNS[locale.language], (1, 1)),
        rows=[(each.check, locale.moment(each.last)) for each in report.retired],
        nothing=texts["no_retired"],
    )
    return [table, Blank(asked=texts["why"], lines=2)] if report.retired else [table]


def _check(account: Account, check: Check, locale: Locale) -> tuple[str, ...]:
    return (
        check.id,
        account.service.name,
        check.type,
        check.target or NONE,
        _length(check.interval, locale),
        _length(check.timeout, locale),
        _TEXTS[locale.language]["retry"].format(
            failures=locale.number(check.failure_threshold),
            retry=_length(check.retry_interval, locale),
        ),
    )


def _length(length: timedelta, locale: Locale) -> str:
    return duration_text(length, locale.language)
