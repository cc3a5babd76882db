"""`ip: any | ip4 | ip6 | both`: one attempt, or one for each family."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from monitor.domain.observation import Failure, Outcome, OutcomeStatus
from monitor.net.resolver import Family

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
