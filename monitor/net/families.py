"""`ip: any | ip4 | ip6 | both` and `addresses: all`: one attempt, or one for each of several."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

from monitor.domain.observation import Failure, Outcome, OutcomeStatus
from monitor.net.network import Network
from monitor.net.resolver import Family

_MOST_ADDRESSES = 32
# The worst first. UNKNOWN stands behind FAILED: what one family proves is not undone by the other.
_ORDER = (OutcomeStatus.FAILED, OutcomeStatus.UNKNOWN, OutcomeStatus.DEGRADED, OutcomeStatus.OK)


async def over_families(ip: str, attempt: Callable[[Family], Awaitable[Outcome]]) -> Outcome:
    """Return what `attempt` finds over the families that `ip` asks for; `both` at once."""
    if ip != "both":
        return await attempt(Family(ip))
    ip4, ip6 = await asyncio.gather(attempt(Family.IP4), attempt(Family.IP6))
    return both(ip4, ip6)


def both(ip4: Outcome, ip6: Outcome) -> Outcome:
    """Return one outcome of two: both families must pass.

    The worse one speaks, its family named in the detail and its numbers kept; at a tie IPv6,
    which fails unseen more often. The facts tell both addresses.
    """
    worse, other = sorted((ip6, ip4), key=lambda outcome: _ORDER.index(outcome.status))
    failure = worse.failure
    if failure is not None:
        name = "IPv6" if worse is ip6 else "IPv4"
        failure = Failure(failure.kind, f"over {name}: {failure.detail}")
    addresses = [one.facts["address"] for one in (ip4, ip6) if "address" in one.facts]
    return replace(
        worse,
        failure=failure,
        facts={**worse.facts, "address": ", ".join(addresses)},
        answered=worse.answered or other.answered,
    )


async def over_addresses(
    network: Network,
    host: str,
    family: Family,
    deadline: float,
    attempt: Callable[[str], Awaitable[Outcome]],
) -> Outcome:
    """Return what `attempt` finds at every address of `host`, at up to 32 of them, at once.

    An attempt gets the IP literal to dial. Raises NetError when the host leads nowhere.
    """
    addresses = (await network.addresses(host, family, deadline))[:_MOST_ADDRESSES]
    outcomes = await asyncio.gather(*map(attempt, addresses))
    return every(dict(zip(addresses, outcomes, strict=True)))


async def over_ways(
    network: Network,
    host: str,
    *,
    ip: str,
    addresses: str,
    deadline: float,
    attempt: Callable[[Family, str | None], Awaitable[Outcome]],
) -> Outcome:
    """Return what `attempt` finds over the families that `ip` asks for or, if `addresses` is "all",
    at every address of `host`.

    An attempt gets the family, and with `addresses` the IP literal to dial.
    """
    if addresses != "all":
        return await over_families(ip, lambda family: attempt(family, None))
    family = Family(ip)
    return await over_addresses(
        network, host, family, deadline, lambda address: attempt(family, address)
    )


def every(outcomes: Mapping[str, Outcome]) -> Outcome:
    """Return one outcome of those of several addresses, one at least: all must pass.

    The worst one speaks, its address named in the detail and its numbers kept; at a tie the first.
    The fact `addresses` tells how each one fared.
    """
    address, worst = min(outcomes.items(), key=lambda entry: _ORDER.index(entry[1].status))
    failure = worst.failure
    if failure is not None and len(outcomes) > 1:
        failure = Failure(failure.kind, f"at {address}: {failure.detail}")
    return replace(
        worst,
        failure=failure,
        facts={**worst.facts, "addresses": [_told(*entry) for entry in outcomes.items()]},
        answered=any(one.answered for one in outcomes.values()),
    )


def _told(address: str, outcome: Outcome) -> dict[str, str]:
    told = {"address": address, "status": outcome.status.value}
    if outcome.failure is not None:
        told |= {"kind": outcome.failure.kind.value, "detail": outcome.failure.detail}
    return told
