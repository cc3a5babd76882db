"""Ask a gRPC server how it is, by the standard health service (`grpc.health.v1.Health/Check`).

```yaml
- id: perizinan-grpc
  service: portal
  type: grpc
  host: perizinan.example.go.id
  port: 50051
  tls: true
  service_name: makassar.perizinan.v1.Perizinan
```

Without `service_name` the server is asked for itself. The check is up when the answer is one of
`expect.serving`, which is `SERVING` alone unless something else is written. Any other answer, a
status of gRPC other than OK (such as `UNIMPLEMENTED` from a server without the health service, or
`NOT_FOUND` for a service that it does not know) and a status of HTTP other than 200 fail the check
with `status`, in the server's words; what is no gRPC fails with `protocol`.

HTTP/2 is spoken in the clear without asking, or with `tls: true` over TLS, where the server must
agree to it (ALPN `h2`). The certificate must be trusted and bear the host's name. The check is
degraded (`expires_soon`) when the chain is good for less than `min_days` more days, and fails
below `critical_days`.

`metadata` goes along with the call: texts, or secrets such as a token, which are shown nowhere; nor
is a text whose name tells of one, such as `authorization`:

```yaml
- id: perizinan-grpc-token
  service: portal
  type: grpc
  host: perizinan.example.go.id
  port: 50051
  tls: true
  metadata:
    authorization: {file: /etc/pantau/perizinan.token}
  expect: {max_duration: 2s}
```

Bahasa Indonesia

Pemeriksaan ini menanyakan kesehatan server gRPC lewat layanan baku `grpc.health.v1`, dengan atau
tanpa TLS. *Gangguan* bila sambungan atau sertifikatnya salah, panggilannya ditolak, atau jawabannya
bukan `SERVING` (atau yang tertulis pada `expect.serving`). *Menurun* bila sertifikat habis masa
berlakunya dalam `min_days` hari.
"""

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from monitor.checktype import CheckSpec, CheckType, MeasurementInfo, ProbeContext
from monitor.domain.blackbox import ADDRESS, CERTIFICATE
from monitor.domain.observation import Failure, FailureKind, Outcome, Series
from monitor.domain.secrecy import is_telling
from monitor.fields import Duration, Endpoint, Host, Port, Secret
from monitor.fields.headers import HeaderValue
from monitor.fields.metadata import MetadataName
from monitor.fields.tlskeys import TlsKeys

if TYPE_CHECKING:
    from monitor.net.grpc import HealthAnswer
    from monitor.net.request import Fields
    from monitor.net.resolver import Family
    from monitor.net.trace import Trace

Serving = Literal["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"]


def _one_at_least(answers: tuple[Serving, ...]) -> tuple[Serving, ...]:
    if not answers:
        raise ValueError("an empty list lets no answer be well: leave the key out")
    return answers


class GrpcExpectation(BaseModel):
    """What must be true of the answer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    serving: Annotated[tuple[Serving, ...], AfterValidator(_one_at_least)] = Field(
        default=("SERVING",), description="Answers that are well. Default: SERVING."
    )
    max_duration: Duration | None = Field(
        default=None, description="The check fails when it takes longer than this."
    )


class GrpcSpec(TlsKeys, CheckSpec):
    """Fields of a check of type `grpc`."""

    host: Host = Field(description="Name or IP address to connect to.")
    port: Port = Field(description="TCP port.")
    tls: bool = Field(default=False, description="Speak TLS; the server must choose HTTP/2.")
    service_name: str = Field(
        default="",
        max_length=256,
        pattern=r"^[^\x00-\x1f\x7f]*$",
        description="Service to ask for. Default: none, which is the server as a whole.",
    )
    metadata: dict[MetadataName, HeaderValue] = Field(
        default={},
        max_length=20,
        description="Metadata to send: texts or secrets. Names that end in -bin take base64.",
    )
    expect: GrpcExpectation = Field(
        default=GrpcExpectation(), description="Conditions on the answer."
    )

    @property
    def secure(self) -> bool:
        return self.tls

    def target(self) -> str:
        return str(Endpoint(self.host, self.port))

    def dialled_host(self) -> str:
        return self.host

    def warnings(self) -> tuple[str, ...]:
        found = []
        if self.insecure:
            found.append("insecure: the certificate is not verified")
        if not self.tls and any(isinstance(value, Secret) for value in self.metadata.values()):
            found.append("metadata: a secret is sent in the clear")
        return tuple(found)


async def probe(spec: GrpcSpec, context: ProbeContext) -> Outcome:
    """Make the call over one family or both."""
    from monitor.net.families import over_families

    return await over_families(spec.ip, lambda family: _attempt(spec, context, family))


async def _attempt(spec: GrpcSpec, context: ProbeContext, family: "Family") -> Outcome:
    from monitor.conditions.veiling import without
    from monitor.net.errors import NetError
    from monitor.net.report import facts, failed, measurements
    from monitor.net.trace import Trace

    trace = Trace()
    metadata = _metadata(spec)
    secrets = _secrets(spec, metadata)
    try:
        answer = await _call(spec, context, metadata, trace, family)
    except NetError as error:
        trace.leave()
        seen = facts(trace, insecure=spec.insecure)
        return without(failed(error, measurements(trace) | numbers(spec, trace), seen), secrets)
    return without(_judged(spec, answer, trace, context.now.timestamp()), secrets)


def _metadata(spec: GrpcSpec) -> "Fields":
    """Return the metadata with its secrets as they are now."""
    return tuple(
        (name, value.reveal() if isinstance(value, Secret) else value)
        for name, value in spec.metadata.items()
    )


def _secrets(spec: GrpcSpec, metadata: "Fields") -> tuple[str, ...]:
    """Return what must never be told of the metadata: secrets, as they are sent, and whatever
    stands under a name that says so.
    """
    return tuple(
        value
        for name, value in metadata
        if isinstance(spec.metadata[name], Secret) or is_telling(name)
    )


async def _call(
    spec: GrpcSpec, context: ProbeContext, metadata: "Fields", trace: "Trace", family: "Family"
) -> "HealthAnswer":
    """Connect and call. Raises NetError."""
    from monitor.conditions.securely import settings_of
    from monitor.net.grpc import call, health_request

    tls = settings_of(spec, "h2") if spec.tls else None
    request = health_request(
        spec.host, spec.port, spec.service_name, metadata, tls, context.deadline
    )
    stream = await context.network.connect(
        spec.host, spec.port, deadline=context.deadline, trace=trace, family=family, tls=tls
    )
    try:
        return await call(stream, request, trace)
    finally:
        stream.finish()
        trace.leave()


def _judged(spec: GrpcSpec, answer: "HealthAnswer", trace: "Trace", now: float) -> Outcome:
    from monitor.conditions.certificate import CertificateConditions
    from monitor.conditions.grpc import health_facts
    from monitor.conditions.securely import certificate_finding, settings_of
    from monitor.net.report import facts, judged, measurements

    measured = measurements(trace) | numbers(spec, trace, answer)
    seen = facts(trace, insecure=spec.insecure) | health_facts(answer)
    failure = judge(spec, answer, trace.seconds)
    if failure is not None:
        return judged(failure, measured, seen)
    wanted = CertificateConditions(min_days=spec.min_days, critical_days=spec.critical_days)
    settings = settings_of(spec) if spec.tls else None
    finding = certificate_finding(wanted, settings, trace, now)
    if finding is None:
        return judged(None, measured, seen)
    return judged(finding.failure, measured, seen, degraded=finding.degrades)


def judge(spec: GrpcSpec, answer: "HealthAnswer", seconds: float) -> Failure | None:
    """Return why an answer fails the check, or None."""
    from monitor.conditions.grpc import health_failure

    failure = health_failure(answer, spec.service_name, spec.expect.serving)
    if failure is not None:
        return failure
    longest = spec.expect.max_duration
    if longest is not None and seconds > longest.total_seconds():
        detail = f"took {seconds:.3f} s, expected at most {longest.total_seconds():g} s"
        return Failure(FailureKind.SLOW, detail)
    return None


def numbers(
    spec: GrpcSpec, trace: "Trace", answer: "HealthAnswer | None" = None
) -> dict[Series, float]:
    """Return what a call measures, as blackbox_exporter has it."""
    from monitor.conditions.grpc import CHECK, RESOLVE, SSL, STATUS_CODE, serving_numbers
    from monitor.net.trace import Phase

    resolve = trace.phases.get(Phase.RESOLVE, 0.0)
    found = serving_numbers(answer)
    found |= {RESOLVE: resolve, CHECK: trace.seconds - resolve, SSL: float(spec.tls)}
    if answer is not None:
        found[STATUS_CODE] = float(answer.code)
    return found


CHECK_TYPE = CheckType(
    spec=GrpcSpec,
    probe=probe,
    measurements=(
        *(MeasurementInfo(*shared) for shared in (*ADDRESS, *CERTIFICATE)),
        MeasurementInfo(
            "probe_grpc_duration_seconds",
            "Duration of gRPC request by phase: the name, and all the rest",
            ("phase",),
        ),
        MeasurementInfo("probe_grpc_ssl", "Indicates if SSL was used for the connection"),
        MeasurementInfo(
            "probe_grpc_status_code", "Response gRPC status code; absent without an answer"
        ),
        MeasurementInfo(
            "probe_grpc_healthcheck_response",
            "Response HealthCheck response: 1 at the status that was answered",
            ("serving_status",),
        ),
    ),
)
