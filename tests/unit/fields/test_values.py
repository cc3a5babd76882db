import pickle
from datetime import timedelta
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.fields import (
    Pattern,
    WrittenFloat,
    format_duration,
    format_size,
    parse_duration,
    parse_size,
    shown,
)
from tests.unit.fields.reading import field, refusal


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30s", 30),
        ("5m", 300),
        ("1h30m", 5400),
        ("500ms", 0.5),
        ("1m500ms", 60.5),
        ("1d", 86_400),
        ("1w2d", 9 * 86_400),
        ("1y", 365 * 86_400),
        ("090s", 90),
    ],
)
def test_duration(text, seconds):
    """Durations are written as Prometheus writes them."""
    assert field("duration", text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "value",
    [
        *[
            "",
            "s",
            "5",
            "5 s",
            " 5s",
            "5s\n",
            "-5s",
            "+5s",
            "1.5h",
            "5S",
            "5min",
            "1m1h",
            "1s1s",
            "\u0663s",
        ],
        *["1e3s", "5s5", "9" * 13 + "s", 5, 5.0, True, [], {}],
    ],
)
def test_no_duration(value):
    """Whatever is no duration is refused with the form that would be right."""
    assert "write whole numbers with their units" in refusal("duration", value)


def test_no_time_at_all():
    """A duration is more than nothing, except where nothing has a meaning."""
    assert refusal("duration", "0s") == "'0s' is too short: it must be more than 0s"
    assert field("zero", "0s") == timedelta(0)


def test_endless_duration():
    """A duration has an end: ten years."""
    assert field("duration", "3650d") == timedelta(days=3650)
    assert refusal("duration", "3650d1ms") == "'3650d1ms' is over ten years"
    assert refusal("duration", "999999999999y") == "'999999999999y' is over ten years"


@given(st.integers(0, 3650 * 86_400_000))
@settings(deadline=None)
def test_duration_round_trip(milliseconds):
    """A formatted duration reads as the same duration."""
    duration = timedelta(milliseconds=milliseconds)

    assert parse_duration(format_duration(duration)) == duration


@pytest.mark.parametrize(
    ("text", "size"), [("1B", 1), ("64KB", 65_536), ("1MB", 2**20), ("1MiB", 2**20), ("2GB", 2**31)]
)
def test_size(text, size):
    """A size has a unit; 1KB is 1024 bytes, as Prometheus and its exporters read it."""
    assert field("size", text) == size


@pytest.mark.parametrize(
    "value", ["", "1", "1mb", "1 MB", "-1MB", "1.5MB", "MB", "1MB\n", 1, 1.0, None]
)
def test_no_size(value):
    """Whatever is no size is refused."""
    with pytest.raises(ValueError, match="is no size"):
        parse_size(value)


@pytest.mark.parametrize("text", ["0B", "1025GB", "999999999999GB"])
def test_size_out_of_bounds(text):
    """A size is something, and less than a disk."""
    assert "out of bounds" in refusal("size", text)


@given(st.integers(1, 2**40))
@settings(deadline=None)
def test_size_round_trip(size):
    """A formatted size reads as the same size."""
    assert parse_size(format_size(size)) == size


@pytest.mark.parametrize(
    ("value", "share"),
    [
        (WrittenFloat(99.9, "99.9"), Fraction(999, 1000)),
        (WrittenFloat(99.90, "99.90"), Fraction(999, 1000)),
        (99.95, Fraction(9995, 10_000)),
        (100, Fraction(1)),
        (WrittenFloat(1e-3, "1e-3"), Fraction(1, 100_000)),
        (WrittenFloat(99.99999999999999999, "99.99999999999999999"), 1 - Fraction(1, 10**19)),
    ],
)
def test_percentage(value, share):
    """A percentage is exactly the share that its decimals say."""
    assert field("percentage", value) == share


@pytest.mark.parametrize(
    "value", [0, -1, 100.1, float("nan"), float("inf"), True, "99.9", "99,9", []]
)
def test_no_percentage(value):
    """A percentage is a number over 0 and up to 100."""
    assert "is no percentage" in refusal("percentage", value)


def test_percentage_of_nearly_too_much():
    """What is over 100 only in its text is over 100."""
    assert "is no percentage" in refusal("percentage", WrittenFloat(100.0, "100.00000000000000001"))


def test_written_float_travels():
    """A decimal that is copied or pickled keeps its text."""
    assert pickle.loads(pickle.dumps(WrittenFloat(1.5, "1.50"))).text == "1.50"


def test_pattern_searches():
    """A pattern matches anywhere in text or bytes, and bytes need not be valid UTF-8."""
    pattern = field("pattern", "Makas+ar$")

    assert pattern.search("Kota Makassar")
    assert pattern.search(b"\xff Makassar")
    assert pattern.search("\ud800 Makassar")
    assert not pattern.search("Makassar.")


def test_pattern_is_linear():
    """The classic pattern that takes other engines for ever takes RE2 no time."""
    assert not Pattern("(a*)*$b").search("a" * 100_000)


@pytest.mark.parametrize("text", ["(", "a{2,1}", "(?=x)", r"\1", "[b-a]", "a" * 5000])
def test_no_pattern(text):
    """What RE2 does not understand is refused when it is read, not when it is needed."""
    assert refusal("pattern", text)


def test_patterns_compare_by_text():
    """Two patterns of the same text are the same."""
    assert Pattern("a") == Pattern("a") != Pattern("b")
    assert len({Pattern("a"), Pattern("a")}) == 1


def test_file(tmp_path):
    """A file's name begins at the configuration's folder, and the file must be there."""
    (tmp_path / "ca.pem").write_text("x")

    assert field("file", "ca.pem", folder=tmp_path) == tmp_path / "ca.pem"
    assert refusal("file", "ca.crt", folder=tmp_path) == "there is no file 'ca.crt'"
    assert refusal("file", ".", folder=tmp_path) == "there is no file '.'"
    assert refusal("file", "a\0b", folder=tmp_path) == "'a\\x00b' is no file name"


@given(st.text())
@settings(deadline=None)
def test_shown_is_one_short_line(text):
    """A message shows any text on one line, with nothing that a terminal obeys."""
    line = shown(text)

    assert line.isprintable()
    assert len(line) <= 60 * 10 + 2


def test_shown_as_yaml_has_it():
    """A message shows values as YAML has them."""
    values = [None, True, 5, WrittenFloat(1.5, "1.50"), "x", {}, [], timedelta(seconds=5)]

    assert [shown(each) for each in values] == [
        *("null", "true", "5", "1.50", "'x'", "a mapping", "a list", "5s")
    ]
