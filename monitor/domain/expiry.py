"""What ends on a known day: certificates and domains, and the stages at which people are told."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from monitor.domain.check import Check
from monitor.domain.observation import Outcome, series

STAGES = (21, 14, 7, 3, 1)
"""In days before the end, the first one first."""

_DAY = timedelta(days=1)
_CHAIN = series("probe_ssl_last_chain_expiry_timestamp_seconds")
_DOMAIN = series("pantau_domain_expiry_timestamp_seconds")


class Ending(StrEnum):
    """What ends."""

    CERTIFICATE = "certificate"
    DOMAIN = "domain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expiry:
    """A certificate or a domain, its end, and what was told of it.

    `mark` tells it from its successor: a fingerprint, or the day of the end. `told_days` is the
    last stage that was told. `until` is the end of what came in its place.
    """

    of: Ending
    name: str
    mark: str
    expires_at: datetime
    told_days: int | None = None
    until: datetime | None = None

    def stage(self, stages: Sequence[int], now: datetime) -> int | None:
        """Return the stage in which it is at `now`, None before the first one and after the end."""
        left = self.expires_at - now
        if left <= timedelta(0):
            return None
        return min((days for days in stages if left <= days * _DAY), default=None)

    def next_stage(self, stages: Sequence[int]) -> datetime | None:
        """Return when the next stage begins that was not told, None when there is none.

        Stages only fall: what was told of a later one is not told of an earlier one.
        """
        told = self.told_days
        days = max((each for each in stages if told is None or each < told), default=None)
        return None if days is None else self.expires_at - days * _DAY


def expiries(outcome: Outcome, check: Check) -> tuple[Expiry, ...]:
    """Return what a probe saw that ends on a known day, each once.

    Of a certificate whose chain was verified the chain's end counts, if that is earlier. Where
    nothing is verified on purpose, nobody cares for an end.
    """
    if outcome.facts.get("insecure"):
        return ()
    found = (*_certificates(outcome, check), *_domains(outcome, check))
    return tuple({each.mark: each for each in found}.values())


def _certificates(outcome: Outcome, check: Check) -> Iterator[Expiry]:
    leaf = outcome.facts.get("certificate")
    chain = outcome.measurements.get(_CHAIN)
    others = outcome.facts.get("certificates") or ()
    for one in (*others, *((leaf,) if leaf else ())):
        mark, end = one["fingerprint"], one["not_after"]
        if leaf and chain is not None and mark == leaf["fingerprint"] and chain < end:
            # The same leaf below another issuer is another chain.
            mark, end = f"{mark}:{int(chain)}", chain
        yield Expiry(of=Ending.CERTIFICATE, name=check.target, mark=mark, expires_at=_instant(end))


def _domains(outcome: Outcome, check: Check) -> Iterator[Expiry]:
    end = outcome.measurements.get(_DOMAIN)
    if end is not None:
        yield Expiry(
            of=Ending.DOMAIN,
            name=check.target,
            mark=f"{check.target}:{int(end)}",
            expires_at=_instant(end),
        )


def _instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
