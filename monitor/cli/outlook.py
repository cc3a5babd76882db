"""What `pantau doctor` asks of the network: our resolver, and who proves that we are online."""

import asyncio
from collections.abc import Sequence
from time import monotonic

from monitor.cli import diagnosis
from monitor.cli.diagnosis import Finding
from monitor.configuration.config import Config
from monitor.engine.canaries import network_canaries
from monitor.engine.selfcheck import CANARY_SECONDS, Canary
from monitor.net.dnsclient import QueryTrace
from monitor.net.dnsmessage import Question
from monitor.net.errors import NetError
from monitor.net.network import Network

_ROOT = Question(".", "NS")


async def outlook(config: Config, network: Network) -> list[Finding]:
    """Return what the network answered, within a few seconds."""
    settings = config.monitor.self_check
    canaries = network_canaries(settings.targets, network)
    answers = await _answers(canaries)
    judged = diagnosis.canaries(
        {name: heard for name, heard in answers.items() if heard or settings.targets},
        settings.require,
    )
    return [await _resolver(network), judged]


async def _resolver(network: Network) -> Finding:
    began = monotonic()
    problem = None
    try:
        answer = await network.resolver.ask(_ROOT, began + CANARY_SECONDS, trace=QueryTrace())
        if answer.message.rcode != "NOERROR":
            problem = f"it says {answer.message.rcode} to a question for the root of the DNS"
    except NetError as error:
        problem = error.failure.detail
    servers = [str(server) for server in network.resolver.nameservers()]
    return diagnosis.resolver(servers, problem, monotonic() - began)


async def _answers(canaries: Sequence[Canary]) -> dict[str, bool]:
    deadline = monotonic() + CANARY_SECONDS
    heard = await asyncio.gather(*(_heard(canary, deadline) for canary in canaries))
    return {canary.name: answer for canary, answer in zip(canaries, heard, strict=True)}


async def _heard(canary: Canary, deadline: float) -> bool:
    try:
        async with asyncio.timeout(CANARY_SECONDS + 0.25):
            return await canary.ask(deadline)
    except (TimeoutError, NetError):
        return False
