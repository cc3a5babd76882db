"""What one run of one probe saw."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from monitor.domain.check import CheckId
from monitor.domain.status import Status as Status  # noqa: PLC0414 - part of this module's vocabulary


class OutcomeStatus(StrEnum):
    """How one probe ended."""

    OK = "ok"
    DEGRADED = "degraded"
    FAILED = "failed"
    UNKNOWN = "unknown"


class FailureKind(StrEnum):
    """Why a probe failed. Bounded: it is a label value. The detail says the rest."""

    RESOLVE_NXDOMAIN = "resolve_nxdomain"
    RESOLVE_SERVFAIL = "resolve_servfail"
    RESOLVE_TIMEOUT = "resolve_timeout"
    RESOLVE_REFUSED = "resolve_refused"
    RESOLVE_NODATA = "resolve_nodata"
    CONNECT_REFUSED = "connect_refused"
    CONNECT_TIMEOUT = "connect_timeout"
    CONNECT_UNREACHABLE = "connect_unreachable"
    CONNECT_RESET = "connect_reset"
    TLS_EXPIRED = "tls_expired"
    TLS_NOT_YET_VALID = "tls_not_yet_valid"
    TLS_HOSTNAME = "tls_hostname"
    TLS_UNTRUSTED = "tls_untrusted"
    TLS_SELF_SIGNED = "tls_self_signed"
    TLS_REVOKED = "tls_revoked"
    TLS_PROTOCOL = "tls_protocol"
    TLS_OTHER = "tls_other"
    PROXY = "proxy"
    TIMEOUT = "timeout"
    PROTOCOL = "protocol"
    TRUNCATED = "truncated"
    TOO_LARGE = "too_large"
    REDIRECT_LOOP = "redirect_loop"
    REDIRECT_REFUSED = "redirect_refused"
    STATUS = "status"
    HEADER = "header"
    BODY = "body"
    JSON = "json"
    ANSWER = "answer"
    DNSSEC = "dnssec"
    STARTTLS = "starttls"
    BANNER = "banner"
    SLOW = "slow"
    EXPIRES_SOON = "expires_soon"
    CHANGED = "changed"
    LATE = "late"
    LOST = "lost"
    STEP = "step"
    REFUSED_BY_POLICY = "refused_by_policy"
    INTERNAL = "internal"


class UnknownCause(StrEnum):
    """Why nobody can say how a target fares. Bounded, like FailureKind."""

    MONITOR_STOPPED = "monitor_stopped"
    SELF_OFFLINE = "self_offline"
    RESOLVER = "resolver"
    OVERLOADED = "overloaded"
    CLOCK_STEP = "clock_step"
    TOO_FEW_VANTAGES = "too_few_vantages"
    LOCAL = "local"
    INTERNAL = "internal"
    NO_DATA = "no_data"


class MissedReason(StrEnum):
    """Why a slot has no observation."""

    OVERRUN = "overrun"
    OVERLOADED = "overloaded"
    CLOCK_STEP = "clock_step"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Failure:
    """`kind` drives metrics and routing; `detail` is for people and holds the actual value."""

    kind: FailureKind
    detail: str


Labels = tuple[tuple[str, str], ...]
Series = tuple[str, Labels]


def series(name: str, /, **labels: str) -> Series:
    """Return the key of a measurement: its Prometheus name and its own labels, in name order."""
    return name, tuple(sorted(labels.items()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a probe returns. It knows neither its check nor the time.

    `failure` says why a status is not OK; with UNKNOWN, `cause` says so.
    `answered` says that something came back from the target: then, at least, we were online.
    `facts` holds JSON values: `address` (str), `certificate`, `answers`, and so on.
    `remember` holds JSON values that the check's next probe is given; None keeps the old ones.
    With UNKNOWN nothing is remembered, unless it is the probe itself that lacks what to judge
    by (NO_DATA).
    """

    status: OutcomeStatus = OutcomeStatus.OK
    failure: Failure | None = None
    cause: UnknownCause | None = None
    measurements: Mapping[Series, float] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    answered: bool = False
    remember: Mapping[str, Any] | None = None


_SAMPLE = {
    OutcomeStatus.OK: Status.UP,
    OutcomeStatus.DEGRADED: Status.DEGRADED,
    OutcomeStatus.FAILED: Status.DOWN,
    OutcomeStatus.UNKNOWN: Status.UNKNOWN,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """An outcome, stamped by the runner.

    The key is (check_id, vantage, epoch, scheduled_at), and the first write wins.
    `scheduled_at` (UTC) is the slot, or the slot plus attempt × retry_interval for a retry,
    and is the time of the sample. `started_at` is when the probe really began.
    """

    check_id: CheckId
    vantage: str
    epoch: int
    scheduled_at: datetime
    attempt: int = 0
    started_at: datetime
    duration: timedelta
    outcome: Outcome

    @property
    def sample(self) -> Status:
        """The status at `scheduled_at`, confirmed or not. Figures are made from these."""
        return _SAMPLE[self.outcome.status]


@dataclass(frozen=True, slots=True, kw_only=True)
class MissedSlot:
    """Slots in which no probe ran. Stored, so that a gap is seen and never filled.

    `count` is how many slots in a row, one interval apart, `scheduled_at` being the first.
    """

    check_id: CheckId
    vantage: str
    epoch: int
    scheduled_at: datetime
    reason: MissedReason
    count: int = 1
