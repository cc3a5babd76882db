"""Open data in words: the tables, their columns, and what each holds, in both languages."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Variable:
    """A column: its name, what it holds, its type and unit, and what it says."""

    name: str
    kind: str
    unit: str
    id: str
    en: str


@dataclass(frozen=True, slots=True)
class Words:
    """The same in Indonesian and in English."""

    id: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A data set: `name` is that of its files.

    Concept, definition, classification, measure and unit are what Presidential Regulation 39/2019
    calls the standard of data.
    """

    name: str
    title: Words
    description: Words
    concept: str
    classification: str
    measure: str
    units: Sequence[str]
    variables: Sequence[Variable]


METHOD = Words(
    "Dihitung dari sampel pemeriksaan berkala; waktu yang tidak diamati tidak dihitung sebagai "
    "waktu tersedia maupun waktu henti. Pemeliharaan terjadwal yang dicatat sebelum dimulai tidak "
    "dihitung. Nilai yang dikoreksi disertai nilai sebelum dikoreksi.",
    "Computed from samples of regular checks; time that nobody watched counts neither as up nor "
    "as down. Planned maintenance on record before it began is left out. Where figures were "
    "corrected, those before the correction stand beside them.",
)

_SERVICE = (
    Variable("layanan", "teks", "", "Tanda pengenal layanan", "Identifier of the service"),
    Variable("nama_layanan", "teks", "", "Nama layanan", "Name of the service"),
    Variable("penanggung_jawab", "teks", "", "Perangkat daerah yang bertanggung jawab", "Owner"),
)

_DAYS = (
    *_SERVICE,
    Variable("tanggal", "tanggal", "", "Hari menurut zona waktu data", "Day in the data's zone"),
    Variable(
        "jam_layanan",
        "teks",
        "",
        "24x7, atau nama kalender jam layanan yang dijanjikan",
        "24x7, or the calendar of the promised hours",
    ),
    Variable(
        "ketersediaan_persen",
        "angka",
        "%",
        "Waktu tersedia dibagi jumlah waktu tersedia dan waktu henti, dibulatkan ke bawah; "
        "kosong bila tiga desimal menyatakan lebih dari yang terukur",
        "Up over up and down, rounded down; empty where three decimals say too much",
    ),
    Variable(
        "ketersediaan_tepat",
        "pecahan",
        "",
        "Nilai yang sama sebagai pecahan tepat; kosong bila tidak ada yang terukur",
        "The same as an exact fraction; empty where nothing was measured",
    ),
    Variable(
        "sebelum_koreksi_tepat",
        "pecahan",
        "",
        "Ketersediaan seperti yang terukur, sebelum koreksi; kosong bila tidak ada koreksi yang "
        "berlaku dalam periode data",
        "Availability as it was measured, before corrections; empty where none counts in the "
        "period of the data",
    ),
    Variable(
        "cakupan_tepat",
        "pecahan",
        "",
        "Bagian waktu yang diketahui keadaannya",
        "Share of time of which the state is known",
    ),
    Variable("naik", "bilangan bulat", "mikrodetik", "Waktu tersedia", "Time up"),
    Variable("turun", "bilangan bulat", "mikrodetik", "Waktu henti", "Time down"),
    Variable(
        "tidak_diketahui",
        "bilangan bulat",
        "mikrodetik",
        "Lama keadaan tidak diketahui; bukan waktu tersedia, bukan pula waktu henti",
        "Time unknown; counted neither as up nor as down",
    ),
    Variable(
        "pemeliharaan",
        "bilangan bulat",
        "mikrodetik",
        "Lama pemeliharaan terjadwal; di luar ketersediaan",
        "Time in planned maintenance; outside availability",
    ),
)

_OUTAGES = (
    Variable("gangguan", "teks", "", "Tanda pengenal gangguan", "Identifier of the outage"),
    *_SERVICE,
    Variable("mulai", "waktu", "UTC", "Kegagalan pertama", "First failure"),
    Variable(
        "selesai",
        "waktu",
        "UTC",
        "Keberhasilan pertama sesudahnya; kosong bila belum selesai pada akhir data",
        "First success after it; empty where not over by the end of the data",
    ),
    Variable(
        "dalam_pemeliharaan",
        "ya/tidak",
        "",
        "Apakah terjadi selama pemeliharaan terjadwal",
        "Whether it happened during planned maintenance",
    ),
)

_WORK = (
    *_SERVICE,
    Variable("mulai", "waktu", "UTC", "Awal menurut rencana", "Planned beginning"),
    Variable("selesai", "waktu", "UTC", "Akhir menurut rencana", "Planned end"),
    Variable(
        "diketahui_sejak",
        "waktu",
        "UTC",
        "Sejak kapan rencana ini tercatat",
        "Since when the plan is on record",
    ),
    Variable(
        "mengubah_angka",
        "ya/tidak",
        "",
        "Apakah waktunya dikeluarkan dari ketersediaan; tidak bila baru dicatat sesudah dimulai, "
        "atau bila hanya sebagian pemeriksaan layanan yang tercakup",
        "Whether its time is left out of availability; not where it was put down after it began, "
        "or covers only some checks of the service",
    ),
    Variable(
        "dibatalkan",
        "waktu",
        "UTC",
        "Kapan dibatalkan; kosong bila tidak",
        "When it was cancelled; empty where it was not",
    ),
    Variable("keterangan", "teks", "", "Penjelasan untuk umum", "What is said of it to the public"),
)

_CORRECTIONS = (
    *_SERVICE,
    Variable("mulai", "waktu", "UTC", "Awal waktu yang dikoreksi", "Beginning of what it is about"),
    Variable("selesai", "waktu", "UTC", "Akhir waktu yang dikoreksi", "End of what it is about"),
    Variable(
        "lingkup",
        "teks",
        "",
        "layanan: seluruh layanan; pemeriksaan: salah satu pemeriksaannya",
        "layanan: the whole service; pemeriksaan: one of its checks",
    ),
    Variable(
        "keadaan",
        "teks",
        "",
        "Keadaan yang sebenarnya: naik (tersedia), menurun, turun (terhenti), tidak_diketahui",
        "How it really was: naik up, menurun degraded, turun down, tidak_diketahui unknown",
    ),
    Variable("dicatat", "waktu", "UTC", "Kapan koreksi dicatat", "When it was put down"),
    Variable(
        "ditarik",
        "waktu",
        "UTC",
        "Kapan koreksi ditarik; kosong bila masih berlaku",
        "When it was withdrawn; empty where it counts",
    ),
)

AVAILABILITY = Table(
    name="ketersediaan",
    title=Words("Ketersediaan harian layanan digital", "Daily availability of digital services"),
    description=Words(
        "Satu baris untuk setiap layanan publik dan hari: berapa lama layanan tersedia, "
        "terhenti, tidak diketahui keadaannya, dan dalam pemeliharaan terjadwal.",
        "A line for each public service and day: how long it was up, down, unknown, and in "
        "planned maintenance.",
    ),
    concept="Ketersediaan layanan digital",
    classification="Layanan, hari, jam layanan",
    measure="Lama waktu menurut keadaan, dan bagian waktu tersedia",
    units=("%", "mikrodetik"),
    variables=_DAYS,
)
OUTAGES = Table(
    name="gangguan",
    title=Words("Gangguan layanan digital", "Outages of digital services"),
    description=Words(
        "Satu baris untuk setiap gangguan yang menyentuh periode data: kapan mulai dan kapan "
        "selesai.",
        "A line for each outage that touches the period: when it began and when it ended.",
    ),
    concept="Gangguan layanan digital",
    classification="Layanan, gangguan",
    measure="Waktu mulai dan selesai",
    units=("UTC",),
    variables=_OUTAGES,
)
WORK = Table(
    name="pemeliharaan",
    title=Words("Pemeliharaan terjadwal layanan digital", "Planned maintenance"),
    description=Words(
        "Satu baris untuk setiap pemeliharaan terjadwal yang menyentuh periode data, juga yang "
        "baru dicatat sesudah dimulai dan tidak mengubah angka.",
        "A line for each time of planned work that touches the period, also where it was put down "
        "after it began and changes no figure.",
    ),
    concept="Pemeliharaan terjadwal",
    classification="Layanan, pemeliharaan",
    measure="Waktu mulai dan selesai",
    units=("UTC",),
    variables=_WORK,
)
CORRECTIONS = Table(
    name="koreksi",
    title=Words("Koreksi data ketersediaan", "Corrections of availability"),
    description=Words(
        "Satu baris untuk setiap koreksi yang menyentuh periode data, juga yang sudah ditarik. "
        "Yang semula terukur tidak dihapus.",
        "A line for each correction that touches the period, withdrawn ones too. What was "
        "measured is kept.",
    ),
    concept="Koreksi data ketersediaan",
    classification="Layanan, koreksi",
    measure="Waktu yang dikoreksi dan keadaan sebenarnya",
    units=("UTC",),
    variables=_CORRECTIONS,
)

TABLES = (AVAILABILITY, OUTAGES, WORK, CORRECTIONS)
"""All there are, in the order in which people are shown them."""
