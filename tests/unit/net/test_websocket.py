"""The frames of WebSocket, and the upgrade to it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.observation import FailureKind as Kind
from monitor.net.errors import NetError
from monitor.net.http1 import Http1Response
from monitor.net.resolver import Family
from monitor.net.tls import TlsSettings
from monitor.net.websocket import WebSocket, accept_of, check_upgrade, upgrade_request
from monitor.net.websocketframes import (
    LARGEST_MESSAGE,
    MOST_FRAMES,
    FrameReader,
    Message,
    Opcode,
    encode,
)
from tests.streams import Saying

GOOD = {"Upgrade": "WebSocket", "Connection": "keep-alive, Upgrade"}


def read(octets):
    return list(FrameReader().feed(octets))


@pytest.mark.parametrize(
    ("octets", "messages"),
    [
        (b"\x81\x05Hello", [Message(opcode=Opcode.TEXT, payload=b"Hello")]),
        (
            b"\x01\x03Hel\x89\x01p\x80\x02lo",
            [
                Message(opcode=Opcode.PING, payload=b"p"),
                Message(opcode=Opcode.TEXT, payload=b"Hello"),
            ],
        ),
        (b"\x82\x7e\x01\x00" + b"x" * 256, [Message(opcode=Opcode.BINARY, payload=b"x" * 256)]),
        (b"\x88\x00", [Message(opcode=Opcode.CLOSE)]),
        (b"\x88\x05\x03\xe8bye", [Message(opcode=Opcode.CLOSE, payload=b"bye", code=1000)]),
        (b"\x01\x01\xc3\x80\x01\xa9", [Message(opcode=Opcode.TEXT, payload="é".encode())]),
        (b"\x81\x05Hell", []),
    ],
)
def test_sound_frames(octets, messages):
    """Fragments are put together, also when a control frame stands between them."""
    assert read(octets) == messages


@pytest.mark.parametrize(
    ("octets", "words"),
    [
        (b"\xc1\x00", "reserved bits"),
        (b"\x81\x85mask", "a masked frame"),
        (b"\x83\x00", "unknown kind 3"),
        (b"\x09\x00", "a PING frame in fragments"),
        (b"\x89\x7e\x00\x7e", "a PING frame of over 125 bytes"),
        (b"\x80\x00", "a continuation of nothing"),
        (b"\x01\x01a\x81\x01b", "a new message within a fragmented one"),
        (b"\x81\x7e\x00\x05Hello", "a length of 5 written in too many bytes"),
        (b"\x81\x7f" + b"\0" * 6 + b"\xff\xff", "a length of 65535 written in too many bytes"),
        (b"\x81\x01\xff", "no UTF-8"),
        (b"\x88\x01\x03", "half a code"),
        (b"\x88\x02\x03\xed", "the code 1005"),
        (b"\x88\x02\x03\xf7", "the code 1015"),
        (b"\x88\x02\x07\xd0", "the code 2000"),
        (b"\x88\x03\x03\xe8\xff", "reason is no UTF-8"),
    ],
)
def test_frames_that_break_a_rule(octets, words):
    """What RFC 6455 forbids a server fails, in words that name it."""
    with pytest.raises(NetError) as caught:
        read(octets)

    assert caught.value.failure.kind is Kind.PROTOCOL
    assert words in caught.value.failure.detail


@pytest.mark.parametrize(
    "octets",
    [
        b"\x82\x7f\x7f" + b"\xff" * 7,
        b"\x82\x7f" + (LARGEST_MESSAGE + 1).to_bytes(8, "big"),
        b"\x02\x7e\xff\xff" + b"x" * 65_535 + b"\x80\x02",
    ],
)
def test_a_message_that_is_too_large(octets):
    """A message that is too large fails when its length is announced, not when it has come."""
    with pytest.raises(NetError) as caught:
        read(octets)

    assert caught.value.failure.kind is Kind.TOO_LARGE


def test_endless_empty_fragments():
    """Fragments without content come to an end as well."""
    with pytest.raises(NetError, match=f"over {MOST_FRAMES} frames"):
        read(b"\x01\x00" + b"\x00\x00" * MOST_FRAMES)


@given(st.binary(max_size=70_000), st.binary(min_size=4, max_size=4), st.integers(1, 50))
def test_frames_that_we_send(payload, mask, step):
    """A frame of ours, its mask taken off, is the frame that a server would have sent."""
    sent = encode(Opcode.BINARY, payload, mask)
    start = len(sent) - len(payload)
    plain = bytes(octet ^ mask[at % 4] for at, octet in enumerate(sent[start:]))
    unmasked = bytes((sent[0], sent[1] & 0x7F)) + sent[2 : start - 4] + plain
    reader = FrameReader()

    if len(payload) > LARGEST_MESSAGE:
        return
    size = max(1, len(unmasked) // step)
    pieces = [unmasked[at : at + size] for at in range(0, len(unmasked), size)]
    found = [message for piece in pieces for message in reader.feed(piece)]
    assert sent[1] & 0x80
    assert found == [Message(opcode=Opcode.BINARY, payload=payload)]


def test_the_accept_value():
    """The nonce of RFC 6455, 1.3, gives the value that stands there."""
    assert accept_of("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


def answered(status=101, *, protocols=("a", "b"), **changes):
    """Return what a response of these headers leads to; a header None is left out."""
    upgrade = upgrade_request("ws://a.test/x?y=1", (), protocols, TlsSettings(), Family.ANY)
    headers = GOOD | {"Sec-WebSocket-Accept": accept_of(upgrade.key)}
    headers |= {name.replace("_", "-"): value for name, value in changes.items()}
    lines = [f"{name}: {value}" for name, value in headers.items() if value is not None]
    response = Http1Response(upgrade=True)
    response.feed("\r\n".join([f"HTTP/1.1 {status} X", *lines]).encode() + b"\r\n\r\n\x81\x01a")
    return check_upgrade(upgrade, response.settled()), response.rest


@pytest.mark.parametrize("chosen", [None, "b"])
def test_a_granted_upgrade(chosen):
    """A sound upgrade tells the subprotocol, and what came behind it is kept."""
    assert answered(Sec_WebSocket_Protocol=chosen) == (chosen, b"\x81\x01a")


@pytest.mark.parametrize(
    ("changes", "kind", "words"),
    [
        ({"status": 200}, Kind.STATUS, "HTTP status 200, expected 101"),
        ({"status": 302, "Location": "/a"}, Kind.STATUS, "a redirect is not followed"),
        ({"Upgrade": "h2c"}, Kind.PROTOCOL, "upgrade: 'h2c' in the upgrade, expected websocket"),
        ({"Upgrade": None}, Kind.PROTOCOL, "upgrade: ''"),
        ({"Connection": "close"}, Kind.PROTOCOL, "connection: 'close'"),
        ({"Sec-WebSocket-Accept": "x"}, Kind.PROTOCOL, "sec-websocket-accept: 'x'"),
        ({"Sec-WebSocket-Accept": None}, Kind.PROTOCOL, "sec-websocket-accept: ''"),
        ({"Sec-WebSocket-Protocol": "c"}, Kind.PROTOCOL, "'c' in the upgrade, expected a or b"),
        ({"Sec-WebSocket-Protocol": "a, b"}, Kind.PROTOCOL, "'a, b' in the upgrade"),
        (
            {"Sec-WebSocket-Extensions": "permessage-deflate"},
            Kind.PROTOCOL,
            "expected none, as none was offered",
        ),
    ],
)
def test_other_answers_to_the_upgrade(changes, kind, words):
    """Whatever is no sound upgrade fails, with what came in its place."""
    with pytest.raises(NetError) as caught:
        answered(**changes)

    assert caught.value.failure.kind is kind
    assert words in caught.value.failure.detail


def test_the_request():
    """The request asks for the upgrade, with a new nonce each time, and keeps the query."""
    one, two = (
        upgrade_request("wss://a.test/x?y=1", (("Origin", "o"),), ("p",), TlsSettings(), Family.ANY)
        for _ in range(2)
    )

    assert one.key != two.key
    assert one.request.target.origin == ("https", "a.test", 443)
    assert one.request.head.startswith(b"GET /x?y=1 HTTP/1.1\r\n")
    assert b"Connection: Upgrade\r\n" in one.request.head
    assert b"Connection: close" not in one.request.head
    assert b"Sec-WebSocket-Protocol: p\r\nOrigin: o\r\n" in one.request.head


@pytest.mark.parametrize(
    ("goodbye", "returned"),
    [
        (b"\x88\x00", Message(opcode=Opcode.CLOSE)),
        (b"\x88\x02\x03\xf0", Message(opcode=Opcode.CLOSE, code=1008)),
    ],
)
async def test_a_goodbye_is_returned(goodbye, returned):
    """A server that says goodbye first hears its own code back, once."""
    stream = Saying(goodbye)

    message = await WebSocket(stream, None, b"").receive()

    assert message == returned
    assert [sent_message(octets) for octets in stream.sent] == [returned]


async def test_a_returned_goodbye_is_the_last():
    """A server that returns our goodbye is told nothing more."""
    stream = Saying(b"\x88\x02\x03\xe8")

    assert await WebSocket(stream, None, b"").close()
    assert [sent_message(octets).code for octets in stream.sent] == [1000]


def sent_message(octets):
    """Return the short message that a frame of ours is."""
    mask, masked = octets[2:6], octets[6:]
    payload = bytes(octet ^ mask[n % 4] for n, octet in enumerate(masked))
    [message] = read(octets[:1] + bytes([len(payload)]) + payload)
    return message
