"""Decides what is told of incidents, to whom and when.

An incident carries what was told of it, so that one look at all of them says what is still to be
told: after a restart, a reload or the end of a hold the same function goes on where it was.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monitor.domain.alert import (
    AlertType,
    Notification,
    matches,
    receivers_of,
)
from monitor.domain.bundling import Piece, bundled
from monitor.domain.check import Affects, Check
from monitor.domain.incident import Hold, HoldReason, Incident
from monitor.domain.maintenance import MaintenanceWindow
from monitor.domain.service import Service, ServiceId
from monitor.domain.silence import Silence
from monitor.domain.surroundings import Surroundings, depended_on

# How long a service may take to be confirmed down, or to come back, after what it depends on.
PATIENCE = timedelta(minutes=2)

_LOOK_AGAIN = timedelta(seconds=1)
_DOUBT_LASTS = timedelta(seconds=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Incidents that changed by being told or held, what is told, and when to look again."""

    incidents: tuple[Incident, ...] = ()
    notifications: tuple[Notification, ...] = ()
    look_again: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pending:
    """What is to be told of `incident` once `due`; earlier, if it `joins` others that are told.

    `look` is when it may be due after all: no event says that a suspicion is over.
    """

    incident: Incident
    pieces: tuple[Piece, ...]
    due: datetime
    look: datetime
    joins: bool


def tell(incidents: Sequence[Incident], around: Surroundings, now: datetime) -> Told:
    """Return what is to be told at `now` of `incidents`: the open ones, and those ended untold."""
    holders = _holders(incidents, around)
    judged = [_judged(each, holders, around, now) for each in incidents]
    is_storm = sum(each.hold is None for each in judged) > around.grouping.storm_limit
    pending = {
        each.id: found
        for each in judged
        if (found := _pending(each, around, now, is_storm=is_storm))
    }
    is_wave = any(one.due <= now for one in pending.values())
    chosen = [one for one in pending.values() if one.due <= now or (is_wave and one.joins)]
    told = {one.incident.id: _told(one, now) for one in chosen}
    after = [
        told.get(each.id) or (each if each.id in pending else _silent(each)) for each in judged
    ]
    news = [(told[one.incident.id], piece) for one in chosen for piece in one.pieces]
    left = {i: one for i, one in pending.items() if i not in told}
    again = (_pending(one, around, now, is_storm=is_storm) for one in told.values())
    left |= {found.incident.id: found for found in again if found is not None}
    return Told(
        incidents=tuple(new for old, new in zip(incidents, after, strict=True) if new != old),
        notifications=tuple(bundled(news, after, around, is_storm=is_storm)),
        look_again=_next_look(after, left, now),
    )


def _holders(incidents: Iterable[Incident], around: Surroundings) -> Mapping[ServiceId, Incident]:
    """Return the incidents that may explain others, by service: an open one before an ended one.

    One that nobody is told of explains nothing: of the others nobody would be told either.
    """
    needed = {other for each in around.services.values() for other in each.depends_on}
    known = (
        each
        for each in incidents
        if each.affects is Affects.AVAILABILITY
        and each.service in needed
        and (each.receivers or _named(each, around))
    )
    return {each.service: each for each in sorted(known, key=lambda one: one.ended_at is None)}


def _judged(
    incident: Incident,
    holders: Mapping[ServiceId, Incident],
    around: Surroundings,
    now: datetime,
) -> Incident:
    """Return `incident` held, or held no longer. One that was told is never held.

    A clock that was set back must not put off what was noticed before.
    """
    if incident.news_since is not None and incident.news_since > now:
        incident = replace(incident, news_since=now)
    if incident.told_at is not None and incident.told_at > now:
        alarmed_at = min(incident.alarmed_at or now, now)
        incident = replace(incident, alarmed_at=alarmed_at, told_at=now)
    if incident.receivers:
        return incident
    reason = _reason(incident, holders, around)
    if reason is not None:
        return replace(incident, hold=reason)
    hold = incident.hold
    if hold is None or incident.ended_at is not None:
        return incident
    if hold.reason is not HoldReason.DEPENDENCY:
        return replace(incident, hold=None, news_since=now)
    if hold.until is None or hold.until > now + PATIENCE:
        return replace(incident, hold=replace(hold, until=now + PATIENCE))
    return incident if now < hold.until else replace(incident, hold=None, news_since=now)


def _reason(
    incident: Incident, holders: Mapping[ServiceId, Incident], around: Surroundings
) -> Hold | None:
    """Return why nobody is to be told of `incident` now."""
    if holder := _holder(incident, holders, around.services):
        return Hold(reason=HoldReason.DEPENDENCY, by=holder.id)
    if window := _worked_on(incident, around):
        return Hold(reason=HoldReason.MAINTENANCE, by=window.id)
    if silence := _silence(incident, around):
        return Hold(reason=HoldReason.SILENCE, by=silence.id, until=silence.until)
    return None


def _worked_on(incident: Incident, around: Surroundings) -> MaintenanceWindow | None:
    """Return an open window that covers every check that is concerned."""
    service, concerned = around.services.get(incident.service), _concerned(incident, around)
    if service is None or not concerned:
        return None
    return next(
        (w for w in around.windows if all(w.covers(service, check) for check in concerned)), None
    )


def _silence(incident: Incident, around: Surroundings) -> Silence | None:
    """Return the silence that covers every check that is concerned, the longest of several."""
    service, concerned = around.services.get(incident.service), _concerned(incident, around)
    if service is None or not concerned:
        return None
    found = (each for each in around.silences if each.covers(service, concerned))
    return max(found, key=lambda each: each.until, default=None)


def _concerned(incident: Incident, around: Surroundings) -> Sequence[Check]:
    """Return the checks that are down, or were if the incident ended, as far as configured."""
    return [
        around.checks[each.id]
        for each in incident.checks
        if each.id in around.checks and (each.until is None or incident.ended_at is not None)
    ]


def _holder(
    incident: Incident,
    holders: Mapping[ServiceId, Incident],
    services: Mapping[ServiceId, Service],
) -> Incident | None:
    """Return the incident that explains this one: of a service that itself depends on none down.

    An ended incident explains only what has ended as well.
    """
    if incident.affects is not Affects.AVAILABILITY:
        return None
    down = {
        service: each
        for service in depended_on(incident.service, services)
        if (each := holders.get(service))
        and (each.ended_at is None or incident.ended_at is not None)
    }
    roots = [
        each for service, each in down.items() if not depended_on(service, services) & down.keys()
    ]
    return min(roots, key=lambda each: (each.started_at, each.id), default=None)


def _pending(
    incident: Incident, around: Surroundings, now: datetime, *, is_storm: bool
) -> _Pending | None:
    """Return what is to be told of `incident`, now or later; None for nothing.

    What depends on others waits its full time, since one of them may be found down meanwhile.
    """
    if incident.hold is not None:
        return None
    found = _unsilenced(incident, around, now, is_storm=is_storm)
    # Of who was told of nothing yet, `_judged` has seen that no silence covers it.
    is_told_on = incident.ended_at is None and bool(incident.receivers)
    silence = _silence(incident, around) if is_told_on else None
    if found is None or silence is None:
        return found
    until = max(found.due, silence.until)
    return replace(found, due=until, look=until, joins=False)


def _unsilenced(
    incident: Incident, around: Surroundings, now: datetime, *, is_storm: bool
) -> _Pending | None:
    """Return what is to be told of an incident that nobody has silenced."""
    pieces = _pieces(incident, around)
    if not pieces:
        return _later(incident, around)
    news_since = incident.news_since
    if news_since is None or any(one.type is AlertType.ACKNOWLEDGED for one in pieces):
        return _Pending(incident=incident, pieces=pieces, due=now, look=now, joins=True)
    wait = around.grouping.wait
    others = depended_on(incident.service, around.services)
    if not others.isdisjoint(around.suspects) and not incident.receivers:
        due = news_since + max(wait, PATIENCE)
        look = min(due, max(news_since + wait, now + _DOUBT_LASTS))
        return _Pending(incident=incident, pieces=pieces, due=due, look=look, joins=False)
    due = news_since + wait
    return _Pending(
        incident=incident, pieces=pieces, due=due, look=due, joins=is_storm or not others
    )


def _later(incident: Incident, around: Surroundings) -> _Pending | None:
    """Return what time alone makes worth telling of an outage that nobody takes care of."""
    if incident.ended_at is not None or incident.acknowledged is not None:
        return None
    ahead = [*_escalations(incident, around), *_reminders(incident, around)]
    if not ahead:
        return None
    due, piece = min(ahead, key=lambda each: each[0])
    return _Pending(incident=incident, pieces=(piece,), due=due, look=due, joins=False)


def _escalations(incident: Incident, around: Surroundings) -> Iterable[tuple[datetime, Piece]]:
    """Yield who else is told and when, of those who were not."""
    if incident.alarmed_at is None:
        return
    concerned = _concerned(incident, around)
    service = around.service(incident)
    for step in around.escalations:
        new = tuple(name for name in step.receivers if name not in incident.receivers)
        if new and any(matches(step.match, service, check) for check in concerned):
            yield (
                incident.alarmed_at + step.after,
                Piece(type=AlertType.ESCALATED, receivers=new),
            )


def _reminders(incident: Incident, around: Surroundings) -> Iterable[tuple[datetime, Piece]]:
    """Yield that it goes on, some time after those who know of it have heard of it last."""
    every, told_at = around.remind_every, incident.told_at
    if every is not None and told_at is not None and incident.receivers:
        yield told_at + every, Piece(type=AlertType.REMINDER, receivers=incident.receivers)


def _pieces(incident: Incident, around: Surroundings) -> tuple[Piece, ...]:
    told, has_news = incident.receivers, incident.news_since is not None
    if incident.ended_at is not None:
        if not has_news:
            return ()
        whom = told or _named(incident, around)
        return (Piece(type=AlertType.RESOLVED, receivers=whom, untold=not told),) if whom else ()
    new = tuple(name for name in _named(incident, around) if name not in told)
    pieces = []
    if told and has_news:
        pieces.append(Piece(type=AlertType.UPDATED, receivers=told))
    if told and incident.acknowledged is not None and not incident.acknowledged.told:
        pieces.append(Piece(type=AlertType.ACKNOWLEDGED, receivers=told))
    if new:
        pieces.append(Piece(type=AlertType.FIRING, receivers=new))
    return tuple(pieces)


def _named(incident: Incident, around: Surroundings) -> tuple[str, ...]:
    """Return whom the routes name for the checks that are concerned."""
    service = around.services.get(incident.service)
    if service is None:
        return ()
    named = (receivers_of(around.routes, service, check) for check in _concerned(incident, around))
    return tuple(dict.fromkeys(name for names in named for name in names))


def _told(pending: _Pending, now: datetime) -> Incident:
    """Return the incident as it is once its pieces are told."""
    incident, receivers = pending.incident, dict.fromkeys(pending.incident.receivers)
    for piece in pending.pieces:
        receivers |= dict.fromkeys(piece.receivers)
    known = incident.acknowledged
    if known is not None and any(one.type is AlertType.ACKNOWLEDGED for one in pending.pieces):
        known = replace(known, told=True)
    return replace(
        incident,
        receivers=tuple(receivers),
        sequence=incident.sequence + 1,
        news_since=None,
        alarmed_at=incident.alarmed_at or now,
        told_at=now,
        acknowledged=known,
    )


def _silent(incident: Incident) -> Incident:
    """Return an incident of which nothing is told: its news wait only while it is held."""
    if incident.hold is not None and incident.ended_at is None:
        return incident
    return replace(incident, news_since=None)


def _next_look(
    incidents: Iterable[Incident], pending: Mapping[str, _Pending], now: datetime
) -> datetime | None:
    """Return when time alone may have something told, None for never."""
    ahead = []
    for each in incidents:
        if each.hold is not None and each.hold.until is not None and each.ended_at is None:
            ahead.append(each.hold.until)
        elif found := pending.get(each.id):
            ahead.append(found.look)
    return max(min(ahead), now + _LOOK_AGAIN) if ahead else None
