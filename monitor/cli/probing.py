"""One probe, now, by the daemon's own runner: without a daemon, a store or a schedule."""

from monitor.configuration.config import ConfiguredCheck
from monitor.domain.instant import microseconds
from monitor.domain.observation import Observation
from monitor.engine.clock import Timeline
from monitor.engine.runner import observe
from monitor.engine.selfcheck import SelfCheck, needs_proof, settled
from monitor.engine.timetable import Due
from monitor.net.network import Network


class Prober:
    """Probes again and again on one network, and tells a dead target from a dead network."""

    def __init__(self, network: Network, self_check: SelfCheck, vantage: str) -> None:
        self._network = network
        self._self_check = self_check
        self._vantage = vantage
        self._clock = Timeline(epoch=0)

    async def probe(self, configured: ConfiguredCheck) -> Observation:
        """Return what one probe sees; a failure that may be ours is unknown, as in the daemon."""
        check, began = configured.check, self._clock.monotonic()
        at = microseconds(self._clock.now())
        due = Due(check.id, at, 0, at)
        observation = await observe(configured, due, self._clock, self._network, self._vantage)
        failure, answered = observation.outcome.failure, observation.outcome.answered
        if failure is None or not needs_proof(check, observation):
            return observation
        proof = await self._self_check.prove(check, failure.kind, began, answered=answered)
        return settled(observation, proof)
