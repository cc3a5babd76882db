"""A city in which anything may happen, a daemon that may be killed, and what people hear of it all."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta

from hypothesis import strategies as st

from monitor.domain.alert import Match, Notification, Route, matches
from monitor.domain.check import Check, CheckId
from monitor.domain.holding import PATIENCE
from monitor.domain.incident import Incident
from monitor.domain.maintenance import MaintenanceWindow, Occurrence, Recurrence
from monitor.domain.note import Note, NoteKind, Via
from monitor.domain.service import Service, ServiceId
from monitor.domain.silence import Silence
from monitor.domain.state import CheckState
from monitor.domain.surroundings import Escalation, Flapping, GroupBy, Grouping
from monitor.domain.windowrecord import Cancellation, Source, WindowRecord
from monitor.engine.board import Board
from monitor.engine.pipeline import Pipeline, Plan
from monitor.ports import Change, PastIncident
from tests.fakes import NOON, OK, REFUSED, a_check, observed

WAIT = timedelta(seconds=20)
LOOKS_EVERY = timedelta(seconds=5)
# Between any two things that people do.
A_MOMENT = timedelta(milliseconds=1)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
NAMES = ("router", "switch", "a", "b")
CHECKS = (*NAMES, "a-tls", "a-dns")
DEPENDENCIES = (
    {"switch": ("router",), "a": ("switch",), "b": ("router",)},
    {"a": ("switch",)},
    {"router": ("a",), "a": ("b",)},
    {},
)
ROUTES = (
    (Route(receiver="oncall"),),
    (
        Route(receiver="a-team", match=Match(services=frozenset({"a"})), goes_on=True),
        Route(receiver="oncall"),
    ),
    (
        Route(receiver="a-team", match=Match(labels={"name": "a-tls"}), goes_on=True),
        Route(receiver="oncall"),
    ),
)
FLAPPING = (
    Flapping(changes=0),
    Flapping(changes=1, within=20 * MINUTE, quiet=2 * MINUTE),
    Flapping(changes=3, within=5 * MINUTE, quiet=timedelta(seconds=70)),
)
CALM = int((2 * PATIENCE + 10 * WAIT).total_seconds())

# Which checks a window and a silence may be about.
SCOPES = (
    Match(services=frozenset({"a"})),
    Match(services=frozenset({"router", "switch"})),
    Match(owners=frozenset({"diskominfo"})),
    Match(labels={"name": "a-tls"}),
)


def a_window(name: str, scope: int, when: Occurrence | Recurrence) -> MaintenanceWindow:
    what = SCOPES[scope]
    return MaintenanceWindow(
        id=name,
        when=when,
        reason="Pembaruan",
        approved_by="Kabid",
        services=frozenset(map(ServiceId, what.services)),
        owners=what.owners,
        labels=what.labels,
    )


def daily(scope: int, minutes: int) -> MaintenanceWindow:
    """Return work of three minutes on every day, so long after noon for the first time."""
    begin = NOON + minutes * MINUTE
    when = Recurrence(
        rule="FREQ=DAILY",
        first=begin.date(),
        start=time(begin.hour, begin.minute),
        duration=3 * MINUTE,
        zone=NOON.tzinfo,  # type: ignore[arg-type]
    )
    return a_window(f"daily-{scope}-{minutes}", scope, when)


def a_plan(
    *,
    dependencies: int,
    routes: int,
    by: GroupBy,
    limit: int,
    flapping: int,
    late: bool,
    windows: Sequence[MaintenanceWindow],
) -> Plan:
    """Return what the configuration may say. `late` says that time alone has something told."""
    return Plan(
        services=tuple(
            Service(
                id=ServiceId(name),
                name=name,
                owner="bapenda" if name == "b" else "diskominfo",
                depends_on=tuple(map(ServiceId, DEPENDENCIES[dependencies].get(name, ()))),
            )
            for name in NAMES
        ),
        checks=tuple(
            a_check(
                id=CheckId(name),
                service=ServiceId(name.partition("-")[0]),
                failure_threshold=2 if name == "router" else 1,
                success_threshold=1,
                labels={"name": name},
            )
            for name in CHECKS
        ),
        routes=ROUTES[routes],
        receivers=("oncall", "a-team", "boss"),
        grouping=Grouping(by=by, wait=WAIT, storm_limit=limit),
        flapping=FLAPPING[flapping],
        remind_every=2 * MINUTE if late else None,
        escalations=(Escalation(after=MINUTE, receivers=("boss",)),) if late else (),
        windows=tuple(windows),
    )


PLANS = st.builds(
    a_plan,
    dependencies=st.integers(0, 3),
    routes=st.integers(0, 2),
    by=st.sampled_from(GroupBy),
    limit=st.integers(1, 3),
    flapping=st.integers(0, 2),
    late=st.booleans(),
    windows=st.lists(
        st.builds(daily, st.integers(0, 3), st.integers(1, 9)),
        max_size=2,
        unique_by=lambda each: each.id,
    ),
)
# What becomes of services, and what people do about it.
LIFE = (
    *[st.tuples(st.just("see"), st.sampled_from(CHECKS), st.booleans())] * 3,
    *[st.tuples(st.just("let_pass"), st.sampled_from((5, 25, 150)))] * 2,
    st.tuples(st.just("flap"), st.sampled_from(CHECKS), st.integers(2, 9), st.integers(0, 60)),
    st.tuples(st.just("silence"), st.integers(0, 3), st.sampled_from((5, 60, 300))),
    st.tuples(st.just("lift")),
    st.tuples(
        st.just("plan_work"),
        st.integers(0, 3),
        st.sampled_from((-600, -60, 0, 60)),
        st.sampled_from((30, 120, 660)),
    ),
    st.tuples(st.just("cancel")),
    st.tuples(st.just("acknowledge"), st.integers(0, 3)),
    st.tuples(st.just("comment"), st.integers(0, 3)),
    st.tuples(st.just("reload"), PLANS),
    st.tuples(st.just("set_clock"), st.sampled_from((-3600, 3600))),
)
KILLED = st.tuples(st.just("kill"), st.integers(0, 6))
RESTARTED = st.tuples(st.just("restart"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A message as it was told at `at`, and its incidents as they were just before."""

    at: datetime
    sent: Notification
    of: Sequence[Incident]
    silenced: Collection[str]
    worked_on: Collection[str]


class City:
    """A daemon that may be killed, and what its store holds by then."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.now: datetime = NOON
        self.states: dict[CheckId, CheckState] = {}
        self.incidents: dict[str, Incident] = {}
        self.outbox: dict[str, Notification] = {}
        self.silences: dict[str, Silence] = {}
        self.windows: dict[tuple[str, datetime], WindowRecord] = {}
        self.notes: list[Note] = []
        self.heard: list[Heard] = []
        self.repeated: list[Notification] = []
        self.untimely: list[Heard] = []
        self._looked_at = NOON
        self._acts = 0
        self._waiting: list[Change] = []
        self._start()

    def record(self, change: Change) -> None:
        self._waiting.append(change)
        for sent in change.notifications:
            of = [self._latest[each] for each in sent.alert.incidents]
            self.heard.append(
                Heard(
                    at=self._looked_at,
                    sent=sent,
                    of=of,
                    silenced={each.id for each in of if self.silences_of(each)},
                    worked_on={each.id for each in of if self.windows_of(each)},
                )
            )
        self._latest |= {each.id: each for each in change.incidents}
        self._said |= {each.id: each for each in change.silences}
        self._known |= {each.key: each for each in change.windows}

    def see(self, name: str, is_up: bool) -> None:
        check = next(each for each in self.plan.checks if each.id == name)
        self.now += timedelta(milliseconds=100)
        [seen] = observed(OK if is_up else REFUSED, check=check, start=self.now)
        self._pipeline.record(seen)
        self.now += seen.duration
        self.look()

    def flap(self, name: str, times: int, seconds: int) -> None:
        for number in range(times):
            self.see(name, number % 2 == 1)
            self.let_pass(seconds)

    def let_pass(self, seconds: int) -> None:
        until, promised = self.now + timedelta(seconds=seconds), self.now
        while self.now < until:
            self.now += LOOKS_EVERY
            before = len(self.heard)
            next_look = self.look()
            if self.now < promised:
                self.untimely += self.heard[before:]
            promised = next_look or until
        self._commit(len(self._waiting))

    def look(self) -> datetime | None:
        self._looked_at = self.now
        return self._pipeline.tell(self.now)

    def silence(self, scope: int, seconds: int) -> None:
        name = self._new_id("silence")
        self._pipeline.silence(
            Silence(
                id=name,
                match=SCOPES[scope],
                at=self.now,
                until=self.now + timedelta(seconds=seconds),
                by="Rina",
            )
        )

    def lift(self) -> None:
        self.now += A_MOMENT
        for each in self._pipeline.silences(self.now)[:1]:
            self._pipeline.silence(each.lifted("Rina", self.now))

    def plan_work(self, scope: int, begins: int, lasts: int) -> None:
        name = self._new_id("work")
        start = self.now + timedelta(seconds=begins)
        when = Occurrence(start, start + timedelta(seconds=lasts))
        window = a_window(name, scope, when)
        self._pipeline.plan_work(
            WindowRecord(window=window, source=Source.COMMAND, added_at=self.now, added_by="Rina")
        )
        self.look()

    def cancel(self) -> None:
        self.now += A_MOMENT
        known = self._pipeline.planned_work(self.now)
        for each in [each for each in known if each.source is Source.COMMAND][:1]:
            self._pipeline.plan_work(
                each.ended(Cancellation(at=self.now, by="Rina", reason="Ditunda"))
            )

    def acknowledge(self, number: int) -> None:
        if incident := self._open_one(number):
            self._pipeline.acknowledge(self._note(incident, NoteKind.ACKNOWLEDGED))
            self.look()

    def comment(self, number: int) -> None:
        if incident := self._open_one(number):
            self._pipeline.comment(self._note(incident, NoteKind.COMMENT))

    def say_nothing(self, number: int) -> None:
        """Let the time pass that a comment takes."""
        if self._open_one(number):
            self._new_id("nobody")

    def reload(self, plan: Plan) -> None:
        self.plan = plan
        self._pipeline.replace(self.plan, self.now)
        self.look()

    def kill(self, durable: int) -> None:
        """End it when so many of the changes that wait are durable, and start it again."""
        self._commit(durable)
        self._start()

    def restart(self) -> None:
        """End it when all is durable, and start it again."""
        self.kill(len(self._waiting))

    def rest(self) -> None:
        """Do what a restart does, without one."""
        self._commit(len(self._waiting))
        self.look()

    def set_clock(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    def place(self, incident: str) -> int:
        """Return which one it was to begin: a clock that is set makes times say nothing."""
        return list(self.incidents).index(incident)

    def calm_down(self) -> None:
        """Let everything be well, for as long as anything may still be told."""
        for name in CHECKS:
            self.see(name, True)
        self.let_pass(CALM)

    def have_all_told(self) -> None:
        """End what has nobody told, and let time pass for as long as anything may still be told."""
        while self._pipeline.silences(self.now):
            self.lift()
        while any(each.source is Source.COMMAND for each in self._pipeline.planned_work(self.now)):
            self.cancel()
        self.reload(replace(self.plan, windows=()))
        self.let_pass(CALM)

    def silences_of(self, incident: Incident) -> Sequence[Silence]:
        """Return those by which nobody is to hear of an incident."""
        return [
            each
            for each in self._said.values()
            if self._looked_at < each.until
            and not each.lifted_by
            and all(matches(each.match, service, check) for service, check in self._about(incident))
        ]

    def windows_of(self, incident: Incident) -> Sequence[WindowRecord]:
        """Return those that cover an incident, and are open."""
        return [
            each
            for each in self._known.values()
            if is_open(each, self._looked_at)
            and all(each.window.covers(*about) for about in self._about(incident))
        ]

    def _about(self, incident: Incident) -> Iterable[tuple[Service, Check]]:
        """Yield the checks that fail, or did."""
        checks = {check.id: check for check in self.plan.checks}
        services = {service.id: service for service in self.plan.services}
        for each in incident.checks:
            if each.until is None or incident.ended_at is not None:
                yield services[incident.service], checks[each.id]

    def _open_one(self, number: int) -> Incident | None:
        known = self._board.going_on()
        return known[number % len(known)] if known else None

    def _note(self, incident: Incident, kind: NoteKind) -> Note:
        name = self._new_id("Rina")
        return Note(incident=incident.id, kind=kind, by=name, at=self.now, via=Via.COMMAND)

    def _new_id(self, name: str) -> str:
        self._acts += 1
        self.now += A_MOMENT
        return f"{name}-{self._acts}"

    def _start(self) -> None:
        self._waiting.clear()
        self._latest = dict(self.incidents)
        self._said = dict(self.silences)
        self._known = dict(self.windows)
        self._board = board = Board()
        self._pipeline = Pipeline(board, self, "balaikota")  # type: ignore[arg-type]
        self._pipeline.watch(self.plan, self.now, dict(self.states))
        for incident in self.incidents.values():
            if incident.ended_at is None or incident.news_since is not None:
                board.put(incident)
        board.remember(self.incidents)
        board.recall(map(past, filter(has_ended, self.incidents.values())))
        self._pipeline.keep_silent(self.silences.values())
        self._pipeline.keep_planned(self.windows.values())
        self._pipeline.was_open(self._looked_at)
        self._pipeline.reconcile(self.now)
        self.look()

    def _commit(self, count: int) -> None:
        for change in self._waiting[:count]:
            self.states |= change.states
            self.incidents |= {each.id: each for each in change.incidents}
            self.silences |= {each.id: each for each in change.silences}
            self.windows |= {each.key: each for each in change.windows}
            self.notes += change.notes
            for sent in change.notifications:
                self.repeated += [sent] if sent.id in self.outbox else []
                self.outbox.setdefault(sent.id, sent)
        del self._waiting[:count]


def is_open(record: WindowRecord, at: datetime) -> bool:
    """Say whether a window is in force and open: a daily one is every day from its first on."""
    when = record.window.when
    if record.cancelled is not None:
        return False
    if isinstance(when, Occurrence):
        return when.start <= at < when.end
    first = datetime.combine(when.first, when.start, when.zone)
    return at >= first and (at - first) % DAY < when.duration


def has_ended(incident: Incident) -> bool:
    return incident.ended_at is not None


def past(incident: Incident) -> PastIncident:
    """Return what the store says of an incident that has ended."""
    assert incident.ended_at is not None
    return PastIncident(
        id=incident.id,
        service=incident.service,
        affects=incident.affects,
        concern=incident.concern,
        started_at=incident.started_at,
        ended_at=incident.ended_at,
    )
