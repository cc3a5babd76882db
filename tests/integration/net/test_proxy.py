"""Checks through a real forward proxy, and through ones that fail."""

import asyncio
import contextlib
import re
import subprocess
import time

import pytest

from monitor.domain.observation import FailureKind as Kind
from monitor.net.errors import NetError
from monitor.net.fetch import make_request
from monitor.net.network import Network
from monitor.net.proxy import Proxy
from monitor.net.redirects import RedirectRules
from monitor.net.resolver import Resolver
from monitor.net.tls import TlsSettings
from monitor.net.trace import Phase, Trace
from monitor.net.urls import parse_target
from tests.certificates import leaf, write_chain, write_root
from tests.peers import peer
from tests.servers import answering, free_port, ok, read_request, server_context, serving


@pytest.fixture(scope="module")
def tinyproxy(tmp_path_factory):
    """Run tinyproxy with a password; yield its port and its log."""
    folder = tmp_path_factory.mktemp("tinyproxy")
    port, log = free_port(), folder / "log"
    (folder / "conf").write_text(
        f"Port {port}\nListen 127.0.0.1\nTimeout 20\nMaxClients 50\nAllow 127.0.0.1\n"
        f'BasicAuth rina rahasia\nLogFile "{log}"\nLogLevel Connect\n'
    )
    process = subprocess.Popen([peer("tinyproxy"), "-d", "-c", str(folder / "conf")])
    try:
        yield port, log
    finally:
        process.terminate()
        process.wait(10)


async def fetched(url, proxy, *, seconds=10.0, trace=None, **asked):
    return await Network(resolver=Resolver()).fetch(
        make_request(parse_target(url), proxy=proxy, **asked),
        deadline=time.monotonic() + seconds,
        trace=trace or Trace(),
    )


def _url(port: int, user: str = "rina:rahasia@") -> str:
    return f"http://{user}127.0.0.1:{port}"


async def _up(port: int) -> None:
    """Wait until the proxy takes connections."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        with contextlib.suppress(NetError):
            await fetched("http://127.0.0.1:1/", Proxy(url=_url(port)), seconds=2)
            return
        await asyncio.sleep(0.05)


@pytest.mark.peers
async def test_an_http_target(tinyproxy):
    """A target is asked through the proxy, whose address is the one that was dialled."""
    port, log = tinyproxy
    await _up(port)
    trace, heads = Trace(), []

    def handle(connection):
        heads.append(read_request(connection))
        connection.sendall(ok())

    with serving(handle) as target:
        reply = await fetched(f"http://localhost:{target}/a?b", Proxy(url=_url(port)), trace=trace)

    assert (reply.response.status, reply.response.body) == (200, b"Makassar")
    assert heads[0].startswith(b"GET /a?b HTTP/1.")
    assert b"Via:" in heads[0]
    assert b"authorization" not in heads[0].lower()
    assert f"localhost:{target}" in log.read_text()
    assert trace.phases[Phase.CONNECT] > 0


@pytest.mark.peers
@pytest.mark.parametrize("http2", [False, True])
async def test_an_https_target(tinyproxy, tmp_path, http2):
    """TLS goes through a tunnel to the target itself, whose certificate is the one that is judged."""
    port, log = tinyproxy
    await _up(port)
    trace = Trace()
    with serving(
        answering(ok()), tls=server_context(*write_chain(tmp_path, "server", leaf()))
    ) as target:
        reply = await fetched(
            f"https://localhost:{target}/",
            Proxy(url=_url(port)),
            tls=TlsSettings(ca_file=write_root(tmp_path)),
            trace=trace,
            http2=http2,
        )

    assert reply.response.body == b"Makassar"
    assert trace.tls.verified_expiry is not None
    assert re.search(rf"CONNECT localhost:{target}", log.read_text())


@pytest.mark.peers
async def test_a_wrong_password(tinyproxy):
    """Without the right credentials there is no tunnel: proxy, with its status; http gets a 407."""
    port, _ = tinyproxy
    await _up(port)
    with pytest.raises(NetError) as caught:
        await fetched("https://localhost:1/", Proxy(url=_url(port, "rina:x@")))
    reply = await fetched("http://localhost:1/", Proxy(url=_url(port, "")))

    assert caught.value.failure.kind is Kind.PROXY
    assert re.search(r"status 40[17] to CONNECT localhost:1", caught.value.failure.detail)
    assert reply.response.status in {401, 407}


@pytest.mark.peers
async def test_a_target_that_the_proxy_cannot_reach(tinyproxy):
    """What the proxy can't reach is a failure of kind proxy, with what it said."""
    port, _ = tinyproxy
    await _up(port)
    with pytest.raises(NetError) as caught:
        await fetched(f"https://localhost:{free_port()}/", Proxy(url=_url(port)))

    assert caught.value.failure.kind is Kind.PROXY
    assert re.search(r"status 50\d", caught.value.failure.detail)


@pytest.mark.peers
async def test_a_redirect_stays_behind_the_proxy(tinyproxy):
    """Every hop goes through the proxy."""
    port, log = tinyproxy
    await _up(port)
    with serving(answering(ok(b"there"))) as there:
        moved = f"HTTP/1.1 302 F\r\nLocation: http://localhost:{there}/\r\n\r\n".encode()
        with serving(answering(moved)) as here:
            reply = await fetched(
                f"http://localhost:{here}/", Proxy(url=_url(port)), redirects=RedirectRules()
            )

    assert reply.response.body == b"there"
    assert f"http://localhost:{there}/" in log.read_text()


async def test_a_proxy_that_is_not_there():
    """A proxy that refuses the connection is a failure of kind proxy; nothing is said of the target."""
    port = free_port()
    with pytest.raises(NetError) as caught:
        await fetched("http://localhost:1/", Proxy(url=f"http://127.0.0.1:{port}"))

    assert (caught.value.failure.kind, caught.value.answered) == (Kind.PROXY, True)
    assert f"proxy 127.0.0.1:{port}: connect to" in caught.value.failure.detail


async def test_a_proxy_without_an_address():
    """A proxy whose name leads nowhere is a failure of kind proxy."""
    network = Network(resolver=Resolver(hosts_file=_nowhere(), resolv_conf=_nowhere()))
    request = make_request(
        parse_target("http://localhost:1/"), proxy=Proxy(url="http://proxy.invalid:3128")
    )
    with pytest.raises(NetError) as caught:
        await network.fetch(request, deadline=time.monotonic() + 1, trace=Trace())

    assert caught.value.failure.kind is Kind.PROXY


def _nowhere():
    from pathlib import Path

    return Path("/nonexistent")


def _mute(connection) -> None:
    while connection.recv(65_536):
        pass


async def test_a_mute_proxy():
    """A proxy that never answers CONNECT ends at the deadline, as a failure of kind proxy."""
    with serving(_mute) as port:
        began = time.monotonic()
        with pytest.raises(NetError) as caught:
            await fetched(
                "https://localhost:1/", Proxy(url=f"http://127.0.0.1:{port}"), seconds=0.4
            )
        took = time.monotonic() - began

    assert caught.value.failure.kind is Kind.PROXY
    assert "no answer from" in caught.value.failure.detail
    assert took < 0.9, f"{took:.2f} s"


async def test_a_metadata_address_behind_a_proxy():
    """A proxy is not asked for an address that is never dialled."""
    asked = []
    with serving(asked.append) as port, pytest.raises(NetError) as caught:
        await fetched("http://169.254.169.254/", Proxy(url=f"http://127.0.0.1:{port}"))

    assert caught.value.failure.kind is Kind.REFUSED_BY_POLICY
    assert asked == []


async def test_a_redirect_inward_behind_a_proxy():
    """A target behind a proxy cannot lead it to the proxy's own loopback."""
    moved = b"HTTP/1.1 302 F\r\nLocation: http://127.0.0.1:1/\r\n\r\n"
    with serving(answering(moved)) as port, pytest.raises(NetError) as caught:
        await fetched(
            "http://portal.test/",
            Proxy(url=f"http://127.0.0.1:{port}"),
            redirects=RedirectRules(),
        )

    assert caught.value.failure.kind is Kind.REFUSED_BY_POLICY
