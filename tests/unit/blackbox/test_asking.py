from datetime import timedelta

import pytest

from monitor.blackbox.asking import (
    host_conflict,
    quoted,
    timeout_seconds,
    unknown_module,
    with_question,
)
from monitor.blackbox.modules import Module

DNS = Module.model_validate({"prober": "dns", "dns": {"query_name": "example.id"}})


@pytest.mark.parametrize(
    ("header", "configured", "seconds"),
    [
        ("", 0, 119.5),
        ("", 5, 5),
        ("10", 0, 9.5),
        ("10", 5, 5),
        ("10", 9.5, 9.5),
        ("10", 30, 9.5),
        ("0.2", 5, 5),  # less than the half second that is kept: the module's own
        ("0.2", 0, 0),
        ("0", 0, 119.5),
        ("1e1", 0, 9.5),
        ("-5", 7, 7),
        ("1e9", 0, 120),
        ("", 3600, 119.5),
    ],
)
def test_timeout(header, configured, seconds):
    """A probe has what Prometheus gives less half a second, or what its module says if less."""
    assert timeout_seconds(header, timedelta(seconds=configured)) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "header", ["abc", "1_0", " 10", "10s", "nan", "NaN", "inf", "1e9999", "0x1p4"]
)
def test_unreadable_timeout(header):
    """A header that is no number is refused in Go's words."""
    with pytest.raises(ValueError, match="Failed to parse timeout from Prometheus header: strconv"):
        timeout_seconds(header, timedelta(0))


@pytest.mark.parametrize(
    ("text", "go"),
    [
        ("x", '"x"'),
        ('a"b\\c', r'"a\"b\\c"'),
        ("\a\b\f\n\r\t\v", r'"\a\b\f\n\r\t\v"'),
        ("\x00\x7f", r'"\x00\x7f"'),
        ("é 漢", '"é 漢"'),
        ("\u2028\U000e0001", r'"\u2028\U000e0001"'),
    ],
)
def test_quoting_is_that_of_go(text, go):
    """A name is quoted as Go's %q does it, so that nothing in it breaks the line."""
    assert quoted(text) == go
    assert unknown_module(text) == f"Unknown module {go}"


def test_hostname_against_the_host_header():
    """A hostname may repeat the Host header of an HTTP module, and not contradict it."""
    module = Module.model_validate({"prober": "http", "http": {"headers": {"hOst": "x"}}})

    assert host_conflict(module, "x") is None
    assert host_conflict(module, "") is None
    assert host_conflict(module, "y") == (
        "host header defined both in module configuration (x) and with URL-parameter 'hostname' (y)"
    )
    assert host_conflict(DNS, "y") is None


def test_question_in_the_request():
    """A request may bring the question of a DNS module, and changes no module by it."""
    asked = with_question(DNS, {"query_name": "sub.example.id", "query_type": "mx"})

    assert (asked.dns.query_name, asked.dns.query_type) == ("sub.example.id", "MX")
    assert (DNS.dns.query_name, DNS.dns.query_type) == ("example.id", "ANY")
    with pytest.raises(ValueError, match="no record type"):
        with_question(DNS, {"query_type": "NONSENSE"})
