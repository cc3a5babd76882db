"""The steps of a probe, as `debug=true` shows them."""

from datetime import UTC, datetime

import pytest

from monitor.blackbox.log import LogLine, ProbeLog, shown_target, told
from monitor.domain.observation import Failure
from monitor.domain.observation import FailureKind as Kind

NOON = datetime(2026, 11, 1, 12, 0, 0, 123_456, tzinfo=UTC)


def test_a_line_is_logfmt():
    """A value is in quotes where it could be read in two ways."""
    fields = (("ip", "::1"), ("err", 'a "b" c=d'), ("empty", ""), ("path", "a\\b"))
    line = LogLine(NOON, "info", "Resolved target address", fields)

    assert str(line) == (
        'ts=2026-11-01T12:00:00.123Z level=info msg="Resolved target address" '
        'ip=::1 err="a \\"b\\" c=d" empty="" path="a\\\\b"'
    )


def test_lines_are_stamped_by_a_clock_that_never_jumps():
    """The wall clock is read once; the rest is time that passed since."""
    readings = iter([10.0, 10.25])
    steps = ProbeLog(NOON, lambda: next(readings))

    steps.info("Beginning probe")

    assert steps.lines()[0].at.isoformat() == "2026-11-01T12:00:00.373456+00:00"


def test_no_value_breaks_a_line():
    """What a target sent is on one line, without characters that steer a terminal."""
    steps = ProbeLog(NOON, lambda: 0.0)

    steps.info("Received", header="a\r\nlevel=info msg=fake\x1b[2J")

    assert "\n" not in str(steps.lines()[0])
    assert "\x1b" not in str(steps.lines()[0])


def test_a_log_has_a_bound_that_errors_do_not_have():
    """After 500 lines only errors are added; how many lines are missing is told."""
    steps = ProbeLog(NOON, lambda: 0.0)
    for _ in range(600):
        steps.info("Read line")
    steps.error("Probe failed")

    lines = steps.lines()

    assert len(lines) == 502
    assert lines[-2].message == "Probe failed"
    assert lines[-1].fields == (("count", 100),)


@pytest.mark.parametrize(
    ("kind", "detail", "text"),
    [
        (
            Kind.BODY,
            "body of 9 bytes that begins 'pass, expected x', expected to match 'Makassar'",
            "expected to match 'Makassar'",
        ),
        (Kind.BANNER, "received 'secret', expected a line to match '^220'", None),
        (Kind.HEADER, "header set-cookie: 'secret', expected to match 'a'", None),
        (Kind.JSON, "cel body.x: secret, expected true", None),
        (Kind.TIMEOUT, "no answer from 192.0.2.1:80", "no answer from 192.0.2.1:80"),
    ],
)
def test_the_log_repeats_nothing_that_a_target_sent(kind, detail, text):
    """Of a rule that is broken the log has the rule, and no part of the answer."""
    said = told(Failure(kind, detail))

    assert "secret" not in said
    assert text is None or said == text


@pytest.mark.parametrize(
    ("target", "shown"),
    [
        ("a.test:25", "a.test:25"),
        ("ops:pass@a.test", "ops:xxxxx@a.test"),
        ("https://ops:pass@a.test/x?key=k3y", "https://ops:xxxxx@a.test/x"),
        ("a.test/x?key=k3y", "a.test/x"),
    ],
)
def test_a_target_is_shown_without_what_it_may_hide(target, shown):
    """Neither a password nor a query of a target stands in the log."""
    assert shown_target(target) == shown
