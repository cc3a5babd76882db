from datetime import timedelta

from hypothesis import strategies as st

from monitor.domain.alert import (
    AlertType,
    Match,
    Route,
    addressed,
    notification_id,
    receivers_of,
)
from monitor.domain.service import Criticality, Service, ServiceId
from monitor.domain.status import Status
from tests.fakes import a_check, an_alert

PORTAL = Service(
    id=ServiceId("portal"),
    name="Portal",
    owner="diskominfo",
    criticality=Criticality.SANGAT_KRITIS,
)
CHECK = a_check(labels={"kecamatan": "Makassar"}, interval=timedelta(minutes=1))


def told(*routes: Route) -> tuple[str, ...]:
    return receivers_of(routes, PORTAL, CHECK)


MATCHES = (
    Match(),
    Match(owners=frozenset({"diskominfo"}), criticalities=frozenset({Criticality.SANGAT_KRITIS})),
    Match(labels={"kecamatan": "Makassar"}, types=frozenset({"http"})),
    Match(owners=frozenset({"bapenda"})),
    Match(services=frozenset({"pajak"})),
    Match(criticalities=frozenset({Criticality.BIASA})),
    Match(types=frozenset({"dns"})),
    Match(labels={"kecamatan": "Tallo"}),
)
ROUTES = st.lists(
    st.builds(
        Route,
        receiver=st.sampled_from(("oncall", "second", "third")),
        match=st.sampled_from(MATCHES),
        statuses=st.sampled_from((frozenset({Status.DOWN}), frozenset({Status.UP}))),
        goes_on=st.booleans(),
    ),
    max_size=8,
)


class TestRoutes:
    def test_first_match_wins(self):
        """The first route that matches says who is told."""
        assert told(Route(receiver="a"), Route(receiver="b")) == ("a",)

    def test_continue_goes_on(self):
        """A route with `continue` lets later ones match as well."""
        assert told(Route(receiver="a", goes_on=True), Route(receiver="b")) == ("a", "b")

    def test_nobody_is_told_twice(self):
        """A receiver named by two routes gets one message."""
        assert told(Route(receiver="a", goes_on=True), Route(receiver="a")) == ("a",)

    def test_all_conditions_must_hold(self):
        """A route asks for all its conditions together."""
        match = Match(owners=frozenset({"diskominfo"}), types=frozenset({"dns"}))

        assert told(Route(receiver="a", match=match)) == ()

    def test_labels_match(self):
        """A label must be there with the very value."""
        yes, no = Match(labels={"kecamatan": "Makassar"}), Match(labels={"kecamatan": "Tallo"})

        assert told(Route(receiver="a", match=no), Route(receiver="b", match=yes)) == ("b",)

    def test_status_is_part_of_the_route(self):
        """A route for other statuses than down is not for an incident's opening."""
        assert told(Route(receiver="a", statuses=frozenset({Status.DEGRADED}))) == ()

    def test_each_status_has_its_routes(self):
        """A route takes what is in one of its statuses, and what no other one takes goes on."""
        degraded = Route(receiver="a", statuses=frozenset({Status.DEGRADED}))
        routes = (degraded, Route(receiver="b"))

        assert receivers_of(routes, PORTAL, CHECK, Status.DEGRADED) == ("a",)
        assert receivers_of(routes, PORTAL, CHECK) == ("b",)


class TestIds:
    def test_id_is_the_same_at_every_derivation(self):
        """A second try, or a second machine, derives the same id."""
        assert notification_id("INC", "oncall", AlertType.FIRING, 1) == notification_id(
            "INC", "oncall", AlertType.FIRING, 1
        )

    def test_ids_differ_by_everything(self):
        """Incident, receiver, kind and sequence each make another message."""
        ids = {
            notification_id(*parts)
            for parts in [
                ("INC", "oncall", AlertType.FIRING, 1),
                ("IND", "oncall", AlertType.FIRING, 1),
                ("INC", "second", AlertType.FIRING, 1),
                ("INC", "oncall", AlertType.RESOLVED, 1),
                ("INC", "oncall", AlertType.FIRING, 2),
            ]
        }

        assert len(ids) == 5

    def test_one_notification_for_each_receiver(self):
        """An alert is addressed to each receiver by itself."""
        found = addressed(an_alert(), "INC1", ["a", "b"])

        assert [(n.receiver, n.alert) for n in found] == [("a", an_alert()), ("b", an_alert())]
