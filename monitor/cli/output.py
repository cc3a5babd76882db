"""Results on stdout: tables for people, JSON and CSV for programs."""

import csv
import io
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import click

from monitor.domain.text import visible_text

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_GAP = "  "
_LEAST = 12
_MANY = 5

Item = TypeVar("Item")


def print_json(value: Any, *, indent: int | None = 2) -> None:
    """Print `value` as JSON in UTF-8, on one line where `indent` is None."""
    click.echo(json.dumps(value, indent=indent, ensure_ascii=False, default=str))


def print_csv(head: Sequence[str] | None, rows: Sequence[Sequence[str]]) -> None:
    """Print rows as CSV. A cell that a spreadsheet would compute becomes text."""
    click.echo(csv_text(head, rows), nl=False)


def csv_text(head: Sequence[str] | None, rows: Sequence[Sequence[str]]) -> str:
    """Return rows, after their head if any, as CSV with lines ended as RFC 4180 has them."""
    text = io.StringIO()
    writer = csv.writer(text)
    if head is not None:
        writer.writerow(head)
    writer.writerows([_harmless(cell) for cell in row] for row in rows)
    return text.getvalue()


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) and not _is_number(cell) else cell


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def table(head: Sequence[str], rows: Sequence[Sequence[str]], width: int | None = None) -> str:
    """Return a table no wider than `width` where that can be: the last column gives way.

    Column widths count cells of a terminal, in which some characters take two.
    """
    shown = [[visible_text(cell) for cell in row] for row in (head, *rows)]
    widths = [max(map(cells, column)) for column in zip(*shown, strict=True)]
    if width is not None:
        room = width - sum(widths[:-1]) - len(_GAP) * (len(widths) - 1)
        widths[-1] = min(widths[-1], max(room, _LEAST))
    return "\n".join(_line(row, widths) for row in shown)


def listing(head: Sequence[str], rows: Sequence[Sequence[str]], width: int | None) -> str:
    """Return a table, or where it is wider than `width` all the same, a paragraph for each row."""
    drawn = table(head, rows, width)
    return drawn if _fits(drawn, width) else _paragraphs(head, rows)


def whole(head: Sequence[str], rows: Sequence[Sequence[str]], width: int | None) -> str:
    """Return a table of which nothing is cut, or where that is too wide, paragraphs."""
    drawn = table(head, rows)
    return drawn if _fits(drawn, width) else _paragraphs(head, rows)


def stacked(head: Sequence[str], rows: Sequence[Sequence[str]], width: int | None) -> str:
    """Return a table of which nothing is cut; where it is too wide, several, one below the other.

    Each begins with the first column, and takes what others left and fits. Where even one column
    beside it is too wide, return paragraphs.
    """
    groups: list[list[int]] = []
    for column in range(1, len(head)):
        fitting = (each for each in groups if _fits(_columns(head, rows, [*each, column]), width))
        if (group := next(fitting, None)) is not None:
            group.append(column)
        else:
            groups.append([column])
    drawn = [_columns(head, rows, group) for group in groups]
    if all(_fits(each, width) for each in drawn):
        return "\n\n".join(drawn)
    return _paragraphs(head, rows)


def _columns(head: Sequence[str], rows: Sequence[Sequence[str]], which: Sequence[int]) -> str:
    """Return a table of the first column and of some others."""
    shown = (0, *which)
    return table([head[i] for i in shown], [[row[i] for i in shown] for row in rows])


def _fits(text: str, width: int | None) -> bool:
    return width is None or max(map(cells, text.splitlines())) <= width


def _paragraphs(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a paragraph for each row: its first cell, and below it the others with their names."""
    width = max(map(cells, head[1:]))
    return "\n\n".join(
        "\n".join(
            [
                visible_text(row[0]),
                *(
                    f"  {name:<{width}}  {visible_text(text)}".rstrip()
                    for name, text in zip(head[1:], row[1:], strict=True)
                ),
            ]
        )
        for row in rows
    )


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    fitted = [cut(cell, width) for cell, width in zip(row, widths, strict=True)]
    padded = (
        cell + " " * (width - cells(cell)) for cell, width in zip(fitted, widths, strict=True)
    )
    return _GAP.join(padded).rstrip()


def cells(text: str) -> int:
    """Return how many cells of a terminal `text` takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def cut(text: str, width: int) -> str:
    """Return `text`, ended by an ellipsis where it is wider than `width` cells."""
    if cells(text) <= width:
        return text
    while text and cells(text) > width - 1:
        text = text[:-1]
    return f"{text.rstrip()}…"


def progress(items: Sequence[Item], label: str) -> Iterator[Item]:
    """Yield `items`; on a terminal a bar on stderr shows how far they are, if they are many."""
    if not sys.stderr.isatty() or len(items) < _MANY:
        yield from items
        return
    with click.progressbar(items, label=label, file=sys.stderr) as bar:
        yield from bar


@contextmanager
def steps(label: str) -> Iterator[Callable[[int, int], None]]:
    """Give what is told how many steps are done, of how many; on a terminal a bar shows it."""
    if not sys.stderr.isatty():
        yield lambda *_: None
        return
    with click.progressbar(length=1, label=label, file=sys.stderr) as bar:

        def show(done: int, whole: int) -> None:
            bar.length = max(1, whole)
            bar.update(done - bar.pos)

        yield show


def terminal_width() -> int | None:
    """Return the columns of the terminal, None where stdout is none: then nothing is cut."""
    import shutil

    return shutil.get_terminal_size((80, 24)).columns if sys.stdout.isatty() else None


def coloured(text: str, colour: str) -> str:
    """Return `text` in a colour, which only a terminal shows, and not with NO_COLOR."""
    return text if os.environ.get("NO_COLOR") else click.style(text, fg=colour, bold=True)
