"""What blackbox_exporter learned after 0.23, and what only the daemon does.

Each is written with the answer that later versions are documented to give.
"""

from typing import Any

from tests.certificates import leaf, root
from tests.conformance import ports
from tests.conformance.case import FOLDER, Newer, dns, grpc, http, tcp

BASE = f"http://four.test:{ports.HTTP}"
SECURE = f"https://makassarkota.test:{ports.GOOD}/ok"
DNS = f"127.0.0.1:{ports.DNS}"
SUCCESS, FAILURE = "probe_success 1", "probe_success 0"
_CLIENT = leaf(subject="pantau", names=("pantau.test",))
_CHAIN = _CLIENT.pem() + (_CLIENT.issuer.pem() if _CLIENT.issuer else b"")


def _failed(kind: str) -> tuple[str, ...]:
    return FAILURE, f'probe_failure_info{{kind="{kind}"}} 1'


def _http(name: str, path: str, *samples: str, **options: Any) -> Newer:
    return Newer(
        name=f"newer_{name}", module=http(**options), target=BASE + path, samples=samples or (SUCCESS,)
    )  # fmt: skip


def _tcp(name: str, port: int, *samples: str, hostname: str = "", **options: Any) -> Newer:
    return Newer(
        name=f"newer_{name}",
        module=tcp(**options),
        target=f"127.0.0.1:{port}",
        hostname=hostname,
        samples=samples or (SUCCESS,),
    )


REQUESTS = (
    _http("body_file", "/need/body", method="POST", body_file=f"{FOLDER}/body.txt"),
    _http("http_headers", "/need/secret", http_headers={"X-Secret": {"values": ["kunci"]}}),
    _http("http_headers_secret", "/need/secret", http_headers={"X-Secret": {"secrets": ["kunci"]}}),
    _http("no_proxy", "/echo", SUCCESS, proxy_url=f"http://127.0.0.1:{ports.PROXY}", no_proxy="127.0.0.1,four.test", fail_if_body_matches_regexp=["x-relayed"]),
    _http("no_proxy_of_others", "/echo", SUCCESS, proxy_url=f"http://127.0.0.1:{ports.PROXY}", no_proxy="elsewhere.test", fail_if_body_not_matches_regexp=["x-relayed"]),
    _http("proxy_from_environment", "/ok", proxy_from_environment=True),
)  # fmt: skip
CEL = (
    _http("cel_true", "/json", SUCCESS, "probe_failed_due_to_cel 0", fail_if_body_json_not_matches_cel='body.status == "ok" && size(body.layanan) == 1'),
    _http("cel_false", "/json", *_failed("json"), "probe_failed_due_to_cel 1", fail_if_body_json_not_matches_cel='body.status == "down"'),
    _http("cel_unwanted", "/json", *_failed("json"), "probe_failed_due_to_cel 1", fail_if_body_json_matches_cel="body.layanan.exists(l, l.antrean > 2)"),
    _http("cel_unwanted_false", "/json", SUCCESS, "probe_failed_due_to_cel 0", fail_if_body_json_matches_cel="body.versi > 2"),
    _http("cel_no_json", "/ok", *_failed("json"), "probe_failed_due_to_cel 1", fail_if_body_json_not_matches_cel="true"),
)  # fmt: skip
INLINE = (
    Newer(
        name="newer_inline_ca",
        module=http(tls_config={"ca": root().pem().decode()}),
        target=SECURE,
        samples=(SUCCESS, "probe_http_ssl 1"),
    ),
    Newer(
        name="newer_inline_client",
        module=http(
            tls_config={
                "ca": root().pem().decode(),
                "cert": _CHAIN.decode(),
                "key": _CLIENT.key_pem().decode(),
            }
        ),
        target=f"https://makassarkota.test:{ports.MUTUAL}/ok",
        samples=(SUCCESS,),
    ),
)
DIALOGUES = (
    _tcp(
        "labels",
        ports.SSH,
        SUCCESS,
        'probe_expect_info{protocol="2.0",software="OpenSSH_9.2p1"} 1',
        query_response=[
            {
                "expect": "^SSH-([0-9.]+)-(?P<perangkat>[^ ]+)",
                "labels": [
                    {"name": "software", "value": "${perangkat}"},
                    {"name": "protocol", "value": "${1}"},
                ],
            }
        ],
    ),
    _tcp("expect_bytes", ports.SSH, SUCCESS, "probe_failed_due_to_bytes 0", query_response=[{"expect_bytes": "SSH-2.0"}]),
    _tcp("expect_bytes_wrong", ports.SSH, *_failed("banner"), "probe_failed_due_to_bytes 1", query_response=[{"expect_bytes": "SH-2.0"}]),
    _tcp("expect_wrong_regex", ports.BINARY, FAILURE, "probe_failed_due_to_regex 1", query_response=[{"expect": "nobody"}]),
    _tcp("hostname_wrong", ports.TLS_BANNER, *_failed("tls_hostname"), tls=True, tls_config={"ca_file": f"{FOLDER}/root.pem"}, hostname="lain.test"),
)  # fmt: skip
QUESTIONS = (
    Newer(
        name="newer_query_name",
        module=dns("none.example.id", validate_answer_rrs={"fail_if_not_matches_regexp": ["MX"]}),
        target=DNS,
        parameters={"query_name": "example.id", "query_type": "MX"},
        samples=(SUCCESS, "probe_dns_answer_rrs 2"),
    ),
    Newer(
        name="newer_truncated",
        module=dns("truncated.example.id"),
        target=DNS,
        samples=(SUCCESS, "probe_dns_answer_rrs 1"),
    ),
)
CALLS = (
    Newer(
        name="newer_grpc_metadata",
        module=grpc(service="kota.Kunci", metadata={"x-kunci": ["rahasia"]}),
        target=f"127.0.0.1:{ports.GRPC}",
        samples=(SUCCESS, "probe_grpc_status_code 0"),
    ),
    Newer(
        name="newer_grpc_other_metadata",
        module=grpc(service="kota.Kunci", metadata={"x-kunci": ["lain"]}),
        target=f"127.0.0.1:{ports.GRPC}",
        samples=(*_failed("status"), "probe_grpc_status_code 16"),
    ),
    Newer(
        name="newer_grpc_vanishing",
        module=grpc(timeout="500ms"),
        target=f"{ports.VANISHING}:80",
        samples=(FAILURE, "probe_grpc_status_code 4"),
    ),
    Newer(
        name="newer_grpc_silent",
        module=grpc(timeout="500ms"),
        target=f"127.0.0.1:{ports.SILENT}",
        samples=(*_failed("timeout"), "probe_grpc_status_code 4"),
    ),
)
KINDS = (
    _http("kind_status", "/status/503", *_failed("status")),
    _http("kind_header", "/headers", *_failed("header"), fail_if_header_matches=[{"header": "X-Town", "regexp": "."}]),
    _http("kind_body", "/ok", *_failed("body"), "probe_failed_due_to_regex 1", fail_if_body_matches_regexp=["."]),
    _http("kind_timeout", "/hang", FAILURE, timeout="400ms"),
    Newer(name="newer_kind_refused", module=http(), target=f"http://four.test:{ports.CLOSED}/", samples=_failed("connect_refused")),
    Newer(name="newer_kind_expired", module=http(tls_config={"ca_file": f"{FOLDER}/root.pem"}), target=f"https://makassarkota.test:{ports.EXPIRED}/", samples=_failed("tls_expired"), absent=("probe_ssl_last_chain_expiry_timestamp_seconds",)),
    Newer(name="newer_kind_untrusted", module=http(), target=SECURE, samples=_failed("tls_untrusted"), absent=("probe_ssl_last_chain_expiry_timestamp_seconds",)),
    Newer(name="newer_kind_dns", module=http(), target="http://missing.test/", samples=(FAILURE,)),
)  # fmt: skip
CASES: tuple[Newer, ...] = (*REQUESTS, *CEL, *INLINE, *DIALOGUES, *QUESTIONS, *CALLS, *KINDS)
