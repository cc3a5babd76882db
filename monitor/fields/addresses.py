"""Hosts, ports and URLs, read strictly: what two parsers could read in two ways is refused."""

# ruff: noqa: TRY004 (pydantic takes a ValueError, and no TypeError, for the writer's mistake)

import re
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import quote

from pydantic import (
    BeforeValidator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    WithJsonSchema,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from monitor.domain.hostname import parse_host
from monitor.fields.shown import shown

_URL_LENGTH = 2048
_URL = re.compile(r"(?i:(https?|wss?))://([^/?#]*)([^#]*)(#.*)?\Z", re.DOTALL)
_AUTHORITY = re.compile(r"(?:\[([^\[\]]*)\]|([^:\[\]]*))(?::([0-9]*))?\Z")
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f-\xa0\\<>\"^`{|}\u2028\u2029\ud800-\udfff]")
_BEHIND_HOST = re.compile(
    r"[^A-Za-z0-9.:\[\]-].*", re.DOTALL
)  # what no host holds, and all behind it
_PATH_SAFE = "!$%&'()*+,/:;=?@[]~"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A host with a port or without one, written `host`, `host:port` or `[IPv6]:port`."""

    host: str
    port: int | None = None

    def __str__(self) -> str:
        """Return it as it is written in a configuration."""
        if self.port is None:
            return self.host
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @classmethod
    def __get_pydantic_core_schema__(cls, _: Any, __: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            parse_endpoint, serialization=core_schema.to_string_ser_schema()
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, _: CoreSchema, __: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"type": "string", "examples": ["10.0.0.53", "127.0.0.1:5353", "[2001:db8::1]:53"]}


def parse_endpoint(value: object) -> Endpoint:
    """Return the endpoint of a text; raise ValueError with what would be right."""
    if isinstance(value, Endpoint):
        return value
    if not isinstance(value, str):
        raise ValueError(f"{shown(value)} is no host:port text: put it in quotes")
    if value.count(":") > 1 and not value.startswith("["):
        return Endpoint(parse_host(value))
    return _split(value, value)


def parse_url(value: object) -> str:
    """Return an http or https URL in one form: host in lower case and ASCII, path escaped.

    Raise ValueError on other schemes, user info, fragments, spaces, control characters,
    backslashes, and on hosts that `parse_host` refuses.
    """
    return _url(value, "http", "https")


def parse_websocket_url(value: object) -> str:
    """Return a ws or wss URL in one form; everything else is as in `parse_url`."""
    return _url(value, "ws", "wss")


def _url(value: object, plain: str, secure: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{shown(value)} is no URL: put it in quotes")
    if len(value) > _URL_LENGTH:
        raise ValueError(f"{shown_url(value)} is longer than {_URL_LENGTH} characters")
    if strange := _FORBIDDEN.search(value):
        raise ValueError(
            f"{shown_url(value)} is no URL: {strange.group()!r} must be escaped as %XX"
        )
    match = _URL.match(value)
    if match is None or match[1].lower() not in {plain, secure}:
        raise ValueError(
            f"{shown_url(value)} is no URL: it must begin with {plain}:// or {secure}://"
        )
    scheme, authority, rest, fragment = match.groups()
    if fragment is not None:
        raise ValueError(f"{shown_url(value)}: leave out the part from # on; it is never sent")
    if "@" in authority:
        # Not shown: there may be a password in it.
        raise ValueError("a URL holds no user name and no password: give them as secrets")
    endpoint = _split(authority, value)
    return f"{scheme.lower()}://{_authority(endpoint)}{_rest(rest)}"


def _split(authority: str, whole: str) -> Endpoint:
    match = _AUTHORITY.match(authority)
    if match is None:
        raise ValueError(f"{shown_url(whole)} holds no host and no host:port")
    literal, name, port = match.groups()
    if literal is not None and ":" not in literal:
        raise ValueError(f"{shown_url(whole)}: only an IPv6 address stands in brackets")
    host = parse_host(name if literal is None else literal)
    return Endpoint(host, None if port is None else _port(port, whole))


def _port(text: str, whole: str) -> int:
    if not text or len(text) > 5 or not 1 <= int(text) <= 65535:
        raise ValueError(f"{shown_url(whole)}: a port is a number from 1 to 65535")
    return int(text)


def _authority(endpoint: Endpoint) -> str:
    if endpoint.port is None and ":" in endpoint.host:
        return f"[{endpoint.host}]"
    return str(endpoint)


def _rest(rest: str) -> str:
    path = rest if rest.startswith("/") else "/" + rest
    return path if path.isascii() else quote(path, safe=_PATH_SAFE)


def _host(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{shown(value)} is no host: write a name, or an address in full")
    return parse_host(value)


def shown_url(text: str) -> str:
    """Return a URL as messages show it: without what may be a password or a token."""
    _, at, behind = text.rpartition("@")
    if at:
        return shown("…@" + _BEHIND_HOST.sub("", behind))
    path, mark, _ = text.partition("?")
    return shown(f"{path}?…" if mark else path)


Host = Annotated[
    str,
    BeforeValidator(_host),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": 253}),
]
"""A host name or an IP literal, in its one form (`monitor.domain.hostname`)."""

Port = Annotated[int, Field(strict=True, ge=1, le=65535)]
"""A TCP or UDP port."""

Url = Annotated[
    str,
    BeforeValidator(parse_url),
    WithJsonSchema(
        {"type": "string", "pattern": "^[Hh][Tt][Tt][Pp][Ss]?://", "maxLength": _URL_LENGTH}
    ),
]
"""An http or https URL without user info and fragment, in its one form."""

WebSocketUrl = Annotated[
    str,
    BeforeValidator(parse_websocket_url),
    WithJsonSchema({"type": "string", "pattern": "^[Ww][Ss][Ss]?://", "maxLength": _URL_LENGTH}),
]
"""A ws or wss URL without user info and fragment, in its one form."""
