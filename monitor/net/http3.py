"""HTTP/3 (RFC 9114): one request over a QUIC connection of its own. The extra `http3` brings it."""

from typing import Any

from aioquic.h3.connection import H3Connection
from aioquic.h3.events import DataReceived, H3Event, HeadersReceived
from aioquic.quic.events import QuicEvent, StreamReset
from pylsqpack import Decoder

from monitor.domain.observation import FailureKind
from monitor.net.errors import NetError
from monitor.net.http2 import header_fields, status_of, take_head
from monitor.net.quic import QuicLink
from monitor.net.redirects import location
from monitor.net.request import Request
from monitor.net.response import (
    LARGEST_HEAD,
    WIRE_FACTOR,
    Response,
    protocol_failure,
    too_large,
    truncated,
)
from monitor.net.trace import Phase, Trace

_HANDSHAKE = 65_536  # bytes that a certificate chain and its surroundings may take


class _Http3(H3Connection):
    """Without the dynamic table of QPACK: in 64 KB, references into it unpack to 256 MB.

    The length of a body is for `Response` to check: it knows which answers have none.
    """

    def _init_connection(self) -> None:
        self._max_table_capacity = self._blocked_streams = 0
        self._decoder = Decoder(0, 0)
        super()._init_connection()

    def _check_content_length(self, stream: Any) -> None:
        pass


async def converse(link: QuicLink, request: Request, trace: Trace) -> Response:
    """Return the response to `request` over a connection that agreed on h3.

    Raises NetError when no response came; what is wrong with a body stands in its `failure`.
    """
    response = request.response()
    try:
        await _converse(link, request, trace, response)
    except NetError as error:
        response.fail(error)
    return response.settled()


async def _converse(link: QuicLink, request: Request, trace: Trace, response: Response) -> None:
    http: Any = _Http3(link.connection)
    stream = link.connection.get_next_available_stream_id()
    http.send_headers(stream, header_fields(request), end_stream=not request.body)
    if request.body:
        http.send_data(stream, request.body, end_stream=True)
    while not response.complete:
        for happened in await _happened(link, response):
            if isinstance(happened, StreamReset) and happened.stream_id == stream:
                raise _reset(happened, response)
            for event in _http_events(http, happened):
                if trace.phase is Phase.PROCESSING:
                    trace.enter(Phase.TRANSFER)
                if getattr(event, "stream_id", None) == stream:
                    _take(event, response, link)
        if request.redirects is not None and location(response) is not None:
            return  # its body is of no use: a bomb in it is never unpacked
        await response.keep_up()
        if response.failure is not None:
            return
        _bound(link, request, response)


async def _happened(link: QuicLink, response: Response) -> list[QuicEvent]:
    """Return what happened next. Raises NetError: of a body that lacks a part, TRUNCATED."""
    try:
        return await link.events()
    except NetError as error:
        raise _cut_short(response, error) from None


def _http_events(http: Any, happened: QuicEvent) -> list[H3Event]:
    try:
        found: list[H3Event] = http.handle_event(happened)
    except Exception as error:
        # A library met bytes that its authors did not foresee: the target sent them.
        raise protocol_failure(f"HTTP/3: {type(error).__name__}") from None
    return found


def _take(event: H3Event, response: Response, link: QuicLink) -> None:
    if response.complete:
        return
    if isinstance(event, HeadersReceived):
        _take_headers(event, response)
    elif isinstance(event, DataReceived):
        link.useful += len(event.data)
        response.take_body(event.data)
    else:
        return
    if event.stream_ended and not response.complete:
        _end(response)


def _end(response: Response) -> None:
    if not response.head_complete:
        raise protocol_failure("HTTP/3: the stream ended before the headers were complete")
    response.finish()


def _take_headers(event: HeadersReceived, response: Response) -> None:
    if response.head_complete:
        return  # trailers, which count for nothing
    status = next((status_of(value) for name, value in event.headers if name == b":status"), 0)
    if 100 <= status < 200:
        response.take_prelude(status)
    else:
        take_head(response, event.headers, "3")


def _bound(link: QuicLink, request: Request, response: Response) -> None:
    """Raise NetError when more came than anybody needs to say."""
    if not response.head_complete and link.received > _HANDSHAKE + LARGEST_HEAD:
        raise too_large(f"response headers over {LARGEST_HEAD} bytes")
    largest = request.largest_body
    most = None if largest is None else _HANDSHAKE + LARGEST_HEAD + WIRE_FACTOR * largest
    if most is not None and link.received > most:
        raise too_large(f"{link.received} bytes for a body of at most {largest}")


def _reset(happened: StreamReset, response: Response) -> NetError:
    text = f"HTTP/3: stream reset by the target: error {happened.error_code:#x}"
    if not response.head_complete:
        return protocol_failure(text)
    return truncated(f"{text}, after {response.body_size} bytes of body")


def _cut_short(response: Response, error: NetError) -> NetError:
    """Return what a broken connection means for a body that lacks a part."""
    if not response.head_complete or error.failure.kind is not FailureKind.PROTOCOL:
        return error
    return truncated(f"{response.body_size} bytes of body came; {error.failure.detail}")
