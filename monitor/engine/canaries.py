"""The canaries: what answers whenever our own network works."""

import asyncio
from collections.abc import Sequence
from urllib.parse import urlsplit

from monitor.engine.selfcheck import Canary
from monitor.net.dnsclient import QueryTrace
from monitor.net.dnsmessage import Question
from monitor.net.errors import NetError
from monitor.net.gateway import default_gateway
from monitor.net.network import Network
from monitor.net.policy import AddressClass, classify_address
from monitor.net.trace import Trace

# A gateway listens on one of these, or refuses, which is an answer as well.
_GATEWAY_PORTS = (53, 80, 443, 22)
_DEFAULT_PORTS = {"http": 80, "https": 443}
_ROOT = Question(".", "NS")


def network_canaries(targets: Sequence[str], network: Network) -> tuple[Canary, ...]:
    """Return the canaries of `self_check.targets` (host:port or a URL).

    Without targets: the default gateway, and our name servers unless they are on this machine.
    These are assumed, and count only once they have answered.
    """
    if targets:
        return tuple(_target(target, network) for target in targets)
    gateway = default_gateway()
    assumed = [] if gateway is None else [_gateway(gateway, network)]
    servers = network.resolver.nameservers()
    if any(classify_address(server.host) is not AddressClass.LOOPBACK for server in servers):
        assumed.append(_resolver(network, "resolver (as network)", assumed=True))
    return tuple(assumed)


def resolver_canaries(network: Network) -> tuple[Canary, ...]:
    """Return the canary of our resolver: whether it answers for the root of the DNS."""
    return (_resolver(network, "resolver", assumed=False),)


def _target(target: str, network: Network) -> Canary:
    parts = urlsplit(target if "://" in target else f"//{target}")
    host = parts.hostname or ""
    port = parts.port or _DEFAULT_PORTS[parts.scheme]

    async def ask(deadline: float) -> bool:
        return await _answers(network, host, port, deadline)

    return Canary(target, ask)


def _gateway(address: str, network: Network) -> Canary:
    async def ask(deadline: float) -> bool:
        tries = [
            asyncio.ensure_future(_answers(network, address, port, deadline))
            for port in _GATEWAY_PORTS
        ]
        try:
            return await _any(tries)
        finally:
            for each in tries:
                each.cancel()

    return Canary(f"gateway {address}", ask, assumed=True)


def _resolver(network: Network, name: str, *, assumed: bool) -> Canary:
    async def ask(deadline: float) -> bool:
        try:
            answer = await network.resolver.ask(_ROOT, deadline, trace=QueryTrace())
        except NetError:
            return False
        # One that refuses or denies the root lives; one that can't reach it is no use.
        return answer.message.rcode != "SERVFAIL"

    return Canary(name, ask, assumed=assumed)


async def _answers(network: Network, host: str, port: int, deadline: float) -> bool:
    """Say whether anything comes back from host:port. A refusal does."""
    try:
        stream = await network.connect(host, port, deadline=deadline, trace=Trace())
    except NetError as error:
        return error.answered
    stream.close()
    return True


async def _any(tries: Sequence["asyncio.Future[bool]"]) -> bool:
    """Return True at the first that is true, False when all are false."""
    for finished in asyncio.as_completed(tries):
        if await finished:
            return True
    return False
