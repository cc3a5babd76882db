"""Checks of type domain: what is made of what is known."""

from dataclasses import replace
from datetime import date

import pytest

from monitor.domain.observation import FailureKind as Kind
from monitor.domain.observation import OutcomeStatus as Status
from monitor.domain.observation import UnknownCause
from monitor.probes.domain.judge import DAY, DomainConditions, judge
from monitor.probes.domain.memory import unheard
from tests.fakes import NOON
from tests.registries import ABOUT, known

NOW = NOON.timestamp()


def judged(told, *, now=NOW, **conditions):
    found = judge(DomainConditions(**{"min_days": 30, **conditions}), told, now)
    return (
        found.status,
        found.failure and found.failure.kind,
        found.failure and found.failure.detail,
    )


@pytest.mark.parametrize(
    ("days", "status"),
    [
        (30.01, Status.OK),
        (29.99, Status.DEGRADED),
        (7.01, Status.DEGRADED),
        (6.99, Status.FAILED),
        (0.0, Status.FAILED),
        (-3.0, Status.FAILED),
    ],
)
def test_days_left(days, status):
    """Below `min_days` it is degraded; below `critical_days`, and once expired, it fails."""
    told = known(expires=(NOW + days * DAY,))

    assert judged(told, critical_days=7)[0] is status


def test_expiry_is_told_with_the_date():
    """The date, the days that are left and what is expected stand in the detail."""
    assert judged(known(expires=(NOW + 9 * DAY,))) == (
        Status.DEGRADED,
        Kind.EXPIRES_SOON,
        "expires 2026-06-10, in 9.0 days, expected at least 30",
    )
    assert judged(known(expires=(NOW - 2.5 * DAY,)))[2] == "expired 2026-05-29, 2.5 days ago"


def test_time_passes_between_questions():
    """The same memory is judged afresh: days run on without a question."""
    assert judged(known(expires=(NOW + 31 * DAY,)), now=NOW)[0] is Status.OK
    assert judged(known(expires=(NOW + 31 * DAY,)), now=NOW + 2 * DAY)[0] is Status.DEGRADED


@pytest.mark.parametrize(
    "status", ["client hold", "serverHold", "pending delete", "redemption period"]
)
def test_a_name_that_is_on_hold(status):
    """A status that takes the name out of the DNS, or is about to, is down."""
    assert judged(known(statuses=("active", status))) == (
        Status.FAILED,
        Kind.ANSWER,
        f"status: {status}",
    )


@pytest.mark.parametrize(
    "status",
    [
        "client delete prohibited",
        "server transfer prohibited",
        "pending update",
        "auto renew period",
    ],
)
def test_what_only_protects_is_fine(status):
    """A status that forbids a change is no fault."""
    assert judged(known(statuses=(status,)))[0] is Status.OK


@pytest.mark.parametrize(
    ("expected", "detail"),
    [
        ({"statuses": ("clienttransferprohibited",)}, None),
        (
            {"statuses": ("serverhold",)},
            "status: active, client transfer prohibited, expected serverhold among them",
        ),
        ({"not_statuses": ("pendingtransfer",)}, None),
        ({"not_statuses": ("active",)}, "status: active"),
        ({"name_servers": ("ns1.test", "ns2.test")}, None),
        (
            {"name_servers": ("ns1.test",)},
            "name servers: ns1.test, ns2.test, expected ns1.test",
        ),
        (
            {"name_servers": ("ns1.test", "ns3.test")},
            "name servers: ns1.test, ns2.test, expected ns1.test, ns3.test",
        ),
        ({"registrar": "registrar CONTOH"}, None),
        ({"registrar": "Lain"}, "registrar: PT Registrar Contoh, expected 'Lain' in it"),
    ],
    ids=str,
)
def test_expectations(expected, detail):
    """What is expected is exact about name servers, and what was seen is told."""
    assert judged(known(), **expected)[2] == detail


def test_everything_wrong_is_told_at_once():
    """Several faults stand in one detail."""
    told = known(statuses=("server hold",), name_servers=())

    assert judged(told, name_servers=("ns1.test",))[2] == (
        "status: server hold; name servers: none, expected ns1.test"
    )


@pytest.mark.parametrize(
    ("changes", "expected", "why"),
    [
        ({"expires": ()}, {}, "the registry gives no date of expiry: state it with expires_on"),
        ({"statuses": None}, {"statuses": ("active",)}, "the registry tells no status"),
        (
            {"name_servers": None},
            {"name_servers": ("a.test",)},
            "the registry tells no name servers",
        ),
        ({"registrar": None}, {"registrar": "PT"}, "the registry tells no registrar"),
        (
            {"registered": NOW + 300 * DAY},
            {},
            "the registry's dates contradict each other: registered 2027-03-28, expires 2026-12-18",
        ),
        (
            {"registered": NOW - 10 * DAY, "expires": (NOW - 20 * DAY,)},
            {},
            "the registry's dates contradict each other: registered 2026-05-22, expires 2026-05-12",
        ),
        (
            {"expires": (NOW + 20 * DAY, NOW + 385 * DAY)},
            {},
            "the registry gives several dates of expiry: 2026-06-21 and 2027-06-21",
        ),
    ],
    ids=str,
)
def test_what_cannot_be_decided_is_unknown(changes, expected, why):
    """Without what is needed to judge, or with what contradicts itself, nothing is up."""
    found = judge(DomainConditions(min_days=30, **expected), known(**changes), NOW)

    assert (found.status, found.cause) == (Status.UNKNOWN, UnknownCause.NO_DATA)
    assert found.failure.detail == f"cannot decide: {why}"


def test_several_dates_that_say_the_same():
    """Two dates of expiry that are both far are no matter; both past is expired."""
    assert judged(known(expires=(NOW + 100 * DAY, NOW + 465 * DAY)))[0] is Status.OK
    assert judged(known(expires=(NOW - 9 * DAY, NOW - 8 * DAY)))[0] is Status.FAILED


def test_a_fault_is_told_before_a_doubt():
    """What is known to be wrong counts although something else cannot be decided."""
    assert judged(known(expires=(), statuses=("client hold",)))[0] is Status.FAILED


def test_a_stated_date_fills_in():
    """Where the registry gives no date, the operator's counts."""
    stated = {"stated": date(2027, 3, 1)}

    assert judged(known(expires=()), **stated)[0] is Status.OK
    assert judged(known(expires=()), now=NOW + 6 * DAY, stated=date(2026, 6, 20))[:2] == (
        Status.DEGRADED,
        Kind.EXPIRES_SOON,
    )


@pytest.mark.parametrize(
    ("days", "status"),
    [
        (-2, Status.DEGRADED),
        (-0.9, Status.OK),
        (0, Status.OK),
        (1.9, Status.OK),
        (2, Status.DEGRADED),
        (365, Status.DEGRADED),
    ],
)
def test_a_stated_date_is_checked(days, status):
    """A date by hand that is not the registry's, but for what a zone makes, is degraded."""
    midnight = (date(2027, 3, 1) - date(1970, 1, 1)).total_seconds()
    told = known(expires=(midnight + days * DAY,))
    found = judged(told, stated=date(2027, 3, 1))

    assert found[0] is status
    assert found[1] is (None if status is Status.OK else Kind.CHANGED)


def test_the_registry_counts_before_the_stated_date():
    """Where both are there the registry's date decides."""
    assert judged(known(), stated=date(2026, 1, 1))[:2] == (Status.DEGRADED, Kind.CHANGED)


def test_old_knowledge_is_none():
    """What was learned more than seven days ago tells nothing any more."""
    told = replace(known(), said="status 500, expected 200")

    assert judged(told, now=NOW + 7 * DAY)[0] is Status.OK
    assert judged(told, now=NOW + 7 * DAY + 1) == (
        Status.UNKNOWN,
        Kind.ANSWER,
        "cannot decide: the registry last told something 2026-06-01: status 500, expected 200",
    )


def test_nothing_learned_yet():
    """Before the first answer nothing is known, but a stated date that is near counts."""
    told = unheard(None, "no route", ABOUT, NOW, DAY)

    assert judged(told)[2] == "cannot decide: the registry has told nothing yet: no route"
    assert judged(told, stated=date(2027, 3, 1))[0] is Status.UNKNOWN
    assert judged(told, stated=date(2026, 6, 9))[0] is Status.DEGRADED
    assert judged(told, stated=date(2026, 5, 9))[0] is Status.FAILED


def test_by_hand_alone():
    """With nobody to ask the stated date decides by itself."""
    assert judged(None, asks=False, stated=date(2027, 3, 1))[0] is Status.OK
    assert judged(None, asks=False, stated=date(2026, 6, 9))[0] is Status.DEGRADED
