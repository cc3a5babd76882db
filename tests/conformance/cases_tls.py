"""HTTPS cases: certificates right and wrong in one way, versions, client certificates, HTTP/2."""

from typing import Any

from tests.conformance import ports
from tests.conformance.case import CA, FOLDER, Case, http

NAME = "makassarkota.test"
HTTP2 = f"https://{NAME}:{ports.HTTP2}"
CLIENT = {"cert_file": f"{FOLDER}/client.pem", "key_file": f"{FOLDER}/client.key"}
PROXY = f"http://127.0.0.1:{ports.PROXY}"
REFUSING = f"http://127.0.0.1:{ports.PROXY_REFUSING}"


def _case(
    name: str,
    port: int,
    *,
    path: str = "/ok",
    host: str = NAME,
    success: bool = True,
    differs: tuple[str, ...] = (),
    hostname: str = "",
    tls: dict[str, Any] | None = None,
    **options: Any,
) -> Case:
    """Return a case whose module trusts the root, unless `tls` says otherwise."""
    settings = {"ca_file": CA} if tls is None else tls
    return Case(
        name=f"tls_{name}",
        module=http(tls_config=settings, **options),
        target=f"https://{host}:{port}{path}",
        success=success,
        differs=differs,
        hostname=hostname,
    )


SEEN = ("certificate-of-failed-handshake",)
UNVERIFIED = ("expiry-without-chain",)
CERTIFICATES = (
    _case("good", ports.GOOD),
    _case("good_rsa", ports.RSA),
    _case("good_by_address", ports.GOOD, host="127.0.0.1"),
    _case("good_by_address_six", ports.HTTP2, host="127.0.0.1"),
    _case("unknown_authority", ports.GOOD, tls={}, success=False, differs=SEEN),
    _case("other_authority", ports.GOOD, tls={"ca_file": f"{FOLDER}/stranger.pem"}, success=False, differs=SEEN),
    _case("missing_authority_file", ports.GOOD, tls={"ca_file": f"{FOLDER}/none.pem"}, success=False, differs=("missing-file",)),
    _case("expired", ports.EXPIRED, success=False, differs=SEEN),
    _case("not_yet_valid", ports.NOT_YET_VALID, success=False, differs=SEEN),
    _case("self_signed", ports.SELF_SIGNED, success=False, differs=SEEN),
    _case("other_name", ports.OTHER_NAME, success=False, differs=SEEN),
    _case("without_intermediate", ports.WITHOUT_INTERMEDIATE, success=False, differs=SEEN),
    _case("insecure", ports.GOOD, tls={"insecure_skip_verify": True}, differs=UNVERIFIED),
    _case("insecure_expired", ports.EXPIRED, tls={"insecure_skip_verify": True}, differs=UNVERIFIED),
    _case("insecure_self_signed", ports.SELF_SIGNED, tls={"insecure_skip_verify": True}, differs=UNVERIFIED),
    _case("insecure_other_name", ports.OTHER_NAME, tls={"insecure_skip_verify": True, "ca_file": CA}, differs=UNVERIFIED),
    _case("self_signed_trusted", ports.SELF_SIGNED, tls={"ca_file": f"{FOLDER}/self.pem"}),
    _case("server_name", ports.OTHER_NAME, tls={"ca_file": CA, "server_name": "lain.test"}),
    _case("server_name_wrong", ports.GOOD, tls={"ca_file": CA, "server_name": "lain.test"}, success=False, differs=SEEN),
    _case("hostname", ports.OTHER_NAME, hostname="www.lain.test"),
    _case("hostname_wrong", ports.GOOD, hostname="lain.test", success=False, differs=SEEN),
    _case("host_header", ports.OTHER_NAME, headers={"Host": "lain.test"}),
)  # fmt: skip
VERSIONS = (
    _case("tls12", ports.TLS12_ONLY),
    _case("tls13", ports.TLS13_ONLY),
    _case("tls12_capped", ports.GOOD, tls={"ca_file": CA, "max_version": "TLS12"}),
    _case("tls13_floor", ports.TLS12_ONLY, tls={"ca_file": CA, "min_version": "TLS13"}, success=False),
    _case("tls12_cap_against_13", ports.TLS13_ONLY, tls={"ca_file": CA, "max_version": "TLS12"}, success=False),
    _case("tls10_by_default", ports.TLS10_ONLY, success=False),
    _case("tls10_allowed", ports.TLS10_ONLY, tls={"ca_file": CA, "min_version": "TLS10"}),
    _case("no_tls_there", ports.NOT_TLS, success=False),
    _case("closed", ports.CLOSED, success=False),
    _case("http_to_tls", ports.GOOD, success=True, fail_if_not_ssl=True),
    _case("ssl_unwanted", ports.GOOD, fail_if_ssl=True, success=False),
)  # fmt: skip
CLIENTS = (
    _case("mutual", ports.MUTUAL, tls={"ca_file": CA, **CLIENT}),
    _case("mutual_without", ports.MUTUAL, success=False, differs=("certificate-of-failed-request",)),
    _case("mutual_missing_file", ports.MUTUAL, tls={"ca_file": CA, **CLIENT, "key_file": f"{FOLDER}/none.key"}, success=False, differs=("missing-file",)),
)  # fmt: skip
ALPN = (
    _case("h2", ports.HTTP2),
    _case("h2_wanted", ports.HTTP2, valid_http_versions=["HTTP/2.0"]),
    _case("h2_short_name", ports.HTTP2, valid_http_versions=["HTTP/2"], success=False),
    _case("h2_off", ports.HTTP2, enable_http2=False, valid_http_versions=["HTTP/1.1"]),
    _case("h2_regexp", ports.HTTP2, fail_if_body_not_matches_regexp=["over HTTP/2.0"]),
    _case("h2_head", ports.HTTP2, method="HEAD"),
    _case("h2_redirect", ports.HTTP2, path="/moved"),
    _case("h2_missing", ports.HTTP2, path="/missing", success=False),
    _case("h2_not_offered_there", ports.GOOD, valid_http_versions=["HTTP/2.0"], success=False),
)  # fmt: skip
CROSSING = (
    Case(
        name="tls_redirect_up",
        module=http(tls_config={"ca_file": CA}, fail_if_not_ssl=True),
        target=f"http://four.test:{ports.HTTP}/to/https",
    ),
    Case(
        name="tls_redirect_down",
        module=http(tls_config={"ca_file": CA}, fail_if_ssl=True),
        target=f"https://{NAME}:{ports.GOOD}/to/http",
    ),
    Case(
        name="tls_redirect_untrusted",
        module=http(),
        target=f"http://four.test:{ports.HTTP}/to/https",
        success=False,
        differs=SEEN,
    ),
    Case(name="tls_plain_to_tls_port", module=http(), target=f"http://{NAME}:{ports.GOOD}/ok", success=False),
)  # fmt: skip
TUNNELS = (
    _case("tunnel", ports.GOOD, proxy_url=PROXY),
    _case("tunnel_refused", ports.GOOD, proxy_url=REFUSING, success=False),
    _case("tunnel_without_pass", ports.TLS12_ONLY, proxy_url=PROXY, success=False),
    _case("tunnel_with_pass", ports.TLS12_ONLY, proxy_url=PROXY, proxy_connect_header={"X-Pass": ["sesame"]}),
    _case("tunnel_to_nobody", ports.CLOSED, proxy_url=PROXY, success=False),
    _case("tunnel_untrusted", ports.SELF_SIGNED, proxy_url=PROXY, success=False, differs=SEEN),
)  # fmt: skip
CASES = (*CERTIFICATES, *VERSIONS, *CLIENTS, *ALPN, *CROSSING, *TUNNELS)
