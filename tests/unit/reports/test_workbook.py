"""A report as a workbook: what stands in its cells."""

import io
from dataclasses import replace
from datetime import datetime
from fractions import Fraction

import openpyxl
import pytest

from monitor.locales import Language
from monitor.reports import workbook as module
from monitor.reports.sections.vocabulary import STATUSES
from monitor.reports.sheetwords import (
    AFFECTED,
    CONCERNS,
    HEADINGS,
    IDENTITY,
    TITLES,
    WORDS,
)
from monitor.reports.workbook import TooLong, workbook
from tests.unit.reports.reports import a_report

DIGEST = "ef" * 32


@pytest.fixture(scope="module")
def whole():
    return a_report()


@pytest.fixture(scope="module")
def book(whole):
    return openpyxl.load_workbook(io.BytesIO(workbook(whole, DIGEST, Language.ID)))


def rows(book, title):
    found = list(book[title].iter_rows(values_only=True))
    first = next(
        n for n, row in enumerate(found) if row[0] in {"Layanan", "Gangguan"} and row[2] is not None
    )
    return [dict(zip(found[first], row, strict=True)) for row in found[first + 1 :]]


def test_each_part_has_its_sheet(book):
    """Summary, days, incidents, maintenance, corrections and completeness have a sheet each."""
    assert book.sheetnames == [
        *("Ringkasan", "Harian", "Gangguan", "Pemeliharaan", "Koreksi", "Kelengkapan")
    ]


def test_the_same_report_gives_the_same_bytes(whole):
    """Made twice, a workbook is the same to the byte."""
    assert workbook(whole, DIGEST, Language.ID) == workbook(a_report(), DIGEST, Language.ID)


def test_no_cell_is_a_formula(book):
    """What somebody wrote stands as text, whatever it begins with."""
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]

    assert not [cell.coordinate for cell in cells if cell.data_type == "f"]
    assert "=Pajak" in {cell.value for cell in cells}


def test_the_summary_says_what_it_stands_on(book):
    """Above the figures stand the period, the fingerprint of the data and the ledger."""
    above = {row[0]: row[1] for row in book["Ringkasan"].iter_rows(values_only=True, max_row=11)}

    assert above["Dari"] == datetime.fromisoformat("2025-06-02")
    assert above["Sidik data (SHA-256 laporan.json)"] == DIGEST
    assert above["Jejak audit: nama, jumlah entri, akar"] == f"pantau/balaikota 7 {'00' * 32}"


def test_numbers_are_numbers_and_fractions_stand_beside(book):
    """A share is a number that can be reckoned with, and its exact fraction stands beside it."""
    for row in rows(book, "Ringkasan"):
        shown, exactly = row["Batas bawah (%)"], Fraction(row["Batas bawah, tepat"])
        assert 0 <= exactly * 100 - Fraction(str(shown)) < Fraction(1, 1000)
        assert isinstance(row["Waktu henti (detik)"], int | float)


def test_hours_and_corrections_have_rows_of_their_own(book):
    """Figures by the promised hours stand before those around the clock, and so do the measured."""
    portal = [row for row in rows(book, "Ringkasan") if row["Layanan"] == "portal"]

    assert [(row["Jam layanan"], row["Catatan"]) for row in portal] == [
        *(("kantor", None), ("24x7", None)),
        *(("kantor", "sebelum koreksi"), ("24x7", "sebelum koreksi")),
    ]
    assert [row["Waktu henti (detik)"] for row in portal] == [1_800, 1_800, 1_800, 3_600]
    assert [row["Putusan"] for row in portal] == ["tidak memenuhi", None, "tidak memenuhi", None]


def test_days_sum_to_the_summary(book):
    """The seconds of the days are those of the period."""
    days = [row for row in rows(book, "Harian") if row["Layanan"] == "pajak"]
    [whole] = [row for row in rows(book, "Ringkasan") if row["Layanan"] == "pajak"]

    assert (
        sum(day["Tersedia (detik)"] for day in days) == whole["Tersedia (detik)"] == 2 * 86_400 - 60
    )


def test_incidents_stand_with_their_causes(book):
    """An incident has its times in the zone, what was seen and what people found out."""
    [incident] = rows(book, "Gangguan")

    assert incident["Mulai (Asia/Makassar)"] == datetime.fromisoformat("2025-06-02T10:00")
    assert incident["Lama (detik)"] == 1_800
    assert (incident["Jenis"], incident["Menyangkut"]) == ("gangguan", "ketersediaan")
    assert incident["Sebab teramati"].endswith(": =503")
    assert incident["Sebab terkonfirmasi"] == "Kabel putus"
    assert incident["Catatan"] == "Rina -sedang dilihat"


def test_work_and_corrections_stand_with_who_did_what(book):
    """Planned work and corrections are listed with who approved, made or withdrew them."""
    work, corrections = rows(book, "Pemeliharaan"), rows(book, "Koreksi")

    assert [row["Disetujui oleh"] for row in work] == ["Kabid", "Kabid"]
    assert [row["Dibatalkan oleh"] for row in work] == [None, "Budi"]
    assert {row["Status"] for row in corrections} == {"tidak diketahui"}
    assert [(row["Koreksi"], row["Dicabut oleh"]) for row in corrections] == [
        *(("k1", None), ("k2", "Budi"))
    ]


def test_unknown_time_has_its_causes(book):
    """Time that nobody knows of stands by cause, and the causes are all of it."""
    portal = rows(book, "Kelengkapan")[1]
    causes = [value for name, value in portal.items() if name.endswith("(detik)")]

    assert portal["pemantau sedang berhenti (detik)"] == 3_600
    assert sum(causes[1:]) == causes[0] == 7_200


@pytest.mark.parametrize("words", [AFFECTED, CONCERNS, HEADINGS, IDENTITY, STATUSES, TITLES, WORDS])
def test_both_languages_say_as_much(words):
    """Each heading stands in both languages, in the same order."""
    indonesian, english = words[Language.ID], words[Language.EN]

    assert list(indonesian) == list(english)
    if words is HEADINGS:
        assert {k: len(v) for k, v in indonesian.items()} == {k: len(v) for k, v in english.items()}


def test_no_row_is_left_out(whole, monkeypatch):
    """A sheet that would have more rows than a spreadsheet holds is refused, and not cut."""
    monkeypatch.setattr(module, "_MOST_ROWS", 16)
    assert workbook(whole, DIGEST, Language.ID)

    monkeypatch.setattr(module, "_MOST_ROWS", 15)
    with pytest.raises(TooLong, match="Ringkasan would have more than 15 rows: take a shorter"):
        workbook(whole, DIGEST, Language.ID)


def test_a_cell_that_is_cut_says_so(whole):
    """Text that is longer than a cell holds ends with an ellipsis."""
    wording = replace(whole.wording, causes={"gangguan-1": "x" * 40_000})
    made = workbook(replace(whole, wording=wording), DIGEST, Language.ID)

    [incident] = rows(openpyxl.load_workbook(io.BytesIO(made)), "Gangguan")

    assert len(incident["Sebab terkonfirmasi"]) == 32_767
    assert incident["Sebab terkonfirmasi"].endswith("x…")


def test_columns_are_as_wide_as_what_they_hold(book):
    """Names and moments are read without pulling at columns; the longest texts end sooner."""
    for sheet in book:
        # Neighbours of the same width are one range.
        ranges = [(one.min, one.max, one.width) for one in sheet.column_dimensions.values()]
        for number, column in enumerate(sheet.columns, 1):
            texts = [cell.value for cell in column[13:] if isinstance(cell.value, str)]
            longest = max(map(len, texts), default=0)
            [width] = [wide for first, last, wide in ranges if first <= number <= last]
            assert min(longest, 42) <= width <= 46


def test_a_sheet_is_printed_in_letters_that_can_be_read(book):
    """Pages lie on their side, as many beside each other as it takes, with headings on each."""
    beside = {sheet.title: sheet.page_setup.fitToWidth or 1 for sheet in book}
    assert (beside["Ringkasan"], beside["Pemeliharaan"]) == (2, 1)
    for sheet in book:
        assert sheet.page_setup.orientation == "landscape"
        assert sheet.print_title_rows
        assert sheet.print_title_cols == "$A:$B"
