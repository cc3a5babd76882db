"""HTTP/1.1 (RFC 9112): one response, read strictly and with everything bounded.

llhttp (httptools) reads the syntax. The rules that it lacks are here: what ends a body (also
EOF, HEAD, 204 and 304), which responses are only a prelude (1xx), and how much of anything is
taken.
"""

from collections.abc import Iterable

import httptools

from monitor.domain.text import visible_text
from monitor.net.errors import NetError
from monitor.net.response import (
    LARGEST_BODY,
    LARGEST_HEAD,
    WIRE_FACTOR,
    Response,
    protocol_failure,
    too_large,
    truncated,
)

USER_AGENT = "Pantau"


class Http1Response(Response):
    """A response of HTTP/1.1; feed it until it is `complete` or has a `failure`.

    With `upgrade`, which the request asked for, a 101 ends it, and `rest` is what came behind it.
    """

    __slots__ = ("_fed", "_parser", "_upgrade", "rest")

    def __init__(
        self,
        *,
        method: str = "GET",
        largest_body: int | None = LARGEST_BODY,
        keep_body: bool = True,
        coding: str | None = None,
        upgrade: bool = False,
    ) -> None:
        super().__init__(
            method=method, largest_body=largest_body, keep_body=keep_body, coding=coding
        )
        self._parser = httptools.HttpResponseParser(self)
        # RFC 9112, 2.2: a lone LF may end a line. Bytes after the response are nobody's.
        self._parser.set_dangerous_leniencies(
            lenient_optional_cr_before_lf=True, lenient_data_after_close=True
        )
        self._fed = 0
        self._upgrade = upgrade
        self.rest = b""

    def close(self) -> None:
        """Let go of the parser, which refers back: a cycle would wait for the collector."""
        del self._parser

    def feed(self, octets: bytes) -> None:
        """Take the next bytes off the wire. What is wrong with them stands in `failure`."""
        self._fed += len(octets)
        try:
            self._parser.feed_data(octets)
        except httptools.HttpParserCallbackError as error:
            if not isinstance(error.__context__, NetError):
                raise
            self.fail(error.__context__)
        except httptools.HttpParserUpgrade as upgrade:
            self.rest = octets[upgrade.args[0] :]  # what follows a 101 is another protocol
        except httptools.HttpParserError as error:
            self.fail(protocol_failure(visible_text(str(error) or "malformed", 200)))
        if not self.head_complete and self._fed > LARGEST_HEAD:
            self.fail(too_large(f"response headers over {LARGEST_HEAD} bytes"))
        elif self._fed > LARGEST_HEAD + WIRE_FACTOR * self._largest_body:
            self.fail(too_large(f"{self._fed} bytes for a body of at most {self._largest_body}"))

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
            self.finish()
            return
        self.fail(truncated(text))

    # The parser's own names for it; another call for each field would cost a part of a check.
    on_header = Response.take_header
    on_body = Response.take_body

    def on_headers_complete(self) -> None:
        """Take note of the end of a header section, also of a prelude's."""
        if self.complete:
            return
        status = self._parser.get_status_code()
        if 100 <= status < 200 and not (status == 101 and self._upgrade):
            self.take_prelude(status)
            return
        self.take_head(status, str(self._parser.get_http_version()))

    def on_message_complete(self) -> None:
        """Take note of the end of a response, or of a prelude."""
        if not self.head_complete:
            self.headers.clear()
        elif not self.complete:
            self.finish()


def request_head(method: str, path: str, headers: Iterable[tuple[str, str]]) -> bytes:
    """Return the head of a request as it goes on the wire.

    Raise ValueError when a part would break a line: nothing may be smuggled in.
    """
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers)]
    text = "\r\n".join(lines) + "\r\n\r\n"
    if text.count("\n") != len(lines) + 1 or text.count("\r") != len(lines) + 1 or "\0" in text:
        raise ValueError("a control character in a request's header")
    return text.encode("latin-1", errors="strict") if text.isascii() else text.encode()
