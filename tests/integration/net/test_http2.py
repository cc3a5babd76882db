"""HTTP/2 against a real server, and against servers that mean harm."""

import asyncio
import contextlib
import json
import ssl
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from monitor.domain.observation import FailureKind as Kind
from monitor.net.errors import NetError
from monitor.net.fetch import make_request
from monitor.net.network import Network
from monitor.net.redirects import RedirectRules
from monitor.net.resolver import Resolver
from monitor.net.tls import TlsSettings
from monitor.net.trace import Phase, Trace
from monitor.net.urls import parse_target
from tests.certificates import leaf, write_chain, write_root
from tests.integration.net import hostile_http2 as hostile
from tests.servers import answering, free_port, nginx, ok, server_context, serving

MEGABYTE = 2**20


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Run nginx with HTTP/2 on one port and without on another; yield both and the trust."""
    folder = tmp_path_factory.mktemp("nginx")
    (folder / "www").mkdir()
    (folder / "www" / "index.html").write_text("Makassar")
    (folder / "www" / "big").write_bytes(b"Makassar " * 100_000)
    chain, key = write_chain(folder, "server", leaf())
    port, old = free_port(), free_port()
    common = f"""
        ssl_certificate {chain}; ssl_certificate_key {key};
        gzip on; gzip_types *; client_max_body_size 10m; client_body_buffer_size 10m;
        location = /moved {{ return 302 /; }}
        location = /once {{ keepalive_timeout 0; return 200 once; }}
        location = /says {{ return 200 "$server_protocol|$http_host|$http_user_agent|$http_x_own"; }}
    """
    servers = f"""
        server {{ listen 127.0.0.1:{port} ssl http2; {common} }}
        server {{ listen 127.0.0.1:{old} ssl; {common} }}
    """
    with nginx(folder, servers, [port, old]):
        yield port, old, TlsSettings(ca_file=write_root(folder))


@pytest.fixture
def fetched(site):
    """Return a function that fetches a path over HTTP/2, if the target will."""
    network = Network(resolver=Resolver())

    async def fetch(path="/", *, port=site[0], trace=None, **asked):
        request = make_request(
            parse_target(f"https://localhost:{port}{path}"), tls=site[2], http2=True, **asked
        )
        return await network.fetch(request, deadline=time.monotonic() + 10, trace=trace or Trace())

    return fetch


async def test_a_page(fetched):
    """A target that speaks HTTP/2 is asked by it; every phase is timed, and the chain is known."""
    trace = Trace()
    response = (await fetched(trace=trace)).response

    assert (response.version, response.status, response.body) == ("2", 200, b"Makassar")
    assert set(trace.phases) == set(Phase)
    assert all(seconds > 0 for seconds in trace.phases.values())
    assert trace.tls.verified_expiry is not None


async def test_what_arrives(fetched):
    """Host, user agent and own fields arrive as over HTTP/1.1."""
    response = (await fetched("/says", fields=(("X-Own", "1"),))).response

    protocol, host, agent, own = response.body.decode().split("|")
    assert (protocol, agent, own) == ("HTTP/2.0", "Pantau", "1")
    assert host.startswith("localhost:")


async def test_a_large_page(fetched):
    """A body of many frames comes in whole, plain and packed."""
    plain = (await fetched("/big")).response
    packed = (await fetched("/big", fields=(("Accept-Encoding", "gzip"),))).response

    assert plain.body == packed.body == b"Makassar " * 100_000
    assert packed.values(b"content-encoding") == [b"gzip"]


async def test_a_large_request(fetched):
    """A request's body larger than the target's window goes out in whole."""
    response = (await fetched("/says", method="POST", body=b"x" * 3_000_000)).response

    assert (response.version, response.status) == ("2", 200)


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("POST", 405)])
async def test_other_methods(fetched, method, status):
    """HEAD has no body; what the target refuses is a status like any other."""
    response = (await fetched(method=method)).response

    assert (response.version, response.status) == ("2", status)
    assert bool(response.body) is (method == "POST")


async def test_a_redirect(fetched):
    """A redirect is followed over HTTP/2, on a connection of its own."""
    reply = await fetched("/moved", redirects=RedirectRules())

    assert (reply.response.version, reply.response.body, reply.redirects) == ("2", b"Makassar", 1)


async def test_a_target_that_says_goodbye(fetched):
    """A target that takes one request a connection, and says so, is fine."""
    assert (await fetched("/once")).response.body == b"once"


async def test_a_target_without_it(fetched, site):
    """A target that does not offer HTTP/2 is asked by HTTP/1.1."""
    response = (await fetched("/says", port=site[1])).response

    assert response.version == "1.1"
    assert response.body.startswith(b"HTTP/1.1|")


async def test_it_is_not_offered_unasked(site):
    """Without `http2` a target that speaks both is asked by HTTP/1.1."""
    request = make_request(
        parse_target(f"https://localhost:{site[0]}/"), tls=replace(site[2], alpn=("http/1.1",))
    )
    reply = await Network(resolver=Resolver()).fetch(
        request, deadline=time.monotonic() + 10, trace=Trace()
    )

    assert reply.response.version == "1.1"


async def test_plain_http_stays_as_it_is():
    """HTTP/2 is a choice of the TLS handshake: http targets are asked by HTTP/1.1."""
    request_of = make_request
    with serving(answering(ok())) as port:
        request = request_of(parse_target(f"http://127.0.0.1:{port}/"), http2=True)
        reply = await Network(resolver=Resolver()).fetch(
            request, deadline=time.monotonic() + 10, trace=Trace()
        )

    assert reply.response.version == "1.1"


def _h2_context(folder: Path) -> ssl.SSLContext:
    context = server_context(*write_chain(folder, "hostile", leaf()))
    context.set_alpn_protocols(["h2"])
    return context


async def test_silence_ends_at_the_deadline(tmp_path):
    """A target that agrees on HTTP/2 and says nothing gives timeout."""
    network = Network(resolver=Resolver())
    with serving(lambda c: time.sleep(3), tls=_h2_context(tmp_path)) as port:
        request = make_request(
            parse_target(f"https://127.0.0.1:{port}/"),
            tls=TlsSettings(ca_file=write_root(tmp_path)),
            http2=True,
        )
        began = time.monotonic()
        with pytest.raises(NetError) as caught:
            await network.fetch(request, deadline=began + 0.5, trace=Trace())
        took = time.monotonic() - began

    assert caught.value.failure.kind is Kind.TIMEOUT
    assert took < 1.0, f"{took:.2f} s"


async def test_a_cancelled_check_is_over(tmp_path):
    """Cancelling ends the wait at once."""
    network = Network(resolver=Resolver())
    with serving(lambda c: time.sleep(3), tls=_h2_context(tmp_path)) as port:
        request = make_request(
            parse_target(f"https://127.0.0.1:{port}/"),
            tls=TlsSettings(ca_file=write_root(tmp_path)),
            http2=True,
        )
        work = asyncio.create_task(
            network.fetch(request, deadline=time.monotonic() + 30, trace=Trace())
        )
        await asyncio.sleep(0.1)
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """Serve the corpus, and let another process fetch each entry."""
    folder = tmp_path_factory.mktemp("hostile")
    context = _h2_context(folder)
    hostile.gzip_bomb()  # takes longer to make than a check may wait
    with contextlib.ExitStack() as stack:
        ports = [
            stack.enter_context(serving(handler, tls=context))
            for handler, _ in hostile.CORPUS.values()
        ]
        done = subprocess.run(
            [sys.executable, hostile.__file__, str(write_root(folder)), *map(str, ports)],
            check=True,
            capture_output=True,
            timeout=120,
        )
    return json.loads(done.stdout)


@pytest.mark.slow
def test_each_hostile_target_has_its_failure(measured):
    """A hostile target fails with the kind that says what it did."""
    found = {
        name: entry["kind"] for name, entry in zip(hostile.CORPUS, measured["each"], strict=True)
    }
    wrong = {
        name: found[name] for name, (_, kinds) in hostile.CORPUS.items() if found[name] not in kinds
    }

    assert wrong == {}


@pytest.mark.slow
def test_each_ends_in_time(measured):
    """A check of a hostile target ends by its deadline, and half a second."""
    slowest = max(entry["seconds"] for entry in measured["each"])

    print(f"slowest {slowest:.2f} s, most CPU {max(e['cpu'] for e in measured['each']):.2f} s")
    assert slowest <= hostile.TIMEOUT + 0.5


@pytest.mark.slow
def test_none_takes_much(measured):
    """No hostile target costs a second of CPU time, and all together no 64 MB."""
    assert max(entry["cpu"] for entry in measured["each"]) <= 1.0
    assert measured["growth"] <= 64 * MEGABYTE
