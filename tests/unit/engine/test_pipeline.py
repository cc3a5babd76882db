import gc
from dataclasses import replace
from datetime import timedelta
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.alert import AlertType, Match, Route
from monitor.domain.check import Affects, Check, CheckId
from monitor.domain.counting import Counted
from monitor.domain.duty import TimedRoute, When
from monitor.domain.instant import microseconds
from monitor.domain.maintenance import MaintenanceWindow, Occurrence
from monitor.domain.note import Note, NoteKind, Via
from monitor.domain.observation import Outcome, OutcomeStatus, UnknownCause
from monitor.domain.reach import everybody
from monitor.domain.service import Rule, Service, ServiceId, StatusRule
from monitor.domain.status import Status
from monitor.domain.surroundings import Grouping
from monitor.domain.windowrecord import Cancellation, Source, WindowRecord
from monitor.engine.board import Board
from monitor.engine.pipeline import Pipeline, Plan
from monitor.ports import Change, MarkKind
from tests.fakes import NOON, OK, REFUSED, a_check, observed
from tests.unit.domain.test_calendar import a_calendar, hours

MOMENT = timedelta(milliseconds=1)

HTTP = a_check(failure_threshold=2)
TLS = a_check(id=CheckId("portal-tls"), failure_threshold=2)
PORTAL = Service(id=ServiceId("portal"), name="Portal", owner="diskominfo")
ROUTES = (Route(receiver="oncall"),)
OFFLINE = Outcome(status=OutcomeStatus.UNKNOWN, cause=UnknownCause.SELF_OFFLINE)
DOWN = (OK, REFUSED, REFUSED)


class Ledger:
    """Keeps every change in order, as a recorder would hand it to the store."""

    def __init__(self) -> None:
        self.changes: list[Change] = []

    def record(self, change: Change) -> None:
        self.changes.append(change)

    @property
    def notifications(self):
        return [n for change in self.changes for n in change.notifications]

    @property
    def told(self) -> list[AlertType]:
        return [n.alert.type for n in self.notifications]


def a_plan(*checks, services=(PORTAL,), routes=ROUTES) -> Plan:
    return Plan(
        services=services,
        checks=checks,
        routes=routes,
        receivers=tuple(dict.fromkeys(["oncall", *chain.from_iterable(map(everybody, routes))])),
        grouping=Grouping(wait=timedelta(0)),
    )


def watching(*checks, **plan):
    board, ledger = Board(), Ledger()
    pipeline = Pipeline(board, ledger, "balaikota")
    pipeline.replace(a_plan(*checks, **plan), NOON)
    return pipeline, board, ledger


def feed(pipeline, *outcomes, check=HTTP, start=NOON):
    """Record what was observed, and tell of it at once."""
    for observation in observed(*outcomes, check=check, start=start):
        pipeline.record(observation)
        pipeline.tell(observation.started_at + observation.duration)


class TestTelling:
    def test_down_is_told_once(self):
        """An outage of an hour is one message, however many samples fail."""
        pipeline, _, ledger = watching(HTTP)
        feed(pipeline, OK, *[REFUSED] * 60)

        assert ledger.told == [AlertType.FIRING]

    def test_recovery_is_told(self):
        """A recovery is told to those who were told of the outage."""
        pipeline, _, ledger = watching(HTTP)
        feed(pipeline, *DOWN, OK, OK)

        assert ledger.told == [AlertType.FIRING, AlertType.RESOLVED]

    def test_second_check_joins(self):
        """A second check of the service that goes down updates the incident, and opens none."""
        pipeline, _, ledger = watching(HTTP, TLS)
        feed(pipeline, *DOWN)
        feed(pipeline, *DOWN, check=TLS)

        assert ledger.told == [AlertType.FIRING, AlertType.UPDATED]
        assert len({n.alert.incident.id for n in ledger.notifications}) == 1

    def test_everything_of_a_change_is_one(self):
        """State, transition and incident are handed over together, and that the incident has news;
        what is told of it, together with that it has none any more.
        """
        pipeline, _, ledger = watching(HTTP)
        feed(pipeline, *DOWN)
        change, telling = ledger.changes[-2:]

        assert change.observations
        assert change.states
        assert change.transitions
        assert [one.news_since is not None for one in change.incidents] == [True]
        assert telling.notifications
        assert [one.news_since for one in telling.incidents] == [None]

    def test_unknown_tells_nobody(self):
        """A fault of our own changes what is shown, and alerts nobody."""
        pipeline, board, ledger = watching(HTTP)
        feed(pipeline, *DOWN, OFFLINE, OFFLINE, REFUSED)

        assert ledger.told == [AlertType.FIRING]
        assert board[HTTP.id].state.status is Status.DOWN

    def test_check_that_affects_nothing_tells_nobody(self):
        """A check with `affects: none` is recorded and shown, and opens no incident."""
        pipeline, board, ledger = watching(a_check(failure_threshold=1, affects=Affects.NONE))
        feed(pipeline, OK, REFUSED)

        assert ledger.told == []
        assert board.service_status(PORTAL.id) is Status.UNKNOWN

    def test_security_is_an_incident_of_its_own(self):
        """A failing check of security opens its own incident and leaves the service up."""
        secure = a_check(id=CheckId("judol"), failure_threshold=1, affects=Affects.SECURITY)
        pipeline, board, ledger = watching(HTTP, secure)
        feed(pipeline, OK)
        feed(pipeline, OK, REFUSED, check=secure)

        assert ledger.told == [AlertType.FIRING]
        assert board.service_status(PORTAL.id) is Status.UP
        assert board.incident(PORTAL.id) is None

    def test_nobody_is_told_without_a_route(self):
        """An incident without a matching route is recorded all the same."""
        pipeline, board, ledger = watching(HTTP, routes=())
        feed(pipeline, *DOWN)

        assert ledger.told == []
        assert board.incident(PORTAL.id) is not None

    def test_who_is_concerned_only_later_is_told_that_it_fires(self):
        """A receiver that only a check that joins concerns is told that the incident fires, and
        hears of its end; the others are told that the incident grew.
        """
        table = a_check(id=CheckId("portal-db"), type="tcp", failure_threshold=2)
        dba = Route(receiver="dba", match=Match(types=frozenset({"tcp"})))
        pipeline, _, ledger = watching(HTTP, table, routes=(dba, *ROUTES))
        feed(pipeline, *DOWN)
        feed(pipeline, *DOWN, check=table)
        feed(pipeline, OK, OK, check=table, start=NOON + timedelta(minutes=3))
        feed(pipeline, OK, OK, start=NOON + timedelta(minutes=3))

        told = [(n.receiver, n.alert.type) for n in ledger.notifications]
        assert [kind for name, kind in told if name == "oncall"] == [
            *(AlertType.FIRING, AlertType.UPDATED, AlertType.UPDATED, AlertType.RESOLVED)
        ]
        assert [kind for name, kind in told if name == "dba"] == [
            *(AlertType.FIRING, AlertType.UPDATED, AlertType.RESOLVED)
        ]

    def test_self_is_told_to_everyone(self):
        """That we ourselves are offline is told to every receiver, in one change with its mark."""
        pipeline, _, ledger = watching(HTTP)
        pipeline.go_offline(NOON, 1, UnknownCause.SELF_OFFLINE)

        [notification] = ledger.notifications
        assert notification.receiver == "oncall"
        assert notification.alert.incident is None
        assert [mark.kind for mark in ledger.changes[-1].marks] == [MarkKind.SELF_OFFLINE]

    def test_each_loss_of_our_network_is_told(self):
        """Two losses at the same wall time, the clock set back in between, are two messages each."""
        pipeline, _, ledger = watching(HTTP)
        for epoch in (1, 2):
            pipeline.go_offline(NOON, epoch, UnknownCause.SELF_OFFLINE)
            pipeline.come_back(NOON, NOON, epoch, UnknownCause.SELF_OFFLINE)

        assert len({n.id for n in ledger.notifications}) == 4

    @given(st.lists(st.sampled_from([OK, REFUSED, OFFLINE]), max_size=60))
    def test_every_firing_is_resolved_once_all_is_well(self, seen):
        """Whatever happens, firing and resolved come in turn, and all ends resolved."""
        pipeline, board, ledger = watching(HTTP)
        feed(pipeline, *seen, OK, OK, OK)

        assert ledger.told == [AlertType.FIRING, AlertType.RESOLVED] * (len(ledger.told) // 2)
        assert board.incidents == {}

    @given(st.lists(st.sampled_from([OK, REFUSED, OFFLINE]), max_size=60))
    def test_ids_are_never_used_twice(self, seen):
        """No two messages have the same id, so no receiver takes one for a repetition."""
        pipeline, _, ledger = watching(HTTP)
        feed(pipeline, *seen)

        ids = [n.id for n in ledger.notifications]
        assert len(ids) == len(set(ids))


class TestMaintenance:
    START, END = NOON + timedelta(hours=1), NOON + timedelta(hours=3)

    def planning(self, **fields):
        window = MaintenanceWindow(
            id="patch",
            when=Occurrence(self.START, self.END),
            reason="Pembaruan server",
            approved_by="Kabid Infrastruktur",
            **{"services": frozenset({PORTAL.id}), **fields},
        )
        board, ledger = Board(), Ledger()
        pipeline = Pipeline(board, ledger, "balaikota")
        pipeline.replace(replace(a_plan(HTTP), windows=(window,)), NOON)
        return pipeline, board, ledger

    def test_it_is_announced(self):
        """Those whom the routes name for a service are told when work on it begins and is over; the
        next look is planned for then.
        """
        pipeline, _, ledger = self.planning()
        looks = [pipeline.tell(at) for at in (NOON, self.START, self.START, self.END)]

        assert looks == [self.START, self.END, self.END, None]
        assert ledger.told == [AlertType.MAINTENANCE_STARTED, AlertType.MAINTENANCE_ENDED]
        started = ledger.notifications[0].alert
        assert (started.service.id, started.until) == (PORTAL.id, self.END)
        assert started.detail == "Pembaruan server (Kabid Infrastruktur)"

    def test_restart_announces_it_under_the_same_id(self):
        """A daemon that starts while work goes on tells of it under the id that it had."""
        ids = []
        for _ in range(2):
            pipeline, _, ledger = self.planning()
            pipeline.tell(self.START + timedelta(minutes=1))
            ids += [each.id for each in ledger.notifications]

        assert len(ids) == 2
        assert len(set(ids)) == 1

    def test_checks_show_it(self):
        """A check shows that it is worked on for as long as it is, also after a reload."""
        pipeline, board, _ = self.planning()
        seen = []
        for at in (NOON, self.START, self.END):
            pipeline.tell(at)
            seen.append(board[HTTP.id].maintained_until)

        assert seen == [None, self.END, None]

    def test_cancelled_work_is_over(self):
        """Work that is cancelled while it goes on is told to be over, at that moment."""
        pipeline, board, ledger = self.planning()
        pipeline.tell(self.START)
        [record] = pipeline.planned_work(self.START)
        at = self.START + timedelta(minutes=30)
        pipeline.plan_work(record.ended(Cancellation(at=at, by="Rina", reason="Batal")))
        pipeline.tell(at)

        assert ledger.told == [AlertType.MAINTENANCE_STARTED, AlertType.MAINTENANCE_ENDED]
        assert ledger.notifications[1].alert.occurred_at == at
        assert board[HTTP.id].maintained_until is None
        assert pipeline.planned_work(at) == ()

    def test_reload_keeps_what_was_planned_otherwise(self):
        """A reload takes away windows of the file alone."""
        pipeline, board, _ = self.planning()
        [filed] = pipeline.planned_work(NOON)
        pipeline.plan_work(
            replace(filed, source=Source.COMMAND, added_at=NOON + timedelta(minutes=1))
        )
        pipeline.replace(a_plan(HTTP), NOON + timedelta(minutes=2))
        pipeline.tell(self.START)

        assert [each.source for each in pipeline.planned_work(self.START)] == [Source.COMMAND]
        assert board[HTTP.id].maintained_until == self.END

    def test_clock_that_was_wrong_for_a_while(self):
        """Work that was over by a clock that was ahead is planned again once the clock is right."""
        pipeline, board, ledger = self.planning()
        [filed] = pipeline.planned_work(NOON)
        other = replace(filed.window, id="other")
        pipeline.plan_work(replace(filed, window=other, source=Source.COMMAND))
        pipeline.replace(a_plan(HTTP), NOON)
        pipeline.tell(NOON + timedelta(days=400))
        assert pipeline.planned_work(NOON + timedelta(days=400)) == ()
        pipeline.tell(NOON)
        pipeline.tell(self.START)

        assert [each.window.id for each in pipeline.planned_work(self.START)] == ["other"]
        assert board[HTTP.id].maintained_until == self.END
        assert ledger.told == [AlertType.MAINTENANCE_STARTED]

    def test_work_that_is_over_is_forgotten_by_and_by(self):
        """Of command's and API's work that is over the latest 1,000 are kept, and no more."""
        pipeline, _, _ = self.planning()
        [filed] = pipeline.planned_work(NOON)
        for number in range(1_100):
            window = replace(filed.window, id=f"w{number}")
            pipeline.plan_work(replace(filed, window=window, source=Source.COMMAND))
        pipeline.tell(self.END)

        known = pipeline.planned_work(NOON)
        assert len(known) == 1 + 1_000
        assert {"patch", "w100", "w1099"} <= {each.window.id for each in known}

    def test_work_that_ended_while_nobody_watched(self):
        """A window that was open when the last run ended, and closed since, is told to be over."""
        pipeline, _, ledger = self.planning()
        pipeline.was_open(self.START + timedelta(minutes=1))
        pipeline.tell(self.END + timedelta(minutes=1))

        assert ledger.told == [AlertType.MAINTENANCE_ENDED]
        assert ledger.notifications[0].alert.occurred_at == self.END

    def test_work_that_ended_just_before_the_stop(self):
        """A window that was cancelled, or closed, before the last look of a run is told to be over by the
        next run; one that was known only after it had ended, or after the run had, is not.
        """
        pipeline, _, ledger = self.planning()
        [filed] = pipeline.planned_work(NOON)
        at = self.START + timedelta(minutes=5)
        known = replace(filed, source=Source.COMMAND)
        when = Occurrence(self.START, at - MOMENT)
        closed, late, later = (
            replace(filed.window, id=name, when=when) for name in ("closed", "late", "later")
        )
        pipeline.replace(a_plan(HTTP), NOON)
        pipeline.keep_planned(
            [
                known.ended(Cancellation(at=at - MOMENT, by="Rina", reason="Batal")),
                replace(known, window=closed),
                replace(known, window=late, added_at=at - MOMENT),
                replace(
                    known,
                    window=replace(later, when=Occurrence(self.START, at + MOMENT * 9)),
                    added_at=at + MOMENT,
                ),
            ]
        )
        pipeline.was_open(at)
        pipeline.tell(at + timedelta(minutes=1))

        assert ledger.told == [AlertType.MAINTENANCE_ENDED] * 2

    def test_work_on_nothing_is_no_message(self):
        """A window that covers no check is told to nobody."""
        pipeline, _, ledger = self.planning(services=frozenset({ServiceId("gone")}))
        pipeline.tell(self.START)

        assert ledger.told == []


class TestTotals:
    def test_samples_count_confirmed_or_not(self):
        """A single failing sample is downtime, though nobody is told of it."""
        pipeline, board, ledger = watching(HTTP)
        feed(pipeline, OK, REFUSED, OK, OK)

        assert board[HTTP.id].tally.microseconds[Status.DOWN] == 60_000_000
        assert ledger.told == []

    def test_pause_makes_unknown_at_once(self):
        """From a pause of ours to the next sample nothing is known."""
        pipeline, board, _ = watching(HTTP)
        feed(pipeline, OK)
        pipeline.mark(MarkKind.PAUSE, NOON + timedelta(seconds=20), 1)
        feed(pipeline, OK, start=NOON + timedelta(seconds=60))

        totals = board[HTTP.id].tally.microseconds
        assert (totals[Status.UP], totals[Status.UNKNOWN]) == (20_000_000, 40_000_000)

    def test_service_totals_follow_its_checks(self):
        """A service is down while one of its checks is, and its totals say so exactly."""
        pipeline, board, _ = watching(HTTP, TLS)
        feed(pipeline, OK, REFUSED, OK)
        feed(pipeline, OK, OK, OK, check=TLS)

        totals = board.service_tally(PORTAL.id)
        assert totals[Status.DOWN] == 60_000_000
        assert sum(totals.values()) == 120_000_000

    def test_planned_work_counts_as_such(self):
        """Totals tell planned work apart from what counts, and so they are stored."""
        window = MaintenanceWindow(
            id="patch",
            when=Occurrence(NOON + timedelta(seconds=90), NOON + timedelta(hours=1)),
            reason="Pembaruan",
            approved_by="Kabid",
            services=frozenset({PORTAL.id}),
        )
        pipeline, board, ledger = watching(HTTP)
        pipeline.plan_work(WindowRecord(window=window, source=Source.COMMAND, added_at=NOON))
        feed(pipeline, OK, OK, OK)
        pipeline.snapshot([HTTP.id], [PORTAL.id])

        for apart in (board[HTTP.id].tally.apart, board.service_apart(PORTAL.id)):
            assert apart[Counted.MAINTENANCE][Status.UP] == 30_000_000
        stored = ledger.changes[-1]
        assert stored.tallies[HTTP.id].apart[Counted.MAINTENANCE][Status.UP] == 30_000_000
        assert stored.service_tallies[PORTAL.id].apart == board.service_apart(PORTAL.id)

    def test_totals_survive_a_step_of_the_clock(self):
        """After the timeline jumps, totals go on from there; until the next sample it is unknown."""
        pipeline, board, _ = watching(HTTP)
        feed(pipeline, OK, OK)
        earlier = NOON - timedelta(hours=1)
        board.restart_tallies(microseconds(earlier))
        feed(pipeline, OK, OK, start=earlier + timedelta(seconds=5))

        for totals in (board[HTTP.id].tally.microseconds, board.service_tally(PORTAL.id)):
            assert (totals[Status.UP], totals[Status.UNKNOWN]) == (120_000_000, 5_000_000)

    def test_probe_across_a_step_of_the_clock_does_not_count(self):
        """A probe that was in flight when the clock was set back leaves the totals running."""
        pipeline, board, _ = watching(HTTP)
        feed(pipeline, OK)
        earlier = NOON - timedelta(hours=1)
        pipeline.mark(MarkKind.CLOCK_STEP, NOON + timedelta(seconds=61), 1)
        board.restart_tallies(microseconds(earlier))
        feed(pipeline, OK, start=NOON + timedelta(seconds=60))
        later = [replace(seen, epoch=2) for seen in observed(OK, OK, check=HTTP, start=earlier)]
        for observation in later:
            pipeline.record(observation)

        assert board[HTTP.id].tally.seen_at == microseconds(later[-1].scheduled_at)


class TestReload:
    def test_rule_that_takes_a_service_down_is_told(self):
        """A reload by which a check that is down takes its service down opens an incident; one by
        which it no longer does ends it then. Each turn has an incident and messages of its own.
        """
        lenient = replace(PORTAL, status=StatusRule(rule=Rule.ANY))
        pipeline, board, ledger = watching(HTTP, TLS, services=(lenient,))
        feed(pipeline, *DOWN)
        assert ledger.told == []
        for hour in (1, 3):
            pipeline.replace(a_plan(HTTP, TLS), NOON + timedelta(hours=hour))
            pipeline.tell(NOON + timedelta(hours=hour))
            assert board.incident(PORTAL.id) is not None
            end = NOON + timedelta(hours=hour + 1)
            pipeline.replace(a_plan(HTTP, TLS, services=(lenient,)), end)
            pipeline.tell(end)
            assert ledger.notifications[-1].alert.incident.ended_at == end

        assert ledger.told == [AlertType.FIRING, AlertType.RESOLVED] * 2
        assert len({n.id for n in ledger.notifications}) == 4
        assert len({n.alert.incident.id for n in ledger.notifications}) == 2

    def test_receiver_that_is_named_now_is_told(self):
        """Whom a new configuration names for an open incident is told that it fires, once."""
        pipeline, _, ledger = watching(HTTP, routes=())
        feed(pipeline, *DOWN)
        for _ in range(2):
            pipeline.replace(a_plan(HTTP), NOON + timedelta(hours=1))
            pipeline.tell(NOON + timedelta(hours=1))

        assert ledger.told == [AlertType.FIRING]

    def test_staying_check_keeps_its_state(self):
        """A check that stays in the configuration keeps its state, and nobody is told of a reload."""
        pipeline, board, ledger = watching(HTTP, TLS)
        feed(pipeline, *DOWN)
        pipeline.replace(a_plan(HTTP), NOON)
        pipeline.tell(NOON)

        assert board[HTTP.id].state.status is Status.DOWN
        assert ledger.told == [AlertType.FIRING]

    def test_removed_check_ends_its_incident(self):
        """An incident whose check is taken out ends then, and those who heard of it are told."""
        pipeline, board, ledger = watching(HTTP, TLS)
        feed(pipeline, *DOWN)
        later = NOON + timedelta(hours=1)
        pipeline.replace(a_plan(TLS), later)
        pipeline.tell(later)

        assert ledger.told == [AlertType.FIRING, AlertType.RESOLVED]
        assert ledger.notifications[-1].alert.incident.ended_at == later
        assert board.incidents == {}

    def test_removed_service_ends_its_incident(self):
        """An incident whose whole service is taken out ends as well."""
        pipeline, board, ledger = watching(HTTP)
        feed(pipeline, *DOWN)
        pipeline.replace(a_plan(services=()), NOON)
        pipeline.tell(NOON)

        assert ledger.told[-1] is AlertType.RESOLVED
        assert ledger.notifications[-1].alert.service.name == PORTAL.name
        assert board.incidents == {}

    def test_what_no_incident_names_is_forgotten(self):
        """While a service is down, reloads that rename checks do not fill the memory."""
        pipeline, _, _ = watching(HTTP)
        feed(pipeline, *DOWN)
        for number in range(50):
            pipeline.replace(a_plan(HTTP, a_check(id=CheckId(f"renamed-{number}"))), NOON)
        kept = [
            each
            for each in gc.get_objects()
            if isinstance(each, Check) and each.id.startswith("renamed-")
        ]

        assert len(kept) == 1

    def test_late_sample_of_a_removed_check_is_dropped(self):
        """A probe that was in flight when its check was taken out records nothing."""
        pipeline, _, ledger = watching(TLS)

        assert pipeline.record(observed(OK, check=HTTP)[0]) is None
        assert ledger.changes == []


@pytest.mark.parametrize("receivers", [("oncall",), ("oncall", "second")])
def test_told_of_opening_is_told_of_the_end(receivers):
    """Who was told of an outage is told of its end, though the routes have changed since."""
    routes = tuple(Route(receiver=r, goes_on=True) for r in receivers)
    pipeline, _, ledger = watching(HTTP, routes=routes)
    feed(pipeline, *DOWN)
    pipeline.replace(replace(a_plan(HTTP, routes=()), receivers=receivers), NOON)
    feed(pipeline, OK, OK, start=NOON + timedelta(minutes=3))

    resolved = [n.receiver for n in ledger.notifications if n.alert.type is AlertType.RESOLVED]
    assert resolved == list(receivers)


class TestTimes:
    """Routes that go by calendars and rotations, through a running pipeline."""

    OPENS = NOON + timedelta(hours=1)
    ROUTES = (
        TimedRoute(
            receiver="office",
            when=When(during=a_calendar((hours("13:00-14:00"),) * 7)),
            goes_on=True,
        ),
        Route(receiver="oncall"),
    )

    def test_it_looks_again_when_hours_begin(self):
        """Who is named from the beginning of hours on is told then, and not before."""
        pipeline, _, ledger = watching(HTTP, routes=self.ROUTES)
        feed(pipeline, *DOWN)
        before = [n.receiver for n in ledger.notifications]

        assert pipeline.tell(self.OPENS - timedelta(seconds=1)) == self.OPENS
        assert pipeline.tell(self.OPENS) == self.OPENS + timedelta(hours=1)
        assert before == ["oncall"]
        assert [n.receiver for n in ledger.notifications] == ["oncall", "office"]

    def test_receiver_that_a_reload_takes_away(self):
        """Of an outage that it was told of, a receiver that is configured no more hears nothing: what
        is sent to it could only be lost, and others be told of that each time.
        """
        pipeline, _, ledger = watching(HTTP)
        feed(pipeline, *[REFUSED] * 3)
        other = replace(
            a_plan(HTTP, routes=(Route(receiver="other"),)),
            receivers=("other",),
            remind_every=timedelta(minutes=90),
        )
        pipeline.replace(other, NOON + timedelta(minutes=5))
        pipeline.tell(NOON + timedelta(minutes=5))
        pipeline.tell(NOON + timedelta(hours=2))
        feed(pipeline, OK, OK, start=NOON + timedelta(hours=3))

        told = [(each.receiver, each.alert.type) for each in ledger.notifications]
        assert told == [
            ("oncall", AlertType.FIRING),
            ("other", AlertType.FIRING),
            ("other", AlertType.REMINDER),
            ("other", AlertType.RESOLVED),
        ]

    def test_a_reload_takes_other_times_up(self):
        """After a reload the routes are those of the new configuration at once."""
        pipeline, _, ledger = watching(HTTP, routes=self.ROUTES)
        feed(pipeline, *DOWN)
        pipeline.replace(a_plan(HTTP, routes=(Route(receiver="office"),)), NOON)

        assert pipeline.tell(NOON + timedelta(minutes=5)) is None
        assert [n.receiver for n in ledger.notifications] == ["oncall", "office"]

    def test_a_clock_that_was_set_back(self):
        """Where the clock was set back over a change, the routes are those of that time."""
        pipeline, _, ledger = watching(HTTP, routes=self.ROUTES)
        pipeline.tell(self.OPENS)

        assert pipeline.tell(NOON) == self.OPENS
        feed(pipeline, *DOWN)
        assert [n.receiver for n in ledger.notifications] == ["oncall"]


class TestStanding:
    """What receivers that forget are told again and again."""

    def test_outage_stands_until_it_ends(self):
        """An open incident stands as firing, since its real beginning."""
        pipeline, _, ledger = watching(HTTP)
        feed(pipeline, *DOWN)

        [alert] = pipeline.standing("oncall")
        assert alert.type is AlertType.FIRING
        assert alert.incident == ledger.notifications[0].alert.incident
        assert alert.checks == ledger.notifications[0].alert.checks

    def test_nobody_else_is_told(self):
        """To a receiver that was not told of an incident nothing stands."""
        pipeline, _, _ = watching(HTTP)
        feed(pipeline, *DOWN)

        assert pipeline.standing("other") == ()

    def test_end_stands_for_a_while(self):
        """An end stands, with its real time, for a quarter of an hour after it was told."""
        pipeline, _, ledger = watching(HTTP)
        feed(pipeline, *DOWN, OK, OK)
        told_at = NOON + timedelta(minutes=4)
        [resolved] = pipeline.standing("oncall")
        pipeline.keep_telling((), told_at + timedelta(minutes=14))
        later = pipeline.standing("oncall")
        pipeline.keep_telling((), told_at + timedelta(minutes=16))

        assert resolved.type is AlertType.RESOLVED
        assert resolved.incident == ledger.notifications[-1].alert.incident
        assert later == (resolved,)
        assert pipeline.standing("oncall") == ()

    def test_what_is_told_to_nobody_does_not_stand(self):
        """Of an incident that nobody was told of nothing stands."""
        pipeline, board, _ = watching(HTTP, routes=())
        feed(pipeline, *DOWN)

        assert len(board.incidents) == 1
        assert pipeline.standing("oncall") == ()

    def test_offline_stands_until_we_are_back(self):
        """That we are offline stands until we are back, also after a restart."""
        pipeline, _, _ = watching(HTTP)
        pipeline.stay_offline(NOON, UnknownCause.SELF_OFFLINE)
        standing = [alert.type for alert in pipeline.standing("oncall")]
        pipeline.come_back(NOON, NOON + timedelta(minutes=1), 1, UnknownCause.SELF_OFFLINE)

        assert standing == [AlertType.SELF_OFFLINE]
        assert pipeline.standing("oncall") == ()

    def test_a_report_that_fails_is_one_message(self):
        """That a report could not be made is the same message however often it is told."""
        pipeline, _, recorder = watching(HTTP)
        for minutes in (0, 60):
            at = NOON + timedelta(minutes=minutes)
            pipeline.tell_unreported("2026-10", NOON, at, "the disk is full")
        pipeline.tell_unreported("2026-10, bapenda", NOON, NOON, "the disk is full")

        told = [each for change in recorder.changes for each in change.notifications]
        assert {each.alert.type for each in told} == {AlertType.SELF_UNREPORTED}
        assert (len(told), len({each.id for each in told})) == (3, 2)


def a_note(incident, by="Rina", **changes):
    fields = {"incident": incident, "kind": NoteKind.ACKNOWLEDGED, "by": by, "at": NOON}
    return Note(**{**fields, "text": "Sedang dicek", "via": Via.COMMAND, **changes})


class TestNotes:
    def test_each_acknowledgement_is_a_note(self):
        """Who takes care is written with the incident in one change; who takes over replaces
        them in the incident, and nobody among the notes.
        """
        pipeline, board, ledger = watching(HTTP)
        feed(pipeline, *DOWN)
        (incident,) = board.incidents.values()
        first, second = a_note(incident.id), a_note(incident.id, "Budi")
        taken = [pipeline.acknowledge(first), pipeline.acknowledge(second)]

        assert taken == [True, True]
        assert [change.notes for change in ledger.changes[-2:]] == [(first,), (second,)]
        assert [change.incidents[0].acknowledged.by for change in ledger.changes[-2:]] == [
            "Rina",
            "Budi",
        ]

    def test_nothing_is_noted_of_what_is_not_down(self):
        """Nobody takes care of an incident that is not open, and nothing is written of it."""
        pipeline, _, ledger = watching(HTTP)

        assert not pipeline.acknowledge(a_note("INC1"))
        assert ledger.changes == []

    def test_a_comment_tells_nobody(self):
        """A comment is written, changes nothing of the incident, and has nobody told."""
        pipeline, board, ledger = watching(HTTP)
        feed(pipeline, *DOWN)
        (incident,) = board.incidents.values()
        said = a_note(incident.id, kind=NoteKind.COMMENT)
        pipeline.comment(said)
        pipeline.tell(NOON + timedelta(hours=1))

        assert ledger.changes[-1] == Change(notes=(said,))
        assert list(board.incidents.values()) == [incident]
        assert ledger.told == [AlertType.FIRING]


def test_a_message_says_when_it_was_decided():
    """A message carries the time at which it was decided to tell of an incident, from which its
    link by which one takes care is made.
    """
    pipeline, _, ledger = watching(HTTP)
    for observation in observed(*DOWN, check=HTTP):
        pipeline.record(observation)
    decided = NOON + timedelta(hours=2)
    pipeline.tell(decided)

    assert [one.alert.incident.told_at for one in ledger.notifications] == [decided]
