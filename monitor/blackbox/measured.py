"""The numbers of one probe, under the names and help texts of blackbox_exporter."""

from collections.abc import Mapping
from typing import NamedTuple

from monitor.domain.observation import Labels, Series

HELP = {
    "probe_success": "Displays whether or not the probe was a success",
    "probe_duration_seconds": "Returns how long the probe took to complete in seconds",
    "probe_timeout_seconds": "Returns how long the probe timeout is in seconds",
    "probe_failure_info": "Says why the probe failed, as one of a bounded number of kinds",
    "probe_dns_lookup_time_seconds": "Returns the time taken for probe dns lookup in seconds",
    "probe_ip_protocol": "Specifies whether probe ip protocol is IP4 or IP6",
    "probe_ip_addr_hash": (
        "Specifies the hash of IP address. It's useful to detect if the IP address changes."
    ),
    "probe_failed_due_to_regex": "Indicates if probe failed due to regex",
    "probe_failed_due_to_bytes": "Indicates if probe failed due to bytes",
    "probe_failed_due_to_cel": "Indicates if probe failed due to CEL",
    "probe_expect_info": "Explicit content matched",
    "probe_http_duration_seconds": "Duration of http request by phase, summed over all redirects",
    "probe_http_status_code": "Response HTTP status code",
    "probe_http_content_length": "Length of http content response",
    "probe_http_uncompressed_body_length": "Length of uncompressed response body",
    "probe_http_redirects": "The number of redirects",
    "probe_http_ssl": "Indicates if SSL was used for the final redirect",
    "probe_http_version": "Returns the version of HTTP of the probe response",
    "probe_http_last_modified_timestamp_seconds": (
        "Returns the Last-Modified HTTP response header in unixtime"
    ),
    "probe_ssl_earliest_cert_expiry": "Returns last SSL chain expiry in unixtime",
    "probe_ssl_last_chain_expiry_timestamp_seconds": "Returns last SSL chain expiry in timestamp",
    "probe_ssl_last_chain_info": "Contains SSL leaf certificate information",
    "probe_tls_version_info": "Returns the TLS version used or NaN when unknown",
    "probe_tls_cipher_info": "Returns the TLS cipher negotiated during handshake",
    "probe_dns_duration_seconds": "Duration of DNS request by phase",
    "probe_dns_answer_rrs": "Returns number of entries in the answer resource record list",
    "probe_dns_authority_rrs": "Returns number of entries in the authority resource record list",
    "probe_dns_additional_rrs": "Returns number of entries in the additional resource record list",
    "probe_dns_query_succeeded": "Displays whether or not the query was executed successfully",
    "probe_dns_serial": "Returns the serial number of the zone",
    "probe_grpc_duration_seconds": "Duration of gRPC request by phase",
    "probe_grpc_ssl": "Indicates if SSL was used for the connection",
    "probe_grpc_status_code": "Response gRPC status code",
    "probe_grpc_healthcheck_response": "Response HealthCheck response",
    "probe_icmp_duration_seconds": "Duration of icmp request by phase",
    "probe_icmp_reply_hop_limit": "Replied packet hop limit (TTL for ipv4)",
}


class Measured(NamedTuple):
    """One sample of a gauge. `labels` are in the order of their names."""

    name: str
    help: str
    labels: Labels
    value: float


def described(numbers: Mapping[Series, float]) -> tuple[Measured, ...]:
    """Return the numbers as samples, in the order in which Go's client writes them.

    That is by name, then by the values of their labels.
    """
    ordered = sorted(numbers.items(), key=lambda item: (item[0][0], _values(item[0][1])))
    return tuple(Measured(name, HELP[name], labels, value) for (name, labels), value in ordered)


def _values(labels: Labels) -> tuple[str, ...]:
    return tuple(value for _, value in labels)
