"""Section 14 and the attachments: who answers for the report, and what goes with it."""

from monitor.locales import Language
from monitor.reports.document import Facts, Paragraph, Points, Section, Signature, Signatures
from monitor.reports.report import Report
from monitor.reports.sections.locale import Locale

_TEXTS = {
    Language.ID: {
        "title": "14. Pengesahan",
        "statement": "Yang bertanda tangan di bawah ini menyatakan telah membaca laporan ini. "
        "Angkanya dihitung dari data yang tercatat; bagian yang diisi tangan "
        "adalah keterangan penyusun.",
        "place": "Tempat dan tanggal",
        "prepared": "Disusun oleh",
        "reviewed": "Diperiksa oleh",
        "approved": "Disahkan oleh",
        "attachments": "Lampiran",
    },
    Language.EN: {
        "title": "14. Approval",
        "statement": "Those who sign below state that they have read this report. Its figures "
        "are computed from the data on record; what is filled in by hand are "
        "statements of its author.",
        "place": "Place and date",
        "prepared": "Prepared by",
        "reviewed": "Reviewed by",
        "approved": "Approved by",
        "attachments": "Attachments",
    },
}
_ATTACHED = {
    Language.ID: (
        (
            "laporan.json: seluruh isi laporan dengan pecahan tepat di samping tiap angka. Sidik "
            "data di halaman judul adalah nilai SHA-256 berkas ini."
        ),
        "data.csv: angka tiap layanan dan tiap hari, untuk lembar kerja.",
        (
            "Bentuk PDF membawa kedua berkas itu di dalamnya sebagai lampiran; bentuk HTML "
            "diserahkan bersama keduanya."
        ),
        (
            "Menghitung ulang: bandingkan nilai SHA-256 laporan.json dengan sidik data; hitung "
            "tiap persentase dari kolom mikrodetik dengan rumus di bagian 4; jumlahkan semua hari, "
            "dan bandingkan dengan periode. Selisihnya harus nol."
        ),
        (
            "Memeriksa dari sumbernya: “pantau availability” dan “pantau ledger verify” pada "
            "pemantau menghitung angka yang sama dari sampel dan memeriksa buku catatan."
        ),
    ),
    Language.EN: (
        (
            "laporan.json: all that the report says, with exact fractions beside each figure. The "
            "data hash on the title page is the SHA-256 of this file."
        ),
        "data.csv: figures of each service and each day, for spreadsheets.",
        (
            "The PDF carries both files as attachments; the HTML page is handed over together with "
            "them."
        ),
        (
            "To compute again: compare the SHA-256 of laporan.json with the data hash; compute "
            "each percentage from the columns of microseconds with the formulas of section 4; add "
            "up all days, and compare them with the period. The difference must be nought."
        ),
        (
            "To verify from the source: “pantau availability” and “pantau ledger verify” on the "
            "monitor compute the same figures from samples and verify the ledger."
        ),
    ),
}


def approval(report: Report, locale: Locale) -> Section:
    """Return the places to sign: as they are written, or the usual three left to be filled."""
    texts = _TEXTS[locale.language]
    places = [
        Signature(role=one.role, name=one.name, number=one.number, position=one.position)
        for one in report.wording.signatories
    ]
    usual = [Signature(role=texts[role]) for role in ("prepared", "reviewed", "approved")]
    return Section(
        id="approval",
        title=texts["title"],
        blocks=(
            Paragraph(text=texts["statement"]),
            Facts(pairs=((texts["place"], None),)),
            Signatures(places=places or usual),
        ),
    )


def attachments(_: Report, locale: Locale) -> Section:
    """Return what goes with the report, and how to compute it again."""
    return Section(
        id="attachments",
        title=_TEXTS[locale.language]["attachments"],
        blocks=(Points(items=_ATTACHED[locale.language]),),
    )
