"""What holds the volumes of a report together: why there are several, and which."""

from collections.abc import Sequence
from dataclasses import dataclass

from monitor.locales import Language
from monitor.reports.document import Paragraph, Section, Table
from monitor.reports.sections.locale import NONE, Locale
from monitor.reports.sections.tables import columns
from monitor.reports.volumes import Volume

_TEXTS = {
    Language.ID: {
        "main": "Laporan ini memuat {services} layanan, terlalu banyak untuk satu berkas. Buku "
        "utama ini memuat ringkasan, cara menghitung, dan satu baris angka tiap layanan. Rincian "
        "tiap layanan ada di {volumes} jilid: berkas tersendiri bagi tiap penanggung jawab. "
        "Daftar jilid di bagian 1 menyebut nilai SHA-256 setiap berkas, sehingga segel dan "
        "pengesahan pada buku utama mencakup semua jilid.",
        "volume": "Ini jilid {number} dari {count}. Isinya rincian layanan milik {owner}{part}. "
        "Dasar, cara menghitung, glosarium, pengesahan, isian penyusun, dan laporan.json ada di "
        "buku utama, yang juga menyebut nilai SHA-256 jilid ini. Bagian-bagiannya bernomor sama "
        "seperti di buku utama.",
        "part": ", bagian {part} dari {parts}",
        "title": "Daftar jilid",
        "table": "Jilid laporan ini",
        "elsewhere": "Rincian tiap layanan ada di jilid penanggung jawabnya (daftar jilid: bagian "
        "1).",
        "check": "Lampiran jilid.sha256 memuat nilai yang sama. Simpan di folder yang sama dengan "
        "semua jilid, lalu jalankan “sha256sum -c jilid.sha256”: satu bita yang berubah pun "
        "terlihat.",
        "subject": "Jilid {number} dari {count}: {owner}{part}",
    },
    Language.EN: {
        "main": "This report is about {services} services, too many for one file. This main volume "
        "has the summary, the method, and a line of figures for each service. All the rest about "
        "each service is in {volumes} volumes: a file of its own for each owner. The list of "
        "volumes in section 1 names the SHA-256 of each file, so the seal and the approval of the "
        "main volume cover all of them.",
        "volume": "This is volume {number} of {count}: all about the services of {owner}{part}. "
        "Legal basis, method, glossary, approval, what the author fills in and laporan.json are in "
        "the main volume, which also names the SHA-256 of this one. Sections have the same numbers "
        "as there.",
        "part": ", part {part} of {parts}",
        "title": "List of volumes",
        "table": "Volumes of this report",
        "elsewhere": "The volume of its owner has all about each service (list of volumes: section "
        "1).",
        "check": "The attachment jilid.sha256 has the same values. Save it in the folder of all "
        "volumes and run “sha256sum -c jilid.sha256”: a single byte that is another shows.",
        "subject": "Volume {number} of {count}: {owner}{part}",
    },
}
_COLUMNS = {
    Language.ID: ("Jilid", "Penanggung jawab", "Layanan", "Berkas", "SHA-256"),
    Language.EN: ("Volume", "Owner", "Services", "File", "SHA-256"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """A volume as it was made: its file's name, and the SHA-256 of that in hex."""

    volume: Volume
    name: str
    digest: str


def main_notice(services: int, volumes: int, locale: Locale) -> Paragraph:
    """Return why a report has several files, for its first page."""
    said = _TEXTS[locale.language]["main"].format(
        services=locale.number(services), volumes=locale.number(volumes)
    )
    return Paragraph(text=said, stands_out=True)


def volume_notice(volume: Volume, locale: Locale) -> Paragraph:
    """Return what a volume is a part of, for its first page."""
    return Paragraph(text=_said("volume", volume, locale), stands_out=True)


def volume_subject(volume: Volume, locale: Locale) -> str:
    """Return which volume it is, for its title page and its footer."""
    return _said("subject", volume, locale)


def elsewhere(locale: Locale) -> Paragraph:
    """Return where the details are that the main volume leaves out."""
    return Paragraph(text=_TEXTS[locale.language]["elsewhere"])


def list_of_volumes(bound: Sequence[Bound], locale: Locale) -> Section:
    """Return which volumes there are, and what their files must be to be these."""
    texts = _TEXTS[locale.language]
    table = Table(
        caption=texts["table"],
        columns=columns(_COLUMNS[locale.language], (1, 3, 1, 5, 7), (0, 2)),
        rows=[_row(each, locale) for each in bound],
        nothing=NONE,
    )
    blocks = (table, Paragraph(text=texts["check"]))
    return Section(id="volumes", title=texts["title"], blocks=blocks)


def _row(one: Bound, locale: Locale) -> tuple[str, ...]:
    volume = one.volume
    return (
        locale.number(volume.number),
        volume.owner + _part(volume, locale),
        locale.number(len(volume.accounts)),
        one.name,
        one.digest,
    )


def _said(text: str, volume: Volume, locale: Locale) -> str:
    return _TEXTS[locale.language][text].format(
        number=locale.number(volume.number),
        count=locale.number(volume.count),
        owner=volume.owner,
        part=_part(volume, locale),
    )


def _part(volume: Volume, locale: Locale) -> str:
    if volume.parts == 1:
        return ""
    part, parts = locale.number(volume.part), locale.number(volume.parts)
    return _TEXTS[locale.language]["part"].format(part=part, parts=parts)
