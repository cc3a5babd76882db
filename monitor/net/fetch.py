"""Fetching a URL: a fresh connection for each hop, no keep-alive, one deadline for all.

No Accept-Encoding is sent by itself: sizes then are those of the resource, and the same as
blackbox_exporter's. What a target encodes all the same, or because a header asks for it, is
decoded.
"""

from dataclasses import dataclass, replace
from time import time
from typing import Protocol

from monitor.net.connection import Stream
from monitor.net.errors import NetError
from monitor.net.http1 import USER_AGENT, Http1Response, request_head
from monitor.net.policy import AddressClass, narrowed
from monitor.net.proxy import Proxy, absolute_form, narrowed_behind
from monitor.net.redirects import PERSONAL, REDIRECTS, Cookies, Hop, RedirectRules, next_hop
from monitor.net.resolver import Family
from monitor.net.response import LARGEST_BODY, Response
from monitor.net.tls import TlsSettings
from monitor.net.trace import Phase, Trace
from monitor.net.urls import Target

HTTP_TLS = TlsSettings(alpn=("http/1.1",))

Fields = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to ask for, and how. Made once and used for many checks: see `make_request`.

    `fields` are the caller's own header fields, `sent` all of them, `head` the same as HTTP/1.1
    has them on the wire. `resolve_to` (an IP literal) is dialled in place of the target's host.
    `largest_body` (bytes, decoded) None sets no bound but the deadline; without `keep_body` the
    body is only counted. `coding` (gzip, br, deflate, identity) is undone whatever the answer
    says of itself; None goes by its Content-Encoding.

    `http2` offers HTTP/2 to https targets, which may choose HTTP/1.1; `http3` asks https targets
    by QUIC, and by nothing else. `proxy` is asked in place of the target, unless its list of
    exceptions (`no_proxy`) names the target: then `via` is None. `redirects` None follows none.
    """

    target: Target
    method: str
    fields: Fields
    sent: Fields
    head: bytes
    body: bytes
    tls: TlsSettings
    family: Family
    resolve_to: str | None
    largest_body: int | None
    keep_body: bool
    coding: str | None
    http2: bool
    http3: bool
    proxy: Proxy | None
    via: Proxy | None
    user_agent: str
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
    largest_body: int | None = LARGEST_BODY,
    keep_body: bool = True,
    coding: str | None = None,
    http2: bool = False,
    http3: bool = False,
    proxy: Proxy | None = None,
    user_agent: str = USER_AGENT,
    redirects: RedirectRules | None = None,
) -> Request:
    """Return a request; without `redirects` it follows none.

    Raise ValueError when a field would break a line, and on `http3` through a proxy.
    """
    if http3 and proxy is not None:
        raise ValueError("HTTP/3 goes through no proxy")
    if http2:
        import monitor.net.http2  # noqa: F401 - now, not while the first check is timed
    via = proxy if proxy is not None and proxy.serves(target.origin) else None
    sent = fields_sent(target, method, fields, body, user_agent)
    return Request(
        target=target,
        method=method,
        fields=fields,
        sent=sent,
        head=_head(target, method, sent, via, resolve_to),
        body=body,
        tls=replace(tls, alpn=("h2", "http/1.1")) if http2 else tls,
        family=family,
        resolve_to=resolve_to,
        largest_body=largest_body,
        keep_body=keep_body,
        coding=coding,
        http2=http2,
        http3=http3,
        proxy=proxy,
        via=via,
        user_agent=user_agent,
        redirects=redirects,
    )


def fields_sent(
    target: Target, method: str, fields: Fields, body: bytes, user_agent: str = USER_AGENT
) -> Fields:
    """Return the header fields of a request: what it needs, then `fields`, which win."""
    given = {name.lower() for name, _ in fields}
    ours = [
        ("Host", target.authority),
        ("User-Agent", user_agent),
        ("Accept", "*/*"),
        ("Connection", "close"),
    ]
    if body or method in {"POST", "PUT", "PATCH"}:
        ours.append(("Content-Length", str(len(body))))
    return (*(entry for entry in ours if entry[0].lower() not in given), *fields)


def _head(
    target: Target, method: str, sent: Fields, via: Proxy | None, resolve_to: str | None
) -> bytes:
    if via is None or target.origin.scheme != "http":
        return request_head(method, target.path, sent)
    fields = (*sent, *via.authorization)
    return request_head(method, absolute_form(target, resolve_to), fields)


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
        proxy: Proxy | None = ...,
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
        cookies.take(request.target, response.values(b"set-cookie"), now=time())
        pinned = _narrowed(pinned or AddressClass.LOOPBACK, request, dialled)
        request = _follow(request, hop, cookies)


def _narrowed(pinned: AddressClass, request: Request, dialled: str) -> AddressClass:
    if request.via is None:
        return narrowed(pinned, dialled)
    return narrowed_behind(pinned, request.target.origin.host)


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


def leads_elsewhere(response: Response) -> bool:
    """Say whether a response, as far as it came, is a redirect."""
    return _location(response) is not None


def _location(response: Response) -> str | None:
    if response.status not in REDIRECTS:
        return None
    values = response.values(b"location")
    return values[0].decode(errors="replace") if values and values[0] else None


def _follow(request: Request, hop: Hop, cookies: Cookies) -> Request:
    fields = _fields(request.fields, hop)
    own = "; ".join(value for name, value in fields if name.lower() == "cookie")
    cookie = cookies.field(hop.target, own)
    sent = tuple(entry for entry in fields if entry[0].lower() != "cookie")
    same_host = hop.target.origin.host == request.target.origin.host
    next_request = make_request(
        hop.target,
        method=hop.method,
        fields=sent if cookie is None else (*sent, ("Cookie", cookie)),
        body=request.body if hop.keeps_body else b"",
        tls=request.tls if hop.same_origin else _impersonal(request.tls, same_host=same_host),
        family=request.family,
        resolve_to=request.resolve_to if same_host else None,
        largest_body=request.largest_body,
        keep_body=request.keep_body,
        coding=request.coding,
        http2=request.http2,
        http3=request.http3,
        proxy=request.proxy,
        user_agent=request.user_agent,
        redirects=request.redirects,
    )
    return replace(next_request, fields=fields)  # what the jar holds is not the caller's own


def _fields(fields: Fields, hop: Hop) -> Fields:
    if not hop.keeps_fields:
        return ()
    left = set() if hop.same_origin else PERSONAL
    return tuple(
        (name, value)
        for name, value in fields
        if name.lower() not in left and (hop.keeps_body or not name.lower().startswith("content-"))
    )


def _impersonal(tls: TlsSettings, *, same_host: bool) -> TlsSettings:
    return replace(
        tls,
        client_cert_file=None,
        client_key_file=None,
        cert_pem=None,
        key_pem=None,
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
        proxy=request.via,
    )
    try:
        trace.enter(Phase.PROCESSING)
        if request.http2 and stream.alpn == "h2":
            from monitor.net.http2 import converse  # only who is offered it pays for it

            return await converse(stream, request, trace), stream.address
        await stream.send(request.head + request.body)
        return await _read(stream, request, trace), stream.address
    finally:
        stream.close()


async def _read(stream: Stream, request: Request, trace: Trace) -> Response:
    response = Http1Response(
        method=request.method,
        largest_body=request.largest_body,
        keep_body=request.keep_body,
        coding=request.coding,
    )
    try:
        return await _fill(response, stream, request, trace)
    finally:
        response.close()


async def _fill(
    response: Http1Response, stream: Stream, request: Request, trace: Trace
) -> Response:
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
        if follows and leads_elsewhere(response):
            return response  # its body is of no use: a bomb in it is never unpacked
    if response.failure is not None and not response.head_complete:
        raise response.failure
    return response
