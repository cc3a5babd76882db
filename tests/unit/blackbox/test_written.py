from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.blackbox.modules import Module
from monitor.blackbox.written import (
    format_go_duration,
    format_go_size,
    parse_go_duration,
    parse_go_size,
)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("5s", 5),
        ("1h30m", 5400),
        ("1m30.5s", 90.5),
        ("500ms", 0.5),
        (".5s", 0.5),
        ("1.s", 1),
        ("2500us", 0.0025),
        ("2500µs", 0.0025),
        ("2500μs", 0.0025),
        ("1500000ns", 0.0015),
        ("30m1h", 5400),
        ("+5s", 5),
        ("0", 0),
        (0, 0),
        ("0s", 0),
    ],
)
def test_durations_are_those_of_go(text, seconds):
    """A duration is written as Go takes it: numbers with their units, in any order."""
    assert parse_go_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text", ["", "5", 5, 5.0, True, "5 s", "1d", "1w", "-5s", "s", "5S", "1h-5m", "5sx", "25h"]
)
def test_what_is_no_duration(text):
    """What Go refuses is refused; so is a negative one, which would mean none, and over a day."""
    with pytest.raises(ValueError, match=r"duration|day"):
        parse_go_duration(text)


@given(st.integers(0, 86_400_000_000))
def test_duration_comes_back(microseconds):
    """What a duration is shown as reads back as the same."""
    duration = timedelta(microseconds=microseconds)

    assert parse_go_duration(format_go_duration(duration)) == duration


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (5, "5s"), (90, "1m30s"), (3600, "1h0m0s"), (0.5, "500ms"), (1.5, "1.5s")],
)
def test_duration_is_shown_as_go_shows_it(seconds, text):
    """A duration is shown in Go's own form."""
    assert format_go_duration(timedelta(seconds=seconds)) == text


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("1KB", 1024),
        ("1KiB", 1024),
        ("1.5MB", 1_572_864),
        ("1MB512KB", 1_572_864),
        ("7B", 7),
        ("0", 0),
        (0, 0),
    ],
)
def test_sizes(text, size):
    """A size is written with its unit, and 1KB is 1024 bytes."""
    assert parse_go_size(text) == size


@pytest.mark.parametrize("text", ["", "5", 5, True, "5 MB", "MB", "5mb", "-1MB", "1EB"])
def test_what_is_no_size(text):
    """A size without a unit is refused, as blackbox_exporter does it."""
    with pytest.raises(ValueError, match="no size"):
        parse_go_size(text)


@given(st.integers(1, 2**50))
def test_size_comes_back(size):
    """What a size is shown as reads back as the same."""
    assert parse_go_size(format_go_size(size)) == size


@pytest.mark.parametrize(
    ("written", "meant"),
    [(True, True), ("yes", True), ("On", True), ("y", True), ("no", False), ("OFF", False)],
)
def test_flags(written, meant):
    """A truth value may be one of YAML 1.1's words, as for Go's parser."""
    module = Module.model_validate({"prober": "tcp", "tcp": {"tls": written}})

    assert module.tcp.tls is meant


@pytest.mark.parametrize("written", [1, "1", "yup", [], {}])
def test_what_is_no_flag(written):
    """Anything else is no truth value."""
    with pytest.raises(ValueError, match="neither true nor false"):
        Module.model_validate({"prober": "tcp", "tcp": {"tls": written}})


def test_nothing_is_as_good_as_none():
    """A key with nothing behind it keeps its default."""
    module = Module.model_validate({"prober": "icmp", "timeout": None, "icmp": {"ttl": None}})

    assert module.icmp.ttl == 64
