from datetime import timedelta

import pytest

from monitor.domain.alert import AlertType, Route
from monitor.domain.check import Affects, CheckId
from monitor.domain.incident import AffectedCheck, Incident, incident_id
from monitor.domain.observation import MissedReason, UnknownCause
from monitor.domain.service import Service, ServiceId
from monitor.domain.state import CheckState
from monitor.domain.status import Status
from monitor.domain.surroundings import Grouping
from monitor.engine.board import Board
from monitor.engine.pipeline import Pipeline, Plan
from monitor.engine.resume import resume, unchanged_since
from monitor.ports import Configured, LastSample, Restored, TallySnapshot
from tests.fakes import NOON, OK, REFUSED, FakeClock, a_check, observed
from tests.unit.engine.test_pipeline import Ledger

CHECK = a_check(failure_threshold=2)
PORTAL = Service(id=ServiceId("portal"), name="Portal", owner="diskominfo")
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
MINUTE_US = 60_000_000
LAST = NOON - HOUR


def known(status: Status) -> CheckState:
    return CheckState(
        status=status, since=LAST - HOUR, cause=None, confirmed=status, confirmed_since=LAST - HOUR
    )


def remembered(status=Status.UP, **changes) -> Restored:
    fields = {
        "epoch": 3,
        "stopped_at": None,
        "states": {CHECK.id: known(status)},
        "last_samples": {CHECK.id: LastSample(epoch=3, scheduled_at=LAST)},
        "incidents": (),
        "tallies": {},
        "service_tallies": {},
        "later_samples": {},
    }
    return Restored(**{**fields, **changes})


@pytest.mark.parametrize(
    ("configured", "since"),
    [(None, None), (Configured("a", LAST), LAST), (Configured("b", LAST), None)],
)
def test_unchanged_since(configured, since):
    """Only a configuration that was in force to the end is known from the runs before."""
    assert unchanged_since(remembered(configured=configured), "a") == since


def resumed(restored: Restored):
    board, ledger = Board(), Ledger()
    pipeline = Pipeline(board, ledger, "balaikota")
    plan = Plan(
        services=(PORTAL,),
        checks=(CHECK,),
        routes=(Route(receiver="oncall"),),
        receivers=("oncall",),
        grouping=Grouping(wait=timedelta(0)),
    )
    pipeline.watch(plan, NOON, restored.states)
    resume(restored, board, pipeline, FakeClock(), "balaikota")
    pipeline.reconcile(NOON)
    pipeline.tell(NOON)
    return pipeline, board, ledger


def an_incident(service=PORTAL.id) -> Incident:
    return Incident(
        id="INC1",
        service=service,
        started_at=LAST - HOUR,
        checks=(AffectedCheck(id=CHECK.id, since=LAST - HOUR),),
        sequence=1,
        receivers=("oncall",),
    )


class TestTheGap:
    def test_after_a_recorded_stop_it_is_unknown_from_there(self):
        """From a recorded stop on nothing is known, at once."""
        _, board, _ = resumed(remembered(stopped_at=LAST + MINUTE))
        state = board[CHECK.id].state

        assert (state.status, state.since) == (Status.UNKNOWN, LAST + MINUTE)
        assert state.cause is UnknownCause.MONITOR_STOPPED

    def test_after_a_crash_the_last_sample_holds_first(self):
        """After a crash the last sample holds for its 2.5 intervals, and then nothing is known."""
        _, board, _ = resumed(remembered())

        assert board[CHECK.id].state.since == LAST + 2.5 * MINUTE

    def test_a_quick_restart_loses_nothing(self):
        """A crash and a start within the hold limit leave the status as it was."""
        last = LastSample(epoch=3, scheduled_at=NOON - MINUTE)
        _, board, _ = resumed(remembered(last_samples={CHECK.id: last}))

        assert board[CHECK.id].state.status is Status.UP

    def test_missed_slots_are_recorded(self):
        """The slots of the time in which we were stopped are recorded as missed, in one row."""
        _, _, ledger = resumed(remembered())
        [missed] = [m for change in ledger.changes for m in change.missed]

        assert (missed.reason, missed.count) == (MissedReason.STOPPED, 60)


class TestWhatWasNotWritten:
    def test_down_without_an_incident_opens_it(self):
        """A crash between the state and its incident loses no alert: it is told at the start, under
        the id that it had.
        """
        _, board, ledger = resumed(remembered(Status.DOWN))

        assert ledger.told == [AlertType.FIRING]
        expected = incident_id(PORTAL.id, Affects.AVAILABILITY, LAST - HOUR)
        assert board.incident(PORTAL.id).id == expected

    def test_incident_of_the_past_gives_nobody_its_id(self):
        """An incident that begins in the microsecond of an earlier one has an id of its own."""
        taken = incident_id(PORTAL.id, Affects.AVAILABILITY, LAST - HOUR)
        _, board, _ = resumed(remembered(Status.DOWN, past=(taken,)))

        assert board.incident(PORTAL.id).id != taken

    def test_check_that_is_not_configured_is_forgotten(self):
        """What a check was when it was taken out is no news when it comes back in a year."""
        gone = CheckId("gone")
        states = {CHECK.id: known(Status.UP), gone: known(Status.DOWN)}
        _, _, ledger = resumed(remembered(states=states))

        assert [i for change in ledger.changes for i in change.forgotten] == [gone]


class TestNothingIsDecidedAgain:
    def test_vantage_that_saw_nothing_yet_ends_nothing(self):
        """An open incident stays open until somebody has seen its checks: nothing is resolved
        because the vantage has another name now.
        """
        restored = remembered(states={}, last_samples={}, incidents=(an_incident(),))
        pipeline, board, ledger = resumed(restored)
        assert board.incident(PORTAL.id) is not None
        assert ledger.told == []
        for observation in observed(OK, OK, check=CHECK):
            pipeline.record(observation)
        pipeline.tell(NOON)

        assert ledger.told == [AlertType.RESOLVED]

    def test_still_down_tells_nobody(self):
        """What was down before a restart and is down after it is not told again."""
        restored = remembered(Status.DOWN, incidents=(an_incident(),))
        pipeline, _, ledger = resumed(restored)
        for observation in observed(*[REFUSED] * 5, check=CHECK):
            pipeline.record(observation)
        pipeline.tell(NOON)

        assert ledger.told == []

    def test_recovery_during_the_stop_is_told_once(self):
        """What recovered while we were stopped is told when it is confirmed, with its real start."""
        restored = remembered(Status.DOWN, incidents=(an_incident(),))
        pipeline, _, ledger = resumed(restored)
        for observation in observed(OK, OK, OK, check=CHECK):
            pipeline.record(observation)
        pipeline.tell(NOON)

        assert ledger.told == [AlertType.RESOLVED]
        assert ledger.notifications[0].alert.incident.ended_at == NOON

    def test_incident_of_a_removed_service_is_ended(self):
        """An incident whose service was taken out while we were stopped ends at the start."""
        restored = remembered(states={}, incidents=(an_incident(ServiceId("gone")),))
        _, board, ledger = resumed(restored)

        assert ledger.told == [AlertType.RESOLVED]
        assert board.incidents == {}


class TestTotals:
    def test_go_on_from_what_was_stored(self):
        """Totals continue, what was seen after they were stored is added, the gap is unknown."""
        at = int((LAST - 10 * MINUTE).timestamp()) * 1_000_000
        stored = TallySnapshot(at=at, microseconds={Status.UP: 1000})
        later = [(at + n * MINUTE_US, Status.UP) for n in range(11)]
        _, board, _ = resumed(
            remembered(
                tallies={CHECK.id: stored},
                later_samples={CHECK.id: later},
                stopped_at=LAST + MINUTE,
            )
        )
        tally = board[CHECK.id].tally

        assert tally.microseconds[Status.UP] == 1000 + 11 * MINUTE_US
        tally.sample(int(NOON.timestamp()) * 1_000_000, Status.UP, MINUTE_US)
        assert tally.microseconds[Status.UNKNOWN] == 59 * MINUTE_US
