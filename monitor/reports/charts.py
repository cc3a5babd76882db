"""Drawings for reports, as SVG: small ones that stand in a row of a table, and one with axes.

Each says with a shape what it says with a colour, so that grey print and a reader who tells few
colours apart lose nothing. Lines and letters take the colour of the text around them.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from enum import StrEnum
from fractions import Fraction
from math import floor, log10
from typing import NamedTuple

_FONT = "Libertinus Serif, serif"
_UP, _DIP, _DOWN = "#8fcbb3", "#f2c14e", "#a4262c"
_UNKNOWN, _PLANNED = "#c3c7cc", "#9db8e0"
_INK, _PAPER = "#1b1f24", "#ffffff"

_STEP = 16
_NAME_WIDTH = 24


class DayMark(StrEnum):
    """What a day was like, in one word, for one cell of a strip."""

    CLEAR = "clear"
    DIP = "dip"
    MISSED = "missed"
    UNKNOWN = "unknown"
    PLANNED = "planned"
    NONE = "none"


class Drawing(NamedTuple):
    """An SVG, and its size in CSS pixels."""

    svg: str
    width: int
    height: int


_STROKE = f'fill="none" stroke="{_INK}"'
# How a cell's ground is painted, and its glyph: a path from its middle, in a square of 14.
_CELLS = {
    DayMark.CLEAR: (f'fill="{_UP}"', "m-1.7 0a1.7 1.7 0 1 0 3.4 0a1.7 1.7 0 1 0-3.4 0", ""),
    DayMark.DIP: (f'fill="{_DIP}"', "m0-4l4 7h-8z", ""),
    DayMark.MISSED: (
        *(f'fill="{_DOWN}"', "m-3.5-3.5l7 7m0-7l-7 7"),
        f'fill="none" stroke="{_PAPER}" stroke-width="2"',
    ),
    DayMark.UNKNOWN: (
        *(f'fill="{_UNKNOWN}"', "m-3.5 0a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0-7 0"),
        f'{_STROKE} stroke-width="1.3"',
    ),
    DayMark.PLANNED: (f'fill="{_PLANNED}"', "m-4 0h8", f'{_STROKE} stroke-width="2"'),
    DayMark.NONE: (
        *('fill="none" stroke="currentColor" stroke-dasharray="2 2" opacity="0.6"', "", ""),
    ),
}
_SQUARE = "m-7-5v10q0 2 2 2h10q2 0 2-2v-10q0-2-2-2h-10q-2 0-2 2z"


def day_strip(marks: Sequence[DayMark], *, across: int = 31) -> Drawing:
    """Return a cell for each day, in order, `across` of them beside each other."""
    places = [(index % across * _STEP, index // across * _STEP) for index in range(len(marks))]
    cells = [(mark, x, y) for mark, (x, y) in zip(marks, places, strict=True)]
    rows = max(1, -(-len(marks) // across))
    return _drawing(min(max(len(marks), 1), across) * _STEP, rows * _STEP, _cells(cells))


def month_strips(days: Sequence[tuple[date, DayMark]]) -> Drawing:
    """Return a line for each month, in which a day stands at its place in the month.

    Lines are named by their months, 1 to 12: whatever the language, people know these.
    """
    months = list(dict.fromkeys((day.year, day.month) for day, _ in days))
    lines = {month: place * _STEP for place, month in enumerate(months)}
    parts = [_letters(18, y + 12, str(month), "end") for (_, month), y in lines.items()]
    cells = [
        (mark, _NAME_WIDTH + (day.day - 1) * _STEP, lines[day.year, day.month])
        for day, mark in days
    ]
    parts += _cells(cells)
    return _drawing(_NAME_WIDTH + 31 * _STEP, max(1, len(months)) * _STEP, parts)


def _cells(cells: Sequence[tuple[DayMark, int, int]]) -> Iterable[str]:
    """Yield the grounds of all cells that are alike as one path, and their glyphs as another.

    A typesetter keeps every shape: a thousand strips of single cells took it 120 MB.
    """
    half = _STEP // 2
    for mark, (ground, glyph, ink) in _CELLS.items():
        middles = [f"M{x + half} {y + half}" for each, x, y in cells if each is mark]
        if middles:
            yield f'<path d="{"".join(at + _SQUARE for at in middles)}" {ground}/>'
        if middles and glyph:
            paint = ink or f'fill="{_INK}"'
            yield f'<path d="{"".join(at + glyph for at in middles)}" {paint}/>'


class Standing(NamedTuple):
    """Shares between 0 and 1: what was reached, between its bounds, and what was promised."""

    low: Fraction
    value: Fraction
    high: Fraction
    target: Fraction | None = None


def standing_bar(one: Standing, least: Fraction) -> Drawing:
    """Return where a share stands between `least` and 1: bounds, value as a dot, target as a bar.

    What is below `least` ends at an arrow.
    """
    width, middle = 160, 8

    def x(share: Fraction) -> float:
        return _round(4 + (width - 8) * max(Fraction(0), share - least) / (1 - least))

    low, high, value = x(one.low), x(one.high), x(one.value)
    parts = [
        f'<path d="M4 {middle}H{width - 4}" stroke="currentColor" opacity="0.25"/>',
        f'<path d="M{low} {middle}H{high}" stroke="{_UNKNOWN}" stroke-width="7"/>',
        f'<path d="M{low} 4V12M{high} 4V12" stroke="currentColor"/>',
        f'<circle cx="{value}" cy="{middle}" r="3.5" fill="{_INK}" stroke="{_PAPER}"/>',
    ]
    if one.target is not None:
        parts.append(f'<path d="M{x(one.target)} 1V15" stroke="{_DOWN}" stroke-width="2"/>')
    if one.low < least:
        parts.append(f'<path d="M7 {middle - 4}L3 {middle} 7 {middle + 4}" {_OUTLINE}/>')
    return _drawing(width, 16, parts)


_OUTLINE = 'fill="none" stroke="currentColor"'


class Stretch(NamedTuple):
    """A part [start, end) of a period, in the period's own unit. `planned` is no outage."""

    start: int
    end: int
    planned: bool = False


def timeline_bar(stretches: Iterable[Stretch], length: int, ticks: Iterable[int]) -> Drawing:
    """Return when in a period of `length` something was: outages high, planned work low.

    The shortest one is still a pixel wide. `ticks` are moments to find one's way by.
    """
    width = 320

    def x(at: int) -> float:
        return _round(Fraction(width * at, max(length, 1)))

    parts = ['<path d="M0 13.5H320" stroke="currentColor" opacity="0.4"/>']
    parts += [f'<path d="M{x(at)} 10V16" {_OUTLINE} opacity="0.4"/>' for at in ticks]
    for start, end, planned in sorted(stretches):
        top, color = (8, _PLANNED) if planned else (2, _DOWN)
        wide = max(x(end) - x(start), 1)
        parts.append(
            f'<rect x="{x(start)}" y="{top}" width="{_number(wide)}" height="{13 - top}" '
            f'fill="{color}"/>'
        )
    return _drawing(width, 16, parts)


class Percentiles(NamedTuple):
    """How long answers took in one day, in milliseconds."""

    p50: float
    p95: float
    p99: float


_STROKES = ("", ' stroke-dasharray="5 3"', ' stroke-dasharray="1.5 3"')


def percentile_lines(days: Sequence[Percentiles | None], labels: Sequence[str]) -> Drawing:
    """Return p50 (a line), p95 (dashes) and p99 (dots) day by day, on a logarithmic scale.

    A day without an answer breaks the lines. `labels` stand below the days, "" where none does.
    """
    width, height, left, top, bottom = 620, 190, 56, 8, 164
    known = [share for day in days if day is not None for share in day]
    if not known:
        return _drawing(width, height, ())
    first = floor(log10(max(min(known), 0.001)))
    last = max(floor(log10(max(*known, 0.001))) + 1, first + 1)
    step = (width - left - 8) / max(len(days), 1)

    def y(value: float) -> float:
        share = (log10(max(value, 0.001)) - first) / (last - first)
        return round(bottom - (bottom - top) * share, 1)

    def x(index: int) -> float:
        return round(left + step * (index + 0.5), 1)

    parts = []
    for power in range(first, last + 1):
        level = y(10.0**power)
        parts.append(f'<path d="M{left} {level}H{width - 8}" stroke="currentColor" opacity="0.2"/>')
        parts.append(_letters(left - 6, level + 4, _time(power), "end"))
    for index, label in enumerate(labels):
        if label:
            parts.append(_letters(x(index), bottom + 18, label, "middle"))
    for which, dashes in enumerate(_STROKES):
        line = [None if day is None else (x(n), y(day[which])) for n, day in enumerate(days)]
        parts += [
            f'<path d="{path}" {_OUTLINE}{dashes} stroke-width="1.5"/>' for path in _pieces(line)
        ]
    return _drawing(width, height, parts)


def _time(power: int) -> str:
    """Return 10 to that power of milliseconds, in a unit in which all languages write it so."""
    for unit, size in (("s", 3), ("ms", 0)):
        if power >= size:
            return f"{10 ** (power - size)} {unit}"
    return f"{10 ** (power + 3)} µs"


def _pieces(points: Iterable[tuple[float, float] | None]) -> Iterable[str]:
    """Yield a path for each run of points; a point alone is a short stroke."""
    run: list[str] = []
    for point in (*points, None):
        if point is not None:
            run.append(f"{_number(point[0])} {_number(point[1])}")
            continue
        if run:
            yield f"M{'L'.join(run)}" if len(run) > 1 else f"M{run[0]}h1.5"
        run = []


def _letters(x: float, y: float, text: str, anchor: str) -> str:
    """Return letters; `text` is the report's own and holds nothing that XML reads."""
    return (
        f'<text x="{_number(x)}" y="{_number(y)}" font-family="{_FONT}" font-size="12" '
        f'fill="currentColor" text-anchor="{anchor}">{text}</text>'
    )


def _drawing(width: int, height: int, parts: Iterable[str]) -> Drawing:
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}">{"".join(parts)}</svg>'
    )
    return Drawing(svg, width, height)


def _round(value: Fraction) -> float:
    return round(float(value), 1)


def _number(value: float) -> str:
    return f"{value:g}"
