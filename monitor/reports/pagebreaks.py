"""Where the pages of a PDF may break: what is short enough stays whole.

Heights are estimates in points, on the high side. What is called short takes half a page by them,
so that even letters of twice the common width are not cut off at the foot of a page.
"""

from collections.abc import Sequence
from textwrap import wrap

from monitor.reports.document import Cell, Column, Table
from monitor.reports.places import FOOT, HEAD, MARGIN

PAGE_WIDTH, PAGE_HEIGHT = 297, 210  # A4 on its side, in millimetres
PICTURE_SCALE = 0.62  # points of the PDF for each CSS pixel of a drawing

_POINTS = 72 / 25.4
_WIDTH = (PAGE_WIDTH - 2 * MARGIN) * _POINTS
_HEIGHT = (PAGE_HEIGHT - HEAD - FOOT) * _POINTS
# Of type at 8 points: how wide most letters are at most, how high a line, and the way to the next.
_LETTER, _FIRST, _LINE = 4.6, 5.5, 9.9
_INSET = 7  # above and below a row, and beside a cell
_CAPTION = 22
_HEADING = 50  # of a section, which stays with its first table
_SHORT = _HEIGHT / 2


def is_kept_whole(table: Table) -> bool:
    """Say whether a table stays on one page: a short one, or a `whole` one that fits on a page."""
    height = _CAPTION + sum(row_height(table.columns, row) for row in (_titles(table), *table.rows))
    return height <= (_HEIGHT - _HEADING if table.whole else _SHORT)


def is_row_kept_whole(columns: Sequence[Column], row: Sequence[Cell]) -> bool:
    """Say whether a row stays on one page: all but those that fill half of one."""
    return row_height(columns, row) <= _SHORT


def row_height(columns: Sequence[Column], row: Sequence[Cell]) -> float:
    """Return how high a row is at most."""
    weights = sum(column.weight for column in columns)
    widths = [_WIDTH * column.weight / weights - 2 * _INSET for column in columns]
    return _INSET + max(_height(cell, width) for cell, width in zip(row, widths, strict=True))


def _titles(table: Table) -> list[Cell]:
    return [column.title for column in table.columns]


def _height(cell: Cell, width: float) -> float:
    if not isinstance(cell, str):
        return cell.height * PICTURE_SCALE
    letters = max(int(width / _LETTER), 1)
    lines = 1 if len(cell) <= letters else len(wrap(cell, letters))
    return _FIRST + _LINE * (lines - 1)
