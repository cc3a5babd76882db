"""How the HTTP prober introduces itself: TLS, credentials, proxies, further headers."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from monitor.blackbox.hidden import Hidden, HiddenUrl, NamedFile, SecretFile
from monitor.blackbox.written import Flag, Part, Text, at_most_one, exclusive, refused
from monitor.fields.headers import HeaderName
from monitor.fields.shown import shown
from monitor.net.urls import parse_target

TlsVersion = Literal["TLS10", "TLS11", "TLS12", "TLS13"]

_RESERVED = frozenset(
    {
        *("authorization", "host", "content-encoding", "content-length", "content-type"),
        *("user-agent", "connection", "keep-alive", "proxy-authenticate", "proxy-authorization"),
        *("www-authenticate", "accept-encoding", "x-prometheus-remote-write-version"),
        *("x-prometheus-remote-read-version", "x-prometheus-scrape-timeout-seconds"),
        *("x-amz-date", "x-amz-security-token", "x-amz-content-sha256"),
    }
)
_JWT = "only the client credentials grant is offered: give client_id and client_secret"


def _printable(value: str) -> str:
    if not value.replace("\t", " ").isprintable():
        raise ValueError("the value of a header has no control characters and no line breaks")
    return value


def _printable_secret(value: Hidden) -> Hidden:
    _printable(value.reveal())
    return value


HeaderText = Annotated[Text, AfterValidator(_printable)]
HiddenHeader = Annotated[Hidden, AfterValidator(_printable_secret)]
Never = Annotated[None, BeforeValidator(refused(_JWT))]


class TlsConfig(Part):
    """A `tls_config` block. Files are read when a probe needs them."""

    ca: Text = ""
    cert: Text = ""
    key: Hidden = Hidden("")
    ca_file: NamedFile | None = None
    cert_file: NamedFile | None = None
    key_file: NamedFile | None = None
    server_name: Text = ""
    insecure_skip_verify: Flag = False
    min_version: TlsVersion | None = None
    max_version: TlsVersion | None = None

    @field_validator("ca", "cert", "key")
    @classmethod
    def _pem(cls, value: str | Hidden) -> str | Hidden:
        text = value.reveal() if isinstance(value, Hidden) else value
        if text and "-----BEGIN " not in text:
            raise ValueError("this is no PEM text: it has no line that begins -----BEGIN")
        return value

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        at_most_one(self, "ca", "ca_file")
        at_most_one(self, "cert", "cert_file")
        at_most_one(self, "key", "key_file")
        certificate = exclusive(self, "cert", "cert_file")
        key = exclusive(self, "key", "key_file")
        if bool(certificate) is not bool(key):
            given, missing = (certificate or key)[0], "key" if certificate else "cert"
            raise ValueError(f"{given}: {missing} or {missing}_file is missing beside it")
        if self.min_version and self.max_version and self.max_version < self.min_version:
            raise ValueError(f"max_version: {self.max_version} is under {self.min_version}")
        return self


class BasicAuth(Part):
    """A user and a password, each written or in a file."""

    username: Text = ""
    username_file: SecretFile | None = None
    password: Hidden = Hidden("")
    password_file: SecretFile | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        at_most_one(self, "username", "username_file")
        at_most_one(self, "password", "password_file")
        return self

    def reveal(self) -> tuple[str, str]:
        """Return the user and the password as they are now."""
        user = self.username_file.reveal() if self.username_file else self.username
        return user, (self.password_file or self.password).reveal()


class Authorization(Part):
    """An Authorization header: a type and its credentials."""

    type: Text = "Bearer"
    credentials: HiddenHeader = Hidden("")
    credentials_file: SecretFile | None = None

    @field_validator("type")
    @classmethod
    def _not_basic(cls, name: str) -> str:
        name = name.strip() or "Bearer"
        if name.lower() == "basic":
            raise ValueError("basic: write basic_auth instead of authorization")
        return _printable(name)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        at_most_one(self, "credentials", "credentials_file")
        return self

    def reveal(self) -> str:
        """Return the header's value as it is now; "" without credentials."""
        credentials = (self.credentials_file or self.credentials).reveal()
        return f"{self.type} {credentials}" if credentials else ""


class ProxyPart(Part):
    """The keys that lead through a proxy."""

    proxy_url: HiddenUrl = HiddenUrl("")
    no_proxy: Text = ""
    proxy_from_environment: Flag = False
    proxy_connect_header: dict[HeaderName, tuple[HiddenHeader, ...]] = Field(default={})

    @field_validator("proxy_url")
    @classmethod
    def _spoken(cls, url: HiddenUrl) -> HiddenUrl:
        scheme, mark, rest = url.reveal().partition("://")
        if url and (scheme.lower() not in {"http", "https"} or not mark or not rest):
            raise ValueError("a proxy is written http://host:port or https://host:port")
        return url

    @model_validator(mode="after")
    def _proxied(self) -> Self:
        if self.proxy_from_environment:
            at_most_one(self, "proxy_from_environment", "proxy_url")
            at_most_one(self, "proxy_from_environment", "no_proxy")
        elif not self.proxy_url:
            for name in exclusive(self, "no_proxy", "proxy_connect_header"):
                raise ValueError(f"{name}: proxy_url is missing beside it")
        return self


class OAuth2(ProxyPart):
    """Client credentials for a token endpoint (RFC 6749, section 4.4)."""

    client_id: Text = ""
    client_secret: Hidden = Hidden("")
    client_secret_file: SecretFile | None = None
    scopes: tuple[Text, ...] = ()
    token_url: HiddenUrl = HiddenUrl("")
    endpoint_params: dict[str, Text] = Field(default={})
    tls_config: TlsConfig = TlsConfig()
    grant_type: Annotated[
        Literal["client_credentials"],
        BeforeValidator(lambda written: written or "client_credentials"),
    ] = "client_credentials"
    client_certificate_key_id: Never = None
    client_certificate_key: Never = None
    client_certificate_key_file: Never = None
    signature_algorithm: Never = None
    iss: Never = None
    audience: Never = None
    claims: Never = None

    @field_validator("token_url")
    @classmethod
    def _url(cls, url: HiddenUrl) -> HiddenUrl:
        if url and not url.reveal().lower().startswith(("http://", "https://")):
            raise ValueError("a token_url begins with http:// or https://")
        if url:
            parse_target(url.reveal())
        return url

    @model_validator(mode="after")
    def _whole(self) -> Self:
        for name in ("client_id", "token_url"):
            if not getattr(self, name):
                raise ValueError(f"oauth2: {name} is missing")
        at_most_one(self, "client_secret", "client_secret_file")
        return self

    def reveal(self) -> str:
        """Return the client's secret as it is now."""
        return (self.client_secret_file or self.client_secret).reveal()


class HttpHeader(Part):
    """The values of one header of `http_headers`."""

    values: tuple[HeaderText, ...] = ()
    secrets: tuple[HiddenHeader, ...] = ()
    files: tuple[SecretFile, ...] = ()

    def reveal(self) -> tuple[str, ...]:
        """Return every value, secrets and files in the clear, in blackbox_exporter's order."""
        secrets = (each.reveal() for each in self.secrets)
        return (*self.values, *secrets, *(each.reveal() for each in self.files))


def _free_header(name: str) -> str:
    if name.lower() in _RESERVED:
        raise ValueError(f"{shown(name)} is reserved: http_headers can't set it")
    return name


class ClientPart(ProxyPart):
    """The keys of Prometheus' HTTP clients, which stand among those of the HTTP prober."""

    basic_auth: BasicAuth | None = None
    authorization: Authorization | None = None
    oauth2: OAuth2 | None = None
    bearer_token: HiddenHeader = Hidden("")
    bearer_token_file: SecretFile | None = None
    tls_config: TlsConfig = TlsConfig()
    follow_redirects: Flag = True
    enable_http2: Flag = True
    http_headers: dict[Annotated[HeaderName, AfterValidator(_free_header)], HttpHeader] = Field(
        default={}
    )

    @model_validator(mode="after")
    def _one_credential(self) -> Self:
        at_most_one(
            self, "basic_auth", "authorization", "oauth2", "bearer_token", "bearer_token_file"
        )
        return self

    @property
    def credential(self) -> Authorization | None:
        """The Authorization header, `bearer_token` and `bearer_token_file` among its sources."""
        if self.bearer_token or self.bearer_token_file:
            return Authorization.model_construct(
                credentials=self.bearer_token, credentials_file=self.bearer_token_file
            )
        return self.authorization
