"""The one path from an observation to everything that depends on it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

import structlog

from monitor.domain.alert import (
    Alert,
    AlertType,
    Notification,
    Route,
    addressed,
)
from monitor.domain.check import Affects, Check, CheckId
from monitor.domain.incident import Incident
from monitor.domain.instant import microseconds, span_microseconds
from monitor.domain.observation import MissedSlot, Observation, Status, UnknownCause
from monitor.domain.service import Service, ServiceId
from monitor.domain.state import CheckState, Step, Transition, advance, lose_sight
from monitor.engine.board import Board
from monitor.engine.decision import Situation, consequence
from monitor.engine.recorder import Recorder
from monitor.ports import Change, Mark, MarkKind, TallySnapshot, Watched

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the configuration says to the pipeline. Replaced as a whole at a reload."""

    services: tuple[Service, ...]
    checks: tuple[Check, ...]
    routes: tuple[Route, ...]
    receivers: tuple[str, ...]


class Pipeline:
    """Decides with pure functions, shows the result on the board, and has it recorded.

    `followers` are told of every event of the monitor itself. Nothing here waits for the disk: a
    store that is slow or broken must not stop a probe.
    """

    def __init__(self, board: Board, recorder: Recorder, vantage: str) -> None:
        self._board = board
        self._recorder = recorder
        self._vantage = vantage
        self._routes: tuple[Route, ...] = ()
        self._receivers: tuple[str, ...] = ()
        self._stepped = -1
        self.followers: tuple[Callable[[MarkKind, datetime], None], ...] = ()

    def record(self, observation: Observation) -> CheckState | None:
        """Take in what a probe saw; return the state of its check, or None if it is gone."""
        watched = self._board.get(observation.check_id)
        if watched is None:
            return None
        step = advance(watched.state, observation, watched.check)
        watched.last = observation
        watched.waits = False
        failure = observation.outcome.failure
        watched.tally.count(failure.kind if failure else None)
        if observation.epoch > self._stepped:
            self._credit(watched, microseconds(observation.scheduled_at), observation.sample)
        self._recorder.record(self._change(watched, step, (observation,)))
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
        for follow in self.followers:
            follow(kind, at)
        mark = Mark(kind=kind, at=at, epoch=epoch, detail=detail)
        self._recorder.record(Change(marks=(mark,), notifications=told))

    def go_offline(self, since: datetime, epoch: int, cause: UnknownCause) -> None:
        """Record that a part of our own network is gone since `since`, and tell every receiver."""
        told = self._of_self(AlertType.SELF_OFFLINE, since, since, epoch, cause)
        self.mark(MarkKind.SELF_OFFLINE, since, epoch, cause, told)

    def come_back(self, since: datetime, at: datetime, epoch: int, cause: UnknownCause) -> None:
        """Record that what was gone since `since` is back, and tell every receiver."""
        told = self._of_self(AlertType.SELF_RECOVERED, since, at, epoch, cause)
        self.mark(MarkKind.SELF_ONLINE, at, epoch, cause, told)

    def snapshot(self, checks: Sequence[CheckId], services: Sequence[ServiceId]) -> None:
        """Have the running totals of these checks and services stored."""
        watched = [each for i in checks if (each := self._board.get(i)) is not None]
        self._recorder.record(
            Change(
                tallies={
                    w.check.id: TallySnapshot(
                        at=w.tally.seen_at, microseconds=dict(w.tally.microseconds)
                    )
                    for w in watched
                    if w.tally.seen_at is not None
                },
                service_tallies={
                    service: TallySnapshot(
                        at=self._board.settled_at(service),
                        microseconds=dict(self._board.service_tally(service)),
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
        self._routes, self._receivers = plan.routes, plan.receivers
        self._board.replace(plan.services, plan.checks, states, microseconds(now))
        self._forget(check_id for check_id in states if check_id not in self._board)

    def replace(self, plan: Plan, now: datetime) -> None:
        """Watch what `plan` says from now on. A check that stays keeps its state and history.

        An incident whose checks are gone is closed, one that the services' new rules make is
        opened, and whoever is concerned is told.
        """
        self._routes, self._receivers = plan.routes, plan.receivers
        old_services = {service.id: service for service in self._board.services()}
        gone = self._board.replace(plan.services, plan.checks, {}, microseconds(now))
        self._follow_all(gone, old_services, now)
        self._forget(watched.check.id for watched in gone)

    def reconcile(self, now: datetime) -> None:
        """Bring the incidents of an earlier run in line with what is configured now."""
        self._follow_all((), {}, now)

    def _forget(self, checks: Iterable[CheckId]) -> None:
        if forgotten := tuple(checks):
            self._recorder.record(Change(forgotten=forgotten))

    def _of_self(
        self, kind: AlertType, since: datetime, at: datetime, epoch: int, detail: str
    ) -> tuple[Notification, ...]:
        """Address a message about the monitor itself: one affair began at `since` in `epoch`."""
        alert = Alert(type=kind, occurred_at=at, sequence=1, detail=detail)
        return addressed(alert, f"self:{epoch}:{microseconds(since)}", self._receivers)

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
        incidents, notifications = self._consequences(watched, step)
        return Change(
            observations=observations,
            states={check_id: step.state},
            transitions=((check_id, transition),) if transition else (),
            incidents=incidents,
            notifications=notifications,
        )

    def _consequences(
        self, watched: Watched, step: Step
    ) -> tuple[tuple[Incident, ...], tuple[Notification, ...]]:
        check = watched.check
        service = self._board.service(check.service)
        transition = step.transition
        if step.verdict is None or transition is None or service is None:
            return (), ()
        if check.affects is Affects.NONE or self._is_well(service, check.affects, step):
            return (), ()
        return self._follow(service, check.affects, transition.at)

    def _is_well(self, service: Service, affects: Affects, step: Step) -> bool:
        """Say whether nothing can follow: no incident is open, and the check is not down."""
        return (
            step.verdict is not Status.DOWN and (service.id, affects) not in self._board.incidents
        )

    def _follow(
        self,
        service: Service,
        affects: Affects,
        at: datetime,
        gone: Mapping[CheckId, Check] = MappingProxyType({}),
    ) -> tuple[tuple[Incident, ...], tuple[Notification, ...]]:
        """Return what becomes of the incident of `service`, and keep the board in step."""
        key = (service.id, affects)
        states = self._board.members(service.id, affects)
        incident = self._board.incidents.get(key)
        configured = {i: self._board[i].check for i in states}
        found = consequence(
            Situation(
                service=service,
                affects=affects,
                incident=incident,
                states=states,
                checks={**gone, **configured},
                taken=self._board.past,
                vantage=self._vantage,
            ),
            self._routes,
            at,
        )
        if found is None:
            return (), ()
        self._board.remember([found.incident.id])
        if found.incident.ended_at is None:
            self._board.incidents[key] = found.incident
        else:
            self._board.incidents.pop(key, None)
        log.info(
            "incident.changed",
            change=found.change,
            incident=found.incident.id,
            service=service.id,
            checks=[affected.id for affected in found.incident.checks],
            notifications=len(found.notifications),
        )
        return (found.incident,), found.notifications

    def _follow_all(
        self, gone: Sequence[Watched], old_services: Mapping[ServiceId, Service], now: datetime
    ) -> None:
        for key in self._board.incident_keys():
            # A service of an earlier run that is gone: only its id is left.
            unnamed = Service(id=key[0], name=key[0], owner="")
            service = self._board.service(key[0]) or old_services.get(key[0], unnamed)
            known = {watched.check.id: watched.check for watched in gone}
            incidents, notifications = self._follow(service, key[1], now, known)
            if incidents:
                self._recorder.record(Change(incidents=incidents, notifications=notifications))


def _is_first_success(transition: Transition) -> bool:
    """Say whether this is only a check that is seen for the first time, and is well."""
    return transition.old is Status.UNKNOWN and transition.new is Status.UP
