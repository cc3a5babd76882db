"""One probe under way: what it may use of the world, and what it has found so far."""

from dataclasses import dataclass, field
from typing import Any

from monitor.blackbox.log import ProbeLog
from monitor.checktype import ProbeContext
from monitor.domain.observation import Series, series
from monitor.net.addresshash import address_hash
from monitor.net.errors import NetError
from monitor.net.resolver import Family

_LOOKUP = series("probe_dns_lookup_time_seconds")
_PROTOCOL = series("probe_ip_protocol")
_HASH = series("probe_ip_addr_hash")


@dataclass(slots=True)
class Run:
    """The record that a prober writes as it goes, and that stays when a step raises.

    `facts` holds JSON values; `answered` says that something came back from the target.
    """

    context: ProbeContext
    steps: ProbeLog
    numbers: dict[Series, float] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    answered: bool = False


@dataclass(frozen=True, slots=True)
class Chosen:
    """The one address (an IP literal) of a target, and how long finding it took."""

    address: str
    seconds: float


def wanted_family(preferred: str, *, fallback: bool) -> Family:
    """Return which addresses `preferred_ip_protocol` and `ip_protocol_fallback` ask for."""
    if fallback:
        return Family.PREFER_IP4 if preferred == "ip4" else Family.PREFER_IP6
    return Family(preferred)


async def choose_address(run: Run, host: str, preferred: str, *, fallback: bool) -> Chosen:
    """Return the first address of `host` in the family that is wanted. Raises NetError.

    The numbers of it are there in any case, as zeros where there is no address.
    """
    context, steps = run.context, run.steps
    run.numbers |= {_LOOKUP: 0.0, _PROTOCOL: 0.0, _HASH: 0.0}
    steps.info("Resolving target address", target=host, ip_protocol=preferred)
    family = wanted_family(preferred, fallback=fallback)
    began = context.monotonic()
    try:
        addresses = await context.network.addresses(host, family, context.deadline)
    except NetError as error:
        steps.error("Resolution with IP protocol failed", target=host, err=str(error))
        raise
    finally:
        seconds = context.monotonic() - began
        run.numbers[_LOOKUP] = seconds
    address = addresses[0]
    run.numbers[_PROTOCOL] = 6.0 if ":" in address else 4.0
    run.numbers[_HASH] = float(address_hash(address))
    run.facts["address"] = address
    steps.info("Resolved target address", target=host, ip=address)
    return Chosen(address, seconds)
