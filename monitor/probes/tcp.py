r"""Open a TCP connection; send a text and look at what comes back, if asked to.

```yaml
- id: mail-banner
  service: email
  type: tcp
  host: mail.example.go.id
  port: 25
  expect: {receive_matches: "^220 "}
```

The check is up when the connection opens (with `tls: true`, when the handshake succeeds as well)
and, with `receive_matches`, when the expression matches what the target has sent so far, at most
16 KB of it. `send` goes out as it is written: end it with `\r\n` where a protocol wants lines.
Over TLS the certificate must be trusted and bear the host's name.
"""

from functools import cached_property
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field

from monitor.checktype import CheckSpec, CheckType, MeasurementInfo, ProbeContext
from monitor.domain.blackbox import ADDRESS, CERTIFICATE, FAILED_DUE_TO_REGEX
from monitor.domain.observation import Failure, FailureKind, Outcome, series
from monitor.domain.text import visible_text
from monitor.fields import Duration, Host, Pattern, Port

if TYPE_CHECKING:
    from monitor.net.connection import Stream
    from monitor.net.resolver import Family
    from monitor.net.tls import TlsSettings
    from monitor.net.trace import Trace

LARGEST_ANSWER = 16_384

_FAILED_DUE_TO_REGEX = series(FAILED_DUE_TO_REGEX[0])


class TcpExpectation(BaseModel):
    """What must be true of the answer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    receive_matches: Pattern | None = Field(
        default=None, description="RE2 expression that must match what the target sends."
    )
    max_duration: Duration | None = Field(
        default=None, description="The check fails when it takes longer than this."
    )


class TcpSpec(CheckSpec):
    """Fields of a check of type `tcp`."""

    host: Host = Field(description="Name or IP address to connect to.")
    port: Port = Field(description="TCP port.")
    send: str | None = Field(
        default=None,
        max_length=4096,
        description="Text to send once connected, exactly as written.",
    )
    tls: bool = Field(default=False, description="Make a TLS handshake first.")
    ip: Literal["any", "ip4", "ip6", "both"] = Field(
        default="any", description="Address family to use; `both`: each must pass."
    )
    expect: TcpExpectation = Field(
        default=TcpExpectation(), description="Conditions on the answer."
    )

    def target(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def dialled_host(self) -> str:
        return self.host

    @cached_property
    def tls_settings(self) -> "TlsSettings | None":
        """How to make the handshake; None without one."""
        from monitor.net.tls import TlsSettings

        return TlsSettings() if self.tls else None


async def probe(spec: TcpSpec, context: ProbeContext) -> Outcome:
    """Connect, send, receive, over one family or both."""
    from monitor.net.families import over_families

    return await over_families(spec.ip, lambda family: _attempt(spec, context, family))


async def _attempt(spec: TcpSpec, context: ProbeContext, family: "Family") -> Outcome:
    from monitor.net.errors import NetError
    from monitor.net.report import facts, failed, judged, measurements
    from monitor.net.trace import Trace

    trace = Trace()
    answer = bytearray()
    error = None
    try:
        await _converse(spec, context, family, trace, answer)
    except NetError as raised:
        error = raised
    trace.leave()
    verdict = judge(spec, bytes(answer), trace.seconds, None if error is None else error.failure)
    measured = measurements(trace)
    measured[_FAILED_DUE_TO_REGEX] = float(
        verdict is not None and verdict.kind is FailureKind.BANNER
    )
    seen = facts(trace)
    if answer:
        seen["received"] = visible_text(bytes(answer))
    if error is not None and verdict is error.failure:
        return failed(error, measured, seen)
    return judged(verdict, measured, seen)


async def _converse(
    spec: TcpSpec, context: ProbeContext, family: "Family", trace: "Trace", answer: bytearray
) -> None:
    """Collect in `answer` what comes, until it matches, ends, or is too much."""
    from monitor.net.trace import Phase

    stream = await context.network.connect(
        spec.host,
        spec.port,
        deadline=context.deadline,
        trace=trace,
        family=family,
        tls=spec.tls_settings,
    )
    try:
        if spec.send is not None:
            trace.enter(Phase.PROCESSING)
            await stream.send(spec.send.encode())
        if spec.expect.receive_matches is not None:
            trace.enter(Phase.PROCESSING)
            await _receive(stream, spec.expect.receive_matches, answer)
    finally:
        stream.finish()


async def _receive(stream: "Stream", pattern: Pattern, answer: bytearray) -> None:
    while len(answer) < LARGEST_ANSWER and not pattern.search(bytes(answer)):
        octets = await stream.receive(LARGEST_ANSWER - len(answer))
        if not octets:
            return
        answer += octets


def judge(spec: TcpSpec, answer: bytes, seconds: float, failure: Failure | None) -> Failure | None:
    """Return why the check fails, or None. `failure` is the network's.

    An answer that came in part but does not match says more than that time was up.
    """
    pattern = spec.expect.receive_matches
    if failure is not None and not (answer and failure.kind is FailureKind.TIMEOUT):
        return failure
    if pattern is not None and not pattern.search(answer):
        got = repr(visible_text(answer, 200)) if answer else "nothing"
        return Failure(FailureKind.BANNER, f"received {got}, expected to match {pattern.text!r}")
    longest = spec.expect.max_duration
    if longest is not None and seconds > longest.total_seconds():
        return Failure(
            FailureKind.SLOW,
            f"took {seconds:.3f} s, expected at most {longest.total_seconds():g} s",
        )
    return failure


CHECK_TYPE = CheckType(
    spec=TcpSpec,
    probe=probe,
    measurements=tuple(
        MeasurementInfo(*shared) for shared in (*ADDRESS, *CERTIFICATE, FAILED_DUE_TO_REGEX)
    ),
)
