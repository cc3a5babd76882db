"""Fetch a URL and look at the answer.

```yaml
- id: portal-http
  service: portal
  type: http
  url: https://portal.example.go.id/
  expect:
    status: [200-299]
    body_contains: Makassar
    headers: {content-type: "^text/html"}
    max_duration: 5s
    min_days: 21
```

Every check opens a fresh connection; nothing is kept from an earlier one. Conditions are tried in
this order, and the first that does not hold is told, with the actual value: `status`, `headers`,
a whole body, `body_…`, `json`, `max_duration`; then `min_days`, which only degrades.

Redirects are followed, at most `max_redirects`: from https to http only with `allow_downgrade`,
and never to a more inner kind of address (from public to private, from private to loopback). When
scheme, host or port change, credentials, own headers, the body and the client certificate stay
behind. No `Accept-Encoding` is sent unless `headers` has one; an encoded answer is decoded.

`json` takes JSONPath (RFC 9535): every value that a path selects must equal the expected one, and
there must be one at least. Not offered are `match()` and `search()`, several selectors in one pair
of brackets, and more than one of `..` and `?` in a path.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator

from monitor.checktype import CheckSpec, CheckType, MeasurementInfo, ProbeContext
from monitor.domain.blackbox import ADDRESS, CERTIFICATE, FAILED_DUE_TO_REGEX, HTTP
from monitor.domain.bodies import json_document, json_text, same_json, searchable
from monitor.domain.observation import Failure, FailureKind, Outcome, series
from monitor.domain.text import veiled, visible_text
from monitor.fields import Duration, File, Host, Pattern, Secret, Size, Url
from monitor.fields.headers import HeaderName, HeaderValue, IpLiteral, OwnHeaderName
from monitor.fields.jsonpath import JsonPath
from monitor.fields.secrets import WAYS
from monitor.fields.statuses import Statuses, format_statuses

if TYPE_CHECKING:
    from monitor.net.fetch import Reply, Request
    from monitor.net.http1 import Headers
    from monitor.net.resolver import Family

_LARGEST_WALKED = 262_144  # bytes of a document that a path may walk through as a whole
_MOST_SELECTED = 1000

_FAILED_DUE_TO_REGEX = series(FAILED_DUE_TO_REGEX[0])
_CREDENTIALS = {"authorization", "proxy-authorization"}
_REGEX_KINDS = {FailureKind.HEADER, FailureKind.BODY}


class BasicAuth(BaseModel):
    """A user and a password, sent as HTTP Basic authentication."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    username: str = Field(
        min_length=1, pattern=r"^[^:\x00-\x1f\x7f]+$", description="User name, without a colon."
    )
    password: Secret = Field(description="Password.")


class HttpExpectation(BaseModel):
    """What must be true of the answer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    status: Statuses = Field(
        default=((200, 299),), description="Status codes and ranges that are right."
    )
    body_contains: str | None = Field(
        default=None, min_length=1, description="Text that must stand in the body."
    )
    body_not_contains: str | None = Field(
        default=None, min_length=1, description="Text that must not stand in the body."
    )
    body_matches: Pattern | None = Field(
        default=None, description="RE2 expression that must match the body."
    )
    body_not_matches: Pattern | None = Field(
        default=None, description="RE2 expression that must not match the body."
    )
    headers: dict[HeaderName, Pattern] = Field(
        default={}, description="For each header, an RE2 expression that must match its value."
    )
    json_: dict[JsonPath, JsonValue] = Field(
        default={}, alias="json", description="For each JSONPath, the value it must lead to."
    )
    max_duration: Duration | None = Field(
        default=None, description="The check fails when it takes longer than this."
    )
    min_days: int | None = Field(
        default=None,
        ge=0,
        description="Degraded when the certificate chain is good for less than these days.",
    )


class HttpSpec(CheckSpec):
    """Fields of a check of type `http`."""

    url: Url = Field(description="http or https URL to fetch.")
    method: Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] = Field(
        default="GET", description="Method of the request."
    )
    headers: dict[OwnHeaderName, HeaderValue] = Field(
        default={}, description="Headers to send: texts or secrets."
    )
    body: str | None = Field(default=None, description="Body to send.")
    basic_auth: BasicAuth | None = Field(
        default=None, description="User and password for Basic authentication."
    )
    bearer: Secret | None = Field(default=None, description="Token for Bearer authentication.")
    follow_redirects: bool = Field(default=True, description="Follow redirects.")
    max_redirects: int = Field(
        default=5, ge=1, le=20, description="The check fails when there are more redirects."
    )
    allow_downgrade: bool = Field(
        default=False, description="Let a redirect lead from https to http."
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
    server_name: Host | None = Field(
        default=None,
        description="Name to ask for (SNI), and to be in the certificate. Default: the URL's host.",
    )
    min_tls: Literal["TLS1.0", "TLS1.1", "TLS1.2", "TLS1.3"] = Field(
        default="TLS1.2", description="Oldest version of TLS to accept."
    )
    insecure: bool = Field(
        default=False, description="Do not verify the certificate. Shown in every output."
    )
    max_body: Size = Field(
        default=1_048_576, description="The check fails when the decoded body is larger."
    )
    resolve_to: IpLiteral | None = Field(
        default=None, description="IP address to dial in place of the URL's host."
    )
    ip: Literal["any", "ip4", "ip6", "both"] = Field(
        default="any", description="Address family to use; `both`: each must pass."
    )
    expect: HttpExpectation = Field(
        default=HttpExpectation(), description="Conditions on the answer."
    )

    @model_validator(mode="after")
    def _goes_together(self) -> Self:
        if self.client_key_file is not None and self.client_cert_file is None:
            raise ValueError("client_key_file: give client_cert_file, too")
        for name, value in self.headers.items():
            if name.lower() in _CREDENTIALS and not isinstance(value, Secret):
                raise ValueError(f"headers: {name} is a secret: {WAYS}")
        ways = {name.lower() for name in self.headers} & {"authorization"}
        if len(ways) + (self.basic_auth is not None) + (self.bearer is not None) > 1:
            raise ValueError("give one of basic_auth, bearer and an Authorization header")
        if self.resolve_to is not None and self.ip != "any":
            raise ValueError("resolve_to is one address: leave out ip")
        return self

    def target(self) -> str:
        return self.url.partition("?")[0]

    def dialled_host(self) -> str | None:
        return self.resolve_to or urlsplit(self.url).hostname

    def warnings(self) -> tuple[str, ...]:
        found = []
        if self.insecure:
            found.append("insecure: the certificate is not verified")
        if self.url.startswith("http:") and (self.basic_auth or self.bearer):
            found.append("credentials are sent in the clear, over http")
        return tuple(found)

    @cached_property
    def has_secrets(self) -> bool:
        """Whether the request holds something that may change while the daemon runs."""
        return (
            self.basic_auth is not None
            or self.bearer is not None
            or any(isinstance(value, Secret) for value in self.headers.values())
        )

    @cached_property
    def requests(self) -> "dict[Family, Request]":
        """The request without its secrets, as made for each family before."""
        return {}


def request_of(spec: HttpSpec, family: "Family") -> "Request":
    """Return the request of a check; made once, unless secrets go into it."""
    known = spec.requests.get(family)
    if known is not None:
        return known
    request = _request(spec, family)
    if not spec.has_secrets:
        spec.requests[family] = request
    return request


def _request(spec: HttpSpec, family: "Family") -> "Request":
    from monitor.net.fetch import make_request
    from monitor.net.redirects import RedirectRules
    from monitor.net.tls import TlsSettings
    from monitor.net.urls import parse_target

    rules = RedirectRules(most=spec.max_redirects, allow_downgrade=spec.allow_downgrade)
    return make_request(
        parse_target(spec.url),
        method=spec.method,
        fields=tuple(_fields(spec)),
        body=(spec.body or "").encode(),
        tls=TlsSettings(
            ca_file=spec.ca_file,
            client_cert_file=spec.client_cert_file,
            client_key_file=spec.client_key_file,
            min_tls=spec.min_tls,
            insecure=spec.insecure,
            alpn=("http/1.1",),
            server_name=spec.server_name,
        ),
        family=family,
        resolve_to=spec.resolve_to,
        largest_body=spec.max_body,
        redirects=rules if spec.follow_redirects else None,
    )


def _fields(spec: HttpSpec) -> Iterator[tuple[str, str]]:
    for name, value in spec.headers.items():
        yield name, value.reveal() if isinstance(value, Secret) else value
    if spec.bearer is not None:
        yield "Authorization", f"Bearer {spec.bearer.reveal()}"
    if spec.basic_auth is not None:
        yield "Authorization", f"Basic {_credentials(spec.basic_auth)}"


def _credentials(auth: BasicAuth) -> str:
    from base64 import b64encode

    return b64encode(f"{auth.username}:{auth.password.reveal()}".encode()).decode()


def _told(spec: HttpSpec, failure: Failure | None) -> Failure | None:
    """Return a failure without the secrets of the request: error pages like to repeat them."""
    if failure is None:
        return None
    return Failure(failure.kind, veiled(failure.detail, _secrets(spec)))


def _secrets(spec: HttpSpec) -> Iterator[str]:
    yield spec.url.partition("?")[2]
    for value in (spec.bearer, *spec.headers.values()):
        if isinstance(value, Secret):
            yield value.reveal()
    if spec.basic_auth is not None:
        yield spec.basic_auth.password.reveal()
        yield _credentials(spec.basic_auth)


async def probe(spec: HttpSpec, context: ProbeContext) -> Outcome:
    """Fetch over one family or both."""
    from monitor.net.families import over_families

    return await over_families(spec.ip, lambda family: _attempt(spec, context, family))


async def _attempt(spec: HttpSpec, context: ProbeContext, family: "Family") -> Outcome:
    from monitor.net.errors import NetError
    from monitor.net.httpreport import fetch_numbers, reply_facts, reply_numbers
    from monitor.net.report import days_left, facts, failed, judged, measurements
    from monitor.net.trace import Trace

    trace = Trace()
    try:
        reply = await context.network.fetch(
            request_of(spec, family), deadline=context.deadline, trace=trace
        )
    except NetError as error:
        measured = measurements(trace) | fetch_numbers(trace)
        return failed(error, measured, facts(trace, insecure=spec.insecure))
    answer = _answer(reply, trace.seconds, days_left(trace, context.now.timestamp()))
    failure = _told(spec, judge(spec, answer))
    measured = measurements(trace) | fetch_numbers(trace) | reply_numbers(reply)
    if failure is not None and failure.kind in _REGEX_KINDS:
        measured[_FAILED_DUE_TO_REGEX] = 1.0
    degraded = failure is not None and failure.kind is FailureKind.EXPIRES_SOON
    seen = reply_facts(reply) | facts(trace, insecure=spec.insecure)
    return judged(failure, measured, seen, degraded=degraded)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What conditions look at. `failure` says what was wrong with the body on the wire.

    `days_left` is None without TLS.
    """

    status: int
    headers: "Headers"
    body: bytes
    failure: Failure | None
    seconds: float
    days_left: float | None


def _answer(reply: "Reply", seconds: float, days_left: float | None) -> Answer:
    response = reply.response
    return Answer(
        status=response.status,
        headers=response.headers,
        body=response.body,
        failure=None if response.failure is None else response.failure.failure,
        seconds=seconds,
        days_left=days_left,
    )


def judge(spec: HttpSpec, answer: Answer) -> Failure | None:
    """Return the first condition that does not hold, or None. EXPIRES_SOON only degrades."""
    expect = spec.expect
    if not any(first <= answer.status <= last for first, last in expect.status):
        detail = f"status: {answer.status}, expected {format_statuses(expect.status)}"
        return Failure(FailureKind.STATUS, detail)
    return (
        _judge_headers(expect, answer)
        or answer.failure
        or _judge_body(expect, answer)
        or _judge_json(expect, answer)
        or _judge_duration(expect, answer)
        or _judge_certificate(expect, answer)
    )


def _judge_headers(expect: HttpExpectation, answer: Answer) -> Failure | None:
    for name, pattern in expect.headers.items():
        wanted = name.lower().encode()
        values = [value for key, value in answer.headers if key.lower() == wanted]
        if not any(pattern.search(value) for value in values):
            got = ", ".join(repr(visible_text(value, 200)) for value in values[:4]) or "missing"
            detail = f"header {name}: {got}, expected to match {pattern.text!r}"
            return Failure(FailureKind.HEADER, detail)
    return None


def _judge_body(expect: HttpExpectation, answer: Answer) -> Failure | None:
    broken = next(_broken_wishes(expect, answer), None)
    if broken is None:
        return None
    size, start = len(answer.body), visible_text(answer.body, 120)
    detail = f"body of {size} bytes that begins {start!r}, expected {broken}"
    return Failure(FailureKind.BODY, detail)


def _broken_wishes(expect: HttpExpectation, answer: Answer) -> Iterator[str]:
    text = _searched(expect, answer)
    if (wanted := expect.body_contains) is not None and wanted.encode() not in text:
        yield f"to contain {wanted!r}"
    if (unwanted := expect.body_not_contains) is not None and unwanted.encode() in text:
        yield f"not to contain {unwanted!r}"
    if (pattern := expect.body_matches) is not None and not pattern.search(text):
        yield f"to match {pattern.text!r}"
    if (pattern := expect.body_not_matches) is not None and pattern.search(text):
        yield f"not to match {pattern.text!r}"


def _searched(expect: HttpExpectation, answer: Answer) -> bytes:
    wishes = (
        expect.body_contains,
        expect.body_not_contains,
        expect.body_matches,
        expect.body_not_matches,
    )
    return searchable(answer.body, answer.headers) if any(wishes) else b""


def _judge_json(expect: HttpExpectation, answer: Answer) -> Failure | None:
    if not expect.json_:
        return None
    try:
        document = json_document(answer.body)
    except ValueError as error:
        return Failure(FailureKind.JSON, f"json: {visible_text(str(error), 300)}")
    for path, expected in expect.json_.items():
        fault = _json_fault(path, expected, document, len(answer.body))
        if fault is not None:
            detail = f"json {path.text}: {fault}, expected {json_text(expected)}"
            return Failure(FailureKind.JSON, detail)
    return None


def _json_fault(path: JsonPath, expected: JsonValue, document: Any, size: int) -> str | None:
    if path.walks and size > _LARGEST_WALKED:
        return f"a document of {size} bytes is too large for a path with *, .., : or ?"
    found = False
    for count, value in enumerate(path.select(document)):
        if count >= _MOST_SELECTED:
            return f"over {_MOST_SELECTED} values"
        if not same_json(value, expected):
            return json_text(value)
        found = True
    return None if found else "nothing there"


def _judge_duration(expect: HttpExpectation, answer: Answer) -> Failure | None:
    longest = expect.max_duration
    if longest is None or answer.seconds <= longest.total_seconds():
        return None
    limit = longest.total_seconds()
    detail = f"took {answer.seconds:.3f} s, expected at most {limit:g} s"
    return Failure(FailureKind.SLOW, detail)


def _judge_certificate(expect: HttpExpectation, answer: Answer) -> Failure | None:
    least, left = expect.min_days, answer.days_left
    if least is None or left is None or left >= least:
        return None
    detail = f"certificate expires in {left:.1f} days, expected at least {least}"
    return Failure(FailureKind.EXPIRES_SOON, detail)


CHECK_TYPE = CheckType(
    spec=HttpSpec,
    probe=probe,
    measurements=tuple(
        MeasurementInfo(*shared) for shared in (*ADDRESS, *HTTP, *CERTIFICATE, FAILED_DUE_TO_REGEX)
    ),
)
