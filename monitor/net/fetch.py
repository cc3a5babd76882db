"""Fetching a URL: a fresh connection for each hop, no keep-alive, one deadline for all.

No Accept-Encoding is sent by itself: sizes then are those of the resource, and the same as
blackbox_exporter's. What a target encodes all the same, or because a header asks for it, is
decoded.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Protocol

from monitor.net.connection import Stream
from monitor.net.errors import NetError
from monitor.net.http1 import Response, request_head
from monitor.net.policy import AddressClass, narrowed
from monitor.net.redirects import REDIRECTS, Cookies, Hop, RedirectRules, next_hop
from monitor.net.resolver import Family
from monitor.net.tls import TlsSettings
from monitor.net.trace import Phase, Trace
from monitor.net.urls import Target

USER_AGENT = "Pantau"
HTTP_TLS = TlsSettings(alpn=("http/1.1",))

Fields = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to ask for, and how. Made once and used for many checks: see `make_request`.

    `head` is the header section as it goes on the wire. `resolve_to` (an IP literal) is dialled
    in place of the target's host. `redirects` None follows none.
    """

    target: Target
    method: str
    fields: Fields
    head: bytes
    body: bytes
    tls: TlsSettings
    family: Family
    resolve_to: str | None
    largest_body: int
    redirects: RedirectRules | None


def make_request(
    target: Target,
    *,
    method: str = "GET",
    fields: Fields = (),
    body: bytes = b"",
    tls: TlsSettings = HTTP_TLS,
    family: Family = Family.ANY,
    resolve_to: str | None = None,
    largest_body: int = 1_048_576,
    redirects: RedirectRules | None = None,
) -> Request:
    """Return a request; without `redirects` it follows none.

    Raise ValueError when a field would break a line.
    """
    return Request(
        target=target,
        method=method,
        fields=fields,
        head=make_head(target, method, fields, body),
        body=body,
        tls=tls,
        family=family,
        resolve_to=resolve_to,
        largest_body=largest_body,
        redirects=redirects,
    )


def make_head(target: Target, method: str, fields: Fields, body: bytes) -> bytes:
    """Return a header section: what a request needs, then `fields`, which win.

    Raise ValueError when a field would break a line.
    """
    given = {name.lower() for name, _ in fields}
    ours = [
        ("Host", target.authority),
        ("User-Agent", USER_AGENT),
        ("Accept", "*/*"),
        ("Connection", "close"),
    ]
    if body or method in {"POST", "PUT", "PATCH"}:
        ours.append(("Content-Length", str(len(body))))
    kept = [entry for entry in ours if entry[0].lower() not in given]
    return request_head(method, target.path, [*kept, *fields])


@dataclass(slots=True)
class Reply:
    """The last response, where it came from, and how many redirects led there."""

    response: Response
    target: Target
    redirects: int


class Connect(Protocol):
    """`Network.connect`."""

    async def __call__(
        self,
        host: str,
        port: int,
        *,
        deadline: float,
        trace: Trace,
        family: Family = ...,
        pinned: AddressClass | None = ...,
        tls: TlsSettings | None = ...,
        resolve_to: str | None = ...,
    ) -> Stream: ...


async def fetch(
    connect: Connect,
    request: Request,
    *,
    deadline: float,
    trace: Trace,
    pinned: AddressClass | None = None,
) -> Reply:
    """Return the reply to `request`, after its redirects.

    Raises NetError when no response came, or a redirect may not be followed. A response whose
    body breaks a rule comes back with `response.failure` set, since its status still counts.
    `trace` is left in both cases.
    """
    try:
        return await _fetch(connect, request, deadline, trace, pinned)
    finally:
        trace.leave()


async def _fetch(
    connect: Connect,
    request: Request,
    deadline: float,
    trace: Trace,
    pinned: AddressClass | None,
) -> Reply:
    cookies: Cookies | None = None
    while True:
        response, dialled = await _exchange(connect, request, deadline, trace, pinned)
        trace.status = response.status
        hop = _hop(request, response, trace)
        if hop is None:
            return Reply(response, request.target, trace.redirects)
        cookies = cookies or Cookies()
        cookies.take(request.target.origin, response.values(b"set-cookie"))
        pinned = narrowed(pinned or AddressClass.LOOPBACK, dialled)
        request = _follow(request, hop, cookies)


def _hop(request: Request, response: Response, trace: Trace) -> Hop | None:
    location = _location(response)
    if location is None:
        return None
    trace.redirects += 1
    if request.redirects is None:
        return None
    hop = next_hop(
        request.target,
        response.status,
        location,
        method=request.method,
        followed=trace.redirects - 1,
        rules=request.redirects,
    )
    if hop is None or isinstance(hop, Hop):
        return hop
    raise NetError(hop.kind, hop.detail, answered=True)


def _location(response: Response) -> str | None:
    if response.status not in REDIRECTS:
        return None
    values = response.values(b"location")
    return values[0].decode(errors="replace") if values and values[0] else None


def _follow(request: Request, hop: Hop, cookies: Cookies) -> Request:
    fields = _fields(request.fields if hop.same_origin else (), keeps_body=hop.keeps_body)
    cookie = cookies.field(hop.target.origin)
    sent = fields if cookie is None else (*fields, ("Cookie", cookie))
    body = request.body if hop.keeps_body else b""
    same_host = hop.target.origin.host == request.target.origin.host
    return replace(
        request,
        target=hop.target,
        method=hop.method,
        fields=fields,
        head=make_head(hop.target, hop.method, sent, body),
        body=body,
        tls=request.tls if hop.same_origin else _impersonal(request.tls, same_host=same_host),
        resolve_to=request.resolve_to if same_host else None,
    )


def _fields(fields: Iterable[tuple[str, str]], *, keeps_body: bool) -> Fields:
    if keeps_body:
        return tuple(fields)
    return tuple(entry for entry in fields if not entry[0].lower().startswith("content-"))


def _impersonal(tls: TlsSettings, *, same_host: bool) -> TlsSettings:
    return replace(
        tls,
        client_cert_file=None,
        client_key_file=None,
        server_name=tls.server_name if same_host else None,
    )


async def _exchange(
    connect: Connect,
    request: Request,
    deadline: float,
    trace: Trace,
    pinned: AddressClass | None,
) -> tuple[Response, str]:
    """Return the response to one request, and the address that gave it."""
    scheme, host, port = request.target.origin
    stream = await connect(
        host,
        port,
        deadline=deadline,
        trace=trace,
        family=request.family,
        pinned=pinned,
        tls=request.tls if scheme == "https" else None,
        resolve_to=request.resolve_to,
    )
    try:
        trace.enter(Phase.PROCESSING)
        await stream.send(request.head + request.body)
        return await _read(stream, request, trace), stream.address
    finally:
        stream.close()


async def _read(stream: Stream, request: Request, trace: Trace) -> Response:
    response = Response(method=request.method, largest_body=request.largest_body)
    try:
        return await _fill(response, stream, request, trace)
    finally:
        response.close()


async def _fill(response: Response, stream: Stream, request: Request, trace: Trace) -> Response:
    follows = request.redirects is not None
    while not response.complete and response.failure is None:
        try:
            octets = await stream.receive()
        except NetError as error:
            if not response.head_complete:
                raise
            response.failure = error
            break
        if trace.phase is Phase.PROCESSING:
            trace.enter(Phase.TRANSFER)
        if octets:
            response.feed(octets)
        else:
            response.end(clean=stream.clean_end)
        if follows and _location(response) is not None:
            return response  # its body is of no use: a bomb in it is never unpacked
    if response.failure is not None and not response.head_complete:
        raise response.failure
    return response
