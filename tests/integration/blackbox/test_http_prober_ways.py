"""The ways in which the HTTP prober introduces itself: proxies, tokens, credentials."""

import contextlib
import json
import socket
import threading

import pytest

from monitor.domain.observation import FailureKind as Kind
from monitor.net.network import Network
from monitor.net.resolver import Resolver
from tests.certificates import leaf, write_chain, write_root
from tests.integration.blackbox.probing import NOBODY, by_path, names, numbers, probed, steps
from tests.servers import answering, free_port, ok, read_request, server_context, serving


@pytest.fixture
def trust(tmp_path):
    return {"ca_file": str(write_root(tmp_path))}


@pytest.fixture
def secure(tmp_path):
    return server_context(*write_chain(tmp_path, "server", leaf()))


def a_proxy():
    """Return a forward proxy, which answers URLs itself, and the list of what it was asked."""
    asked = []

    def handle(connection):
        request = read_request(connection).decode()
        asked.append(request)
        method, where, _ = request.split("\r\n", 1)[0].split(" ")
        if method != "CONNECT":
            connection.sendall(ok(b"by proxy"))
            return
        host, _, port = where.rpartition(":")
        with socket.create_connection((host, int(port)), 5) as upstream:
            connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            back = threading.Thread(target=pump, args=(upstream, connection), daemon=True)
            back.start()
            pump(connection, upstream)
            back.join(5)

    return handle, asked


def pump(source, sink):
    with contextlib.suppress(OSError):
        while octets := source.recv(65_536):
            sink.sendall(octets)
        sink.shutdown(socket.SHUT_WR)


async def test_a_proxy_is_asked_for_a_url_by_name():
    """A proxy gets the whole URL with the host's name, and our credentials for it."""
    proxy, asked = a_proxy()
    with serving(proxy) as port:
        found = await probed(
            "http", "localhost:8080/x", proxy_url=f"http://ops:secret@127.0.0.1:{port}"
        )

    assert found.success
    assert asked[0].startswith("GET http://localhost:8080/x HTTP/1.1\r\nHost: localhost:8080\r\n")
    assert "Proxy-Authorization: Basic b3BzOnNlY3JldA==\r\n" in asked[0]
    assert "secret" not in steps(found)


async def test_a_proxy_is_asked_for_a_tunnel_by_address(trust, secure):
    """To https a proxy opens a tunnel to the address that was resolved; headers go with it."""
    proxy, asked = a_proxy()
    with serving(proxy) as port, serving(answering(ok()), tls=secure) as target:
        found = await probed(
            "http",
            f"https://localhost:{target}",
            tls_config=trust,
            proxy_url=f"http://127.0.0.1:{port}",
            proxy_connect_header={"X-Who": ["me"]},
        )

    assert found.success
    assert asked[0].startswith(f"CONNECT 127.0.0.1:{target} HTTP/1.1\r\n")
    assert "X-Who: me\r\n" in asked[0]
    assert numbers(found)["probe_http_ssl"] == 1


async def test_a_proxy_may_resolve_the_name(trust, secure):
    """With skip_resolve_phase_with_proxy nothing is looked up here, and no address is told."""
    proxy, asked = a_proxy()
    with serving(proxy) as port, serving(answering(ok()), tls=secure) as target:
        found = await probed(
            "http",
            f"https://localhost:{target}",
            tls_config=trust,
            proxy_url=f"http://127.0.0.1:{port}",
            skip_resolve_phase_with_proxy=True,
        )

    assert found.success
    assert asked[0].startswith(f"CONNECT localhost:{target} HTTP/1.1\r\n")
    assert "probe_ip_protocol" not in names(found)
    assert "probe_dns_lookup_time_seconds" not in names(found)
    assert "probe_http_duration_seconds{resolve}" not in numbers(found)


async def test_who_is_asked_past_the_proxy():
    """What `no_proxy` names is asked directly."""
    proxy, asked = a_proxy()
    with serving(proxy) as port, serving(answering(ok())) as target:
        found = await probed(
            "http",
            f"127.0.0.1:{target}",
            proxy_url=f"http://127.0.0.1:{port}",
            no_proxy="127.0.0.1",
        )

    assert found.success
    assert not asked


async def test_a_proxy_that_is_not_there():
    """A proxy that fails is told apart from a target that fails."""
    found = await probed("http", "127.0.0.1:1", proxy_url=f"http://127.0.0.1:{free_port()}")

    assert found.outcome.failure.kind is Kind.PROXY


def tokens(answer, status="200 OK"):
    """Return a token endpoint, and the list of requests to it."""
    asked = []
    body = json.dumps(answer).encode()
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n".encode()

    def handle(connection):
        asked.append(read_request(connection).decode())
        connection.sendall(head + body)

    return handle, asked


def oauth2(port):
    return {
        "client_id": "pantau",
        "client_secret": "very-secret",
        "token_url": f"http://127.0.0.1:{port}/token",
    }


async def test_a_token_is_asked_for_once():
    """A token of OAuth 2.0 serves for as long as it holds."""
    endpoint, asked = tokens({"access_token": "t0ken", "token_type": "bearer", "expires_in": 600})
    seen = []

    def handle(connection):
        seen.append(read_request(connection).decode())
        connection.sendall(ok())

    network = Network(resolver=Resolver([NOBODY]))
    with serving(endpoint) as port, serving(handle) as target:
        for _ in range(3):
            found = await probed(
                "http", f"127.0.0.1:{target}", oauth2=oauth2(port), network=network
            )

    assert found.success
    assert len(asked) == 1
    assert all("Authorization: Bearer t0ken\r\n" in request for request in seen)


async def test_a_token_that_is_refused_is_asked_for_anew():
    """A token that the target does not take any more serves no further probe."""
    endpoint, asked = tokens({"access_token": "t0ken", "token_type": "bearer", "expires_in": 600})
    refusal = answering(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")

    network = Network(resolver=Resolver([NOBODY]))
    with serving(endpoint) as port, serving(refusal) as target:
        for _ in range(2):
            found = await probed(
                "http", f"127.0.0.1:{target}", oauth2=oauth2(port), network=network
            )

    assert found.outcome.failure.kind is Kind.STATUS
    assert len(asked) == 2


async def test_no_token():
    """Without a token nothing is asked of the target; the detail says why, and no secret."""
    endpoint, _ = tokens({"error": "invalid_client"}, "401 Unauthorized")
    with serving(endpoint) as port:
        found = await probed("http", "127.0.0.1:1", oauth2=oauth2(port))

    assert found.outcome.failure.detail.startswith("oauth2: ")
    assert "invalid_client" in found.outcome.failure.detail
    assert "very-secret" not in found.outcome.failure.detail + steps(found)
    assert numbers(found)["probe_http_duration_seconds{connect}"] == 0


async def test_a_body_file_is_sent_with_its_length(tmp_path):
    """`body_file` is read for each probe, and sent as a body of known length."""
    (tmp_path / "body").write_bytes(b"\x00\xff!")
    handle, asked = by_path(root=ok())
    with serving(handle) as port:
        found = await probed(
            "http", f"127.0.0.1:{port}", method="POST", body_file=str(tmp_path / "body")
        )

    assert found.success
    assert "Content-Length: 3\r\n" in asked[0]
    assert "Transfer-Encoding" not in asked[0]
