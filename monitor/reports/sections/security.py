"""Section 11: certificates, names and content: what is no downtime, and matters all the same."""

from collections.abc import Iterable

from monitor.domain.check import Affects
from monitor.domain.expiry import Ending
from monitor.domain.incident import Concern
from monitor.domain.observation import FailureKind
from monitor.locales import Language
from monitor.reports.document import Paragraph, Section, Table
from monitor.reports.report import Report, Told
from monitor.reports.sections.incidents import observed_cause
from monitor.reports.sections.locale import TO_FILL, Locale
from monitor.reports.sections.outages import outages_of
from monitor.reports.sections.tables import columns

_NAMES_AND_CERTIFICATES = tuple(
    kind
    for kind in FailureKind
    if kind.value.startswith(("tls_", "resolve_")) or kind is FailureKind.DNSSEC
)

_TEXTS = {
    Language.ID: {
        "title": "11. Sertifikat, DNS, dan keaslian isi",
        "rule": "Temuan di bagian ini bukan waktu henti, kecuali bila disebut sebagai "
        "gangguan. Layanan yang isinya tidak asli tetap dihitung tersedia; yang "
        "terjadi adalah insiden keamanan, dan diperlakukan menurut aturan "
        "tersendiri.",
        "expiry": "Sertifikat dan nama domain yang masa berlakunya segera atau sudah berakhir",
        "no_expiry": "Tidak ada sertifikat atau nama domain yang masa berlakunya segera berakhir.",
        "security": "Temuan keamanan dan keaslian isi",
        "no_security": "Tidak ada temuan keamanan atau keaslian isi yang tercatat dalam periode.",
        "outages": "Gangguan yang sebabnya sertifikat atau DNS",
        "no_outages": "Tidak ada gangguan yang sebabnya sertifikat atau DNS.",
        "certificate": "sertifikat",
        "domain": "nama domain",
        "renewed": "diperbarui, kini sampai {until}",
        "over": "selesai {at}",
        "open": "belum selesai",
    },
    Language.EN: {
        "title": "11. Certificates, DNS and integrity of content",
        "rule": "What is found here is no downtime, except where it says outage. A service "
        "whose content is not authentic counts as up; it is a security incident, "
        "and treated by rules of its own.",
        "expiry": "Certificates and domain names that end soon, or have ended",
        "no_expiry": "No certificate or domain name ends soon.",
        "security": "Findings on security and integrity of content",
        "no_security": "No finding on security or integrity of content is on record in the period.",
        "outages": "Outages because of certificates or the DNS",
        "no_outages": "No outage was because of certificates or the DNS.",
        "certificate": "certificate",
        "domain": "domain name",
        "renewed": "renewed, now until {until}",
        "over": "over at {at}",
        "open": "not over yet",
    },
}
_EXPIRY_COLUMNS = {
    Language.ID: ("Layanan", "Jenis", "Nama", "Berakhir", "Keadaan"),
    Language.EN: ("Service", "Kind", "Name", "Ends", "State"),
}
_COLUMNS = {
    Language.ID: ("Insiden", "Layanan", "Mulai", "Selesai", "Temuan", "Keterangan, tindak lanjut"),
    Language.EN: ("Incident", "Service", "Start", "End", "Finding", "Remarks, follow-up"),
}


def security(report: Report, locale: Locale) -> Section:
    """Return the section."""
    texts = _TEXTS[locale.language]
    findings = [each for each in report.incidents if each.incident.affects is Affects.SECURITY]
    outages = [each for each in outages_of(report, Concern.OUTAGE) if _is_by_name(each)]
    expiry = Table(
        caption=texts["expiry"],
        columns=columns(_EXPIRY_COLUMNS[locale.language], (5, 2, 5, 4, 5)),
        rows=[_expiry(each, report, locale) for each in report.incidents if each.incident.expiry],
        nothing=texts["no_expiry"],
    )
    return Section(
        id="certificates",
        title=texts["title"],
        blocks=(
            Paragraph(text=texts["rule"]),
            expiry,
            _table(findings, texts["security"], texts["no_security"], report, locale),
            _table(outages, texts["outages"], texts["no_outages"], report, locale),
        ),
    )


def _is_by_name(told: Told) -> bool:
    return any(
        one.failure is not None and one.failure.kind in _NAMES_AND_CERTIFICATES
        for one in told.incident.checks
    )


def _name(told: Told, report: Report) -> str:
    id_ = told.incident.service
    return next(each.service.name for each in report.accounts if each.service.id == id_)


def _expiry(told: Told, report: Report, locale: Locale) -> tuple[str, ...]:
    ending, texts = told.incident.expiry, _TEXTS[locale.language]
    if ending is None:
        return ()
    return (
        _name(told, report),
        texts["certificate" if ending.of is Ending.CERTIFICATE else "domain"],
        ending.name,
        locale.moment(ending.expires_at),
        texts["renewed"].format(until=locale.moment(ending.until))
        if ending.until
        else _end(told, locale),
    )


def _end(told: Told, locale: Locale) -> str:
    texts, ended = _TEXTS[locale.language], told.incident.ended_at
    return texts["open"] if ended is None else texts["over"].format(at=locale.moment(ended))


def _table(
    found: Iterable[Told], caption: str, nothing: str, report: Report, locale: Locale
) -> Table:
    return Table(
        caption=caption,
        columns=columns(_COLUMNS[locale.language], (4, 4, 4, 4, 6, 4)),
        rows=[_row(told, report, locale) for told in found],
        nothing=nothing,
    )


def _row(told: Told, report: Report, locale: Locale) -> tuple[str, ...]:
    incident = told.incident
    return (
        incident.id,
        _name(told, report),
        locale.moment(incident.started_at),
        _TEXTS[locale.language]["open"]
        if incident.ended_at is None
        else locale.moment(incident.ended_at),
        observed_cause(incident, {}, locale),
        report.wording.remarks.get(incident.id) or TO_FILL,
    )
