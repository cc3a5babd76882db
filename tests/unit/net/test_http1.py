"""One HTTP/1.1 response, read strictly and with everything bounded."""

import gzip
import zlib

import h11
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain.observation import FailureKind
from monitor.net.http1 import Http1Response as Response
from monitor.net.http1 import request_head


def read(octets: bytes, *, method="GET", largest_body=1000, end=True, clean=True, step=65_536):
    response = Response(method=method, largest_body=largest_body)
    for start in range(0, len(octets), step):
        response.feed(octets[start : start + step])
        if response.complete or response.failure:
            break
    else:
        if end:
            response.end(clean=clean)
    return response


def kind(response):
    return None if response.failure is None else response.failure.failure.kind


def test_content_length_ends_a_body():
    """A body is over once it has the announced length, whatever comes after."""
    response = read(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcdef", end=False)

    assert (response.complete, response.body) == (True, b"abc")


def test_the_last_chunk_ends_a_body():
    """A chunked body is over after its last chunk and its trailers."""
    response = read(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nA: b\r\n\r\n",
        end=False,
    )

    assert (response.complete, response.body) == (True, b"abc")
    assert response.values(b"a") == []


def test_a_body_without_a_length_lasts_until_the_target_closes():
    """Where neither a length nor chunks are announced, the end of the connection ends the body."""
    response = read(b"HTTP/1.1 200 OK\r\n\r\nabc")

    assert (response.complete, response.body) == (True, b"abc")


def test_tls_that_breaks_off_does_not_end_a_body():
    """Over TLS a body without a length is whole only when the target says goodbye."""
    response = read(b"HTTP/1.1 200 OK\r\n\r\nabc", clean=False)

    assert kind(response) is FailureKind.TRUNCATED


@pytest.mark.parametrize("status", [204, 304])
def test_some_responses_have_no_body(status):
    """204 and 304 end with their headers, also with a Content-Length."""
    response = read(f"HTTP/1.1 {status} X\r\nContent-Length: 30\r\n\r\n".encode(), end=False)

    assert (response.complete, response.body) == (True, b"")


def test_an_answer_to_head_has_no_body():
    """The answer to HEAD ends with its headers; its length is that of the body it stands for."""
    response = read(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n", method="HEAD", end=False)

    assert (response.complete, response.content_length) == (True, 5000)


def test_interim_responses_are_passed_over():
    """100, 102 and 103 are a prelude; the response that follows is the answer."""
    response = read(
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"
    )

    assert (response.status, response.headers) == (404, [(b"Content-Length", b"0")])


def test_interim_responses_have_an_end():
    """More than ten interim responses are a protocol failure."""
    assert kind(read(b"HTTP/1.1 102 Processing\r\n\r\n" * 11)) is FailureKind.PROTOCOL
    assert kind(read(b"HTTP/1.1 102 P\r\n\r\n" * 10 + b"HTTP/1.1 200 OK\r\n\r\n")) is None


def test_an_upgrade_that_nobody_asked_for_is_a_protocol_failure():
    """101 is no answer to a plain request."""
    response = read(b"HTTP/1.1 101 X\r\nUpgrade: ws\r\nConnection: upgrade\r\n\r\nab")

    assert kind(response) is FailureKind.PROTOCOL


@pytest.mark.parametrize(
    "octets",
    [
        b"hello",
        b"<html>HTTP/0.9</html>",
        b"SSH-2.0-OpenSSH_9\r\n",
        b"HTTP/1.1 200 OK\r\nA\0B: c\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA: b\0c\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
    ],
)
def test_what_is_not_http_is_a_protocol_failure(octets):
    """Malformed answers are told as such, never guessed at."""
    assert kind(read(octets)) is FailureKind.PROTOCOL


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"HTTP/1.1 200",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n"
        + gzip.compress(b"abc" * 100, mtime=0)[:-9],
    ],
)
def test_a_response_that_is_cut_short_is_a_failure(octets):
    """Wherever the target closes before the end, the answer is truncated."""
    assert kind(read(octets)) is FailureKind.TRUNCATED


def test_the_status_stands_though_the_body_fails():
    """A failure in the body leaves status and headers to be judged."""
    response = read(b"HTTP/1.1 503 No\r\nContent-Length: 5\r\n\r\nabc")

    assert (response.status, kind(response)) == (503, FailureKind.TRUNCATED)


@pytest.mark.parametrize("step", [1, 7, 65_536])
@pytest.mark.parametrize(
    ("encoding", "encoded"),
    [
        ("gzip", gzip.compress(b"Makassar", mtime=0)),
        ("x-gzip", gzip.compress(b"Makas", mtime=0) + gzip.compress(b"sar", mtime=0)),
        ("deflate", zlib.compress(b"Makassar")),
        ("deflate", zlib.compress(b"Makassar")[2:-4]),
        ("identity", b"Makassar"),
        ("identity, gzip", gzip.compress(b"Makassar", mtime=0)),
    ],
)
def test_one_encoding_is_undone(encoding, encoded, step):
    """gzip, also in members, and deflate, with its header or without, are decoded."""
    head = (
        f"HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\nContent-Length: {len(encoded)}\r\n\r\n"
    )
    response = read(head.encode() + encoded, step=step)

    assert (response.complete, response.body) == (True, b"Makassar")


@pytest.mark.parametrize("encoding", ["gzip, gzip", "gzip,deflate", "zstd", "compress"])
def test_nested_and_unknown_encodings_are_refused(encoding):
    """Encodings upon each other multiply what a small body unpacks to."""
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\n\r\n".encode()

    assert kind(read(head + gzip.compress(b"a", mtime=0))) is FailureKind.PROTOCOL


def test_a_broken_encoding_is_a_protocol_failure():
    """What claims to be gzip and is not, fails."""
    response = read(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nplain text")

    assert kind(response) is FailureKind.PROTOCOL


def test_gzip_members_are_counted():
    """A body of thousands of empty gzip members is refused after 64."""
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n"

    assert kind(read(head + gzip.compress(b"", mtime=0) * 64)) is None
    assert kind(read(head + gzip.compress(b"", mtime=0) * 65)) is FailureKind.PROTOCOL


@pytest.mark.parametrize(
    "octets",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n" + b"a" * 1001,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" + b"a" * 1001,
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(b"a" * 1001, mtime=0),
    ],
)
def test_a_body_over_the_limit_is_too_large(octets):
    """The limit counts decoded bytes, and an announced length is believed."""
    assert kind(read(octets)) is FailureKind.TOO_LARGE


def test_a_body_of_exactly_the_limit_is_fine():
    """The limit itself is allowed."""
    octets = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(
        b"a" * 1000, mtime=0
    )

    assert read(octets).body == b"a" * 1000


def test_a_bomb_is_never_unpacked_beyond_the_limit():
    """Of a body that unpacks to a gigabyte no more than the limit is unpacked."""
    bomb = gzip.compress(b"\0" * 10_000_000, mtime=0)
    response = read(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + bomb)

    assert kind(response) is FailureKind.TOO_LARGE
    assert response.body_size <= 1001


@pytest.mark.parametrize(
    "octets",
    [
        b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 101 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nA: " + b"b" * 70_000,
        b"HTTP/1.1 200 " + b"b" * 70_000,
        b"HTTP/1.1 102 P\r\nA: " + b"b" * 40_000 + b"\r\n\r\nHTTP/1.1 102 P\r\nA: " + b"b" * 40_000,
    ],
)
def test_headers_are_bounded(octets):
    """At most 100 headers and 64 KB of them are taken, interim responses counted in."""
    assert kind(read(octets, largest_body=10**6)) is FailureKind.TOO_LARGE


def test_the_wire_is_bounded():
    """Overhead without a body, such as an endless chunk extension, comes to an end."""
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;"
    response = read(head + b"x" * 200_000, end=False)

    assert kind(response) is FailureKind.TOO_LARGE


def test_a_lone_line_feed_ends_a_line():
    """Old servers end lines with LF alone (RFC 9112, 2.2)."""
    assert read(b"HTTP/1.0 200 OK\nA: b\n\nabc").body == b"abc"


@pytest.mark.parametrize("part", ["a\r\nB: c", "a\nB: c", "a\0"])
def test_nothing_is_smuggled_into_a_request(part):
    """A value with a line break never reaches the wire."""
    with pytest.raises(ValueError, match="control character"):
        request_head("GET", "/", [("A", part)])


# --- the strict reference -------------------------------------------------------------------

NAMES = st.sampled_from([b"Server", b"X-A", b"Content-Type", b"Set-Cookie"])
VALUES = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=12).map(str.encode)


@st.composite
def responses(draw):
    """Valid and slightly broken responses, with the method that they answer."""
    method = draw(st.sampled_from(["GET", "GET", "HEAD"]))
    status = draw(st.sampled_from([200, 200, 204, 301, 304, 404, 500]))
    body = draw(st.binary(max_size=60))
    headers = draw(st.lists(st.tuples(NAMES, VALUES), max_size=4))
    framing = draw(st.sampled_from(["length", "chunked", "close", "short", "long"]))
    wire = body
    if framing == "chunked":
        headers.append((b"Transfer-Encoding", b"chunked"))
        cut = draw(st.integers(0, len(body)))
        pieces = [piece for piece in (body[:cut], body[cut:]) if piece]
        wire = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
    elif framing != "close":
        length = len(body) + {"length": 0, "short": 3, "long": -1}[framing]
        headers.append((b"Content-Length", str(max(0, length)).encode()))
    prelude = draw(st.sampled_from([b"", b"", b"HTTP/1.1 103 Early Hints\r\nA: b\r\n\r\n"]))
    lines = b"".join(b"%b: %b\r\n" % header for header in headers)
    octets = prelude + b"HTTP/1.1 %d X\r\n" % status + lines + b"\r\n" + wire
    if draw(st.booleans()) and octets:
        place = draw(st.integers(0, len(octets) - 1))
        octets = octets[:place] + draw(st.binary(max_size=2)) + octets[place + 1 :]
    return method, octets


def reference(method, octets):
    """Return (status, body) as h11 reads it; None when it refuses, or the body is not whole."""
    client = h11.Connection(h11.CLIENT)
    client.send(
        h11.Request(method=method, target="/", headers=[("Host", "a"), ("Connection", "close")])
    )
    client.send(h11.EndOfMessage())
    client.receive_data(octets)
    client.receive_data(b"")
    status, body = 0, b""
    try:
        while True:
            event = client.next_event()
            match event:
                case h11.Response():
                    status = event.status_code
                case h11.Data():
                    body += bytes(event.data)
                case h11.EndOfMessage():
                    return status, body
                case h11.ConnectionClosed() | h11.PAUSED | h11.NEED_DATA:
                    return None
    except h11.RemoteProtocolError:
        return None


@settings(max_examples=400, deadline=None)
@given(responses(), st.integers(1, 40))
def test_what_is_read_is_what_a_strict_reader_reads(case, step):
    """An answer that is taken means the same to h11, byte for byte, however it was cut."""
    method, octets = case
    response = read(octets, method=method, step=step)
    expected = reference(method, octets)

    if response.complete and expected is not None:
        assert (response.status, response.body) == expected


@settings(max_examples=200, deadline=None)
@given(responses(), st.integers(1, 40))
def test_how_the_network_cuts_a_response_changes_nothing(case, step):
    """The verdict on a response does not depend on the sizes of the pieces it comes in."""
    method, octets = case
    whole, cut = read(octets, method=method), read(octets, method=method, step=step)

    assert (whole.complete, kind(whole)) == (cut.complete, kind(cut))
    if whole.complete:
        assert (whole.status, whole.body) == (cut.status, cut.body)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400))
def test_no_bytes_raise(octets):
    """Whatever a target sends gives a response or a failure, never an error of ours."""
    response = read(b"HTTP/1.1 200 OK\r\n" + octets)

    assert response.complete or response.failure is not None
