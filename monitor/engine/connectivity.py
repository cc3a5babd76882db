"""Keeps track of whether we ourselves are online, and tells it once."""

import asyncio
from collections.abc import Callable
from datetime import datetime

import structlog

from monitor.domain.check import Check
from monitor.domain.observation import FailureKind, Observation, UnknownCause
from monitor.engine.pipeline import Pipeline
from monitor.engine.selfcheck import RESOLVER_KINDS, Proof, SelfCheck, needs_proof, settled
from monitor.ports import Clock, Telemetry

log = structlog.get_logger()

_ASK_SECONDS = 5.0
# After a return the way to each target has to be found anew: an unanswered ARP or neighbour request
# is repeated after a second, while another target answers already.
_SETTLING_SECONDS = 2.0
_PROOFS = {
    UnknownCause.SELF_OFFLINE: Proof.OFFLINE,
    UnknownCause.RESOLVER: Proof.RESOLVER_DEAD,
}


class Connectivity:
    """Judges doubtful failures, and is itself online or offline in consequence.

    `back_online` is called when the network is back, so that what waits can be tried again.
    """

    def __init__(
        self,
        self_check: SelfCheck,
        pipeline: Pipeline,
        clock: Clock,
        telemetry: Telemetry,
        back_online: Callable[[], None],
    ) -> None:
        self._self_check = self_check
        self._pipeline = pipeline
        self._clock = clock
        self._telemetry = telemetry
        self._back_online = back_online
        self._lost = asyncio.Event()
        self._back: tuple[float, UnknownCause] | None = None
        self._lost_at = float("-inf")
        self._lost_despite_answer = False
        self.offline_since: datetime | None = None
        self.cause: UnknownCause | None = None

    def resume(
        self,
        offline_since: datetime | None,
        cause: UnknownCause = UnknownCause.SELF_OFFLINE,
    ) -> None:
        """Go on offline, if that is how the last run ended."""
        if offline_since is not None:
            self.offline_since, self.cause = offline_since, cause
            self._lost_at = self._clock.monotonic()
            self._telemetry.offline(offline=True)
            self._pipeline.stay_offline(offline_since, cause)
            self._lost.set()

    async def judge(self, check: Check, observation: Observation, began: float) -> Observation:
        """Return `observation` with a failure that may be ours turned into unknown.

        `began` is when its probe began, in monotonic seconds.
        """
        failure = observation.outcome.failure
        if failure is None or not needs_proof(check, observation):
            self._self_check.note(check, observation, began)
            self._follow(check, observation, began)
            return observation
        answered = observation.outcome.answered
        if answered and began >= self._lost_at:
            self._hear()
        proof = await self._self_check.prove(check, failure.kind, began, answered=answered)
        cause = self._fault_since(began, failure.kind)
        if proof is Proof.ONLINE and cause is not None:
            # We are back by now, but were not, or hardly, while this probe waited for its answer.
            self._recover()
            return settled(observation, _PROOFS[cause])
        observation = settled(observation, proof)
        self._follow(check, observation, began)
        return observation

    async def run(self) -> None:
        """While we are offline, ask every few seconds whether we still are."""
        while True:
            await self._lost.wait()
            await asyncio.sleep(_ASK_SECONDS)
            names = self.cause is UnknownCause.RESOLVER
            if await self._self_check.ask(names=names) is Proof.ONLINE:
                self._recover()

    def _fault_since(self, began: float, kind: FailureKind) -> UnknownCause | None:
        """Return the fault of ours, not quite over at `began`, that such a failure may come of."""
        cause = self.cause
        if cause is None and self._back is not None and began < self._back[0] + _SETTLING_SECONDS:
            cause = self._back[1]
        return None if cause is UnknownCause.RESOLVER and kind not in RESOLVER_KINDS else cause

    def _follow(self, check: Check, observation: Observation, began: float) -> None:
        outcome = observation.outcome
        if outcome.cause in _PROOFS:
            if self._back is not None and began < self._back[0]:
                return  # it, or the canaries, were asked while we were away: the return is newer
            self._lose(observation.scheduled_at, outcome.cause, despite=outcome.answered)
        elif outcome.answered and not check.local:
            self._hear()

    def _hear(self) -> None:
        """Take a target's answer for our return, and, if that contradicts the canaries, note it."""
        if self.cause is not UnknownCause.SELF_OFFLINE:
            return
        if self._lost_despite_answer:
            self._self_check.disprove()
        self._recover()

    def _lose(self, since: datetime, cause: UnknownCause, *, despite: bool) -> None:
        """Go offline; `despite` says that the target whose probe tells of it had answered it."""
        if self.offline_since is not None:
            return
        self.offline_since, self.cause = since, cause
        self._lost_at, self._lost_despite_answer = self._clock.monotonic(), despite
        self._telemetry.offline(offline=True)
        log.warning("self.offline", since=since.isoformat(), cause=cause)
        self._pipeline.go_offline(since, self._clock.epoch, cause)
        self._lost.set()

    def _recover(self) -> None:
        if self.offline_since is None or self.cause is None:
            return
        since, cause, now = self.offline_since, self.cause, self._clock.now()
        self.offline_since = self.cause = None
        self._back = (self._clock.monotonic(), cause)
        self._lost.clear()
        self._telemetry.offline(offline=False)
        log.info("self.recovered", since=since.isoformat(), cause=cause)
        self._pipeline.come_back(since, now, self._clock.epoch, cause)
        self._back_online()
