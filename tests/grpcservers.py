"""A gRPC server with the health service, on loopback: the server's side of the `h2` library."""

import contextlib
import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, RequestReceived, StreamEnded
from h2.exceptions import ProtocolError

from tests.servers import serving

SERVING = b"\x08\x01"
_LARGEST_FRAME = 16_384
Fields = list[tuple[str, str]]


@dataclass
class Call:
    """A call as it came: its fields, its body, and whether the health service was meant."""

    fields: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def service(self) -> str:
        """The name in the request: field 1, behind five bytes of framing."""
        return self.body[7:].decode()


@dataclass
class Answer:
    """What to answer. `trailers` None: the headers end the stream."""

    message: bytes = SERVING
    headers: Fields = field(
        default_factory=lambda: [(":status", "200"), ("content-type", "application/grpc")]
    )
    trailers: Fields | None = field(default_factory=lambda: [("grpc-status", "0")])
    framing: bytes | None = None


def refused(code: int, message: str = "") -> Answer:
    """An answer without a message: the headers say everything ("trailers only")."""
    fields = [(":status", "200"), ("content-type", "application/grpc"), ("grpc-status", str(code))]
    return Answer(headers=[*fields, ("grpc-message", message)], trailers=None)


@contextlib.contextmanager
def grpc_server(
    answer: Callable[[Call], Answer],
    tls: ssl.SSLContext | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
) -> Iterator[int]:
    """Answer every call on a port, which is yielded: one of its own, unless one is given."""

    def handle(connection: socket.socket) -> None:
        with contextlib.suppress(ProtocolError):
            _talk(connection, answer)

    with serving(handle, tls=tls, host=host, port=port) as bound:
        yield bound


def _talk(connection: socket.socket, answer: Callable[[Call], Answer]) -> None:
    state = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
    state.initiate_connection()
    connection.sendall(state.data_to_send())
    call = Call()
    while octets := connection.recv(65_536):
        for event in state.receive_data(octets):
            if isinstance(event, RequestReceived):
                call = Call(fields=dict(event.headers))
            elif isinstance(event, DataReceived):
                call.body += event.data
            elif isinstance(event, StreamEnded):
                _answer(state, event.stream_id, answer(call))
        connection.sendall(state.data_to_send())


def _answer(state: H2Connection, stream: int, answer: Answer) -> None:
    if answer.trailers is None:
        state.send_headers(stream, answer.headers, end_stream=True)
        return
    state.send_headers(stream, answer.headers)
    framing = answer.framing
    if framing is None:
        framing = b"\0" + len(answer.message).to_bytes(4, "big")
    body = framing + answer.message
    for start in range(0, len(body), _LARGEST_FRAME):
        state.send_data(stream, body[start : start + _LARGEST_FRAME])
    state.send_headers(stream, answer.trailers, end_stream=True)
