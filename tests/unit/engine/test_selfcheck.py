import asyncio

import pytest

from monitor.domain.check import CheckId
from monitor.domain.observation import (
    Failure,
    FailureKind,
    Outcome,
    OutcomeStatus,
    UnknownCause,
)
from monitor.domain.status import Status
from monitor.engine.selfcheck import Canary, Proof, SelfCheck, needs_proof, settled, weigh
from tests.fakes import OK, FakeClock, a_check, observed

CHECK = a_check()
OTHER = a_check(id=CheckId("other"))
LOCAL = a_check(id=CheckId("local"), local=True)


def failing(kind: FailureKind, *, answered: bool = False) -> Outcome:
    return Outcome(
        status=OutcomeStatus.FAILED, failure=Failure(kind, "no answer"), answered=answered
    )


TIMEOUT = failing(FailureKind.CONNECT_TIMEOUT)


def seen(outcome: Outcome, check=CHECK):
    return observed(outcome, check=check)[0]


class Answering:
    """A canary that answers while `alive`, and counts how often it was asked."""

    def __init__(self, *, alive: bool) -> None:
        self.alive = alive
        self.asked = 0

    async def __call__(self, deadline: float) -> bool:
        self.asked += 1
        await asyncio.sleep(0)
        return self.alive


def self_check(clock: FakeClock, network: Answering | None, resolver: Answering | None = None):
    return SelfCheck(
        [Canary("far", network)] if network else [],
        [Canary("resolver", resolver)] if resolver else [],
        clock.monotonic,
    )


class TestWhatNeedsProof:
    @pytest.mark.parametrize(
        "kind",
        [
            FailureKind.RESOLVE_TIMEOUT,
            FailureKind.RESOLVE_SERVFAIL,
            FailureKind.RESOLVE_NXDOMAIN,
            FailureKind.CONNECT_TIMEOUT,
            FailureKind.CONNECT_UNREACHABLE,
            FailureKind.TIMEOUT,
        ],
    )
    def test_failures_of_a_dead_network(self, kind):
        """What a dead network of ours could cause counts only with proof that we are online."""
        assert needs_proof(CHECK, seen(failing(kind)))

    @pytest.mark.parametrize(
        "kind", [FailureKind.CONNECT_REFUSED, FailureKind.STATUS, FailureKind.TLS_EXPIRED]
    )
    def test_an_answer_is_the_proof(self, kind):
        """What only a target could say counts at once."""
        assert not needs_proof(CHECK, seen(failing(kind, answered=True)))

    def test_silence_after_an_answer(self):
        """A target that answered and fell silent may have been cut off from us in between."""
        assert needs_proof(CHECK, seen(failing(FailureKind.TIMEOUT, answered=True)))
        assert not needs_proof(LOCAL, seen(failing(FailureKind.TIMEOUT, answered=True), LOCAL))

    def test_loopback_needs_none(self):
        """Between us and a loopback target there is no network."""
        assert not needs_proof(LOCAL, seen(TIMEOUT, LOCAL))


class TestProof:
    async def test_answering_canary_proves(self):
        """A canary that answers proves that the target is at fault."""
        assert (
            await self_check(FakeClock(), Answering(alive=True)).prove(
                CHECK, FailureKind.CONNECT_TIMEOUT, 0
            )
            is Proof.ONLINE
        )

    async def test_a_witness_of_earlier_is_none_for_a_silence(self):
        """Once a target has answered, only what answers after its probe ended proves that we are
        still online.
        """
        clock, canary = FakeClock(), Answering(alive=False)
        checking = self_check(clock, canary)
        began = clock.monotonic()
        clock.advance(1)
        checking.note(OTHER, seen(OK, OTHER), clock.monotonic())
        clock.advance(1)

        kind = FailureKind.TIMEOUT
        assert await checking.prove(CHECK, kind, began) is Proof.ONLINE
        assert await checking.prove(CHECK, kind, began, answered=True) is Proof.OFFLINE
        canary.alive = True
        clock.advance(1)
        assert await checking.prove(CHECK, kind, began, answered=True) is Proof.ONLINE

    async def test_disproved_canaries_are_believed_again_once_they_answer(self):
        """Canaries that were silent while a target answered say nothing against an answer, until one
        of them answers.
        """
        clock, canary = FakeClock(), Answering(alive=False)
        checking = self_check(clock, canary)
        checking.disprove()

        async def after_answer() -> Proof:
            clock.advance(1)
            return await checking.prove(
                CHECK, FailureKind.TIMEOUT, clock.monotonic(), answered=True
            )

        assert await after_answer() is Proof.ONLINE
        canary.alive = True
        assert await after_answer() is Proof.ONLINE
        canary.alive = False
        assert await after_answer() is Proof.OFFLINE

    async def test_silent_canaries_prove_that_we_are_offline(self):
        """When no canary answers, it is us."""
        proof = await self_check(FakeClock(), Answering(alive=False)).prove(
            CHECK, FailureKind.CONNECT_TIMEOUT, 0
        )

        assert proof is Proof.OFFLINE
        assert settled(seen(TIMEOUT), proof).outcome.cause is UnknownCause.SELF_OFFLINE
        assert settled(seen(TIMEOUT), proof).sample is Status.UNKNOWN

    async def test_later_answer_of_another_target_proves(self):
        """A target that answered a later probe is as good as a canary, and no canary is asked."""
        clock, canary = FakeClock(), Answering(alive=False)
        check = self_check(clock, canary)
        check.note(OTHER, seen(OK, OTHER), began=clock.monotonic() + 1)

        assert await check.prove(CHECK, FailureKind.TIMEOUT, clock.monotonic()) is Proof.ONLINE
        assert canary.asked == 0

    async def test_earlier_answer_proves_nothing(self):
        """A target that answered before the failing probe began says nothing about now."""
        clock = FakeClock()
        check = self_check(clock, Answering(alive=False))
        check.note(OTHER, seen(OK, OTHER), began=clock.monotonic() - 1)

        assert await check.prove(CHECK, FailureKind.TIMEOUT, clock.monotonic()) is Proof.OFFLINE

    async def test_own_and_local_answers_prove_nothing(self):
        """Neither the failing target itself nor one on loopback is a witness."""
        clock = FakeClock()
        check = self_check(clock, Answering(alive=False))
        check.note(CHECK, seen(OK), began=clock.monotonic() + 1)
        check.note(LOCAL, seen(OK, LOCAL), began=clock.monotonic() + 1)

        assert await check.prove(CHECK, FailureKind.TIMEOUT, clock.monotonic()) is Proof.OFFLINE

    async def test_what_is_remembered_proves_nothing(self):
        """A check that is well by what it remembers, and asked nobody, is no witness."""
        clock = FakeClock()
        check = self_check(clock, Answering(alive=False))
        check.note(OTHER, seen(Outcome(), OTHER), began=clock.monotonic() + 1)

        assert await check.prove(CHECK, FailureKind.TIMEOUT, clock.monotonic()) is Proof.OFFLINE

    async def test_one_round_serves_a_storm(self):
        """Five hundred failures at once ask each canary once, not five hundred times."""
        canary = Answering(alive=False)
        check = self_check(FakeClock(), canary)
        proofs = await asyncio.gather(
            *(check.prove(CHECK, FailureKind.TIMEOUT, 0.0) for _ in range(500))
        )

        assert set(proofs) == {Proof.OFFLINE}
        assert canary.asked == 1

    async def test_dead_resolver_is_ours(self):
        """When the canary name is not resolved either, our resolver is dead, not the target."""
        check = self_check(FakeClock(), Answering(alive=True), Answering(alive=False))
        proof = await check.prove(CHECK, FailureKind.RESOLVE_TIMEOUT, 0)

        assert settled(seen(TIMEOUT), proof).outcome.cause is UnknownCause.RESOLVER

    async def test_living_resolver_blames_the_target(self):
        """When the canary name resolves and the target's does not, the target is down."""
        check = self_check(FakeClock(), Answering(alive=True), Answering(alive=True))
        failure = seen(failing(FailureKind.RESOLVE_SERVFAIL))
        proof = await check.prove(CHECK, FailureKind.RESOLVE_SERVFAIL, 0)

        assert settled(failure, proof) is failure

    async def test_dead_resolver_excuses_no_dead_host(self):
        """A dead resolver says nothing about a target that did not answer at its address."""
        check = self_check(FakeClock(), Answering(alive=True), Answering(alive=False))

        assert await check.prove(CHECK, FailureKind.CONNECT_TIMEOUT, 0) is Proof.ONLINE

    async def test_without_canary_a_failure_counts(self):
        """Where there is no canary at all, a failure counts: better one message too many."""
        proof = await self_check(FakeClock(), None).prove(CHECK, FailureKind.TIMEOUT, 0)

        assert settled(seen(TIMEOUT), proof).sample is Status.DOWN

    async def test_gateway_that_never_answers_is_no_canary(self):
        """A canary that was only assumed counts once it has answered for the first time."""
        canary = Answering(alive=False)
        check = SelfCheck([Canary("gateway", canary, assumed=True)], [], FakeClock().monotonic)
        first = await check.ask()
        canary.alive = True
        await asyncio.sleep(0)

        assert first is Proof.NO_CANARY

    async def test_gateway_that_answered_once_counts(self):
        """An assumed canary that has answered before proves by its silence that we are offline."""
        clock, canary = FakeClock(), Answering(alive=True)
        check = SelfCheck([Canary("gateway", canary, assumed=True)], [], clock.monotonic)
        assert await check.ask() is Proof.ONLINE
        canary.alive = False
        clock.advance(5)

        assert await check.ask() is Proof.OFFLINE

    async def test_crashing_canary_is_silent(self):
        """A canary that raises did not answer, and takes nothing down with it."""

        async def crash(deadline: float) -> bool:
            raise OSError(deadline)

        check = SelfCheck([Canary("far", crash)], [], FakeClock().monotonic)

        assert await check.ask() is Proof.OFFLINE


@pytest.mark.parametrize(
    ("network", "require", "proof"),
    [([True, False], 1, Proof.ONLINE), ([True, False], 2, Proof.OFFLINE), ([], 1, Proof.NO_CANARY)],
)
def test_require(network, require, proof):
    """As many canaries must answer as are required."""
    assert weigh(network, [], require) is proof
