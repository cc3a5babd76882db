"""Whom routes may lead to at one time or another, whenever that is."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import timedelta

from monitor.domain.alert import Route
from monitor.domain.calendar import Calendar, Hours
from monitor.domain.duty import AnyEscalation, AnyRoute, TimedEscalation, TimedRoute
from monitor.domain.oncall import Person, Rotation
from monitor.domain.surroundings import Escalation

_MIDNIGHT, _DAY = timedelta(0), timedelta(days=1)


def open_together(calendars: Iterable[Calendar]) -> set[frozenset[str]]:
    """Return which calendars are open at the same time, by id, as their usual weeks have it."""
    known = tuple(calendars)
    return {
        frozenset(each.id for each in known if _covers(each.week[day], moment))
        for day in range(7)
        for moment in _edges(each.week[day] for each in known)
    }


def turns(routes: Iterable[AnyRoute]) -> int:
    """Return how many turns it takes for everybody to be on call once; one without rotations."""
    timed = (each for each in routes if isinstance(each, TimedRoute))
    return max((len(_people(each.rotation)) for each in timed if each.rotation), default=1)


def routes_while(
    routes: Iterable[AnyRoute], opened: Collection[str], turn: int = 0
) -> Iterator[Route]:
    """Yield the routes that hold while these calendars are open, in one of `turns` on call."""
    for route in routes:
        if isinstance(route, Route):
            yield route
        elif route.when.holds_while(opened):
            receivers = _receivers(route, turn)
            for number, receiver in enumerate(receivers, start=1):
                goes_on = route.goes_on or number < len(receivers)
                yield Route(
                    receiver=receiver, match=route.match, statuses=route.statuses, goes_on=goes_on
                )


def everybody(each: AnyRoute | AnyEscalation) -> Iterator[str]:
    """Yield whom a route or a step of escalation leads to at one time or another."""
    match each:
        case (
            Escalation(receivers=receivers) | TimedEscalation(step=Escalation(receivers=receivers))
        ):
            yield from receivers
        case Route(receiver=receiver) | TimedRoute(receiver=str(receiver)):
            yield receiver
    rotation = None if isinstance(each, Route | Escalation) else each.rotation
    if rotation is not None:
        yield from (receiver for person in _people(rotation) for receiver in person.receivers)


def _receivers(route: TimedRoute, turn: int) -> tuple[str, ...]:
    if route.rotation is None:
        return () if route.receiver is None else (route.receiver,)
    people = _people(route.rotation)
    return people[turn % len(people)].receivers


def _people(rotation: Rotation) -> tuple[Person, ...]:
    """Return those who are on call at one time or another, each once."""
    substitutes = (each.person for each in rotation.substitutions)
    return tuple(dict.fromkeys((*rotation.members, *substitutes)))


def _edges(days: Iterable[Sequence[Hours]]) -> set[timedelta]:
    """Return the times of a day at which any hours begin or end, and its beginning."""
    edges = {edge for hours in days for span in hours for edge in span}
    return {_MIDNIGHT, *edges} - {_DAY}


def _covers(hours: Sequence[Hours], moment: timedelta) -> bool:
    return any(span.start <= moment < span.end for span in hours)
