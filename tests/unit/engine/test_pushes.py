from datetime import timedelta
from types import SimpleNamespace

import pytest

from monitor.checktype import CheckType, PushForm, Silence, Verdict
from monitor.domain.check import CheckId
from monitor.domain.instant import microseconds
from monitor.domain.observation import Failure, FailureKind, Outcome, OutcomeStatus, UnknownCause
from monitor.domain.push import Arrival, Signal, follow_push
from monitor.domain.status import Status
from monitor.engine.board import Board
from monitor.engine.pipeline import Pipeline
from monitor.engine.pushes import Pushes
from monitor.engine.timetable import Due
from monitor.engine.watchdog import expired_at
from monitor.ports import Change, MarkKind, StoreError
from tests.fakes import NOON, FakeClock, a_check
from tests.unit.engine.test_pipeline import Ledger, a_plan

JOB = CheckId("backup")
TOKEN = "0123456789abcdef"
CHECK = a_check(id=JOB, failure_threshold=1, success_threshold=1)
PERIOD, GRACE = timedelta(minutes=10), timedelta(minutes=5)
LATE = Outcome(status=OutcomeStatus.FAILED, failure=Failure(FailureKind.LATE, "late"))


class Clock(FakeClock):
    """A timeline that began at noon."""

    epoch_began = NOON


class DiskStore:
    """Keeps what it is given, unless it is broken."""

    def __init__(self):
        self.changes: list[Change] = []
        self.broken = False

    async def commit(self, change):
        if self.broken:
            raise StoreError("disk full")
        self.changes.append(change)

    @property
    def pushes(self):
        return [push for change in self.changes for push in change.pushes]


def judge(_, silence: Silence):
    """Say what a job that is due every ten minutes is, five minutes after that it is late."""
    last = silence.last
    if last is None:
        return Verdict(outcome=Outcome(status=OutcomeStatus.UNKNOWN, cause=UnknownCause.NO_DATA))
    due = last.ended_at + PERIOD
    if silence.at < last.ended_at:
        return Verdict(outcome=Outcome())
    if silence.at < due:
        return Verdict(outcome=Outcome(status=last.status), began=last.ended_at)
    if any(gap.end is None or gap.end > due for gap in silence.gaps):
        return Verdict(outcome=Outcome(status=OutcomeStatus.UNKNOWN, cause=silence.gaps[-1].cause))
    return Verdict(outcome=LATE, began=due) if silence.now >= due + GRACE else None


class House:
    """A passive check with all that is around it; minutes pass slot by slot."""

    def __init__(self, form=PushForm.SIGNALS, restored=None, stopped_at=None):
        self.clock, self.ledger, self.store, self.board = Clock(), Ledger(), DiskStore(), Board()
        self.pipeline = Pipeline(self.board, self.ledger, "balaikota")
        self.pipeline.replace(a_plan(CHECK), NOON)
        self.pushes = Pushes(
            clock=self.clock, pipeline=self.pipeline, store=self.store, vantage="balaikota"
        )
        self.pipeline.followers += (self.pushes.marked,)
        self.pushes.restore(restored or {}, stopped_at)
        spec = SimpleNamespace(
            push_token=lambda: SimpleNamespace(reveal=lambda: TOKEN),
            pushed_names=lambda: frozenset({"fuel"}),
        )
        kind = CheckType(spec=None, push=form, judge_silence=judge)
        self.pushes.replace([SimpleNamespace(check=CHECK, kind=kind, spec=spec)])

    def pass_minutes(self, count):
        for _ in range(count):
            self.clock.advance(timedelta(minutes=1))
            at = microseconds(self.clock.now())
            assert self.pushes.look(Due(JOB, at, 0, at))

    async def push(self, signal=Signal.SUCCESS, at=None, status=OutcomeStatus.OK):
        now = self.clock.now()
        return await self.pushes.take(
            JOB, Arrival(signal=signal, at=at or now, received_at=now, status=status)
        )

    @property
    def state(self):
        return self.board[JOB].state

    def tell(self):
        """Tell what is due by now."""
        self.pipeline.tell(self.clock.now())

    @property
    def samples(self):
        return [
            ((o.scheduled_at - NOON) // timedelta(minutes=1), o.sample)
            for change in self.ledger.changes
            for o in change.observations
        ]


async def test_late_job_is_down_since_it_was_due():
    """A late job is down from the instant at which it was due, in its state and in its samples."""
    house = House()
    await house.push()
    house.pass_minutes(16)
    house.tell()

    assert (house.state.status, house.state.since) == (Status.DOWN, NOON + PERIOD)
    assert [minute for minute, sample in house.samples if sample is Status.DOWN] == [*range(10, 17)]
    assert house.ledger.told == ["alert.firing"]


async def test_late_since_between_slots():
    """Down begins when it was due, also where that lies between two slots."""
    house = House()
    house.clock.advance(30)
    await house.push()
    house.clock.advance(-30)
    house.pass_minutes(16)

    due = NOON + PERIOD + timedelta(seconds=30)
    assert house.state.since == due
    assert house.board.incidents.popitem()[1].started_at == due


async def test_late_job_is_told_once():
    """However long a job is silent, it is one message; its return is another."""
    house = House()
    await house.push()
    house.pass_minutes(300)
    house.tell()
    await house.push()
    house.pass_minutes(5)
    house.tell()

    assert house.ledger.told == ["alert.firing", "alert.resolved"]


async def test_grace_leaves_no_hole():
    """Slots of which nobody could say anything are recorded as soon as somebody can."""
    house = House()
    await house.push()
    house.pass_minutes(13)
    waiting = [minute for minute, _ in house.samples]
    await house.push()

    assert waiting == [0, *range(1, 10)]
    assert [pair for pair in house.samples if pair[1] is not Status.UP] == []
    assert {minute for minute, _ in house.samples} == set(range(14))


async def test_nobody_calls_it_unknown_in_its_grace():
    """A long grace is no lack of data: the last sample speaks until there is something to say."""
    house = House()
    await house.push()
    house.pass_minutes(14)

    now = microseconds(house.clock.now())
    assert expired_at(house.board[JOB], now) is None
    await house.push()
    assert expired_at(house.board[JOB], now + 10**9) is not None


async def test_failure_is_down_at_once():
    """A job that says that it failed is down at that very instant."""
    house = House()
    await house.push()
    house.pass_minutes(3)
    house.clock.advance(7)
    await house.push(Signal.FAIL, status=OutcomeStatus.FAILED)

    assert (house.state.status, house.state.since) == (Status.DOWN, house.clock.now())


async def test_push_is_stored_before_it_is_acknowledged():
    """What could not be stored is not acknowledged; whoever pushes has to push again."""
    house = House()
    house.store.broken = True

    with pytest.raises(StoreError):
        await house.push()


async def test_pushes_go_on_after_a_restart():
    """What was pushed last counts after a restart, and numbers go on."""
    arrival = Arrival(signal=Signal.SUCCESS, at=NOON - GRACE, received_at=NOON)
    house = House(restored={JOB: follow_push(JOB, None, arrival)}, stopped_at=NOON)
    house.pass_minutes(1)
    before = house.state.status
    await house.push()

    assert before is Status.UP
    assert house.store.pushes[-1].number == 2


async def test_our_own_absence_is_unknown():
    """What was due while we were stopped is unknown, because of us."""
    arrival = Arrival(signal=Signal.SUCCESS, at=NOON - PERIOD - GRACE, received_at=NOON)
    house = House(
        restored={JOB: follow_push(JOB, None, arrival)}, stopped_at=NOON - timedelta(hours=1)
    )
    house.pass_minutes(30)

    assert {sample for _, sample in house.samples} == {Status.UNKNOWN}
    assert house.state.cause is UnknownCause.MONITOR_STOPPED


@pytest.mark.parametrize(
    ("kind", "seconds", "excuses"),
    [
        (MarkKind.PAUSE, 2, False),
        (MarkKind.PAUSE, 30, True),
        (MarkKind.SELF_OFFLINE, 1, True),
        (MarkKind.CLOCK_STEP, 1, True),
    ],
)
async def test_events_of_ours_excuse_silence(kind, seconds, excuses):
    """A network of ours that is gone, a long pause or a step of the clock may lose a report; in
    a short pause the kernel keeps it for us.
    """
    house = House()
    await house.push()
    house.pass_minutes(11)
    house.pipeline.mark(kind, house.clock.now() - timedelta(seconds=seconds), 1)
    house.pass_minutes(6)

    assert (house.state.status is Status.UNKNOWN) is excuses


def test_tokens_lead_to_their_check():
    """A token leads to its check, and no other text to any."""
    pushes = House().pushes

    assert pushes.owner(TOKEN) == JOB
    assert [pushes.owner(other) for other in ("", TOKEN[:-1], TOKEN.upper(), "x" * 64)] == [
        None
    ] * 4


def test_token_is_not_kept():
    """Only the hash of a token is kept."""
    house = House()

    assert TOKEN not in repr(vars(house.pushes))
    assert TOKEN.encode() not in house.pushes._by_token


def test_forms_are_kept_apart():
    """A heartbeat takes no results, and a check that takes results has no secret URL."""
    heartbeat, external = House().pushes, House(PushForm.RESULTS).pushes

    assert heartbeat.names(JOB) is None
    assert heartbeat.proves(JOB, TOKEN) is None
    assert external.owner(TOKEN) is None
    assert external.proves(JOB, TOKEN) is True
    assert external.proves(JOB, TOKEN + "x") is False


class TestResults:
    async def test_same_time_is_no_news(self):
        """A result that is sent again changes nothing."""
        house = House(PushForm.RESULTS)
        await house.push(Signal.RESULT)
        again = await house.push(Signal.RESULT, at=NOON, status=OutcomeStatus.FAILED)

        assert not again
        assert house.state.status is Status.UP
        assert len(house.store.changes) == 1

    async def test_older_result_wakes_nobody(self):
        """An older result is added to the record, and changes nothing that is shown."""
        house = House(PushForm.RESULTS)
        house.pass_minutes(5)
        await house.push(Signal.RESULT)
        older = NOON + timedelta(minutes=2)
        news = await house.push(Signal.RESULT, at=older, status=OutcomeStatus.FAILED)

        [added] = house.store.changes[-1].observations
        assert (news, added.scheduled_at, added.sample) == (False, older, Status.DOWN)
        assert house.state.status is Status.UP
        assert house.ledger.told == []

    async def test_result_from_before_we_began(self):
        """A result from before this run is not recorded: what else went by nobody knows."""
        house = House(PushForm.RESULTS)
        news = await house.push(Signal.RESULT, at=NOON - timedelta(minutes=1))

        assert not news
        assert house.store.changes == []
