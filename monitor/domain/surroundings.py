"""What the telling of incidents goes by: services and checks, and what operators want."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from monitor.domain.alert import Match
from monitor.domain.check import Check, CheckId
from monitor.domain.expiry import STAGES
from monitor.domain.incident import Incident
from monitor.domain.maintenance import MaintenanceWindow
from monitor.domain.routing import Routing
from monitor.domain.service import Service, ServiceId
from monitor.domain.silence import Silence


class GroupBy(StrEnum):
    """What has to be the same for news to share a message."""

    SERVICE = "service"
    OWNER = "owner"
    RECEIVER = "receiver"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouping:
    """How news that come together become one message.

    News wait for others for `wait`, and share a message with those of the same `by`; while more
    than `storm_limit` incidents are open, all news for a receiver do.
    """

    by: GroupBy = GroupBy.OWNER
    wait: timedelta = timedelta(seconds=20)
    storm_limit: int = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Flapping:
    """When a service counts as unstable: it changed more than `changes` times `within` so long.

    A change is the beginning or the end of an incident. It is stable once it has not changed for
    `quiet`. No `changes` at all: never.
    """

    changes: int = 6
    within: timedelta = timedelta(minutes=30)
    quiet: timedelta = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """Who else is told of an outage that nobody has taken care of for so long after the alarm."""

    after: timedelta
    receivers: tuple[str, ...]
    match: Match = field(default_factory=Match)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the telling goes by.

    `services` and `checks` are those configured. `suspects` are services of which a check fails
    that is not confirmed down yet. `remind_every` is how often those who were told of an outage
    are told again that it goes on, None for never; `escalations` say who else is told when nobody
    takes care of it. `windows` are the maintenance windows that are open, `silences` those in
    force. `stages` say how many days before its end it is told that something expires, which waits
    until `dates_wait_until` while the clock is in doubt. `unseen` are services that keep changing,
    by checks that can't be seen now. `receivers` are those configured, None for whoever is named.
    """

    services: Mapping[ServiceId, Service]
    checks: Mapping[CheckId, Check]
    routing: Routing
    grouping: Grouping
    remind_every: timedelta | None
    escalations: Sequence[Escalation]
    suspects: Collection[ServiceId]
    vantage: str
    windows: Sequence[MaintenanceWindow] = ()
    silences: Sequence[Silence] = ()
    stages: Sequence[int] = STAGES
    dates_wait_until: datetime | None = None
    flapping: Flapping = field(default_factory=Flapping)
    unseen: Collection[ServiceId] = ()
    receivers: Collection[str] | None = None

    def reaches(self, receiver: str) -> bool:
        """Say whether messages may go to `receiver`: one that was told may be there no more."""
        return self.receivers is None or receiver in self.receivers

    def service(self, incident: Incident) -> Service:
        """Return the service of an incident; of one that is gone, only its id is left."""
        known = self.services.get(incident.service)
        return known or Service(id=incident.service, name=incident.service, owner="")


def depended_on(service: ServiceId, services: Mapping[ServiceId, Service]) -> set[ServiceId]:
    """Return all that a service depends on, directly or by others."""
    found: set[ServiceId] = set()
    ahead = [service]
    while ahead:
        known = services.get(ahead.pop())
        for other in known.depends_on if known else ():
            if other not in found and other != service:
                found.add(other)
                ahead.append(other)
    return found
