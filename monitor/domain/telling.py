"""Decides what is told of incidents, to whom and when.

An incident carries what was told of it, so that one look at all of them says what is still to be
told: after a restart, a reload or the end of a hold the same function goes on where it was.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monitor.domain.alert import AlertType, Notification, matches
from monitor.domain.beside import beside, outages_of
from monitor.domain.bundling import Piece, bundled
from monitor.domain.concern import concerned, named
from monitor.domain.expiry import Expiry
from monitor.domain.holding import PATIENCE, holders_of, judged, present, silence_of, speakers
from monitor.domain.incident import Concern, HoldReason, Incident
from monitor.domain.surroundings import Surroundings, depended_on

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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """What one look goes by. Of a concern in `storms` all news share a message.

    `spoken_for` are the incidents that one speaks for, by its id.
    """

    around: Surroundings
    now: datetime
    storms: Collection[Concern]
    spoken_for: Mapping[str, Sequence[Incident]]


def tell(incidents: Sequence[Incident], around: Surroundings, now: datetime) -> Told:
    """Return what is to be told at `now` of `incidents`: the open ones, and those ended untold."""
    known = _judged(incidents, around, now)
    look = _look(known, around, now)
    pending = {each.id: found for each in known if (found := _pending(each, look))}
    chosen = _chosen(tuple(pending.values()), now)
    told = {one.incident.id: _told(one, around, now) for one in chosen}
    after = [told.get(each.id) or (each if each.id in pending else _silent(each)) for each in known]
    news = [(told[one.incident.id], piece) for one in chosen for piece in one.pieces]
    left = {i: one for i, one in pending.items() if i not in told}
    again = (_pending(one, look) for one in told.values())
    left |= {found.incident.id: found for found in again if found is not None}
    return Told(
        incidents=tuple(
            new for old, new in zip(incidents, after, strict=True) if new is not old and new != old
        ),
        notifications=tuple(bundled(news, after, around, storms=look.storms)),
        look_again=_next_look(after, left, now),
    )


def _chosen(pending: Sequence[_Pending], now: datetime) -> Sequence[_Pending]:
    """Return what is told now: what is due, what joins it, and ends that must come before.

    Nobody is to hear that a service is up again after the message that it is down anew.
    """
    is_wave = any(one.due <= now for one in pending)
    ready = {one.incident.id: one for one in pending if one.due <= now or (is_wave and one.joins)}
    down = {one.incident.key for one in ready.values() if one.incident.ended_at is None}
    return [
        one
        for one in pending
        if one.incident.id in ready or (one.incident.key in down and _says_the_end(one))
    ]


def _judged(
    incidents: Iterable[Incident], around: Surroundings, now: datetime
) -> Sequence[Incident]:
    """Return `incidents` as they are at `now`, each with the reason for which nobody is told."""
    there = [present(each, around, now) for each in incidents]
    holders, outages = holders_of(there, around), outages_of(there)
    seen = [beside(each, outages, now) for each in there]
    speaking = speakers(seen, holders, around)
    return [judged(each, holders, speaking, around, now) for each in seen]


def _look(known: Sequence[Incident], around: Surroundings, now: datetime) -> _Look:
    spoken_for: dict[str, list[Incident]] = {}
    for each in known:
        if each.hold is not None and each.hold.reason is HoldReason.FLAPPING:
            spoken_for.setdefault(each.hold.by, []).append(each)
    return _Look(around=around, now=now, storms=_storms(known, around), spoken_for=spoken_for)


def _storms(incidents: Iterable[Incident], around: Surroundings) -> Collection[Concern]:
    """Return of which concerns there is so much that all news of them share a message."""
    counts = Counter(each.concern for each in incidents if each.hold is None)
    return {concern for concern, count in counts.items() if count > around.grouping.storm_limit}


def _pending(incident: Incident, look: _Look) -> _Pending | None:
    """Return what is to be told of `incident`, now or later; None for nothing.

    What depends on others waits its full time, since one of them may be found down meanwhile.
    """
    if incident.hold is not None:
        return None
    if incident.expiry is not None:
        found = _staged(incident, incident.expiry, look.around, look.now)
    else:
        found = _unsilenced(incident, look)
    # Of who was told of nothing yet, `judged` has seen that no silence covers it.
    goes_on = incident.ended_at is None or incident.keeps_changing
    silence = silence_of(incident, look.around) if goes_on and incident.receivers else None
    if found is None or silence is None:
        return found
    until = max(found.due, silence.until)
    stable_at = _stable_at(incident, look.around) or until
    return replace(found, due=until, look=min(until, stable_at), joins=False)


def _staged(
    incident: Incident, expiry: Expiry, around: Surroundings, now: datetime
) -> _Pending | None:
    """Return what is to be told of something that expires: each stage, and that it was renewed.

    A stage is told to those who know of it as a reminder, and to whom the routes name otherwise as
    firing. What was renewed before anybody knew is no news.
    """
    told, news_since = incident.receivers, incident.news_since
    if incident.ended_at is not None:
        if not told or news_since is None:
            return None
        due, end = news_since + around.grouping.wait, _piece(AlertType.RESOLVED, told)
        return _Pending(incident=incident, pieces=(end,), due=due, look=due, joins=True)
    if incident.acknowledged is not None and told:
        if incident.acknowledged.told:
            return None
        care = _piece(AlertType.ACKNOWLEDGED, told)
        return _Pending(incident=incident, pieces=(care,), due=now, look=now, joins=True)
    stage, whom = expiry.next_stage(around.stages), named(incident, around)
    if stage is None or now >= expiry.expires_at or not (told or whom):
        return None
    new = tuple(name for name in whom if name not in told)
    pieces = tuple(
        _piece(kind, receivers)
        for kind, receivers in ((AlertType.REMINDER, told), (AlertType.FIRING, new))
        if receivers
    )
    waited = stage if news_since is None else news_since + around.grouping.wait
    due = max(stage, waited, around.dates_wait_until or stage)
    return _Pending(incident=incident, pieces=pieces, due=due, look=due, joins=False)


def _piece(kind: AlertType, receivers: tuple[str, ...]) -> Piece:
    return Piece(type=kind, receivers=receivers)


def _unsilenced(incident: Incident, look: _Look) -> _Pending | None:
    """Return what is to be told of an incident that nobody has silenced."""
    around = look.around
    if incident.keeps_changing:
        return _of_unstable(incident, look)
    if pieces := _pieces(incident, around):
        return _waiting(incident, pieces, look)
    return _later(incident, around)


def _of_unstable(incident: Incident, look: _Look) -> _Pending | None:
    """Return what is to be told of a service that keeps changing: that it does, once to each.

    It concerns all whom the routes name for the incidents that this one speaks for.
    """
    alike = (incident, *look.spoken_for.get(incident.id, ()))
    whom = dict.fromkeys(name for each in alike for name in named(each, look.around))
    new = tuple(name for name in whom if name not in incident.receivers)
    pieces = (*_care(incident), *([Piece(type=AlertType.FIRING, receivers=new)] if new else []))
    if pieces:
        return _waiting(incident, pieces, look)
    stable_at = _stable_at(incident, look.around)
    if stable_at is None or not incident.receivers:
        return None
    return _Pending(incident=incident, pieces=(), due=stable_at, look=stable_at, joins=False)


def _stable_at(incident: Incident, around: Surroundings) -> datetime | None:
    """Return when a service that keeps changing is stable if it stays as it is."""
    if incident.unstable is None or not incident.keeps_changing:
        return None
    return incident.unstable.quiet_since + around.flapping.quiet


def _waiting(incident: Incident, pieces: tuple[Piece, ...], look: _Look) -> _Pending:
    """Return `pieces` and how long they wait for news of others."""
    around, news_since = look.around, incident.news_since
    if news_since is None or any(one.type is AlertType.ACKNOWLEDGED for one in pieces):
        return _Pending(incident=incident, pieces=pieces, due=look.now, look=look.now, joins=True)
    wait = around.grouping.wait
    others = depended_on(incident.service, around.services)
    if not others.isdisjoint(around.suspects) and not incident.receivers:
        due = news_since + max(wait, PATIENCE)
        again = min(due, max(news_since + wait, look.now + _DOUBT_LASTS))
        return _Pending(incident=incident, pieces=pieces, due=due, look=again, joins=False)
    due = news_since + wait
    return _Pending(
        incident=incident,
        pieces=pieces,
        due=due,
        look=due,
        joins=incident.concern in look.storms or not others,
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
    if incident.alarmed_at is None or incident.concern is not Concern.OUTAGE:
        return
    checks = concerned(incident, around)
    service = around.service(incident)
    for step in around.escalations:
        new = tuple(name for name in step.receivers if name not in incident.receivers)
        if new and any(matches(step.match, service, check) for check in checks):
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
        whom = told or named(incident, around)
        return (Piece(type=AlertType.RESOLVED, receivers=whom, untold=not told),) if whom else ()
    new = tuple(name for name in named(incident, around) if name not in told)
    pieces = []
    if told and has_news:
        pieces.append(Piece(type=AlertType.UPDATED, receivers=told))
    pieces += _care(incident)
    if new:
        pieces.append(Piece(type=AlertType.FIRING, receivers=new))
    return tuple(pieces)


def _care(incident: Incident) -> Iterable[Piece]:
    """Yield that somebody takes care of it, unless those who were told of it know."""
    known = incident.acknowledged
    if incident.receivers and known is not None and not known.told:
        yield Piece(type=AlertType.ACKNOWLEDGED, receivers=incident.receivers)


def _told(pending: _Pending, around: Surroundings, now: datetime) -> Incident:
    """Return the incident as it is once its pieces are told."""
    incident, receivers = pending.incident, dict.fromkeys(pending.incident.receivers)
    for piece in pending.pieces:
        receivers |= dict.fromkeys(piece.receivers)
    known = incident.acknowledged
    if known is not None and any(one.type is AlertType.ACKNOWLEDGED for one in pending.pieces):
        known = replace(known, told=True)
    return replace(
        incident,
        expiry=_staged_expiry(pending, around, now),
        receivers=tuple(receivers),
        sequence=incident.sequence + 1,
        news_since=incident.news_since if _end_is_untold(pending) else None,
        alarmed_at=incident.alarmed_at or now,
        told_at=now,
        acknowledged=known,
    )


def _staged_expiry(pending: _Pending, around: Surroundings, now: datetime) -> Expiry | None:
    """Return what expires as it is once its stage at `now` is told."""
    expiry = pending.incident.expiry
    kinds = {each.type for each in pending.pieces}
    if expiry is None or kinds.isdisjoint({AlertType.FIRING, AlertType.REMINDER}):
        return expiry
    return replace(expiry, told_days=expiry.stage(around.stages, now))


def _end_is_untold(pending: _Pending) -> bool:
    """Say whether it has ended and people hear that it goes on, since it speaks for others."""
    return pending.incident.ended_at is not None and not _says_the_end(pending)


def _says_the_end(pending: _Pending) -> bool:
    return any(one.type is AlertType.RESOLVED for one in pending.pieces)


def _silent(incident: Incident) -> Incident:
    """Return an incident of which nothing is told: its news wait only while it is held.

    That it has ended waits for the sake of those who were told that it began.
    """
    if incident.hold is not None and (incident.ended_at is None or incident.receivers):
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
