import re
from datetime import date
from fractions import Fraction
from xml.etree import ElementTree as ET

import pytest

from monitor.reports.charts import (
    DayMark,
    Drawing,
    Percentiles,
    Standing,
    Stretch,
    day_strip,
    month_strips,
    percentile_lines,
    standing_bar,
    timeline_bar,
)

SQUARE = "h10q2 0 2-2v-10"
MIDDLE = r"M(\d+) (\d+)"
SVG = "{http://www.w3.org/2000/svg}"


def elements(drawing: Drawing, name: str) -> list[ET.Element]:
    root = ET.fromstring(drawing.svg)
    assert (root.get("width"), root.get("height")) == (str(drawing.width), str(drawing.height))
    return root.findall(f".//{SVG}{name}")


def cells(drawing: Drawing) -> list[tuple[int, int]]:
    """Return the middles of the cells, in order of what they say."""
    grounds = [each.get("d") for each in elements(drawing, "path") if SQUARE in each.get("d")]
    return [tuple(map(int, at)) for each in grounds for at in re.findall(MIDDLE, each)]


def test_a_cell_for_each_day():
    """A strip has a cell for each day, a month of them beside each other."""
    drawing = day_strip([DayMark.CLEAR] * 365)
    assert len(set(cells(drawing))) == 365
    assert (drawing.width, drawing.height) == (31 * 16, 12 * 16)


def test_a_day_stands_at_its_place_in_its_month():
    """In a line for each month the same day of every month stands below the other."""
    days = [date(2025, 1, 31), date(2025, 2, 1), date(2025, 3, 31)]
    drawing = month_strips([(day, DayMark.CLEAR) for day in days])
    places = cells(drawing)
    assert places[0][0] == places[2][0] > places[1][0]
    assert [y for _, y in places] == [8, 24, 40]
    assert [each.text for each in elements(drawing, "text")] == ["1", "2", "3"]


def test_no_two_marks_look_alike_without_colour():
    """What a colour says, a shape says too."""
    shapes = set()
    for mark in DayMark:
        shapes.add(
            tuple(
                (each.get("d"), each.get("fill") == "none", each.get("stroke-dasharray"))
                for each in elements(day_strip([mark]), "path")
            )
        )
    assert len(shapes) == len(DayMark)


def test_no_day_at_all():
    """A strip of no days is empty, and still a drawing."""
    assert elements(day_strip([]), "path") == []


def test_alike_days_are_one_shape():
    """However many days there are, a strip has two shapes a mark: typesetting a city needs that."""
    marks = list(DayMark) * 60
    assert len(elements(day_strip(marks), "path")) == 2 * len(DayMark) - 1
    assert len(cells(day_strip(marks))) == len(marks)


def test_target_stands_right_of_what_was_reached():
    """The dot and the target stand on one scale, from the least share that is shown up to 1."""
    one = Standing(Fraction(95, 100), Fraction(96, 100), Fraction(97, 100), Fraction(99, 100))
    drawing = standing_bar(one, Fraction(9, 10))
    (dot,) = elements(drawing, "circle")
    assert float(dot.get("cx")) == pytest.approx(4 + 152 * 0.6, abs=0.1)
    assert f"M{4 + 152 * 0.9:.1f} 1V15" in drawing.svg


def test_below_the_scale():
    """What lies below the least share ends at an arrow, and never left of the drawing."""
    one = Standing(Fraction(1, 10), Fraction(99, 100), Fraction(1))
    below, inside = standing_bar(one, Fraction(9, 10)), standing_bar(one, Fraction(1, 10))
    assert len(elements(below, "path")) == len(elements(inside, "path")) + 1
    assert "M4.0 8H156.0" in below.svg


def test_a_second_in_a_year_is_seen():
    """The shortest outage is a pixel wide; planned work is lower than an outage."""
    year = 365 * 86_400
    drawing = timeline_bar([Stretch(5, 6), Stretch(10, 20, planned=True)], year, [])
    outage, planned = elements(drawing, "rect")
    assert float(outage.get("width")) == 1
    assert float(outage.get("height")) > float(planned.get("height"))


def test_a_day_without_answers_breaks_the_lines():
    """Nothing is drawn between two days where there was no answer."""
    day = Percentiles(10, 20, 30)
    whole = percentile_lines([day, day, day], ["1", "", "3"])
    broken = percentile_lines([day, None, day], ["1", "", "3"])
    assert len(elements(broken, "path")) == len(elements(whole, "path")) + 3


@pytest.mark.parametrize("value", [0.0, 0.001, 1.0, 10.0, 86_400_000.0])
def test_the_scale_holds_every_duration(value):
    """Whatever the durations are, the lines stay between the top and the bottom."""
    drawing = percentile_lines([Percentiles(value, value, value)], [""])
    for path in elements(drawing, "path"):
        assert (
            0
            <= float(path.get("d").lstrip("M").split()[1].split("H")[0].split("h")[0])
            <= drawing.height
        )


def test_nothing_measured():
    """Without any answer there is nothing to draw, and no scale is made up."""
    assert elements(percentile_lines([None, None], ["", ""]), "text") == []


def test_scales_are_written_so_that_no_language_reads_them_otherwise():
    """A scale has no digits to group and no decimals: its unit changes instead."""
    wide = percentile_lines([Percentiles(0.02, 50.0, 9_000.0)], [""])
    texts = [each.text for each in elements(wide, "text")]
    assert texts == ["10 µs", "100 µs", "1 ms", "10 ms", "100 ms", "1 s", "10 s"]
