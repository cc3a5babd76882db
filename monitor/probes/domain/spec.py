"""Watch a domain's registration: when it expires, whether it is on hold, who serves it.

```yaml
- id: kota-domain
  service: portal
  type: domain
  domain: makassarkota.example.id
  interval: 1h
  min_days: 30
  critical_days: 7
  expect:
    statuses: [clientTransferProhibited]
    nameservers: [ns1.example.net, ns2.example.net]
```

The registry is asked over RDAP, at most once per `refresh`, also over restarts; every check in
between judges what is remembered and tells its age. There is no WHOIS. Give the name that is
registered: `makassarkota.go.id`, not a host below it.

The check is down when the registration has expired or ends within `critical_days`
(`expires_soon`), when a status takes the name out of the DNS or is about to (`clientHold`,
`serverHold`, `redemptionPeriod`, `pendingDelete`), when the registry knows no such domain, or when
`expect` does not hold (all three `answer`). It is degraded (`expires_soon`) below `min_days`, and
(`changed`) when `expires_on` and the registry's date are not the same.

What cannot be decided is never up: without a date of expiry, with dates that contradict each
other, or with nothing learned for seven days, the check is unknown (`no_data`) and says why. Some
registries give no date: state it with `expires_on`, and bring it up to date when you renew. With
`rdap: false` nobody is asked, and that date alone counts.

A question that brought no usable answer is put again after ten minutes, then an hour, then six. A
registry that is busy (429, 503) is left alone for as long as it says, up to a week. That a domain
is gone which was there is believed when it is said a second time. What `pantau check` learns is
not remembered.

Which server answers for a domain stands in a list that is shipped, of 2026-09-16; `rdap_server`
names another one. `.id` and all below it, `.go.id` too, is asked of PANDI.

Bahasa Indonesia

Memeriksa pendaftaran domain pada registri lewat RDAP, paling sering sekali per `refresh`: masa
berlaku, kode status, server nama, dan registrar. Gangguan bila masa berlakunya habis atau kurang
dari `critical_days`, bila domain ditahan atau akan dihapus, bila tidak terdaftar, atau bila
`expect` tidak terpenuhi; menurun bila kurang dari `min_days` atau bila `expires_on` berbeda dari
tanggal registri. Bila registri tidak memberi tanggal, statusnya tidak diketahui, bukan normal:
tulis tanggalnya pada `expires_on`.
"""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
)

from monitor.checktype import CheckSpec
from monitor.fields import Duration, Host, Url, format_duration, shown
from monitor.fields.connecting import CaFile, MinTls, days_faults

if TYPE_CHECKING:
    from monitor.net.proxy import Proxy
    from monitor.net.tls import TlsSettings
    from monitor.probes.domain.judge import DomainConditions

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_LEAST_REFRESH, _MOST_REFRESH = timedelta(hours=1), timedelta(days=3)
_MOST_NAMES = 32

# RFC 5731, RFC 3915 and RFC 9083; the first two as EPP writes them.
_STATUSES = (
    *("active", "ok", "inactive", "linked", "associated", "validated", "locked", "private"),
    *("addPeriod", "autoRenewPeriod", "renewPeriod", "transferPeriod", "redemptionPeriod"),
    *("clientHold", "clientDeleteProhibited", "clientRenewProhibited"),
    *("clientTransferProhibited", "clientUpdateProhibited"),
    *("serverHold", "serverDeleteProhibited", "serverRenewProhibited"),
    *("serverTransferProhibited", "serverUpdateProhibited"),
    *("deleteProhibited", "renewProhibited", "transferProhibited", "updateProhibited"),
    *("pendingCreate", "pendingDelete", "pendingRenew", "pendingRestore"),
    *("pendingTransfer", "pendingUpdate"),
)


def _status(text: str) -> str:
    from monitor.net.rdap import status_key

    if status_key(text) not in map(status_key, _STATUSES):
        raise ValueError(
            f"{shown(text)} is no status of a domain: write one such as clientTransferProhibited"
        )
    return text


def _domain(name: str) -> str:
    if ":" in name or name.rpartition(".")[2].isdecimal():
        raise ValueError(f"{shown(name)} is an address, and no domain")
    if "." not in name:
        raise ValueError(f"{shown(name)} is no registered domain: it has one part only")
    return name


def _day(value: object) -> object:
    if isinstance(value, date):
        return value
    if not isinstance(value, str) or not _DAY.match(value):
        raise ValueError(f"{shown(value)} is no day: write it as 2027-03-01")
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise ValueError(f"{shown(value)} is not in the calendar") from None


Status = Annotated[str, AfterValidator(_status)]
RegisteredName = Annotated[Host, AfterValidator(_domain)]
Day = Annotated[date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]


class DomainExpectation(BaseModel):
    """What must be true of the registration, beyond being in force."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    statuses: tuple[Status, ...] = Field(
        default=(),
        max_length=_MOST_NAMES,
        description="Statuses that there must be, as EPP or RDAP writes them.",
    )
    not_statuses: tuple[Status, ...] = Field(
        default=(),
        max_length=_MOST_NAMES,
        description="Statuses that there must not be, beside those that are always down.",
    )
    nameservers: tuple[Host, ...] = Field(
        default=(),
        max_length=_MOST_NAMES,
        description="Exactly the name servers that the registry must have, in any order.",
    )
    registrar: str | None = Field(
        default=None,
        min_length=1,
        max_length=200,
        description="Text that must be part of the registrar's name, in any case.",
    )


class DomainSpec(CheckSpec):
    """Fields of a check of type `domain`."""

    domain: RegisteredName = Field(description="The domain as it is registered.")
    min_days: int = Field(
        default=30, ge=0, description="Degraded when it is registered for less than these days."
    )
    critical_days: int | None = Field(
        default=None,
        ge=0,
        description="The check fails when it is registered for less than these days.",
    )
    expires_on: Day | None = Field(
        default=None,
        description="Day on which it expires, such as 2027-03-01, where the registry does not say; "
        "degraded when the registry says another.",
    )
    rdap: bool = Field(
        default=True, description="Ask the registry. `false`: judge by `expires_on` alone."
    )
    rdap_server: Url | None = Field(
        default=None,
        description="Base URL of the RDAP server to ask. Default: that of the list that is "
        "shipped.",
    )
    refresh: Duration = Field(
        default=timedelta(hours=24),
        description="How often the registry is asked, from 1h to 3d. Default 24h.",
    )
    ip: Literal["any", "ip4", "ip6"] = Field(
        default="any", description="Address family in which to ask."
    )
    proxy: Url | None = Field(
        default=None, description="http URL of a forward proxy to go through."
    )
    ca_file: CaFile = None
    min_tls: MinTls = "TLS1.2"
    expect: DomainExpectation = Field(
        default=DomainExpectation(), description="Conditions on the registration."
    )

    def faults(self) -> Iterator[str]:
        yield from days_faults(self.min_days, self.critical_days)
        if not _LEAST_REFRESH <= self.refresh <= _MOST_REFRESH:
            yield f"refresh: {format_duration(self.refresh)} is not within 1h and 3d"
        if "?" in (self.rdap_server or ""):
            yield "rdap_server: a base URL has no query"
        if not self.rdap:
            yield from self._faults_by_hand()
        elif self.server is None:
            yield (
                f"domain: no RDAP server is known for {self.domain}: give rdap_server, or "
                "rdap: false and expires_on"
            )

    def _faults_by_hand(self) -> Iterator[str]:
        if self.expires_on is None:
            yield "rdap: false leaves nothing to judge: give expires_on"
        if self.rdap_server is not None:
            yield "rdap_server: rdap: false asks nobody"
        if self.expect != DomainExpectation():
            yield "expect: with rdap: false nobody tells"

    def target(self) -> str:
        return self.domain

    def probed(self) -> tuple[str, ...]:
        return ()

    def dialled_host(self) -> str | None:
        return None if self.server is None else urlsplit(self.proxy or self.server).hostname

    def warnings(self) -> tuple[str, ...]:
        if self.rdap_server is not None and self.rdap_server.startswith("http:"):
            return ("rdap_server: the registry is asked in the clear, over http",)
        return ()

    @cached_property
    def server(self) -> str | None:
        """The base URL of who is asked, None where nobody is."""
        from monitor.net.rdapservers import server_for, shipped

        if not self.rdap:
            return None
        return self.rdap_server or server_for(self.domain, shipped())

    @property
    def listed_at(self) -> str:
        """Of which day the list of servers is."""
        from monitor.net.rdapservers import shipped

        return shipped().published

    @cached_property
    def tls_settings(self) -> "TlsSettings":
        """How the server is spoken to."""
        from monitor.net.tls import TlsSettings

        return TlsSettings(ca_file=self.ca_file, min_tls=self.min_tls, alpn=("http/1.1",))

    @cached_property
    def through(self) -> "Proxy | None":
        """The proxy that is asked in place of the server."""
        from monitor.net.proxy import Proxy

        return None if self.proxy is None else Proxy(url=self.proxy)

    @cached_property
    def conditions(self) -> "DomainConditions":
        """What is expected, as it is judged."""
        from monitor.net.rdap import status_key
        from monitor.probes.domain.judge import DomainConditions

        return DomainConditions(
            min_days=self.min_days,
            critical_days=self.critical_days,
            stated=self.expires_on,
            statuses=tuple(map(status_key, self.expect.statuses)),
            not_statuses=tuple(map(status_key, self.expect.not_statuses)),
            name_servers=tuple(sorted(set(self.expect.nameservers))),
            registrar=self.expect.registrar,
            asks=self.rdap,
        )
