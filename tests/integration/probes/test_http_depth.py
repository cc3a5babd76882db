"""What a check of type http can ask beyond a status and a text, against nginx and a proxy."""

import os
import socket
import ssl
import threading
import time
from datetime import UTC, datetime

import pytest

from monitor.checktype import ProbeContext
from monitor.domain.observation import FailureKind, OutcomeStatus, series
from monitor.net.network import Network
from monitor.net.resolver import Resolver
from monitor.probes import http
from tests.certificates import leaf, write_chain, write_root
from tests.servers import free_port, nginx, ok, read_request, serving

pytestmark = pytest.mark.peers

VERSION = series("probe_http_version")


class Site:
    """A running nginx: one port without TLS, one with HTTP/2 offered, one without."""

    def __init__(self, folder):
        self.ca_file = str(write_root(folder))
        self.plain, self.newer, self.older = (free_port() for _ in range(3))
        chain, key = write_chain(folder, "depth", leaf(label="nginx-depth"))
        self.folder = folder
        self.servers = f"""
        server {{ listen 127.0.0.1:{self.newer} ssl http2;
            ssl_certificate {chain}; ssl_certificate_key {key}; }}
        server {{ listen 127.0.0.1:{self.older} ssl;
            ssl_certificate {chain}; ssl_certificate_key {key}; }}
        server {{ listen 127.0.0.1:{self.plain}; server_tokens off;
            location /secure {{ return 301 https://localhost:{self.newer}/; }}
            location /json {{ default_type application/json;
                return 200 '{{"status": "UP", "queues": [{{"waiting": 3}}, {{"waiting": 7}}]}}'; }}
            location /zipped {{ gzip on; gzip_min_length 1; gzip_types *; alias {folder}/www/; }}
            location /echo {{ return 200 "cookie=$http_cookie args=$args length=$http_content_length"; }}
            location /token {{ if ($http_authorization = "Bearer right") {{ return 204; }} return 401; }}
        }}"""

    def url(self, path="/", port=None, host="127.0.0.1"):
        scheme = "http" if port is None else "https"
        return f"{scheme}://{host}:{port or self.plain}{path}"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("depth")
    (folder / "www").mkdir()
    page = folder / "www" / "index.html"
    page.write_text("<html>Makassar</html>\n" * 50)
    two_days_ago = time.time() - 2 * 86_400
    os.utime(page, (two_days_ago, two_days_ago))
    site = Site(folder)
    with nginx(folder, site.servers, [site.plain, site.newer, site.older]):
        yield site


@pytest.fixture
def network():
    return Network(resolver=Resolver())


async def checked(network, **keys):
    now = time.monotonic()
    context = ProbeContext(
        network=network, deadline=now + 10, monotonic=time.monotonic, now=datetime.now(UTC)
    )
    return await http.probe(http.HttpSpec.model_validate(keys), context)


@pytest.mark.parametrize(
    ("port", "keys", "version", "detail"),
    [
        ("newer", {"http2": True}, 2.0, None),
        ("newer", {"http2": True, "expect": {"http_versions": ["2"]}}, 2.0, None),
        ("newer", {}, 1.1, None),
        ("older", {"http2": True}, 1.1, None),
        (
            "older",
            {"http2": True, "expect": {"http_versions": ["2"]}},
            1.1,
            "HTTP version: 1.1, expected 2",
        ),
    ],
)
async def test_versions(site, network, *, port, keys, version, detail):
    """HTTP/2 is spoken where it is offered and chosen; which one it was can be a condition."""
    where = site.url(port=getattr(site, port), host="localhost")

    outcome = await checked(network, url=where, ca_file=site.ca_file, **keys)

    assert outcome.measurements[VERSION] == version
    assert (outcome.failure and outcome.failure.detail) == detail


async def test_http3(network, tmp_path):
    """`http3` speaks QUIC: certificate, version and conditions are as over TCP."""
    pytest.importorskip("aioquic", reason="the extra http3 is not installed")
    from tests.integration.net.h3server import h3_serving

    ca_file = str(write_root(tmp_path))
    chain = write_chain(tmp_path, "h3", leaf(label="h3-depth"))
    with h3_serving(lambda exchange: exchange.answer(b"Makassar"), *chain) as port:
        keys = {"url": f"https://localhost:{port}/", "http3": True}
        fine = await checked(
            network,
            **keys,
            ca_file=ca_file,
            expect={"http_versions": [3], "body_contains": "Makassar", "min_days": 21},
        )
        wrong = await checked(network, **keys, ca_file=ca_file, expect={"body_contains": "Gowa"})
        untrusted = await checked(network, **keys)

    assert fine.failure is None
    assert fine.measurements[VERSION] == 3
    assert fine.facts["tls"]["version"] == "TLSv1.3"
    assert fine.facts["certificate"]["subject"].startswith("CN=")
    assert wrong.failure.kind is FailureKind.BODY
    assert untrusted.failure.kind.startswith("tls_")


async def test_newest_version_of_tls(site, network):
    """`max_tls` bounds what is offered."""
    where = site.url(port=site.older, host="localhost")

    outcome = await checked(network, url=where, ca_file=site.ca_file, max_tls="TLS1.2")

    assert outcome.facts["tls"]["version"] == "TLSv1.2"


async def test_tls_required(site, network):
    """Whether TLS was used goes by the last response, behind the redirects."""
    keys = {"ca_file": site.ca_file, "expect": {"tls": "required"}}

    secure = await checked(network, url=site.url("/secure"), **keys)
    plain = await checked(network, url=site.url("/"), **keys)
    forbidden = await checked(
        network, url=site.url("/secure"), ca_file=site.ca_file, expect={"tls": "forbidden"}
    )

    assert secure.status is OutcomeStatus.OK
    assert plain.failure.detail == "the last response came without TLS, expected TLS"
    assert forbidden.failure.detail == "the last response came over TLS, expected none"


async def test_compression(site, network):
    """The body must have the coding that is asked for; another one, or none, is a failure."""
    zipped, plain = site.url("/zipped/index.html"), site.url("/index.html")
    wish = {"body_contains": "Makassar"}

    fine = await checked(network, url=zipped, compression="gzip", expect=wish)
    identity = await checked(network, url=zipped, compression="identity", expect=wish)
    missing = await checked(network, url=plain, compression="gzip", expect=wish)

    length = series("probe_http_uncompressed_body_length")
    assert (fine.status, fine.measurements[length]) == (OutcomeStatus.OK, 1100)
    assert identity.status is OutcomeStatus.OK
    assert missing.failure.kind is FailureKind.PROTOCOL


async def test_age(site, network):
    """A page that was not renewed in time fails, with its age."""
    page = site.url("/index.html")

    fine = await checked(network, url=page, expect={"max_age": "3d"})
    stale = await checked(network, url=page, expect={"max_age": "1d"})
    undated = await checked(network, url=site.url("/json"), expect={"max_age": "1d"})

    assert fine.status is OutcomeStatus.OK
    assert stale.failure.detail.startswith("last modified: 2d")
    assert "no date" in undated.failure.detail


async def test_cel(site, network):
    """CEL looks at the JSON of a real answer, and has its series."""
    failed = series("probe_failed_due_to_cel")
    good, bad = (
        f'body.status == "UP" && body.queues.all(q, q.waiting < {most})' for most in (8, 7)
    )

    fine = await checked(network, url=site.url("/json"), expect={"cel": good})
    full = await checked(network, url=site.url("/json"), expect={"cel": bad})

    assert (fine.status, fine.measurements[failed]) == (OutcomeStatus.OK, 0)
    assert (full.failure.kind, full.measurements[failed]) == (FailureKind.JSON, 1)
    assert full.failure.detail.endswith(": false, expected true")


async def test_cookies_and_cache_busting(site, network):
    """Cookies go out in one field, and each request has a parameter of its own."""
    keys = {"url": site.url("/echo?a=1"), "cookies": {"a": "1", "b": "2"}, "cache_busting": "t"}
    wish = {"body_matches": "^cookie=a=1; b=2 args=a=1&t=[0-9a-f]{16} "}

    outcome = await checked(network, **keys, expect=wish)

    assert outcome.failure is None


async def test_body_file(site, network, tmp_path):
    """The body goes out as it stands in the file."""
    (tmp_path / "body").write_bytes(bytes(300))

    outcome = await checked(
        network,
        url=site.url("/echo"),
        method="POST",
        body_file=str(tmp_path / "body"),
        expect={"body_contains": "length=300"},
    )

    assert outcome.failure is None


class TokenServer:
    """Gives out tokens, one after the other, and counts."""

    def __init__(self, *tokens):
        self.tokens = list(tokens)
        self.asked = 0

    def __call__(self, connection):
        read_request(connection)
        token = self.tokens[min(self.asked, len(self.tokens) - 1)]
        self.asked += 1
        connection.sendall(ok(b'{"access_token": "%s", "expires_in": 3600}' % token.encode()))


async def test_oauth2(site, network, tmp_path):
    """A token is asked for once; one that the target refuses is not kept."""
    (tmp_path / "secret").write_text("the-secret")
    (tmp_path / "secret").chmod(0o600)
    server = TokenServer("outdated-token", "right")
    with serving(server) as port:
        client = {
            "token_url": f"http://127.0.0.1:{port}/token",
            "client_id": "pantau",
            "client_secret": {"file": str(tmp_path / "secret")},
        }
        first, second, third = [
            await checked(network, url=site.url("/token"), oauth2=client) for _ in range(3)
        ]

    assert first.failure.detail == "status: 401, expected 200-299"
    assert (second.status, third.status) == (OutcomeStatus.OK, OutcomeStatus.OK)
    assert server.asked == 2


async def test_oauth2_without_a_token(site, network, tmp_path):
    """Where no token is given out, the check fails and says so, without the secret."""
    (tmp_path / "secret").write_text("the-secret")
    (tmp_path / "secret").chmod(0o600)
    refusal = b"HTTP/1.1 400 No\r\nContent-Length: 10\r\n\r\nthe-secret"
    with serving(
        lambda connection: (read_request(connection), connection.sendall(refusal))
    ) as port:
        outcome = await checked(
            network,
            url=site.url("/token"),
            oauth2={
                "token_url": f"http://127.0.0.1:{port}/token",
                "client_id": "pantau",
                "client_secret": {"file": str(tmp_path / "secret")},
            },
        )

    assert outcome.status is OutcomeStatus.FAILED
    assert outcome.failure.kind is FailureKind.STATUS
    assert outcome.failure.detail.startswith("oauth2: ")
    assert "the-secret" not in outcome.failure.detail


async def test_every_address(site, tmp_path):
    """`addresses: all` fails where one address of a name does not answer, and names it."""
    (tmp_path / "hosts").write_text("127.0.0.1 farm.test\n127.0.0.2 farm.test\n")
    farm = Network(resolver=Resolver(hosts_file=tmp_path / "hosts"))
    where = site.url(host="farm.test")

    one = await checked(farm, url=where, ip="ip4")
    every = await checked(farm, url=where, ip="ip4", addresses="all")

    assert one.status is OutcomeStatus.OK
    assert every.failure.kind is FailureKind.CONNECT_REFUSED
    assert "127.0.0.2" in every.failure.detail


class ForwardProxy:
    """Speaks CONNECT and absolute-form to loopback, and keeps the heads that it was sent."""

    def __init__(self):
        self.heads = []

    def __call__(self, connection):
        head = read_request(connection)
        self.heads.append(head)
        method, where, _ = head.split(b" ", 2)
        if b"Proxy-Authorization: Basic cGFudGF1OnB3LXByb3h5\r\n" not in head:
            connection.sendall(b"HTTP/1.1 407 Who\r\nContent-Length: 0\r\n\r\n")
            return
        place = where if method == b"CONNECT" else where.split(b"/")[2]
        host, _, port = place.rpartition(b":")
        with socket.create_connection((host.decode(), int(port)), 5) as onward:
            if method == b"CONNECT":
                connection.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
            else:
                onward.sendall(head)
            back = threading.Thread(target=pump, args=(onward, connection))
            back.start()
            pump(connection, onward)
            back.join(5)


def pump(source, sink):
    try:
        while octets := source.recv(65_536):
            sink.sendall(octets)
        sink.shutdown(socket.SHUT_WR)
    except (OSError, ssl.SSLError):
        pass


async def test_proxy(site, network, tmp_path):
    """http goes through a proxy in absolute form, https in a tunnel; the password to it alone."""
    (tmp_path / "right").write_text("pw-proxy")
    (tmp_path / "wrong").write_text("pw-other")
    for name in ("right", "wrong"):
        (tmp_path / name).chmod(0o600)
    proxy = ForwardProxy()
    with serving(proxy) as port:

        async def through(name, **keys):
            auth = {"username": "pantau", "password": {"file": str(tmp_path / name)}}
            return await checked(network, proxy=f"http://127.0.0.1:{port}", proxy_auth=auth, **keys)

        plain = await through("right", url=site.url("/echo"))
        secure = await through(
            "right",
            url=site.url(port=site.newer, host="localhost"),
            ca_file=site.ca_file,
            proxy_headers={"X-Way": "tunnel"},
            http2=True,
        )
        refused = await through(
            "wrong", url=site.url(port=site.newer, host="localhost"), ca_file=site.ca_file
        )

    assert plain.status is OutcomeStatus.OK
    assert (secure.status, secure.measurements[VERSION]) == (OutcomeStatus.OK, 2.0)
    assert proxy.heads[0].startswith(f"GET {site.url('/echo')} HTTP/1.1\r\n".encode())
    assert proxy.heads[1].startswith(b"CONNECT localhost:")
    assert b"X-Way: tunnel\r\n" in proxy.heads[1]
    assert b"X-Way" not in proxy.heads[0]
    assert refused.failure.kind is FailureKind.PROXY
    assert "407" in refused.failure.detail
    assert "pw-other" not in refused.failure.detail
