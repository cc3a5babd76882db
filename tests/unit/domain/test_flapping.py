"""A service that changes too often is told of once, and again when it is stable."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from monitor.domain.alert import Alert, AlertType, Match, Route
from monitor.domain.check import Affects, CheckId
from monitor.domain.flapping import MOST_CHANGES, began, changed, settled
from monitor.domain.incident import Concern, HoldReason, Incident
from monitor.domain.note import Note, NoteKind, Via
from monitor.domain.routing import Routing
from monitor.domain.service import Service, ServiceId
from monitor.domain.silence import Silence
from monitor.domain.surroundings import Flapping, Grouping, Surroundings
from monitor.engine.board import Board
from monitor.engine.pipeline import Pipeline, Plan
from monitor.ports import Change, PastIncident
from tests.fakes import NOON, OK, REFUSED, a_check, observed

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
WAIT = timedelta(seconds=20)
FLAPPING = Flapping(changes=6, within=30 * MINUTE, quiet=10 * MINUTE)
FIRING, RESOLVED = AlertType.FIRING, AlertType.RESOLVED


class Portal:
    """A service of two checks that is seen to go down and come back, and what is told of it."""

    def __init__(self, flapping: Flapping = FLAPPING, **plan) -> None:
        self.now: datetime = NOON
        self.sent: list[tuple[datetime, Alert, str]] = []
        self.plan = Plan(
            **{
                "services": (
                    Service(id=ServiceId("portal"), name="Portal", owner="diskominfo"),
                    Service(id=ServiceId("other"), name="Other", owner="diskominfo"),
                ),
                "checks": tuple(
                    a_check(
                        id=CheckId(name),
                        service=ServiceId(service),
                        failure_threshold=1,
                        success_threshold=1,
                        labels={"name": name},
                    )
                    for name, service in (("web", "portal"), ("api", "portal"), ("dns", "other"))
                ),
                "routes": (Route(receiver="oncall"),),
                "receivers": ("oncall", "api-team"),
                "grouping": Grouping(wait=WAIT),
                "flapping": flapping,
                **plan,
            }
        )
        self.board = Board()
        self.pipeline = Pipeline(self.board, self, "balaikota")  # type: ignore[arg-type]
        self.pipeline.watch(self.plan, NOON, {})
        self.stored: dict[str, Incident] = {}

    def record(self, change: Change) -> None:
        self.stored |= {each.id: each for each in change.incidents}
        self.sent += [(self.now, each.alert, each.receiver) for each in change.notifications]

    def see(self, is_up: bool, name: str = "web") -> None:
        check = next(each for each in self.plan.checks if each.id == name)
        self.now += SECOND
        [seen] = observed(OK if is_up else REFUSED, check=check, start=self.now)
        self.pipeline.record(seen)

    def let_pass(self, time: timedelta) -> None:
        until = self.now + time
        while self.now < until:
            self.now += 5 * SECOND
            self.pipeline.tell(self.now)

    def flap(self, changes: int, every: timedelta = MINUTE) -> None:
        """Go down, come back, and so on, `changes` times."""
        for number in range(changes):
            self.see(number % 2 == 1)
            self.let_pass(every)

    def told(self) -> list[tuple[AlertType, bool]]:
        """Return what was told since the last time: its type, and whether it is of instability."""
        found = [(alert.type, alert.unstable is not None) for _, alert, _ in self.sent]
        self.sent.clear()
        return found

    def last(self) -> Alert:
        return self.sent[-1][1]


def changes_of(portal: Portal) -> Iterator[int]:
    return (alert.unstable.changes for _, alert, _ in portal.sent if alert.unstable)


def test_one_message_and_then_quiet():
    """An outage that begins when its service changed too often is told as unstable, and nothing that
    follows is told, however long it goes on.
    """
    portal = Portal()
    portal.flap(60)

    assert [*changes_of(portal)] == [7]
    assert portal.told() == [*[(FIRING, False), (RESOLVED, False)] * 3, (FIRING, True)]


def test_stable_and_up():
    """Once a service has not changed for the quiet time and is up, those who heard that it is unstable
    hear once that this is over, and how often it changed.
    """
    portal = Portal()
    portal.flap(20)
    portal.told()
    portal.let_pass(FLAPPING.quiet - MINUTE - SECOND)
    assert portal.told() == []
    portal.let_pass(MINUTE)

    [(_, alert, receiver)] = portal.sent
    assert (alert.type, receiver) == (RESOLVED, "oncall")
    assert alert.unstable is not None
    assert (alert.unstable.changes, alert.unstable.over, alert.unstable.is_down) == (
        20,
        True,
        False,
    )
    assert alert.occurred_at == alert.unstable.changed_at
    portal.let_pass(timedelta(hours=2))
    assert portal.told() == [(RESOLVED, True)]


def test_stable_and_down():
    """A service that stays down after it changed too often is told as an outage like any other: the
    instability is over, which comes first, and then its end is told as ever.
    """
    portal = Portal(remind_every=timedelta(hours=4))
    portal.flap(21)
    portal.told()
    portal.let_pass(FLAPPING.quiet + MINUTE)

    over, outage = (alert for _, alert, _ in portal.sent)
    assert over.unstable is not None
    assert over.unstable.is_down
    assert outage.incident != over.incident
    assert portal.told() == [(RESOLVED, True), (FIRING, False)]
    portal.let_pass(timedelta(hours=4))
    assert portal.told() == [(AlertType.REMINDER, False)]
    portal.see(True)
    portal.let_pass(MINUTE)
    assert portal.told() == [(RESOLVED, False)]


def test_down_from_the_message_on():
    """An outage that was told as unstable and simply goes on is an ordinary one after the quiet time."""
    portal = Portal(remind_every=timedelta(hours=4))
    portal.flap(7)
    portal.told()
    portal.let_pass(FLAPPING.quiet + MINUTE)
    assert portal.told() == [(AlertType.UPDATED, False)]
    portal.let_pass(timedelta(hours=4))
    assert portal.told() == [(AlertType.REMINDER, False)]
    portal.see(True)
    portal.let_pass(MINUTE)

    assert portal.told() == [(RESOLVED, False)]


def test_as_many_changes_as_allowed():
    """Changes up to the limit are told one by one, and so are those that lie further apart."""
    portal = Portal()
    portal.flap(6)
    portal.let_pass(30 * MINUTE)
    portal.flap(20, 6 * MINUTE)

    assert {unstable for _, unstable in portal.told()} == {False}


def test_off():
    """No changes at all in `flapping` is for never."""
    portal = Portal(Flapping(changes=0))
    portal.flap(60)

    assert portal.told() == [(FIRING, False), (RESOLVED, False)] * 30


def test_turned_off_by_a_reload():
    """A reload that turns it off has told at once what waited."""
    portal = Portal()
    portal.flap(11)
    portal.told()
    portal.pipeline.replace(replace(portal.plan, flapping=Flapping(changes=0)), portal.now)
    portal.let_pass(MINUTE)

    assert portal.told() == [(RESOLVED, True), (FIRING, False)]


def test_why_nobody_is_told_is_recorded():
    """Outages that are not told for this say so, and which incident people know of."""
    portal = Portal()
    portal.flap(12)
    *_, speaker = (alert.incident for _, alert, _ in portal.sent if alert.unstable)
    held = [each for each in portal.stored.values() if each.hold]

    assert speaker is not None
    assert [(each.hold.reason, each.hold.by) for each in held if each.hold] == [
        (HoldReason.FLAPPING, speaker.id)
    ] * 2


def test_status_says_so():
    """While a service is unstable its present state says so, also while it is up."""
    portal = Portal()
    assert portal.board.speaker(ServiceId("portal")) is None
    portal.flap(12)
    speaker = portal.board.speaker(ServiceId("portal"))

    assert speaker is not None
    assert speaker.unstable is not None
    assert speaker.unstable.changes == 12
    portal.let_pass(FLAPPING.quiet + MINUTE)
    assert portal.board.speaker(ServiceId("portal")) is None


def test_short_outages():
    """What is over before it is told is told as unstable all the same."""
    portal = Portal()
    portal.flap(6, SECOND)
    portal.told()
    portal.see(False)
    portal.let_pass(5 * SECOND)
    portal.see(True)
    portal.let_pass(MINUTE)

    assert (FIRING, True) in portal.told()


def test_it_concerns_all_who_are_named():
    """Who is named for another check of the service hears, once, that it is unstable."""
    routes = (
        Route(receiver="api-team", match=Match(labels={"name": "api"}), goes_on=True),
        Route(receiver="oncall", match=Match(labels={"name": "web"})),
    )
    portal = Portal(routes=routes)
    portal.flap(8)
    portal.sent.clear()
    for number in range(4):
        portal.see(number % 2 == 1, "api")
        portal.let_pass(MINUTE)
    portal.let_pass(FLAPPING.quiet)

    assert [(a.type, who, a.unstable is not None) for _, a, who in portal.sent] == [
        (FIRING, "api-team", True),
        (RESOLVED, "oncall", True),
        (RESOLVED, "api-team", True),
    ]


def test_who_takes_care_is_told():
    """Somebody may take care of a service that is unstable, also while it is up: people hear that."""
    portal = Portal()
    portal.flap(8)
    incident = portal.last().incident
    assert incident is not None
    note = Note(
        incident=incident.id, kind=NoteKind.ACKNOWLEDGED, by="Rina", at=portal.now, via=Via.COMMAND
    )
    assert portal.pipeline.acknowledge(note)
    portal.told()
    portal.let_pass(MINUTE)
    told = portal.last()

    assert told.incident is not None
    assert told.incident.id == incident.id
    assert portal.told() == [(AlertType.ACKNOWLEDGED, True)]


def test_it_is_no_victim_of_itself():
    """A message about a service that is unstable, and down again, does not name it as its own victim."""
    portal = Portal()
    portal.flap(9)
    incident = portal.last().incident
    assert incident is not None
    note = Note(
        incident=incident.id, kind=NoteKind.ACKNOWLEDGED, by="Rina", at=portal.now, via=Via.COMMAND
    )
    assert portal.pipeline.acknowledge(note)
    portal.let_pass(MINUTE)

    assert (portal.last().type, portal.last().victims) == (AlertType.ACKNOWLEDGED, ())


def test_silenced():
    """Who was told that a service is unstable hears nothing while it is silenced, also while it is up,
    until it is stable; that is told on time.
    """
    portal = Portal()
    portal.flap(8)
    incident = portal.last().incident
    assert incident is not None
    portal.told()
    portal.pipeline.silence(
        Silence(
            id="s", match=Match(), at=portal.now, until=portal.now + timedelta(hours=1), by="Rina"
        )
    )
    note = Note(
        incident=incident.id, kind=NoteKind.ACKNOWLEDGED, by="Rina", at=portal.now, via=Via.COMMAND
    )
    assert portal.pipeline.acknowledge(note)
    next_look = portal.pipeline.tell(portal.now)
    assert next_look is not None
    assert next_look <= portal.now + FLAPPING.quiet
    portal.let_pass(FLAPPING.quiet - 2 * MINUTE)
    assert portal.told() == []
    portal.let_pass(2 * MINUTE)

    assert portal.told() == [(RESOLVED, True)]


def test_ends_come_before_the_next_outage():
    """Where nobody looked for a long time, nobody hears that an earlier outage is over after the message
    that the service is down.
    """
    services = (
        Service(id=ServiceId("portal"), name="Portal", owner="a", depends_on=(ServiceId("other"),)),
        Service(id=ServiceId("other"), name="Other", owner="a"),
    )
    portal = Portal(services=services)
    for number in range(9):
        portal.see(number % 2 == 1)
    portal.now += timedelta(hours=1)
    portal.let_pass(MINUTE)

    assert portal.told() == [(RESOLVED, False), (RESOLVED, True), (FIRING, False)]


def test_unseen_is_not_stable():
    """A service that could not be seen when its quiet time ran out has to be quiet anew."""
    portal = Portal()
    portal.flap(8)
    portal.told()
    lost = [(CheckId(name), portal.now) for name in ("web", "api")]
    portal.pipeline.lose_sight(lost, "self_offline")  # type: ignore[arg-type]
    portal.let_pass(15 * MINUTE)
    portal.see(True)
    portal.see(True, "api")
    portal.let_pass(MINUTE)
    assert portal.told() == []
    portal.let_pass(10 * MINUTE)

    assert portal.told() == [(RESOLVED, True)]


def test_other_services_are_told():
    """Another service of the same owner is told of as ever, in a message of its own."""
    portal = Portal()
    portal.flap(12)
    portal.told()
    portal.see(False, "dns")
    portal.let_pass(MINUTE)

    assert portal.told() == [(FIRING, False)]


def test_what_depends_on_it():
    """What depends on a service that is unstable and down right now is named with it, and told by
    itself where it stays down.
    """
    portal = Portal()
    services = (portal.plan.services[0], replace(portal.plan.services[1], depends_on=("portal",)))
    portal.plan = replace(portal.plan, services=services)
    portal.pipeline.replace(portal.plan, portal.now)
    portal.flap(8)
    portal.told()
    portal.see(False)
    portal.see(False, "dns")
    portal.let_pass(MINUTE)
    assert portal.told() == []
    portal.see(True)
    portal.let_pass(MINUTE)
    assert portal.told() == []
    portal.let_pass(2 * MINUTE)

    [(_, alert, _)] = portal.sent
    assert alert.service is not None
    assert alert.service.id == "other"
    assert alert.unstable is None


def test_those_who_forget_are_told_that_it_goes_on():
    """A receiver that has to be told again and again hears that it goes on, until it is stable."""
    portal = Portal()
    portal.flap(8)
    [unstable] = [each for each in portal.pipeline.standing("oncall") if each.unstable]
    assert unstable.type is FIRING
    assert unstable.incident is not None
    assert unstable.incident.ended_at is None
    portal.let_pass(FLAPPING.quiet + MINUTE)

    [over] = [each for each in portal.pipeline.standing("oncall") if each.unstable]
    assert over.type is RESOLVED


@pytest.mark.parametrize("shift", [timedelta(hours=-5), timedelta(hours=5)])
def test_clock_that_is_set(shift):
    """A clock that is set, either way, has nobody wait longer than the quiet time."""
    portal = Portal()
    portal.flap(8)
    portal.told()
    portal.now += shift
    portal.let_pass(FLAPPING.quiet + MINUTE)

    assert portal.told() == [(RESOLVED, True)]


def test_memory_is_bounded():
    """However often a service changes, what is kept of its past does not grow."""
    board = Board()
    for number in range(1000):
        start = NOON + number * MINUTE
        board.put(
            Incident(
                id=f"INC-{number}",
                service=ServiceId("portal"),
                started_at=start,
                ended_at=start + SECOND,
                checks=(),
            )
        )

    changes = board.changes((ServiceId("portal"), Affects.AVAILABILITY, Concern.OUTAGE, ""))
    assert MOST_CHANGES < len(changes) <= MOST_CHANGES + 2
    assert changes[-1] == NOON + 999 * MINUTE + SECOND


OUTAGE = Incident(id="INC-1", service=ServiceId("portal"), started_at=NOON, checks=())


def unstable_by(changes: int, ago: timedelta, flapping: Flapping = FLAPPING) -> bool:
    """Say whether an outage is, before which so many changes happened so long ago."""
    return began(OUTAGE, [NOON - ago] * changes, flapping, NOON).unstable is not None


def test_limit_of_changes():
    """It takes more changes than the limit, the beginning of the outage among them."""
    assert [unstable_by(count, MINUTE) for count in (5, 6)] == [False, True]


def test_edge_of_the_window():
    """What changed just as long ago as the window goes back is not counted."""
    edge = FLAPPING.within

    assert [unstable_by(6, ago) for ago in (edge, edge - SECOND)] == [False, True]


def test_since_when():
    """It is told as unstable since the first of the changes that were counted."""
    incident = began(OUTAGE, [NOON - MINUTE * n for n in range(1, 7)], FLAPPING, NOON + SECOND)

    assert incident.unstable is not None
    assert incident.unstable.since == NOON - 6 * MINUTE
    assert incident.unstable.changed_at == NOON
    assert incident.unstable.quiet_since == NOON + SECOND


def test_edge_of_the_quiet():
    """A service is stable just when the quiet time is over, and a change from then on is another
    matter.
    """
    unstable = began(OUTAGE, [NOON] * 6, FLAPPING, NOON)
    around = Surroundings(
        services={},
        checks={},
        routing=Routing(()),
        grouping=Grouping(),
        remind_every=None,
        escalations=(),
        suspects=(),
        vantage="balaikota",
        flapping=FLAPPING,
    )
    end = NOON + FLAPPING.quiet
    early, due = (settled(unstable, around, at).unstable for at in (end - SECOND, end))

    assert early is not None
    assert due is not None
    assert (early.over, due.over) == (False, True)
    assert changed(unstable, end - SECOND, FLAPPING, end - SECOND) != unstable
    assert changed(unstable, end, FLAPPING, end) == unstable


def test_a_change_by_a_clock_that_was_set_back():
    """A change that is earlier than the last one by the clock counts, and leaves when that was."""
    unstable = began(OUTAGE, [NOON] * 6, FLAPPING, NOON)
    again = changed(unstable, NOON - MINUTE, FLAPPING, NOON - MINUTE).unstable

    assert again is not None
    assert (again.changes, again.changed_at) == (8, NOON)
    assert again.quiet_since == NOON - MINUTE


def ended_before(count: int) -> list[PastIncident]:
    """Return so many outages of a second each, one a minute, the last of them just before noon."""
    return [
        PastIncident(
            id=f"OLD-{number}",
            service=ServiceId("portal"),
            affects=Affects.AVAILABILITY,
            concern=Concern.OUTAGE,
            started_at=NOON - (count - number) * MINUTE,
            ended_at=NOON - (count - number) * MINUTE + SECOND,
        )
        for number in range(count)
    ]


@pytest.mark.parametrize(("outages", "unstable"), [(2, []), (3, [7])])
def test_known_after_a_restart(outages, unstable):
    """What happened before the daemon was restarted counts as well."""
    portal = Portal()
    portal.board.recall(ended_before(outages))
    portal.flap(1)

    assert [*changes_of(portal)] == unstable


def test_latest_changes_are_kept():
    """Of more outages than are kept the latest are, those that go on over a restart among them."""
    portal = Portal()
    portal.flap(6)
    portal.told()
    portal.board.recall(
        replace(each, started_at=each.started_at - HOUR, ended_at=each.ended_at - HOUR)
        for each in ended_before(MOST_CHANGES)
    )
    portal.flap(1)

    assert [*changes_of(portal)] == [7]


def test_unstable_and_up_explains_nothing():
    """What depends on a service that is unstable, and up right now, is told of when it goes down and
    comes back before it could be told.
    """
    portal = Portal()
    services = (portal.plan.services[0], replace(portal.plan.services[1], depends_on=("portal",)))
    portal.pipeline.replace(replace(portal.plan, services=services), portal.now)
    portal.flap(8)
    portal.told()
    portal.see(False, "dns")
    portal.let_pass(5 * SECOND)
    portal.see(True, "dns")
    portal.let_pass(MINUTE)

    assert portal.told() == [(RESOLVED, False)]


def test_nothing_is_unstable_where_it_is_off():
    """Where it is off no incident says that its service is unstable."""
    assert not unstable_by(60, MINUTE, Flapping(changes=0))


def test_until_when_nobody_is_told():
    """What waits says until when, if nothing changes: the end of the quiet time."""
    portal = Portal()
    portal.flap(9)
    [held] = [each for each in portal.stored.values() if each.hold]

    assert held.hold is not None
    assert held.hold.until is not None
    assert held.hold.until - held.started_at - FLAPPING.quiet < SECOND
