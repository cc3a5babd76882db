"""Whom routes and steps of escalation lead to at a moment, and when that next changes.

A route may hold during the hours of a calendar only, or outside them, and lead to whoever is on
call. Who decides what is told goes by routes that are certain: this makes them, for a while.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from monitor.domain.alert import Match, Route, objection
from monitor.domain.calendar import Calendar, is_open, next_change
from monitor.domain.check import Check
from monitor.domain.observation import Status
from monitor.domain.oncall import Rotation, shift_at
from monitor.domain.service import Service
from monitor.domain.surroundings import Escalation


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """When something holds: during the hours of a calendar, outside those of one, or always."""

    during: Calendar | None = None
    outside: Calendar | None = None

    def objection(self, at: datetime) -> str | None:
        """Return the key by which it does not hold at `at`, None if it does."""
        if self.during is not None and not is_open(self.during, at):
            return "during"
        if self.outside is not None and is_open(self.outside, at):
            return "outside"
        return None

    def holds_while(self, opened: Collection[str]) -> bool:
        """Say whether it holds while the calendars `opened`, and no others, are open."""
        is_inside = self.during is None or self.during.id in opened
        return is_inside and (self.outside is None or self.outside.id not in opened)

    def next_change(self, after: datetime) -> datetime | None:
        """Return up to when it surely holds, or does not, as at `after`; None is for ever."""
        named = (each for each in (self.during, self.outside) if each is not None)
        return min((next_change(each, after) for each in named), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedRoute:
    """A route that leads to a receiver, or to who is on call by `rotation`, at certain times."""

    receiver: str | None = None
    rotation: Rotation | None = None
    when: When = When()
    match: Match = field(default_factory=Match)
    statuses: frozenset[Status] = frozenset({Status.DOWN})
    goes_on: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedEscalation:
    """A step of escalation whose `receivers`, or who is on call, are told at certain times."""

    step: Escalation
    rotation: Rotation | None = None
    when: When = When()


AnyRoute = Route | TimedRoute
AnyEscalation = Escalation | TimedEscalation


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """Whom routes and steps lead to until `until`; None is for ever."""

    routes: tuple[Route, ...] = ()
    escalations: tuple[Escalation, ...] = ()
    until: datetime | None = None


def on_duty(routes: Sequence[AnyRoute], escalations: Sequence[AnyEscalation], at: datetime) -> Duty:
    """Return whom routes and steps of escalation lead to at `at`, and until when."""
    ahead = [
        change
        for each in (*routes, *escalations)
        if isinstance(each, TimedRoute | TimedEscalation)
        for change in _changes(each, at)
    ]
    return Duty(
        routes=tuple(found for each in routes for found in routes_at(each, at)),
        escalations=tuple(found for each in escalations for found in steps_at(each, at)),
        until=min(ahead, default=None),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedRoute:
    """A route, to whom it leads at its times, and why it does not take a check, if it does not.

    An objection is a key of the match, or `earlier` where a route before took it and ended there.
    """

    route: AnyRoute
    receivers: tuple[str, ...]
    objection: str | None = None

    @property
    def takes(self) -> bool:
        return self.objection is None


def walk(
    routes: Sequence[AnyRoute], service: Service, check: Check, at: datetime
) -> Iterator[JudgedRoute]:
    """Yield each route with what it makes at `at` of `check` of `service` when that is down."""
    is_over = False
    for route in routes:
        reason = "earlier" if is_over else _objection(route, service, check, at)
        yield JudgedRoute(route=route, receivers=receivers_at(route, at), objection=reason)
        is_over = is_over or (reason is None and not route.goes_on)


def _objection(route: AnyRoute, service: Service, check: Check, at: datetime) -> str | None:
    """Return the first thing that keeps a route from taking a check: its match before the time."""
    if isinstance(route, Route):
        return objection(route, service, check)
    always = Route(receiver="", match=route.match, statuses=route.statuses)
    return objection(always, service, check) or route.when.objection(at)


def routes_at(route: AnyRoute, at: datetime) -> tuple[Route, ...]:
    """Return what a route is at `at`: nothing outside its times, one for each receiver else."""
    if isinstance(route, Route):
        return (route,)
    if route.when.objection(at) is not None:
        return ()
    receivers = receivers_at(route, at)
    return tuple(
        Route(
            receiver=receiver,
            match=route.match,
            statuses=route.statuses,
            # Several receivers of a person are told all together.
            goes_on=route.goes_on or number < len(receivers),
            on_call=route.rotation is not None,
        )
        for number, receiver in enumerate(receivers, start=1)
    )


def steps_at(step: AnyEscalation, at: datetime) -> tuple[Escalation, ...]:
    """Return what a step of escalation is at `at`: nothing outside its times."""
    if isinstance(step, Escalation):
        return (step,)
    if step.when.objection(at) is not None:
        return ()
    return (replace(step.step, receivers=receivers_at(step, at)),)


def receivers_at(each: AnyRoute | AnyEscalation, at: datetime) -> tuple[str, ...]:
    """Return to whom a route or a step leads at `at`, if that is a time at which it holds."""
    match each:
        case (
            Escalation(receivers=receivers) | TimedEscalation(step=Escalation(receivers=receivers))
        ):
            own = receivers
        case Route(receiver=str(receiver)) | TimedRoute(receiver=str(receiver)):
            own = (receiver,)
        case _:
            own = ()
    rotation = None if isinstance(each, Route | Escalation) else each.rotation
    on_call = () if rotation is None else shift_at(rotation, at).person.receivers
    return tuple(dict.fromkeys((*own, *on_call)))


def _changes(each: TimedRoute | TimedEscalation, after: datetime) -> Iterator[datetime]:
    if (change := each.when.next_change(after)) is not None:
        yield change
    if each.rotation is not None:
        yield shift_at(each.rotation, after).end
