"""Where the daemon may answer otherwise than blackbox_exporter 0.23, and why.

`row` is the first cell of the row of docs/blackbox.md that tells it; None for what a later version
of blackbox_exporter does the same way.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tests.conformance.comparison import APART


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One difference. `metrics` are those that it shows in (see `comparison`), of these probers."""

    row: str | None
    metrics: tuple[str, ...]
    probers: tuple[str, ...] = ("http", "dns", "tcp", "icmp", "grpc")


_LAST_CHAIN = "probe_ssl_last_chain_expiry_timestamp_seconds"
_CERTIFICATE = ("probe_ssl_earliest_cert_expiry", "probe_ssl_last_chain_info")
_ANSWER = (
    "probe_success",
    "probe_http_content_length",
    "probe_http_status_code",
    "probe_http_uncompressed_body_length",
    "probe_http_version",
)

# May show in any case.
EVERYWHERE: Mapping[str, Difference] = {
    "timeout": Difference(
        row="`probe_timeout_seconds` is always there", metrics=("probe_timeout_seconds",)
    ),
    "failure-info": Difference(
        row='`probe_failure_info{kind="…"}` says why a probe failed',
        metrics=("probe_failure_info",),
    ),
    "unfinished-phase": Difference(
        row="A phase of HTTP that did not end counts up to the failure",
        metrics=("unfinished phase",),
        probers=("http",),
    ),
    "serial-number": Difference(
        row=None, metrics=("serialnumber",), probers=("http", "tcp", "grpc")
    ),
    "cipher": Difference(row=None, metrics=("probe_tls_cipher_info",), probers=("http",)),
    "bytes": Difference(row=None, metrics=("probe_failed_due_to_bytes",), probers=("tcp",)),
}

# Must show in the cases that name them, and may show in no other.
BY_CASE: Mapping[str, Difference] = {
    "certificate-of-failed-handshake": Difference(
        row="Certificate metrics are there also when the certificate is refused",
        metrics=_CERTIFICATE,
    ),
    "certificate-of-failed-request": Difference(
        row="Certificate metrics are there also when the certificate is refused",
        metrics=(*_CERTIFICATE, _LAST_CHAIN, "probe_tls_version_info"),
    ),
    "expiry-without-chain": Difference(
        row="`probe_ssl_last_chain_expiry_timestamp_seconds` is absent where nothing was verified,"
        " never -62135596800",
        metrics=(_LAST_CHAIN,),
    ),
    "expiry-without-tls": Difference(
        row="`probe_ssl_earliest_cert_expiry` of the gRPC prober is absent without a certificate,"
        " never 0",
        metrics=("probe_ssl_earliest_cert_expiry",),
    ),
    "grpc-to-six": Difference(
        row="The gRPC prober takes an IPv6 address (`[2001:db8::7]:50051`) as its target",
        metrics=("probe_success", "probe_grpc_healthcheck_response", "probe_grpc_status_code"),
    ),
    "truncated-asked-again": Difference(
        row="A truncated DNS answer is asked for again over TCP",
        metrics=("probe_dns_answer_rrs",),
    ),
    "waits-on-after-garbage": Difference(
        row="A datagram that is no DNS answer is passed over, and the answer still awaited",
        metrics=(APART,),
    ),
    "credentials-stay": Difference(
        row="Credentials of a module never go to another host, wherever a redirect leads",
        metrics=("probe_failed_due_to_regex", *_ANSWER),
    ),
    "no-referer": Difference(
        row="A redirect is followed without a `Referer`",
        metrics=("probe_success", "probe_http_status_code"),
    ),
    "own-name": Difference(
        row="Requests say `User-Agent: Pantau` and `Accept: */*`, unless the module says otherwise",
        metrics=("probe_success", "probe_http_status_code"),
    ),
    "unheard-of-version": Difference(
        row="An answer of a version of HTTP that does not exist, such as 3.7, is none",
        metrics=(*_ANSWER, "probe_http_duration_seconds"),
    ),
    "deflate-as-written": Difference(
        row="`compression: deflate` takes the form that RFC 9110 asks for, as well as the bare one",
        metrics=("probe_success", "probe_http_uncompressed_body_length"),
    ),
    "no-look-up-in-vain": Difference(
        row="A target that can't be right (`ftp://…`, port 99999) is not looked up",
        metrics=(
            "probe_dns_lookup_time_seconds",
            "probe_http_duration_seconds",
            "probe_ip_addr_hash",
            "probe_ip_protocol",
        ),
    ),
    "missing-file": Difference(
        row="Certificates and bodies in files that are missing are a warning of `pantau validate`",
        metrics=("probe_http_duration_seconds",),
    ),
    "hostname-for-tcp": Difference(
        row=None,
        metrics=("probe_success", _LAST_CHAIN, "probe_tls_version_info"),
    ),
}

# Rows of the page about files, pages and limits: tests of their own hold them.
NOT_COMPARED = {
    (
        "A body that rules look at is read up to 8 MiB, and a longer one fails the probe; a"
        " conversation of the TCP prober ends after 1 MiB or 10,000 lines"
    ),
    (
        "`expect_bytes` compares bytes however packets cut them, also those behind the last line"
        " that was read"
    ),
    "A gRPC probe ends at its timeout, with the status 4 (`DEADLINE_EXCEEDED`)",
    "A router that refuses an ICMP echo ends the probe at once",
    "`body_file` is sent with its length, and must be an ordinary file of up to 16 MiB",
    (
        "Link-local, multicast and metadata addresses are never asked, and no redirect leads"
        " further inward"
    ),
    "`/logs?target=…` gives the latest probe, not the oldest",
    (
        "Unreadable expressions, unknown record types and response codes, and contradictions"
        " are mistakes of the file"
    ),
    "A secret file that others can read is a mistake",
    (
        "The probers `unix` and `websocket` are refused, SOCKS proxies and the JWT grants of"
        " `oauth2` too"
    ),
    "A probe takes two minutes at most, whatever the header says",
    (
        "`/config`, `/logs` and `debug=true` hide also headers, `endpoint_params`, queries of URLs,"
        " `body` and `send`, unless they are known to be harmless"
    ),
    "`/config` shows of each module the block of its own prober, with the defaults in force",
    "`/` is the status page; the table of recent probes is `/probes`",
}
