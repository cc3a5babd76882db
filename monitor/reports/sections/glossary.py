"""Section 13: what the words of the report mean."""

from monitor.locales import Language
from monitor.reports.document import Section, Table
from monitor.reports.report import Report
from monitor.reports.sections.locale import NONE, Locale
from monitor.reports.sections.tables import columns

_TITLES = {Language.ID: "13. Daftar istilah", Language.EN: "13. Glossary"}
_CAPTIONS = {Language.ID: "Istilah dan artinya", Language.EN: "Words and what they mean"}
_COLUMNS = {Language.ID: ("Istilah", "Arti"), Language.EN: ("Word", "Meaning")}
_WORDS = {
    Language.ID: (
        (
            "Batas atas, batas bawah",
            (
                "Ketersediaan bila seluruh waktu yang tidak diketahui ternyata tersedia, dan bila "
                "ternyata henti."
            ),
        ),
        (
            "Buku catatan (ledger)",
            "Catatan bertanda tangan yang hanya dapat ditambah; perubahan di dalamnya ketahuan.",
        ),
        ("Cakupan pengukuran", "Bagian waktu, di luar pemeliharaan, yang keadaannya diketahui."),
        (
            "Dijembatani",
            (
                "Waktu yang keadaannya ditahan lebih dari satu selang karena sampel berikutnya "
                "terlambat."
            ),
        ),
        ("Gangguan", "Rentang waktu ketika layanan tidak dapat dipakai, menurut pemeriksaan."),
        ("Jam layanan", "Waktu ketika layanan dijanjikan; 24×7 berarti sepanjang waktu."),
        (
            "Jatah waktu henti",
            "Waktu henti yang masih diizinkan oleh sasaran dalam satu periode (error budget).",
        ),
        ("Ketersediaan kotor", "Ketersediaan bila waktu pemeliharaan dihitung seperti waktu lain."),
        ("Ketersediaan layanan", "Bagian tersedia dari waktu yang keadaannya diketahui."),
        (
            "Koreksi",
            (
                "Pernyataan bertanggung jawab bahwa yang tercatat keliru, dengan alasan dan bukti; "
                "catatan aslinya tetap."
            ),
        ),
        ("Menurun", "Layanan dapat dipakai, tetapi lambat atau ada yang perlu dibenahi."),
        (
            "p50, p95, p99",
            "Waktu tanggap yang tidak dilampaui oleh 50, 95, dan 99 dari 100 jawaban.",
        ),
        (
            "Pemeliharaan terjadwal",
            "Pekerjaan yang dicatat sebelum dimulai, dan dikeluarkan dari perhitungan.",
        ),
        ("Rerata waktu antar-gangguan", "Waktu tersedia dibagi banyaknya rentang henti (MTBF)."),
        ("Rerata waktu pemulihan", "Waktu henti dibagi banyaknya rentang henti (MTTR)."),
        ("Sampel", "Hasil satu pemeriksaan pada satu saat."),
        ("Sasaran", "Ketersediaan yang dijanjikan, dengan dasar yang disebut di bagian 2."),
        ("Selang pemeriksaan", "Jarak waktu antara dua pemeriksaan."),
        ("Sidik data", "Nilai hash SHA-256 dari laporan.json; data lain menghasilkan nilai lain."),
        (
            "Tidak diketahui",
            (
                "Waktu ketika keadaan layanan tidak dapat diukur; bukan waktu tersedia dan bukan "
                "waktu "
                "henti."
            ),
        ),
        ("Titik pantau", "Tempat pemeriksaan dilakukan."),
        ("Waktu henti", "Waktu ketika layanan terganggu, di luar pemeliharaan terjadwal."),
    ),
    Language.EN: (
        ("Availability", "Up, as a share of the time whose state is known."),
        (
            "Bridged",
            "Time whose state was held past one interval because the next sample was late.",
        ),
        (
            "Correction",
            (
                "Somebody's statement that a record is wrong, with reason and evidence; the record "
                "stays."
            ),
        ),
        ("Coverage", "The share of time, outside maintenance, whose state is known."),
        ("Data hash", "The SHA-256 of laporan.json; other data have another one."),
        ("Degraded", "The service works, but it is slow or something needs attention."),
        ("Downtime", "Time in which the service was down, outside scheduled maintenance."),
        ("Error budget", "The downtime that a target allows in a period."),
        ("Gross availability", "Availability with maintenance counted like any other time."),
        ("Interval", "The time from one check to the next."),
        ("Ledger", "Signed records that can only be added to; a change in them is found out."),
        (
            "Lower, upper bound",
            "Availability if all unknown time was down, and if all of it was up.",
        ),
        ("MTBF", "Mean time between outages: time up, divided by the number of runs of down."),
        ("MTTR", "Mean time to recovery: time down, divided by the number of runs of down."),
        ("Outage", "A stretch of time in which a service could not be used, as its checks saw it."),
        ("p50, p95, p99", "Response times that 50, 95 and 99 of 100 answers did not exceed."),
        ("Sample", "What one check found at one instant."),
        (
            "Scheduled maintenance",
            "Work that was on record before it began, and is left out of figures.",
        ),
        ("Service hours", "When a service is promised; 24×7 is around the clock."),
        ("Target", "The availability that was promised, on the basis that section 2 names."),
        (
            "Unknown",
            "Time in which the state of a service could not be measured: neither up nor down.",
        ),
        ("Vantage point", "Where checks are made from."),
    ),
}


def glossary(_: Report, locale: Locale) -> Section:
    """Return the section."""
    table = Table(
        caption=_CAPTIONS[locale.language],
        columns=columns(_COLUMNS[locale.language], (2, 7)),
        rows=_WORDS[locale.language],
        nothing=NONE,
        whole=True,
    )
    return Section(id="glossary", title=_TITLES[locale.language], blocks=(table,))
