"""What the name servers of a zone must agree on."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.conditions.authority import AuthorityConditions, Verdict, differs, judge, serial_drift
from monitor.domain.observation import Failure, FailureKind, OutcomeStatus, UnknownCause
from monitor.net.authority import Authorities, Authority
from monitor.net.dnsreport import Reply

REFUSED = Failure(FailureKind.CONNECT_REFUSED, "ask 192.0.2.2:53 over UDP: Connection refused")
NO_ROUTE = Failure(FailureKind.CONNECT_UNREACHABLE, "no route")


def reply(*answers: str, rcode: str = "NOERROR", **fields: Any) -> Reply:
    return Reply(rcode=rcode, flags=("qr", "aa"), answers=answers, **fields)


def server(number: int, said: Reply | None = None, **fields: Any) -> Authority:
    return Authority(name=f"ns{number}.id", address=f"192.0.2.{number}", reply=said, **fields)


def zone(*servers: Authority, **fields: Any) -> Authorities:
    return Authorities(zone="example.id", listed=("ns1.id", "ns2.id"), servers=servers, **fields)


def judged(*servers: Authority, **fields: Any) -> Verdict:
    return judge(AuthorityConditions(), zone(*servers, **fields))


def test_order_and_ttl_do_not_matter():
    """The same records in another order, or with other TTLs, are the same answer."""
    one = reply("192.0.2.7", "192.0.2.8", ttls=(300, 300))
    other = reply("192.0.2.8", "192.0.2.7", ttls=(60, 60))

    assert judged(server(1, one), server(2, other)) == Verdict()


def test_denial_beside_an_answer():
    """NXDOMAIN from one server and an answer from another are different answers."""
    verdict = judged(server(1, reply("192.0.2.7")), server(2, reply(rcode="NXDOMAIN")))

    assert verdict.status is OutcomeStatus.FAILED


def test_different_answers_before_lame_servers():
    """What is worse is told first."""
    verdict = judged(
        server(1, reply("192.0.2.7")), server(2, reply("192.0.2.8")), server(3, failure=REFUSED)
    )

    assert verdict.status is OutcomeStatus.FAILED


def test_fault_of_ours_makes_no_server_lame():
    """A server that we have no way to is no fault of the zone."""
    ours = server(2, failure=NO_ROUTE, cause=UnknownCause.SELF_OFFLINE)

    assert judged(server(1, reply("192.0.2.7")), ours) == Verdict()


def test_no_way_to_any_server():
    """Where we have no way to any server, nothing is known."""
    verdict = judged(server(1, failure=NO_ROUTE, cause=UnknownCause.SELF_OFFLINE))

    assert verdict.status is OutcomeStatus.UNKNOWN
    assert verdict.cause is UnknownCause.SELF_OFFLINE


def test_nobody_serves():
    """The kind of a failure is that of the first server whose fault it is."""
    verdict = judged(
        server(1, failure=NO_ROUTE, cause=UnknownCause.LOCAL), server(2, failure=REFUSED)
    )

    assert verdict.status is OutcomeStatus.FAILED
    assert verdict.failure is not None
    assert verdict.failure.kind is FailureKind.CONNECT_REFUSED


@pytest.mark.parametrize(
    ("serials", "drift"),
    [([], 0), ([7], 0), ([7, 7], 0), ([7, 10, 9], 3), ([2**32 - 1, 1], 2), ([0, 2**31], 2**31)],
)
def test_serial_drift(serials: list[int], drift: int):
    """Serials are counted in a circle: zero comes after the largest (RFC 1982)."""
    servers = [server(n, reply(), serial=serial) for n, serial in enumerate(serials)]

    assert serial_drift(servers) == drift


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**31 - 1))
def test_drift_is_the_steps_between(serial: int, steps: int):
    """Wherever in the circle a serial is, the drift is the number of its increments."""
    servers = [
        server(1, reply(), serial=serial),
        server(2, reply(), serial=(serial + steps) % 2**32),
    ]

    assert serial_drift(servers) == steps


def test_unknown_delegation_is_no_fault():
    """A zone above that could not be asked says nothing."""
    found = zone(server(1, reply("192.0.2.7")))

    assert judge(AuthorityConditions(same_delegation=True), found) == Verdict()


def test_resolver_follows_an_alias_further():
    """Where the zone's servers end with an alias, the resolver must have gone that way."""
    ends = reply(aliases=("www.other.id",))
    found = zone(server(1, ends, leads_away=True), server(2, ends, leads_away=True))
    further = reply("192.0.2.7", aliases=("www.other.id", "host.other.id"))
    elsewhere = reply("192.0.2.7", aliases=("www.evil.id",))

    assert differs(further, found) is None
    assert differs(elsewhere, found) is not None


def test_resolver_with_what_an_alias_led_to_once():
    """Where the zone itself denies what its alias leads to, the resolver must have nothing too."""
    nothing = reply(aliases=("www.example.id",))
    old = reply("192.0.2.7", aliases=("www.example.id",))

    failure = differs(old, zone(server(1, nothing)))

    assert failure is not None
    assert failure.detail == "answers: 192.0.2.7, but the zone example.id has www.example.id"


def test_aliases_that_differ():
    """Servers that lead to different names out of the zone say different things."""
    verdict = judged(
        server(1, reply(aliases=("a.other.id",)), leads_away=True),
        server(2, reply(aliases=("b.other.id",)), leads_away=True),
    )

    assert verdict.status is OutcomeStatus.FAILED
    assert verdict.failure is not None
    assert verdict.failure.detail == (
        "answers differ: a.other.id (ns1.id 192.0.2.1) – b.other.id (ns2.id 192.0.2.2)"
    )


@pytest.mark.parametrize(
    ("other", "status"),
    [
        (reply("192.0.2.7", aliases=("a.other.id", "b.other.id")), OutcomeStatus.OK),
        (reply(aliases=("a.other.id",), rcode="NXDOMAIN"), OutcomeStatus.OK),
        (reply("192.0.2.7", aliases=("c.other.id",)), OutcomeStatus.FAILED),
        (reply("192.0.2.7"), OutcomeStatus.FAILED),
    ],
    ids=["further", "denied", "elsewhere", "no-alias"],
)
def test_server_that_serves_the_other_zone_too(other: Reply, status: OutcomeStatus):
    """What a server says of a zone that an alias leads to is none of the zone's own affair."""
    ends = server(1, reply(aliases=("a.other.id",)), leads_away=True)

    assert judged(ends, server(2, other)).status is status


def test_resolver_may_have_either_answer():
    """While the zone's servers differ, each of their answers is right for a resolver."""
    found = zone(server(1, reply("192.0.2.7")), server(2, reply("192.0.2.8")))

    assert differs(reply("192.0.2.8"), found) is None
    assert differs(reply("192.0.2.7", "192.0.2.8"), found) is not None


def test_resolver_that_denies():
    """An rcode that no server of the zone gives is told."""
    failure = differs(reply(rcode="NXDOMAIN"), zone(server(1, reply("192.0.2.7"))))

    assert failure is not None
    assert failure.detail == "answers: NXDOMAIN, but the zone example.id has 192.0.2.7"
