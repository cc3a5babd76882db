"""A report as a workbook for spreadsheets (XLSX): numbers are numbers, and no cell is a formula.

The same report gives the same bytes: the workbook is dated by what it says, and its parts are not
dated at all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from monitor.domain.instant import instant
from monitor.locales import Language
from monitor.reports.report import Report
from monitor.reports.sheets import Cell, Sheet, sheets

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

# Columns are as wide as what they hold, within these, in letters; headings have four lines.
_NARROWEST, _WIDEST = 11, 42
_HEAD_POINTS = 60
_A3, _PAGE = 8, 240
# What a spreadsheet holds: in a cell, and in a sheet.
_MOST_LETTERS = 32_767
_MOST_ROWS = 1_048_576
# Excel holds moments to the millisecond.
_MOMENT = "yyyy-mm-dd hh:mm:ss"


class TooLong(ValueError):
    """A sheet would have more rows than a spreadsheet holds."""

    def __init__(self, title: str) -> None:
        super().__init__(
            f"xlsx: the sheet {title} would have more than {_MOST_ROWS:,} rows: take a shorter "
            "period, --owner, or csv, which has no limit"
        )


def workbook(report: Report, digest: str, language: Language) -> bytes:
    """Return the workbook of a report whose *sidik data* is `digest`. Raise TooLong."""
    with TemporaryDirectory(prefix="pantau-") as room:
        return _written(report, digest, language, room)


def _written(report: Report, digest: str, language: Language, room: str) -> bytes:
    import xlsxwriter  # part of the extra `report`

    out = BytesIO()
    # Rows go to files as they come: a city's year is larger than the memory for it.
    how = {"constant_memory": True, "tmpdir": room, "default_date_format": _MOMENT}
    book = xlsxwriter.Workbook(out, how)
    known = instant(report.scope.until).astimezone(UTC).replace(tzinfo=None)
    book.set_properties({"title": _title(report), "created": known})
    bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
    name = book.add_format({"bold": True})
    moment = book.add_format({"num_format": _MOMENT, "align": "left"})
    formats = _Formats(head=bold, name=name, moment=moment)
    try:
        for sheet in sheets(report, digest, language):
            _fill(book.add_worksheet(sheet.title), sheet, formats)
    finally:
        book.close()  # also those files of a workbook that nobody will read
    return out.getvalue()


def _title(report: Report) -> str:
    return f"Pantau: {report.provenance.vantage}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Formats:
    """What cells look like: headings of columns, names of values, moments."""

    head: Any
    name: Any
    moment: Any


def _fill(page: "Worksheet", sheet: Sheet, formats: _Formats) -> None:
    moment = formats.moment
    widths = [max(_NARROWEST, *map(len, name.split())) for name in sheet.columns]
    for row, (name, value) in enumerate(sheet.above):
        page.write_string(row, 0, name, formats.name)
        widths[0] = max(widths[0], len(name))
        _put(page, row, 1, value, moment)
    head = len(sheet.above) + 1 if sheet.above else 0
    page.set_row(head, _HEAD_POINTS)
    for column, name in enumerate(sheet.columns):
        page.write_string(head, column, name, formats.head)
    row = head
    for row, cells in enumerate(sheet.rows, head + 1):
        if row >= _MOST_ROWS:
            raise TooLong(sheet.title)  # the writer would leave it out, and say nothing
        _put_all(page, row, cells, moment)
        widths = [max(wide, _letters(cell)) for wide, cell in zip(widths, cells, strict=True)]
    for column, wide in enumerate(widths):
        page.set_column(column, column, min(wide, _WIDEST) + 2)
    _set_up(page, head, sum(widths))
    page.freeze_panes(head + 1, 1)
    page.autofilter(head, 0, max(row, head + 1), len(sheet.columns) - 1)


def _set_up(page: "Worksheet", head: int, letters: int) -> None:
    """Have it printed in letters that can be read, with the headings on each page.

    A sheet of more `letters` than an A3 page takes goes on beside it, with the first columns again.
    """
    page.set_landscape()
    page.set_paper(_A3)
    page.fit_to_pages(-(-letters // _PAGE), 0)
    page.repeat_rows(head)
    page.repeat_columns(0, 1)


def _letters(cell: Cell) -> int:
    """Return how many letters wide a cell is."""
    return len(_MOMENT) if isinstance(cell, datetime) else len("" if cell is None else str(cell))


def _put_all(page: "Worksheet", row: int, cells: Sequence[Cell], moment: Any) -> None:
    for column, value in enumerate(cells):
        _put(page, row, column, value, moment)


def _put(page: "Worksheet", row: int, column: int, value: Cell, moment: Any) -> None:
    match value:
        case None | "":
            return
        case datetime():
            page.write_datetime(row, column, value, moment)
        case int() | Decimal():
            page.write_number(row, column, float(value))
        case str():
            page.write_string(row, column, _fitting(value))


def _fitting(text: str) -> str:
    return text if len(text) <= _MOST_LETTERS else f"{text[: _MOST_LETTERS - 1]}…"
