"""Checks of type websocket against a maintained server, and against those that mean harm."""

import contextlib
import threading
import time
from datetime import UTC, datetime

import pytest
from websockets.sync.server import serve

from monitor.checktype import ProbeContext
from monitor.domain.observation import FailureKind as Kind
from monitor.domain.observation import OutcomeStatus as Status
from monitor.domain.observation import series
from monitor.net.network import Network
from monitor.net.resolver import Resolver
from monitor.net.websocket import accept_of
from monitor.probes.websocket import WebSocketSpec, probe
from tests.certificates import NAME, leaf, write_chain, write_root
from tests.servers import answering, ok, read_request, server_context, serving

PONG = b"\x8a\x06Pantau"


async def checked(port, *, scheme="ws", seconds=10.0, path="/live", **keys):
    context = ProbeContext(
        network=Network(resolver=Resolver()),
        deadline=time.monotonic() + seconds,
        monotonic=time.monotonic,
        now=datetime.now(UTC),
    )
    url = f"{scheme}://127.0.0.1:{port}{path}"
    return await probe(WebSocketSpec.model_validate({"url": url, **keys}), context)


@contextlib.contextmanager
def real_server(handler, **options):
    """Run a server of the `websockets` library; yield its port."""
    with serve(handler, "127.0.0.1", 0, **options) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.socket.getsockname()[1]
        finally:
            server.shutdown()
            thread.join(5)


def greeted_echo(connection):
    """Greet, then send everything back, in fragments."""
    connection.send("selamat datang")
    for message in connection:
        connection.send([message[:3], message[3:]])


def raw(*behind, pause=0.0):
    """Return a handler that grants the upgrade, then sends `behind` and waits for the end."""

    def handle(connection):
        head = read_request(connection)
        key = head.split(b"Sec-WebSocket-Key: ")[1].split(b"\r\n")[0].decode()
        accept = (
            f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept_of(key)}"
        )
        connection.sendall(f"HTTP/1.1 101 X\r\n{accept}\r\n\r\n".encode())
        for octets in behind:
            connection.sendall(octets)
            time.sleep(pause)
        while connection.recv(65_536):
            pass

    return handle


async def test_an_exchange():
    """A greeting is passed over until the fragmented answer matches; the subprotocol is told."""
    keys = {"subprotocols": ["lain", "antrean.v1"], "send": '{"type": "halo"}'}
    expect = {"subprotocol": "antrean.v1", "receive_matches": "halo"}
    with real_server(greeted_echo, subprotocols=["antrean.v1"]) as port:
        outcome = await checked(port, **keys, expect=expect)

    assert (outcome.status, outcome.failure) == (Status.OK, None)
    assert outcome.facts["subprotocol"] == "antrean.v1"
    assert outcome.facts["received"] == '\'{"type": "halo"}\''
    assert outcome.measurements[series("probe_websocket_status_code")] == 101
    assert outcome.measurements[series("probe_websocket_connection_upgraded")] == 1


async def test_the_goodbye():
    """The check says goodbye with code 1000, and the server sees a clean end."""
    codes = []

    def listen(connection):
        with contextlib.suppress(StopIteration):
            next(iter(connection))
        codes.append(connection.close_code)

    with real_server(listen) as port:
        outcome = await checked(port)

    assert outcome.status is Status.OK
    assert codes == [1000]


async def test_over_tls(tmp_path):
    """Over TLS the certificate is looked at as anywhere else."""
    tls = server_context(*write_chain(tmp_path, "server", leaf(label="ws")))
    keys = {"scheme": "wss", "ca_file": str(write_root(tmp_path))}
    with real_server(greeted_echo, ssl=tls) as port:
        well = await checked(port, server_name=NAME, **keys)
        soon = await checked(port, server_name=NAME, min_days=1000, **keys)
        wrong = await checked(port, server_name="lain.test", **keys)

    assert (well.status, well.failure) == (Status.OK, None)
    assert (soon.status, soon.failure.kind) == (Status.DEGRADED, Kind.EXPIRES_SOON)
    assert (wrong.status, wrong.failure.kind) == (Status.FAILED, Kind.TLS_HOSTNAME)


async def test_another_origin():
    """A server that does not know the origin refuses the upgrade."""
    with real_server(greeted_echo, origins=["https://portal.test"]) as port:
        well = await checked(port, origin="https://portal.test")
        wrong = await checked(port, origin="https://lain.test")

    assert well.status is Status.OK
    assert (wrong.status, wrong.failure.kind) == (Status.FAILED, Kind.STATUS)
    assert wrong.failure.detail == "HTTP status 403, expected 101"


async def test_a_server_that_says_goodbye():
    """A server that closes before the pong fails the check in its own words."""
    with real_server(lambda connection: connection.close(1008, "siapa Anda?")) as port:
        outcome = await checked(port, send="halo", expect={"receive_matches": "halo"})

    assert (outcome.status, outcome.failure.kind) == (Status.FAILED, Kind.STATUS)
    assert "closed with 1008 (siapa Anda?)" in outcome.failure.detail


async def test_secrets_that_come_back(tmp_path):
    """Neither a secret header nor the query is shown, also when the server repeats them."""
    token = tmp_path / "token"
    token.touch(mode=0o600)
    token.write_text("ra'hasia-sekali")

    def repeat(connection):
        request = connection.request
        connection.send(f"{request.headers['Authorization']} {request.path}")
        connection.close(1008, request.headers["Authorization"])

    with real_server(repeat) as port:
        headers = {"Authorization": {"file": str(token)}}
        expect = {"receive_matches": "^nothing$"}
        outcome = await checked(port, path="/?k=abcdef", headers=headers, expect=expect)

    assert outcome.failure.kind is Kind.BODY
    assert "hasia" not in repr(outcome)
    assert "abcdef" not in repr(outcome)


async def test_telling_names_that_come_back():
    """What stands under a telling name, in the query or a header, is veiled by itself, too."""

    def repeat(connection):
        token = connection.request.headers["X-Api-Key"]
        connection.close(1008, f"token q-rahasia, key {token}")

    with real_server(repeat) as port:
        headers = {"X-Api-Key": "h-rahasia"}
        expect = {"receive_matches": "^nothing$"}
        path = "/?unit=dinas&token=q-rahasia"
        outcome = await checked(port, path=path, headers=headers, expect=expect)

    assert "closed with 1008 (token ***, key ***)" in outcome.failure.detail
    assert "rahasia" not in repr(outcome)


@pytest.mark.parametrize(
    ("handler", "kind", "words"),
    [
        (answering(ok()), Kind.STATUS, "HTTP status 200"),
        (answering(b"HTTP/1.1 302 F\r\nLocation: /a\r\n\r\n"), Kind.STATUS, "redirect"),
        (
            answering(
                b"HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Accept: AAAA\r\n\r\n"
            ),
            Kind.PROTOCOL,
            "sec-websocket-accept: 'AAAA'",
        ),
        (answering(b"HTTP/1.1 100 C\r\n\r\n" * 20), Kind.PROTOCOL, "interim"),
        (answering(b""), Kind.TRUNCATED, "closed after 0 bytes"),
        (answering(b"X" * 100_000), Kind.PROTOCOL, "not valid HTTP"),
        (raw(b"\x8a\x86maskPantau"), Kind.PROTOCOL, "masked"),
        (raw(b"\x82\x7f" + b"\x7f" * 8), Kind.TOO_LARGE, "at most 65536"),
        (
            raw(b"\x82\x7e\xff\xff" + b"x" * 65_535, *[b"\x82\x7e\xff\xff" + b"x" * 65_535] * 20),
            Kind.TOO_LARGE,
            "over 1048576 bytes",
        ),
        (raw(b"\x89\x00" * 20_000), Kind.PROTOCOL, "over 10000 frames"),
        (raw(*[b"\x01"] * 50, pause=0.1), Kind.PROTOCOL, "within a fragmented one"),
        (raw(*[b"\x82\x7e\x10\x00", *[b"x"] * 50], pause=0.1), Kind.TIMEOUT, "expected a pong"),
        (raw(b"\x8a\x06another"[:-1]), Kind.TIMEOUT, "expected a pong"),
        (raw(PONG[:4]), Kind.TIMEOUT, "expected a pong"),
    ],
)
async def test_hostile_servers(handler, kind, words):
    """Whatever a server sends, the check ends in time, with the reason."""
    with serving(handler) as port:
        outcome = await checked(port, seconds=1.5)

    assert (outcome.status, outcome.failure.kind) == (Status.FAILED, kind)
    assert words in outcome.failure.detail


async def test_a_server_without_a_goodbye():
    """A server that never says goodbye holds the check up for a second, and is up."""
    with serving(raw(b"\x89\x01p" + PONG)) as port:
        began = time.monotonic()
        outcome = await checked(port)

    assert outcome.status is Status.OK
    assert time.monotonic() - began < 5


async def test_without_a_ping():
    """With `ping: false` the upgrade alone is enough."""
    with serving(raw()) as port:
        outcome = await checked(port, ping=False)

    assert outcome.status is Status.OK
