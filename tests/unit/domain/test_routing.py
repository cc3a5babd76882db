"""Whom routes name is found once for checks in which they see no difference."""

import time
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.alert import Match, Route, receivers_of
from monitor.domain.check import CheckId
from monitor.domain.incident import AffectedCheck, Incident
from monitor.domain.observation import Status
from monitor.domain.routing import Routing
from monitor.domain.service import Criticality, Service, ServiceId
from monitor.domain.surroundings import Grouping, Surroundings
from monitor.domain.telling import tell
from tests.fakes import NOON, a_check

NAMES = st.sampled_from(["a", "b", "c"])
SOME = st.frozensets(NAMES, max_size=2)
GRADES = st.sampled_from(list(Criticality))
LABELS = st.dictionaries(NAMES, NAMES, max_size=2)
STATUSES = st.sampled_from([Status.DOWN, Status.DEGRADED, None])
MATCHES = st.builds(
    Match,
    owners=SOME,
    services=SOME,
    criticalities=st.frozensets(GRADES, max_size=2),
    types=SOME,
    labels=LABELS,
)
ROUTES = st.builds(
    Route,
    receiver=NAMES,
    match=MATCHES,
    statuses=st.frozensets(st.sampled_from([Status.DOWN, Status.DEGRADED]), min_size=1),
    goes_on=st.booleans(),
    on_call=st.booleans(),
)
SERVICES = st.builds(Service, id=NAMES, name=st.just("s"), owner=NAMES, criticality=GRADES)
CHECKS = st.builds(lambda kind, labels: a_check(type=kind, labels=labels), NAMES, LABELS)


@given(
    st.lists(ROUTES, max_size=4),
    st.lists(st.tuples(SERVICES, CHECKS, STATUSES, st.booleans()), max_size=12),
)
def test_it_finds_what_the_routes_say(routes, asked):
    """However many it was asked before, it names for each whom the routes name."""
    routing = Routing(routes)

    for service, check, status, in_care in asked:
        found = routing.receivers(service, check, status, in_care=in_care)
        assert found == receivers_of(routes, service, check, status, in_care=in_care)


ALIKE = {"id": ServiceId("a"), "name": "s", "owner": "a"}


@pytest.mark.parametrize(
    ("match", "service", "check"),
    [
        (Match(owners=frozenset("b")), {"owner": "b"}, {}),
        (Match(services=frozenset("b")), {"id": ServiceId("b")}, {}),
        (
            Match(criticalities=frozenset({Criticality.KRITIS})),
            {"criticality": Criticality.KRITIS},
            {},
        ),
        (Match(types=frozenset({"dns"})), {}, {"type": "dns"}),
        (Match(labels={"a": "b"}), {}, {"labels": {"a": "b"}}),
    ],
    ids=["owner", "service", "criticality", "type", "label"],
)
def test_difference_that_a_route_sees(match, service, check):
    """What it found for one check it says of no other in which a route sees a difference."""
    routing = Routing([Route(receiver="r", match=match)])
    alike, other = Service(**ALIKE), Service(**(ALIKE | service))

    assert routing.receivers(alike, a_check(type="http"), Status.DOWN) == ()
    assert routing.receivers(other, a_check(**({"type": "http"} | check)), Status.DOWN) == ("r",)
    assert routing.receivers(alike, a_check(type="http"), Status.DOWN) == ()


def test_same_check_in_another_state():
    """What it found for a check that is down says nothing of it while it is degraded, or in care."""
    routing = Routing([Route(receiver="r", on_call=True)])
    service, check = Service(**ALIKE), a_check()

    assert routing.receivers(service, check, Status.DOWN) == ("r",)
    assert routing.receivers(service, check, Status.DEGRADED) == ()
    assert routing.receivers(service, check, Status.DOWN, in_care=True) == ()


def test_many_routes_make_no_look_long():
    """A look at 2,000 open outages of 50 owners costs about as much with 51 routes as with one."""
    one, many = (_seconds_of_cpu(_around(count)) for count in (1, 51))

    assert many < 2 * one


def _seconds_of_cpu(around: Surroundings) -> float:
    known = [
        Incident(
            id=f"I{each}",
            service=each,
            started_at=NOON,
            news_since=NOON,
            checks=(AffectedCheck(id=CheckId(each), since=NOON),),
        )
        for each in around.services
    ]
    durations = []
    for _ in range(7):
        began = time.thread_time()
        assert tell(known, around, NOON).notifications == ()
        durations.append(time.thread_time() - began)
    return min(durations)


def _around(routes: int) -> Surroundings:
    services = [Service(id=ServiceId(f"s{n}"), name="s", owner=f"opd{n % 50}") for n in range(2000)]
    named = [
        Route(receiver=f"r{n}", match=Match(owners=frozenset({f"opd{n}"})), goes_on=True)
        for n in range(routes - 1)
    ]
    return Surroundings(
        services={each.id: each for each in services},
        checks={CheckId(each.id): a_check(id=each.id, service=each.id) for each in services},
        routing=Routing([*named, Route(receiver="oncall")]),
        grouping=Grouping(),
        remind_every=timedelta(hours=4),
        escalations=(),
        suspects=(),
        vantage="balaikota",
    )
