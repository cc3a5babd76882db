"""What validation must come to."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.conditions.dnssec import DnssecConditions, Expected, ends_soon, judge
from monitor.domain.observation import FailureKind
from monitor.net.dnssec import Security, Validated

NOON = datetime(2026, 11, 7, 12, tzinfo=UTC)


def worth(security: str, **fields: Any) -> Validated:
    return Validated(security=Security(security), **fields)


@pytest.mark.parametrize(
    ("expected", "found", "right"),
    [
        ("secure", "secure", True),
        ("secure", "insecure", False),
        ("secure", "bogus", False),
        ("insecure", "insecure", True),
        ("insecure", "secure", False),
        ("insecure", "bogus", False),
        ("not_bogus", "secure", True),
        ("not_bogus", "insecure", True),
        ("not_bogus", "bogus", False),
    ],
)
def test_what_is_expected(expected: Expected, found: str, right: bool):
    """Bogus is never right; secure and insecure are where they, or either, are expected."""
    failure = judge(DnssecConditions(expected=expected), worth(found))

    assert (failure is None) is right
    assert failure is None or failure.kind is FailureKind.DNSSEC


def test_reason_is_told():
    """The failing text holds what came, what was expected, and why."""
    failure = judge(DnssecConditions(expected="not_bogus"), worth("bogus", reason="id: no DNSKEY"))

    assert failure is not None
    assert failure.detail == "dnssec: bogus, expected not bogus: id: no DNSKEY"


@pytest.mark.parametrize(("days", "soon"), [(5, False), (4.9, True), (-1, True)])
def test_signatures_that_end_soon(days: float, soon: bool):
    """Signatures must hold for the days that are wanted."""
    ends = int((NOON + timedelta(days=days)).timestamp())

    failure = ends_soon(DnssecConditions(min_days=5), worth("secure", expires=ends), NOON)

    assert (failure is not None) is soon
    if failure:
        assert failure.kind is FailureKind.EXPIRES_SOON
        assert failure.detail == f"signatures end in {days:.1f} days, expected at least 5"


@pytest.mark.parametrize(
    ("min_days", "expires"), [(None, 0), (5, None)], ids=["nothing-wanted", "no-signatures"]
)
def test_nothing_to_end(min_days: int | None, expires: int | None):
    """Without signatures, or without a wish, nothing ends too soon."""
    assert (
        ends_soon(DnssecConditions(min_days=min_days), worth("insecure", expires=expires), NOON)
        is None
    )
