"""What a check of type tcp makes of what it received."""

import pytest
from pydantic import ValidationError

from monitor.domain.observation import Failure
from monitor.domain.observation import FailureKind as Kind
from monitor.probes.tcp import TcpSpec, judge

TIMEOUT = Failure(Kind.TIMEOUT, "time was up")
REFUSED = Failure(Kind.CONNECT_REFUSED, "refused")


def a_spec(**keys):
    return TcpSpec.model_validate({"host": "db.test", "port": 5432, **keys})


@pytest.mark.parametrize(
    ("expect", "answer", "seconds", "failure", "kind"),
    [
        ({}, b"", 0.1, None, None),
        ({}, b"", 0.1, REFUSED, Kind.CONNECT_REFUSED),
        ({"receive_matches": "^220 "}, b"220 hello", 0.1, None, None),
        ({"receive_matches": "^220 "}, b"421 busy", 0.1, None, Kind.BANNER),
        ({"receive_matches": "^220 "}, b"421 busy", 0.1, TIMEOUT, Kind.BANNER),
        ({"receive_matches": "^220 "}, b"", 0.1, TIMEOUT, Kind.TIMEOUT),
        ({"receive_matches": "^220 "}, b"", 0.1, None, Kind.BANNER),
        ({"max_duration": "1s"}, b"", 1.0, None, None),
        ({"max_duration": "1s"}, b"", 1.1, None, Kind.SLOW),
        ({"receive_matches": "\\xff"}, "ÿ".encode(), 0.1, None, None),
    ],
)
def test_verdicts(expect, answer, seconds, failure, kind):
    """The network's failure comes first, then the answer, then the time."""
    found = judge(a_spec(expect=expect), answer, seconds, failure)

    assert (found and found.kind) == kind


def test_the_failing_text_carries_what_was_received():
    """What the target said stands beside what was expected, without control characters."""
    found = judge(a_spec(expect={"receive_matches": "^220"}), b"421 \x1b[2J\r\n", 0, None)

    assert found.detail == "received '421 �[2J  ', expected to match '^220'"


@pytest.mark.parametrize(
    "keys", [{"port": 70_000}, {"host": ""}, {"sent": "x"}, {"send": "x" * 5000}]
)
def test_mistakes_are_refused(keys):
    """What cannot be meant is an error when the configuration is read."""
    with pytest.raises(ValidationError):
        a_spec(**keys)
