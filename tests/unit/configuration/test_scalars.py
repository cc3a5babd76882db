import math

import pytest

from monitor.configuration.scalars import resolve
from monitor.fields import WrittenFloat

CASES = [
    ("", None), ("~", None), ("null", None), ("Null", None), ("NULL", None), ("nULL", "nULL"),
    ("true", True), ("True", True), ("TRUE", True), ("tRUE", "tRUE"), ("false", False),
    ("on", "on"), ("off", "off"), ("yes", "yes"), ("no", "no"), ("y", "y"), ("NO", "NO"),
    ("1:30", "1:30"), ("12:30:45", "12:30:45"), ("2026-10-01", "2026-10-01"),
    ("17", 17), ("017", 17), ("0o17", 15), ("0O17", "0O17"), ("0x1f", 31), ("0x", "0x"), ("0o8", "0o8"),
    ("-5", -5), ("+5", 5), ("1_000", "1_000"), ("0b1", "0b1"), ("-0x1", "-0x1"),
    ("1.5", 1.5), (".5", 0.5), ("5.", 5.0), ("1e3", 1000.0), ("1.5E-2", 0.015), (".", "."), ("e3", "e3"),
    ("1.2.3", "1.2.3"), ("10.0.0.9", "10.0.0.9"), (".inf", math.inf), ("-.INF", -math.inf), ("inf", "inf"),
    ("200-299", "200-299"), ("24x7", "24x7"), ("nan", "nan"), ("-", "-"), ("٣", "٣"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "value"), CASES)
def test_scalar(text, value):
    """Plain scalars mean what the core schema of YAML 1.2 says."""
    resolved = resolve(text)

    assert resolved == value
    assert isinstance(resolved, type(value))


def test_nan():
    """`.nan` is not a number, and still a float."""
    assert math.isnan(resolve(".nan"))


def test_decimal_keeps_its_text():
    """A decimal knows how it was written."""
    assert isinstance(number := resolve("99.90"), WrittenFloat)
    assert number.text == "99.90"


def test_endless_number():
    """A number of thousands of digits is refused, and costs nothing."""
    with pytest.raises(ValueError, match="at most 40 characters"):
        resolve("9" * 100_000)
