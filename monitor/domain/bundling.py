"""Puts news of incidents into as few messages as say them all."""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.domain.alert import (
    Alert,
    AlertType,
    Companion,
    InstabilityNotice,
    Notification,
    addressed,
    check_notices,
    incident_notice,
    service_notice,
    with_victims,
)
from monitor.domain.check import CheckId
from monitor.domain.incident import AffectedCheck, Concern, HoldReason, Incident
from monitor.domain.service import Service
from monitor.domain.surroundings import GroupBy, Surroundings

# A message lists every incident that it tells of, and a receiver must be able to take it.
MOST_TOGETHER = 100

# How long those who forget are told that an incident has ended.
STILL_TOLD = timedelta(minutes=15)


# Receiver, type, whether it is the first of it, whether it tells of instability, and what else.
_Shared = tuple[str, AlertType, bool, bool, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One thing to be told of an incident."""

    type: AlertType
    receivers: tuple[str, ...]
    untold: bool = False


def bundled(
    news: Collection[tuple[Incident, Piece]],
    incidents: Sequence[Incident],
    around: Surroundings,
    *,
    storms: Collection[Concern],
) -> Iterable[Notification]:
    """Yield the notifications of a wave. `news` has incidents as they are after it, as has
    `incidents`, which are all there are. Of a concern in `storms` all news share a message.

    Nothing goes to a receiver that a reload took away. Ends come first: a service may be down again
    by now, and that must be the last one hears of it.
    """
    if not news:
        return
    scene = _Scene(incidents, around)
    groups: dict[_Shared, list[Incident]] = defaultdict(list)
    for incident, piece in news:
        by = GroupBy.RECEIVER if incident.concern in storms else around.grouping.by
        shared = _shared(by, around.service(incident))
        if piece.type is AlertType.ACKNOWLEDGED:
            shared = incident.id  # each has a name and a comment of its own
        is_unstable = _tells_of_instability(incident)
        key = piece.type, piece.untold, is_unstable, shared, _kin(incident, piece.type)
        for receiver in filter(around.reaches, piece.receivers):
            groups[receiver, *key].append(incident)
    for (receiver, kind, untold, *_), group in sorted(groups.items(), key=_turn):
        for part in _parts(group, around):
            alert = _alert(kind, part, scene, untold=untold)
            yield from addressed(alert, _subject(part), [receiver])


def standing(
    incidents: Iterable[Incident], around: Surroundings, receiver: str
) -> tuple[Alert, ...]:
    """Return what `receiver` was told of `incidents`, as it is now: an alert for each of them.

    It says that the incident goes on, and who takes care of it, or that it has ended.
    """
    everything = tuple(incidents)
    scene = _Scene(everything, around)
    return tuple(
        _alert(_present(each), [each], scene, untold=False)
        for each in everything
        if receiver in each.receivers
    )


def _turn(group: tuple[_Shared, Sequence[Incident]]) -> tuple[bool, bool]:
    """Return the place of a group: ends come first, and of these those of what people know of."""
    (_, kind, untold, *_), _ = group
    return kind is not AlertType.RESOLVED, untold


class _Scene:
    """What messages say beside the incidents that they tell of.

    `victims` are the services that are down because of an incident, by its id, and `degraded` the
    checks that are degraded, or worse.
    """

    def __init__(self, incidents: Sequence[Incident], around: Surroundings) -> None:
        self.around = around
        self.victims = _victims(incidents, around)
        self.degraded = _degraded(incidents)
        self._down = {
            (each.service, each.affects)
            for each in incidents
            if each.ended_at is None and each.concern is Concern.OUTAGE
        }

    def instability(self, incident: Incident) -> InstabilityNotice | None:
        """Return what a message says of how often its service changed, None for nothing."""
        known = incident.unstable
        if known is None or not _tells_of_instability(incident):
            return None
        is_over = not incident.keeps_changing
        return InstabilityNotice(
            changes=known.changes,
            since=known.since,
            within=known.within,
            changed_at=known.changed_at,
            over=is_over,
            is_down=is_over and (incident.service, incident.affects) in self._down,
        )


def _tells_of_instability(incident: Incident) -> bool:
    """Say whether it speaks for its service, or did until the service was stable."""
    known = incident.unstable
    return known is not None and (incident.keeps_changing or known.outlasts)


def _present(incident: Incident) -> AlertType:
    if incident.ended_at is not None and not incident.keeps_changing:
        return AlertType.RESOLVED
    return AlertType.FIRING if incident.acknowledged is None else AlertType.ACKNOWLEDGED


def _kin(incident: Incident, kind: AlertType) -> str:
    """Return what must be the same for news to share words.

    An end may be that of an outage and of what it was beside it: the service is well again. One
    certificate may be that of many services.
    """
    if incident.expiry is not None:
        return f"{incident.concern}:{incident.expiry.mark}"
    return "" if kind is AlertType.RESOLVED else incident.concern


def _degraded(incidents: Iterable[Incident]) -> Mapping[CheckId, AffectedCheck]:
    """Return the checks that are degraded, or worse."""
    return {
        check.id: check
        for each in incidents
        if each.concern is Concern.DEGRADATION and each.ended_at is None
        for check in each.checks
        if check.until is None
    }


def _victims(
    incidents: Sequence[Incident], around: Surroundings
) -> Mapping[str, Sequence[Service]]:
    """Return the services that are down because of an incident, by its id.

    Once a cause is over, what is still down holds in its turn what depends on it: until it is told
    itself, both are named with the cause.
    """
    held = {
        each.id: each.hold.by
        for each in incidents
        if each.hold is not None and each.concern is Concern.OUTAGE and each.ended_at is None
    }
    found: dict[str, list[Service]] = defaultdict(list)
    for each in incidents:
        if each.id in held and not _is_spoken_for(each):
            found[_first_cause(each.id, held)].append(around.service(each))
    return found


def _is_spoken_for(incident: Incident) -> bool:
    """Say whether it is an earlier incident of the same service that explains it."""
    return incident.hold is not None and incident.hold.reason is HoldReason.FLAPPING


def _first_cause(incident: str, held: Mapping[str, str]) -> str:
    """Return what holds an incident, or holds what holds it, and so on, and is not held itself."""
    cause = held[incident]
    passed = {incident}
    while cause in held and cause not in passed:
        passed.add(cause)
        cause = held[cause]
    return cause


def _parts(group: Iterable[Incident], around: Surroundings) -> Iterable[Sequence[Incident]]:
    """Yield a group in parts that a message can hold: the gravest first, of these the oldest."""
    ordered = sorted(
        group,
        key=lambda each: (
            around.service(each).criticality.place,
            each.concern.place,
            each.started_at,
            each.id,
        ),
    )
    for start in range(0, len(ordered), MOST_TOGETHER):
        yield ordered[start : start + MOST_TOGETHER]


def _shared(by: GroupBy, service: Service) -> str:
    """Return what has to be the same for news to share a message."""
    match by:
        case GroupBy.SERVICE:
            return service.id
        case GroupBy.OWNER:
            return service.owner
        case GroupBy.RECEIVER:
            return ""


def _subject(group: Sequence[Incident]) -> str:
    """Return what names a message's incidents: the same ones give the same name."""
    if len(group) == 1:
        return group[0].id
    names = sorted(f"{each.id}:{each.sequence}" for each in group)
    return "group:" + hashlib.sha256("|".join(names).encode()).hexdigest()


def _alert(
    kind: AlertType,
    group: Sequence[Incident],
    scene: _Scene,
    *,
    untold: bool,
) -> Alert:
    """Return the message about a group, in its order."""
    first, *others = group
    around = scene.around
    alert = Alert(
        type=kind,
        occurred_at=_occurred_at(kind, first),
        sequence=first.sequence,
        incident=incident_notice(first),
        service=service_notice(around.service(first)),
        checks=check_notices(first, around.checks, around.vantage, scene.degraded),
        detail=_words(first) if kind is AlertType.ACKNOWLEDGED else "",
        firing_undelivered=untold,
        companions=tuple(
            Companion(
                incident=incident_notice(each),
                service=service_notice(around.service(each)),
                checks=check_notices(each, around.checks, around.vantage, scene.degraded),
                unstable=scene.instability(each),
            )
            for each in others
        ),
        unstable=scene.instability(first),
    )
    return with_victims(alert, [each for one in group for each in scene.victims.get(one.id, ())])


def _words(incident: Incident) -> str:
    """Return who takes care of an incident, and what they say."""
    known = incident.acknowledged
    if known is None:
        return ""
    return f"{known.by} ({known.comment})" if known.comment else known.by


def _occurred_at(kind: AlertType, incident: Incident) -> datetime:
    if kind is AlertType.ACKNOWLEDGED and incident.acknowledged is not None:
        return incident.acknowledged.at
    if kind in (AlertType.REMINDER, AlertType.ESCALATED) and incident.told_at is not None:
        return incident.told_at
    if kind is AlertType.FIRING:
        is_late = incident.expiry is not None and incident.told_at is not None
        return incident.told_at or incident.started_at if is_late else incident.started_at
    if incident.ended_at is not None:
        known = incident.unstable
        return known.changed_at if known and known.outlasts else incident.ended_at
    return max(each.until or each.since for each in incident.checks)
