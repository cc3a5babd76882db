import asyncio
from datetime import timedelta

from monitor.domain.alert import AlertType
from monitor.domain.check import CheckId
from monitor.domain.observation import (
    Failure,
    FailureKind,
    Outcome,
    OutcomeStatus,
    UnknownCause,
)
from monitor.domain.service import Service, ServiceId
from monitor.domain.status import Status
from monitor.engine.board import Board
from monitor.engine.connectivity import Connectivity
from monitor.engine.pipeline import Pipeline, Plan
from monitor.engine.selfcheck import Canary, SelfCheck
from monitor.ports import MarkKind
from tests.fakes import NOON, OK, FakeClock, FakeTelemetry, a_check, observed
from tests.unit.engine.test_pipeline import Ledger
from tests.unit.engine.test_selfcheck import Answering

CHECKS = tuple(a_check(id=CheckId(f"check-{n}")) for n in range(20))
TIMEOUT = Outcome(
    status=OutcomeStatus.FAILED, failure=Failure(FailureKind.CONNECT_TIMEOUT, "no answer")
)
FELL_SILENT = Outcome(
    status=OutcomeStatus.FAILED,
    failure=Failure(FailureKind.TIMEOUT, "no answer from"),
    answered=True,
)
REFUSED = Outcome(
    status=OutcomeStatus.FAILED, failure=Failure(FailureKind.CONNECT_REFUSED, "refused")
)
NO_ROUTE = Outcome(
    status=OutcomeStatus.UNKNOWN,
    failure=Failure(FailureKind.CONNECT_UNREACHABLE, "ENETUNREACH"),
    cause=UnknownCause.SELF_OFFLINE,
)
PORTAL = Service(id=ServiceId("portal"), name="Portal", owner="diskominfo")


class Scene:
    """A network that is cut when a test says so."""

    def __init__(self, *, alive: bool) -> None:
        self.canary, self.clock, self.telemetry = (
            Answering(alive=alive),
            FakeClock(),
            FakeTelemetry(),
        )
        self.ledger, self.recoveries, self.back = Ledger(), 0, asyncio.Event()
        pipeline = Pipeline(Board(), self.ledger, "balaikota")
        pipeline.replace(
            Plan(services=(PORTAL,), checks=CHECKS, routes=(), receivers=("oncall",)), NOON
        )
        check = SelfCheck([Canary("far", self.canary)], [], self.clock.monotonic)
        self.connectivity = Connectivity(
            check, pipeline, self.clock, self.telemetry, self.recovered
        )

    def recovered(self) -> None:
        self.recoveries += 1
        self.back.set()

    async def judge(self, check, outcome):
        [seen] = observed(outcome, check=check, start=self.clock.now())
        began = self.clock.monotonic()
        self.clock.advance(1)
        return await self.connectivity.judge(check, seen, began)

    @property
    def marks(self):
        return [mark.kind for change in self.ledger.changes for mark in change.marks]


async def test_cut_network_is_one_alert():
    """When our network is cut, every failure is unknown and one message says so."""
    scene = Scene(alive=False)
    seen = await asyncio.gather(*(scene.judge(check, TIMEOUT) for check in CHECKS))

    assert {each.sample for each in seen} == {Status.UNKNOWN}
    assert scene.ledger.told == [AlertType.SELF_OFFLINE]
    assert scene.marks == [MarkKind.SELF_OFFLINE]


async def test_return_is_told_once_and_resets_deliveries():
    """When a target answers again, one message tells it and what waits is tried at once."""
    scene = Scene(alive=False)
    await scene.judge(CHECKS[0], TIMEOUT)
    for check in CHECKS:
        await scene.judge(check, OK)

    assert scene.ledger.told == [AlertType.SELF_OFFLINE, AlertType.SELF_RECOVERED]
    assert scene.recoveries == 1
    assert scene.connectivity.offline_since is None


async def test_word_from_before_the_return_is_no_second_loss():
    """What was asked while we were away, and is heard after our return, is no loss of its own: it is
    unknown, and nobody is told again.
    """
    scene = Scene(alive=False)
    await scene.judge(CHECKS[0], TIMEOUT)
    began = scene.clock.monotonic()
    waiting = [
        (check, observed(outcome, check=check, start=scene.clock.now())[0])
        for check, outcome in ((CHECKS[1], TIMEOUT), (CHECKS[2], NO_ROUTE))
    ]
    scene.clock.advance(1)
    await scene.judge(CHECKS[3], OK)
    late = [await scene.connectivity.judge(check, seen, began) for check, seen in waiting]

    assert {each.sample for each in late} == {Status.UNKNOWN}
    assert scene.ledger.told == [AlertType.SELF_OFFLINE, AlertType.SELF_RECOVERED]


async def test_no_route_is_offline_without_asking():
    """A kernel without a route says enough: no canary is asked."""
    scene = Scene(alive=False)
    await scene.judge(CHECKS[0], NO_ROUTE)

    assert scene.ledger.told == [AlertType.SELF_OFFLINE]
    assert scene.canary.asked == 0


async def test_probe_that_began_offline_takes_nobody_down():
    """A probe that began while we were offline says nothing, though we are back when it ends."""
    scene = Scene(alive=False)
    await scene.judge(CHECKS[0], TIMEOUT)
    [seen] = observed(TIMEOUT, check=CHECKS[1], start=scene.clock.now())
    began = scene.clock.monotonic()
    scene.clock.advance(1)
    scene.canary.alive = True
    await scene.judge(CHECKS[2], OK)

    late = await scene.connectivity.judge(CHECKS[1], seen, began)
    assert late.outcome.cause is UnknownCause.SELF_OFFLINE
    assert scene.ledger.told == [AlertType.SELF_OFFLINE, AlertType.SELF_RECOVERED]


async def test_way_to_a_target_may_be_found_two_seconds_after_the_return():
    """A probe that began within two seconds of the return, and was not answered while others were, says
    nothing; one that began later does.
    """
    scene = Scene(alive=False)
    await scene.judge(CHECKS[0], TIMEOUT)
    scene.canary.alive = True
    await scene.judge(CHECKS[1], OK)
    scene.clock.advance(0.9)
    seen = [await scene.judge(check, TIMEOUT) for check in CHECKS[2:5]]

    assert [each.sample for each in seen] == [Status.UNKNOWN, Status.UNKNOWN, Status.DOWN]
    assert seen[1].outcome.cause is UnknownCause.SELF_OFFLINE
    assert scene.ledger.told == [AlertType.SELF_OFFLINE, AlertType.SELF_RECOVERED]


async def test_refusal_right_after_the_return_is_down():
    """What a target answers counts from the moment of the return."""
    scene = Scene(alive=False)
    await scene.judge(CHECKS[0], TIMEOUT)
    await scene.judge(CHECKS[1], OK)

    assert (await scene.judge(CHECKS[2], REFUSED)).sample is Status.DOWN


async def test_first_failure_after_the_return_may_be_the_proof_of_it():
    """A dead target whose failure makes us ask, and find that we are back, is down two seconds later."""
    scene = Scene(alive=False)
    await scene.judge(CHECKS[0], TIMEOUT)
    scene.canary.alive = True
    scene.clock.advance(1)
    seen = [await scene.judge(CHECKS[0], TIMEOUT) for _ in range(4)]

    assert [each.sample for each in seen] == [*[Status.UNKNOWN] * 3, Status.DOWN]
    assert scene.ledger.told == [AlertType.SELF_OFFLINE, AlertType.SELF_RECOVERED]


async def test_dead_target_with_a_living_canary_is_down():
    """While our network works, a silent target is down."""
    seen = await Scene(alive=True).judge(CHECKS[0], TIMEOUT)

    assert seen.sample is Status.DOWN


async def test_cut_in_the_middle_of_an_answer_takes_nobody_down():
    """A target that had taken our request when our network was cut is unknown, not down."""
    scene = Scene(alive=False)
    seen = await scene.judge(CHECKS[0], FELL_SILENT)

    assert seen.outcome.cause is UnknownCause.SELF_OFFLINE
    assert scene.ledger.told == [AlertType.SELF_OFFLINE]


async def test_target_that_takes_requests_and_never_answers_is_down():
    """With a canary that answers it is down at once. With one that never does, its own answers prove
    it wrong: the loss and the return are told once, and soon after that it is down.
    """
    seen = await Scene(alive=True).judge(CHECKS[0], FELL_SILENT)
    assert seen.sample is Status.DOWN

    scene = Scene(alive=False)
    samples = [(await scene.judge(CHECKS[0], FELL_SILENT)).sample for _ in range(6)]
    assert samples == [*[Status.UNKNOWN] * 4, *[Status.DOWN] * 2]
    assert scene.ledger.told == [AlertType.SELF_OFFLINE, AlertType.SELF_RECOVERED]


async def test_offline_at_the_last_stop_goes_on():
    """Having been offline when it was stopped, the daemon tells the return and not the loss again."""
    scene = Scene(alive=False)
    scene.connectivity.resume(NOON - timedelta(hours=1))
    await scene.judge(CHECKS[0], TIMEOUT)
    await scene.judge(CHECKS[1], OK)

    assert scene.ledger.told == [AlertType.SELF_RECOVERED]


async def test_asks_until_it_is_back(monkeypatch):
    """While we are offline the canaries are asked, so that the return is noticed without a check."""
    monkeypatch.setattr("monitor.engine.connectivity._ASK_SECONDS", 0.0)
    scene = Scene(alive=False)
    await scene.judge(CHECKS[0], TIMEOUT)
    task = asyncio.create_task(scene.connectivity.run())
    scene.canary.alive = True
    scene.clock.advance(5)
    async with asyncio.timeout(5):
        await scene.back.wait()
    task.cancel()

    assert scene.ledger.told[-1] is AlertType.SELF_RECOVERED
