"""The keys of a check of type http."""

from typing import Literal

from pydantic import Field

from monitor.checktype import CheckSpec
from monitor.conditions.httpexpectation import HttpExpectation
from monitor.fields import File, Host, Secret, Size, Url
from monitor.fields.connecting import (
    CaFile,
    ClientCertFile,
    ClientKeyFile,
    IpFamily,
    MinTls,
    TlsVersion,
)
from monitor.fields.headers import (
    CookieName,
    CookieValue,
    HeaderValue,
    IpLiteral,
    OwnHeaderName,
    ParameterName,
)
from monitor.probes.http.credentials import BasicAuth, OAuth2Client


class HttpKeys(CheckSpec):
    """What may be written; `HttpSpec` says what goes together."""

    url: Url = Field(description="http or https URL to fetch.")
    method: Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] = Field(
        default="GET", description="Method of the request."
    )
    headers: dict[OwnHeaderName, HeaderValue] = Field(
        default={}, description="Headers to send: texts or secrets."
    )
    cookies: dict[CookieName, CookieValue] = Field(
        default={}, description="Cookies to send: texts or secrets."
    )
    body: str | None = Field(default=None, description="Body to send.")
    body_file: File | None = Field(
        default=None, description="File with the body to send, read for each check; up to 1 MB."
    )
    cache_busting: ParameterName | None = Field(
        default=None,
        description="Name of a query parameter that is added with a new random value each time, "
        "so that no cache answers.",
    )
    compression: Literal["gzip", "br", "deflate", "identity"] | None = Field(
        default=None,
        description="Coding that the body must have; it is asked for unless `headers` has "
        "Accept-Encoding. `identity`: none.",
    )
    basic_auth: BasicAuth | None = Field(
        default=None, description="User and password for Basic authentication."
    )
    bearer: Secret | None = Field(default=None, description="Token for Bearer authentication.")
    oauth2: OAuth2Client | None = Field(
        default=None, description="Client that gets a Bearer token by client credentials."
    )
    http2: bool = Field(
        default=False, description="Offer HTTP/2 over TLS; the target chooses (ALPN)."
    )
    http3: bool = Field(default=False, description="Speak HTTP/3 (QUIC), and nothing else.")
    proxy: Url | None = Field(
        default=None, description="http URL of a forward proxy to go through."
    )
    proxy_auth: BasicAuth | None = Field(
        default=None, description="User and password for the proxy."
    )
    proxy_headers: dict[OwnHeaderName, HeaderValue] = Field(
        default={}, description="Headers to send with CONNECT, to the proxy alone."
    )
    follow_redirects: bool = Field(default=True, description="Follow redirects.")
    max_redirects: int = Field(
        default=5, ge=1, le=20, description="The check fails when there are more redirects."
    )
    allow_downgrade: bool = Field(
        default=False, description="Let a redirect lead from https to http."
    )
    ca_file: CaFile = None
    client_cert_file: ClientCertFile = None
    client_key_file: ClientKeyFile = None
    server_name: Host | None = Field(
        default=None,
        description="Name to ask for (SNI), and to be in the certificate. Default: the URL's host.",
    )
    min_tls: MinTls = "TLS1.2"
    max_tls: TlsVersion | None = Field(
        default=None, description="Newest version of TLS to offer. Default: the newest there is."
    )
    insecure: bool = Field(
        default=False, description="Do not verify the certificate. Shown in every output."
    )
    max_body: Size = Field(
        default=1_048_576, description="The check fails when the decoded body is larger."
    )
    resolve_to: IpLiteral | None = Field(
        default=None, description="IP address to dial in place of the URL's host."
    )
    ip: IpFamily = "any"
    addresses: Literal["one", "all"] = Field(
        default="one",
        description="`all`: every address of the name is tried by itself, and must pass.",
    )
    expect: HttpExpectation = Field(
        default=HttpExpectation(), description="Conditions on the answer."
    )
