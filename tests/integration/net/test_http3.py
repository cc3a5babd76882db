"""HTTP/3 against aioquic's own server, and against ports that speak it badly or not at all."""

import asyncio
import contextlib
import socket
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from monitor.domain.observation import FailureKind as Kind
from monitor.domain.observation import UnknownCause
from monitor.net.errors import NetError
from monitor.net.fetch import make_request
from monitor.net.network import Network
from monitor.net.policy import AddressClass
from monitor.net.redirects import RedirectRules
from monitor.net.resolver import Resolver
from monitor.net.tls import TlsSettings
from monitor.net.trace import Phase, Trace
from monitor.net.urls import parse_target
from tests.certificates import intermediate, leaf, write_chain, write_root

pytest.importorskip("aioquic", reason="the extra http3 is not installed")

from tests.integration.net.h3server import answer, h3_serving


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Run a server; yield its port and the trust that it needs."""
    folder = tmp_path_factory.mktemp("h3")
    with h3_serving(answer, *write_chain(folder, "server", leaf())) as port:
        yield port, TlsSettings(ca_file=write_root(folder))


@pytest.fixture
def fetched(site):
    """Return a function that fetches a path of the site over HTTP/3."""

    async def fetch(
        path="/", *, trace=None, seconds=10.0, pinned=None, host="localhost", port=site[0], **asked
    ):
        asked = {"tls": site[1], "http3": True} | asked
        return await Network(resolver=Resolver()).fetch(
            make_request(parse_target(f"https://{host}:{port}{path}"), **asked),
            deadline=time.monotonic() + seconds,
            trace=trace or Trace(),
            pinned=pinned,
        )

    return fetch


@pytest.fixture
def failure(fetched):
    async def fail(path="/", **asked) -> NetError:
        with pytest.raises(NetError) as caught:
            await fetched(path, **asked)
        return caught.value

    return fail


async def test_a_page(fetched):
    """A page comes with its status, phases, cipher and verified chain; the handshake is the TLS phase."""
    trace = Trace()
    response = (await fetched(trace=trace)).response

    assert (response.version, response.status, response.body) == ("3", 200, b"Makassar")
    assert set(trace.phases) == set(Phase)
    assert trace.phases[Phase.TLS] > trace.phases[Phase.CONNECT]
    assert (trace.address, trace.tls.version) == ("127.0.0.1", "TLSv1.3")
    assert trace.tls.cipher.startswith("TLS_")
    assert trace.tls.verified_expiry == trace.tls.chain.leaf.not_after


async def test_what_arrives(fetched):
    """Method, host, user agent, own fields and a large body arrive."""
    response = (
        await fetched("/says", method="POST", body=b"x" * 500_000, fields=(("X-Own", "1"),))
    ).response

    host, agent, own, method, size = response.body.decode().split("|")
    assert host.startswith("localhost:")
    assert (agent, own, method, size) == ("Pantau", "1", "POST", "500000")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/big", b"Makassar " * 60_000),
        ("/gzip", b"Makassar"),
        ("/early", b"Makassar"),
        ("/apart", b"Makassar"),
        ("/other-stream", b"Makassar"),
    ],
)
async def test_bodies(fetched, path, body):
    """A body comes in whole: a large one, an encoded one, one behind an interim response, one whose
    end is told apart; what comes on other streams is no part of the answer.
    """
    response = (await fetched(path)).response

    assert (response.status, response.body) == (200, body)


async def test_an_address_is_a_name_of_the_certificate(fetched):
    """An IP address is looked for among the certificate's addresses."""
    assert (await fetched(host="127.0.0.1")).response.status == 200


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 204), ("GET", 304)])
async def test_some_answers_have_no_body(fetched, method, status):
    """HEAD, 204 and 304 end with their headers, whatever length those announce."""
    response = (await fetched(f"/announced-{status}", method=method)).response

    assert (response.status, response.failure, response.complete) == (status, None, True)
    assert (response.body, response.wire_length) == (b"", 9)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/announced-200", Kind.TRUNCATED),
        ("/too-long", Kind.PROTOCOL),
        ("/broken-coding", Kind.PROTOCOL),
    ],
)
async def test_a_body_that_is_not_as_announced(fetched, path, kind):
    """A body of another length or coding than its headers say is told as over other versions."""
    response = (await fetched(path)).response

    assert (response.status, response.failure.failure.kind) == (200, kind)


async def test_a_redirect(fetched):
    """A redirect is followed over HTTP/3."""
    reply = await fetched("/moved", redirects=RedirectRules())

    assert (reply.response.version, reply.response.body, reply.redirects) == ("3", b"Makassar", 1)


async def test_a_body_over_its_bound(fetched):
    """A body larger than `largest_body` is a failure, and its status stands."""
    response = (await fetched("/big", largest_body=1000)).response

    assert (response.status, response.failure.failure.kind) == (200, Kind.TOO_LARGE)


@pytest.mark.parametrize(
    ("path", "kind", "words"),
    [
        ("/reset", Kind.PROTOCOL, "reset by the target"),
        ("/goodbye", Kind.PROTOCOL, "too busy"),
        ("/headers", Kind.TOO_LARGE, "over 100 response headers"),
        ("/no-head", Kind.PROTOCOL, "before the headers were complete"),
    ],
)
async def test_no_answer(failure, path, kind, words):
    """What breaks off before an answer is told as what it is, at once."""
    began = time.monotonic()
    error = await failure(path)
    took = time.monotonic() - began

    assert (error.failure.kind, error.answered) == (kind, True)
    assert words in error.failure.detail
    assert took < 5, f"{took:.2f} s"


@pytest.mark.parametrize("path", ["/half-end", "/half-reset", "/half-goodbye"])
async def test_half_an_answer(fetched, path):
    """A body that ends early is truncated, and its status stands."""
    response = (await fetched(path)).response

    assert (response.status, response.failure.failure.kind) == (200, Kind.TRUNCATED)


@pytest.mark.parametrize("path", ["/silent", "/half"])
async def test_a_target_that_stops(fetched, path):
    """A target that falls silent gives timeout, at the deadline."""
    began = time.monotonic()
    try:
        error = (await fetched(path, seconds=0.7)).response.failure
    except NetError as raised:
        error = raised
    took = time.monotonic() - began

    assert (error.failure.kind, error.answered) == (Kind.TIMEOUT, True)
    assert took < 1.2, f"{took:.2f} s"


@pytest.mark.parametrize(
    ("changes", "how", "kind"),
    [
        ({"days": (-90, -1)}, {}, Kind.TLS_EXPIRED),
        ({"days": (1, 90)}, {}, Kind.TLS_NOT_YET_VALID),
        ({"issuer": None}, {}, Kind.TLS_SELF_SIGNED),
        ({"names": ("other.test",)}, {}, Kind.TLS_HOSTNAME),
        ({}, {"with_intermediate": False}, Kind.TLS_UNTRUSTED),
    ],
    ids=lambda value: getattr(value, "value", ""),
)
async def test_a_bad_certificate(changes, how, kind, *, failure, fetched, tmp_path):
    """A certificate is judged as over TCP, and known all the same; `insecure` takes it."""
    issued = leaf(**changes)
    trace = Trace()
    with h3_serving(answer, *write_chain(tmp_path, "server", issued, **how)) as port:
        error = await failure(port=port, trace=trace)
        reply = await fetched(port=port, tls=TlsSettings(insecure=True))

    assert (error.failure.kind, error.cause) == (kind, None)
    assert trace.tls.chain.leaf.not_after == issued.certificate.not_valid_after_utc.timestamp()
    assert (trace.tls.verified_expiry, reply.response.status) == (None, 200)


async def test_nothing_is_asked_of_a_stranger(failure, tmp_path):
    """A target whose certificate is refused never gets the request, nor a secret in it."""
    asked = []
    chain = write_chain(tmp_path, "server", leaf(names=("other.test",)))
    with h3_serving(asked.append, *chain) as port:
        await failure(port=port, fields=(("Authorization", "Bearer t"),))
        await asyncio.sleep(0.2)

    assert asked == []


async def test_any_certificate_in_the_trust_is_an_anchor(fetched, tmp_path):
    """A self-signed certificate, or an intermediate, in `ca_file` or inline is trusted by itself."""
    own = leaf(issuer=None, label="own-h3")
    (tmp_path / "own.pem").write_bytes(own.pem())
    with h3_serving(answer, *write_chain(tmp_path, "server", own)) as port:
        for tls in (
            TlsSettings(ca_file=tmp_path / "own.pem"),
            TlsSettings(ca_pem=own.pem().decode()),
        ):
            assert (await fetched(port=port, tls=tls)).response.status == 200
    chain = write_chain(tmp_path, "server", leaf(), with_intermediate=False)
    with h3_serving(answer, *chain) as port:
        tls = TlsSettings(ca_pem=intermediate().pem().decode())
        assert (await fetched(port=port, tls=tls)).response.status == 200


async def test_the_name_that_is_expected(failure, fetched, site):
    """`server_name` is what must be in the certificate, unless the name is left to the caller."""
    other = replace(site[1], server_name="other.test")

    assert (await failure(tls=other)).failure.kind is Kind.TLS_HOSTNAME
    assert (await fetched(tls=replace(other, check_name=False))).response.status == 200
    named = replace(site[1], server_name="makassarkota.test")
    assert (await fetched(host="127.0.0.1", tls=named)).response.status == 200


@pytest.mark.parametrize("content", [None, b"not a certificate"])
async def test_a_broken_file_of_ours_is_no_fault_of_the_target(content, failure, tmp_path):
    """A trust store that can't be read makes the check unknown: local."""
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)

    assert (await failure(tls=TlsSettings(ca_file=path))).cause is UnknownCause.LOCAL


async def test_another_protocol(failure, tmp_path):
    """A server of something else over QUIC is told by its alert."""
    with h3_serving(answer, *write_chain(tmp_path, "server", leaf()), alpn="other") as port:
        error = await failure(port=port)

    assert error.failure.kind is Kind.TLS_PROTOCOL
    assert "alert 120" in error.failure.detail


async def test_a_closed_port(failure):
    """A port where nobody listens is refused at once, as over TCP."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    error = await failure(port=port)

    assert (error.failure.kind, error.answered) == (Kind.CONNECT_REFUSED, True)


async def test_a_mute_port(failure):
    """Where no datagram ever comes back, nothing was answered; it ends at the deadline."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mute:
        mute.bind(("127.0.0.1", 0))
        began = time.monotonic()
        error = await failure(port=mute.getsockname()[1], seconds=0.5)
        took = time.monotonic() - began

    assert (error.failure.kind, error.answered) == (Kind.CONNECT_TIMEOUT, False)
    assert took < 1.0, f"{took:.2f} s"


async def test_the_address_policy_holds(failure):
    """QUIC dials no address that the policy refuses, and no further inward than was pinned."""
    assert (await failure(pinned=AddressClass.PRIVATE)).failure.kind is Kind.REFUSED_BY_POLICY
    by_hand = await failure(resolve_to="169.254.169.254")
    assert by_hand.failure.kind is Kind.REFUSED_BY_POLICY


@contextlib.contextmanager
def babbling(octets):
    """Yield a UDP port that answers a datagram with one after the other of `octets(datagram)`."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 0))
    stopped = threading.Event()

    def run() -> None:
        asked, peer = sock.recvfrom(65_536)
        sock.setblocking(False)
        for datagram in octets(asked):
            if stopped.is_set():
                return
            with contextlib.suppress(OSError):
                sock.sendto(datagram, peer)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield sock.getsockname()[1]
    finally:
        stopped.set()
        thread.join(5)
        sock.close()


def _forever(datagram):
    while True:
        yield datagram


@pytest.mark.slow
@pytest.mark.parametrize(
    "octets",
    [
        lambda asked: _forever(b"x" * 1200),
        lambda asked: _forever(b""),
        _forever,
        lambda asked: [bytes(range(256)) * 200],
    ],
    ids=["noise", "nothing", "echo", "a large datagram"],
)
async def test_datagrams_without_end(octets, failure):
    """A flood of datagrams ends by the deadline, costs under a second of CPU, and holds nobody up."""
    lag = [0.0]

    async def tick() -> None:
        while True:
            due = time.monotonic() + 0.02
            await asyncio.sleep(0.02)
            lag.append(time.monotonic() - due)

    ticking = asyncio.create_task(tick())
    with babbling(octets) as port:
        began, cpu = time.monotonic(), time.thread_time()
        error = await failure(port=port, seconds=1.0)
        took, spent = time.monotonic() - began, time.thread_time() - cpu
    ticking.cancel()

    print(f"{error.failure.kind}: {took:.2f} s, {spent:.2f} s of CPU, loop lag {max(lag):.3f} s")
    assert error.failure.kind in {Kind.PROTOCOL, Kind.TIMEOUT}
    assert took <= 1.5
    assert spent <= 1.0


async def test_without_the_extra(failure, monkeypatch):
    """Where what speaks QUIC is not installed, nothing is said of the target, but how to get it."""
    monkeypatch.setitem(sys.modules, "monitor.net.quic", None)
    error = await failure()

    assert error.cause is UnknownCause.LOCAL
    assert "pip install pantau[http3]" in error.failure.detail


async def test_the_dynamic_table_is_off(tmp_path):
    """No table of header fields is kept for a target: a few bytes could stand for megabytes."""
    told = []

    def look(exchange):
        told.append(dict(exchange.http.received_settings or {}))
        exchange.answer()

    with h3_serving(look, *write_chain(tmp_path, "server", leaf())) as port:
        request = make_request(
            parse_target(f"https://localhost:{port}/"),
            tls=TlsSettings(ca_file=write_root(tmp_path)),
            http3=True,
        )
        await Network(resolver=Resolver()).fetch(
            request, deadline=time.monotonic() + 10, trace=Trace()
        )

    assert (told[0].get(1), told[0].get(7)) == (0, 0)


def _descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


async def test_no_descriptor_is_left_open(fetched, failure, site):
    """Whatever happens, the socket is closed."""
    before = _descriptors()
    for path in ("/", "/reset", "/silent"):
        with contextlib.suppress(NetError):
            await fetched(path, seconds=0.3)
    work = asyncio.create_task(fetched("/silent"))
    await asyncio.sleep(0.2)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work

    assert _descriptors() == before


async def test_a_certificate_for_clients_only(failure, tmp_path):
    """A certificate that is not meant for servers is refused."""
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
    wrong = leaf(label="client-only", extensions=(usage,))
    with h3_serving(answer, *write_chain(tmp_path, "server", wrong)) as port:
        error = await failure(port=port)

    assert error.failure.kind is Kind.TLS_OTHER
    assert "certificate purpose" in error.failure.detail
