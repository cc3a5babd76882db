"""What sheets of a report's workbook are called, and their columns, in Indonesian and English."""

from collections.abc import Mapping, Sequence

from monitor.domain.check import Affects
from monitor.domain.incident import Concern
from monitor.locales import Language

TITLES: Mapping[Language, Mapping[str, str]] = {
    Language.ID: {
        "summary": "Ringkasan",
        "daily": "Harian",
        "incidents": "Gangguan",
        "maintenance": "Pemeliharaan",
        "corrections": "Koreksi",
        "completeness": "Kelengkapan",
    },
    Language.EN: {
        "summary": "Summary",
        "daily": "Daily",
        "incidents": "Incidents",
        "maintenance": "Maintenance",
        "corrections": "Corrections",
        "completeness": "Completeness",
    },
}
IDENTITY: Mapping[Language, Mapping[str, str]] = {
    Language.ID: {
        "from": "Dari",
        "until": "Sampai (tidak termasuk)",
        "known": "Diketahui sampai",
        "zone": "Zona waktu",
        "owner": "OPD",
        "services": "Layanan",
        "number": "Nomor",
        "version": "Versi",
        "digest": "Sidik data (SHA-256 laporan.json)",
        "software": "Perangkat lunak",
        "configuration": "Nilai hash konfigurasi",
        "ledger": "Jejak audit: nama, jumlah entri, akar",
    },
    Language.EN: {
        "from": "From",
        "until": "Until (not included)",
        "known": "Known until",
        "zone": "Time zone",
        "owner": "Owner",
        "services": "Services",
        "number": "Number",
        "version": "Version",
        "digest": "Data fingerprint (SHA-256 of laporan.json)",
        "software": "Software",
        "configuration": "Hash of the configuration",
        "ledger": "Ledger: name, entries, root",
    },
}
WORDS: Mapping[Language, Mapping[str, str]] = {
    Language.ID: {
        "measured": "sebelum koreksi",
        "yes": "ya",
        "no": "tidak",
        "seconds": "detik",
    },
    Language.EN: {
        "measured": "before corrections",
        "yes": "yes",
        "no": "no",
        "seconds": "seconds",
    },
}
CONCERNS: Mapping[Language, Mapping[Concern, str]] = {
    Language.ID: {
        Concern.OUTAGE: "gangguan",
        Concern.DEGRADATION: "menurun",
        Concern.EXPIRY: "masa berlaku berakhir",
    },
    Language.EN: {
        Concern.OUTAGE: "outage",
        Concern.DEGRADATION: "degraded",
        Concern.EXPIRY: "expiry",
    },
}
AFFECTED: Mapping[Language, Mapping[Affects, str]] = {
    Language.ID: {
        Affects.AVAILABILITY: "ketersediaan",
        Affects.SECURITY: "keamanan",
        Affects.NONE: "tidak dihitung",
    },
    Language.EN: {
        Affects.AVAILABILITY: "availability",
        Affects.SECURITY: "security",
        Affects.NONE: "nothing that counts",
    },
}
_FIGURES = {
    Language.ID: (
        *("Ketersediaan (%)", "Ketersediaan, tepat", "Batas bawah (%)", "Batas bawah, tepat"),
        *("Batas atas (%)", "Batas atas, tepat", "Kotor (%)", "Kotor, tepat"),
        *("Cakupan (%)", "Cakupan, tepat", "Tersedia (detik)", "Termasuk menurun (detik)"),
        *("Waktu henti (detik)", "Tidak diketahui (detik)", "Pemeliharaan (detik)"),
        *("Tersedia dalam pemeliharaan (detik)", "Waktu henti dalam pemeliharaan (detik)"),
        *("Seluruhnya (detik)", "Gangguan", "Sampel diharapkan", "Sampel diterima"),
    ),
    Language.EN: (
        *("Availability (%)", "Availability, exact", "Lower bound (%)", "Lower bound, exact"),
        *("Upper bound (%)", "Upper bound, exact", "Gross (%)", "Gross, exact"),
        *("Coverage (%)", "Coverage, exact", "Up (seconds)", "Of these degraded (seconds)"),
        *("Downtime (seconds)", "Unknown (seconds)", "Maintenance (seconds)"),
        *("Up in maintenance (seconds)", "Down in maintenance (seconds)"),
        *("Total (seconds)", "Outages", "Expected samples", "Received samples"),
    ),
}
HEADINGS: Mapping[Language, Mapping[str, Sequence[str]]] = {
    Language.ID: {
        "summary": (
            *("Layanan", "Nama", "OPD", "Tingkat", "Jam layanan", "Catatan"),
            *("Sasaran (%)", "Sasaran, tepat", "Dasar", "Putusan"),
            *_FIGURES[Language.ID],
            *("Rerata antar-gangguan (detik)", "Rerata pemulihan (detik)"),
        ),
        "daily": (
            *("Layanan", "Nama", "OPD", "Tanggal", "Jam layanan"),
            *_FIGURES[Language.ID],
            *("Waktu tanggap p50 (detik)", "p95 (detik)", "p99 (detik)"),
        ),
        "incidents": (
            *("Gangguan", "Layanan", "Jenis", "Menyangkut", "Mulai ({zone})"),
            *("Selesai ({zone})", "Lama (detik)", "Pemeriksaan", "Sebab teramati"),
            *("Sebab terkonfirmasi", "Keterangan", "Catatan"),
        ),
        "maintenance": (
            *("Layanan", "Pemeliharaan", "Mulai ({zone})", "Selesai ({zone})"),
            *("Dihitung dari ({zone})", "Dihitung sampai ({zone})", "Dicatat setelah mulai"),
            *("Disetujui oleh", "Alasan", "Dicatat pada ({zone})", "Dicatat oleh"),
            *("Dibatalkan pada ({zone})", "Dibatalkan oleh", "Alasan pembatalan"),
        ),
        "corrections": (
            *("Layanan", "Koreksi", "Pemeriksaan", "Mulai ({zone})", "Selesai ({zone})"),
            *("Status", "Alasan", "Bukti", "Oleh", "Pada ({zone})"),
            *("Dicabut pada ({zone})", "Dicabut oleh", "Alasan pencabutan"),
        ),
        "completeness": (
            *("Layanan", "Nama", "Pemeriksaan", "Pemantauan dimulai ({zone})"),
            *("Sampel diharapkan", "Sampel diterima", "Cakupan (%)", "Cakupan, tepat"),
            "Tidak diketahui (detik)",
        ),
    },
    Language.EN: {
        "summary": (
            *("Service", "Name", "Owner", "Criticality", "Hours", "Note"),
            *("Target (%)", "Target, exact", "Basis", "Verdict"),
            *_FIGURES[Language.EN],
            *("MTBF (seconds)", "MTTR (seconds)"),
        ),
        "daily": (
            *("Service", "Name", "Owner", "Date", "Hours"),
            *_FIGURES[Language.EN],
            *("Response time p50 (seconds)", "p95 (seconds)", "p99 (seconds)"),
        ),
        "incidents": (
            *("Incident", "Service", "Kind", "Affects", "Start ({zone})"),
            *("End ({zone})", "Duration (seconds)", "Checks", "Observed cause"),
            *("Confirmed cause", "Remark", "Notes"),
        ),
        "maintenance": (
            *("Service", "Window", "Start ({zone})", "End ({zone})"),
            *("Counted from ({zone})", "Counted until ({zone})", "Put down after it began"),
            *("Approved by", "Reason", "Put down at ({zone})", "Put down by"),
            *("Cancelled at ({zone})", "Cancelled by", "Reason of that"),
        ),
        "corrections": (
            *("Service", "Correction", "Check", "Start ({zone})", "End ({zone})"),
            *("Status", "Reason", "Evidence", "By", "At ({zone})"),
            *("Withdrawn at ({zone})", "Withdrawn by", "Reason of that"),
        ),
        "completeness": (
            *("Service", "Name", "Checks", "Watched since ({zone})"),
            *("Expected samples", "Received samples", "Coverage (%)", "Coverage, exact"),
            "Unknown (seconds)",
        ),
    },
}
