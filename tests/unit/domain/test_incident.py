from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.check import Affects, CheckId
from monitor.domain.incident import Concern, IncidentChange, follow, incident_id
from monitor.domain.observation import Failure, FailureKind
from monitor.domain.service import Rule, Service, ServiceId, StatusRule
from monitor.domain.state import CheckState
from monitor.domain.status import Status
from tests.fakes import NOON

PORTAL = Service(id=ServiceId("portal"), name="Portal", owner="diskominfo")
HTTP, TLS, DNS = CheckId("http"), CheckId("tls"), CheckId("dns")
MINUTE = timedelta(minutes=1)
AVAILABILITY = Affects.AVAILABILITY


def state(status: Status, minute: int = 0) -> CheckState:
    failure = Failure(FailureKind.STATUS, "status: 503") if status is Status.DOWN else None
    return CheckState(
        status=status,
        since=NOON + minute * MINUTE,
        cause=None,
        confirmed=status,
        confirmed_since=NOON + minute * MINUTE,
        failure=failure,
    )


def followed(incident, states, service=PORTAL, minute=60):
    return follow(incident, service, AVAILABILITY, states, NOON + minute * MINUTE)


def degradation(incident, states, service=PORTAL):
    return follow(
        incident,
        service,
        AVAILABILITY,
        states,
        NOON + 60 * MINUTE,
        concern=Concern.DEGRADATION,
    )


def opened(states, service=PORTAL):
    change, incident = followed(None, states, service)
    assert change is IncidentChange.OPENED
    return incident


def ruled(rule: Rule, quorum: int = 1) -> Service:
    return Service(
        id=ServiceId("portal"),
        name="Portal",
        owner="x",
        status=StatusRule(rule=rule, quorum=quorum),
    )


class TestOpening:
    def test_first_confirmed_down_opens(self):
        """The first check that goes down opens the incident, back-dated to its first failure."""
        incident = opened({HTTP: state(Status.DOWN, 5), TLS: state(Status.UP)})

        assert incident.started_at == NOON + 5 * MINUTE
        assert [check.id for check in incident.checks] == [HTTP]

    def test_nothing_down_opens_nothing(self):
        """Degraded and unknown are no outage."""
        states = {HTTP: state(Status.DEGRADED), TLS: CheckState()}

        assert followed(None, states) is None

    def test_degraded_is_an_incident_of_its_own(self):
        """A degraded service has an incident that is no outage, with an id of its own."""
        states = {HTTP: state(Status.DEGRADED, 5), TLS: state(Status.UP)}
        change, incident = degradation(None, states)

        assert (change, incident.concern) == (IncidentChange.OPENED, Concern.DEGRADATION)
        assert incident.id != incident_id(PORTAL.id, AVAILABILITY, NOON + 5 * MINUTE)

    def test_what_is_down_is_not_called_degraded(self):
        """While a service is down, nothing is opened about its being degraded."""
        assert degradation(None, {HTTP: state(Status.DOWN), TLS: state(Status.DEGRADED)}) is None

    def test_too_few_up_is_degraded_if_too_few_are_down(self):
        """Where two of three must be up, one that is down and one that is degraded degrade it."""
        states = {
            HTTP: state(Status.DOWN, 5),
            TLS: state(Status.DEGRADED, 7),
            DNS: state(Status.UP),
        }
        _, incident = degradation(None, states, ruled(Rule.QUORUM, 2))

        assert incident.started_at == NOON + 7 * MINUTE

    def test_degraded_outlives_an_outage(self):
        """What was degraded and goes down is open until it is well again."""
        _, incident = degradation(None, {HTTP: state(Status.DEGRADED)})

        assert degradation(incident, {HTTP: state(Status.DOWN, 5)}) is None
        assert degradation(incident, {HTTP: state(Status.UP, 9)})[0] is IncidentChange.CLOSED

    def test_id_is_derived_and_fixed(self):
        """The id follows from the service and the start in microseconds, so anyone can derive it."""
        incident = opened({HTTP: state(Status.DOWN, 5)})

        assert incident.id == incident_id(PORTAL.id, AVAILABILITY, NOON + 5 * MINUTE)
        assert incident.id == "IZDQCCLLCXH62PMQ4L2JGJU5XJ"

    def test_any_opens_when_the_last_goes_down(self):
        """A service that needs one of its checks is down when the last of them is."""
        service = ruled(Rule.ANY)
        one_up = {HTTP: state(Status.DOWN, 5), TLS: state(Status.UP)}
        none_up = {HTTP: state(Status.DOWN, 5), TLS: state(Status.DOWN, 9)}

        assert followed(None, one_up, service) is None
        assert opened(none_up, service).started_at == NOON + 9 * MINUTE

    def test_quorum_opens_when_too_few_are_up(self):
        """A service that needs two of three is down when the second goes down."""
        service = ruled(Rule.QUORUM, 2)
        states = {
            HTTP: state(Status.DOWN, 5),
            TLS: state(Status.DOWN, 7),
            DNS: state(Status.UP),
        }

        assert opened(states, service).started_at == NOON + 7 * MINUTE


class TestFollowing:
    def test_others_join(self):
        """A check that goes down during an incident joins it; the incident keeps its start."""
        first = opened({HTTP: state(Status.DOWN, 5), TLS: state(Status.UP)})
        change, incident = followed(
            first, {HTTP: state(Status.DOWN, 5), TLS: state(Status.DOWN, 8)}
        )

        assert change is IncidentChange.UPDATED
        assert [check.id for check in incident.checks] == [HTTP, TLS]
        assert (incident.id, incident.started_at) == (first.id, first.started_at)

    def test_closed_when_all_are_back(self):
        """An incident ends when its last check is back, at that check's first success."""
        first = opened({HTTP: state(Status.DOWN, 5), TLS: state(Status.DOWN, 6)})
        one_back = {HTTP: state(Status.UP, 10), TLS: state(Status.DOWN, 6)}
        change, still = followed(first, one_back)
        closed, incident = followed(still, {HTTP: state(Status.UP, 10), TLS: state(Status.UP, 14)})

        assert (change, closed) == (IncidentChange.UPDATED, IncidentChange.CLOSED)
        assert incident.ended_at == NOON + 14 * MINUTE

    def test_ends_with_the_latest_recovery(self):
        """A check that is noticed late does not end the incident before another came back."""
        first = opened({HTTP: state(Status.DOWN, 5), TLS: state(Status.DOWN, 6)})
        _, still = followed(first, {HTTP: state(Status.UP, 14), TLS: state(Status.DOWN, 6)})
        _, incident = followed(still, {HTTP: state(Status.UP, 14), TLS: state(Status.UP, 10)})

        assert incident.ended_at == NOON + 14 * MINUTE

    def test_losing_sight_keeps_it_open(self):
        """An unknown status keeps an open incident open, since its check is still confirmed down."""
        first = opened({HTTP: state(Status.DOWN, 5)})
        lost = CheckState(
            status=Status.UNKNOWN,
            since=NOON + 9 * MINUTE,
            confirmed=Status.DOWN,
            confirmed_since=NOON + 5 * MINUTE,
        )

        assert followed(first, {HTTP: lost}) is None

    def test_other_rule_ends_it_when_it_comes(self):
        """An incident that ends because the rule of its service changed ends with that change."""
        first = opened({HTTP: state(Status.DOWN, 5), TLS: state(Status.DOWN, 6)})
        states = {HTTP: state(Status.UP, 14), TLS: state(Status.DOWN, 6)}
        _, still = followed(first, states)
        change, incident = followed(still, states, ruled(Rule.ANY), minute=30)

        assert change is IncidentChange.CLOSED
        assert incident.ended_at == NOON + 30 * MINUTE

    def test_check_taken_out_leaves(self):
        """A check that is taken out of the configuration leaves its incident, which then ends."""
        first = opened({HTTP: state(Status.DOWN, 5)})
        change, incident = followed(first, {TLS: state(Status.UP)}, minute=30)

        assert change is IncidentChange.CLOSED
        assert incident.ended_at == NOON + 30 * MINUTE

    def test_security_has_an_id_of_its_own(self):
        """An incident of security that begins with one of availability is not the same one."""
        ids = {incident_id(PORTAL.id, affects, NOON) for affects in Affects}

        assert len(ids) == len(Affects)


statuses = st.sampled_from([Status.UP, Status.DOWN])


@given(st.lists(st.tuples(st.sampled_from([HTTP, TLS, DNS]), statuses), max_size=30))
def test_every_incident_that_opens_closes_when_all_is_up(changes):
    """Whatever happens, at most one incident is open, and none once every check is up."""
    states = {check: state(Status.UP) for check in (HTTP, TLS, DNS)}
    incident, told = None, []
    all_up = [(check, Status.UP) for check in (HTTP, TLS, DNS)]
    for minute, (check, status) in enumerate([*changes, *all_up], 1):
        if states[check].confirmed is status:
            continue
        states[check] = state(status, minute)
        found = followed(incident, states, minute=minute)
        if found:
            change, incident = found
            told.append(change)
            if change is IncidentChange.CLOSED:
                assert incident.ended_at >= incident.started_at
                assert all(c.until is not None for c in incident.checks)
                incident = None

    assert incident is None
    assert told.count(IncidentChange.OPENED) == told.count(IncidentChange.CLOSED)
