"""Ping a host: send ICMP echoes, and look at how many come back, and when.

```yaml
- id: router-kecamatan
  service: network
  type: icmp
  host: 10.20.0.1
  count: 5
  expect:
    max_loss: 60
    max_rtt: 150ms
```

The check is down when no packet comes back (`lost`), when more than `max_loss` percent are lost,
or when a router says that there is no way (`connect_unreachable`). It is degraded when more than
`degraded_loss` percent are lost, or when the mean round trip takes longer than `max_rtt` (`slow`).
A packet is lost when its reply takes longer than `wait`. Replies to others, second replies to the
same packet and such that were changed on the way do not count; round trips are timed by the
kernel.

No privilege is needed where `net.ipv4.ping_group_range` has the daemon's group, for IPv6 too
(`deploy/sysctl` holds the setting for the service); otherwise it takes CAP_NET_RAW. Where neither
is given, the check is unknown and says so, as does `pantau doctor`.

Sending takes (`count` - 1) times `gap`, which must fit into the check's `timeout`, or the
configuration is refused; what is left then, up to `wait`, is there for the last reply.

Bahasa Indonesia

Mengirim paket ICMP (ping) dan menghitung berapa yang kembali serta berapa lama. Gangguan bila tidak
satu pun kembali, bila yang hilang melebihi `max_loss` persen, atau bila ruter menyatakan tidak ada
jalan. Menurun bila sebagian hilang (di atas `degraded_loss`) atau rata-rata waktunya melebihi
`max_rtt`. Tidak diketahui bila komputer pemantau tidak diizinkan mengirim ICMP.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from monitor.checktype import CheckSpec, CheckType, MeasurementInfo, ProbeContext
from monitor.domain.blackbox import ADDRESS
from monitor.domain.observation import Failure, FailureKind, Outcome, Series, series
from monitor.fields import Duration, DurationOrZero, Host, format_duration
from monitor.fields.connecting import IpFamily
from monitor.fields.headers import IpLiteral

if TYPE_CHECKING:
    from monitor.net.icmp import Echoes, EchoOptions, EchoTrace, Pace
    from monitor.net.resolver import Family
    from monitor.net.trace import Trace

_RESOLVE, _SETUP, _ROUND_TRIP = (
    series("probe_icmp_duration_seconds", phase=phase) for phase in ("resolve", "setup", "rtt")
)
_HOP_LIMIT = series("probe_icmp_reply_hop_limit")
_LEAST, _MEAN, _MOST = (
    series("pantau_icmp_rtt_seconds", statistic=name) for name in ("min", "avg", "max")
)
_LOSS = series("pantau_icmp_loss_ratio")
_TEXT = b"Pantau asks: are you there? "


class IcmpExpectation(BaseModel):
    """What must be true of the replies."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_loss: float = Field(
        default=99.9,
        ge=0,
        lt=100,
        description="The check fails when more than so many percent are lost. By default all.",
    )
    degraded_loss: float = Field(
        default=0, ge=0, lt=100, description="Degraded when more than so many percent are lost."
    )
    max_rtt: Duration | None = Field(
        default=None, description="Degraded when the mean round trip takes longer."
    )


class IcmpSpec(CheckSpec):
    """Fields of a check of type `icmp`."""

    host: Host = Field(description="Name or IP address to ping.")
    count: int = Field(default=3, ge=1, le=100, description="Packets to send.")
    gap: DurationOrZero = Field(
        default=timedelta(milliseconds=200),
        description="Time from one packet to the next. Default 200ms.",
    )
    wait: Duration = Field(
        default=timedelta(seconds=2), description="How long a reply may take. Default 2s."
    )
    size: int = Field(default=56, ge=0, le=65_000, description="Bytes of payload.")
    ttl: int | None = Field(
        default=None,
        ge=1,
        le=255,
        description="Hop limit (TTL) of the packets. Default: the kernel's.",
    )
    dont_fragment: bool = Field(
        default=False, description="Fail where a packet is too large for the way."
    )
    source_address: IpLiteral | None = Field(
        default=None, description="IP address of this machine to send from."
    )
    ip: IpFamily = "any"
    addresses: Literal["one", "all"] = Field(
        default="one", description="`all`: every address of the name must pass, up to 32 of them."
    )
    expect: IcmpExpectation = Field(
        default=IcmpExpectation(), description="Conditions on the replies."
    )

    def faults(self) -> Iterator[str]:
        if self.addresses == "all" and self.ip == "both":
            yield "addresses: all looks at both families by itself: leave out ip: both"
        if self.expect.degraded_loss > self.expect.max_loss:
            yield "expect.degraded_loss: must not be over expect.max_loss"

    def unfit(self, timeout: timedelta) -> str | None:
        sending = self.gap * (self.count - 1)
        if sending < timeout:
            return None
        return (
            f"{format_duration(timeout)} is too short: {self.count} packets, one every "
            f"{format_duration(self.gap)}, take {format_duration(sending)} to send; raise it, or "
            "lower count or gap"
        )

    def target(self) -> str:
        return self.host

    def dialled_host(self) -> str:
        return self.host

    @property
    def pace(self) -> "Pace":
        """How the packets are sent."""
        from monitor.net.icmp import Pace

        return Pace(
            count=self.count,
            gap_seconds=self.gap.total_seconds(),
            wait_seconds=self.wait.total_seconds(),
        )

    @property
    def options(self) -> "EchoOptions":
        """What is sent."""
        from monitor.net.icmp import EchoOptions

        return EchoOptions(
            payload=(_TEXT * (self.size // len(_TEXT) + 1))[: self.size],
            hop_limit=self.ttl,
            dont_fragment=self.dont_fragment,
            source_address=self.source_address,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What came back of `sent` packets. `seconds` are round trips, in the order of sending.

    `refusal` is what a router, or the target itself, said against the first that was refused.
    """

    sent: int
    seconds: tuple[float, ...] = ()
    hop_limit: int | None = None
    refusal: Failure | None = None
    duplicates: int = 0
    answered: bool = False

    @property
    def lost(self) -> int:
        """How many did not come back."""
        return self.sent - len(self.seconds)

    @property
    def loss_percent(self) -> float:
        """The share that did not come back."""
        return 100 * self.lost / self.sent

    @property
    def mean(self) -> float:
        """The mean round trip in seconds, 0 without any."""
        return sum(self.seconds) / len(self.seconds) if self.seconds else 0.0


async def probe(spec: IcmpSpec, context: ProbeContext) -> Outcome:
    """Ping over one family or both, one address or all."""
    from monitor.net.families import over_ways

    return await over_ways(
        context.network,
        spec.host,
        ip=spec.ip,
        addresses=spec.addresses,
        deadline=context.deadline,
        attempt=lambda family, address: _ping(spec, context, family, address),
    )


async def _ping(
    spec: IcmpSpec, context: ProbeContext, family: "Family", address: str | None
) -> Outcome:
    from monitor.net.errors import NetError
    from monitor.net.icmp import EchoTrace, echoes, too_little_time
    from monitor.net.report import failed
    from monitor.net.trace import Phase, Trace

    trace, setup = Trace(), EchoTrace()
    try:
        trace.enter(Phase.RESOLVE)
        if address is None:
            found = await context.network.addresses(spec.host, family, context.deadline)
            address = found[0]
        trace.address = address
        trace.leave()
        if wrong := too_little_time(spec.pace, context.deadline - context.monotonic()):
            raise wrong
        replies = await echoes(
            address, spec.options, spec.pace, deadline=context.deadline, trace=setup
        )
    except NetError as error:
        trace.leave()
        return failed(error, _numbers(trace, setup), _seen(trace, setup))
    return _judged(spec, tally_of(replies), trace, setup)


def _judged(spec: IcmpSpec, tally: Tally, trace: "Trace", setup: "EchoTrace") -> Outcome:
    from monitor.net.report import judged

    failure, degraded = judge(spec, tally)
    measured = _numbers(trace, setup) | _counted(tally)
    seen = _seen(trace, setup, tally)
    outcome = judged(failure, measured, seen, degraded=degraded)
    return replace(outcome, answered=tally.answered)


def tally_of(replies: "Echoes") -> Tally:
    """Return what came back."""
    came = [sent.reply for sent in replies.sent if sent.reply is not None]
    refused = [sent.refusal for sent in replies.sent if sent.refusal is not None]
    limits = [reply.hop_limit for reply in came if reply.hop_limit is not None]
    return Tally(
        sent=len(replies.sent),
        seconds=tuple(reply.seconds for reply in came),
        hop_limit=limits[-1] if limits else None,
        refusal=refused[0].failure if refused else None,
        duplicates=replies.duplicates,
        answered=bool(came) or any(one.answered for one in refused),
    )


def judge(spec: IcmpSpec, tally: Tally) -> tuple[Failure | None, bool]:
    """Return what is wrong, or None, and whether that only degrades the check."""
    expect, loss = spec.expect, tally.loss_percent
    if not tally.seconds and tally.refusal is not None:
        return tally.refusal, False
    if not tally.seconds or loss > expect.max_loss:
        return Failure(FailureKind.LOST, _loss_text(tally, expect.max_loss)), False
    if loss > expect.degraded_loss:
        return Failure(FailureKind.LOST, _loss_text(tally, expect.degraded_loss)), True
    if expect.max_rtt is not None and tally.mean > expect.max_rtt.total_seconds():
        detail = (
            f"mean round trip {tally.mean * 1000:.1f} ms, "
            f"expected at most {expect.max_rtt.total_seconds() * 1000:g} ms"
        )
        return Failure(FailureKind.SLOW, detail), True
    return None, False


def _loss_text(tally: Tally, limit: float) -> str:
    why = f": {tally.refusal.detail}" if tally.refusal else ""
    if not tally.seconds:
        return f"{tally.lost} of {tally.sent} packets lost: no reply in time"
    return (
        f"{tally.lost} of {tally.sent} packets lost ({tally.loss_percent:.0f} %), "
        f"expected at most {limit:g} %{why}"
    )


def _numbers(trace: "Trace", setup: "EchoTrace") -> dict[Series, float]:
    from monitor.net.report import measurements
    from monitor.net.trace import Phase

    return measurements(trace) | {
        _RESOLVE: trace.phases.get(Phase.RESOLVE, 0.0),
        _SETUP: setup.setup_seconds,
        _ROUND_TRIP: 0.0,
    }


def _counted(tally: Tally) -> dict[Series, float]:
    found: dict[Series, float] = {_LOSS: tally.lost / tally.sent, _ROUND_TRIP: tally.mean}
    if tally.seconds:
        found |= {_LEAST: min(tally.seconds), _MEAN: tally.mean, _MOST: max(tally.seconds)}
    if tally.hop_limit is not None:
        found[_HOP_LIMIT] = float(tally.hop_limit)
    return found


def _seen(trace: "Trace", setup: "EchoTrace", tally: Tally | None = None) -> dict[str, Any]:
    from monitor.net.report import facts

    found = facts(trace)
    found["phases"] |= {"setup": setup.setup_seconds}
    if tally is None:
        return found
    found["packets"] = {"sent": tally.sent, "lost": tally.lost}
    if tally.seconds:
        found["phases"] |= {"rtt": tally.mean}
        found["rtt_milliseconds"] = _milliseconds(tally.seconds)
    if tally.hop_limit is not None:
        found["hop_limit"] = tally.hop_limit
    if tally.duplicates:
        found["duplicates"] = tally.duplicates
    return found


def _milliseconds(seconds: Sequence[float]) -> dict[str, float]:
    figures = {"min": min(seconds), "avg": sum(seconds) / len(seconds), "max": max(seconds)}
    return {name: round(1000 * value, 3) for name, value in figures.items()}


CHECK_TYPE = CheckType(
    spec=IcmpSpec,
    probe=probe,
    measurements=(
        *(MeasurementInfo(*shared) for shared in ADDRESS),
        MeasurementInfo(
            "probe_icmp_duration_seconds",
            "Duration of icmp request by phase; `rtt` is the mean round trip",
            ("phase",),
        ),
        MeasurementInfo(
            "probe_icmp_reply_hop_limit", "Replied packet hop limit (TTL for ipv4), of the last"
        ),
        MeasurementInfo(
            "pantau_icmp_rtt_seconds",
            "Round trips of one check: shortest, mean and longest. Absent when all are lost.",
            ("statistic",),
        ),
        MeasurementInfo(
            "pantau_icmp_loss_ratio", "Share of packets that did not come back, 0 to 1."
        ),
    ),
)
