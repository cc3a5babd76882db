import asyncio
import base64
import json
import ssl
import sys

import bcrypt
import pytest
import trustme

from monitor.web.app import create_app
from monitor.web.credentials import Authenticator, ClientAuth, TlsServerConfig, TlsVersion
from monitor.web.listening import listening, load_certificate, server_context
from monitor.web.server import Listener, PunctualProtocol
from tests.certificates import leaf
from tests.unit.metrics.board import FakeBoard, a_check, a_service, watch
from tests.unit.web.asking import a_context

GET = b"GET /-/healthy HTTP/1.1\r\nHost: localhost\r\n\r\n"
HASH = bcrypt.hashpw(b"rahasia", bcrypt.gensalt(4)).decode()


async def serve(app, tls=None):
    listener = Listener(app, listening("127.0.0.1", 0), tls=tls)
    await listener.start()
    return listener, listener.address[1]


@pytest.fixture
async def port():
    listener, number = await serve(create_app(a_context(), Authenticator({})))
    yield number
    await listener.stop()


async def say(port, text, tls=None):
    """Send `text`, and return everything that comes back until the connection closes."""
    name = "localhost" if tls else None
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=tls, server_hostname=name)
    try:
        writer.write(text)
        return await asyncio.wait_for(reader.read(), 30)
    finally:
        writer.close()


def closing(text):
    return text.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1)


async def test_an_answer(port):
    """The daemon answers over HTTP, and does not tell which software it is."""
    answer = await say(port, closing(GET))

    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(b"\r\n\r\nPantau is healthy.\n")
    assert b"\r\nserver:" not in answer.lower()


async def test_one_connection_for_many_scrapes(port):
    """A connection is kept for the next request."""
    answer = await say(port, GET + GET + closing(GET))

    assert answer.count(b"Pantau is healthy.") == 3


async def test_head_has_no_body(port):
    """HEAD is answered like GET, without the body."""
    answer = await say(port, closing(GET.replace(b"GET", b"HEAD")))

    assert answer.startswith(b"HTTP/1.1 200")
    assert answer.endswith(b"\r\n\r\n")


async def test_a_large_scrape_arrives_whole():
    """A body of several megabytes arrives whole, in chunks."""
    board = FakeBoard(
        watched=[watch(a_check(id=f"c-{i:05d}")) for i in range(2000)], listed=[a_service()]
    )
    listener, port = await serve(create_app(a_context(board=board), Authenticator({})))
    process = await asyncio.create_subprocess_exec(
        *("curl", "-sS", "--compressed", "--noproxy", "*", f"http://127.0.0.1:{port}/metrics"),
        stdout=asyncio.subprocess.PIPE,
    )
    text, _ = await process.communicate()
    await listener.stop()

    assert process.returncode == 0
    assert text.count(b"\nprobe_success{") == 2000
    assert b"pantau_build_info{" in text


@pytest.mark.parametrize(
    "request_text",
    [
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"y" * 2_000_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X: y\r\n" * 400_000 + b"\r\n",
        b"GET /" + b"y" * 2_000_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost : x\r\n\r\n",
    ],
)
async def test_a_head_has_bounds(port, request_text):
    """A head that is too long, or no HTTP, is answered with 400 and the connection closed.

    Who is still sending then may see the connection cut before the answer.
    """
    try:
        answer = await say(port, request_text)
    except ConnectionError:
        answer = b""

    assert answer == b"" or answer.startswith(b"HTTP/1.1 400")
    assert (await say(port, closing(GET))).startswith(b"HTTP/1.1 200")


async def test_idle_visitors_are_bounded(port, monkeypatch):
    """Beyond so many connections each new one ends the one that is idle for longest."""
    monkeypatch.setattr("monitor.web.server._CONNECTIONS", 50)
    waiting = [await asyncio.open_connection("127.0.0.1", port) for _ in range(70)]
    answers = [await say(port, closing(GET)) for _ in range(5)]
    ended = [await asyncio.wait_for(reader.read(), 5) for reader, _ in waiting[:20]]
    reader, writer = waiting[-1]
    writer.write(closing(GET))
    newest = await asyncio.wait_for(reader.read(), 5)
    for _, writer in waiting:
        writer.close()

    assert all(b"Pantau is healthy." in answer for answer in (*answers, newest))
    assert ended == [b""] * 20


async def test_websockets_are_no_way_in(port):
    """An upgrade is not offered: the request is answered as any other."""
    upgrade = b"\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n"
    answer = await say(port, GET.replace(b"\r\n\r\n", upgrade))

    assert answer.startswith(b"HTTP/1.1 200")


class Waiting:
    """A clock of timers: stands for the loop's, and says which deadlines are set."""

    def __init__(self, loop):
        self._loop, self.deadlines = loop, []

    def call_later(self, seconds, act, *arguments):
        timer = self._loop.call_later(3600, act, *arguments)
        self.deadlines.append((seconds, act, timer))
        return timer

    def __getattr__(self, name):
        return getattr(self._loop, name)

    def run_out(self):
        """Let every deadline pass that is still set."""
        for _, act, timer in self.deadlines:
            if not timer.cancelled():
                act()

    def pending(self):
        return [seconds for seconds, _, timer in self.deadlines if not timer.cancelled()]


@pytest.fixture
async def clock(monkeypatch):
    """What keeps the deadlines of connections: they pass when the test says so."""
    clock = Waiting(asyncio.get_running_loop())
    made = PunctualProtocol.__init__

    def with_clock(self, *arguments, **options):
        made(self, *arguments, **options)
        self.loop = clock

    monkeypatch.setattr(PunctualProtocol, "__init__", with_clock)
    return clock


@pytest.fixture
async def hurried(clock):
    """A listener whose deadlines pass when the test says so."""
    board = FakeBoard(
        watched=[watch(a_check(id=f"c-{i:05d}")) for i in range(5000)], listed=[a_service()]
    )
    listener, port = await serve(create_app(a_context(board=board), Authenticator({})))
    yield port, clock
    clock.run_out()
    await listener.stop()


@pytest.mark.parametrize(
    ("path", "seconds"), [("/probe?target=x", 150.0), ("/probes", 60.0), ("/metrics", 60.0)]
)
async def test_a_probe_may_take_its_time(clock, path, seconds):
    """An answer is waited for a minute, that of a probe as long as a probe may take, and longer."""

    async def never(scope, receive, send):
        while (await receive())["type"] != "http.disconnect":
            pass

    listener, port = await serve(never)
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    await until(lambda: clock.pending() == [seconds])

    writer.close()
    clock.run_out()
    await listener.stop()


async def until(condition):
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 - other people's objects have no events
            await asyncio.sleep(0.01)


async def rest_of(reader):
    """Return what still comes; a connection that was cut brings nothing more."""
    try:
        return await asyncio.wait_for(reader.read(), 30)
    except ConnectionError:
        return b""


@pytest.mark.parametrize(
    "begun", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: localhost\r\nX: y\r\n"]
)
async def test_who_never_asks_is_cut_off(hurried, begun):
    """A connection on which no whole request arrives in ten seconds is closed."""
    port, clock = hurried
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(begun)
    await until(lambda: clock.deadlines)
    await asyncio.sleep(0.05)
    assert clock.pending() == [10.0]

    clock.run_out()

    assert await rest_of(reader) == b""
    writer.close()


async def test_who_never_reads_is_cut_off(hurried):
    """Who asks for a large body and does not take it in a minute is cut off, scrape and all."""
    port, clock = hurried
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
    writer.write(GET.replace(b"/-/healthy", b"/metrics"))
    await until(lambda: clock.pending() == [60.0])
    tasks_before = len(asyncio.all_tasks())

    clock.run_out()

    await until(lambda: len(asyncio.all_tasks()) < tasks_before)
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await reader.readexactly(1 << 30)
    writer.close()


async def test_between_requests_nobody_hurries(hurried):
    """A kept connection may rest longer than a head may take."""
    port, clock = hurried
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(GET)
    await reader.readuntil(b"healthy.\n")
    await until(lambda: clock.pending() == [75])

    writer.write(GET)
    assert await reader.readuntil(b"healthy.\n")
    writer.close()


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture
def files(authority, tmp_path):
    certificate = authority.issue_cert("localhost")
    certificate.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    certificate.private_key_pem.write_to_path(tmp_path / "key.pem")
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    return {"cert_file": tmp_path / "cert.pem", "key_file": tmp_path / "key.pem"}


def client(authority, certificate=None, newest=ssl.TLSVersion.TLSv1_3):
    context = ssl.create_default_context()
    context.maximum_version = newest
    authority.configure_trust(context)
    if certificate is not None:
        certificate.configure_cert(context)
    return context


@pytest.fixture
async def over_tls(files, authority, tmp_path):
    """Serve with these settings; return the port, the context, and the settings."""
    listeners = []

    async def start(**settings):
        tls = TlsServerConfig(**files, **settings)
        context = server_context(tls)
        listener, port = await serve(create_app(a_context(), Authenticator({})), context)
        listeners.append(listener)
        return port, context, tls

    yield start
    for listener in listeners:
        await listener.stop()


async def test_tls(over_tls, authority):
    """With a certificate the daemon speaks TLS."""
    port, _, _ = await over_tls()

    assert b"Pantau is healthy." in await say(port, closing(GET), client(authority))


async def test_oldest_version(over_tls, authority):
    """A client that is too old for min_version gets no connection."""
    port, _, _ = await over_tls(min_version=TlsVersion.TLS13)

    with pytest.raises((ssl.SSLError, ConnectionError)):
        await say(port, closing(GET), client(authority, newest=ssl.TLSVersion.TLSv1_2))
    assert b"Pantau is healthy." in await say(port, closing(GET), client(authority))


async def heard(port, tls):
    """Return the answer, empty when the connection was refused."""
    try:
        return await say(port, closing(GET), tls)
    except (ssl.SSLError, ConnectionError):
        return b""


async def test_client_certificates(over_tls, authority, tmp_path):
    """Where a client certificate is required, nobody else gets an answer."""
    port, _, _ = await over_tls(client_ca_file=tmp_path / "ca.pem", client_auth=ClientAuth.REQUIRED)
    own = authority.issue_cert("ops")
    foreign = trustme.CA().issue_cert("ops")

    assert b"Pantau is healthy." in await say(port, closing(GET), client(authority, own))
    for other in (None, foreign):
        assert await heard(port, client(authority, other)) == b""


async def test_a_renewed_certificate(over_tls, authority, files):
    """A renewed certificate is taken up without a restart."""
    port, context, tls = await over_tls()
    renewed = trustme.CA()
    certificate = renewed.issue_cert("localhost")
    certificate.cert_chain_pems[0].write_to_path(files["cert_file"])
    certificate.private_key_pem.write_to_path(files["key_file"])

    load_certificate(context, tls)

    assert b"Pantau is healthy." in await say(port, closing(GET), client(renewed))


def test_a_key_with_a_passphrase(files):
    """A listener's key with a passphrase is refused, and no terminal is asked for it."""
    files["key_file"].write_bytes(leaf().key_pem(b"a passphrase"))

    with pytest.raises(OSError, match="has a passphrase"):
        server_context(TlsServerConfig(**files))


async def test_users():
    """With users, a scraper authenticates as with any exporter."""
    listener, port = await serve(create_app(a_context(), Authenticator({"ops": HASH})))
    secret = base64.b64encode(b"ops:rahasia")
    scrape = closing(GET.replace(b"/-/healthy", b"/metrics"))
    without = await say(port, scrape)
    admitted = await say(
        port,
        scrape.replace(b"Host: localhost", b"Host: localhost\r\nAuthorization: Basic " + secret),
    )
    await listener.stop()

    assert without.startswith(b"HTTP/1.1 401")
    assert b'www-authenticate: Basic realm="Pantau"' in without
    assert admitted.startswith(b"HTTP/1.1 200")


async def test_a_taken_port_is_an_error_of_ours(port):
    """A port that is taken is an OSError at once, and not the end of the process."""
    with pytest.raises(OSError, match="in use"):
        listening("127.0.0.1", port)


async def test_stop_closes_what_rests():
    """Stopping closes kept connections, and the port is free again."""
    listener, port = await serve(create_app(a_context(), Authenticator({})))
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(GET)
    await reader.readuntil(b"healthy.\n")

    async with asyncio.timeout(20):
        await listener.stop()

    assert await reader.read() == b""
    writer.close()
    listening("127.0.0.1", port).close()


async def test_signals_stay_with_the_daemon():
    """A listener takes no signal handler away from the daemon."""
    script = """
import asyncio, json, signal
from monitor.web.listening import listening
from monitor.web.server import Listener
async def app(scope, receive, send): ...
async def main():
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, lambda: None)
    before = [signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)]
    listener = Listener(app, listening("127.0.0.1", 0))
    await listener.start()
    print(json.dumps(before == [signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)]))
    await listener.stop()
asyncio.run(main())
"""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", script), stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()

    assert json.loads(out) is True
