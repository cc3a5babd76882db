"""The one path from an observation to everything that depends on it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import structlog

from monitor.domain.alert import Alert, AlertType, Notification, addressed
from monitor.domain.announcing import announced
from monitor.domain.bundling import STILL_TOLD, standing
from monitor.domain.calendar import Calendar
from monitor.domain.check import Affects, Check, CheckId
from monitor.domain.correction import Correction, Withdrawal
from monitor.domain.deadletter import Retry
from monitor.domain.duty import AnyEscalation, AnyRoute
from monitor.domain.expiry import STAGES
from monitor.domain.flapping import began, changed
from monitor.domain.incident import Acknowledgement, Concern, Incident, IncidentChange, follow
from monitor.domain.instant import microseconds, span_microseconds
from monitor.domain.mailing import Mailing, reader_names
from monitor.domain.maintenance import MaintenanceWindow, OpenWindow, is_over
from monitor.domain.note import Note
from monitor.domain.observation import MissedSlot, Observation, Status, UnknownCause
from monitor.domain.reportfiling import ReportFiling
from monitor.domain.service import Service, ServiceId
from monitor.domain.silence import Silence
from monitor.domain.state import CheckState, Step, Transition, advance, lose_sight
from monitor.domain.surroundings import Flapping, Grouping, Surroundings
from monitor.domain.tally import Totals
from monitor.domain.telling import tell
from monitor.domain.windowrecord import WindowRecord
from monitor.engine.board import JUDGED, Board
from monitor.engine.dutyroster import DutyRoster
from monitor.engine.expiries import Expiries
from monitor.engine.planned import PlannedWork
from monitor.engine.silences import Silences
from monitor.ports import Change, Configured, Mark, MarkKind, Recording, TallySnapshot, Watched

log = structlog.get_logger()

# The time of a check is credited a little later than it was, and after a stop much later.
_WORK_KEPT = timedelta(days=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the configuration says to the pipeline. Replaced as a whole at a reload."""

    services: tuple[Service, ...]
    checks: tuple[Check, ...]
    routes: tuple[AnyRoute, ...]
    receivers: tuple[str, ...]
    grouping: Grouping = field(default_factory=Grouping)
    flapping: Flapping = field(default_factory=Flapping)
    remind_every: timedelta | None = None
    escalations: tuple[AnyEscalation, ...] = ()
    windows: tuple[MaintenanceWindow, ...] = ()
    calendars: Mapping[str, Calendar] = field(default_factory=dict)
    stages: tuple[int, ...] = STAGES
    mailings: tuple[Mailing, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Gone:
    """What reloads took out of the configuration and messages may still have to name."""

    services: Mapping[ServiceId, Service] = field(default_factory=dict)
    checks: Mapping[CheckId, Check] = field(default_factory=dict)


class Pipeline:
    """Decides with pure functions, shows the result on the board, and has it recorded.

    `followers` are told of every event of the monitor itself, and `has_news` is called when there
    may be something to tell of an incident. Nothing here waits for the disk: a store that is slow
    or broken must not stop a probe.
    """

    def __init__(self, board: Board, recorder: Recording, vantage: str) -> None:
        self._board = board
        self._recorder = recorder
        self._vantage = vantage
        self._plan = Plan(services=(), checks=(), routes=(), receivers=())
        self._gone = _Gone()
        self._planned = PlannedWork()
        self._work: dict[tuple[str, datetime], WindowRecord] = {}
        self._roster = DutyRoster()
        self._silences = Silences()
        self._stepped = -1
        self.last_recorded_at: datetime | None = None
        self._ended: dict[str, tuple[Incident, datetime]] = {}
        self._offline: Alert | None = None
        self.followers: tuple[Callable[[MarkKind, datetime], None], ...] = ()
        self.has_news: Callable[[], None] = lambda: None
        self.dates_wait_until: Callable[[datetime], datetime | None] = lambda _: None
        self._expiries = Expiries(board)

    def record(self, observation: Observation) -> CheckState | None:
        """Take in what a probe saw; return the state of its check, or None if it is gone."""
        watched = self._board.get(observation.check_id)
        if watched is None:
            return None
        self.last_recorded_at = observation.started_at + observation.duration
        step = advance(watched.state, observation, watched.check)
        watched.last = observation
        watched.waits = False
        failure = observation.outcome.failure
        watched.tally.count(failure.kind if failure else None)
        if observation.epoch > self._stepped:
            self._credit(watched, microseconds(observation.scheduled_at), observation.sample)
        ending = self._expiries.follow(watched.check, observation, self._plan.stages)
        change = self._change(watched, step, (observation,))
        self._recorder.record(replace(change, incidents=(*change.incidents, *ending)))
        if ending:
            self.has_news()
        return step.state

    def remembered(self, check_id: CheckId) -> Mapping[str, Any]:
        """Return what earlier probes of a check want its next one to know."""
        watched = self._board.get(check_id)
        return {} if watched is None else watched.state.remembered

    def seen_at(self, check_id: CheckId) -> int | None:
        """Return up to when the time of a check is accounted for, in microseconds since the epoch.

        None before its first sample, and when it is not watched.
        """
        watched = self._board.get(check_id)
        return None if watched is None else watched.tally.seen_at

    def wait_for(self, check_id: CheckId) -> None:
        """Let the last sample of a check speak until its next one, however long that takes."""
        watched = self._board.get(check_id)
        if watched is not None and watched.last is not None:
            watched.waits = True

    def miss(self, missed: Sequence[MissedSlot]) -> None:
        """Record slots in which no probe ran."""
        if missed:
            self._recorder.record(Change(missed=tuple(missed)))

    def lose_sight(self, lost: Iterable[tuple[CheckId, datetime]], cause: UnknownCause) -> None:
        """Show as unknown every check of `lost`, each from its own instant on."""
        states: dict[CheckId, CheckState] = {}
        transitions = []
        for check_id, at in lost:
            watched = self._board[check_id]
            step = lose_sight(watched.state, at, cause)
            self._credit(watched, microseconds(at), Status.UNKNOWN)
            if step.state != watched.state:
                states[check_id] = watched.state = step.state
            if step.transition:
                transitions.append((check_id, step.transition))
        if states:
            self._recorder.record(Change(states=states, transitions=tuple(transitions)))

    def mark(
        self,
        kind: MarkKind,
        at: datetime,
        epoch: int,
        detail: str = "",
        told: tuple[Notification, ...] = (),
    ) -> None:
        """Record an event of the monitor itself, after which nothing is known until a sample.

        `told` are the messages about it. A step of the clock ends `epoch`: a probe that was begun
        in it has its times from there, and they no longer mean anything for the totals.
        """
        if kind is MarkKind.CLOCK_STEP:
            self._stepped = epoch
        if kind not in (MarkKind.START, MarkKind.SELF_ONLINE):
            for watched in self._board.checks():
                self._credit(watched, microseconds(at), Status.UNKNOWN)
        for follower in self.followers:
            follower(kind, at)
        mark = Mark(kind=kind, at=at, epoch=epoch, detail=detail)
        self._recorder.record(Change(marks=(mark,), notifications=told))

    def go_offline(self, since: datetime, epoch: int, cause: UnknownCause) -> None:
        """Record that a part of our own network is gone since `since`, and tell every receiver."""
        self.stay_offline(since, cause)
        told = self._of_self(AlertType.SELF_OFFLINE, since, since, epoch, cause)
        self.mark(MarkKind.SELF_OFFLINE, since, epoch, cause, told)

    def tell_damage(self, kept: str, at: datetime, epoch: int) -> None:
        """Tell every receiver that the database was damaged, and is kept as the file `kept`."""
        told = self._of_self(AlertType.SELF_DAMAGED, at, at, epoch, kept)
        self._recorder.record(Change(notifications=told))

    def tell_unreported(self, report: str, due: datetime, at: datetime, why: str) -> None:
        """Tell every receiver that a report, due since `due`, could not be made: once for each."""
        alert = _of_ourselves(AlertType.SELF_UNREPORTED, at, f"{report}: {why}")
        key = f"unreported|{report}|{microseconds(due)}"
        told = addressed(alert, key, self._plan.receivers)
        self._recorder.record(Change(notifications=told))

    def stay_offline(self, since: datetime, cause: UnknownCause) -> None:
        """Let it stand that a part of our own network is gone, of which people were told."""
        self._offline = _of_ourselves(AlertType.SELF_OFFLINE, since, cause)

    def come_back(self, since: datetime, at: datetime, epoch: int, cause: UnknownCause) -> None:
        """Record that what was gone since `since` is back, and tell every receiver."""
        self._offline = None
        told = self._of_self(AlertType.SELF_RECOVERED, since, at, epoch, cause)
        self.mark(MarkKind.SELF_ONLINE, at, epoch, cause, told)

    def snapshot(self, checks: Sequence[CheckId], services: Sequence[ServiceId]) -> None:
        """Have the running totals of these checks and services stored."""
        watched = [each for i in checks if (each := self._board.get(i)) is not None]
        self._recorder.record(
            Change(
                tallies={
                    w.check.id: TallySnapshot(
                        at=w.tally.seen_at,
                        microseconds=dict(w.tally.microseconds),
                        apart=_copied(w.tally.apart),
                    )
                    for w in watched
                    if w.tally.seen_at is not None
                },
                service_tallies={
                    service: TallySnapshot(
                        at=self._board.settled_at(service),
                        microseconds=dict(self._board.service_tally(service)),
                        apart=_copied(self._board.service_apart(service)),
                    )
                    for service in services
                    if self._board.service(service) is not None
                },
            )
        )

    def watch(self, plan: Plan, now: datetime, states: Mapping[CheckId, CheckState]) -> None:
        """Watch what `plan` says, at the start. Nothing is decided before `reconcile`.

        `states` are those of an earlier run; of a check that is not watched any more it is
        forgotten, since it would be no news when the check comes back.
        """
        self._plan = plan
        self._roster.replace(plan.routes, plan.escalations)
        self._board.replace(plan.services, plan.checks, states, microseconds(now))
        self._count_by(())
        self._forget(check_id for check_id in states if check_id not in self._board)

    def replace(self, plan: Plan, now: datetime) -> None:
        """Watch what `plan` says from now on. A check that stays keeps its state and history.

        An incident whose checks are gone is closed, one that the services' new rules make is
        opened, and whoever is concerned is told.
        """
        self._plan = plan
        self._take_up_windows(now)
        self._roster.replace(plan.routes, plan.escalations)
        old_services = {service.id: service for service in self._board.services()}
        gone = self._board.replace(plan.services, plan.checks, {}, microseconds(now))
        self._count_by(())
        self._gone = _still_named(
            services={**self._gone.services, **old_services},
            checks={**self._gone.checks, **{watched.check.id: watched.check for watched in gone}},
            incidents=[*self._board.incidents.values(), *self._board.untold.values()],
        )
        self._follow_all(now)
        self._forget(watched.check.id for watched in gone)
        self.has_news()

    def configured(self, hashed: str, now: datetime) -> None:
        """Have it recorded that the configuration with this hash is in force from now on."""
        self._recorder.record(Change(configured=(Configured(hashed, now),)))

    def reconcile(self, now: datetime, unchanged_since: datetime | None = None) -> None:
        """Bring what an earlier run left in line with what is configured now.

        An earlier run knew the same configuration from `unchanged_since` on, if that is known.
        """
        self._take_up_windows(now, unchanged_since)
        self._follow_all(now)

    def tell(self, now: datetime) -> datetime | None:
        """Have people told what is to be told by now; return when to look again, None for never."""
        board = self._board
        self._roster.look(now)
        self._follow_windows(now)
        incidents = [*board.incidents.values(), *board.untold.values()]
        around = replace(
            self._surroundings(),
            silences=self._silences.in_force(now),
            dates_wait_until=self.dates_wait_until(now),
        )
        told = tell(incidents, around, now)
        for incident in told.incidents:
            board.put(incident)
        self.keep_telling(told.incidents, now)
        if not board.incidents and not board.untold and not self._ended:
            self._gone = _Gone()
        if told.incidents:
            change = Change(incidents=told.incidents, notifications=told.notifications)
            self._recorder.record(change)
        for notification in told.notifications:
            log.info(
                "incident.told",
                receiver=notification.receiver,
                type=notification.alert.type,
                notification_id=notification.id,
                incidents=1 + len(notification.alert.companions),
                victims=notification.alert.victims_total,
            )
        ahead = (told.look_again, self._planned.look_again, self._roster.duty.until)
        return min((at for at in ahead if at is not None), default=None)

    def acknowledge(self, note: Note) -> bool:
        """Have it recorded, and told, that somebody takes care of an open incident.

        Return False when there is no such incident. Who says so later takes it over, and the
        notes keep both.
        """
        known = next((i for i in self._board.going_on() if i.id == note.incident), None)
        if known is None:
            return False
        taken = Acknowledgement(by=note.by, at=note.at, comment=note.text)
        incident = replace(known, acknowledged=taken)
        self._board.put(incident)
        self._recorder.record(Change(incidents=(incident,), notes=(note,)))
        log.info("incident.acknowledged", incident=note.incident, by=note.by, via=note.via)
        self.has_news()
        return True

    def comment(self, note: Note) -> None:
        """Have recorded what somebody says of an incident. Nobody is told of it."""
        self._recorder.record(Change(notes=(note,)))
        log.info("incident.commented", incident=note.incident, by=note.by, via=note.via)

    def keep_telling(self, incidents: Iterable[Incident], now: datetime) -> None:
        """Let stand for a while that those of `incidents` have ended whose end was told."""
        kept = {i: one for i, one in self._ended.items() if one[1] > now}
        for each in incidents:
            if each.ended_at is not None and each.receivers and each.news_since is None:
                kept[each.id] = (each, now + STILL_TOLD)
        self._ended = kept

    def standing(self, receiver: str) -> tuple[Alert, ...]:
        """Return what `receiver` was told, as it is now: what goes on, and what has just ended."""
        ended = [each for each, _ in self._ended.values()]
        known = (*ended, *self._board.untold.values(), *self._board.incidents.values())
        told = standing(known, self._surroundings(), receiver)
        return told if self._offline is None else (*told, self._offline)

    def _surroundings(self) -> Surroundings:
        plan = self._plan
        return Surroundings(
            services={**self._gone.services, **{each.id: each for each in plan.services}},
            checks={**self._gone.checks, **{each.id: each for each in plan.checks}},
            routing=self._roster.routing,
            grouping=plan.grouping,
            remind_every=plan.remind_every,
            escalations=self._roster.duty.escalations,
            suspects=self._board.suspects(),
            vantage=self._vantage,
            windows=self._planned.windows,
            stages=self._plan.stages,
            flapping=plan.flapping,
            unseen=self._board.unseen(),
            receivers=frozenset(plan.receivers),
        )

    def silence(self, silence: Silence) -> None:
        """Have nobody told of what a silence covers; one of an id that is known replaces it."""
        self._silences.put((silence,))
        self._recorder.record(Change(silences=(silence,)))
        log.info(
            "silence.changed", silence=silence.id, by=silence.by, until=silence.until.isoformat()
        )
        self.has_news()

    def correct(self, act: Correction | Withdrawal) -> None:
        """Have a correction of what was recorded kept, or that it was withdrawn."""
        self._recorder.record(Change(corrections=(act,)))
        made = act.id if isinstance(act, Correction) else act.correction
        log.info("figures.corrected", correction=made, by=act.by)

    def file_report(self, filing: ReportFiling, letters: tuple[Notification, ...] = ()) -> None:
        """Have it kept that a report was filed, and its readers told by `letters`."""
        self._recorder.record(Change(filings=(filing,), notifications=letters))
        log.info("report.entered", report=filing.name, by=filing.by, letters=len(letters))

    @property
    def receivers(self) -> Sequence[str]:
        """Return the receivers that are configured."""
        return self._plan.receivers

    @property
    def mailings(self) -> Sequence[Mailing]:
        """Return who gets reports by mail."""
        return self._plan.mailings

    @property
    def addressees(self) -> Sequence[str]:
        """Return all who may be sent something: receivers, and readers of reports."""
        return (*self._plan.receivers, *reader_names(self._plan.mailings))

    def retry(self, retries: Sequence[Retry]) -> None:
        """Have messages sent that were given up."""
        self._recorder.record(Change(retries=tuple(retries)))
        for each in retries:
            log.info("notification.retried", notification_id=each.row_id, by=each.by)

    def keep_silent(self, silences: Iterable[Silence]) -> None:
        """Go on with the silences of an earlier run."""
        self._silences.put(silences)

    def silences(self, now: datetime) -> Sequence[Silence]:
        """Return the silences in force, in order of their end."""
        return self._silences.in_force(now)

    def plan_work(self, record: WindowRecord) -> None:
        """Go by a maintenance window from now on; one that is known is cancelled by it."""
        self._planned.put((record,))
        self._record_windows((record,))
        self.has_news()

    def planned_work(self, now: datetime) -> Sequence[WindowRecord]:
        """Return the windows that are not cancelled and that stand in the file or are not over."""
        return self._planned.in_force(now)

    def keep_planned(self, records: Iterable[WindowRecord]) -> None:
        """Go on with the maintenance windows of an earlier run."""
        known = tuple(records)
        self._planned.put(known)
        self._count_by(known)

    def was_open(self, at: datetime) -> None:
        """Have people told of windows that were open at `at`, when the last run ended, and closed
        since.
        """
        self._planned.was_open(at)

    def _take_up_windows(self, now: datetime, since: datetime | None = None) -> None:
        if changed := self._planned.take_up(self._plan.windows, now, since):
            self._record_windows(changed)

    def _record_windows(self, records: tuple[WindowRecord, ...]) -> None:
        self._recorder.record(Change(windows=records))
        self._count_by(records)
        for each in records:
            log.info(
                "window.cancelled" if each.cancelled else "window.added",
                window=each.window.id,
                source=each.source,
                by=each.cancelled.by if each.cancelled else each.added_by,
            )

    def _count_by(self, records: Iterable[WindowRecord]) -> None:
        """Have time counted by what is known of maintenance; what is long over counts no more."""
        self._work.update({each.key: each for each in records})
        newest = max((each.added_at for each in self._work.values()), default=None)
        if newest is not None:
            since = newest - _WORK_KEPT
            self._work = {k: v for k, v in self._work.items() if not _was_over(v, since)}
        self._board.count_by(self._plan.calendars, tuple(self._work.values()))

    def _follow_windows(self, now: datetime) -> None:
        """Show which checks are worked on, and have people told of windows that open or close."""
        changes = self._planned.look(now)
        if changes is None:
            return
        opened, closed = changes
        self._board.maintain(self._planned.open)
        notifications = (
            *self._of_windows(AlertType.MAINTENANCE_STARTED, opened),
            *self._of_windows(AlertType.MAINTENANCE_ENDED, closed),
        )
        if notifications:
            self._recorder.record(Change(notifications=notifications))

    def _of_windows(self, kind: AlertType, windows: Iterable[OpenWindow]) -> Iterable[Notification]:
        for each in windows:
            log.info(str(kind), window=each.window.id, until=each.occurrence.end.isoformat())
            yield from announced(
                kind, each, self._plan.services, self._plan.checks, self._roster.routing
            )

    def _forget(self, checks: Iterable[CheckId]) -> None:
        if forgotten := tuple(checks):
            self._recorder.record(Change(forgotten=forgotten))

    def _of_self(
        self, kind: AlertType, since: datetime, at: datetime, epoch: int, detail: str
    ) -> tuple[Notification, ...]:
        """Address a message about the monitor itself: one affair began at `since` in `epoch`."""
        alert = _of_ourselves(kind, at, detail)
        return addressed(alert, f"self:{epoch}:{microseconds(since)}", self._plan.receivers)

    def _credit(self, watched: Watched, at: int, status: Status) -> None:
        check = watched.check
        pieces = watched.tally.sample(at, status, span_microseconds(check.interval))
        self._board.credit(check, pieces)

    def _change(
        self, watched: Watched, step: Step, observations: tuple[Observation, ...]
    ) -> Change:
        if step.state is step.before:
            return Change(observations=observations)
        check_id = watched.check.id
        watched.state = step.state
        transition = step.transition
        if transition is not None and not _is_first_success(transition):
            log.info(
                "check.transition",
                check_id=check_id,
                old=transition.old,
                new=transition.new,
                since=transition.at.isoformat(),
                cause=transition.cause,
                failure=transition.failure.kind if transition.failure else None,
                detail=transition.failure.detail if transition.failure else None,
            )
        noticed = max(each.started_at + each.duration for each in observations)
        return Change(
            observations=observations,
            states={check_id: step.state},
            transitions=((check_id, transition),) if transition else (),
            incidents=self._consequences(watched, step, noticed),
        )

    def _consequences(
        self, watched: Watched, step: Step, noticed: datetime
    ) -> tuple[Incident, ...]:
        check = watched.check
        service = self._board.service(check.service)
        transition = step.transition
        if step.verdict is None or transition is None or service is None:
            return ()
        if check.affects is Affects.NONE or self._is_well(service, check.affects, step):
            return ()
        return tuple(
            incident
            for concern in JUDGED
            for incident in self._follow((service, check.affects, concern), transition.at, noticed)
        )

    def _is_well(self, service: Service, affects: Affects, step: Step) -> bool:
        """Say whether nothing can follow: no incident is open, and the check is up."""
        keys = ((service.id, affects, concern, "") for concern in JUDGED)
        return step.verdict is Status.UP and self._board.incidents.keys().isdisjoint(keys)

    def _follow(
        self, whose: tuple[Service, Affects, Concern], at: datetime, noticed: datetime
    ) -> tuple[Incident, ...]:
        """Return what becomes of the incident of a service, and keep the board in step.

        `at` is when the service changed, `noticed` when we knew.
        """
        service, affects, concern = whose
        followed = follow(
            self._board.incidents.get((service.id, affects, concern, "")),
            service,
            affects,
            self._board.members(service.id, affects),
            at,
            concern=concern,
            aside=self._board.expiring(service.id, affects),
            taken=self._board.past,
        )
        if followed is None:
            return ()
        change, incident = followed
        incident = replace(incident, news_since=incident.news_since or noticed)
        incidents = self._counted(change, incident, noticed)
        for each in incidents:
            self._board.put(each)
        log.info(
            "incident.changed",
            change=change,
            concern=concern,
            incident=incident.id,
            service=service.id,
            checks=[affected.id for affected in incident.checks],
        )
        self.has_news()
        return incidents

    def _counted(
        self, change: IncidentChange, incident: Incident, noticed: datetime
    ) -> tuple[Incident, ...]:
        """Return an incident and those that count what became of it: its service is unstable."""
        flapping, key = self._plan.flapping, incident.key
        if change is IncidentChange.UPDATED or incident.concern is not Concern.OUTAGE:
            return (incident,)
        at = incident.ended_at or incident.started_at
        others = [each for each in self._board.unstable(key) if each.id != incident.id]
        if change is IncidentChange.OPENED:
            incident = began(incident, self._board.changes(key), flapping, noticed)
        else:
            incident = changed(incident, at, flapping, noticed)
        return (incident, *(changed(each, at, flapping, noticed) for each in others))

    def _follow_all(self, now: datetime) -> None:
        if ended := self._expiries.drop_gone(now):
            self._recorder.record(Change(incidents=ended))
        for service_id, affects, concern, _ in self._board.incident_keys():
            # A service of an earlier run that is gone: only its id is left.
            unnamed = Service(id=service_id, name=service_id, owner="")
            known = self._board.service(service_id) or self._gone.services.get(service_id)
            if incidents := self._follow((known or unnamed, affects, concern), now, now):
                self._recorder.record(Change(incidents=incidents))


def _still_named(
    services: Mapping[ServiceId, Service],
    checks: Mapping[CheckId, Check],
    incidents: Sequence[Incident],
) -> _Gone:
    """Return of what is gone what `incidents` name, so that reloads can't fill the memory."""
    named = {each.service for each in incidents}
    affected = {check.id for each in incidents for check in each.checks}
    return _Gone(
        services={i: service for i, service in services.items() if i in named},
        checks={i: check for i, check in checks.items() if i in affected},
    )


def _is_first_success(transition: Transition) -> bool:
    """Say whether this is only a check that is seen for the first time, and is well."""
    return transition.old is Status.UNKNOWN and transition.new is Status.UP


def _of_ourselves(kind: AlertType, at: datetime, detail: str) -> Alert:
    return Alert(type=kind, occurred_at=at, sequence=1, detail=detail)


def _copied(apart: Totals) -> Totals:
    return {kind: dict(totals) for kind, totals in apart.items()}


def _was_over(record: WindowRecord, at: datetime) -> bool:
    ended = record.cancelled is not None and record.cancelled.at < at
    return ended or is_over(record.window.when, at)
