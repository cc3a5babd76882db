"""Whatever becomes of services, the configuration, the clock and the daemon: what people hear adds up."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain.alert import Alert, AlertType, Match, Notification, Route
from monitor.domain.check import CheckId
from monitor.domain.holding import PATIENCE
from monitor.domain.incident import Incident
from monitor.domain.service import Service, ServiceId
from monitor.domain.state import CheckState
from monitor.domain.surroundings import Flapping, GroupBy, Grouping
from monitor.engine.board import Board
from monitor.engine.pipeline import Pipeline, Plan
from monitor.ports import Change, PastIncident
from tests.fakes import NOON, OK, REFUSED, a_check, observed

WAIT = timedelta(seconds=20)
LOOKS_EVERY = timedelta(seconds=5)
NAMES = ("router", "switch", "a", "b")
CHECKS = (*NAMES, "a-tls", "a-dns")
DEPENDENCIES = (
    {"switch": ("router",), "a": ("switch",), "b": ("router",)},
    {"a": ("switch",)},
    {"router": ("a",), "a": ("b",)},
    {},
)
ROUTES = (
    (Route(receiver="oncall"),),
    (
        Route(receiver="a-team", match=Match(services=frozenset({"a"})), goes_on=True),
        Route(receiver="oncall"),
    ),
)


FLAPPING = (
    Flapping(changes=0),
    Flapping(changes=1, within=timedelta(minutes=20), quiet=timedelta(minutes=2)),
    Flapping(changes=3, within=timedelta(minutes=5), quiet=timedelta(seconds=70)),
)


def a_plan(dependencies: int, routes: int, by: GroupBy, limit: int, flapping: int) -> Plan:
    return Plan(
        services=tuple(
            Service(
                id=ServiceId(name),
                name=name,
                owner="bapenda" if name == "b" else "diskominfo",
                depends_on=tuple(map(ServiceId, DEPENDENCIES[dependencies].get(name, ()))),
            )
            for name in NAMES
        ),
        checks=tuple(
            a_check(
                id=CheckId(name),
                service=ServiceId(name.partition("-")[0]),
                failure_threshold=2 if name == "router" else 1,
                success_threshold=1,
            )
            for name in CHECKS
        ),
        routes=ROUTES[routes],
        receivers=("oncall", "a-team"),
        grouping=Grouping(by=by, wait=WAIT, storm_limit=limit),
        flapping=FLAPPING[flapping],
    )


PLANS = st.builds(
    a_plan,
    st.integers(0, 3),
    st.integers(0, 1),
    st.sampled_from(GroupBy),
    st.integers(1, 3),
    st.integers(0, 2),
)
EVENTS = st.lists(
    st.one_of(
        *[st.tuples(st.just("see"), st.sampled_from(CHECKS), st.booleans())] * 3,
        *[st.tuples(st.just("let_pass"), st.sampled_from((5, 25, 150)))] * 2,
        st.tuples(st.just("flap"), st.sampled_from(CHECKS), st.integers(2, 9), st.integers(0, 60)),
        st.tuples(st.just("reload"), PLANS),
        st.tuples(st.just("kill"), st.integers(0, 6)),
        st.tuples(st.just("set_clock"), st.sampled_from((-3600, 3600))),
    ),
    min_size=10,
    max_size=60,
)


class City:
    """A daemon that may be killed, and what its store holds by then."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.now: datetime = NOON
        self.states: dict[CheckId, CheckState] = {}
        self.incidents: dict[str, Incident] = {}
        self.outbox: list[Notification] = []
        self._waiting: list[Change] = []
        self._start()

    def record(self, change: Change) -> None:
        self._waiting.append(change)

    def see(self, name: str, is_up: bool) -> None:
        check = next(each for each in self.plan.checks if each.id == name)
        self.now += timedelta(milliseconds=100)
        [seen] = observed(OK if is_up else REFUSED, check=check, start=self.now)
        self._pipeline.record(seen)
        self._pipeline.tell(self.now + seen.duration)

    def flap(self, name: str, times: int, seconds: int) -> None:
        for number in range(times):
            self.see(name, number % 2 == 1)
            self.let_pass(seconds)

    def let_pass(self, seconds: int) -> None:
        until = self.now + timedelta(seconds=seconds)
        while self.now < until:
            self.now += LOOKS_EVERY
            self._pipeline.tell(self.now)
        self._commit(len(self._waiting))

    def reload(self, plan: Plan) -> None:
        # What flaps is told in another order where a reload changes when a service does.
        self.plan = replace(plan, flapping=self.plan.flapping)
        self._pipeline.replace(self.plan, self.now)
        self._pipeline.tell(self.now)

    def kill(self, durable: int) -> None:
        """End it when so many of the changes that wait are durable, and start it again."""
        self._commit(durable)
        self._start()

    def set_clock(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    def place(self, incident: str) -> int:
        """Return which one it was to begin: a clock that is set makes times say nothing."""
        return list(self.incidents).index(incident)

    def calm_down(self) -> None:
        """Let everything be well, for as long as anything may still be told."""
        for name in CHECKS:
            self.see(name, True)
        self.let_pass(int((2 * PATIENCE + 10 * WAIT).total_seconds()))

    def _start(self) -> None:
        self._waiting.clear()
        board = Board()
        self._pipeline = Pipeline(board, self, "balaikota")  # type: ignore[arg-type]
        self._pipeline.watch(self.plan, self.now, dict(self.states))
        for incident in self.incidents.values():
            if incident.ended_at is None or incident.news_since is not None:
                board.put(incident)
        board.remember(self.incidents)
        board.recall(map(past, filter(has_ended, self.incidents.values())))
        self._pipeline.reconcile(self.now)
        self._pipeline.tell(self.now)

    def _commit(self, count: int) -> None:
        for change in self._waiting[:count]:
            self.states |= change.states
            self.incidents |= {each.id: each for each in change.incidents}
            self.outbox += change.notifications
        del self._waiting[:count]


def has_ended(incident: Incident) -> bool:
    return incident.ended_at is not None


def past(incident: Incident) -> PastIncident:
    """Return what the store says of an incident that has ended."""
    assert incident.ended_at is not None
    return PastIncident(
        id=incident.id,
        service=incident.service,
        affects=incident.affects,
        concern=incident.concern,
        started_at=incident.started_at,
        ended_at=incident.ended_at,
    )


@settings(max_examples=200, deadline=None)
@given(plan=PLANS, events=EVENTS)
def test_what_people_hear_adds_up(plan, events):
    """Once all is well, every outage was told to be over to each who was told that it began, or was
    explained by another one; no message is sent twice, and nobody hears of the end of an outage after
    the beginning of the next one.
    """
    city = City(plan)
    for name, *arguments in events:
        getattr(city, name)(*arguments)
    city.calm_down()

    stories, begun = defaultdict(list), defaultdict(list)
    explained = {each.id for each in city.incidents.values() if each.hold is not None}
    for sent in city.outbox:
        for incident in sorted(sent.alert.incidents, key=city.place):
            stories[sent.receiver, incident].append(sent.alert)
            service = city.incidents[incident].service
            begun[sent.receiver, service].append(city.place(incident))
    assert len({each.id for each in city.outbox}) == len(city.outbox)
    assert all(map(_is_whole, stories.values()))
    assert all(each == sorted(each) for each in begun.values())
    assert set(city.incidents) == {incident for _, incident in stories} | explained
    assert {each.news_since for each in city.incidents.values()} <= {None}


def _is_whole(story: Sequence[Alert]) -> bool:
    """Say whether it is a beginning, what changed, and one end; or an end that says it all."""
    kinds = [each.type for each in story]
    if kinds == [AlertType.RESOLVED]:
        return story[0].firing_undelivered
    return (
        kinds[0] is AlertType.FIRING
        and kinds[-1] is AlertType.RESOLVED
        and not story[-1].firing_undelivered
        and set(kinds[1:-1]) <= {AlertType.UPDATED}
    )
