"""How a QUIC connection ends, and what that means. No sockets."""

from types import SimpleNamespace

import pytest

from monitor.domain.observation import FailureKind as Kind
from monitor.net.errors import NetError

pytest.importorskip("aioquic", reason="the extra http3 is not installed")

from aioquic.quic.events import ConnectionTerminated, HandshakeCompleted

from monitor.net.quic import QuicLink
from monitor.net.trace import Trace


class Flood:
    """A socket on which a datagram of `size` bytes is always there."""

    def __init__(self, size):
        self.size = size

    def recv(self, limit):
        return bytes(min(self.size, limit))


async def test_a_flood_of_large_datagrams():
    """A turn of the loop takes some 64 KB, and what is of no use ends a connection at 2 MB."""
    taken = []
    connection = SimpleNamespace(
        get_timer=lambda: None, receive_datagram=lambda octets, place, now: taken.append(octets)
    )
    link = QuicLink(Flood(60_000), connection, ("192.0.2.1", 443), 0.0, Trace())

    link._receive()

    assert len(taken) == 2
    for _ in range(16):
        link._receive()
    with pytest.raises(NetError, match="for 0 bytes of body"):
        link._receive()


async def test_useful_bytes_are_no_flood():
    """A large body is taken for as long as it is one."""
    connection = SimpleNamespace(get_timer=lambda: None, receive_datagram=lambda *_, now: None)
    link = QuicLink(Flood(1200), connection, ("192.0.2.1", 443), 0.0, Trace())

    for _ in range(1000):
        link._receive()
        link.useful = link.received * 9 // 10

    assert link.received == 1000 * 16 * 1200


def judged(found, *, refusal=None, goodbye=None) -> NetError:
    """Return what a link makes of events, of its own refusal, and of a goodbye of the target."""
    connection = SimpleNamespace(refusal=refusal, _close_event=goodbye)
    with pytest.raises(NetError) as caught:
        QuicLink._judge(SimpleNamespace(connection=connection, _closed=False), found)
    return caught.value


@pytest.mark.parametrize(
    ("code", "frame_type", "kind", "words"),
    [
        (0x100 + 40, 0x06, Kind.TLS_PROTOCOL, "alert 40"),
        (0x100 + 120, 0x06, Kind.TLS_PROTOCOL, "alert 120"),
        (0x100 + 116, 0x06, Kind.TLS_OTHER, "alert 116"),
        (0x100 + 42, 0x06, Kind.TLS_OTHER, "alert 42"),
        (0x107, None, Kind.PROTOCOL, "closed the connection: error 0x107"),
        (0x2, 0x0, Kind.PROTOCOL, "closed the connection: error 0x2"),
    ],
)
def test_how_a_target_says_goodbye(code, frame_type, kind, words):
    """An alert of TLS is told as such; an error of HTTP/3, whose numbers begin alike, is none."""
    error = judged([ConnectionTerminated(code, frame_type, "")])

    assert (error.failure.kind, error.answered) == (kind, True)
    assert words in error.failure.detail


def test_a_goodbye_counts_at_once():
    """A goodbye is understood when it comes, not when QUIC has waited out its packets."""
    error = judged([], goodbye=ConnectionTerminated(0x107, None, "too busy"))

    assert "too busy" in error.failure.detail


def test_what_we_refuse_is_told():
    """Where this side closes, because of what it was sent, its reason is the failure."""
    error = judged([HandshakeCompleted("h3", False, False)], refusal="DATA frame before\x00HEADERS")

    assert error.failure.kind is Kind.PROTOCOL
    assert "DATA frame before" in error.failure.detail
    assert "\x00" not in error.failure.detail
