"""The words of the pages, in Indonesian and in English."""

from collections.abc import Mapping

from monitor.domain.status import Status
from monitor.locales import Language

_ID, _EN = Language.ID, Language.EN

# A sign beside each word, so that nothing is told by colour alone.
GLYPHS: Mapping[Status, str] = {
    Status.UP: "✓",
    Status.DEGRADED: "▲",
    Status.DOWN: "✕",
    Status.UNKNOWN: "?",
}

STATUSES: Mapping[Language, Mapping[Status, str]] = {
    _ID: {
        Status.UP: "Normal",
        Status.DEGRADED: "Menurun",
        Status.DOWN: "Gangguan",
        Status.UNKNOWN: "Tidak diketahui",
    },
    _EN: {
        Status.UP: "Operational",
        Status.DEGRADED: "Degraded",
        Status.DOWN: "Outage",
        Status.UNKNOWN: "Unknown",
    },
}

MEANINGS: Mapping[Language, Mapping[Status, str]] = {
    _ID: {
        Status.UP: "layanan menjawab seperti seharusnya",
        Status.DEGRADED: "layanan dapat dipakai, tetapi lambat atau ada yang perlu dibenahi",
        Status.DOWN: "layanan tidak dapat dipakai",
        Status.UNKNOWN: "kami sedang tidak dapat mengukurnya",
    },
    _EN: {
        Status.UP: "the service answers as it should",
        Status.DEGRADED: "the service works, but it is slow or something needs attention",
        Status.DOWN: "the service cannot be used",
        Status.UNKNOWN: "we cannot measure it at the moment",
    },
}

OVERALL: Mapping[Language, Mapping[Status, str]] = {
    _ID: {
        Status.UP: "Semua layanan berjalan normal",
        Status.DEGRADED: "Ada layanan yang menurun",
        Status.DOWN: "Ada layanan yang mengalami gangguan",
        Status.UNKNOWN: "Ada layanan yang keadaannya tidak diketahui",
    },
    _EN: {
        Status.UP: "All services are operational",
        Status.DEGRADED: "Some services are degraded",
        Status.DOWN: "Some services have an outage",
        Status.UNKNOWN: "The state of some services is unknown",
    },
}

PAGE: Mapping[Language, Mapping[str, str]] = {
    _ID: {
        "title": "Status Layanan Digital",
        "since": "sejak",
        "maintained_until": "Pemeliharaan terjadwal, sampai",
        "works": "Pemeliharaan terjadwal",
        "works_lead": "Yang sedang berlangsung, dan yang dijadwalkan dalam 14 hari ke depan. "
        "Selama waktu itu layanan dapat terganggu.",
        "no_works": "Tidak ada pemeliharaan yang dijadwalkan dalam 14 hari ke depan.",
        "more_works": "Masih ada lagi: yang tampil di sini hanya yang paling dekat.",
        "working": "Sedang berlangsung",
        "coming": "Akan datang",
        "until": "sampai",
        "again": "Lagi pada {days}",
        "again_often": "{count} kali lagi sampai {day}",
        "updated": "Pemeriksaan terakhir",
        "never": "Belum ada pemeriksaan. Halaman ini akan terisi dalam beberapa menit.",
        "stale": "Keterangan di bawah ini sudah lama: sejak pemeriksaan terakhir tidak ada yang "
        "baru. Keadaan sebenarnya mungkin sudah berubah.",
        "empty": "Belum ada layanan yang ditampilkan",
        "empty_how": "Hanya layanan yang ditandai untuk umum yang tampil di sini. Pengelola: "
        "tulis public: true pada layanan di checks.yaml, lalu muat ulang konfigurasinya.",
        "services": "Layanan",
        "past": "Riwayat gangguan",
        "open_data": "Data terbuka",
        "legend": "Arti tanda",
        "switch": "English",
        "footer": "Diperiksa otomatis oleh Pantau. Halaman ini diperbarui sendiri setiap menit.",
    },
    _EN: {
        "title": "Digital Service Status",
        "since": "since",
        "maintained_until": "Planned maintenance, until",
        "works": "Planned maintenance",
        "works_lead": "What is going on, and what is planned for the next 14 days. Services may be "
        "disturbed during it.",
        "no_works": "No maintenance is planned for the next 14 days.",
        "more_works": "There is more: only what comes soonest is shown here.",
        "working": "Going on now",
        "coming": "Coming",
        "until": "to",
        "again": "Again on {days}",
        "again_often": "{count} more times until {day}",
        "updated": "Last check",
        "never": "Nothing was checked yet. This page will fill within a few minutes.",
        "stale": "What stands below is old: nothing new came since the last check. Things may "
        "have changed.",
        "empty": "No service is shown yet",
        "empty_how": "Only services marked for the public appear here. Operators: write "
        "public: true at a service in checks.yaml, then reload the configuration.",
        "services": "Services",
        "past": "Past outages",
        "open_data": "Open data",
        "legend": "What the signs mean",
        "switch": "Bahasa Indonesia",
        "footer": "Checked automatically by Pantau. This page renews itself every minute.",
    },
}

PROBES: Mapping[Language, Mapping[str, str]] = {
    _ID: {
        "title": "Pemeriksaan atas permintaan",
        "lead": "Pemeriksaan terakhir yang diminta lewat /probe, yang terbaru di atas. Kegagalan "
        "disimpan lebih lama. Semuanya hilang bila Pantau dimulai ulang, dan tidak mengubah "
        "status layanan mana pun.",
        "caption": "Pemeriksaan terakhir",
        "at": "Waktu",
        "module": "Modul",
        "target": "Sasaran",
        "result": "Hasil",
        "seconds": "Lama (detik)",
        "log": "Catatan",
        "read": "Baca catatan {id}",
        "good": "Berhasil",
        "bad": "Gagal",
        "empty": "Belum ada pemeriksaan yang diminta lewat /probe.",
        "config": "Modul yang berlaku",
        "switch": "English",
    },
    _EN: {
        "title": "Probes on request",
        "lead": "The latest probes that were asked for at /probe, newest first. Failures are kept "
        "for longer. All of them are gone after a restart, and none changes the status of a "
        "service.",
        "caption": "Latest probes",
        "at": "Time",
        "module": "Module",
        "target": "Target",
        "result": "Result",
        "seconds": "Took (seconds)",
        "log": "Log",
        "read": "Read log {id}",
        "good": "Success",
        "bad": "Failure",
        "empty": "Nothing was asked for at /probe yet.",
        "config": "Modules in force",
        "switch": "Bahasa Indonesia",
    },
}

NOT_HERE: Mapping[Language, Mapping[str, str]] = {
    _ID: {
        "title": "Tidak ada halaman di alamat ini",
        "why": "Mungkin alamatnya salah ketik, atau halamannya sudah dipindahkan. Keadaan layanan "
        "dapat dilihat di halaman status.",
        "detail": "Tidak ada apa pun di alamat ini. Daftar data terbuka: "
        "/api/v1/public/katalog.json",
        "all": "Ke halaman status",
        "switch": "English",
    },
    _EN: {
        "title": "There is no page at this address",
        "why": "The address may be mistyped, or the page has moved. How services fare is on the "
        "status page.",
        "detail": "There is nothing at this address. The list of open data: "
        "/api/v1/public/katalog.json",
        "all": "To the status page",
        "switch": "Bahasa Indonesia",
    },
}
