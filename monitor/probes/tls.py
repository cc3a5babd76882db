"""Make a TLS handshake, and look at the certificate.

```yaml
- id: portal-tls
  service: portal
  type: tls
  host: portal.example.go.id
  min_days: 21
```

The check is up when the chain is trusted, has not expired and bears the right name. It is
degraded (`expires_soon`) when the chain is good for less than `min_days` more days. All faults of
a refused certificate are told at once, and its dates and names are reported all the same.
"""

from functools import cached_property
from typing import TYPE_CHECKING, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from monitor.checktype import CheckSpec, CheckType, MeasurementInfo, ProbeContext
from monitor.domain.blackbox import ADDRESS, CERTIFICATE
from monitor.domain.observation import Failure, FailureKind, Outcome
from monitor.domain.text import visible_text
from monitor.fields import File, Host, Pattern, Port

if TYPE_CHECKING:
    from monitor.net.certificates import Certificate
    from monitor.net.resolver import Family
    from monitor.net.tls import TlsSettings
    from monitor.net.trace import Trace


class TlsExpectation(BaseModel):
    """What must be true of the certificate, beyond being trusted."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    issuer_matches: Pattern | None = Field(
        default=None,
        description="RE2 expression that must match the issuer, `CN=R11,O=Let's Encrypt,C=US`.",
    )
    name: Host | None = Field(
        default=None,
        description="Name that must be in the certificate. Default: `server_name`, else `host`.",
    )


class TlsSpec(CheckSpec):
    """Fields of a check of type `tls`."""

    host: Host = Field(description="Name or IP address to connect to.")
    port: Port = Field(default=443, description="TCP port.")
    server_name: Host | None = Field(
        default=None, description="Name to ask for (SNI). Default: `host`."
    )
    ca_file: File | None = Field(
        default=None,
        description="PEM file of the authorities to trust, in place of the system's.",
    )
    client_cert_file: File | None = Field(
        default=None, description="PEM file of the certificate that the daemon shows."
    )
    client_key_file: File | None = Field(
        default=None,
        description="PEM file of its key; may be left out when it is in the same file.",
    )
    min_tls: Literal["TLS1.0", "TLS1.1", "TLS1.2", "TLS1.3"] = Field(
        default="TLS1.2", description="Oldest version of TLS to accept."
    )
    min_days: int = Field(
        default=14,
        ge=0,
        description="Degraded when the certificate chain is good for less than these days.",
    )
    ip: Literal["any", "ip4", "ip6", "both"] = Field(
        default="any", description="Address family to use; `both`: each must pass."
    )
    expect: TlsExpectation = Field(
        default=TlsExpectation(), description="Conditions on the certificate."
    )

    @model_validator(mode="after")
    def _key_has_certificate(self) -> Self:
        if self.client_key_file is not None and self.client_cert_file is None:
            raise ValueError("client_key_file: give client_cert_file, too")
        return self

    def target(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def dialled_host(self) -> str:
        return self.host

    @cached_property
    def tls_settings(self) -> "TlsSettings":
        """How to make the handshake."""
        from monitor.net.tls import TlsSettings

        return TlsSettings(
            ca_file=self.ca_file,
            client_cert_file=self.client_cert_file,
            client_key_file=self.client_key_file,
            min_tls=self.min_tls,
            check_name=self.expect.name is None,
            server_name=self.server_name,
        )


async def probe(spec: TlsSpec, context: ProbeContext) -> Outcome:
    """Make a handshake over one family or both."""
    from monitor.net.families import over_families

    return await over_families(spec.ip, lambda family: _attempt(spec, context, family))


async def _attempt(spec: TlsSpec, context: ProbeContext, family: "Family") -> Outcome:
    from monitor.net.errors import NetError
    from monitor.net.report import days_left, facts, failed, judged, measurements
    from monitor.net.trace import Trace

    trace = Trace()
    try:
        stream = await context.network.connect(
            spec.host,
            spec.port,
            deadline=context.deadline,
            trace=trace,
            family=family,
            tls=spec.tls_settings,
        )
    except NetError as error:
        trace.leave()
        return failed(error, measurements(trace), facts(trace))
    stream.finish()
    trace.leave()
    left = days_left(trace, context.now.timestamp())
    failure = judge(spec, _leaf(trace), left)
    return judged(
        failure,
        measurements(trace),
        facts(trace),
        degraded=failure is not None and failure.kind is FailureKind.EXPIRES_SOON,
    )


def _leaf(trace: "Trace") -> "Certificate | None":
    return None if trace.tls is None else trace.tls.chain.leaf


def judge(spec: TlsSpec, leaf: "Certificate | None", days_left: float | None) -> Failure | None:
    """Return what is wrong with a certificate that is trusted, or None.

    EXPIRES_SOON only degrades. `days_left` may be negative only where nothing was verified.
    """
    if leaf is None or days_left is None:
        return Failure(FailureKind.TLS_OTHER, "the certificate can't be read")
    if spec.expect.name is not None:
        from monitor.net.certificates import covers
        from monitor.net.trust import wrong_name

        if not covers(leaf, spec.expect.name):
            return Failure(FailureKind.TLS_HOSTNAME, wrong_name(leaf, spec.expect.name))
    pattern = spec.expect.issuer_matches
    if pattern is not None and not pattern.search(leaf.issuer):
        issuer = visible_text(leaf.issuer, 300)
        return Failure(
            FailureKind.TLS_UNTRUSTED, f"issuer: {issuer}, expected to match {pattern.text!r}"
        )
    if days_left < spec.min_days:
        detail = f"certificate expires in {days_left:.1f} days, expected at least {spec.min_days}"
        return Failure(FailureKind.EXPIRES_SOON, detail)
    return None


CHECK_TYPE = CheckType(
    spec=TlsSpec,
    probe=probe,
    measurements=tuple(MeasurementInfo(*shared) for shared in (*ADDRESS, *CERTIFICATE)),
)
