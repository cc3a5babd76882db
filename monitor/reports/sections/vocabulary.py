"""The words that several sections share."""

from collections.abc import Mapping
from fractions import Fraction

from monitor.domain.availability import Verdict
from monitor.domain.observation import Status
from monitor.domain.service import Criticality
from monitor.locales import Language
from monitor.locales.numbers import plain_percent
from monitor.locales.shares import VERDICTS
from monitor.reports.report import Account
from monitor.reports.sections.locale import NONE, Locale

ROUND_THE_CLOCK = "24×7"

STATUSES: Mapping[Language, Mapping[Status, str]] = {
    Language.ID: {
        Status.UP: "tersedia",
        Status.DEGRADED: "menurun",
        Status.DOWN: "terganggu",
        Status.UNKNOWN: "tidak diketahui",
    },
    Language.EN: {
        Status.UP: "up",
        Status.DEGRADED: "degraded",
        Status.DOWN: "down",
        Status.UNKNOWN: "unknown",
    },
}

CRITICALITIES: Mapping[Language, Mapping[Criticality, str]] = {
    Language.ID: {
        Criticality.SANGAT_KRITIS: "sangat kritis",
        Criticality.KRITIS: "kritis",
        Criticality.PENTING: "penting",
        Criticality.BIASA: "biasa",
    },
    Language.EN: {
        Criticality.SANGAT_KRITIS: "most critical",
        Criticality.KRITIS: "critical",
        Criticality.PENTING: "important",
        Criticality.BIASA: "ordinary",
    },
}

FIGURES: Mapping[Language, Mapping[str, str]] = {
    Language.ID: {
        "availability": "Ketersediaan",
        "lower": "Batas bawah",
        "upper": "Batas atas",
        "gross": "Ketersediaan kotor",
        "coverage": "Cakupan",
        "up": "Waktu tersedia",
        "down": "Waktu henti",
        "unknown": "Waktu tidak diketahui",
        "maintenance": "Waktu pemeliharaan",
        "outages": "Gangguan",
        "expected": "Sampel diharapkan",
        "received": "Sampel diterima",
        "verdict": "Putusan",
        "service": "Layanan dalam laporan",
        "period": "Periode",
        "asked": "Ruang lingkup",
        "policy": "Aturan hitung",
        "wording": "Isian penyusun",
        "group": "Angka seluruh layanan",
        "incidents": "Daftar gangguan",
        "marks": "Kejadian pada pemantau",
        "configurations": "Konfigurasi",
        "retired": "Pemeriksaan yang dihapus",
        "name": "Nama",
        "owner": "Pemilik",
        "criticality": "Kekritisan",
        "rule": "Aturan gabungan pemeriksaan",
        "began": "Mulai dipantau",
        "checks": "Pemeriksaan",
        "target": "Sasaran",
        "figures": "Angka lain",
        "as_measured": "Angka sebelum koreksi",
        "response": "Waktu tanggap",
        "corrections": "Koreksi",
        "work": "Pemeliharaan",
        "carved": "Waktu yang dikeluarkan",
        "open_hours": "Jam layanan",
        "days": "Angka harian",
    },
    Language.EN: {
        "availability": "Availability",
        "lower": "Lower bound",
        "upper": "Upper bound",
        "gross": "Gross availability",
        "coverage": "Coverage",
        "up": "Uptime",
        "down": "Downtime",
        "unknown": "Unknown time",
        "maintenance": "Maintenance time",
        "outages": "Outages",
        "expected": "Expected samples",
        "received": "Received samples",
        "verdict": "Verdict",
        "service": "Service in the report",
        "period": "Period",
        "asked": "Scope",
        "policy": "Rules of reckoning",
        "wording": "What people wrote",
        "group": "Figures of all services",
        "incidents": "List of incidents",
        "marks": "Events of the monitor",
        "configurations": "Configurations",
        "retired": "Checks that were removed",
        "name": "Name",
        "owner": "Owner",
        "criticality": "Criticality",
        "rule": "Rule for its checks",
        "began": "Watched since",
        "checks": "Checks",
        "target": "Target",
        "figures": "Other figures",
        "as_measured": "Figures before corrections",
        "response": "Response times",
        "corrections": "Corrections",
        "work": "Maintenance",
        "carved": "Excluded time",
        "open_hours": "Service hours",
        "days": "Daily figures",
    },
}


def target(account: Account, locale: Locale) -> str:
    """Return the target as it was written, a dash without one."""
    sla = account.service.sla
    return plain_percent(sla.target, locale.language) if sla else NONE


def share_target(account: Account) -> Fraction | None:
    """Return the target as a share, None without one."""
    sla = account.service.sla
    return sla.target if sla else None


def verdict_text(verdict: Verdict | None, locale: Locale) -> str:
    """Return a verdict in words, a dash where there is no target."""
    return NONE if verdict is None else VERDICTS[locale.language][verdict]


def hours(account: Account) -> str:
    """Return the hours that were promised."""
    return account.hours or ROUND_THE_CLOCK
