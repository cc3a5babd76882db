"""What validation must come to."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from monitor.domain.observation import Failure, FailureKind
from monitor.domain.text import visible_text
from monitor.net.dnssec import Security, Validated

Expected = Literal["secure", "insecure", "not_bogus"]
_DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class DnssecConditions:
    """With `min_days`, signatures that end earlier degrade."""

    expected: Expected = "secure"
    min_days: int | None = None


def judge(conditions: DnssecConditions, validated: Validated) -> Failure | None:
    """Return why an answer is not worth what is expected, None if it is."""
    found = validated.security
    as_expected = conditions.expected in {found.value, "not_bogus"}
    if found is not Security.BOGUS and as_expected:
        return None
    reason = f": {visible_text(validated.reason, 400)}" if validated.reason else ""
    wanted = conditions.expected.replace("_", " ")
    return Failure(FailureKind.DNSSEC, f"dnssec: {found}, expected {wanted}{reason}")


def ends_soon(conditions: DnssecConditions, validated: Validated, now: datetime) -> Failure | None:
    """Return that signatures end too soon after `now`, None if they don't."""
    if conditions.min_days is None or validated.expires is None:
        return None
    left = (validated.expires - now.timestamp()) / _DAY_SECONDS
    if left >= conditions.min_days:
        return None
    detail = f"signatures end in {left:.1f} days, expected at least {conditions.min_days}"
    return Failure(FailureKind.EXPIRES_SOON, detail)
