"""Checks of type http and tls against nginx, with certificates of both kinds."""

import gzip
import time
from datetime import UTC, datetime

import httpx
import pytest

from monitor.checktype import ProbeContext
from monitor.domain.observation import FailureKind, OutcomeStatus, series
from monitor.net.errors import NetError
from monitor.net.network import Network
from monitor.net.resolver import Resolver
from monitor.net.tls import TlsSettings
from monitor.net.trace import Trace
from monitor.probes import http, tls
from tests.certificates import leaf, write_chain, write_root
from tests.servers import answering, free_port, nginx, ok, serving

pytestmark = pytest.mark.peers

PAGE = b"<html>Makassar</html>\n"


class Site:
    """A running nginx: its ports and the root that signed its certificates."""

    def __init__(self, folder):
        self.ca_file = write_root(folder)
        self.ecdsa = leaf(label="nginx-ecdsa")
        self.rsa = leaf(kind="rsa", label="nginx-rsa")
        self.plain_port, self.ecdsa_port, self.rsa_port = (free_port() for _ in range(3))

    def servers(self, folder):
        chains = {
            self.ecdsa_port: write_chain(folder, "ecdsa", self.ecdsa),
            self.rsa_port: write_chain(folder, "rsa", self.rsa),
        }
        secure = "".join(
            f"server {{ listen 127.0.0.1:{port} ssl;"
            f" ssl_certificate {chain}; ssl_certificate_key {key}; }}"
            for port, (chain, key) in chains.items()
        )
        return (
            secure
            + f"""server {{ listen 127.0.0.1:{self.plain_port}; listen [::1]:{self.plain_port};
            location /gone {{ return 410; }}
            location /moved {{ return 301 /; }}
            location /loop {{ return 302 /loop; }}
            location /secure {{ return 301 https://localhost:{self.ecdsa_port}/; }}
            location /json {{ default_type application/json; return 200 '{{"status": "up", "n": [1, 2]}}'; }}
            location /zipped {{ gzip on; gzip_min_length 1; gzip_types *; alias {folder}/www/; }}
            location /auth {{ if ($http_authorization != "Bearer right") {{ return 401; }} return 204; }}
            location /echo {{ return 200 "$request_method $http_x_key $http_host"; }}
        }}"""
        )


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("nginx")
    (folder / "www").mkdir()
    (folder / "www" / "index.html").write_bytes(PAGE)
    site = Site(folder)
    with nginx(folder, site.servers(folder), [site.plain_port, site.ecdsa_port, site.rsa_port]):
        yield site


@pytest.fixture
def network():
    return Network(resolver=Resolver())


async def checked(module, network, **keys):
    now = time.monotonic()
    context = ProbeContext(
        network=network, deadline=now + 10, monotonic=time.monotonic, now=datetime.now(UTC)
    )
    return await module.probe(module.CHECK_TYPE.spec.model_validate(keys), context)


def url(site, path="/", port=None, host="127.0.0.1"):
    scheme = "http" if port is None else "https"
    return f"{scheme}://{host}:{port or site.plain_port}{path}"


async def test_a_page_that_is_right(site, network):
    """A page with the right status and text is up, with every number of blackbox_exporter."""
    outcome = await checked(http, network, url=url(site), expect={"body_contains": "Makassar"})

    numbers = {name: value for (name, labels), value in outcome.measurements.items() if not labels}
    assert outcome.status is OutcomeStatus.OK
    assert outcome.answered
    assert numbers["probe_http_status_code"] == 200
    assert numbers["probe_http_content_length"] == len(PAGE)
    assert numbers["probe_http_uncompressed_body_length"] == len(PAGE)
    assert numbers["probe_http_version"] == 1.1
    assert numbers["probe_http_ssl"] == 0
    assert numbers["probe_http_redirects"] == 0
    assert numbers["probe_failed_due_to_regex"] == 0
    assert numbers["probe_ip_protocol"] == 4
    assert numbers["probe_ip_addr_hash"] == 3668918509
    assert abs(numbers["probe_http_last_modified_timestamp_seconds"] - time.time()) < 600
    assert outcome.facts["status"] == 200
    assert outcome.facts["address"] == "127.0.0.1"


async def test_every_number_is_declared(site, network):
    """Whatever a check reports is in its type's list, with its labels."""
    for module, keys in (
        (http, {"url": url(site, port=site.ecdsa_port), "ca_file": str(site.ca_file)}),
        (http, {"url": url(site, "/secure"), "ca_file": str(site.ca_file)}),
        (tls, {"host": "127.0.0.1", "port": site.rsa_port, "ca_file": str(site.ca_file)}),
    ):
        declared = {one.name: set(one.labels) for one in module.CHECK_TYPE.measurements}
        outcome = await checked(module, network, **keys)
        for name, labels in outcome.measurements:
            assert declared[name] == {label for label, _ in labels}


async def test_a_wrong_status_is_told(site, network):
    """The failing text carries what came and what was expected."""
    outcome = await checked(http, network, url=url(site, "/gone"))

    assert outcome.status is OutcomeStatus.FAILED
    assert outcome.failure.detail == "status: 410, expected 200-299"
    assert outcome.measurements[series("probe_http_status_code")] == 410


@pytest.mark.parametrize("kind", ["ecdsa", "rsa"])
async def test_https_with_either_kind_of_key(kind, site, network):
    """Over TLS the chain is verified, and the leaf's facts are shown and measured."""
    issued, port = getattr(site, kind), getattr(site, f"{kind}_port")
    outcome = await checked(
        http, network, url=url(site, port=port, host="localhost"), ca_file=str(site.ca_file)
    )

    expiry = issued.certificate.not_valid_after_utc.timestamp()
    assert outcome.status is OutcomeStatus.OK
    assert outcome.measurements[series("probe_http_ssl")] == 1
    assert outcome.measurements[series("probe_ssl_earliest_cert_expiry")] == expiry
    assert outcome.measurements[series("probe_ssl_last_chain_expiry_timestamp_seconds")] == expiry
    assert outcome.measurements[series("probe_tls_version_info", version="TLS 1.3")] == 1
    assert outcome.facts["certificate"]["key_type"] == kind.upper()
    assert set(outcome.facts["phases"]) == {"resolve", "connect", "tls", "processing", "transfer"}


async def test_certificate_series_stand_also_when_verification_fails(site, network):
    """An untrusted certificate is down, and its expiry and names are measured all the same."""
    outcome = await checked(http, network, url=url(site, port=site.ecdsa_port))

    names = {name for name, _ in outcome.measurements}
    assert outcome.failure.kind is FailureKind.TLS_UNTRUSTED
    assert {"probe_ssl_earliest_cert_expiry", "probe_ssl_last_chain_info"} <= names
    assert "probe_ssl_last_chain_expiry_timestamp_seconds" not in names
    assert outcome.facts["certificate"]["subject"].startswith("CN=makassarkota.test")


async def test_insecure_is_shown(site, network):
    """An unverified certificate is accepted only where the check says so, and that is shown."""
    outcome = await checked(http, network, url=url(site, port=site.ecdsa_port), insecure=True)

    assert outcome.status is OutcomeStatus.OK
    assert outcome.facts["insecure"] is True


async def test_redirects_are_followed_counted_and_refused(site, network):
    """A redirect is followed, counted, left alone, or refused, as the check says."""
    followed = await checked(http, network, url=url(site, "/moved"))
    left = await checked(
        http, network, url=url(site, "/moved"), follow_redirects=False, expect={"status": 301}
    )
    looped = await checked(http, network, url=url(site, "/loop"), max_redirects=3)
    secure = await checked(http, network, url=url(site, "/secure"), ca_file=str(site.ca_file))

    redirects = series("probe_http_redirects")
    assert (followed.status, followed.measurements[redirects]) == (OutcomeStatus.OK, 1)
    assert (left.status, left.measurements[redirects]) == (OutcomeStatus.OK, 1)
    assert looped.failure.kind is FailureKind.REDIRECT_LOOP
    assert looped.measurements[series("probe_http_status_code")] == 302
    assert looped.measurements[redirects] == 4
    assert secure.facts["final_url"] == f"https://localhost:{site.ecdsa_port}/"
    assert secure.measurements[series("probe_http_ssl")] == 1


async def test_json_and_headers(site, network):
    """Values of a JSON body and headers are checked where they come from a real server."""
    fine = await checked(
        http,
        network,
        url=url(site, "/json"),
        expect={"json": {"$.status": "up", "$.n[1]": 2}, "headers": {"content-type": "json$"}},
    )
    wrong = await checked(http, network, url=url(site, "/json"), expect={"json": {"$.n[0]": 2}})

    assert fine.status is OutcomeStatus.OK
    assert wrong.failure.detail == "json $.n[0]: 1, expected 2"


async def test_an_encoded_body_is_decoded(site, network):
    """With an Accept-Encoding of the operator's, the body is decoded before it is searched."""
    outcome = await checked(
        http,
        network,
        url=url(site, "/zipped/index.html"),
        headers={"Accept-Encoding": "gzip"},
        expect={"body_contains": "Makassar", "headers": {"content-encoding": "gzip"}},
    )

    assert outcome.status is OutcomeStatus.OK
    assert outcome.measurements[series("probe_http_uncompressed_body_length")] == len(PAGE)
    assert outcome.measurements[series("probe_http_content_length")] == -1


async def test_secrets_reach_the_target(site, network, tmp_path):
    """A bearer token and secret headers go out with the request."""
    for name, text in (("right", "right"), ("wrong", "no")):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o600)
    fine, refused = [
        await checked(http, network, url=url(site, "/auth"), bearer={"file": str(tmp_path / name)})
        for name in ("right", "wrong")
    ]
    echoed = await checked(
        http,
        network,
        url=url(site, "/echo"),
        method="POST",
        body="x",
        headers={"X-Key": {"file": str(tmp_path / "right")}, "Host": "inner.test"},
        expect={"body_matches": "^POST right inner.test$"},
    )

    assert fine.status is OutcomeStatus.OK
    assert refused.failure.detail == "status: 401, expected 200-299"
    assert echoed.status is OutcomeStatus.OK


async def test_head_has_no_body(site, network):
    """HEAD gets headers alone, and the length of what it stands for."""
    outcome = await checked(http, network, url=url(site), method="HEAD")

    assert outcome.status is OutcomeStatus.OK
    assert outcome.measurements[series("probe_http_content_length")] == len(PAGE)
    assert outcome.measurements[series("probe_http_uncompressed_body_length")] == 0


async def test_both_families(site, network, tmp_path):
    """`ip: both` passes when the target answers over both, and names the one that fails."""
    (tmp_path / "hosts").write_text("127.0.0.1 dual.test\n::1 dual.test\n")
    dual = Network(resolver=Resolver(hosts_file=tmp_path / "hosts"))
    fine = await checked(http, dual, url=f"http://dual.test:{site.plain_port}/", ip="both")
    literal = await checked(http, network, url=url(site), ip="both")
    only4 = await checked(http, network, url=url(site), ip="ip4")
    only6 = await checked(http, network, url=f"http://[::1]:{site.plain_port}/", ip="ip6")

    assert (fine.status, fine.facts["address"]) == (OutcomeStatus.OK, "127.0.0.1, ::1")
    assert literal.failure.detail.startswith("over IPv6: ")
    assert only4.status is OutcomeStatus.OK
    assert only6.measurements[series("probe_ip_protocol")] == 6


async def test_days_left(site, network):
    """A certificate below `min_days` degrades the check, and nothing more."""
    keys = {"ca_file": str(site.ca_file)}
    soon = await checked(
        http, network, url=url(site, port=site.rsa_port), expect={"min_days": 100}, **keys
    )
    fine = await checked(tls, network, host="127.0.0.1", port=site.rsa_port, **keys)
    late = await checked(tls, network, host="127.0.0.1", port=site.rsa_port, min_days=91, **keys)

    assert (soon.status, soon.failure.kind) == (OutcomeStatus.DEGRADED, FailureKind.EXPIRES_SOON)
    assert fine.status is OutcomeStatus.OK
    assert late.failure.detail == "certificate expires in 90.0 days, expected at least 91"


async def test_httpx_speaks_over_the_engine(site, network):
    """httpx's client works over the same engine, its trace and deadline included."""
    trace = Trace()
    trust = TlsSettings(ca_file=site.ca_file, alpn=("http/1.1",))
    async with httpx.AsyncClient(transport=network.http) as client:
        reply = await client.post(url(site, "/echo"), content=b"hello", headers={"X-Key": "k"})
        secure = await client.get(
            url(site, port=site.ecdsa_port), extensions={"tls": trust, "trace": trace}
        )
        with pytest.raises(NetError) as caught:
            await client.get(url(site, "/"), extensions={"deadline": time.monotonic() - 1})

        with serving(answering(ok(gzip.compress(PAGE), "Content-Encoding: gzip"))) as port:
            packed = await client.get(url(site, port=None).replace(str(site.plain_port), str(port)))

    assert packed.content == PAGE
    assert reply.text == f"POST k 127.0.0.1:{site.plain_port}"
    assert secure.content == PAGE
    assert trace.tls.version == "TLSv1.3"
    assert caught.value.failure.kind in {FailureKind.TIMEOUT, FailureKind.CONNECT_TIMEOUT}
