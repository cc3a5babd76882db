"""Who is on call: a rotation of people with its hand-overs, and who stands in for whom.

A hand-over is at a time of day by the clock on the wall, also where that was changed meanwhile.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from monitor.domain.walltime import instant_of

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who can be on call, and by which receivers they are told."""

    id: str
    name: str
    receivers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Substitution:
    """Who is on call in [start, end) (UTC), whoever's turn it is."""

    start: datetime
    end: datetime
    person: Person
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """People who are on call in turn.

    The first member's turn begins on the day `first` at the time `at` in `zone`, and each turn is
    `days` long. There is no time at which nobody is on call: before `first` the turns go back.
    Substitutions are in order and apart.
    """

    id: str
    members: tuple[Person, ...]
    first: date
    at: time
    days: int
    zone: tzinfo
    substitutions: tuple[Substitution, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """Who is on call in [start, end) (UTC). `instead_of` is whose turn it is, if another's."""

    start: datetime
    end: datetime
    person: Person
    instead_of: Person | None = None
    reason: str = ""


def shift_at(rotation: Rotation, at: datetime) -> Shift:
    """Return who is on call at `at`, since when, and until when nothing changes."""
    turn = _turn_at(rotation, at)
    start, end = turn.start, turn.end
    for each in rotation.substitutions:
        if each.start <= at < each.end:
            # A turn may end meanwhile, and it is somebody else whom they stand in for.
            start, end = max(start, each.start), min(end, each.end)
            if each.person == turn.person:
                return Shift(start=start, end=end, person=each.person)
            return Shift(
                start=start,
                end=end,
                person=each.person,
                instead_of=turn.person,
                reason=each.reason,
            )
        if each.end <= at:
            start = max(start, each.end)
        else:
            end = min(end, each.start)
    return Shift(start=start, end=end, person=turn.person)


def shifts(rotation: Rotation, start: datetime, end: datetime) -> Iterator[Shift]:
    """Yield the shifts that lie in [start, end), whole, in order and without a gap."""
    at = start
    while at < end:
        shift = shift_at(rotation, at)
        yield shift
        at = shift.end


def _turn_at(rotation: Rotation, at: datetime) -> Shift:
    """Return whose turn it is, whoever stands in for them.

    Where a zone left out a day, two turns may begin at once: the later one is what counts.
    """
    local = at.astimezone(rotation.zone).date()
    number = (local - rotation.first).days // rotation.days + 1
    while _begins(rotation, number) > at:
        number -= 1
    return Shift(
        start=_begins(rotation, number),
        end=_begins(rotation, number + 1),
        person=rotation.members[number % len(rotation.members)],
    )


def _begins(rotation: Rotation, turn: int) -> datetime:
    day = rotation.first + turn * rotation.days * _DAY
    return instant_of(datetime.combine(day, rotation.at), rotation.zone)
