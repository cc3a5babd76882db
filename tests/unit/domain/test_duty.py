"""Whom routes lead to at a moment: the hours of calendars, and who is on call."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.alert import AlertType, Match, Route, receivers_of
from monitor.domain.duty import (
    TimedEscalation,
    TimedRoute,
    When,
    on_duty,
    walk,
)
from monitor.domain.incident import Acknowledgement
from monitor.domain.reach import everybody, open_together, routes_while, turns
from monitor.domain.surroundings import Escalation
from tests.fakes import a_check
from tests.unit.domain.test_alert import PORTAL, ROUTES
from tests.unit.domain.test_calendar import CALENDARS, DAY, DAYS, OFFICE, a_calendar, hours
from tests.unit.domain.test_calendar import at as clock
from tests.unit.domain.test_oncall import ANDI, BUDI, CITRA, a_rotation, at, rotations, standing_in
from tests.unit.domain.test_telling import Night, a_service, down

CHECK = a_check()
HOURS = a_calendar()
WEEKEND = a_calendar((*((),) * 5, *(hours("00:00-24:00"),) * 2))
IN_HOURS = TimedRoute(receiver="kantor", when=When(during=HOURS))
OUT_OF_HOURS = TimedRoute(receiver="piket", when=When(outside=HOURS))
ON_CALL = TimedRoute(rotation=a_rotation())
TUESDAY_NIGHT, TUESDAY_MORNING = "2026-11-24 06:00", "2026-11-24 07:30"


def receivers(*routes, moment: str) -> tuple[str, ...]:
    duty = on_duty(routes, (), at(moment))
    return receivers_of(duty.routes, PORTAL, CHECK)


def test_during_and_outside():
    """A route holds during the hours of its calendar only, or outside them only."""
    assert receivers(IN_HOURS, OUT_OF_HOURS, moment=TUESDAY_MORNING) == ("kantor",)
    assert receivers(IN_HOURS, OUT_OF_HOURS, moment=TUESDAY_NIGHT) == ("piket",)


def test_what_does_not_hold_ends_nothing():
    """A route outside its times lets later ones match, though it does not say `continue`."""
    assert receivers(IN_HOURS, Route(receiver="last"), moment=TUESDAY_NIGHT) == ("last",)
    assert receivers(IN_HOURS, Route(receiver="last"), moment=TUESDAY_MORNING) == ("kantor",)


def test_all_after_the_last_route_come_too_late():
    """Whatever comes after a route that takes a check and ends there is `earlier`, all of it."""
    routes = (IN_HOURS, Route(receiver="b"), Route(receiver="c"), IN_HOURS)
    found = walk(routes, PORTAL, CHECK, at(TUESDAY_MORNING))

    assert [each.objection for each in found] == [None, "earlier", "earlier", "earlier"]


def test_match_is_named_before_the_time():
    """Of a route that would not take a check at any time its match is named, not the time."""
    other = replace(IN_HOURS, match=Match(owners=frozenset({"bapenda"})))
    [found] = walk([other], PORTAL, CHECK, at(TUESDAY_NIGHT))

    assert found.objection == "owner"


def test_both_times_must_hold():
    """A route that names two calendars holds while one is open and the other is not."""
    both = TimedRoute(receiver="a", when=When(during=HOURS, outside=a_calendar(id="x")))

    assert receivers(both, moment=TUESDAY_MORNING) == ()


def test_until():
    """What holds now holds until a calendar opens or closes, or somebody takes over."""
    duty = on_duty((IN_HOURS, ON_CALL), (), at("2026-11-20 17:00"))

    assert duty.until == at("2026-11-23 07:30")
    assert on_duty((ON_CALL,), (), at("2026-11-20 17:00")).until == at("2026-11-23 08:00")
    assert on_duty((Route(receiver="a"),), (), at("2026-11-20 17:00")).until is None


def test_on_call_is_told_by_all_their_receivers():
    """Whoever is on call is told by each of their receivers, and the route ends there."""
    andi = replace(ANDI, receivers=("telegram", "surel"))
    route = TimedRoute(rotation=a_rotation(members=(andi, BUDI)))

    assert receivers(route, Route(receiver="z"), moment="2026-11-02 09:00") == ("telegram", "surel")
    assert receivers(route, Route(receiver="z"), moment="2026-11-09 09:00") == ("telegram-budi",)


def test_step_of_escalation():
    """A step leads to its receivers and whoever is on call, each once, at its times only."""
    step = Escalation(after=timedelta(minutes=15), receivers=("kabid", "telegram-andi"))
    timed = TimedEscalation(step=step, rotation=a_rotation(), when=When(during=HOURS))

    [found] = on_duty((), (timed,), at("2026-11-03 09:00")).escalations
    assert found == replace(step, receivers=("kabid", "telegram-andi"))
    [found] = on_duty((), (timed,), at("2026-11-10 09:00")).escalations
    assert found == replace(step, receivers=("kabid", "telegram-andi", "telegram-budi"))
    assert on_duty((), (timed,), at("2026-11-03 19:00")).escalations == ()


class Shifts(Night):
    """A night whose routes go by the time."""

    def __init__(self, *routes, escalations=()) -> None:
        super().__init__(a_service("a"))
        self.planned = (routes, escalations)

    def look(self, now):
        duty = on_duty(*self.planned, now)
        self.routes, self.escalations = duty.routes, duty.escalations
        return super().look(now)


class TestTelling:
    def test_what_is_open_when_hours_begin_is_told(self):
        """An outage of the night is told to the office when its hours begin, and its end as well."""
        night = Shifts(IN_HOURS)
        night.put(down("a", at(TUESDAY_NIGHT)))

        assert night.look(at("2026-11-24 07:29")) == []
        assert night.look(at(TUESDAY_MORNING)) == [(AlertType.FIRING, "kantor", ("a",))]
        night.end("a", at("2026-11-24 19:00"))
        assert night.look(at("2026-11-24 19:01")) == [(AlertType.RESOLVED, "kantor", ("a",))]

    def test_what_was_over_by_then_is_not(self):
        """An outage that came and went outside the hours is told to nobody."""
        night = Shifts(IN_HOURS)
        night.put(down("a", at(TUESDAY_NIGHT)))
        night.look(at("2026-11-24 06:30"))
        night.end("a", at("2026-11-24 07:00"))

        assert night.look(at("2026-11-24 07:01")) == []
        assert night.look(at(TUESDAY_MORNING)) == []

    def test_next_on_call_is_told_of_what_nobody_takes_care_of(self):
        """At a hand-over the next one is told of an outage that goes on; both are told its end."""
        night = Shifts(ON_CALL)
        night.put(down("a", at("2026-11-09 07:00")))

        assert night.look(at("2026-11-09 07:01")) == [(AlertType.FIRING, "telegram-andi", ("a",))]
        assert night.look(at("2026-11-09 07:59")) == []
        assert night.look(at("2026-11-09 08:00")) == [(AlertType.FIRING, "telegram-budi", ("a",))]
        night.end("a", at("2026-11-09 09:00"))
        told = night.look(at("2026-11-09 09:01"))
        assert [receiver for _, receiver, _ in told] == ["telegram-andi", "telegram-budi"]

    def test_next_on_call_is_spared_what_somebody_takes_care_of(self):
        """Whoever said that they take care keeps an outage over a hand-over."""
        night = Shifts(ON_CALL)
        night.put(down("a", at("2026-11-09 07:00")))
        night.look(at("2026-11-09 07:01"))
        taken = Acknowledgement(by="Andi", at=at("2026-11-09 07:10"))
        night.put(replace(night.incidents["INC-a"], acknowledged=taken))
        night.look(at("2026-11-09 07:11"))

        assert night.look(at("2026-11-09 08:00")) == []
        night.end("a", at("2026-11-09 09:00"))
        assert night.look(at("2026-11-09 09:01")) == [(AlertType.RESOLVED, "telegram-andi", ("a",))]

    def test_what_is_taken_care_of_before_the_alarm_is_told(self):
        """Whoever is on call hears of an outage that somebody took care of before it was told."""
        night = Shifts(ON_CALL)
        taken = Acknowledgement(by="Andi", at=at("2026-11-09 07:00"))
        night.put(replace(down("a", at("2026-11-09 07:00")), acknowledged=taken))

        assert (AlertType.FIRING, "telegram-andi", ("a",)) in night.look(at("2026-11-09 07:01"))

    def test_it_is_spared_by_the_on_call_alone(self):
        """The office is told when its hours begin also of what somebody takes care of."""
        night = Shifts(replace(OUT_OF_HOURS, goes_on=True), IN_HOURS)
        night.put(down("a", at(TUESDAY_NIGHT)))
        night.look(at("2026-11-24 06:01"))
        taken = Acknowledgement(by="Andi", at=at("2026-11-24 06:10"))
        night.put(replace(night.incidents["INC-a"], acknowledged=taken))
        night.look(at("2026-11-24 06:11"))

        assert night.look(at(TUESDAY_MORNING)) == [(AlertType.FIRING, "kantor", ("a",))]

    def test_step_waits_for_its_hours(self):
        """A step of escalation that is due outside its hours is told when they begin."""
        step = Escalation(after=timedelta(minutes=15), receivers=("kabid",))
        timed = TimedEscalation(step=step, when=When(during=HOURS))
        night = Shifts(Route(receiver="oncall"), escalations=(timed,))
        night.put(down("a", at(TUESDAY_NIGHT)))
        night.look(at("2026-11-24 06:01"))

        assert night.look(at("2026-11-24 07:29")) == []
        assert night.look(at(TUESDAY_MORNING)) == [(AlertType.ESCALATED, "kabid", ("a",))]


TIMES = st.builds(
    When,
    during=st.none() | CALENDARS,
    outside=st.none() | CALENDARS.map(lambda c: replace(c, id="x")),
)
TIMED = st.builds(
    lambda route, when, rotation: TimedRoute(
        receiver=None if rotation else route.receiver,
        rotation=rotation,
        when=when,
        match=route.match,
        statuses=route.statuses,
        goes_on=route.goes_on,
    ),
    ROUTES.filter(bool).map(lambda routes: routes[0]),
    TIMES,
    st.none() | rotations(),
)
MIXED = st.lists(st.one_of(ROUTES.filter(bool).map(lambda routes: routes[0]), TIMED), max_size=4)
MOMENTS = st.builds(
    lambda day, second: clock(f"{day} 00:00") + timedelta(seconds=second),
    DAYS,
    st.integers(0, 86_399),
)


@given(MIXED, MOMENTS)
def test_explanation_and_telling_agree(routes, moment):
    """Who is told are the receivers of those routes that are explained to take the check."""
    taken = [
        receiver
        for each in walk(routes, PORTAL, CHECK, moment)
        if each.takes
        for receiver in each.receivers
    ]

    told = receivers_of(on_duty(routes, (), moment).routes, PORTAL, CHECK)
    assert told == tuple(dict.fromkeys(taken))


@given(MIXED, MOMENTS, st.fractions(0, 1))
def test_duty_is_constant_until_it_says(routes, moment, part):
    """Routes lead to the same receivers at every moment before the announced change."""
    duty = on_duty(routes, (), moment)
    stretch = DAY if duty.until is None else duty.until - moment
    later = moment + timedelta(microseconds=int(part * (stretch // timedelta(microseconds=1) - 1)))

    assert stretch > timedelta(0)
    assert on_duty(routes, (), later).routes == duty.routes


@given(MIXED, MOMENTS)
def test_reach_holds_all_who_are_told(routes, moment):
    """Whoever is told at some moment is among those whom the routes may lead to."""
    told = receivers_of(on_duty(routes, (), moment).routes, PORTAL, CHECK)

    assert set(told) <= {name for each in routes for name in everybody(each)}


def test_reach_by_calendar():
    """While its calendar is open a route leads to each who may be on call, or stand in, in turn."""
    rotation = a_rotation(
        standing_in("2026-11-07 08:00", "2026-11-08 08:00", CITRA), members=(ANDI, BUDI)
    )
    route = TimedRoute(rotation=rotation, when=When(during=HOURS), match=Match())
    found = [
        [each.receiver for each in routes_while((route, OUT_OF_HOURS), {"jam-kerja"}, turn)]
        for turn in range(turns((route, OUT_OF_HOURS)))
    ]

    assert found == [["telegram-andi"], ["telegram-budi"], ["telegram-citra"]]
    assert [each.receiver for each in routes_while((route, OUT_OF_HOURS), ())] == ["piket"]


@pytest.mark.parametrize(
    ("weeks", "expected"),
    [
        ({"a": OFFICE}, [set(), {"a"}]),
        ({"a": OFFICE, "b": WEEKEND.week}, [set(), {"a"}, {"b"}]),
        ({"a": OFFICE, "b": (hours("00:00-24:00"),) * 7}, [{"b"}, {"a", "b"}]),
        ({}, [set()]),
    ],
)
def test_open_together(weeks, expected):
    """Only those sets of calendars count that are open at once in a usual week."""
    calendars = [a_calendar(week, id=name) for name, week in weeks.items()]

    assert open_together(calendars) == {frozenset(each) for each in expected}


def test_holidays_are_outside():
    """A holiday is outside the hours."""
    calendar = a_calendar(holidays={date(2026, 11, 24): "Hari Jadi"})
    route = TimedRoute(receiver="piket", when=When(outside=calendar))

    assert receivers(route, moment="2026-11-24 10:00") == ("piket",)
