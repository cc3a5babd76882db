"""Numbers as people in Makassar, or elsewhere, write them."""

from fractions import Fraction

import pytest

from monitor.locales import Language, listed
from monitor.locales.numbers import Rounding, decimal, percent, plain_percent

ID, EN = Language.ID, Language.EN


@pytest.mark.parametrize(
    ("value", "places", "indonesian", "english"),
    [
        (Fraction(1_234_567_891, 1_000), 3, "1.234.567,891", "1,234,567.891"),
        (0, 0, "0", "0"),
        (0, 2, "0,00", "0.00"),
        (999, 0, "999", "999"),
        (1_000, 0, "1.000", "1,000"),
        (Fraction(1, 20), 3, "0,050", "0.050"),
        (Fraction(-3, 2), 1, "-1,5", "-1.5"),
        (-1_234, 0, "-1.234", "-1,234"),
    ],
)
def test_decimal(value, places, indonesian, english):
    """Indonesian groups thousands by dots and has a decimal comma, English the reverse."""
    assert decimal(value, ID, places=places) == indonesian
    assert decimal(value, EN, places=places) == english


@pytest.mark.parametrize(
    ("value", "down", "nearest", "up"),
    [
        (Fraction(1, 3), "0,33", "0,33", "0,34"),
        (Fraction(2, 3), "0,66", "0,67", "0,67"),
        (Fraction(1, 200), "0,00", "0,00", "0,01"),
        (Fraction(-1, 3), "-0,34", "-0,33", "-0,33"),
        (Fraction(-1, 1_000), "-0,01", "0,00", "0,00"),
        (Fraction(1, 2), "0,50", "0,50", "0,50"),
        (Fraction(9_999_999, 10_000_000), "0,99", "1,00", "1,00"),
    ],
)
def test_rounding_has_a_direction(value, down, nearest, up):
    """What doesn't fit goes down, up or to the nearest, as asked, on the exact value."""
    assert decimal(value, ID, places=2, rounding=Rounding.DOWN) == down
    assert decimal(value, ID, places=2, rounding=Rounding.NEAREST) == nearest
    assert decimal(value, ID, places=2, rounding=Rounding.UP) == up


def test_a_percentage_goes_down():
    """A share reads as a percentage with three decimals, rounded down."""
    assert percent(Fraction(113, 115), ID) == "98,260 %"
    assert percent(Fraction(113, 115), EN) == "98.260%"
    assert percent(Fraction(9_999_951, 10_000_000), ID) == "99,999 %"


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("99", "99,0 %"),
        ("99.9", "99,9 %"),
        ("99.95", "99,95 %"),
        ("100", "100,0 %"),
        ("99.990", "99,99 %"),
    ],
)
def test_a_target_reads_as_it_was_written(written, text):
    """A target keeps its decimals, and has one at least."""
    assert plain_percent(Fraction(written) / 100, ID) == text


@pytest.mark.parametrize(
    ("items", "indonesian", "english"),
    [
        ([], "", ""),
        (["a"], "a", "a"),
        (["a", "b"], "a dan b", "a and b"),
        (["a", "b", "c"], "a, b, dan c", "a, b, and c"),
    ],
)
def test_listed(items, indonesian, english):
    """A list ends with "dan"; from three items on a comma stands before it."""
    assert listed(items, ID) == indonesian
    assert listed(items, EN) == english
