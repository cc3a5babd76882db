"""Tells a dead target from a dead network of our own."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from monitor.domain.check import Check, CheckId
from monitor.domain.observation import FailureKind, Observation, OutcomeStatus, UnknownCause

CANARY_SECONDS = 2.0

RESOLVER_KINDS = frozenset(
    {
        FailureKind.RESOLVE_NXDOMAIN,
        FailureKind.RESOLVE_SERVFAIL,
        FailureKind.RESOLVE_TIMEOUT,
        FailureKind.RESOLVE_REFUSED,
        FailureKind.RESOLVE_NODATA,
    }
)
# What may also come of a network that broke after the target had answered.
_SILENCES = frozenset({FailureKind.TIMEOUT, FailureKind.LOST})
_DOUBTFUL = (
    RESOLVER_KINDS | _SILENCES | {FailureKind.CONNECT_TIMEOUT, FailureKind.CONNECT_UNREACHABLE}
)


class Proof(StrEnum):
    """What is known of our own side at the time of a failure."""

    ONLINE = "online"
    OFFLINE = "offline"
    RESOLVER_DEAD = "resolver_dead"
    NO_CANARY = "no_canary"


@dataclass(frozen=True, slots=True)
class Canary:
    """Something that answers whenever our network works.

    `ask` takes a deadline (monotonic seconds) and returns whether it answered. An `assumed` one
    was not configured, and counts only once it has answered: a gateway may never answer anybody.
    """

    name: str
    ask: Callable[[float], Awaitable[bool]]
    assumed: bool = False


def needs_proof(check: Check, observation: Observation) -> bool:
    """Say whether this failure could be a fault of our own network.

    An answer from the target proves that we are online, unless silence followed it: the network
    may have broken in between. Between us and a loopback target there is no network.
    """
    outcome = observation.outcome
    if outcome.status is not OutcomeStatus.FAILED or outcome.failure is None or check.local:
        return False
    return outcome.failure.kind in (_SILENCES if outcome.answered else _DOUBTFUL)


def settled(observation: Observation, proof: Proof) -> Observation:
    """Return what a doubtful failure means once `proof` is known.

    Where there is no canary at all, the failure counts: better one message too many.
    """
    causes = {
        Proof.OFFLINE: UnknownCause.SELF_OFFLINE,
        Proof.RESOLVER_DEAD: UnknownCause.RESOLVER,
    }
    cause = causes.get(proof)
    if cause is None:
        return observation
    outcome = replace(observation.outcome, status=OutcomeStatus.UNKNOWN, cause=cause)
    return replace(observation, outcome=outcome)


class SelfCheck:
    """Remembers who answered lately, and asks the canaries when nobody did.

    `network` canaries prove that we are online, `resolver` ones that our resolver answers; these
    are asked only about names. At least `require` of the network canaries must answer.
    """

    def __init__(
        self,
        network: Sequence[Canary],
        resolver: Sequence[Canary],
        monotonic: Callable[[], float],
        require: int = 1,
    ) -> None:
        self._network = Questions(network, monotonic)
        self._resolver = Questions(resolver, monotonic)
        self._monotonic = monotonic
        self._require = require
        self._answered: dict[CheckId, float] = {}
        self._latest: tuple[CheckId, float] | None = None
        self._disproved = False

    def note(self, check: Check, observation: Observation, began: float) -> None:
        """Remember that a target beyond loopback answered a probe begun at `began`."""
        if check.local or not _proves(observation):
            return
        if self._latest is None or self._latest[0] != check.id:
            # Two witnesses are enough: the newest, and the newest that is another check.
            self._answered = dict([self._latest] if self._latest else [])
        self._answered[check.id] = began
        self._latest = (check.id, began)

    async def prove(
        self, check: Check, kind: FailureKind, began: float, *, answered: bool = False
    ) -> Proof:
        """Return what is known of our side since `began` (monotonic), asking if need be.

        `answered` says that the target had answered before it failed.
        """
        if answered:
            return await self._prove_after_answer(check)
        if kind in RESOLVER_KINDS:
            return await self._ask_since(began, names=True)
        if self._heard_since(began, check):
            return Proof.ONLINE
        return await self._ask_since(began, names=False)

    def disprove(self) -> None:
        """Hold the canaries' silence for no proof against an answer, until one of them answers."""
        self._disproved = True

    async def ask(self, *, names: bool = False) -> Proof:
        """Ask the canaries now: those of our network and, with `names`, of our resolver."""
        return await self._ask_since(self._monotonic(), names=names)

    async def _prove_after_answer(self, check: Check) -> Proof:
        """Ask whether we are online now: that we were, some time during the probe, is known."""
        now = self._monotonic()
        proof = await self._ask_since(now, names=False)
        if proof is Proof.OFFLINE and (self._disproved or self._heard_since(now, check)):
            self._disproved = True
            return Proof.ONLINE
        return proof

    def _heard_since(self, began: float, check: Check) -> bool:
        """Say whether another check's target answered a probe that began after `began`."""
        return any(at > began for other, at in self._answered.items() if other != check.id)

    async def _ask_since(self, began: float, *, names: bool) -> Proof:
        questions = (self._network, self._resolver) if names else (self._network,)
        network, *resolver = await asyncio.gather(*(each.since(began) for each in questions))
        proof = weigh(network, resolver[0] if resolver else (), self._require)
        if proof is not Proof.OFFLINE:
            self._disproved = False
        return proof


class Questions:
    """Asks all of `canaries` at once, and shares the answers among all who wait for them."""

    def __init__(self, canaries: Sequence[Canary], monotonic: Callable[[], float]) -> None:
        self._canaries = canaries
        self._monotonic = monotonic
        self._began = float("-inf")
        self._answers: Sequence[bool] = ()
        self._asking: asyncio.Task[None] | None = None
        self._heard: set[str] = set()

    async def since(self, began: float) -> Sequence[bool]:
        """Return which canaries that count answered a round that began at `began` or later."""
        while self._began < began:
            if self._asking is None or self._asking.done():
                self._asking = asyncio.create_task(self._ask(), name="self-check")
            await asyncio.shield(self._asking)
        return self._answers

    async def _ask(self) -> None:
        began = self._monotonic()
        deadline = began + CANARY_SECONDS
        answers = await asyncio.gather(*(_ask(canary, deadline) for canary in self._canaries))
        answered = list(zip(self._canaries, answers, strict=True))
        self._heard |= {canary.name for canary, answer in answered if answer}
        self._began = began
        self._answers = [
            answer
            for canary, answer in answered
            if not canary.assumed or canary.name in self._heard
        ]


def weigh(network: Sequence[bool], resolver: Sequence[bool], require: int) -> Proof:
    """Return what the answers of the canaries prove; an empty sequence proves nothing."""
    if network and sum(network) < require:
        return Proof.OFFLINE
    if resolver and not any(resolver):
        return Proof.RESOLVER_DEAD
    return Proof.ONLINE if network or resolver else Proof.NO_CANARY


async def _ask(canary: Canary, deadline: float) -> bool:
    try:
        async with asyncio.timeout(CANARY_SECONDS):
            return await canary.ask(deadline)
    except Exception:
        return False


def _proves(observation: Observation) -> bool:
    # A good status alone is no proof: a check may judge what it remembers, and ask nobody.
    return observation.outcome.answered
