"""HTTP/1.1 (RFC 9112): one response, read strictly and with everything bounded.

llhttp (httptools) reads the syntax. The rules that it lacks are here: what ends a body (also
EOF, HEAD, 204 and 304), which responses are only a prelude (1xx), and how much of anything is
taken.
"""

from collections.abc import Iterable

import httptools

from monitor.domain.observation import FailureKind
from monitor.domain.text import visible_text
from monitor.net.encoding import Decoder, Identity, decoder
from monitor.net.errors import NetError

LARGEST_HEAD = 65_536  # bytes of all header sections together, of the preludes too
MOST_HEADERS = 100
_MOST_PRELUDES = 10
_DEFAULT_BODY = 1_048_576
_WIRE_FACTOR = 4  # what surrounds a body, such as chunk sizes, is bounded as well

Headers = list[tuple[bytes, bytes]]


class Response:
    """One response as it comes in; feed it until it is `complete` or has a `failure`.

    `headers` keep order and spelling. `body` is there, decoded, once it is whole; `wire_length`
    is what Content-Length says, None without one. `failure` is PROTOCOL, TRUNCATED or TOO_LARGE;
    after one in the body the status and the headers still stand.
    """

    __slots__ = (
        "_decoder",
        "_fed",
        "_has_no_body",
        "_largest_body",
        "_parser",
        "_pieces",
        "_preludes",
        "body",
        "body_size",
        "chunked",
        "complete",
        "failure",
        "head_complete",
        "headers",
        "status",
        "version",
        "wire_length",
    )

    def __init__(self, *, method: str = "GET", largest_body: int = _DEFAULT_BODY) -> None:
        self._parser = httptools.HttpResponseParser(self)
        # RFC 9112, 2.2: a lone LF may end a line. Bytes after the response are nobody's.
        self._parser.set_dangerous_leniencies(
            lenient_optional_cr_before_lf=True, lenient_data_after_close=True
        )
        self._has_no_body = method == "HEAD"
        self._largest_body = largest_body
        self._decoder: Decoder = Identity()
        self._pieces = bytearray()
        self.body = b""
        self._fed = 0
        self._preludes = 0
        self.status = 0
        self.version = "0"  # that the target speaks: 1.1 or 1.0
        self.headers: Headers = []
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
        return 0 if self.status in {204, 304} else -1

    def close(self) -> None:
        """Let go of the parser, which refers back: a cycle would wait for the collector."""
        del self._parser

    def values(self, name: bytes) -> list[bytes]:
        """Return all values of a header field; `name` in lower case."""
        return [value for key, value in self.headers if key.lower() == name]

    def feed(self, octets: bytes) -> None:
        """Take the next bytes off the wire. What is wrong with them stands in `failure`."""
        self._fed += len(octets)
        try:
            self._parser.feed_data(octets)
        except httptools.HttpParserCallbackError as error:
            if not isinstance(error.__context__, NetError):
                raise
            self._fail(error.__context__)
        except httptools.HttpParserError as error:
            self._fail(_protocol(visible_text(str(error) or "malformed", 200)))
        if not self.head_complete and self._fed > LARGEST_HEAD:
            self._fail(_too_large(f"response headers over {LARGEST_HEAD} bytes"))
        elif self._fed > LARGEST_HEAD + _WIRE_FACTOR * self._largest_body:
            self._fail(_too_large(f"{self._fed} bytes for a body of at most {self._largest_body}"))

    def end(self, *, clean: bool = True) -> None:
        """Take note that the target closed. `clean` is False when TLS ended without a word.

        A body without a length ends here; any other one is cut short.
        """
        if self.complete or self.failure is not None:
            return
        if not self.head_complete:
            text = f"closed after {self._fed} bytes, before the headers were complete"
        elif self.chunked:
            text = f"closed after {self.body_size} bytes of body, before the last chunk"
        elif self.wire_length is not None:
            text = f"closed after {self.body_size} bytes of body, of {self.wire_length} announced"
        elif not clean:
            text = f"TLS broke off after {self.body_size} bytes of body"
        else:
            self._finish()
            return
        self._fail(_truncated(text))

    def _fail(self, error: NetError) -> None:
        if not self.complete and self.failure is None:
            self.failure = error

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header field from the parser, or a trailer, which counts for nothing."""
        if self.head_complete:
            return
        if len(self.headers) >= MOST_HEADERS:
            raise _too_large(f"over {MOST_HEADERS} response headers")
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Take note of the end of a header section, also of a prelude's."""
        if self.complete:
            return
        status = self._parser.get_status_code()
        if status == 101:
            raise _protocol("an upgrade (101) that nobody asked for")
        if 100 <= status < 200:
            self._preludes += 1
            if self._preludes > _MOST_PRELUDES:
                raise _protocol(f"over {_MOST_PRELUDES} interim responses ({status})")
            return
        self.status = status
        self.version = str(self._parser.get_http_version())
        self.head_complete = True
        encodings = self._read_framing()
        if self._has_no_body or status in {204, 304}:
            self.complete = True
            return
        if encodings:
            self._decoder = decoder(b",".join(encodings).decode("latin-1"))
        if self.wire_length is not None and self.wire_length > self._largest_body:
            raise _too_large(
                f"body of {self.wire_length} bytes, at most {self._largest_body} are read"
            )

    def on_body(self, octets: bytes) -> None:
        """Take a piece of the body from the parser."""
        if self.complete:
            return
        # One byte more than is allowed tells the difference.
        text = self._decoder.decode(octets, self._largest_body - self.body_size + 1)
        self.body_size += len(text)
        if self.body_size > self._largest_body:
            raise _too_large(f"body over {self._largest_body} bytes")
        self._pieces += text

    def on_message_complete(self) -> None:
        """Take note of the end of a response, or of a prelude."""
        if self.head_complete:
            if not self.complete:
                self._finish()
        else:
            self.headers.clear()

    def _read_framing(self) -> list[bytes]:
        """Take note of how the body is framed; return the values of Content-Encoding."""
        encodings: list[bytes] = []
        for name, value in self.headers:
            match name.lower():
                case b"content-length":
                    self.wire_length = int(value)
                case b"transfer-encoding":
                    self.chunked = value.lower().rpartition(b",")[2].strip() == b"chunked"
                case b"content-encoding":
                    encodings.append(value)
        return encodings

    def _finish(self) -> None:
        if self._decoder.finished():
            self.body = bytes(self._pieces)
            self._pieces.clear()
            self.complete = True
        else:
            text = f"encoded body ends early, after {self.body_size} decoded bytes"
            self._fail(_truncated(text))


def request_head(method: str, path: str, headers: Iterable[tuple[str, str]]) -> bytes:
    """Return the head of a request as it goes on the wire.

    Raise ValueError when a part would break a line: nothing may be smuggled in.
    """
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers)]
    text = "\r\n".join(lines) + "\r\n\r\n"
    if text.count("\n") != len(lines) + 1 or text.count("\r") != len(lines) + 1 or "\0" in text:
        raise ValueError("a control character in a request's header")
    return text.encode("latin-1", errors="strict") if text.isascii() else text.encode()


def _protocol(detail: str) -> NetError:
    return NetError(FailureKind.PROTOCOL, f"not valid HTTP: {detail}", answered=True)


def _truncated(detail: str) -> NetError:
    return NetError(FailureKind.TRUNCATED, detail, answered=True)


def _too_large(detail: str) -> NetError:
    return NetError(FailureKind.TOO_LARGE, detail, answered=True)
