"""One HTTP response, whatever version carried it: what is taken of it, and how much.

How a version frames its messages is its own module's business. What a head and a body may be is
the same for all, and is here.
"""

import asyncio
import sys
from typing import Self

from monitor.domain.observation import FailureKind
from monitor.domain.text import visible_text
from monitor.net.encoding import Decoder, Identity, decoder, decoder_of
from monitor.net.errors import NetError

LARGEST_HEAD = 65_536  # bytes of all header sections together, of the preludes too
MOST_HEADERS = 100
WIRE_FACTOR = 4  # what surrounds a body, such as chunk sizes, is bounded as well
LARGEST_BODY = 1_048_576
_MOST_PRELUDES = 10
SLICE = 262_144  # bytes that are unpacked at a stretch, in a millisecond or two
_MOST_DIGITS = 100  # of a length in bytes
_UNBOUNDED = sys.maxsize // 8
_IDENTITY = Identity()
_BLANKS = b" \t"  # around the value of a field, and no part of it (RFC 9110, 5.5)
_FRAMING = {b"content-length", b"content-encoding", b"transfer-encoding"}

Headers = list[tuple[bytes, bytes]]


class Response:
    """One response as it comes in, until it is `complete` or has a `failure`.

    `version` is "1.0", "1.1", "2" or "3". `headers` keep order and spelling; `trailers` are kept of
    HTTP/2 alone, and rule nothing. `body` is there, decoded, once it is whole; `wire_length` is
    what Content-Length says, None without one.
    `failure` is PROTOCOL, TRUNCATED or TOO_LARGE; after one in the body the status and the headers
    still stand.

    `largest_body` bounds the decoded body; None bounds it by time alone. Without `keep_body` it is
    counted and checked, but not kept. `coding` (gzip, br, deflate, identity) is undone whatever
    the headers say; None goes by Content-Encoding.

    What is packed is unpacked as it comes, SLICE bytes at a time. `keep_up` unpacks what is left
    of it, and only then is a response whole: await it after each piece off the wire.
    """

    __slots__ = (
        "_coding",
        "_decoder",
        "_ended",
        "_has_more",
        "_has_no_body",
        "_keep_body",
        "_largest_body",
        "_packed",
        "_pieces",
        "_preludes",
        "_room",
        "_taken",
        "body",
        "body_size",
        "chunked",
        "complete",
        "failure",
        "head_complete",
        "headers",
        "status",
        "trailers",
        "version",
        "wire_length",
    )

    def __init__(
        self,
        *,
        method: str = "GET",
        largest_body: int | None = LARGEST_BODY,
        keep_body: bool = True,
        coding: str | None = None,
    ) -> None:
        self._has_no_body = method == "HEAD"
        self._largest_body = _UNBOUNDED if largest_body is None else largest_body
        self._keep_body = keep_body
        self._coding = coding
        self._decoder: Decoder = _IDENTITY
        self._pieces = bytearray()
        self._packed = bytearray()
        self._has_more = False
        self._ended = False
        self._room = SLICE
        self.body = b""
        self._preludes = 0
        self._taken = 0  # bytes of the body as they came
        self.status = 0
        self.version = "0"
        self.headers: Headers = []
        self.trailers: Headers = []
        self.wire_length: int | None = None
        self.chunked = False
        self.body_size = 0
        self.head_complete = False
        self.complete = False
        self.failure: NetError | None = None

    @property
    def content_length(self) -> int:
        """The length as Go's http.Response has it: -1 unknown, 0 where there can't be a body."""
        if self.wire_length is not None:
            return self.wire_length
        return 0 if self.status in {101, 204, 304} else -1

    def values(self, name: bytes) -> list[bytes]:
        """Return all values of a header field; `name` in lower case."""
        return [value for key, value in self.headers if key.lower() == name]

    def fail(self, error: NetError) -> None:
        """Take note of what is wrong; the first fault stays, and none follows a whole response."""
        if not self.complete and self.failure is None:
            self.failure = error

    def settled(self) -> Self:
        """Return this response; raise its failure where not even a status stands."""
        if self.failure is not None and not self.head_complete:
            raise self.failure
        return self

    def take_header(self, name: bytes, value: bytes) -> None:
        """Take a header field, or a trailer, which counts for nothing.

        Raises NetError when there are too many.
        """
        if self.head_complete:
            return
        if len(self.headers) >= MOST_HEADERS:
            raise too_large(f"over {MOST_HEADERS} response headers")
        self.headers.append((name, value.strip(_BLANKS)))

    def take_trailers(self, fields: Headers) -> None:
        """Take the fields behind a body; those over the bound are dropped."""
        self.trailers = fields[:MOST_HEADERS]

    def take_prelude(self, status: int) -> None:
        """Take note of an interim response (1xx). Raises NetError on one too many."""
        if status == 101:
            raise protocol_failure("an upgrade (101) that nobody asked for")
        self._preludes += 1
        if self._preludes > _MOST_PRELUDES:
            raise protocol_failure(f"over {_MOST_PRELUDES} interim responses ({status})")

    def take_head(self, status: int, version: str) -> None:
        """Take note of the end of the header section.

        Raises NetError when the body that it announces is not wanted.
        """
        self.status = status
        self.version = version
        self.head_complete = True
        encodings = self._read_framing()
        if self._has_no_body or status in {101, 204, 304}:
            self.complete = True
            return
        if self._coding is not None:
            self._decoder = decoder_of(self._coding)
        elif encodings:
            self._decoder = self._decoder_for(b",".join(encodings).decode("latin-1"))
        if self.wire_length is not None and self.wire_length > self._largest_body:
            raise too_large(
                f"body of {self.wire_length} bytes, at most {self._largest_body} are read"
            )

    def _decoder_for(self, encoding: str) -> Decoder:
        """Return what undoes a Content-Encoding. Raises NetError, but for what nobody looks at."""
        try:
            return decoder(encoding)
        except NetError:
            if self._keep_body:
                raise
            return _IDENTITY

    def take_body(self, octets: bytes) -> None:
        """Take a piece of the body as it came. Raises NetError."""
        if self.complete:
            return
        self._taken += len(octets)
        if self.wire_length is not None and self._taken > self.wire_length:
            raise protocol_failure(f"over {self.wire_length} bytes of body, which were announced")
        if self._decoder is _IDENTITY:
            self._take_text(octets[: self._largest_body - self.body_size + 1])
        elif not self._has_more:  # else this turn's slice is full
            self._unpack(octets)
        else:
            self._packed += octets

    async def keep_up(self) -> None:
        """Unpack what is left of the pieces so far; others have their turn between two slices.

        What is wrong with it stands in `failure`.
        """
        self._room = SLICE
        while (self._has_more or self._packed) and self.failure is None:
            await asyncio.sleep(0)
            self._room = SLICE
            self._unpack_waiting()
        if self._ended and self.failure is None:
            self.finish()

    def _unpack_waiting(self) -> None:
        waiting = bytes(self._packed)
        self._packed.clear()
        try:
            self._unpack(waiting)
        except NetError as error:
            self.fail(error)

    def _unpack(self, octets: bytes) -> None:
        """Unpack one slice. Raises NetError."""
        room = min(self._largest_body - self.body_size + 1, self._room)
        text = self._decoder.decode(octets, room)
        self._has_more = len(text) >= room
        self._room -= len(text)
        self._take_text(text)

    def _take_text(self, text: bytes) -> None:
        self.body_size += len(text)
        if self.body_size > self._largest_body:
            raise too_large(f"body over {self._largest_body} bytes")
        if self._keep_body:
            self._pieces += text

    def finish(self) -> None:
        """Take note of the end of the body. It is whole when all of it is unpacked."""
        if self._has_more or self._packed:
            self._ended = True
        elif self.wire_length is not None and self._taken < self.wire_length:
            text = f"ended after {self._taken} bytes of body, of {self.wire_length} announced"
            self.fail(truncated(text))
        elif self._coding is not None and not self._decoder.begun():
            self.fail(protocol_failure(f"an empty body is no {self._coding}"))
        elif self._decoder.finished():
            self.body = bytes(self._pieces)
            self._pieces.clear()
            self.complete = True
        else:
            text = f"encoded body ends early, after {self.body_size} decoded bytes"
            self.fail(truncated(text))

    def _read_framing(self) -> list[bytes]:
        """Take note of how the body is framed; return the values of Content-Encoding.

        Raises NetError when that can be read in more than one way.
        """
        encodings: list[bytes] = []
        codings: list[bytes] = []
        for name, value in self.headers:
            key = name.lower()
            if key not in _FRAMING:
                continue
            if key == b"content-length":
                self._take_length(value)
            elif key == b"content-encoding":
                encodings.append(value)
            else:
                codings += (part.strip() for part in value.lower().split(b","))
        if codings not in ([], [b"chunked"], [b"identity"]):
            text = visible_text(b", ".join(codings), 40)
            raise protocol_failure(f"transfer encoding {text!r}, which was not asked for")
        self.chunked = codings == [b"chunked"]
        return encodings

    def _take_length(self, value: bytes) -> None:
        if not value.isdigit() or len(value) > _MOST_DIGITS:
            raise protocol_failure(f"Content-Length {visible_text(value, 40)!r}")
        if self.wire_length not in {None, int(value)}:
            raise protocol_failure(f"Content-Length {self.wire_length} and {int(value)}")
        self.wire_length = int(value)


def protocol_failure(detail: str) -> NetError:
    """Return the failure of a target that does not speak HTTP as it should."""
    return NetError(FailureKind.PROTOCOL, f"not valid HTTP: {detail}", answered=True)


def truncated(detail: str) -> NetError:
    """Return the failure of a body that was cut short."""
    return NetError(FailureKind.TRUNCATED, detail, answered=True)


def too_large(detail: str) -> NetError:
    """Return the failure of a response that is more than is taken."""
    return NetError(FailureKind.TOO_LARGE, detail, answered=True)
