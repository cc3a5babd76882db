"""What is told of services that are not down: from a probe's outcome to the messages."""

from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain.alert import AlertType, Notification, Route
from monitor.domain.check import CheckId
from monitor.domain.incident import Concern
from monitor.domain.observation import Failure, FailureKind, Outcome, OutcomeStatus
from monitor.domain.service import Rule, Service, ServiceId, StatusRule
from monitor.domain.status import Status
from monitor.domain.surroundings import Grouping
from monitor.engine.board import Board
from monitor.engine.pipeline import Pipeline, Plan
from monitor.ports import Change
from tests.fakes import NOON, OK, REFUSED, a_check, observed

MINUTE = timedelta(minutes=1)
HTTP = a_check(failure_threshold=2)
DNS = a_check(id=CheckId("portal-dns"), type="dns", failure_threshold=2)
PORTAL = Service(id=ServiceId("portal"), name="Portal", owner="diskominfo")


def degraded(kind: FailureKind) -> Outcome:
    return Outcome(status=OutcomeStatus.DEGRADED, failure=Failure(kind, "…"), answered=True)


SLOW, SOON = degraded(FailureKind.SLOW), degraded(FailureKind.EXPIRES_SOON)


def a_route(receiver: str, *statuses: Status) -> Route:
    return Route(receiver=receiver, statuses=frozenset(statuses), goes_on=True)


ROUTES = (
    a_route("oncall", Status.DOWN),
    a_route("team", Status.DEGRADED),
    a_route("all", Status.DOWN, Status.DEGRADED),
)


class Life:
    """The monitor of some checks. What it has recorded survives a restart, and nothing else."""

    def __init__(self, *checks, service=PORTAL, routes=ROUTES, wait=timedelta(0)) -> None:
        self.plan = Plan(
            services=(service,),
            checks=checks or (HTTP,),
            routes=routes,
            receivers=("oncall", "team", "all"),
            grouping=Grouping(wait=wait),
        )
        self.now = NOON
        self.sent: list[Notification] = []
        self.incidents, self.states = {}, {}
        self.restart()

    def record(self, change: Change) -> None:
        self.sent += change.notifications
        self.incidents |= {each.id: each for each in change.incidents}
        self.states |= change.states

    def restart(self) -> None:
        """Begin anew with what was recorded."""
        self.board = Board()
        self.pipeline = Pipeline(self.board, self, "balaikota")
        self.pipeline.watch(self.plan, self.now, self.states)
        for each in self.incidents.values():
            self.board.put(each)
        self.pipeline.reconcile(self.now)
        self.pipeline.tell(self.now)

    def live(self, *outcomes: Outcome, check=HTTP) -> "Life":
        """See a sample a minute, and tell what there is to tell after each."""
        for outcome in outcomes:
            [seen] = observed(outcome, check=check, start=self.now)
            self.pipeline.record(seen)
            self.look(seen.started_at + seen.duration)
            self.now += MINUTE
        return self

    def look(self, at: datetime) -> None:
        self.pipeline.tell(at)

    def told(self, receiver: str) -> list[tuple[AlertType, Concern]]:
        return [
            (n.alert.type, each.concern)
            for n in self.sent
            if n.receiver == receiver
            for each in (n.alert.incident, *(one.incident for one in n.alert.companions))
        ]


FIRING, UPDATED, RESOLVED = AlertType.FIRING, AlertType.UPDATED, AlertType.RESOLVED
DEGRADED, OUTAGE = Concern.DEGRADATION, Concern.OUTAGE


class TestDegraded:
    def test_told_to_routes_that_ask(self):
        """A service that is confirmed degraded is told to the routes with that status alone."""
        life = Life().live(OK, SLOW, SLOW)

        assert (life.told("oncall"), life.told("team")) == ([], [(FIRING, DEGRADED)])

    def test_nobody_by_default(self):
        """Without a status a route tells of down alone."""
        life = Life(routes=(Route(receiver="oncall"),)).live(OK, SLOW, SLOW, OK, OK)

        assert life.sent == []

    def test_end_is_told(self):
        """Whoever was told that a service is degraded is told that it is normal again."""
        life = Life().live(OK, SLOW, SLOW, OK, OK)

        assert life.told("team") == [(FIRING, DEGRADED), (RESOLVED, DEGRADED)]

    def test_one_slow_sample_is_no_news(self):
        """As an outage, it counts once it is confirmed."""
        assert Life().live(OK, SLOW, OK, SLOW, OK).sent == []

    def test_message_says_degraded(self):
        """The message names the check as degraded, with the reason."""
        alert = Life().live(OK, SLOW, SLOW).sent[0].alert

        assert (alert.checks[0].status, alert.checks[0].failure_kind) == ("degraded", "slow")

    def test_rule_of_the_service_holds(self):
        """A service that one good check suffices for is not degraded by another one."""
        service = Service(
            id=ServiceId("portal"), name="P", owner="x", status=StatusRule(rule=Rule.ANY)
        )
        life = Life(HTTP, DNS, service=service)
        life.live(OK, check=DNS).live(OK, SLOW, SLOW)

        assert life.sent == []

    def test_expiry_is_told_otherwise(self):
        """That a certificate expires soon makes its check degraded, and alarms no such route."""
        assert Life().live(OK, SOON, SOON, SOON).sent == []

    def test_signatures_in_the_dns_are_no_expiry(self):
        """DNSSEC signatures that nobody renews are told as degraded."""
        life = Life(DNS).live(OK, SOON, SOON, check=DNS)

        assert life.told("team") == [(FIRING, DEGRADED)]


class TestDegradedAndDown:
    def test_down_is_told_as_down(self):
        """A degraded service that goes down is told as down, and nothing as back to normal."""
        life = Life().live(OK, SLOW, SLOW, REFUSED, REFUSED)

        assert life.told("all") == [(FIRING, DEGRADED), (FIRING, OUTAGE)]
        assert life.told("oncall") == [(FIRING, OUTAGE)]
        assert life.told("team") == [(FIRING, DEGRADED)]

    def test_both_end_in_one_message(self):
        """When it is well again, one message says so: of the outage, and of what was before."""
        life = Life().live(OK, SLOW, SLOW, REFUSED, REFUSED, OK, OK)
        ends = [n for n in life.sent if n.alert.type is RESOLVED]

        assert [(n.receiver, len(n.alert.incidents)) for n in ends] == [
            ("oncall", 1),
            ("all", 2),
            ("team", 1),
        ]
        assert next(n for n in ends if n.receiver == "all").alert.concern is OUTAGE

    def test_still_degraded_after_an_outage(self):
        """An outage that leaves a slow service ends with a message that says that it is slow."""
        life = Life().live(OK, REFUSED, REFUSED, SLOW, SLOW)
        [end] = [n for n in life.sent if n.receiver == "oncall" and n.alert.type is RESOLVED]

        assert end.alert.checks[0].status is Status.DEGRADED
        assert life.told("team") == [(FIRING, DEGRADED)]

    def test_who_knew_hears_that_it_goes_on(self):
        """Who knew that it was degraded before the outage hears that it still is after it."""
        life = Life().live(OK, SLOW, SLOW, REFUSED, REFUSED, SLOW, SLOW)

        assert life.told("team") == [(FIRING, DEGRADED), (UPDATED, DEGRADED)]

    def test_nobody_knew_before_the_outage(self):
        """What was not told yet when the service went down is not told while it is down."""
        life = Life(wait=3 * MINUTE).live(OK, SLOW, SLOW, *[REFUSED] * 9)

        assert life.told("all") == [(FIRING, OUTAGE)]
        assert life.told("team") == []

    def test_no_outage_is_made_of_it(self):
        """A degraded service has no outage: pages and figures go on as before."""
        life = Life().live(OK, SLOW, SLOW)

        assert life.board.incident(PORTAL.id) is None
        assert [each.concern for each in life.board.lesser_incidents(PORTAL.id)] == [DEGRADED]


OUTCOMES = st.lists(st.sampled_from((OK, SLOW, REFUSED)), max_size=40)


@settings(deadline=None, max_examples=60)
@given(outcomes=OUTCOMES)
def test_every_firing_is_resolved_in_order(outcomes):
    """Whatever a service goes through, each receiver hears of each incident a beginning and then,
    once all is well, its end; and while it is down nothing of what it was beside."""
    life = Life().live(*outcomes, OK, OK)

    for receiver in ("oncall", "team", "all"):
        is_down, firing = False, []
        for kind, concern in life.told(receiver):
            assert not (is_down and concern is DEGRADED)
            if kind is FIRING:
                firing.append(concern)
            elif kind is RESOLVED:
                firing.remove(concern)
            is_down = OUTAGE in firing
        assert firing == []


@settings(deadline=None, max_examples=60)
@given(outcomes=OUTCOMES, stops=st.sets(st.integers(0, 40), max_size=8))
def test_restart_changes_nothing(outcomes, stops):
    """However often the monitor is restarted, the very same messages are sent."""
    steady, shaken = Life().live(*outcomes, OK, OK), Life()
    for number, outcome in enumerate((*outcomes, OK, OK)):
        if number in stops:
            shaken.restart()
        shaken.live(outcome)

    assert [n.id for n in shaken.sent] == [n.id for n in steady.sent]


def test_degraded_again_and_again():
    """A service that is degraded and well again, however often, is not unstable by that, and neither
    does that count when it goes down.
    """
    life = Life().live(OK, *(SLOW, SLOW, OK, OK) * 7)
    life.live(REFUSED, REFUSED)

    incidents = list(life.incidents.values())
    assert [each.concern for each in incidents] == [DEGRADED] * 7 + [OUTAGE]
    assert {each.unstable for each in incidents} == {None}
