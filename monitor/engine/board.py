"""What is known right now: the one place where states, totals and open incidents live."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from monitor.domain.calendar import Calendar
from monitor.domain.check import Affects, Check, CheckId
from monitor.domain.counting import Counting, Countings
from monitor.domain.flapping import MOST_CHANGES, first_speakers
from monitor.domain.incident import Concern, Incident, IncidentKey
from monitor.domain.maintenance import OpenWindow
from monitor.domain.observation import FailureKind
from monitor.domain.service import Service, ServiceId
from monitor.domain.state import CheckState
from monitor.domain.status import Status
from monitor.domain.tally import Piece, ServiceTally, Tally, Totals, begun
from monitor.domain.windowrecord import WindowRecord
from monitor.ports import PastIncident, Watched

Members = tuple[ServiceId, Affects]

JUDGED = (Concern.OUTAGE, Concern.DEGRADATION)
"""What incidents are about that follow from the confirmed status of checks."""

_Period = tuple[datetime, datetime | None]

_PAST = 10_000
_LATELY = MOST_CHANGES // 2 + 1


class Board:
    """Implements `ports.StatusBoard`. The pipeline alone writes it.

    `incidents` are the open ones, `untold` those that ended and whose end is still to be told.
    Of each service it knows when it was down lately, and which incidents say that it is unstable.
    """

    def __init__(self) -> None:
        self._watched: dict[CheckId, Watched] = {}
        self._services: dict[ServiceId, Service] = {}
        self._members: dict[Members, tuple[CheckId, ...]] = {}
        self._tallies: dict[ServiceId, ServiceTally] = {}
        self._countings: dict[CheckId, Counting] = {}
        self.incidents: dict[IncidentKey, Incident] = {}
        self.untold: dict[str, Incident] = {}
        self._past: dict[str, None] = {}
        self._expiring: dict[Members, dict[IncidentKey, None]] = {}
        self._lately: dict[IncidentKey, dict[str, _Period]] = {}
        self._unstable: dict[IncidentKey, dict[str, Incident]] = {}

    @property
    def past(self) -> Collection[str]:
        """Return the ids of the latest incidents that began, open ones among them."""
        return self._past.keys()

    def remember(self, incidents: Iterable[str]) -> None:
        """Keep in mind that these ids (oldest first) are taken."""
        self._past.update(dict.fromkeys(incidents))
        while len(self._past) > _PAST:
            del self._past[next(iter(self._past))]

    def put(self, incident: Incident) -> None:
        """Keep an incident as it now is, for as long as it is open or has something to tell."""
        key = incident.key
        self.remember([incident.id])
        if incident.concern is Concern.OUTAGE:
            self._note(key, incident.id, (incident.started_at, incident.ended_at))
        self._index(key, incident)
        if incident.concern is Concern.EXPIRY:
            self._expiring.setdefault((incident.service, incident.affects), {})[key] = None
        self.untold.pop(incident.id, None)
        if incident.ended_at is None:
            self.incidents[key] = incident
            return
        if (known := self.incidents.get(key)) and known.id == incident.id:
            del self.incidents[key]
        if incident.news_since is not None:
            self.untold[incident.id] = incident

    def recall(self, recent: Iterable[PastIncident]) -> None:
        """Know of outages (oldest first) that ended in an earlier run."""
        newer = {key: dict(known) for key, known in self._lately.items()}
        self._lately.clear()
        for each in recent:
            if each.concern is not Concern.OUTAGE:
                continue
            key: IncidentKey = (each.service, each.affects, Concern.OUTAGE, "")
            self._note(key, each.id, (each.started_at, each.ended_at))
        for newer_key, known in newer.items():
            for incident, period in known.items():
                self._note(newer_key, incident, period)

    def changes(self, key: IncidentKey) -> Sequence[datetime]:
        """Return when the latest outages of a service and kind of check began, and ended."""
        periods = self._lately.get(key, {}).values()
        return [at for period in periods for at in period if at is not None]

    def unstable(self, key: IncidentKey) -> Sequence[Incident]:
        """Return the incidents that say that a service is unstable."""
        return tuple(self._unstable.get(key, {}).values())

    def unseen(self) -> Collection[ServiceId]:
        """Return the services that are unstable by checks that can't be seen now."""
        return {
            incident.service
            for known in self._unstable.values()
            for incident in known.values()
            if any(self._is_lost(check.id) for check in incident.checks)
        }

    def _is_lost(self, check_id: CheckId) -> bool:
        watched = self._watched.get(check_id)
        return watched is not None and watched.state.status is Status.UNKNOWN

    def going_on(self) -> Sequence[Incident]:
        """Return the incidents that are open, or that people hold for open: somebody may take
        care of them.
        """
        unstable = {i: one for known in self._unstable.values() for i, one in known.items()}
        return tuple({**unstable, **{each.id: each for each in self.incidents.values()}}.values())

    def _note(self, key: IncidentKey, incident: str, period: _Period) -> None:
        known = self._lately.setdefault(key, {})
        known[incident] = period
        if len(known) > _LATELY:
            del known[next(iter(known))]

    def _index(self, key: IncidentKey, incident: Incident) -> None:
        if incident.keeps_changing:
            self._unstable.setdefault(key, {})[incident.id] = incident
        elif (known := self._unstable.get(key)) and known.pop(incident.id, None) and not known:
            del self._unstable[key]

    def maintain(self, windows: Sequence[OpenWindow]) -> None:
        """Show which checks are worked on, and until when, while `windows` are open."""
        for watched in self._watched.values():
            service = self._services.get(watched.check.service)
            ends = [
                each.occurrence.end
                for each in windows
                if service is not None and each.window.covers(service, watched.check)
            ]
            watched.maintained_until = max(ends, default=None)

    def suspects(self) -> Collection[ServiceId]:
        """Return services that others depend on, and of which a check fails without a verdict."""
        needed = {other for service in self._services.values() for other in service.depends_on}
        return {
            service
            for service in needed
            if any(map(_fails, self.members(service, Affects.AVAILABILITY).values()))
        }

    def incident_keys(self) -> Iterable[IncidentKey]:
        """Return every key that may have an incident, or has one, the gravest concerns first."""
        watched = [key for key in self._members if key[1] is not Affects.NONE]
        keys = ((*key, concern, "") for concern in JUDGED for key in watched)
        known = (key for key in self.incidents if key[2] in JUDGED)
        return dict.fromkeys([*keys, *known])

    def __contains__(self, check_id: CheckId) -> bool:
        return check_id in self._watched

    def __getitem__(self, check_id: CheckId) -> Watched:
        return self._watched[check_id]

    def get(self, check_id: CheckId) -> Watched | None:
        """Return what is known of a check, or None when it is not watched (any more)."""
        return self._watched.get(check_id)

    def checks(self) -> Sequence[Watched]:
        """Return every check that is watched, in order of its id."""
        return tuple(self._watched.values())

    def services(self) -> Sequence[Service]:
        """Return every configured service, in order of its id."""
        return tuple(self._services.values())

    def service(self, service: ServiceId) -> Service | None:
        """Return a configured service, or None."""
        return self._services.get(service)

    def members(self, service: ServiceId, affects: Affects) -> Mapping[CheckId, CheckState]:
        """Return the states of a service's checks that have this `affects`."""
        ids = self._members.get((service, affects), ())
        return {check_id: self._watched[check_id].state for check_id in ids}

    def expiring(self, service: ServiceId, affects: Affects) -> Collection[CheckId]:
        """Return the checks that are degraded only since something of theirs expires soon.

        Signatures in the DNS are none of it: they are renewed every few days, or something broke.
        """
        return {
            check_id
            for check_id, state in self.members(service, affects).items()
            if state.failure is not None
            and state.failure.kind is FailureKind.EXPIRES_SOON
            and self._watched[check_id].check.type != "dns"
        }

    def expiring_things(self, service: ServiceId, affects: Affects) -> Sequence[Incident]:
        """Return the open incidents of what expires soon."""
        keys = self._expiring.get((service, affects))
        if not keys:
            return ()
        for key in [key for key in keys if key not in self.incidents]:
            del keys[key]
        return [self.incidents[key] for key in keys]

    def described(self, incident: Incident) -> Mapping[CheckId, Check]:
        """Return the checks of an incident that are still configured."""
        return {c.id: self._watched[c.id].check for c in incident.checks if c.id in self._watched}

    def service_status(self, service: ServiceId) -> Status:
        """Return the status shown for a service: that of its checks, combined by its rule."""
        states = self.members(service, Affects.AVAILABILITY).values()
        return self._services[service].status.combined([state.status for state in states])

    def service_tally(self, service: ServiceId) -> Mapping[Status, int]:
        """Return the microseconds that a service has been in each status."""
        return self._tallies[service].microseconds

    def service_apart(self, service: ServiceId) -> Totals:
        """Return what of these counts as something else than SLA."""
        return self._tallies[service].apart

    def count_by(self, calendars: Mapping[str, Calendar], work: Sequence[WindowRecord]) -> None:
        """Go by these hours and this maintenance from now on, in what time counts as."""
        made = Countings(calendars, work)
        self._countings = {}
        for watched in self._watched.values():
            service = self._services.get(watched.check.service)
            counting = made.of(service, [watched.check]) if service else None
            if counting is not None:
                self._countings[watched.check.id] = counting
                begun(watched.tally.apart, counting)
        for service_id, tally in self._tallies.items():
            checks = [self._watched[name].check for name in self._counted(service_id)]
            tally.counting = made.of(self._services[service_id], checks)
            begun(tally.apart, tally.counting)

    def settled_at(self, service: ServiceId) -> int:
        """Return how far the totals of a service go, in microseconds since the Unix epoch."""
        return self._tallies[service].settled_at

    def incident(self, service: ServiceId) -> Incident | None:
        """Return the open outage of a service that concerns its availability, or None."""
        return self.incidents.get((service, Affects.AVAILABILITY, Concern.OUTAGE, ""))

    def lesser_incidents(self, service: ServiceId) -> Sequence[Incident]:
        """Return the open incidents of a service that are no outages, the gravest first."""
        # Whoever shows all services asks for each of them: none may go over all incidents.
        degraded = (
            self.incidents.get((service, affects, Concern.DEGRADATION, "")) for affects in Affects
        )
        expiring = (each for affects in Affects for each in self.expiring_things(service, affects))
        lesser = [*(each for each in degraded if each is not None), *expiring]
        return sorted(lesser, key=lambda each: (each.concern.place, each.started_at, each.id))

    def speaker(self, service: ServiceId) -> Incident | None:
        """Return the incident that says that a service's availability keeps changing, or None."""
        unstable = self.unstable((service, Affects.AVAILABILITY, Concern.OUTAGE, ""))
        return first_speakers(unstable).get((service, Affects.AVAILABILITY))

    def credit(self, check: Check, pieces: Sequence[Piece]) -> None:
        """Pass on to its service what a check was credited with, and keep what it counts as."""
        if (counting := self._countings.get(check.id)) is not None:
            self._watched[check.id].tally.set_apart(pieces, counting)
        if pieces and check.affects is Affects.AVAILABILITY:
            self._tallies[check.service].credit(check.id, pieces)

    def resume(
        self, service: ServiceId, at: int, microseconds: Mapping[Status, int], apart: Totals
    ) -> None:
        """Go on from totals of an earlier run, which were settled up to `at`."""
        tally, before = self._new_tally(service, at), self._tallies.get(service)
        tally.microseconds.update(microseconds)
        tally.apart.update({kind: dict(totals) for kind, totals in apart.items()})
        tally.counting = before.counting if before else None
        begun(tally.apart, tally.counting)
        self._tallies[service] = tally

    def restart_tallies(self, now: int) -> None:
        """Credit from `now` on, after the timeline jumped. Totals so far are kept.

        Until its next sample nothing is known of a check.
        """
        for watched in self._watched.values():
            if watched.tally.seen_at is not None:
                watched.tally.seen_at, watched.tally.status = now, Status.UNKNOWN
        for service, tally in list(self._tallies.items()):
            self.resume(service, now, tally.microseconds, tally.apart)

    def replace(
        self,
        services: Iterable[Service],
        checks: Iterable[Check],
        states: Mapping[CheckId, CheckState],
        now: int,
    ) -> tuple[Watched, ...]:
        """Watch exactly `checks` from now on, and return what is no longer watched.

        A check that stays keeps its state, totals and last observation; a new one starts from
        `states` if it is there. Totals of services go on.
        """
        old = self._watched
        self._services = {service.id: service for service in sorted(services, key=_by_id)}
        self._watched = {
            check.id: _watched(check, old.get(check.id), states.get(check.id))
            for check in sorted(checks, key=_by_id)
        }
        self._members = _members(self._watched.values())
        self._lately = {k: v for k, v in self._lately.items() if k[0] in self._services}
        self._tallies = {service: self._adopted(service, now) for service in self._services}
        return tuple(w for check_id, w in old.items() if check_id not in self._watched)

    def _adopted(self, service: ServiceId, now: int) -> ServiceTally:
        tally = self._tallies.get(service)
        if tally is None:
            return self._new_tally(service, now)
        tally.adopt(self._services[service].status, self._counted(service))
        return tally

    def _new_tally(self, service: ServiceId, at: int) -> ServiceTally:
        return ServiceTally(self._services[service].status, self._counted(service), at)

    def _counted(self, service: ServiceId) -> tuple[CheckId, ...]:
        return self._members.get((service, Affects.AVAILABILITY), ())


def _fails(state: CheckState) -> bool:
    """Say whether samples argue for down, but not enough of them yet."""
    return state.confirmed is not Status.DOWN and any(
        run.toward is Status.DOWN for run in state.runs
    )


def _by_id(item: Service | Check) -> str:
    return item.id


def _watched(check: Check, old: Watched | None, state: CheckState | None) -> Watched:
    if old is None:
        return Watched(check=check, state=state or CheckState(), tally=Tally())
    return Watched(
        check=check,
        state=old.state,
        tally=old.tally,
        last=old.last,
        maintained_until=old.maintained_until,
    )


def _members(watched: Iterable[Watched]) -> dict[Members, tuple[CheckId, ...]]:
    members: dict[Members, list[CheckId]] = {}
    for each in watched:
        members.setdefault((each.check.service, each.check.affects), []).append(each.check.id)
    return {key: tuple(ids) for key, ids in members.items()}
