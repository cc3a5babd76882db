"""A report as a workbook for spreadsheets (XLSX): numbers are numbers, and no cell is a formula.

The same report gives the same bytes: the workbook is dated by what it says, and its parts are not
dated at all.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO
from typing import TYPE_CHECKING, Any

from monitor.domain.instant import instant
from monitor.locales import Language
from monitor.reports.report import Report
from monitor.reports.sheets import Cell, Sheet, sheets

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

_WIDTH = 18
_MOST_LETTERS = 32_767
# Excel holds moments to the millisecond.
_MOMENT = "yyyy-mm-dd hh:mm:ss"


def workbook(report: Report, digest: str, language: Language) -> bytes:
    """Return the workbook of a report whose *sidik data* is `digest`."""
    import xlsxwriter  # part of the extra `report`

    out = BytesIO()
    # Rows go to a file as they come: a city's year is larger than the memory for it.
    book = xlsxwriter.Workbook(out, {"constant_memory": True, "default_date_format": _MOMENT})
    known = instant(report.scope.until).astimezone(UTC).replace(tzinfo=None)
    book.set_properties({"title": _title(report), "created": known})
    bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
    moment = book.add_format({"num_format": _MOMENT, "align": "left"})
    for sheet in sheets(report, digest, language):
        _fill(book.add_worksheet(sheet.title), sheet, bold, moment)
    book.close()
    return out.getvalue()


def _title(report: Report) -> str:
    return f"Pantau: {report.provenance.vantage}"


def _fill(page: "Worksheet", sheet: Sheet, bold: Any, moment: Any) -> None:
    page.set_column(0, len(sheet.columns) - 1, _WIDTH)
    for row, (name, value) in enumerate(sheet.above):
        page.write_string(row, 0, name, bold)
        _put(page, row, 1, value, moment)
    head = len(sheet.above) + 1 if sheet.above else 0
    for column, name in enumerate(sheet.columns):
        page.write_string(head, column, name, bold)
    row = head
    for row, cells in enumerate(sheet.rows, head + 1):
        _put_all(page, row, cells, moment)
    page.freeze_panes(head + 1, 1)
    page.autofilter(head, 0, max(row, head + 1), len(sheet.columns) - 1)


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
            page.write_string(row, column, value[:_MOST_LETTERS])
