"""Section 4: how figures come about, so that others can compute them, and how sure they are."""

from monitor.domain.availability import MINIMUM_COVERAGE
from monitor.domain.latency import RELATIVE_ERROR
from monitor.domain.timeline import HOLD_FACTOR
from monitor.locales import Language
from monitor.locales.numbers import percent, plain_percent
from monitor.reports.document import Paragraph, Points, Section, Table
from monitor.reports.report import Report
from monitor.reports.sections.locale import NONE, Locale
from monitor.reports.sections.tables import columns

_TEXTS = {
    Language.ID: {
        "title": "4. Metode dan ketidakpastian",
        "sampling": "Pengambilan sampel",
        "formulas": "Rumus dan pembulatan",
        "table": "Besaran dalam laporan ini; U tersedia, D henti, K tidak diketahui, M "
        "pemeliharaan",
        "verdicts": "Putusan terhadap sasaran",
        "doubt": "Ketidakpastian",
        "form": "Bentuk dan keutuhan dokumen",
    },
    Language.EN: {
        "title": "4. Method and uncertainty",
        "sampling": "Sampling",
        "formulas": "Formulas and rounding",
        "table": "Quantities in this report; U up, D down, K unknown, M maintenance",
        "verdicts": "Verdict on the target",
        "doubt": "Uncertainty",
        "form": "Form and integrity of the document",
    },
}
_SAMPLING = {
    Language.ID: (
        (
            "Tiap layanan diperiksa dari titik pantau {vantage} pada selang yang tetap; selang, "
            "batas waktu, dan aturan ulangan tiap pemeriksaan ada di bagian 3. Satu pemeriksaan "
            "menghasilkan satu sampel: tersedia, menurun, terganggu, atau tidak diketahui."
        ),
        (
            "Sebuah sampel berlaku sampai sampel berikutnya, tetapi paling lama {hold} kali selang "
            "pemeriksaan. Selebihnya, dan waktu sebelum sampel pertama, tidak diketahui."
        ),
        (
            "Tidak diketahui bukan berarti terganggu. Bila pemantau berhenti, jaringannya sendiri "
            "putus, server DNS miliknya tidak menjawab, ia kelebihan beban, atau jamnya diubah, "
            "keadaan layanan dicatat tidak diketahui. Waktu itu tidak pernah diisi dengan "
            "perkiraan."
        ),
        (
            "Waktu henti dihitung dari semua sampel, sejak sampel pertama yang gagal, bukan sejak "
            "peringatan dikirim. Keadaan menurun (misalnya lambat) dihitung sebagai tersedia dan "
            "disebutkan tersendiri."
        ),
        (
            "Keadaan layanan pada tiap saat ditentukan dari pemeriksaan-pemeriksaannya menurut "
            "aturan di bagian 3; bila semua pemeriksaan harus berhasil, satu yang gagal berarti "
            "layanan terganggu."
        ),
        (
            "Pemeliharaan yang dicatat sebelum dimulai dikeluarkan dari U, D, dan K. Yang baru "
            "dicatat sesudah dimulai tetap disebut, tetapi tidak mengubah angka."
        ),
        (
            "Bila layanan dijanjikan pada jam tertentu, putusan memakai jam itu. Angka 24×7 "
            "dicantumkan di sebelahnya."
        ),
        (
            "Waktu dihitung dalam bilangan bulat mikrodetik dan perbandingan dalam pecahan tepat. "
            "Hari adalah hari setempat [00.00, 24.00) pada zona {zone}; jumlah semua hari sama "
            "persis dengan angka periode."
        ),
    ),
    Language.EN: (
        (
            "Each service is checked from the vantage point {vantage} at a fixed interval; section "
            "3 has interval, timeout and rule of retries of each check. A check gives one sample: "
            "up, degraded, down or unknown."
        ),
        (
            "A sample holds until the next one, but for {hold} intervals at most. What lies "
            "beyond, and the time before the first sample, is unknown."
        ),
        (
            "Unknown does not mean down. Where the monitor was stopped, its own network was cut, "
            "its DNS server did not answer, it was overloaded or its clock was changed, the state "
            "of services is on record as unknown. That time is never filled with a guess."
        ),
        (
            "Downtime is computed from all samples, from the first failing one on, and not from "
            "when an alert was sent. A degraded state (slow, for one) counts as up and is told "
            "apart."
        ),
        (
            "The state of a service at each instant follows from its checks by the rule in section "
            "3; where all checks must succeed, one that fails means that the service is down."
        ),
        (
            "Maintenance that was on record before it began is taken out of U, D and K. What was "
            "put on record after it began is listed, and changes no figure."
        ),
        (
            "Where a service is promised in certain hours, the verdict goes by these. Figures "
            "around the clock (24×7) stand beside them."
        ),
        (
            "Time is computed in whole microseconds, and ratios as exact fractions. Days are local "
            "days [00:00, 24:00) of the zone {zone}; their sum is exactly the figure of the period."
        ),
    ),
}
_FORMULA_COLUMNS = {
    Language.ID: ("Besaran", "Rumus", "Arti", "Pembulatan"),
    Language.EN: ("Quantity", "Formula", "Meaning", "Rounding"),
}
_FORMULAS = {
    Language.ID: (
        ("Ketersediaan", "U / (U + D)", "bagian tersedia dari waktu yang diketahui", "ke bawah"),
        (
            "Batas bawah",
            "U / (U + D + K)",
            "bila semua waktu tidak diketahui ternyata henti",
            "ke bawah",
        ),
        (
            "Batas atas",
            "(U + K) / (U + D + K)",
            "bila semua waktu tidak diketahui ternyata tersedia",
            "ke atas",
        ),
        (
            "Ketersediaan kotor",
            "(U + U_m) / (U + U_m + D + D_m)",
            "yang dialami warga: pemeliharaan dihitung seperti waktu lain",
            "ke bawah",
        ),
        ("Cakupan pengukuran", "(U + D) / (U + D + K)", "bagian waktu yang diketahui", "ke bawah"),
        (
            "Rerata waktu antar-gangguan",
            "U / n",
            "n: banyaknya rentang henti; tanpa gangguan tidak ada rerata",
            "detik penuh",
        ),
        ("Rerata waktu pemulihan", "D / n", "lama rata-rata satu rentang henti", "detik penuh"),
    ),
    Language.EN: (
        ("Availability", "U / (U + D)", "up, as a share of the known time", "down"),
        ("Lower bound", "U / (U + D + K)", "if all unknown time was down", "down"),
        ("Upper bound", "(U + K) / (U + D + K)", "if all unknown time was up", "up"),
        (
            "Gross availability",
            "(U + U_m) / (U + U_m + D + D_m)",
            "what citizens saw: maintenance counted like any other time",
            "down",
        ),
        ("Coverage", "(U + D) / (U + D + K)", "known time, as a share", "down"),
        (
            "Mean time between outages",
            "U / n",
            "n: number of runs of down; without an outage there is no mean",
            "whole seconds",
        ),
        ("Mean time to recovery", "D / n", "mean length of a run of down", "whole seconds"),
    ),
}
_ROUNDING = {
    Language.ID: "Persentase dicetak dengan tiga desimal. {whole} hanya dicetak bila tidak "
    "ada waktu henti dan tidak ada waktu yang tidak diketahui; bila ada yang "
    "tidak diketahui, tertulis “tidak ada waktu henti terukur”. U_m dan D_m "
    "adalah waktu tersedia dan henti yang terlihat di dalam pemeliharaan. "
    "Rentang henti berakhir pada waktu yang tidak diketahui, pemeliharaan, dan "
    "tepi periode atau jam layanan.",
    Language.EN: "Percentages are printed with three decimals. {whole} is printed only "
    "where nothing was down and nothing unknown; where something was unknown "
    "it says “no downtime measured”. U_m and D_m are the time up and down that "
    "was seen within maintenance. A run of down ends at unknown time, at "
    "maintenance, and at the edges of the period or of service hours.",
}
_VERDICTS = {
    Language.ID: (
        (
            "Memenuhi: batas bawah sekurang-kurangnya sama dengan sasaran. Layanan memenuhi "
            "sasaran, apa pun yang terjadi selama waktu yang tidak diketahui."
        ),
        "Tidak memenuhi: batas atas pun di bawah sasaran.",
        (
            "Tidak dapat disimpulkan: sasaran terletak di antara kedua batas, atau cakupan "
            "pengukuran di bawah {coverage}."
        ),
        (
            "Yang dibandingkan dengan sasaran adalah pecahan tepatnya, bukan angka yang sudah "
            "dibulatkan."
        ),
    ),
    Language.EN: (
        (
            "Met: even the lower bound reaches the target. The service met it, whatever happened "
            "in the time that is unknown."
        ),
        "Missed: even the upper bound lies below the target.",
        "Inconclusive: the target lies between the bounds, or the coverage is below {coverage}.",
        "What is compared with the target is the exact fraction, and not the rounded figure.",
    ),
}
_DOUBT = {
    Language.ID: (
        (
            "Gangguan yang lebih pendek daripada selang pemeriksaan dapat tidak terlihat. Jumlah "
            "waktu henti karenanya tidak condong ke salah satu arah, tetapi banyaknya gangguan "
            "dapat terlalu kecil."
        ),
        (
            "Mulai dan selesainya tiap rentang henti diketahui sampai satu selang P. Keadaan "
            "terburuk untuk n rentang adalah D ± n × P (kolom “Resolusi” di bagian 5); simpangan "
            "baku D adalah P × √(n / 6)."
        ),
        "Waktu tanggap diambil dari histogram; tiap persentil tepat sampai {relative}.",
        (
            "Semua pengukuran berasal dari satu titik pantau. Gangguan di antara titik itu dan "
            "layanan tidak dapat dibedakan dari gangguan layanan, kecuali bila jaringan pemantau "
            "sendiri yang putus."
        ),
    ),
    Language.EN: (
        (
            "An outage that is shorter than the interval may go unseen. The total of downtime "
            "leans to neither side for that, but the number of outages may be too low."
        ),
        (
            "Beginning and end of each run of down are known to one interval P. The worst case for "
            "n runs is D ± n × P (column “Resolution” in section 5); the standard deviation of D "
            "is P × √(n / 6)."
        ),
        "Response times are taken from a histogram; each percentile is within {relative}.",
        (
            "All measurements come from one vantage point. A fault between it and a service can't "
            "be told from one of the service, except where it is the monitor's own network that is "
            "cut."
        ),
    ),
}
_FORM = {
    Language.ID: (
        (
            "Bentuk PDF dibuat menurut profil PDF/A-3a (arsip jangka panjang) dan PDF/UA-1 (dapat "
            "dibaca dengan pembaca layar). “Dibuat menurut profil” berarti penyusunannya mengikuti "
            "aturan profil itu; kesesuaiannya belum diperiksa oleh program penguji yang berdiri "
            "sendiri."
        ),
        "Data yang sama menghasilkan dokumen yang sama sampai ke tiap bita.",
        (
            "Sampel dan kejadian tidak pernah diubah sesudah dicatat. Koreksi berdiri di "
            "sampingnya, dengan siapa, kapan, mengapa, dan atas bukti apa (bagian 10)."
        ),
        (
            "Buku catatan (ledger) hanya dapat ditambah. Ukuran dan akarnya di halaman judul "
            "menetapkan isinya; siapa pun yang memegang salinan akar itu dapat memeriksa bahwa "
            "tidak ada yang diubah atau dibuang di belakangnya."
        ),
    ),
    Language.EN: (
        (
            "The PDF is made to the profiles PDF/A-3a (long-term archives) and PDF/UA-1 (readable "
            "with screen readers). “Made to the profile” means that it was composed by the rules "
            "of the profile; no independent program has tested that it conforms."
        ),
        "The same data give the same document, to the byte.",
        (
            "Samples and events are never changed once they are on record. A correction stands "
            "beside them, with who made it, when, why and on what evidence (section 10)."
        ),
        (
            "The ledger can only be added to. Its size and root on the title page fix what is in "
            "it: whoever holds a copy of that root can verify that nothing was changed or removed "
            "behind it."
        ),
    ),
}


def method(report: Report, locale: Locale) -> Section:
    """Return the section."""
    texts, language = _TEXTS[locale.language], locale.language
    values = {
        "vantage": report.provenance.vantage,
        "zone": report.scope.zone,
        "hold": locale.number(HOLD_FACTOR, places=1),
        "coverage": plain_percent(MINIMUM_COVERAGE, language),
        "relative": plain_percent(RELATIVE_ERROR, language),
    }

    def points(texts: tuple[str, ...]) -> Points:
        return Points(items=[text.format(**values) for text in texts])

    formulas = Table(
        caption=texts["table"],
        columns=columns(_FORMULA_COLUMNS[language], (4, 5, 8, 2)),
        rows=_FORMULAS[language],
        nothing=NONE,
    )
    rounding = Paragraph(text=_ROUNDING[language].format(whole=percent(1, language)))
    parts = {
        "sampling": (points(_SAMPLING[language]),),
        "formulas": (formulas, rounding),
        "verdicts": (points(_VERDICTS[language]),),
        "doubt": (points(_DOUBT[language]),),
        "form": (points(_FORM[language]),),
    }
    return Section(
        id="method",
        title=texts["title"],
        blocks=(),
        parts=[
            Section(id=f"method-{name}", title=texts[name], blocks=blocks)
            for name, blocks in parts.items()
        ],
    )
