"""The series that several check types share, as blackbox_exporter named them.

Each is a name, its help text, and the labels that it carries beside those of every check.
"""

SharedSeries = tuple[str, str, tuple[str, ...]]

ADDRESS: tuple[SharedSeries, ...] = (
    (
        "probe_dns_lookup_time_seconds",
        "Returns the time taken for probe dns lookup in seconds",
        (),
    ),
    ("probe_ip_protocol", "Specifies whether probe ip protocol is IP4 or IP6", ()),
    (
        "probe_ip_addr_hash",
        "Specifies the hash of IP address. It's useful to detect if the IP address changes.",
        (),
    ),
)

CERTIFICATE: tuple[SharedSeries, ...] = (
    (
        "probe_ssl_earliest_cert_expiry",
        "Returns the earliest expiry in unixtime of the certificates as presented",
        (),
    ),
    (
        "probe_ssl_last_chain_expiry_timestamp_seconds",
        "Returns the expiry in unixtime of the verified chain; absent when none was verified",
        (),
    ),
    (
        "probe_ssl_last_chain_info",
        "Contains SSL leaf certificate information",
        ("fingerprint_sha256", "issuer", "serialnumber", "subject", "subjectalternative"),
    ),
    ("probe_tls_version_info", "Returns the TLS version used", ("version",)),
    ("probe_tls_cipher_info", "Returns the TLS cipher negotiated during handshake", ("cipher",)),
)

FAILED_DUE_TO_REGEX: SharedSeries = (
    "probe_failed_due_to_regex",
    "Indicates if probe failed due to regex",
    (),
)

FAILED_DUE_TO_BYTES: SharedSeries = (
    "probe_failed_due_to_bytes",
    "Indicates if probe failed due to bytes",
    (),
)

FAILED_DUE_TO_CEL: SharedSeries = (
    "probe_failed_due_to_cel",
    "Indicates if probe failed due to CEL expression not matching; absent without one",
    (),
)

HTTP: tuple[SharedSeries, ...] = (
    (
        "probe_http_duration_seconds",
        "Duration of http request by phase, summed over all redirects",
        ("phase",),
    ),
    ("probe_http_status_code", "Response HTTP status code", ()),
    ("probe_http_content_length", "Length of http content response", ()),
    ("probe_http_uncompressed_body_length", "Length of uncompressed response body", ()),
    ("probe_http_redirects", "The number of redirects", ()),
    ("probe_http_ssl", "Indicates if SSL was used for the final redirect", ()),
    ("probe_http_version", "Returns the version of HTTP of the probe response", ()),
    (
        "probe_http_last_modified_timestamp_seconds",
        "Returns the Last-Modified HTTP response header in unixtime",
        (),
    ),
)
