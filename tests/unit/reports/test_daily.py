"""data.csv: the days of all services, for spreadsheets and programs."""

import csv
import io
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest

from monitor.domain.availability import Figures, Parts
from monitor.reports.daily import COLUMNS, daily
from monitor.reports.exactly import number
from tests.unit.reports.reports import a_report


@pytest.fixture(scope="module")
def whole():
    return a_report()


def read(report):
    return list(csv.DictReader(io.StringIO("".join(daily(report)), newline="")))


def test_each_day_of_each_service_has_a_line(whole):
    """A day stands around the clock, and by the promised hours before that where there are any."""
    found = [(line["service"], line["date"], line["hours"]) for line in read(whole)]

    assert found == [
        ("pajak", "2025-06-02", "24x7"),
        ("pajak", "2025-06-03", "24x7"),
        ("portal", "2025-06-02", "kantor"),
        ("portal", "2025-06-02", "24x7"),
        ("portal", "2025-06-03", "kantor"),
        ("portal", "2025-06-03", "24x7"),
    ]


def test_lines_end_as_the_standard_has_them(whole):
    """Each line ends with CR LF and has as many cells as there are columns (RFC 4180)."""
    lines = list(daily(whole))

    assert all(line.endswith("\r\n") and line.count("\n") == 1 for line in lines)
    assert {len(next(csv.reader([line]))) for line in lines} == {len(COLUMNS)}


@pytest.mark.parametrize("name", ["=1+1", "+62", "-1", "@x", "\tx", "\rx"])
def test_no_cell_is_a_formula(whole, name):
    """What somebody wrote is never computed by a spreadsheet."""
    account = whole.accounts[0]
    named = replace(account, service=replace(account.service, name=name))

    [first, *_] = read(replace(whole, accounts=[named]))

    assert first["name"] == f"'{name}"


def test_days_sum_to_the_period(whole):
    """The microseconds of a service's days are those of its period."""
    portal = whole.accounts[1]
    days = [line for line in read(whole) if (line["service"], line["hours"]) == ("portal", "24x7")]

    assert sum(int(day["down_microseconds"]) for day in days) == portal.always.parts.down
    assert sum(int(day["total_microseconds"]) for day in days) == portal.always.parts.total


def test_a_percentage_is_what_people_read_or_nothing():
    """A number is rounded as in print, and left out where it would claim what nobody measured."""
    clean = Figures(parts=Parts(up=10), outages=0, interval=1)
    blind = replace(clean, parts=Parts(up=10, unknown=1))
    third = replace(clean, parts=Parts(up=2, down=1))
    nearly = replace(clean, parts=Parts(up=10**9, down=1))

    assert number("availability", clean) == Decimal("100.000")
    assert number("availability", blind) is None
    assert number("availability", third) == Decimal("66.666")
    assert number("upper", third) == Decimal("66.667")
    assert number("availability", nearly) == Decimal("99.999")
    assert number("upper", nearly) is None
    assert number("availability", replace(clean, parts=Parts())) is None


def test_exact_fractions_stand_beside(whole):
    """The number is the exact fraction rounded down, which stands beside it."""
    for line in read(whole):
        shown, exactly = line["lower_percent"], Fraction(line["lower_exact"])
        assert 0 <= exactly * 100 - Fraction(shown) < Fraction(1, 1000)
