"""Decides when a service changes too often to be told of each time, and when it is stable again.

The incident with which this was noticed speaks for all that follow: people hear once that the
service is unstable, and, when it has been stable for a while, that this is over.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from monitor.domain.check import Affects
from monitor.domain.incident import Hold, HoldReason, Incident, Instability
from monitor.domain.service import ServiceId
from monitor.domain.surroundings import Flapping, Surroundings

# What `Flapping` may ask at most: so many past changes are kept for each service, so long.
MOST_CHANGES = 100
LONGEST = timedelta(days=1)

Speakers = Mapping[tuple[ServiceId, Affects], Incident]


def began(
    incident: Incident, changes: Iterable[datetime], flapping: Flapping, noticed: datetime
) -> Incident:
    """Return an incident that just began, unstable if its service had changed too often by then.

    `changes` are when earlier incidents of the service began and ended.
    """
    start = incident.started_at
    recent = [*(at for at in changes if at > start - flapping.within), start]
    if not flapping.changes or len(recent) <= flapping.changes:
        return incident
    unstable = Instability(
        changes=len(recent),
        since=min(recent),
        within=flapping.within,
        changed_at=start,
        quiet_since=noticed,
    )
    return replace(incident, unstable=unstable)


def changed(speaker: Incident, at: datetime, flapping: Flapping, noticed: datetime) -> Incident:
    """Return an incident after its service changed at `at`, which ends its quiet.

    It counts nothing once the service has been quiet long enough: that is only to be told.
    """
    known = speaker.unstable
    if known is None or known.over or noticed >= known.quiet_since + flapping.quiet:
        return speaker
    return replace(
        speaker,
        unstable=replace(
            known,
            changes=known.changes + 1,
            changed_at=max(known.changed_at, at),
            quiet_since=noticed,
            outlasts=speaker.ended_at is not None,
        ),
    )


def settled(incident: Incident, around: Surroundings, now: datetime) -> Incident:
    """Return `incident` as it is at `now`: over is what was quiet long enough, and was seen.

    Where a service can't be seen its quiet says nothing, and begins anew.
    """
    known, flapping = incident.unstable, around.flapping
    if known is None or not incident.keeps_changing:
        return incident
    quiet_since = min(known.quiet_since, now)  # a clock that was set back puts nothing off
    if flapping.changes and now < quiet_since + flapping.quiet:
        return replace(incident, unstable=replace(known, quiet_since=quiet_since))
    if flapping.changes and incident.service in around.unseen:
        return replace(incident, unstable=replace(known, quiet_since=now))
    is_news = incident.ended_at is not None or bool(incident.receivers)
    return replace(
        incident,
        unstable=replace(known, over=True),
        news_since=now if is_news else incident.news_since,
    )


def first_speakers(able: Iterable[Incident]) -> Speakers:
    """Return which of those that are able to speaks for its service: one that was told, if any."""
    ranked = sorted(able, key=lambda each: (not each.receivers, each.started_at, each.id))
    return {(each.service, each.affects): each for each in reversed(ranked)}


def spoken_for(incident: Incident, speaking: Speakers, flapping: Flapping) -> Hold | None:
    """Return why nobody is told of an incident for which another one speaks."""
    speaker = speaking.get((incident.service, incident.affects))
    if speaker is None or speaker.unstable is None or speaker.id == incident.id:
        return None
    until = speaker.unstable.quiet_since + flapping.quiet
    return Hold(reason=HoldReason.FLAPPING, by=speaker.id, until=until)
