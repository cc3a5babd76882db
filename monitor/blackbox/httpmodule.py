"""The `http` block of a module."""

from importlib.util import find_spec
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from monitor.blackbox.clientmodule import ClientPart, HeaderText
from monitor.blackbox.hidden import NamedFile
from monitor.blackbox.written import (
    Expression,
    Flag,
    GoSize,
    IpProtocol,
    Part,
    Text,
    Whole,
    at_most_one,
)
from monitor.conditions.cel import Cel
from monitor.fields.headers import HeaderName
from monitor.fields.shown import shown


def _method(method: str) -> str:
    if method and not method.isalpha():
        raise ValueError(f"{shown(method)} is no HTTP method")
    return method or "GET"


def _or_none(value: object) -> object:
    return value or None


class HeaderMatch(Part):
    """A header, and an expression for its values."""

    header: HeaderName
    regexp: Expression
    allow_missing: Flag = False

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if not self.regexp.text:
            raise ValueError("regexp: it is empty, and would match whatever comes")
        return self


class HttpModule(ClientPart):
    """Keys of the HTTP prober, as blackbox_exporter names and means them."""

    valid_status_codes: tuple[Whole, ...] = ()
    valid_http_versions: tuple[Text, ...] = ()
    preferred_ip_protocol: IpProtocol = "ip6"
    ip_protocol_fallback: Flag = True
    skip_resolve_phase_with_proxy: Flag = False
    no_follow_redirects: Flag | None = None
    fail_if_ssl: Flag = False
    fail_if_not_ssl: Flag = False
    method: Annotated[Text, AfterValidator(_method)] = "GET"
    headers: dict[HeaderName, HeaderText] = Field(default={})
    fail_if_body_matches_regexp: tuple[Expression, ...] = ()
    fail_if_body_not_matches_regexp: tuple[Expression, ...] = ()
    fail_if_body_json_matches_cel: Annotated[Cel | None, BeforeValidator(_or_none)] = None
    fail_if_body_json_not_matches_cel: Annotated[Cel | None, BeforeValidator(_or_none)] = None
    fail_if_header_matches: tuple[HeaderMatch, ...] = ()
    fail_if_header_not_matches: tuple[HeaderMatch, ...] = ()
    body: Text = ""
    body_file: NamedFile | None = None
    compression: Annotated[
        Literal["gzip", "br", "deflate", "identity"] | None, BeforeValidator(_or_none)
    ] = None
    body_size_limit: GoSize = 0
    enable_http3: Flag = False

    @property
    def follows(self) -> bool:
        """Whether redirects are followed: the older key, where it is given, decides."""
        old = self.no_follow_redirects
        return self.follow_redirects if old is None else not old

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        at_most_one(self, "body", "body_file")
        if self.compression:
            for name, value in self.headers.items():
                if name.lower() == "accept-encoding" and not accepts(value, self.compression):
                    raise ValueError(
                        f"compression: {self.compression} is not what the header "
                        f"{name}: {value} asks for"
                    )
        if self.enable_http3:
            self._check_http3()
        return self

    def _check_http3(self) -> None:
        if self.enable_http2:
            raise ValueError("enable_http3: write enable_http2: false beside it")
        if self.valid_http_versions != ("HTTP/3.0",):
            raise ValueError('enable_http3: write valid_http_versions: ["HTTP/3.0"] beside it')
        if find_spec("aioquic") is None:
            raise ValueError("enable_http3: it takes an extra: pip install pantau[http3]")


def accepts(accept_encoding: str, coding: str) -> bool:
    """Say whether an Accept-Encoding header takes `coding`, by its name or by the star."""
    if not accept_encoding:
        return True
    weighed = sorted((_weighed(part) for part in accept_encoding.split(",")), key=lambda w: -w[1])
    return next((weight > 0 for name, weight in weighed if name in {coding, "*"}), False)


def _weighed(part: str) -> tuple[str, float]:
    name, mark, quality = part.rpartition(";")
    if not mark:
        return part.strip(), 1.0
    try:
        return name.strip(), float(quality.strip().removeprefix("q="))
    except ValueError:
        return name.strip(), 0.0
