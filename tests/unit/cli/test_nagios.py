"""The line and the exit code that Nagios and its kin read."""

from datetime import timedelta

import pytest

from monitor.cli.nagios import exit_code, plugin_line
from monitor.domain.observation import (
    Failure,
    FailureKind,
    Outcome,
    OutcomeStatus,
    UnknownCause,
)
from tests.fakes import OK, a_check, observed


def outcome(status, *, cause=None, detail="status: 503, expected 200-299"):
    return Outcome(status=status, failure=Failure(FailureKind.STATUS, detail), cause=cause)


@pytest.mark.parametrize(
    ("seen", "code", "word"),
    [
        (OK, 0, "OK"),
        (outcome(OutcomeStatus.DEGRADED), 1, "WARNING"),
        (outcome(OutcomeStatus.FAILED), 2, "CRITICAL"),
        (outcome(OutcomeStatus.UNKNOWN, cause=UnknownCause.SELF_OFFLINE), 3, "UNKNOWN"),
    ],
)
def test_code_and_word_of_each_status(seen, code, word):
    """Up is 0 OK, degraded 1 WARNING, down 2 CRITICAL, unknown 3 UNKNOWN."""
    [observation] = observed(seen)

    assert exit_code(observation) == code
    assert plugin_line(a_check(), observation).startswith(f"{word}: portal-http ")


def test_line_tells_what_is_the_matter():
    """The line carries the failure in words and its actual value."""
    [observation] = observed(outcome(OutcomeStatus.FAILED))

    assert plugin_line(a_check(), observation) == (
        "CRITICAL: portal-http down in 0.020 s: it answered with another status than expected "
        "(status: 503, expected 200-299) | time=0.020000s;;10;0;10"
    )


def test_performance_data_has_limits_and_phases():
    """Performance data name the warning and critical limits, and each phase."""
    check = a_check(degraded_over=timedelta(seconds=3))
    [observation] = observed(Outcome(facts={"phases": {"connect": 0.0125}}))

    assert plugin_line(check, observation).split(" | ")[1] == (
        "time=0.020000s;3;10;0;10 connect=0.012500s;;;0"
    )


def test_target_cannot_forge_performance_data():
    """What a target wrote can begin neither performance data nor a second line."""
    [observation] = observed(outcome(OutcomeStatus.FAILED, detail="x | time=0\nOK: fine"))

    line = plugin_line(a_check(), observation)

    assert line.count("|") == 1
    assert "\n" not in line
