"""`ip: both`: one outcome of two."""

import asyncio
from dataclasses import replace

import pytest

from monitor.domain.observation import Failure, FailureKind, Outcome, OutcomeStatus, UnknownCause
from monitor.net.families import both, every, over_addresses, over_families
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


def test_every_address_must_pass():
    """Of several addresses the worst speaks, by name; the facts tell how each one fared."""
    outcome = every({"192.0.2.1": OK, "192.0.2.2": LOCAL, "2001:db8::1": FAILED})

    assert outcome.status is OutcomeStatus.FAILED
    assert outcome.failure == Failure(FailureKind.CONNECT_REFUSED, "at 2001:db8::1: refused")
    assert outcome.answered
    assert outcome.facts["addresses"] == [
        {"address": "192.0.2.1", "status": "ok"},
        {"address": "192.0.2.2", "status": "unknown"},
        {
            "address": "2001:db8::1",
            "status": "failed",
            "kind": "connect_refused",
            "detail": "refused",
        },
    ]


def test_one_address_needs_no_name():
    """A failure of the only address is told as it is."""
    assert every({"2001:db8::1": FAILED}).failure == FAILED.failure


async def test_each_address_is_tried():
    """Every address of the host gets an attempt of its own, at the same time."""
    tried, all_there = [], asyncio.Event()

    class Addresses:
        async def addresses(self, host, family, deadline):
            assert (host, family, deadline) == ("portal.test", Family.IP4, 7.0)
            return ("192.0.2.1", "192.0.2.2", "192.0.2.3")

    async def attempt(address):
        tried.append(address)
        if len(tried) == 3:
            all_there.set()
        await asyncio.wait_for(all_there.wait(), 10)
        return replace(OK, facts={"address": address})

    outcome = await over_addresses(Addresses(), "portal.test", Family.IP4, 7.0, attempt)

    assert tried == ["192.0.2.1", "192.0.2.2", "192.0.2.3"]
    assert outcome.status is OutcomeStatus.OK


async def test_addresses_are_bounded():
    """Of a host with hundreds of addresses, thirty-two are tried."""
    tried = []

    class Addresses:
        async def addresses(self, host, family, deadline):
            return tuple(f"192.0.2.{number}" for number in range(200))

    async def attempt(address):
        tried.append(address)
        return OK

    await over_addresses(Addresses(), "portal.test", Family.ANY, 7.0, attempt)

    assert len(tried) == 32
