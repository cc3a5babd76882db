"""No probe outlives its deadline, whatever forgets it."""

import asyncio
import time

from monitor.domain.observation import FailureKind as Kind
from monitor.net.network import Network
from monitor.net.resolver import Resolver
from tests.integration.blackbox.probing import NOBODY, numbers, probed


class Endless(Network):
    """A network that never finds an address."""

    async def addresses(self, *_, **__):
        await asyncio.get_running_loop().create_future()


async def test_a_step_without_an_end_is_left():
    """A quarter of a second after its deadline a probe ends, and says so."""
    network = Endless(resolver=Resolver([NOBODY]))
    began = time.monotonic()

    found = await probed("icmp", "127.0.0.1", seconds=0.1, network=network)

    took = time.monotonic() - began
    assert found.outcome.failure.kind is Kind.TIMEOUT
    assert numbers(found)["probe_success"] == 0
    assert took < 5, f"took {took:.2f} s"
