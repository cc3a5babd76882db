"""`ip: both`: one outcome of two."""

import pytest

from monitor.domain.observation import Failure, FailureKind, Outcome, OutcomeStatus, UnknownCause
from monitor.net.families import both, over_families
from monitor.net.resolver import Family

OK = Outcome(answered=True, facts={"address": "192.0.2.1"})
FAILED = Outcome(
    status=OutcomeStatus.FAILED,
    failure=Failure(FailureKind.CONNECT_REFUSED, "refused"),
    facts={"address": "2001:db8::1"},
)
LOCAL = Outcome(status=OutcomeStatus.UNKNOWN, cause=UnknownCause.LOCAL)


def test_both_families_must_pass():
    """One family that fails makes the check fail, and the detail names it."""
    outcome = both(OK, FAILED)

    assert outcome.status is OutcomeStatus.FAILED
    assert outcome.failure.detail == "over IPv6: refused"
    assert outcome.facts["address"] == "192.0.2.1, 2001:db8::1"
    assert outcome.answered
    assert both(FAILED, OK).failure.detail == "over IPv4: refused"


def test_a_proven_failure_beats_what_is_unknown():
    """What one family proves is not undone by the other, and unknown is never up."""
    assert both(LOCAL, FAILED).status is OutcomeStatus.FAILED
    assert both(LOCAL, OK).status is OutcomeStatus.UNKNOWN


def test_two_successes_are_one():
    """Both families up is up."""
    assert both(OK, OK).status is OutcomeStatus.OK


@pytest.mark.parametrize(
    ("ip", "families"),
    [
        ("any", [Family.ANY]),
        ("ip4", [Family.IP4]),
        ("ip6", [Family.IP6]),
        ("both", [Family.IP4, Family.IP6]),
    ],
)
async def test_each_family_is_tried_that_is_asked_for(ip, families):
    """`both` makes one attempt for each family, anything else one in all."""
    tried = []

    async def attempt(family):
        tried.append(family)
        return OK

    await over_families(ip, attempt)

    assert tried == families
