"""gRPC: one call of the standard health service (grpc.health.v1), over HTTP/2.

Of Protocol Buffers no more is needed than a text and a number, so both are written here. What a
server answers is bounded as every HTTP response is; its status stands in the trailers.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from time import monotonic
from urllib.parse import unquote_to_bytes

from monitor.domain.observation import FailureKind
from monitor.domain.text import visible_text
from monitor.net.connection import Stream
from monitor.net.errors import NetError
from monitor.net.request import Fields, Request, make_request
from monitor.net.response import Headers, Response
from monitor.net.tls import TlsSettings
from monitor.net.trace import Phase, Trace
from monitor.net.urls import Origin, Target

SERVING_STATUSES = ("UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN")
"""What a server says of a service, by number (grpc.health.v1.HealthCheckResponse)."""

CODES = (
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
)
"""The names of gRPC's status codes, by number."""

_PATH = "/grpc.health.v1.Health/Check"
_LARGEST_ANSWER = 16_384
_PREFIX = 5  # of a message: whether it is compressed, and its length
_LONGEST_TIMEOUT = 99_999_999  # milliseconds: eight digits
_SHOWN = 300
_VARINT, _LENGTH = 0, 2
_FIXED = {1: 8, 5: 4}
_CONTENT_TYPE = re.compile(r"application/grpc(?:\+proto)?\s*(?:;|\Z)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthAnswer:
    """What a server answered. `code` is gRPC's status, `message` its words for it.

    `serving` is one of SERVING_STATUSES, or None where the call itself failed.
    """

    code: int
    message: str = ""
    serving: str | None = None

    @property
    def code_name(self) -> str:
        """The name of the status, or its number where there is no name for it."""
        return CODES[self.code] if self.code < len(CODES) else str(self.code)


def health_request(  # noqa: PLR0917 - each is what it is called
    host: str,
    port: int,
    service: str,
    metadata: Fields,
    tls: TlsSettings | None,
    deadline: float,
) -> Request:
    """Return the call that asks for the health of `service`; "" asks for that of the server.

    Raise ValueError when a metadata entry would break a line.
    """
    target = Target(Origin("http" if tls is None else "https", host, port), _PATH)
    left = max(1, min(_LONGEST_TIMEOUT, int((deadline - monotonic()) * 1000)))
    fields = (
        ("te", "trailers"),
        ("content-type", "application/grpc"),
        ("grpc-timeout", f"{left}m"),
        *metadata,
    )
    body = framed(encode_request(service))
    return make_request(
        target,
        method="POST",
        fields=fields,
        body=body,
        tls=tls or TlsSettings(),
        largest_body=_LARGEST_ANSWER,
        http2=True,
    )


async def call(stream: Stream, request: Request, trace: Trace) -> HealthAnswer:
    """Make the call over an open connection. Raises NetError.

    Over TLS the server must have chosen HTTP/2; in the clear it is spoken without asking.
    """
    from monitor.net.http2 import converse

    if request.target.origin.scheme == "https" and stream.alpn != "h2":
        detail = "gRPC: the server did not choose HTTP/2 in the TLS handshake (ALPN)"
        raise NetError(FailureKind.PROTOCOL, detail, answered=True)
    trace.enter(Phase.PROCESSING)
    return read_answer(await converse(stream, request, trace))


def read_answer(response: Response) -> HealthAnswer:
    """Return what a response says. Raises NetError when it is no answer of gRPC."""
    if response.failure is not None:
        raise response.failure
    if response.status != 200:
        raise _failure(f"HTTP status {response.status}, expected 200", FailureKind.STATUS)
    content_type = b", ".join(response.values(b"content-type")).decode("latin-1")
    if not _CONTENT_TYPE.match(content_type):
        shown = visible_text(content_type, 80)
        raise _failure(f"content-type {shown!r}, expected application/grpc")
    # Where nothing else is said the headers themselves are the trailers.
    trailers = response.trailers or response.headers
    code = _code(trailers)
    if code:
        return HealthAnswer(code=code, message=_message(trailers))
    return HealthAnswer(code=0, serving=decode_response(unframed(response.body)))


def _code(trailers: Headers) -> int:
    values = _values(trailers, b"grpc-status")
    if len(values) != 1 or not re.fullmatch(rb"[0-9]{1,4}", values[0]):
        shown = visible_text(b", ".join(values), 80)
        raise _failure(f"grpc-status {shown!r}, expected a number behind the answer")
    return int(values[0])


def _message(trailers: Headers) -> str:
    """Return the server's words, which are percent-encoded."""
    said = b" ".join(_values(trailers, b"grpc-message"))[: 3 * _SHOWN]
    return visible_text(unquote_to_bytes(said), _SHOWN)


def _values(fields: Iterable[tuple[bytes, bytes]], name: bytes) -> list[bytes]:
    return [value for key, value in fields if key.lower() == name]


def framed(message: bytes) -> bytes:
    """Return a message as gRPC sends it: not compressed, its length in front."""
    return b"\0" + len(message).to_bytes(4, "big") + message


def unframed(body: bytes) -> bytes:
    """Return the one message of a body. Raises NetError."""
    if len(body) < _PREFIX:
        raise _failure(f"an answer of {len(body)} bytes, which is no message")
    if body[0]:
        raise _failure("a compressed message, which nobody asked for")
    length = int.from_bytes(body[1:_PREFIX], "big")
    if length != len(body) - _PREFIX:
        raise _failure(f"a message of {length} bytes in an answer of {len(body) - _PREFIX}")
    return body[_PREFIX:]


def encode_request(service: str) -> bytes:
    """Return a HealthCheckRequest; the empty text of field 1 is left out, as proto3 does."""
    name = service.encode()
    return b"\x0a" + _varint(len(name)) + name if name else b""


def _varint(number: int) -> bytes:
    octets = bytearray()
    while number > 0x7F:
        octets.append(number & 0x7F | 0x80)
        number >>= 7
    octets.append(number)
    return bytes(octets)


def decode_response(octets: bytes) -> str:
    """Return the serving status in a HealthCheckResponse; fields that nobody knows are passed over.

    Raises NetError on what is no message, and on a status that has no name.
    """
    status, at = 0, 0
    while at < len(octets):
        key, at = _read_varint(octets, at)
        number, form = key >> 3, key & 7
        if form == _VARINT:
            value, at = _read_varint(octets, at)
            status = value if number == 1 else status
        elif form == _LENGTH:
            length, at = _read_varint(octets, at)
            at += length
        elif form in _FIXED:
            at += _FIXED[form]
        else:
            raise _failure(f"a message with a field of form {form}")
    if at > len(octets):
        raise _failure(f"a message cut short at {len(octets)} bytes")
    if status >= len(SERVING_STATUSES):
        raise _failure(f"serving status {status}, which has no name")
    return SERVING_STATUSES[status]


def _read_varint(octets: bytes, at: int) -> tuple[int, int]:
    """Return a number and where the next thing begins. Raises NetError."""
    number = 0
    for shift in range(0, 70, 7):
        if at >= len(octets):
            raise _failure(f"a message cut short at {len(octets)} bytes")
        octet = octets[at]
        at += 1
        number |= (octet & 0x7F) << shift
        if octet < 0x80:
            return number, at
    raise _failure("a message with a number of over ten bytes")


def _failure(detail: str, kind: FailureKind = FailureKind.PROTOCOL) -> NetError:
    return NetError(kind, f"gRPC: {detail}", answered=True)
