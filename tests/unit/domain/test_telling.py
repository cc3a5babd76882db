"""What is told of incidents: grouping, dependencies, storms, and nothing lost or told twice."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain.alert import AlertType, Match, Route
from monitor.domain.bundling import MOST_TOGETHER
from monitor.domain.check import Affects, CheckId
from monitor.domain.expiry import Ending, Expiry
from monitor.domain.holding import PATIENCE
from monitor.domain.incident import Acknowledgement, AffectedCheck, Concern, HoldReason, Incident
from monitor.domain.maintenance import MaintenanceWindow, Occurrence
from monitor.domain.routing import Routing
from monitor.domain.service import Criticality, Service, ServiceId
from monitor.domain.silence import Silence
from monitor.domain.status import Status
from monitor.domain.surroundings import Escalation, GroupBy, Grouping, Surroundings, depended_on
from monitor.domain.telling import tell
from monitor.locales.messages_native import MOST_LISTED
from tests.fakes import NOON, a_check

ONCALL = (Route(receiver="oncall"),)
WAIT = timedelta(seconds=20)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


def a_service(name: str, *depends_on: str, owner: str = "diskominfo", **fields) -> Service:
    return Service(
        id=ServiceId(name),
        name=name.upper(),
        owner=owner,
        depends_on=tuple(map(ServiceId, depends_on)),
        **fields,
    )


def down(name: str, since: datetime = NOON, **fields) -> Incident:
    """Return an incident of the service `name` that nobody was told of."""
    return Incident(
        service=ServiceId(name),
        started_at=since,
        checks=(AffectedCheck(id=CheckId(name), since=since),),
        **{"id": f"INC-{name}", "news_since": since, **fields},
    )


def ended(incident: Incident, at: datetime) -> Incident:
    """Return the incident as it is when its service is up again."""
    checks = tuple(replace(each, until=at) for each in incident.checks)
    return replace(incident, ended_at=at, checks=checks, news_since=incident.news_since or at)


class Night:
    """Incidents of some services, and who looks at what is to be told of them."""

    def __init__(self, *services: Service, routes=ONCALL, **grouping) -> None:
        self.services = {each.id: each for each in services}
        self.routes = routes
        self.grouping = Grouping(**{"wait": WAIT, **grouping})
        self.incidents: dict[str, Incident] = {}
        self.suspects: set[str] = set()
        self.held: set[str] = set()
        self.windows: list[MaintenanceWindow] = []
        self.silences: list[Silence] = []
        self.remind_every: timedelta | None = None
        self.escalations: tuple[Escalation, ...] = ()
        self.sent = []
        self.look_again: datetime | None = None

    def put(self, *incidents: Incident) -> None:
        self.incidents |= {each.id: each for each in incidents}

    def end(self, name: str, at: datetime) -> None:
        self.put(ended(self.incidents[f"INC-{name}"], at))

    def look(self, now: datetime) -> list[tuple[AlertType, str, tuple[str, ...]]]:
        """Tell what is due, and return it: type, receiver, and services in order."""
        told = tell(
            list(self.incidents.values()),
            Surroundings(
                services=self.services,
                checks={
                    CheckId(each): a_check(id=CheckId(each), service=each) for each in self.services
                },
                routing=Routing(self.routes),
                grouping=self.grouping,
                suspects=self.suspects,
                vantage="balaikota",
                windows=self.windows,
                silences=self.silences,
                remind_every=self.remind_every,
                escalations=self.escalations,
            ),
            now,
        )
        self.put(*told.incidents)
        self.held |= {each.id for each in told.incidents if each.hold}
        gone = [i for i, one in self.incidents.items() if one.ended_at and not one.news_since]
        for each in gone:
            del self.incidents[each]
        self.look_again = told.look_again
        self.sent += told.notifications
        return [(n.alert.type, n.receiver, _services(n.alert)) for n in told.notifications]


def _services(alert) -> tuple[str, ...]:
    return (alert.service.id, *(each.service.id for each in alert.companions))


class TestWaiting:
    def test_news_wait_for_others(self):
        """An outage is told once its news have waited, and the next look is planned for then."""
        night = Night(a_service("a"))
        night.put(down("a"))

        assert night.look(NOON + WAIT - SECOND) == []
        assert night.look_again == NOON + WAIT
        assert night.look(NOON + WAIT) == [(AlertType.FIRING, "oncall", ("a",))]
        assert night.look_again is None

    def test_what_is_told_is_told_once(self):
        """However often one looks, nothing is told again."""
        night = Night(a_service("a"))
        night.put(down("a"))
        night.look(NOON + WAIT)

        assert [night.look(NOON + WAIT + n * MINUTE) for n in range(5)] == [[]] * 5

    def test_end_is_told_to_those_who_were_told(self):
        """Who was told of an outage is told of its end, whatever the routes say by then."""
        night = Night(a_service("a"))
        night.put(down("a"))
        night.look(NOON + WAIT)
        night.routes = ()
        night.end("a", NOON + MINUTE)

        assert night.look(NOON + MINUTE + WAIT) == [(AlertType.RESOLVED, "oncall", ("a",))]

    def test_outage_that_is_over_before_it_is_told(self):
        """An outage shorter than the wait is told as one resolution that says so."""
        night = Night(a_service("a"))
        night.put(down("a"))
        night.end("a", NOON + 10 * SECOND)

        assert night.look(NOON + WAIT) == [(AlertType.RESOLVED, "oncall", ("a",))]
        assert night.sent[0].alert.firing_undelivered

    def test_check_that_joins_is_an_update(self):
        """What changes after an outage was told is an update to those who were told."""
        night = Night(a_service("a"))
        night.put(down("a"))
        night.look(NOON + WAIT)
        night.put(replace(night.incidents["INC-a"], news_since=NOON + MINUTE))

        assert night.look(NOON + MINUTE + WAIT) == [(AlertType.UPDATED, "oncall", ("a",))]
        assert len({one.id for one in night.sent}) == 2

    def test_receiver_that_is_named_later(self):
        """A receiver that the routes name only now is told at once that it fires."""
        night = Night(a_service("a"))
        night.put(down("a"))
        night.look(NOON + WAIT)
        night.routes = (Route(receiver="oncall", goes_on=True), Route(receiver="second"))

        assert night.look(NOON + MINUTE) == [(AlertType.FIRING, "second", ("a",))]

    def test_nobody_is_named(self):
        """An outage that the routes send nowhere has no news, and is told when they send it."""
        night = Night(a_service("a"), routes=())
        night.put(down("a"))

        assert night.look(NOON + WAIT) == []
        night.routes = ONCALL
        assert night.look(NOON + MINUTE) == [(AlertType.FIRING, "oncall", ("a",))]

    def test_clock_that_was_set_back(self):
        """A clock that was set back by a day does not put off what it noticed before."""
        night = Night(a_service("a"))
        night.put(down("a", NOON + timedelta(days=1)))
        night.look(NOON)

        assert night.look(NOON + WAIT) == [(AlertType.FIRING, "oncall", ("a",))]


class TestGroups:
    def test_one_owner_gets_one_message(self):
        """What comes together of one owner is one message, the gravest service first."""
        grave = a_service("b", criticality=Criticality.SANGAT_KRITIS)
        night = Night(a_service("a"), grave, a_service("c", owner="bapenda"))
        night.put(down("a"), down("b", NOON + SECOND), down("c", NOON + 2 * SECOND))

        assert night.look(NOON + WAIT) == [
            (AlertType.FIRING, "oncall", ("b", "a")),
            (AlertType.FIRING, "oncall", ("c",)),
        ]

    @pytest.mark.parametrize(
        ("by", "expected"),
        [
            (GroupBy.SERVICE, [("a",), ("b",), ("c",)]),
            (GroupBy.OWNER, [("a", "b"), ("c",)]),
            (GroupBy.RECEIVER, [("a", "b", "c")]),
        ],
    )
    def test_what_shares_a_message(self, by, expected):
        """News share a message by service, by owner, or all that go to one receiver."""
        night = Night(a_service("a"), a_service("b"), a_service("c", owner="bapenda"), by=by)
        night.put(down("a"), down("b"), down("c"))

        assert [services for _, _, services in night.look(NOON + WAIT)] == expected

    def test_end_is_grouped_as_well(self):
        """Services that come back together are one message."""
        night = Night(a_service("a"), a_service("b"))
        night.put(down("a"), down("b"))
        night.look(NOON + WAIT)
        night.end("a", NOON + MINUTE)
        night.end("b", NOON + MINUTE)

        assert night.look(NOON + MINUTE + WAIT) == [(AlertType.RESOLVED, "oncall", ("a", "b"))]

    def test_each_receiver_gets_its_own_part(self):
        """A group holds what its receiver is to know, and nothing else."""
        of_a = Match(services=frozenset({"a"}))
        night = Night(
            a_service("a"),
            a_service("b"),
            routes=(Route(receiver="a-team", match=of_a, goes_on=True), Route(receiver="all")),
        )
        night.put(down("a"), down("b"))

        assert sorted(night.look(NOON + WAIT)) == [
            (AlertType.FIRING, "a-team", ("a",)),
            (AlertType.FIRING, "all", ("a", "b")),
        ]

    def test_storm_is_few_messages(self):
        """Of 500 services of 50 owners 250 go down within a minute, each by itself: it is told in at
        most five messages, and no outage is missing.
        """
        services = [a_service(f"s{n:03}", owner=f"o{n % 50}") for n in range(500)]
        night = Night(*services)
        for second in range(120):
            now = NOON + second * SECOND
            night.put(*(down(f"s{n:03}", now) for n in range(250) if n * 60 // 250 == second))
            night.look(now)

        told = [service for n in night.sent for service in _services(n.alert)]
        assert len(night.sent) <= 5
        assert sorted(told) == sorted(f"s{n:03}" for n in range(250))

    @pytest.mark.parametrize(("outages", "messages"), [(2, 2), (3, 1)])
    def test_edge_of_a_storm(self, outages, messages):
        """It takes more open incidents than the limit for all news of a receiver to share a message."""
        names = [f"s{n}" for n in range(outages)]
        night = Night(*(a_service(name, owner=name) for name in names), storm_limit=2)
        night.put(*map(down, names))

        assert len(night.look(NOON + WAIT)) == messages

    def test_victims_make_no_storm(self):
        """What is explained by another outage, and not told, does not make it a storm."""
        victims = [a_service(f"v{n}", "router") for n in range(5)]
        night = Night(a_service("router"), *victims, a_service("a", owner="bapenda"), storm_limit=2)
        night.put(*map(down, night.services))

        assert [services for *_, services in night.look(NOON + WAIT)] == [("router",), ("a",)]

    def test_in_a_storm_all_are_told_together(self):
        """In a storm what depends on others shares the next message, and does not wait for itself."""
        services = [a_service("router"), *map(a_service, "abc"), a_service("d", "router")]
        night = Night(*services, storm_limit=3)
        night.put(*map(down, "abc"))
        night.put(down("d", NOON + 10 * SECOND))

        assert night.look(NOON + WAIT) == [(AlertType.FIRING, "oncall", tuple("abcd"))]

    def test_message_lists_all_that_it_tells_of(self):
        """Of 250 outages at once no message tells of more than it lists, and all are told once."""
        night = Night(*(a_service(f"s{n:03}") for n in range(250)))
        night.put(*(down(each) for each in night.services))
        found = [services for _, _, services in night.look(NOON + WAIT)]

        assert [len(each) for each in found] == [100, 100, 50]
        assert sorted(one for each in found for one in each) == sorted(night.services)
        assert len({one.id for one in night.sent}) == 3
        assert MOST_TOGETHER <= MOST_LISTED

    def test_end_comes_before_the_next_beginning(self):
        """Who is told together that a service came back and is down again, hears that last."""
        night = Night(a_service("a"), a_service("b"))
        night.put(down("a"), down("b"))
        night.look(NOON + WAIT)
        back = NOON + MINUTE
        again = down("a", back + SECOND, id="INC-again")
        night.incidents = {again.id: again, **night.incidents}
        night.end("a", back)

        assert night.look(back + WAIT) == [
            (AlertType.RESOLVED, "oncall", ("a",)),
            (AlertType.FIRING, "oncall", ("a",)),
        ]


class TestDependencies:
    def test_dead_parent_is_the_only_message(self):
        """500 services go down with the one that they depend on: one message names them."""
        children = [a_service(f"s{n:03}", "router") for n in range(500)]
        night = Night(a_service("router"), *children)
        night.put(*(down(each.id, NOON + n * SECOND / 50) for n, each in enumerate(children)))
        night.put(down("router", NOON + 11 * SECOND))
        for second in range(120):
            night.look(NOON + second * SECOND)

        [message] = night.sent
        assert _services(message.alert) == ("router",)
        assert message.alert.victims_total == 500

    def test_gravest_of_many_victims_are_named(self):
        """A message, which is stored for each receiver, names 100 victims at most: the gravest."""
        grave = {"s150", "s480"}
        children = [
            a_service(
                name := f"s{n:03}",
                "router",
                criticality=Criticality.SANGAT_KRITIS if name in grave else Criticality.PENTING,
            )
            for n in range(500)
        ]
        night = Night(a_service("router"), *children)
        night.put(down("router"), *(down(each.id) for each in children))
        night.look(NOON + WAIT)

        [message] = night.sent
        named = [each.id for each in message.alert.victims]
        assert named[:3] == ["s150", "s480", "s000"]
        assert (len(named), message.alert.victims_total) == (MOST_LISTED, 500)

    def test_suspected_parent_is_waited_for(self):
        """While what it depends on fails without a verdict, an outage waits for that verdict."""
        night = Night(a_service("router"), a_service("a", "router"))
        night.suspects = {"router"}
        night.put(down("a"))
        assert night.look(NOON + WAIT) == []
        night.suspects = set()
        night.put(down("router", NOON + 30 * SECOND))

        assert night.look(NOON + 50 * SECOND) == [(AlertType.FIRING, "oncall", ("router",))]

    def test_suspicion_that_passes_is_noticed(self):
        """Once what it depends on is well after all, an outage is told within five seconds."""
        night = Night(a_service("router"), a_service("a", "router"))
        night.suspects = {"router"}
        night.put(down("a"))
        night.look(NOON)
        assert night.look_again == NOON + WAIT
        night.look(NOON + WAIT)
        assert night.look_again == NOON + WAIT + 5 * SECOND
        night.suspects = set()

        assert night.look(night.look_again) == [(AlertType.FIRING, "oncall", ("a",))]

    def test_parent_that_nobody_is_told_of(self):
        """What depends on a service of which the routes tell nobody is told by itself."""
        of_a = Match(services=frozenset({"a"}))
        night = Night(
            a_service("router"),
            a_service("a", "router"),
            routes=(Route(receiver="a-team", match=of_a),),
        )
        night.put(down("router"), down("a"))

        assert night.look(NOON + WAIT) == [(AlertType.FIRING, "a-team", ("a",))]

    def test_victim_that_is_back_is_named_no_more(self):
        """The end of an outage names what is still down with it, and nothing that is back."""
        night = Night(a_service("router"), a_service("a", "router"), a_service("b", "router"))
        night.put(down("router"), down("a"), down("b"))
        night.grouping = Grouping(wait=timedelta(0))
        night.look(NOON)
        night.end("router", NOON + MINUTE)
        night.end("a", NOON + MINUTE)
        night.look(NOON + MINUTE)

        assert [each.id for each in night.sent[-1].alert.victims] == ["b"]

    def test_parent_that_is_down_again_within_the_patience(self):
        """What is held back stays so while its cause comes and goes; the cause is told each time."""
        night = Night(a_service("router"), a_service("a", "router"))
        night.put(down("a"))
        for minute in range(0, 8, 2):
            router = down("router", NOON + minute * MINUTE, id=f"INC-{minute}")
            night.put(router)
            night.look(router.started_at)
            night.look(router.started_at + WAIT)
            back = router.started_at + MINUTE
            night.put(ended(night.incidents[router.id], back))
            night.look(back)
            night.look(back + WAIT)

        assert {each.alert.service.id for each in night.sent} == {"router"}
        assert len(night.sent) == 8

    def test_dependency_that_is_taken_back(self):
        """A reload by which a service depends on nothing any more has it told at last."""
        night = Night(a_service("router"), a_service("a", "router"))
        night.put(down("router"), down("a"))
        night.look(NOON + WAIT)
        night.services["a"] = a_service("a")
        night.look(NOON + MINUTE)
        night.look(NOON + MINUTE + PATIENCE)

        assert night.look(NOON + MINUTE + PATIENCE + WAIT) == [(AlertType.FIRING, "oncall", ("a",))]

    @pytest.mark.parametrize("shift", [-timedelta(days=1), timedelta(days=1)])
    def test_clock_that_is_set_during_the_patience(self, shift):
        """A clock that is set, either way, puts what is held back off by two minutes at most."""
        night = Night(a_service("router"), a_service("a", "router"))
        night.put(down("router"), down("a"))
        night.look(NOON + WAIT)
        night.end("router", NOON + MINUTE)
        night.look(NOON + MINUTE)
        now = NOON + MINUTE + shift
        for second in range(0, 150, 5):
            night.look(now + second * SECOND)

        assert night.sent[-1].alert.service.id == "a"

    def test_patience_ends(self):
        """A parent that stays suspected holds nothing back for longer than two minutes."""
        night = Night(a_service("router"), a_service("a", "router"))
        night.suspects = {"router"}
        night.put(down("a"))

        assert night.look(NOON + PATIENCE) == [(AlertType.FIRING, "oncall", ("a",))]

    def test_reason_is_recorded(self):
        """An incident that nobody is told of says why, and which incident explains it: the one at
        the root, not the one between.
        """
        night = Night(a_service("router"), a_service("switch", "router"), a_service("a", "switch"))
        night.put(down("router"), down("switch"), down("a"))
        night.look(NOON + WAIT)

        hold = night.incidents["INC-a"].hold
        assert (hold.reason, hold.by) == (HoldReason.DEPENDENCY, "INC-router")

    def test_dependency_of_a_dependency(self):
        """A service is held back by what it depends on through one that is up."""
        night = Night(a_service("router"), a_service("switch", "router"), a_service("a", "switch"))
        night.put(down("router"), down("a"))

        assert night.look(NOON + WAIT) == [(AlertType.FIRING, "oncall", ("router",))]

    def test_child_that_stays_down_is_told_at_last(self):
        """What is still down two minutes after its parent came back is told by itself."""
        night = Night(a_service("router"), a_service("a", "router"))
        night.put(down("router"), down("a"))
        night.look(NOON + WAIT)
        back = NOON + MINUTE
        night.end("router", back)
        night.look(back)
        assert night.look(back + WAIT) == [(AlertType.RESOLVED, "oncall", ("router",))]
        assert [each.id for each in night.sent[-1].alert.victims] == ["a"]
        assert night.look(back + PATIENCE) == []

        assert night.look(back + PATIENCE + WAIT) == [(AlertType.FIRING, "oncall", ("a",))]

    def test_all_that_stays_down_is_named_at_the_end(self):
        """The end of a cause names all that was down with it and still is, also by way of others."""
        night = Night(a_service("router"), a_service("a", "router"), a_service("b", "a"))
        night.put(down("router"), down("a"), down("b"))
        night.look(NOON + WAIT)
        night.end("router", NOON + MINUTE)
        night.look(NOON + MINUTE)

        night.look(NOON + MINUTE + WAIT)

        assert [each.id for each in night.sent[-1].alert.victims] == ["a", "b"]

    def test_child_that_comes_back_is_not_told(self):
        """What comes back after its parent was explained, and is no message."""
        night = Night(a_service("router"), a_service("a", "router"))
        night.put(down("router"), down("a"))
        night.look(NOON + WAIT)
        night.end("router", NOON + MINUTE)
        night.look(NOON + MINUTE)
        night.end("a", NOON + 2 * MINUTE)
        found = [night.look(NOON + n * MINUTE) for n in range(2, 20)]

        assert [one for look in found for one in look] == [
            (AlertType.RESOLVED, "oncall", ("router",))
        ]
        assert night.incidents == {}

    def test_child_that_was_told_first_is_told_of_its_end(self):
        """What was told before its parent went down is not held back any more."""
        night = Night(a_service("router"), a_service("a", "router"))
        night.put(down("a"))
        night.look(NOON + WAIT)
        night.put(down("router", NOON + MINUTE))
        night.end("a", NOON + 2 * MINUTE)

        assert (AlertType.RESOLVED, "oncall", ("a",)) in night.look(NOON + 3 * MINUTE)

    def test_security_is_nobody_s_victim(self):
        """An expired certificate is told although the network of its service is down."""
        night = Night(a_service("router"), a_service("a", "router"))
        night.put(down("router"), down("a", affects=Affects.SECURITY))

        [(_, _, services)] = night.look(NOON + WAIT)
        assert set(services) == {"router", "a"}

    @pytest.mark.parametrize(
        ("service", "expected"), [("a", {"b", "c", "d"}), ("b", {"c", "d"}), ("d", set())]
    )
    def test_depended_on(self, service, expected):
        """A service depends on what its dependencies depend on, too."""
        services = [a_service("a", "b"), a_service("b", "c", "d"), a_service("c"), a_service("d")]

        assert depended_on(service, {each.id: each for each in services}) == expected


class TestReminders:
    EVERY = timedelta(hours=4)

    def night(self) -> Night:
        """Return a night on which `a` is down, and told to be."""
        night = Night(a_service("a"))
        night.remind_every = self.EVERY
        night.put(down("a"))
        night.look(NOON + WAIT)
        return night

    def test_outage_that_goes_on_is_told_again(self):
        """Each time nothing was told for so long, an outage is told to go on, under another id."""
        night, told = self.night(), NOON + WAIT

        assert night.look_again == told + self.EVERY
        assert night.look(told + self.EVERY - SECOND) == []
        assert night.look(told + self.EVERY) == [(AlertType.REMINDER, "oncall", ("a",))]
        assert night.look(told + 2 * self.EVERY) == [(AlertType.REMINDER, "oncall", ("a",))]
        assert night.sent[-1].alert.occurred_at == told + 2 * self.EVERY
        assert len({one.id for one in night.sent}) == 3

    def test_who_takes_care_is_told_at_once_and_once(self):
        """That somebody takes care of an outage is told at once, with what they say, and nobody is
        reminded any more.
        """
        night, now = self.night(), NOON + timedelta(hours=1)
        taken = Acknowledgement(by="Rina", at=now, comment="Server dinyalakan ulang")
        night.put(replace(night.incidents["INC-a"], acknowledged=taken))

        assert night.look(now) == [(AlertType.ACKNOWLEDGED, "oncall", ("a",))]
        assert night.sent[-1].alert.detail == "Rina (Server dinyalakan ulang)"
        assert night.look(now + 3 * self.EVERY) == []
        night.end("a", now + 3 * self.EVERY)
        assert night.look(now + 3 * self.EVERY + WAIT) == [(AlertType.RESOLVED, "oncall", ("a",))]

    def test_who_takes_care_before_anybody_was_told(self):
        """Who takes care of an outage that waits to be told is told right after it."""
        night = Night(a_service("a"))
        taken = Acknowledgement(by="Rina", at=NOON)
        night.put(down("a", acknowledged=taken))

        assert night.look(NOON + WAIT) == [(AlertType.FIRING, "oncall", ("a",))]
        assert night.look_again == NOON + WAIT + SECOND
        assert night.look(night.look_again) == [(AlertType.ACKNOWLEDGED, "oncall", ("a",))]
        assert night.look_again is None

    def test_end_ends_the_reminders(self):
        """What is over is told to be, and reminded of no more."""
        night = self.night()
        night.end("a", NOON + MINUTE)
        night.look(NOON + MINUTE + WAIT)

        assert night.look(NOON + 10 * self.EVERY) == []

    def test_clock_that_was_set_back(self):
        """A clock that was set back by a day puts off no reminder."""
        night = self.night()
        night.look(NOON - timedelta(days=1))

        assert night.look(NOON - timedelta(days=1) + self.EVERY) == [
            (AlertType.REMINDER, "oncall", ("a",))
        ]


class TestEscalation:
    def night(self, **match) -> Night:
        """Return a night on which `a` is down, told to be, and escalates twice."""
        night = Night(a_service("a"))
        night.escalations = tuple(
            Escalation(after=after * MINUTE, receivers=(name,), match=Match(**match))
            for after, name in ((15, "kabid"), (60, "kadis"))
        )
        night.put(down("a"))
        night.look(NOON + WAIT)
        return night

    def test_clock_that_is_set_back_puts_off_no_step(self):
        """Where the clock is set back after the alarm, nobody waits longer for a step than it says."""
        night, back = self.night(), NOON - 60 * MINUTE
        night.look(back)

        assert night.look(back + 15 * MINUTE) == [(AlertType.ESCALATED, "kabid", ("a",))]

    def test_what_is_no_outage_is_never_escalated(self):
        """However long a service is degraded and nobody takes care, only those whom routes name know."""
        night = self.night()
        night.incidents.clear()
        night.routes = (Route(receiver="team", statuses=frozenset({Status.DEGRADED})),)
        night.put(down("a", concern=Concern.DEGRADATION))
        night.look(NOON + WAIT)

        assert night.look(NOON + 600 * MINUTE) == []

    def test_others_are_told_when_nobody_takes_care(self):
        """Each step tells its receivers once, so long after the alarm, and they are told the end."""
        night, alarm = self.night(), NOON + WAIT

        assert night.look_again == alarm + 15 * MINUTE
        assert night.look(alarm + 15 * MINUTE - SECOND) == []
        assert night.look(alarm + 15 * MINUTE) == [(AlertType.ESCALATED, "kabid", ("a",))]
        assert night.look(alarm + 60 * MINUTE) == [(AlertType.ESCALATED, "kadis", ("a",))]
        assert night.look(alarm + 600 * MINUTE) == []
        night.end("a", alarm + 600 * MINUTE)
        told = night.look(alarm + 601 * MINUTE)
        assert {receiver for _, receiver, _ in told} == {"oncall", "kabid", "kadis"}

    def test_it_ends_when_somebody_takes_care(self):
        """Nobody else is told once somebody takes care of it."""
        night, alarm = self.night(), NOON + WAIT
        taken = Acknowledgement(by="Rina", at=alarm)
        night.put(replace(night.incidents["INC-a"], acknowledged=taken))
        night.look(alarm + MINUTE)

        assert night.look(alarm + 600 * MINUTE) == []

    def test_it_concerns_what_it_matches(self):
        """A step that asks for another owner tells nobody."""
        night = self.night(owners=frozenset({"bapenda"}))

        assert night.look(NOON + 600 * MINUTE) == []

    def test_who_was_told_is_not_told_again(self):
        """A step for somebody who was told of the outage is no message."""
        night = self.night()
        night.escalations = (Escalation(after=15 * MINUTE, receivers=("oncall",)),)

        assert night.look(NOON + 600 * MINUTE) == []


def test_end_of_what_is_known_comes_first():
    """Of two ends at once that of an outage people know of comes before one that says it all."""
    night = Night(a_service("a"), a_service("b", owner="bapenda"))
    night.put(down("a"))
    night.look(NOON + WAIT)
    night.put(down("b", NOON + MINUTE))
    night.end("b", NOON + MINUTE)
    night.end("a", NOON + MINUTE)
    night.look(NOON + 2 * MINUTE)

    ends = [(_services(sent.alert), sent.alert.firing_undelivered) for sent in night.sent[1:]]
    assert ends == [(("a",), False), (("b",), True)]


def test_each_who_takes_care_is_named():
    """Of several outages of which somebody takes care at once each is told by itself."""
    night = Night(a_service("a"), a_service("b"))
    night.put(down("a"), down("b"))
    night.look(NOON + WAIT)
    for name, who in (("a", "Rina"), ("b", "Budi")):
        taken = Acknowledgement(by=who, at=NOON + MINUTE)
        night.put(replace(night.incidents[f"INC-{name}"], acknowledged=taken))
    night.look(NOON + MINUTE)

    told = [(_services(sent.alert), sent.alert.detail) for sent in night.sent[1:]]
    assert told == [(("a",), "Rina"), (("b",), "Budi")]


def test_what_expires_waits_for_others():
    """What has few days left when it is first seen waits for news of others as an outage does."""
    night = Night(a_service("a"))
    soon = Expiry(of=Ending.CERTIFICATE, name="a", mark="a", expires_at=NOON + timedelta(days=10))
    night.put(down("a", concern=Concern.EXPIRY, expiry=soon))

    assert night.look(NOON + WAIT - SECOND) == []
    assert night.look(NOON + WAIT) == [(AlertType.FIRING, "oncall", ("a",))]
    assert night.sent[0].alert.occurred_at == NOON + WAIT


def test_what_expires_is_nobodys_victim():
    """That something of a service expires is told by itself, also while what it depends on is down."""
    night = Night(a_service("router"), a_service("a", "router"))
    soon = Expiry(of=Ending.CERTIFICATE, name="a", mark="a", expires_at=NOON + timedelta(days=10))
    night.put(down("router"), down("a", concern=Concern.EXPIRY, expiry=soon))
    night.look(NOON + WAIT)

    assert {_services(sent.alert) for sent in night.sent} == {("router",), ("a",)}


def test_longest_silence_is_named():
    """Of several silences that cover an outage the one that ends last says until when nobody is told."""
    night = Night(a_service("a"))
    night.silences = [
        Silence(id=name, match=Match(), at=NOON, until=NOON + minutes * MINUTE, by="Rina")
        for name, minutes in (("short", 5), ("long", 60), ("middle", 30))
    ]
    night.put(down("a"))
    night.look(NOON + WAIT)
    hold = night.incidents["INC-a"].hold

    assert hold is not None
    assert (hold.by, hold.until) == ("long", NOON + 60 * MINUTE)


def test_what_is_known_waits_for_no_suspicion():
    """The end of an outage that people know of is told after the usual wait, also while it is in doubt
    whether something is down on which its service depends.
    """
    night = Night(a_service("router"), a_service("a", "router"))
    night.put(down("a"))
    night.look(NOON + WAIT)
    night.suspects = {"router"}
    night.end("a", NOON + MINUTE)

    assert night.look(NOON + MINUTE + WAIT) == [(AlertType.RESOLVED, "oncall", ("a",))]


class TestSilence:
    UNTIL = NOON + timedelta(hours=2)

    def silence(self, **match) -> Silence:
        asked = Match(**(match or {"services": frozenset({"a"})}))
        return Silence(id="hush", match=asked, at=NOON, until=self.UNTIL, by="Rina")

    def test_nobody_is_told_while_it_holds(self):
        """An outage of what is silenced is told to nobody, says why, and is told when that ends."""
        night = Night(a_service("a"))
        night.silences = [self.silence()]
        night.put(down("a"))
        assert night.look(NOON + WAIT) == []
        hold = night.incidents["INC-a"].hold
        assert (hold.reason, hold.by) == (HoldReason.SILENCE, "hush")
        assert night.look_again == self.UNTIL

        night.silences = []
        night.look(self.UNTIL)
        assert night.look(self.UNTIL + WAIT) == [(AlertType.FIRING, "oncall", ("a",))]

    def test_who_was_told_hears_nothing_but_the_end(self):
        """Who was told before hears no reminder while it is silenced, but hears of the end."""
        night = Night(a_service("a"))
        night.remind_every = timedelta(minutes=30)
        night.put(down("a"))
        night.look(NOON + WAIT)
        night.silences = [self.silence()]

        assert [night.look(NOON + n * MINUTE) for n in range(1, 119)] == [[]] * 118
        night.end("a", NOON + 119 * MINUTE)
        assert night.look(NOON + 119 * MINUTE + WAIT) == [(AlertType.RESOLVED, "oncall", ("a",))]

    def test_what_waits_is_told_afterwards(self):
        """A reminder that was due meanwhile comes when the silence ends."""
        night = Night(a_service("a"))
        night.remind_every = timedelta(minutes=30)
        night.put(down("a"))
        night.look(NOON + WAIT)
        night.silences = [self.silence()]
        night.look(NOON + MINUTE)
        assert night.look_again == self.UNTIL
        night.silences = []

        assert night.look(self.UNTIL) == [(AlertType.REMINDER, "oncall", ("a",))]

    def test_other_things_are_told(self):
        """A silence for something else keeps nobody from hearing of this."""
        night = Night(a_service("a"))
        night.silences = [self.silence(owners=frozenset({"bapenda"}))]
        night.put(down("a"))

        assert night.look(NOON + WAIT) == [(AlertType.FIRING, "oncall", ("a",))]


class TestMaintenance:
    def test_nobody_is_told_during_the_work(self):
        """An outage during planned work of its service is told to nobody, and says why."""
        night = Night(a_service("a"))
        night.windows = [work("a")]
        night.put(down("a"))
        night.look(NOON + WAIT)

        assert night.sent == []
        hold = night.incidents["INC-a"].hold
        assert (hold.reason, hold.by) == (HoldReason.MAINTENANCE, "work")

    def test_what_is_still_down_after_it_is_told(self):
        """What is still down when the work is over is told then."""
        night = Night(a_service("a"))
        night.windows = [work("a")]
        night.put(down("a"))
        night.look(NOON + WAIT)
        night.windows = []
        over = NOON + timedelta(hours=1)
        assert night.look(over) == []

        assert night.look(over + WAIT) == [(AlertType.FIRING, "oncall", ("a",))]

    def test_what_came_back_during_it_is_not_told(self):
        """What came back before the work was over is no message at all."""
        night = Night(a_service("a"))
        night.windows = [work("a")]
        night.put(down("a"))
        night.look(NOON + WAIT)
        night.end("a", NOON + MINUTE)
        night.look(NOON + MINUTE)
        night.windows = []

        assert night.look(NOON + timedelta(hours=1)) == []
        assert night.incidents == {}

    def test_what_was_told_before_is_told_to_its_end(self):
        """Work that begins while a service is down hides no end from those who were told."""
        night = Night(a_service("a"))
        night.put(down("a"))
        night.look(NOON + WAIT)
        night.windows = [work("a")]
        night.end("a", NOON + MINUTE)

        assert night.look(NOON + MINUTE + WAIT) == [(AlertType.RESOLVED, "oncall", ("a",))]

    def test_check_that_is_not_worked_on_is_told(self):
        """Work on some checks of a service does not hide that another one is down."""
        night = Night(a_service("a"))
        night.windows = [work("a", labels={"rack": "a"}, services=frozenset())]
        night.put(down("a"))

        assert night.look(NOON + WAIT) == [(AlertType.FIRING, "oncall", ("a",))]


def work(service: str, **fields) -> MaintenanceWindow:
    when = Occurrence(NOON, NOON + timedelta(hours=1))
    covers = {"services": frozenset({ServiceId(service)}), **fields}
    return MaintenanceWindow(id="work", when=when, reason="Patch", approved_by="Kabid", **covers)


NAMES = ("router", "a", "b", "c")
EVENTS = st.lists(
    st.tuples(st.sampled_from(NAMES), st.integers(1, 200), st.booleans()), min_size=1, max_size=30
)


@settings(deadline=None)
@given(events=EVENTS, limit=st.integers(1, 3))
def test_every_firing_ends_resolved(events, limit):
    """Whatever goes down and comes back, in whatever order: once all is well, each outage that was
    told is told to be over, once, no message is sent twice, and every outage that was not told
    was held back by another one, or is told as one resolution.
    """
    night = Night(
        a_service("router"),
        a_service("a", "router"),
        a_service("b", "a", owner="bapenda"),
        a_service("c"),
        storm_limit=limit,
    )
    now, number, every = NOON, 0, set()

    def until(later: datetime) -> None:
        nonlocal now
        while now < later:
            night.look(now)
            now += 5 * SECOND

    current: dict[str, str] = {}
    for name, seconds, _ in events:
        until(now + seconds * SECOND)
        if (incident := current.pop(name, None)) is None:
            number += 1
            fresh = replace(down(name, now), id=f"{name}-{number}")
            current[name] = fresh.id
            every.add(fresh.id)
            night.put(fresh)
        else:
            night.put(ended(night.incidents[incident], now))
    for incident in current.values():
        night.put(ended(night.incidents[incident], now))
    until(now + timedelta(minutes=10))

    fired = [i for n in night.sent if n.alert.type is AlertType.FIRING for i in n.alert.incidents]
    over = [i for n in night.sent if n.alert.type is AlertType.RESOLVED for i in n.alert.incidents]
    assert len({n.id for n in night.sent}) == len(night.sent)
    assert len(set(fired)) == len(fired)
    assert len(set(over)) == len(over)
    assert set(fired) <= set(over)
    assert every <= set(over) | night.held
    assert night.incidents == {}


@settings(deadline=None)
@given(events=EVENTS, cuts=st.sets(st.integers(0, 400)))
def test_restart_changes_no_decision(events, cuts):
    """Who looks only now and then, as after restarts, tells the same outages in the end.

    Only what found its cause meanwhile is told by one and explained to the other.
    """
    services = (a_service("router"), a_service("a", "router"), a_service("b"), a_service("c"))
    often, seldom = Night(*services), Night(*services)
    now = NOON
    for place, (name, seconds, _) in enumerate(events):
        now += seconds * SECOND
        for night in (often, seldom):
            known = night.incidents.get(f"INC-{name}")
            if known is None:
                night.put(down(name, now))
        often.look(now)
        if place not in cuts:
            seldom.look(now)
    for night in (often, seldom):
        for seconds in range(0, 600, 5):
            night.look(now + seconds * SECOND)

    assert told(often) ^ told(seldom) <= often.held | seldom.held


def told(night: Night) -> set[str]:
    return {i for n in night.sent if n.alert.type is AlertType.FIRING for i in n.alert.incidents}
