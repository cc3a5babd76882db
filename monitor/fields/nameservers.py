"""Name servers and record types, as checks name them."""

# ruff: noqa: TRY004 (pydantic takes a ValueError, and no TypeError, for the writer's mistake)

import re
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, GetCoreSchemaHandler, GetJsonSchemaHandler, WithJsonSchema
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from monitor.domain.dnstypes import RECORD_TYPES, type_number
from monitor.fields.addresses import Endpoint, parse_endpoint, parse_url
from monitor.fields.shown import shown

_SCHEMED = re.compile(r"(?i:(udp|tcp|tls))://([^/]*)/?\Z")
_WRITE = "write host, host:port, tls://host or https://host/dns-query"
_UNASKED = {"OPT"}  # no record of a zone


@dataclass(frozen=True, slots=True)
class DnsServer:
    """A name server: `host`, `host:port`, or a URL that also says how to ask it.

    `transport` is udp, tcp, tls or https, None where it isn't written; `path` goes with https.
    """

    host: str
    port: int | None = None
    transport: str | None = None
    path: str | None = None

    def __str__(self) -> str:
        """Return it as it is written in a configuration."""
        endpoint = str(Endpoint(self.host, self.port))
        if self.transport is None:
            return endpoint
        if self.port is None and ":" in self.host:
            endpoint = f"[{self.host}]"
        return f"{self.transport}://{endpoint}{self.path or ''}"

    @classmethod
    def __get_pydantic_core_schema__(cls, _: Any, __: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            parse_name_server, serialization=core_schema.to_string_ser_schema()
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, _: CoreSchema, __: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {
            "type": "string",
            "examples": ["10.0.0.53", "127.0.0.1:5353", "tls://dns.example", "https://dns.example"],
        }


def parse_name_server(value: object) -> DnsServer:
    """Return the name server that a text names; raise ValueError with what would be right."""
    if isinstance(value, DnsServer):
        return value
    if not isinstance(value, str):
        raise ValueError(f"{shown(value)} is no name server: put it in quotes")
    if "://" not in value:
        return _at(parse_endpoint(value), None)
    if value[:8].lower() == "https://":
        return _over_https(parse_url(value))
    match = _SCHEMED.match(value)
    if match is None:
        raise ValueError(f"{shown(value)} is no name server: {_WRITE}")
    return _at(parse_endpoint(match[2]), match[1].lower())


def _at(endpoint: Endpoint, transport: str | None) -> DnsServer:
    return DnsServer(endpoint.host, endpoint.port, transport)


def _over_https(url: str) -> DnsServer:
    parts = urlsplit(url)
    endpoint = parse_endpoint(parts.netloc)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    return DnsServer(endpoint.host, endpoint.port, "https", None if path == "/" else path)


def _record_type(name: str) -> str:
    type_number(name)
    if name in _UNASKED:
        raise ValueError(f"{name!r} is no type that can be asked for")
    return name


_NAMED = sorted({*RECORD_TYPES} - _UNASKED)

RecordType = Annotated[
    str,
    AfterValidator(_record_type),
    WithJsonSchema(
        {"anyOf": [{"enum": _NAMED}, {"type": "string", "pattern": "^TYPE[0-9]{1,5}$"}]}
    ),
]
"""A record type by its name, or TYPE and its number."""
