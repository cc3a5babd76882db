"""One request over HTTP/2: what is said, what is understood, and what is too much. No sockets."""

import gzip
import time

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, RequestReceived, SettingsAcknowledged, StreamEnded
from h2.settings import SettingCodes
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain.observation import FailureKind as Kind
from monitor.net.fetch import make_request
from monitor.net.http2 import Conversation
from monitor.net.response import Response
from monitor.net.urls import parse_target

HERE = parse_target("https://portal.test/a?b=c")
OK = [(":status", "200"), ("content-type", "text/plain")]


def frame(kind: int, payload: bytes = b"", *, flags: int = 0, stream: int = 0) -> bytes:
    """Return a frame, written by hand."""
    return (
        len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload
    )


DATA, HEADERS, PRIORITY, RESET, SETTINGS, PUSH, PING, GOAWAY, WINDOW, CONTINUATION = range(10)
GREETING = frame(SETTINGS)
HEAD_200 = frame(HEADERS, b"\x88", flags=0x4, stream=1)  # :status 200 of the static table


class Dialogue:
    """A conversation, and an honest server at its other end."""

    def __init__(self, **asked):
        how = {
            name: asked[name] for name in ("largest_body", "keep_body", "coding") if name in asked
        }
        self.request = make_request(HERE, http2=True, **asked)
        self.response = Response(method=self.request.method, **how)
        self.conversation = Conversation(self.request, self.response)
        self.server = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        self.server.initiate_connection()
        self.seen = []

    def exchange(self):
        """Carry bytes both ways until nobody has any."""
        while True:
            asked = self.conversation.outgoing()
            if asked:
                self.seen += self.server.receive_data(asked)
            said = self.server.data_to_send()
            if said:
                self.conversation.feed(said)
            if not asked and not said:
                return

    def answer(self, fields=OK, body=b"Makassar", **more):
        self.exchange()
        self.server.send_headers(1, fields, end_stream=not body)
        if body:
            self.server.send_data(1, body, end_stream=True)
        self.exchange()
        return self.response


def read(*frames: bytes, largest_body=1000, method="GET", step=10**6) -> Response:
    """Return what is made of frames written by hand, fed in pieces of `step` bytes."""
    request = make_request(HERE, http2=True, largest_body=largest_body, method=method)
    response = Response(method=method, largest_body=largest_body)
    conversation = Conversation(request, response)
    octets = b"".join(frames)
    for start in range(0, len(octets), step):
        conversation.feed(octets[start : start + step])
        if response.complete or response.failure:
            break
    return response


def kind(response):
    return None if response.failure is None else response.failure.failure.kind


def test_a_request_and_its_answer():
    """Status, headers and body come as over HTTP/1.1; the version is 2."""
    response = Dialogue().answer([*OK, ("content-length", "8")])

    assert (response.version, response.status, response.body) == ("2", 200, b"Makassar")
    assert (response.wire_length, response.content_length, response.complete) == (8, 8, True)
    assert response.headers == [(b"content-type", b"text/plain"), (b"content-length", b"8")]


def test_what_is_asked():
    """The target is in the pseudo fields; fields of one connection of HTTP/1.1 are not sent."""
    dialogue = Dialogue(fields=(("X-Own", " 1 "), ("host", "named.test"), ("Upgrade", "h2c")))
    dialogue.exchange()

    asked = next(event for event in dialogue.seen if isinstance(event, RequestReceived))
    assert [tuple(field) for field in asked.headers] == [
        (":method", "GET"),
        (":scheme", "https"),
        (":authority", "named.test"),
        (":path", "/a?b=c"),
        ("user-agent", "Pantau"),
        ("accept", "*/*"),
        ("x-own", "1"),
    ]


@pytest.mark.parametrize("window", [1, 1000, 65_535])
def test_a_body_waits_for_room(window):
    """A request's body is sent as the target makes room for it, in whole."""
    body = bytes(range(256)) * 300
    dialogue = Dialogue(method="POST", body=body)
    dialogue.server.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: window})
    dialogue.exchange()
    while not any(isinstance(event, StreamEnded) for event in dialogue.seen):
        dialogue.server.increment_flow_control_window(20_000)
        dialogue.server.increment_flow_control_window(20_000, 1)
        dialogue.exchange()

    pieces = [event.data for event in dialogue.seen if isinstance(event, DataReceived)]
    assert b"".join(pieces) == body


def test_a_large_answer_gets_room():
    """An answer larger than any window comes in whole."""
    dialogue = Dialogue(largest_body=None, keep_body=False)
    dialogue.exchange()
    dialogue.server.send_headers(1, OK)
    left = 4_000_000
    while left:
        room = min(dialogue.server.local_flow_control_window(1), 16_384, left)
        assert room, "the client makes no room"
        dialogue.server.send_data(1, b"x" * room, end_stream=left == room)
        left -= room
        dialogue.exchange()

    assert (dialogue.response.body_size, dialogue.response.body) == (4_000_000, b"")


def test_our_settings_are_told():
    """Nothing may be pushed to us, and header lists are bounded."""
    dialogue = Dialogue()
    dialogue.exchange()

    told = dialogue.server.remote_settings
    assert (told.enable_push, told.max_header_list_size) == (0, 65_536)
    assert any(isinstance(event, SettingsAcknowledged) for event in dialogue.seen)


def test_interim_responses_are_passed_over():
    """103 is a prelude; the response that follows is the answer."""
    dialogue = Dialogue()
    dialogue.exchange()
    dialogue.server.send_headers(1, [(":status", "103"), ("link", "</a>")])

    assert dialogue.answer().headers == [(b"content-type", b"text/plain")]


def test_trailers_count_for_nothing():
    """What comes behind a body is no header of it."""
    dialogue = Dialogue()
    dialogue.exchange()
    dialogue.server.send_headers(1, OK)
    dialogue.server.send_data(1, b"Makassar")
    dialogue.server.send_headers(1, [("x-trailer", "1")], end_stream=True)
    dialogue.exchange()

    assert (dialogue.response.body, dialogue.response.values(b"x-trailer")) == (b"Makassar", [])
    assert dialogue.response.complete


def test_an_answer_to_head_has_no_body():
    """The answer to HEAD ends with its headers."""
    response = Dialogue(method="HEAD").answer([*OK, ("content-length", "5000")], b"")

    assert (response.complete, response.wire_length) == (True, 5000)


def test_an_encoded_body_is_decoded():
    """Content-Encoding is undone as over HTTP/1.1."""
    response = Dialogue().answer([*OK, ("content-encoding", "gzip")], gzip.compress(b"Makassar"))

    assert response.body == b"Makassar"


def test_a_body_over_its_bound():
    """A body larger than `largest_body` is a failure, and its status stands."""
    response = Dialogue(largest_body=3).answer()

    assert (response.status, kind(response)) == (200, Kind.TOO_LARGE)


def test_a_goodbye_after_the_request_was_taken():
    """GOAWAY without an error lets the response that is on its way come."""
    response = read(
        GREETING,
        frame(GOAWAY, (1).to_bytes(4, "big") + bytes(4)),
        HEAD_200,
        frame(DATA, b"Makassar", flags=0x1, stream=1),
    )

    assert (response.body, response.complete) == (b"Makassar", True)


@pytest.mark.parametrize(
    ("frames", "expected", "words"),
    [
        ([frame(GOAWAY, bytes(8))], Kind.PROTOCOL, "goes away: NO_ERROR"),
        ([frame(GOAWAY, bytes(3) + b"\1" + bytes(3) + b"\x0b")], Kind.PROTOCOL, "ENHANCE_YOUR_CALM"),
        ([frame(GOAWAY, bytes(3))], Kind.PROTOCOL, "too short"),
        ([frame(RESET, bytes(3) + b"\7", stream=1)], Kind.PROTOCOL, "REFUSED_STREAM"),
        ([HEAD_200, frame(RESET, bytes(3) + b"\2", stream=1)], Kind.TRUNCATED, "INTERNAL_ERROR"),
        ([HEAD_200, frame(RESET, b"\xff" * 4, stream=1)], Kind.TRUNCATED, "error 4294967295"),
        ([b"HTTP/1.1 200 OK\r\n\r\n"], Kind.PROTOCOL, "a frame of"),
        ([frame(DATA, b"x", stream=1)], Kind.PROTOCOL, ""),
        ([frame(DATA, b"x", stream=0)], Kind.PROTOCOL, ""),
        ([frame(PUSH, bytes(4) + b"\x88", flags=0x4, stream=1)], Kind.PROTOCOL, ""),
        ([frame(HEADERS, b"\x80", flags=0x4, stream=1)], Kind.PROTOCOL, ""),
        ([frame(HEADERS, b"\x48\x03abc", flags=0x4, stream=1)], Kind.PROTOCOL, "status"),
        ([frame(SETTINGS, b"x")], Kind.PROTOCOL, ""),
        ([frame(PING, b"x")], Kind.PROTOCOL, ""),
        ([frame(WINDOW, bytes(4))], Kind.PROTOCOL, ""),
        ([HEAD_200, frame(DATA, flags=0x1, stream=3)], Kind.PROTOCOL, ""),
        ([frame(HEADERS, b"\x08\x03101", flags=0x4, stream=1)], Kind.PROTOCOL, ""),
    ],
)  # fmt: skip
def test_what_is_no_answer(frames, expected, words):
    """Whatever breaks the protocol, or refuses the request, is told as what it is."""
    response = read(GREETING, *frames)

    assert kind(response) is expected
    assert words in response.failure.failure.detail


def test_fewer_bytes_than_announced():
    """A stream that ends before its Content-Length is truncated."""
    dialogue = Dialogue()
    dialogue.exchange()
    dialogue.server.send_headers(1, [*OK, ("content-length", "9")])
    dialogue.server.send_data(1, b"Makassar", end_stream=True)
    dialogue.exchange()

    assert kind(dialogue.response) is Kind.TRUNCATED
    assert "8 bytes of body, of 9" in dialogue.response.failure.failure.detail


@pytest.mark.parametrize("trailers", [False, True])
def test_an_end_before_the_announced_body(trailers):
    """A stream that ends with its headers, or its trailers, lacks the body that they announce."""
    dialogue = Dialogue()
    dialogue.exchange()
    dialogue.server.send_headers(1, [*OK, ("content-length", "9")], end_stream=not trailers)
    if trailers:
        dialogue.server.send_headers(1, [("x-trailer", "1")], end_stream=True)
    dialogue.exchange()

    assert kind(dialogue.response) is Kind.TRUNCATED


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 204), ("GET", 304)])
@pytest.mark.parametrize("apart", [False, True])
def test_some_answers_have_no_body(method, status, apart):
    """HEAD, 204 and 304 end with their headers, whatever length those announce."""
    dialogue = Dialogue(method=method)
    dialogue.exchange()
    fields = [(":status", str(status)), ("content-length", "9")]
    dialogue.server.send_headers(1, fields, end_stream=not apart)
    if apart:
        dialogue.server.send_data(1, b"", end_stream=True)
    dialogue.exchange()

    assert (dialogue.response.complete, dialogue.response.body) == (True, b"")
    assert dialogue.response.wire_length == 9


@pytest.mark.parametrize(
    ("frames", "words"), [([], "before the headers"), ([HEAD_200], "0 bytes of body")]
)
def test_a_connection_that_just_ends(frames, words):
    """HTTP/2 says when a stream ends; a connection that closes before is truncated."""
    request = make_request(HERE, http2=True)
    conversation = Conversation(request, Response())
    conversation.feed(b"".join([GREETING, *frames]))

    conversation.end()

    assert kind(conversation.response) is Kind.TRUNCATED
    assert words in conversation.response.failure.failure.detail


FLOODS = {
    "pings": (frame(PING, bytes(8)) * 5000, Kind.PROTOCOL),
    "settings": (frame(SETTINGS) * 5000, Kind.PROTOCOL),
    "windows": (frame(WINDOW, bytes(3) + b"\1") * 5000, Kind.PROTOCOL),
    "priorities": (frame(PRIORITY, bytes(4) + b"\1", stream=1) * 5000, Kind.PROTOCOL),
    "frames of an unknown kind": (frame(0x77) * 5000, Kind.PROTOCOL),
    "unknown frames, large": (frame(0x77, bytes(16_000)) * 300, Kind.TOO_LARGE),
    "a lot before the headers": (frame(0x77, bytes(16_000)) * 5, Kind.TOO_LARGE),
    "resets of other streams": (frame(RESET, bytes(4), stream=3) * 5000, Kind.PROTOCOL),
    "continuations": (frame(HEADERS, b"\x88", stream=1) + frame(CONTINUATION, b"\x88", stream=1) * 5000, Kind.PROTOCOL),
    "continuations, large": (frame(HEADERS, b"\x88", stream=1) + frame(CONTINUATION, b"\x88" * 16_000, stream=1) * 40, Kind.TOO_LARGE),
    "empty pieces of a body": (HEAD_200 + frame(DATA, stream=1) * 5000, Kind.PROTOCOL),
    "padding": (HEAD_200 + frame(DATA, b"\xff" + bytes(255), flags=0x8, stream=1) * 1999, Kind.TOO_LARGE),
    "small pieces of a body": (HEAD_200 + frame(DATA, b"x", stream=1) * 5000, Kind.PROTOCOL),
    "interim responses": (frame(HEADERS, b"\x08\x03103", flags=0x4, stream=1) * 50, Kind.PROTOCOL),
    "many headers": (frame(HEADERS, b"\x88" + b"\x00\x01a\x01b" * 3000, flags=0x4, stream=1), Kind.TOO_LARGE),
    # One entry of 4 KB in the dynamic table, and 12,000 references to it: 48 MB.
    "headers unpacked from a few bytes": (frame(HEADERS, b"\x88\x40\x01a\x7f\x81\x1e" + b"b" * 4000 + b"\xbe" * 12_000, flags=0x4, stream=1), Kind.TOO_LARGE),
}  # fmt: skip


@pytest.mark.parametrize("name", FLOODS)
def test_floods_are_bounded(name):
    """Whatever a target sends without end is given up early, at a fraction of a second of CPU."""
    octets, expected = FLOODS[name]
    began = time.process_time()

    response = read(GREETING, octets, largest_body=1_000_000, step=32_768)

    spent = time.process_time() - began
    assert kind(response) is expected, response.failure
    assert spent < 0.5, f"{spent:.2f} s of CPU"


def test_a_library_that_is_taken_by_surprise():
    """Bytes that break what unpacks them are the target's failure, not an error of ours."""

    class Surprised:
        def receive_data(self, octets):
            raise KeyError(octets)

    response = Response()
    conversation = Conversation(make_request(HERE, http2=True), response)
    conversation._connection = Surprised()
    conversation.feed(GREETING)

    assert kind(response) is Kind.PROTOCOL
    assert "KeyError" in response.failure.failure.detail


def test_an_honest_body_in_small_pieces_is_fine():
    """A server that sends a megabyte in pieces of a hundred bytes is not taken for a flood."""
    octets = (
        HEAD_200
        + frame(DATA, b"x" * 100, stream=1) * 9999
        + frame(DATA, b"x" * 100, flags=0x1, stream=1)
    )

    response = read(GREETING, octets, largest_body=1_000_000, step=32_768)

    assert (response.body_size, response.failure) == (1_000_000, None)


FRAMES = st.builds(
    frame,
    st.integers(0, 12),
    st.binary(max_size=60),
    flags=st.integers(0, 255),
    stream=st.sampled_from([0, 1, 1, 1, 2, 3]),
)


@settings(max_examples=300, deadline=1000)
@given(st.lists(st.one_of(FRAMES, st.just(HEAD_200)), max_size=12), st.integers(1, 40))
def test_no_bytes_break_the_reader(frames, step):
    """Whatever frames come, and however they are cut: a response or a failure, never another error."""
    response = read(GREETING, *frames, step=step)

    assert response.failure is None or kind(response) in {
        Kind.PROTOCOL,
        Kind.TRUNCATED,
        Kind.TOO_LARGE,
    }


@settings(max_examples=100, deadline=1000)
@given(st.binary(max_size=3000), st.integers(1, 4000))
def test_pieces_do_not_matter(body, step):
    """How the network cuts the bytes makes no difference."""
    octets = GREETING + HEAD_200 + frame(DATA, body, flags=0x1, stream=1)

    response = read(octets, largest_body=4000, step=step)

    assert (response.complete, response.body) == (True, body)
