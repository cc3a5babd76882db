"""Open a WebSocket, and see that what is behind it answers.

```yaml
- id: antrean-ws
  service: portal
  type: websocket
  url: wss://antrean.example.go.id/live
  subprotocols: [antrean.v1]
  send: '{"type": "halo"}'
  expect:
    subprotocol: antrean.v1
    receive_matches: '"type": ?"halo"'
    max_duration: 2s
```

The server must grant the upgrade (status 101, RFC 6455): another status fails the check with
`status`, a redirect as well, as it is not followed. A wrong `Sec-WebSocket-Accept`, an extension or
a subprotocol that nobody offered, and frames that break the rules fail it with `protocol`.

Then `send` goes out, a text message, and a ping, which the server must answer with a pong of the
same content (`ping: false` leaves it out). `expect.receive_matches` is tried on each message that
comes, put together from its fragments, until one matches; a message holds at most 64 KB, all of
them 1 MB. A server that says goodbye before fails the check with `status`, in its own words. At the
end Pantau says goodbye, and waits a second at most for the server to do so.

The certificate of a wss server must be trusted and bear the host's name. The check is degraded
(`expires_soon`) when the chain is good for less than `min_days` more days, and fails below
`critical_days`. `headers` may be secrets, which are shown nowhere; nor is the query of the URL, or
what stands under a name such as `token` in it:

```yaml
- id: antrean-ws-token
  service: portal
  type: websocket
  url: wss://antrean.example.go.id/live
  origin: https://antrean.example.go.id
  headers:
    authorization: {file: /etc/pantau/antrean.token}
```

Bahasa Indonesia

Pemeriksaan ini membuka sambungan WebSocket, mengirim teks bila diminta, dan melakukan ping.
*Gangguan* bila server menolak sambungan, melanggar aturan WebSocket, tidak menjawab ping, atau
pesannya tidak cocok dengan `expect.receive_matches`. *Menurun* bila sertifikat habis masa
berlakunya dalam `min_days` hari.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from monitor.checktype import CheckSpec, CheckType, MeasurementInfo, ProbeContext
from monitor.domain.blackbox import ADDRESS, CERTIFICATE
from monitor.domain.observation import Failure, FailureKind, Outcome, Series, series
from monitor.domain.text import visible_text
from monitor.fields import Duration, Pattern, Secret, Url, shown
from monitor.fields.addresses import WebSocketUrl
from monitor.fields.headers import (
    HeaderName,
    HeaderValue,
    OwnHeaderName,
    open_credentials,
    repeated,
)
from monitor.fields.tlskeys import TlsKeys

if TYPE_CHECKING:
    from monitor.net.errors import NetError
    from monitor.net.resolver import Family
    from monitor.net.trace import Trace
    from monitor.net.websocket import Upgrade, WebSocket
    from monitor.net.websocketframes import Message

_PING = b"Pantau"
_LONGEST_TEXT = 4096
_SHOWN = 200


def _header_name(name: str) -> str:
    if name.lower() == "origin":
        raise ValueError("Origin has a key of its own: origin")
    if name.lower().startswith("sec-websocket-"):
        raise ValueError(f"{shown(name)} can't be given: WebSocket has its own use for it")
    return name


def _origin(url: str) -> str:
    parts = urlsplit(url)
    if parts.path != "/" or parts.query:
        raise ValueError("an origin is a scheme, a host and a port, without a path")
    return f"{parts.scheme}://{parts.netloc}"


class WebSocketExpectation(BaseModel):
    """What must be true of the answer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    subprotocol: HeaderName | None = Field(
        default=None, description="The one of `subprotocols` that the server must choose."
    )
    receive_matches: Pattern | None = Field(
        default=None, description="RE2 expression that a message must match."
    )
    max_duration: Duration | None = Field(
        default=None, description="The check fails when it takes longer than this."
    )


class WebSocketSpec(TlsKeys, CheckSpec):
    """Fields of a check of type `websocket`."""

    url: WebSocketUrl = Field(description="ws or wss URL to connect to.")
    headers: dict[Annotated[OwnHeaderName, AfterValidator(_header_name)], HeaderValue] = Field(
        default={}, max_length=20, description="Headers to send: texts or secrets."
    )
    origin: Annotated[Url, AfterValidator(_origin)] | None = Field(
        default=None, description="Origin to send, such as https://portal.example.go.id."
    )
    subprotocols: tuple[HeaderName, ...] = Field(
        default=(), max_length=20, description="Subprotocols to offer, the best one first."
    )
    send: str | None = Field(
        default=None, max_length=_LONGEST_TEXT, description="Text message to send."
    )
    ping: bool = Field(default=True, description="Ping the server, which must answer.")
    expect: WebSocketExpectation = Field(
        default=WebSocketExpectation(), description="Conditions on the answer."
    )

    @property
    def secure(self) -> bool:
        return self.url.startswith("wss:")

    def faults(self) -> Iterator[str]:
        yield from super().faults()
        for name in repeated(self.headers):
            yield f"headers: {name} is given twice: capital letters make no difference"
        yield from open_credentials("headers", self.headers)
        if len(set(self.subprotocols)) < len(self.subprotocols):
            yield "subprotocols: one is given twice"
        wanted = self.expect.subprotocol
        if wanted is not None and wanted not in self.subprotocols:
            yield f"expect.subprotocol: {shown(wanted)} is none of subprotocols"

    def target(self) -> str:
        return self.url.partition("?")[0]

    def probed(self) -> tuple[str, ...]:
        return (self.url,)

    def dialled_host(self) -> str | None:
        return urlsplit(self.url).hostname

    def warnings(self) -> tuple[str, ...]:
        found = []
        if self.insecure:
            found.append("insecure: the certificate is not verified")
        if not self.secure and any(isinstance(value, Secret) for value in self.headers.values()):
            found.append("headers: a secret is sent in the clear")
        return tuple(found)


@dataclass(slots=True)
class Heard:
    """What came of a connection so far.

    `latest` is the last message that did not match, `closed` the server's goodbye (a CLOSE frame
    or, when it just cut the connection, words for that).
    """

    upgraded: bool = False
    subprotocol: str | None = None
    latest: str | None = None
    matched: bool = False
    ponged: bool = False
    closed: str | None = None


async def probe(spec: WebSocketSpec, context: ProbeContext) -> Outcome:
    """Connect and talk, over one family or both."""
    from monitor.net.families import over_families

    return await over_families(spec.ip, lambda family: _attempt(spec, context, family))


async def _attempt(spec: WebSocketSpec, context: ProbeContext, family: "Family") -> Outcome:
    from monitor.conditions.veiling import veil
    from monitor.net.errors import NetError
    from monitor.net.trace import Trace

    upgrade = _upgrade(spec, family)
    trace, heard, error = Trace(), Heard(), None
    try:
        await _converse(spec, context, upgrade, trace, heard)
    except NetError as raised:
        error = raised
    trace.leave()
    outcome = _outcome(spec, heard, trace, error, context.now.timestamp())
    return veil(outcome, _secrets(spec, upgrade))


def _secrets(spec: WebSocketSpec, upgrade: "Upgrade") -> tuple[str, ...]:
    """Return what must never be told, in every form that a server may send it back in.

    Secrets are as they were sent: their files may be new ones by now.
    """
    from monitor.net.secrecy import secrets_of

    fields = upgrade.request.fields
    marked = [value for name, value in fields if isinstance(spec.headers.get(name), Secret)]
    return secrets_of(upgrade.request, marked)


def _upgrade(spec: WebSocketSpec, family: "Family") -> "Upgrade":
    from monitor.conditions.securely import settings_of
    from monitor.net.websocket import upgrade_request

    fields = tuple(
        (name, value.reveal() if isinstance(value, Secret) else value)
        for name, value in spec.headers.items()
    )
    if spec.origin is not None:
        fields = (("Origin", spec.origin), *fields)
    tls = settings_of(spec, "http/1.1")
    return upgrade_request(spec.url, fields, spec.subprotocols, tls, family)


async def _converse(
    spec: WebSocketSpec, context: ProbeContext, upgrade: "Upgrade", trace: "Trace", heard: Heard
) -> None:
    """Connect and talk; what is heard goes to `heard`. Raises NetError."""
    from monitor.net.websocket import upgraded

    origin = upgrade.request.target.origin
    stream = await context.network.connect(
        origin.host,
        origin.port,
        deadline=context.deadline,
        trace=trace,
        family=upgrade.request.family,
        tls=upgrade.request.tls if spec.secure else None,
    )
    try:
        socket = await upgraded(stream, upgrade, trace)
        heard.upgraded, heard.subprotocol = True, socket.subprotocol
        await _exchange(spec, socket, heard)
        trace.leave()  # the goodbye is no part of the time that a check takes
        if heard.closed is None:
            await socket.close()
    finally:
        stream.finish()


async def _exchange(spec: WebSocketSpec, socket: "WebSocket", heard: Heard) -> None:
    """Say what there is to say, and listen until all has come that is expected."""
    from monitor.net.websocketframes import Opcode

    if spec.send is not None:
        await socket.send(Opcode.TEXT, spec.send.encode())
    if spec.ping:
        await socket.send(Opcode.PING, _PING)
    while heard.closed is None and _awaited(spec, heard) is not None:
        message = await socket.receive()
        if message is None:
            heard.closed = "cut the connection"
        elif message.opcode is Opcode.CLOSE:
            heard.closed = f"closed with {_goodbye(message)}"
        elif message.opcode is Opcode.PONG:
            heard.ponged |= message.payload == _PING
        elif not heard.matched and spec.expect.receive_matches is not None:
            heard.matched = spec.expect.receive_matches.search(message.payload)
            heard.latest = shown_message(message)


def _awaited(spec: WebSocketSpec, heard: Heard) -> str | None:
    """Return what is still to come, None when all has."""
    pattern = spec.expect.receive_matches
    if pattern is not None and not heard.matched:
        return f"a message to match {pattern.text!r}"
    if spec.ping and not heard.ponged:
        return "a pong"
    return None


def _goodbye(message: "Message") -> str:
    code = "no code" if message.code is None else str(message.code)
    return f"{code} ({visible_text(message.payload, _SHOWN)})" if message.payload else code


def shown_message(message: "Message") -> str:
    """Return a message as people may see it; of one that is no text its size is told, too."""
    from monitor.net.websocketframes import Opcode

    # Not by repr, whose escapes would hide a secret from the veil.
    text = f"'{visible_text(message.payload, _SHOWN)}'"
    return text if message.opcode is Opcode.TEXT else f"{len(message.payload)} bytes {text}"


def judge(
    spec: WebSocketSpec, heard: Heard, seconds: float, error: Failure | None
) -> Failure | None:
    """Return why a check fails, or None. `error` is the network's."""
    if not heard.upgraded:
        return error
    wanted = spec.expect.subprotocol
    if wanted is not None and heard.subprotocol != wanted:
        chosen = "none" if heard.subprotocol is None else repr(heard.subprotocol)
        return Failure(FailureKind.HEADER, f"subprotocol: {chosen}, expected {wanted!r}")
    return _missing(spec, heard, error) or error or _too_slow(spec, seconds)


def _missing(spec: WebSocketSpec, heard: Heard, error: Failure | None) -> Failure | None:
    """Return what did not come. A message that does not match says more than that time was up."""
    awaited = _awaited(spec, heard)
    if awaited is None or (error is not None and error.kind is not FailureKind.TIMEOUT):
        return None
    ended = f"the server {heard.closed}" if error is None else error.detail
    if heard.latest is not None and not heard.matched:
        detail = f"received {heard.latest} last, expected {awaited}; {ended}"
        return Failure(FailureKind.BODY, detail)
    kind = FailureKind.STATUS if error is None else error.kind
    return Failure(kind, f"expected {awaited}, but {ended}")


def _too_slow(spec: WebSocketSpec, seconds: float) -> Failure | None:
    longest = spec.expect.max_duration
    if longest is None or seconds <= longest.total_seconds():
        return None
    detail = f"took {seconds:.3f} s, expected at most {longest.total_seconds():g} s"
    return Failure(FailureKind.SLOW, detail)


def _outcome(
    spec: WebSocketSpec, heard: Heard, trace: "Trace", error: "NetError | None", now: float
) -> Outcome:
    from monitor.conditions.certificate import CertificateConditions
    from monitor.conditions.securely import certificate_finding, settings_of
    from monitor.net.report import facts, failed, judged, measurements

    failure = judge(spec, heard, trace.seconds, None if error is None else error.failure)
    measured = measurements(trace) | numbers(heard, trace, failure)
    seen = facts(trace, insecure=spec.insecure) | _seen(heard, trace)
    if error is not None and failure is not None and not heard.upgraded:
        return failed(error, measured, seen)
    if error is not None and failure is not None and error.failure.kind is failure.kind:
        return replace(failed(error, measured, seen), failure=failure)
    if failure is not None:
        return judged(failure, measured, seen)
    wanted = CertificateConditions(min_days=spec.min_days, critical_days=spec.critical_days)
    settings = settings_of(spec) if spec.secure else None
    finding = certificate_finding(wanted, settings, trace, now)
    if finding is None:
        return judged(None, measured, seen)
    return judged(finding.failure, measured, seen, degraded=finding.degrades)


def numbers(heard: Heard, trace: "Trace", failure: Failure | None) -> dict[Series, float]:
    """Return what a check measures, as blackbox_exporter has it."""
    from monitor.net.trace import Phase

    phases = (Phase.RESOLVE, Phase.CONNECT, Phase.TLS, Phase.PROCESSING, Phase.TRANSFER)
    no_match = failure is not None and failure.kind is FailureKind.BODY
    return {
        **{
            series("probe_websocket_duration_seconds", phase=phase.value): trace.phases.get(
                phase, 0.0
            )
            for phase in phases
        },
        series("probe_websocket_status_code"): float(trace.status),
        series("probe_websocket_connection_upgraded"): float(heard.upgraded),
        series("probe_websocket_failed_due_to_regex"): float(no_match),
    }


def _seen(heard: Heard, trace: "Trace") -> dict[str, Any]:
    found: dict[str, Any] = {}
    if trace.status:
        found["status"] = trace.status
    if heard.subprotocol is not None:
        found["subprotocol"] = heard.subprotocol
    if heard.latest is not None:
        found["received"] = heard.latest
    if heard.closed is not None:
        found["closed"] = heard.closed
    return found


CHECK_TYPE = CheckType(
    spec=WebSocketSpec,
    probe=probe,
    measurements=(
        *(MeasurementInfo(*shared) for shared in (*ADDRESS, *CERTIFICATE)),
        MeasurementInfo(
            "probe_websocket_duration_seconds",
            "Duration of the WebSocket check by phase",
            ("phase",),
        ),
        MeasurementInfo("probe_websocket_status_code", "Response HTTP status code"),
        MeasurementInfo(
            "probe_websocket_connection_upgraded",
            "Indicates if the websocket connection was successfully upgraded",
        ),
        MeasurementInfo(
            "probe_websocket_failed_due_to_regex",
            "Indicates if probe failed due to regex: a message came, but none that matches",
        ),
    ),
)
