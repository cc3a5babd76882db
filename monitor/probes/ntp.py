"""Ask a time server for the time, and hold its clock against ours.

```yaml
- id: waktu-kota
  service: network
  type: ntp
  host: ntp.example.go.id
  expect:
    max_offset: 200ms
    max_stratum: 4
```

The check is down when the server does not answer, when it says that its clock is not set or that
it serves nobody like us (`status`), when its stratum is over `max_stratum`, and when its clock and
ours are further apart than `max_offset` (`answer`). It is degraded when they are further apart
than `degraded_offset`, when the server's own clock may be further from its source than
`max_root_distance`, and when the server asks to be asked less often. Half of the time that the
packets took is taken off an offset first, since a way that is slower in one direction would
explain as much.

An offset does not say which of the two clocks is wrong, so the failure says as well whether our
kernel knows of a time server that it follows. To watch the clock of this machine, name a server
that you trust, and give the check `affects: none`. A question that is not answered is asked three
times in all within the check's `timeout`; do not check servers of others more than once a minute.

Bahasa Indonesia

Menanyakan waktu kepada server NTP dan membandingkannya dengan jam komputer pemantau. Gangguan bila
server tidak menjawab, jamnya belum disetel, stratumnya terlalu tinggi, atau selisihnya melebihi
`max_offset`. Menurun bila selisihnya melebihi `degraded_offset`, jarak ke sumber waktunya terlalu
jauh, atau server meminta agar lebih jarang ditanya. Selisih saja tidak menunjukkan jam mana yang
salah.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from monitor.checktype import CheckSpec, CheckType, MeasurementInfo, ProbeContext
from monitor.domain.blackbox import ADDRESS
from monitor.domain.observation import Failure, FailureKind, Outcome, Series, series
from monitor.domain.text import visible_text
from monitor.fields import Duration, Endpoint, Host, Port
from monitor.fields.connecting import IpFamily

if TYPE_CHECKING:
    from monitor.net.ntp import Measured
    from monitor.net.resolver import Family

_OFFSET = series("pantau_ntp_offset_seconds")
_DELAY = series("pantau_ntp_delay_seconds")
_STRATUM = series("pantau_ntp_stratum")
_DISTANCE = series("pantau_ntp_root_distance_seconds")
_RATE, _REFUSALS = "RATE", {"DENY", "RSTR"}


class NtpExpectation(BaseModel):
    """What must be true of the server's clock."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_offset: Duration = Field(
        default=timedelta(milliseconds=500),
        description="The check fails when its clock and ours are further apart. Default 500ms.",
    )
    degraded_offset: Duration | None = Field(
        default=None, description="Degraded when its clock and ours are further apart."
    )
    max_stratum: int = Field(
        default=15,
        ge=1,
        le=15,
        description="The check fails when the server is further away from a reference clock.",
    )
    max_root_distance: Duration | None = Field(
        default=None,
        description="Degraded when the server's clock may be further from that of its source.",
    )


class NtpSpec(CheckSpec):
    """Fields of a check of type `ntp`."""

    host: Host = Field(description="Name or IP address of the time server.")
    port: Port = Field(default=123, description="UDP port.")
    ip: IpFamily = "any"
    addresses: Literal["one", "all"] = Field(
        default="one", description="`all`: every address of the name must pass, up to 32 of them."
    )
    expect: NtpExpectation = Field(
        default=NtpExpectation(), description="Conditions on the server's clock."
    )

    def faults(self) -> Iterator[str]:
        if self.addresses == "all" and self.ip == "both":
            yield "addresses: all looks at both families by itself: leave out ip: both"
        early = self.expect.degraded_offset
        if early is not None and early > self.expect.max_offset:
            yield "expect.degraded_offset: must not be over expect.max_offset"

    def target(self) -> str:
        return str(Endpoint(self.host, self.port))

    def dialled_host(self) -> str:
        return self.host


async def probe(spec: NtpSpec, context: ProbeContext) -> Outcome:
    """Ask over one family or both, one address or all."""
    from monitor.net.families import over_ways

    return await over_ways(
        context.network,
        spec.host,
        ip=spec.ip,
        addresses=spec.addresses,
        deadline=context.deadline,
        attempt=lambda family, address: _ask(spec, context, family, address),
    )


async def _ask(
    spec: NtpSpec, context: ProbeContext, family: "Family", address: str | None
) -> Outcome:
    from monitor.net.errors import NetError
    from monitor.net.kernelclock import in_step
    from monitor.net.ntp import ask_time
    from monitor.net.report import facts, failed, judged, measurements
    from monitor.net.trace import Phase, Trace

    trace = Trace()
    try:
        trace.enter(Phase.RESOLVE)
        if address is None:
            found = await context.network.addresses(spec.host, family, context.deadline)
            address = found[0]
        trace.address = address
        trace.enter(Phase.PROCESSING)
        measured = await ask_time(address, spec.port, deadline=context.deadline)
    except NetError as error:
        trace.leave()
        return failed(error, measurements(trace), facts(trace))
    trace.leave()
    failure, degraded = judge(spec, measured, in_step=in_step())
    return judged(
        failure,
        measurements(trace) | _numbers(measured),
        facts(trace) | _seen(measured),
        degraded=degraded,
    )


def judge(
    spec: NtpSpec, measured: "Measured", *, in_step: bool | None
) -> tuple[Failure | None, bool]:
    """Return what is wrong, or None, and whether that only degrades the check.

    `in_step` says whether our kernel follows a time server; None is not known.
    """
    refused = refusal(spec, measured)
    if refused is not None:
        return refused
    expect, apart = spec.expect, abs(measured.offset) - measured.delay / 2
    if apart > expect.max_offset.total_seconds():
        return _apart(measured, expect.max_offset, in_step=in_step), False
    if expect.degraded_offset is not None and apart > expect.degraded_offset.total_seconds():
        return _apart(measured, expect.degraded_offset, in_step=in_step), True
    distance, most = measured.answer.root_distance, expect.max_root_distance
    if most is not None and distance > most.total_seconds():
        detail = (
            f"the server's clock may be {_span(distance)} from that of its source, "
            f"expected at most {_span(most.total_seconds())}"
        )
        return Failure(FailureKind.ANSWER, detail), True
    return None, False


def refusal(spec: NtpSpec, measured: "Measured") -> tuple[Failure, bool] | None:
    """Return why the server's time is none to go by, None if it is one."""
    from monitor.net.ntpwire import Leap

    said = measured.answer
    if said.stratum == 0 and said.reference == _RATE:
        detail = "the server asks to be asked less often (RATE): raise interval"
        return Failure(FailureKind.STATUS, detail), True
    is_set = said.leap is not Leap.UNSYNCHRONISED and said.stratum <= 15
    if said.stratum == 0 and (is_set or said.reference in _REFUSALS):
        detail = f"the server refuses to tell the time ({visible_text(said.reference, 20)!r})"
        return Failure(FailureKind.STATUS, detail), False
    if not is_set:
        detail = f"the server's clock is not set (leap {said.leap.value}, stratum {said.stratum})"
        return Failure(FailureKind.STATUS, detail), False
    if said.stratum > spec.expect.max_stratum:
        detail = f"stratum {said.stratum}, expected at most {spec.expect.max_stratum}"
        return Failure(FailureKind.STATUS, detail), False
    return None


def _apart(measured: "Measured", most: timedelta, *, in_step: bool | None) -> Failure:
    """Return that two clocks are apart, and what is known of ours."""
    ours = {
        True: "ours follows a time server",
        False: "ours follows no time server that the kernel knows of",
        None: "which of the two is wrong can't be told from here",
    }
    way = "ahead of" if measured.offset > 0 else "behind"
    detail = (
        f"the server's clock is {_span(abs(measured.offset))} {way} ours "
        f"(±{_span(measured.delay / 2)}), expected at most {_span(most.total_seconds())}; "
        f"{ours[in_step]}"
    )
    return Failure(FailureKind.ANSWER, detail)


def _span(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds >= 10 else f"{seconds * 1000:.1f} ms"


def _numbers(measured: "Measured") -> dict[Series, float]:
    said = measured.answer
    found: dict[Series, float] = {_STRATUM: float(said.stratum)}
    if said.stratum:
        found |= {
            _OFFSET: measured.offset,
            _DELAY: measured.delay,
            _DISTANCE: said.root_distance,
        }
    return found


def _seen(measured: "Measured") -> dict[str, Any]:
    said = measured.answer
    found: dict[str, Any] = {
        "stratum": said.stratum,
        "reference": visible_text(said.reference, 40),
        "leap": said.leap.name.lower(),
        "ntp_version": said.version,
    }
    if said.stratum:
        found["offset_milliseconds"] = round(1000 * measured.offset, 3)
        found["delay_milliseconds"] = round(1000 * measured.delay, 3)
        found["root_distance_milliseconds"] = round(1000 * said.root_distance, 3)
    return found


CHECK_TYPE = CheckType(
    spec=NtpSpec,
    probe=probe,
    measurements=(
        *(MeasurementInfo(*shared) for shared in ADDRESS),
        MeasurementInfo(
            "pantau_ntp_offset_seconds",
            "How far the server's clock is ahead of ours, negative when it is behind.",
        ),
        MeasurementInfo(
            "pantau_ntp_delay_seconds",
            "How long the packets were under way; the true offset lies within half of it.",
        ),
        MeasurementInfo(
            "pantau_ntp_stratum", "Steps from a reference clock to the server; 0 in a refusal."
        ),
        MeasurementInfo(
            "pantau_ntp_root_distance_seconds",
            "How far the server's clock may be from that of its source.",
        ),
    ),
)
