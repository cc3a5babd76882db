"""The modules of blackbox.yml: how to probe whatever target a request names.

Field names, defaults and meanings are blackbox_exporter's own.
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from monitor.blackbox.clientmodule import (
    Authorization,
    BasicAuth,
    HiddenHeader,
    HttpHeader,
    OAuth2,
    TlsConfig,
)
from monitor.blackbox.httpmodule import HeaderMatch, HttpModule
from monitor.blackbox.written import (
    Expression,
    Flag,
    GoDuration,
    IpProtocol,
    Part,
    Text,
    Whole,
    at_most_one,
)
from monitor.domain.dnstypes import RCODES, class_number, type_number
from monitor.fields.headers import IpLiteral
from monitor.fields.metadata import MetadataName
from monitor.fields.shown import shown

__all__ = [
    "Authorization",
    "BasicAuth",
    "DnsModule",
    "GrpcModule",
    "HeaderMatch",
    "HttpHeader",
    "HttpModule",
    "IcmpModule",
    "InfoLabel",
    "Module",
    "Modules",
    "OAuth2",
    "QueryResponse",
    "RecordRules",
    "TcpModule",
    "TlsConfig",
]

_LATER = ("unix", "websocket")
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*\Z")


def _offered(prober: object) -> object:
    if prober in _LATER:
        raise ValueError(f"the prober {prober} is not offered yet: take this module out")
    return prober


def _label(name: str) -> str:
    if not _LABEL.match(name):
        raise ValueError(f"{shown(name)} is no name of a label: letters, digits and _")
    return name


def _octet(number: int) -> int:
    if not 0 <= number <= 255:
        raise ValueError(f"{number} is no TTL: it lies between 0 and 255")
    return number


def _record_type(name: str) -> str:
    type_number(name or "ANY")
    return name or "ANY"


def _record_class(name: str) -> str:
    class_number(name or "IN")
    return name or "IN"


def _rcode(name: str) -> str:
    if name not in RCODES.values():
        raise ValueError(f"{shown(name)} is no response code; known: {', '.join(RCODES.values())}")
    return name


def _no_address(value: object) -> object:
    return value or None


SourceAddress = Annotated[IpLiteral | None, BeforeValidator(_no_address)]


class RecordRules(Part):
    """Expressions for the records of one section, each in its zone-file form with tabs."""

    fail_if_matches_regexp: tuple[Expression, ...] = ()
    fail_if_all_match_regexp: tuple[Expression, ...] = ()
    fail_if_not_matches_regexp: tuple[Expression, ...] = ()
    fail_if_none_matches_regexp: tuple[Expression, ...] = ()


class DnsModule(Part):
    """Keys of the DNS prober. The target is a DNS server."""

    preferred_ip_protocol: IpProtocol = "ip6"
    ip_protocol_fallback: Flag = True
    dns_over_tls: Flag = False
    tls_config: TlsConfig = TlsConfig()
    source_ip_address: SourceAddress = None
    transport_protocol: Annotated[
        Literal["udp", "tcp"], BeforeValidator(lambda written: written or "udp")
    ] = "udp"
    query_class: Annotated[Text, AfterValidator(_record_class)] = "IN"
    query_name: Text = ""
    query_type: Annotated[Text, AfterValidator(_record_type)] = "ANY"
    recursion_desired: Flag = True
    valid_rcodes: tuple[Annotated[Text, AfterValidator(_rcode)], ...] = ()
    validate_answer_rrs: RecordRules = RecordRules()
    validate_authority_rrs: RecordRules = RecordRules()
    validate_additional_rrs: RecordRules = RecordRules()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if not self.query_name:
            raise ValueError("query_name is missing")
        if self.dns_over_tls and self.transport_protocol != "tcp":
            raise ValueError("dns_over_tls: write transport_protocol: tcp beside it")
        return self


class InfoLabel(Part):
    """A label of probe_expect_info; its value is filled in from the groups of `expect`."""

    name: Annotated[Text, AfterValidator(_label)]
    value: Text = ""


class QueryResponse(Part):
    """A step of a dialogue: expect, then send, then a TLS handshake."""

    expect: Expression | None = None
    expect_bytes: Text = ""
    labels: tuple[InfoLabel, ...] = ()
    send: Text = ""
    starttls: Flag = False

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        at_most_one(self, "expect", "expect_bytes")
        return self


class TcpModule(Part):
    """Keys of the TCP prober."""

    preferred_ip_protocol: IpProtocol = "ip6"
    ip_protocol_fallback: Flag = True
    source_ip_address: SourceAddress = None
    query_response: tuple[QueryResponse, ...] = ()
    tls: Flag = False
    tls_config: TlsConfig = TlsConfig()


class IcmpModule(Part):
    """Keys of the ICMP prober."""

    preferred_ip_protocol: IpProtocol = "ip6"
    ip_protocol_fallback: Flag = True
    source_ip_address: SourceAddress = None
    payload_size: Annotated[Whole, Field(ge=0, le=65_000)] = 0
    dont_fragment: Flag = False
    ttl: Annotated[Whole, AfterValidator(_octet)] = 64


class GrpcModule(Part):
    """Keys of the gRPC prober."""

    service: Text = ""
    metadata: dict[MetadataName, tuple[HiddenHeader, ...]] = Field(default={})
    tls: Flag = False
    tls_config: TlsConfig = TlsConfig()
    preferred_ip_protocol: IpProtocol = "ip6"
    ip_protocol_fallback: Flag = True

    def fields(self) -> tuple[tuple[str, str], ...]:
        """Return the metadata in the clear: a name for each value."""
        return tuple(
            (name, value.reveal()) for name, values in self.metadata.items() for value in values
        )


class Module(Part):
    """One entry under `modules`. `timeout` is nothing where none is written.

    The blocks of other probers than its own may be there, and mean nothing.
    """

    prober: Annotated[Literal["http", "dns", "tcp", "icmp", "grpc"], BeforeValidator(_offered)]
    timeout: GoDuration = timedelta(0)
    http: HttpModule = HttpModule()
    tcp: TcpModule = TcpModule()
    icmp: IcmpModule = IcmpModule()
    dns: DnsModule = Field(default_factory=DnsModule.model_construct)
    grpc: GrpcModule = GrpcModule()
    unix: Any = None
    websocket: Any = None

    @model_validator(mode="after")
    def _all_offered(self) -> Self:
        for name in _LATER:
            if getattr(self, name) is not None:
                raise ValueError(f"{name}: this prober is not offered yet: take its block out")
        return self


Modules = Mapping[str, Module]
"""Modules by their names."""
