"""Fetching a URL: a fresh connection for each hop, no keep-alive, one deadline for all.

No Accept-Encoding is sent by itself: sizes then are those of the resource, and the same as
blackbox_exporter's. What a target encodes all the same, or because a header asks for it, is
decoded.
"""

from dataclasses import dataclass, replace
from time import time
from typing import TYPE_CHECKING, Protocol

from monitor.net.connection import Stream
from monitor.net.errors import NetError
from monitor.net.http1 import Http1Response
from monitor.net.policy import AddressClass, narrowed
from monitor.net.proxy import Proxy, narrowed_behind
from monitor.net.redirects import PERSONAL, Cookies, Hop, is_url, location, next_hop
from monitor.net.request import HTTP_TLS, Fields, Request, make_request
from monitor.net.resolver import Family
from monitor.net.response import Response
from monitor.net.tls import TlsSettings
from monitor.net.trace import Phase, Trace
from monitor.net.urls import Target

if TYPE_CHECKING:
    from monitor.net.quic import QuicLink

__all__ = ["HTTP_TLS", "Fields", "Reply", "Request", "fetch", "make_request"]


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


class ConnectQuic(Protocol):
    """`Network.connect_quic`."""

    async def __call__(
        self,
        host: str,
        port: int,
        *,
        deadline: float,
        trace: Trace,
        tls: TlsSettings,
        family: Family = ...,
        pinned: AddressClass | None = ...,
        resolve_to: str | None = ...,
    ) -> "QuicLink": ...


async def fetch(
    connect: Connect,
    request: Request,
    *,
    deadline: float,
    trace: Trace,
    pinned: AddressClass | None = None,
    connect_quic: ConnectQuic | None = None,
) -> Reply:
    """Return the reply to `request`, after its redirects.

    Raises NetError when no response came, or a redirect may not be followed. A response whose
    body breaks a rule comes back with `response.failure` set, since its status still counts.
    `trace` is left in both cases.
    """
    try:
        return await _fetch(
            connect, request, deadline, trace, pinned=pinned, connect_quic=connect_quic
        )
    finally:
        trace.leave()


async def _fetch(
    connect: Connect,
    request: Request,
    deadline: float,
    trace: Trace,
    *,
    pinned: AddressClass | None,
    connect_quic: ConnectQuic | None,
) -> Reply:
    cookies = request.jar
    while True:
        if request.http3 and connect_quic is not None and request.target.origin.scheme == "https":
            response, dialled = await _ask_by_quic(connect_quic, request, deadline, trace, pinned)
        else:
            response, dialled = await _exchange(connect, request, deadline, trace, pinned)
        trace.status = response.status
        if cookies is not None:
            _take_cookies(cookies, request, response)
        hop = _hop(request, response, trace)
        if hop is None:
            return Reply(response, request.target, trace.redirects)
        if cookies is None:
            cookies = Cookies()
            _take_cookies(cookies, request, response)
        pinned = _narrowed(pinned or AddressClass.LOOPBACK, request, dialled)
        request = _follow(request, hop, cookies)


def _take_cookies(cookies: Cookies, request: Request, response: Response) -> None:
    cookies.take(request.target, response.values(b"set-cookie"), now=time())


def _narrowed(pinned: AddressClass, request: Request, dialled: str) -> AddressClass:
    if request.via is None:
        return narrowed(pinned, dialled)
    return narrowed_behind(pinned, request.target.origin.host)


def _hop(request: Request, response: Response, trace: Trace) -> Hop | None:
    leads_to = location(response)
    if leads_to is None:
        return None
    trace.redirects += 1
    if request.redirects is None:
        return None
    hop = next_hop(
        request.target,
        response.status,
        leads_to,
        method=request.method,
        followed=trace.redirects - 1,
        rules=request.redirects,
    )
    if hop is None or isinstance(hop, Hop):
        return hop
    if not is_url(leads_to, request.target):
        trace.redirects -= 1
    raise NetError(hop.kind, hop.detail, answered=True)


def _follow(request: Request, hop: Hop, cookies: Cookies) -> Request:
    fields = _fields(request.fields, hop)
    same_host = hop.target.origin.host == request.target.origin.host
    return make_request(
        hop.target,
        method=hop.method,
        fields=fields,
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
        jar=cookies,
    )


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
        return await _ask(stream, request, trace), stream.address
    finally:
        stream.close()


async def _ask(stream: Stream, request: Request, trace: Trace) -> Response:
    """Return the response, also one that came early and cut the request's body off."""
    unsent: NetError | None = None
    try:
        await stream.send(request.head + request.body)
    except NetError as error:
        if error.cause is not None:
            raise
        unsent = error
    try:
        return await _read(stream, request, trace)
    except NetError as error:
        raise unsent or error from None


async def _ask_by_quic(
    connect_quic: ConnectQuic,
    request: Request,
    deadline: float,
    trace: Trace,
    pinned: AddressClass | None,
) -> tuple[Response, str]:
    link = await connect_quic(
        request.target.origin.host,
        request.target.origin.port,
        deadline=deadline,
        trace=trace,
        tls=request.tls,
        family=request.family,
        pinned=pinned,
        resolve_to=request.resolve_to,
    )
    try:
        from monitor.net.http3 import converse  # an extra, which the connection has shown is there

        trace.enter(Phase.PROCESSING)
        return await converse(link, request, trace), link.address
    finally:
        link.close()


async def _read(stream: Stream, request: Request, trace: Trace) -> Response:
    response = Http1Response(
        method=request.method,
        largest_body=request.largest_body,
        keep_body=request.keep_body,
        coding=request.coding,
        upgrade=request.upgrade,
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
        if follows and location(response) is not None:
            return response  # its body is of no use: a bomb in it is never unpacked
        await response.keep_up()
    return response.settled()
