"""Whatever becomes of services, the configuration, the clock and the daemon, and whatever people do
about it: what people hear adds up.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain.alert import Alert, AlertType, Match, Route
from monitor.domain.incident import HoldReason, Incident
from monitor.domain.note import NoteKind
from monitor.domain.status import Status
from monitor.domain.surroundings import GroupBy
from monitor.engine.pipeline import Plan
from tests.unit.engine.city import KILLED, LIFE, PLANS, RESTARTED, City, Heard, a_plan

OF_WORK = {AlertType.MAINTENANCE_STARTED, AlertType.MAINTENANCE_ENDED}
BEGINNINGS = {AlertType.FIRING, AlertType.ESCALATED}
FOR_NOBODY_IN_CARE = {AlertType.REMINDER, AlertType.ESCALATED}


def live(city: City, events: Iterable[tuple]) -> City:
    for name, *arguments in events:
        getattr(city, name)(*arguments)
    return city


def sequences_of(*kinds) -> st.SearchStrategy:
    return st.lists(st.one_of(*LIFE, *kinds), min_size=10, max_size=60)


@settings(max_examples=150, deadline=None)
@given(plan=PLANS, events=sequences_of(KILLED, RESTARTED))
def test_what_people_hear_adds_up(plan, events):
    """Once all is well, every outage was told to be over to each who was told that it began, or it is on
    record why nobody was told; no message is sent twice, and nobody hears of the end of an outage
    after the beginning of the next one. What nobody wanted told is not, and nothing is told between
    the times at which something may be due.
    """
    city = live(City(plan), events)
    city.calm_down()

    stories, begun = defaultdict(list), defaultdict(list)
    explained = {each.id for each in city.incidents.values() if each.hold is not None}
    for sent in city.outbox.values():
        for incident in sorted(sent.alert.incidents, key=city.place):
            stories[sent.receiver, incident].append(sent.alert)
            service = city.incidents[incident].service
            begun[sent.receiver, service].append(city.place(incident))
    assert {each.alert.type for each in city.repeated} <= OF_WORK
    assert all(map(_is_whole, stories.values()))
    assert all(each == sorted(each) for each in begun.values())
    assert set(city.incidents) == {incident for _, incident in stories} | explained
    assert {each.news_since for each in city.incidents.values()} <= {None}
    assert all(map(_is_wanted, city.heard))
    assert not city.untimely
    assert _on_record(city)


def _is_whole(story: Sequence[Alert]) -> bool:
    """Say whether it is a beginning, what changed, and one end; or an end that says it all."""
    kinds = [each.type for each in story]
    if kinds == [AlertType.RESOLVED]:
        return story[0].firing_undelivered
    return (
        kinds[0] in BEGINNINGS
        and kinds[-1] is AlertType.RESOLVED
        and not story[-1].firing_undelivered
        and BEGINNINGS.isdisjoint(kinds[1:])
        and AlertType.RESOLVED not in kinds[:-1]
    )


def _is_wanted(heard: Heard) -> bool:
    kind = heard.sent.alert.type
    return all(_may_be_told(kind, each, heard) for each in heard.of)


def _may_be_told(kind: AlertType, incident: Incident, heard: Heard) -> bool:
    """Say whether nobody wanted that people hear nothing of that kind."""
    if kind in FOR_NOBODY_IN_CARE and incident.acknowledged is not None:
        return False
    if not incident.receivers:
        return incident.id not in {*heard.silenced, *heard.worked_on}
    return kind is AlertType.RESOLVED or incident.id not in heard.silenced


def _on_record(city: City) -> bool:
    """Say whether what people did is on record, and stands behind what they were not told."""
    silences, windows = set(city.silences), {name for name, _ in city.windows}
    behind: Mapping[HoldReason, set[str]] = {
        HoldReason.SILENCE: silences,
        HoldReason.MAINTENANCE: windows,
        HoldReason.DEPENDENCY: set(city.incidents),
        HoldReason.FLAPPING: set(city.incidents),
    }
    holds = [each.hold for each in city.incidents.values() if each.hold is not None]
    taken = {each.incident: each.by for each in city.notes if each.kind is NoteKind.ACKNOWLEDGED}
    cared = {each.id: each.acknowledged.by for each in city.incidents.values() if each.acknowledged}
    return all(hold.by in behind[hold.reason] for hold in holds) and taken == cared


@settings(max_examples=80, deadline=None)
@given(plan=PLANS, events=sequences_of(KILLED, RESTARTED))
def test_what_stays_down_is_told(plan, events):
    """Once silences and work are over and all has been quiet for a while, people know of every outage
    that is still there, or of the one that explains it.
    """
    city = live(City(plan), events)
    city.have_all_told()

    for each in city.incidents.values():
        assert each.news_since is None or each.hold is not None
        if each.ended_at is None and not each.receivers:
            assert each.hold is not None
            cause = city.incidents[each.hold.by]
            assert each.hold.reason is HoldReason.DEPENDENCY
            assert cause.receivers
            assert cause.ended_at is None


@settings(max_examples=60, deadline=None)
@given(plan=PLANS, events=sequences_of(RESTARTED))
def test_a_restart_changes_nothing(plan, events):
    """People hear the same, word for word, whether or not the daemon was restarted meanwhile. Only of
    planned work those hear then, too, whom the routes name since; and nobody hears of the end of work
    that was cancelled while the clock, set back, had it begin later: no record says that it was open.
    """
    city = live(City(plan), events)
    other = live(City(plan), [("rest",) if each == ("restart",) else each for each in events])

    told, expected = city.outbox, other.outbox
    late = {i for i in told if told[i].alert.type in OF_WORK} - expected.keys()
    unknown = {
        i for i in expected if _ended_before_it_began(expected[i].alert, other)
    } - told.keys()
    assert [told[i] for i in told if i not in late] == [
        expected[i] for i in expected if i not in unknown
    ]
    assert city.incidents == other.incidents


def _ended_before_it_began(alert: Alert, city: City) -> bool:
    """Say whether it tells that work is over whose beginning was told with the same moment."""
    begun = {
        each.alert.occurred_at
        for each in city.outbox.values()
        if each.alert.type is AlertType.MAINTENANCE_STARTED
    }
    return alert.type is AlertType.MAINTENANCE_ENDED and alert.until in begun


@settings(max_examples=40, deadline=None)
@given(plan=PLANS, events=sequences_of(RESTARTED))
def test_nobody_is_told_of_a_comment(plan, events):
    """People hear the same whether or not somebody comments."""
    city = live(City(plan), events)
    silent = live(City(plan), [_silent(*each) for each in events])

    assert [*city.outbox.values()] == [*silent.outbox.values()]


def _silent(name: str, *arguments) -> tuple:
    return ("say_nothing" if name == "comment" else name, *arguments)


def test_a_check_joins_and_all_is_well_again_at_once():
    """If a check joins an outage that was told, and all is well before the wait is over, those who know
    of the outage get its end alone, which lists that check; who is named for that check alone gets
    nothing.
    """
    team = Route(receiver="a-team", match=Match(labels={"name": "a-tls"}), goes_on=True)
    city = City(replace(a_plain_plan(), routes=(team, Route(receiver="oncall"))))
    city.see("a", False)
    city.let_pass(25)
    city.see("a-tls", False)
    city.let_pass(5)
    city.see("a", True)
    city.see("a-tls", True)
    city.let_pass(60)

    told = [(sent.receiver, sent.alert.type) for sent in city.outbox.values()]
    assert told == [("oncall", AlertType.FIRING), ("oncall", AlertType.RESOLVED)]
    *_, end = city.outbox.values()
    assert [(each.id, each.status) for each in end.alert.checks] == [
        ("a", Status.UP),
        ("a-tls", Status.UP),
    ]


def a_plain_plan() -> Plan:
    return a_plan(
        dependencies=3,
        routes=0,
        by=GroupBy.SERVICE,
        limit=3,
        flapping=0,
        late=False,
        windows=(),
    )
