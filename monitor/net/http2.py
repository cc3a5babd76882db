"""HTTP/2 (RFC 9113): one request over a connection of its own, and a strict, bounded reader.

h2 keeps the state of the connection and unpacks header fields (HPACK). Frames are cut and counted
here, before it sees them: a frame costs a target nine bytes and us some 20 µs, so that a flood of
empty ones would hold the loop. GOAWAY is understood here, too, since it may come before a response
that is on its way, which h2 would not take any more.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import (
    DataReceived,
    Event,
    InformationalResponseReceived,
    ResponseReceived,
    StreamEnded,
    StreamReset,
    TrailersReceived,
)
from h2.exceptions import DenialOfServiceError, InvalidBodyLengthError, ProtocolError
from h2.settings import SettingCodes, Settings

from monitor.domain.text import visible_text
from monitor.net.connection import Stream
from monitor.net.errors import NetError
from monitor.net.redirects import location
from monitor.net.request import Fields, Request
from monitor.net.response import (
    LARGEST_HEAD,
    WIRE_FACTOR,
    Response,
    protocol_failure,
    too_large,
    truncated,
)
from monitor.net.trace import Phase, Trace

_STREAM = 1  # the only one
_FRAME_HEAD = 9
_LARGEST_FRAME = 16_384
_GOAWAY = 0x7
_MOST_FRAMES = 2000  # and one more for each 64 bytes of body
_BODY_OF_A_FRAME = 64
_MOST_AROUND = 262_144  # bytes that are not the body; and one more for each byte of it
_WINDOW = 1_048_576
_FIRST_WINDOW = 65_535  # of the connection, by the standard
_SETTINGS = {
    SettingCodes.ENABLE_PUSH: 0,
    SettingCodes.INITIAL_WINDOW_SIZE: _WINDOW,
    SettingCodes.MAX_HEADER_LIST_SIZE: LARGEST_HEAD,
}
_CONFIG = H2Configuration(
    client_side=True,
    header_encoding=None,
    validate_outbound_headers=False,  # `make_request` has done so
)
# Fields of one connection of HTTP/1.1 (RFC 9113, 8.2.2); Host is a pseudo field.
_NOT_SENT = {"connection", "host", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"}


async def converse(stream: Stream, request: Request, trace: Trace) -> Response:
    """Return the response to `request` over a connection that agreed on h2.

    Raises NetError when no response came; what is wrong with a body stands in its `failure`.
    """
    response = request.response()
    try:
        await _converse(stream, request, trace, Conversation(request, response))
    except NetError as error:
        response.fail(error)
    return response.settled()


async def _converse(
    stream: Stream, request: Request, trace: Trace, conversation: "Conversation"
) -> None:
    response = conversation.response
    while True:
        out = conversation.outgoing()
        if out:
            await stream.send(out)
        octets = await stream.receive()
        if octets:
            conversation.feed(octets)
        else:
            conversation.end()
        if conversation.answered and trace.phase is Phase.PROCESSING:
            trace.enter(Phase.TRANSFER)
        if request.redirects is not None and location(response) is not None:
            return  # its body is of no use: a bomb in it is never unpacked
        await response.keep_up()
        if response.complete or response.failure is not None:
            return


class Conversation:
    """The client's side of one request, without a socket.

    `answered` says that the response, or an interim one, has begun.
    """

    def __init__(self, request: Request, response: Response) -> None:
        self.response = response
        self.answered = False
        self._rest = memoryview(request.body)
        self._connection = H2Connection(_CONFIG)
        self._connection.local_settings = Settings(client=True, initial_values=_SETTINGS)
        self._buffer = bytearray()
        self._fed = 0
        self._frames = 0
        self._body = 0  # bytes as they came
        self._largest_body = request.largest_body
        self._begin(request)

    def _begin(self, request: Request) -> None:
        connection = self._connection
        connection.initiate_connection()
        connection.increment_flow_control_window(_WINDOW - _FIRST_WINDOW)
        connection.send_headers(_STREAM, header_fields(request), end_stream=not self._rest)
        self._send_body()

    def outgoing(self) -> bytes:
        """Return what is to be sent now."""
        octets: bytes = self._connection.data_to_send()
        return octets

    def feed(self, octets: bytes) -> None:
        """Take the next bytes off the wire. What is wrong with them stands in the response."""
        self._fed += len(octets)
        self._buffer += octets
        try:
            for frame in self._cut():
                self._take(frame)
                if self.response.complete:
                    return
            self._bound()
            self._send_body()
        except NetError as error:
            self.response.fail(error)

    def end(self) -> None:
        """Take note that the target closed: HTTP/2 says so before, when all is well."""
        response = self.response
        if not response.head_complete:
            text = f"closed after {self._fed} bytes, before the headers were complete"
        else:
            text = f"closed after {response.body_size} bytes of body, before the stream ended"
        response.fail(truncated(text))

    def _cut(self) -> Iterator[bytes]:
        """Yield the frames that are whole. Raises NetError on one too large or too many."""
        buffer = self._buffer
        while len(buffer) >= _FRAME_HEAD:
            length = int.from_bytes(buffer[:3], "big")
            if length > _LARGEST_FRAME:
                raise protocol_failure(f"HTTP/2: a frame of {length} bytes")
            if len(buffer) < _FRAME_HEAD + length:
                return
            self._frames += 1
            if self._frames > _MOST_FRAMES + self._body // _BODY_OF_A_FRAME:
                raise protocol_failure(
                    f"HTTP/2: over {self._frames - 1} frames for {self._body} bytes of body"
                )
            frame = bytes(buffer[: _FRAME_HEAD + length])
            del buffer[: _FRAME_HEAD + length]
            yield frame

    def _bound(self) -> None:
        """Raise NetError when more came than anybody needs to say."""
        if not self.response.head_complete and self._fed > LARGEST_HEAD:
            raise too_large(f"response headers over {LARGEST_HEAD} bytes")
        largest = self._largest_body
        if largest is not None and self._fed > LARGEST_HEAD + WIRE_FACTOR * largest:
            raise too_large(f"{self._fed} bytes for a body of at most {largest}")
        if self._fed > _MOST_AROUND + 2 * self._body:
            raise too_large(f"{self._fed} bytes around a body of {self._body}")

    def _take(self, frame: bytes) -> None:
        if frame[3] == _GOAWAY:
            _judge_goaway(frame)
            return
        for event in self._events(frame):
            self._happen(event)

    def _events(self, frame: bytes) -> list[Event]:
        """Return what a frame means. Raises NetError."""
        try:
            return self._connection.receive_data(frame)
        except InvalidBodyLengthError as error:
            raise truncated(
                f"stream ended after {error.actual_length} bytes of body,"
                f" of {error.expected_length} announced"
            ) from None
        except DenialOfServiceError:
            raise too_large(f"response headers over {LARGEST_HEAD} bytes") from None
        except ProtocolError as error:
            raise protocol_failure(f"HTTP/2: {visible_text(str(error), 200)}") from None
        except Exception as error:
            # A library met bytes that its authors did not foresee: the target sent them.
            raise protocol_failure(f"HTTP/2: {type(error).__name__}") from None

    def _happen(self, event: Event) -> None:
        response = self.response
        match event:
            case DataReceived():
                self._take_data(event)
            case ResponseReceived():
                self.answered = True
                take_head(response, _fields(event.headers), "2")
            case InformationalResponseReceived():
                self.answered = True
                response.take_prelude(_status(_fields(event.headers)))
            case TrailersReceived():
                response.take_trailers(_fields(event.headers))
            case StreamEnded():
                if not response.complete:
                    response.finish()
            case StreamReset():
                raise _reset(event, response)
            case _:
                pass  # settings, windows, pings: h2 has answered what needs an answer

    def _take_data(self, event: DataReceived) -> None:
        self._body += len(event.data)
        self.response.take_body(event.data)
        if event.flow_controlled_length and not self.response.complete:
            self._connection.acknowledge_received_data(event.flow_controlled_length, _STREAM)

    def _send_body(self) -> None:
        """Send as much of the request's body as the target takes now."""
        connection = self._connection
        while self._rest:
            room = connection.local_flow_control_window(_STREAM)
            size = min(room, connection.max_outbound_frame_size, len(self._rest))
            if size <= 0:
                return
            piece, self._rest = self._rest[:size], self._rest[size:]
            connection.send_data(_STREAM, bytes(piece), end_stream=not self._rest)


def header_fields(request: Request) -> list[tuple[bytes, bytes]]:
    """Return the header fields of a request as HTTP/2 and HTTP/3 have them: pseudo fields first."""
    target = request.target
    hosts = [value for name, value in request.sent if name.lower() == "host"]
    pseudo: Fields = (
        (":method", request.method),
        (":scheme", target.origin.scheme),
        (":authority", hosts[0] if hosts else target.authority),
        (":path", target.path),
    )
    kept = ((name.lower(), value) for name, value in request.sent if name.lower() not in _NOT_SENT)
    return [(name.encode(), value.strip().encode()) for name, value in (*pseudo, *kept)]


def take_head(response: Response, fields: Iterable[tuple[bytes, bytes]], version: str) -> None:
    """Take the header fields of a response. Raises NetError."""
    status = 0
    for name, value in fields:
        if name == b":status":
            status = status_of(value)
        else:
            response.take_header(name, value)
    response.take_head(status, version)


def status_of(value: bytes) -> int:
    """Return a status code, three digits. Raises NetError."""
    if len(value) != 3 or not value.isdigit():
        raise protocol_failure(f"status {visible_text(value, 20)!r}")
    return int(value)


def _fields(fields: Any) -> list[tuple[bytes, bytes]]:
    return list(
        fields
    )  # h2 types them as text, too, which without `header_encoding` they never are


def _status(fields: Iterable[tuple[bytes, bytes]]) -> int:
    return next((status_of(value) for name, value in fields if name == b":status"), 0)


def _judge_goaway(frame: bytes) -> None:
    """Raise NetError when a GOAWAY means that our request is not served."""
    if len(frame) < _FRAME_HEAD + 8:
        raise protocol_failure("HTTP/2: a GOAWAY that is too short")
    last_stream = int.from_bytes(frame[_FRAME_HEAD : _FRAME_HEAD + 4], "big") & 0x7FFF_FFFF
    code = int.from_bytes(frame[_FRAME_HEAD + 4 : _FRAME_HEAD + 8], "big")
    if code or last_stream < _STREAM:
        raise protocol_failure(f"HTTP/2: the target goes away: {_name(code)}")


def _reset(event: StreamReset, response: Response) -> NetError:
    text = f"HTTP/2: stream reset by the target: {_name(event.error_code)}"
    if not response.head_complete:
        return protocol_failure(text)
    return truncated(f"{text}, after {response.body_size} bytes of body")


def _name(code: int | ErrorCodes | None) -> str:
    try:
        return ErrorCodes(code or 0).name
    except ValueError:
        return f"error {code}"
