"""What a visit to a database comes to, when several things are wrong with it."""

import pytest

from monitor.conditions.certificate import Finding
from monitor.conditions.databaseattempt import gravest
from monitor.domain.observation import Failure, FailureKind

ILL = Finding(Failure(FailureKind.STATUS, "a replica without its master"), degrades=True)
EARLY = Finding(Failure(FailureKind.EXPIRES_SOON, "good for 9 more days"), degrades=True)
LATE = Finding(Failure(FailureKind.EXPIRES_SOON, "good for 2 more days"))


@pytest.mark.parametrize(
    ("findings", "told"),
    [
        ((None, None), None),
        ((ILL, None), ILL),
        ((None, EARLY), EARLY),
        ((ILL, EARLY), ILL),
        ((ILL, LATE), LATE),
    ],
)
def test_what_fails_speaks_before_what_degrades(findings, told):
    """A finding that fails the check is told first, and among equals that of the server itself."""
    assert gravest(findings) is told
