"""The keys of config/monitor.yaml: how the daemon itself runs."""

from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from monitor.configuration.entries import Entry
from monitor.configuration.names import Id, Zone
from monitor.fields import Duration, Endpoint, File, Url, shown
from monitor.fields.addresses import parse_endpoint, parse_url
from monitor.fields.context import context_of
from monitor.fields.durations import format_duration


def _with_port(endpoint: Endpoint) -> Endpoint:
    if endpoint.port is None:
        raise ValueError(f"{shown(str(endpoint))} has no port: write {endpoint.host}:8780")
    return endpoint


def _canary(value: object) -> str:
    if isinstance(value, str) and "://" in value:
        return parse_url(value)
    endpoint = parse_endpoint(value)
    if endpoint.port is None:
        raise ValueError(f"{shown(value)} is no canary: write host:port or a URL")
    return str(endpoint)


def _folder(value: object, info: ValidationInfo[Any]) -> Path:
    if not isinstance(value, str | Path) or not str(value) or "\0" in str(value):
        raise ValueError(f"{shown(value)} is no folder")
    folder = context_of(info).folder / value
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"{shown(str(value))} is no folder")
    return folder


# What is not sealed yet is never dropped, and a day that is being asked about should be whole.
_LEAST_KEPT = timedelta(days=2)

Listen = Annotated[Endpoint, AfterValidator(_with_port)]
Canary = Annotated[str, BeforeValidator(_canary), WithJsonSchema({"type": "string"})]
Folder = Annotated[Path, BeforeValidator(_folder), WithJsonSchema({"type": "string"})]


class ResolverSettings(Entry):
    """Who answers our own look-ups."""

    nameservers: tuple[Endpoint, ...] = Field(
        (), max_length=8, description="host[:port] of each; default: those of /etc/resolv.conf."
    )
    timeout: Duration = Field(
        timedelta(seconds=2), description="How long one nameserver may take. Default 2s."
    )


class SelfCheckSettings(Entry):
    """Whom the daemon asks whether it is itself offline."""

    targets: tuple[Canary, ...] = Field(
        (),
        max_length=16,
        description="host:port or URL of canaries that are up when our own network is; "
        "default: the default gateway and our resolver.",
    )
    require: int = Field(1, ge=1, description="How many of them must answer. Default 1.")

    @model_validator(mode="after")
    def _attainable(self) -> Self:
        if self.require > max(1, len(self.targets)):
            raise ValueError(f"require: {self.require} is over the {len(self.targets)} targets")
        return self


class Limits(Entry):
    """What the daemon may take of its host."""

    concurrency: int = Field(
        4000,
        ge=1,
        le=50_000,
        description="Probes that may run at the same time, as far as file descriptors reach. "
        "Default 4000: many, so that slow targets delay no others.",
    )


class Retention(Entry):
    """How long the store keeps what."""

    samples: Duration = Field(
        timedelta(days=400),
        description="How long single samples are kept. What is known of each hour, incidents and "
        "the ledger are kept for ever. Default 400d.",
    )

    @field_validator("samples")
    @classmethod
    def _long_enough(cls, kept: timedelta) -> timedelta:
        if kept < _LEAST_KEPT:
            raise ValueError(f"{format_duration(kept)} is too short: keep them for 2d at least")
        return kept


class ProbeSettings(Entry):
    """The interface of blackbox_exporter under /probe."""

    enabled: bool = Field(
        default=False, description="Whether to serve /probe, /config, /logs and /probes."
    )
    modules: str = Field(
        "config/blackbox.yml",
        min_length=1,
        description="File of its modules, in blackbox_exporter's form; a relative path begins "
        "beside checks.yaml. Default config/blackbox.yml.",
    )
    targets: Literal["configured", "any"] = Field(
        "configured",
        description="What may be probed: the targets of enabled checks only (the default), or "
        "any, which takes a credential unless listen is on loopback.",
    )
    concurrency: int = Field(
        200, ge=1, le=1000, description="Probes asked for that may run at once. Default 200."
    )
    rate: int = Field(
        200,
        ge=1,
        le=1000,
        description="Probes that may be asked for in a second; twice as many in a burst. "
        "Default 200.",
    )


def _witness(vkey: str) -> str:
    from monitor.ledger.witness import Witness  # only who has a witness pays for it

    Witness.parse(vkey)
    return vkey


class WitnessSettings(Entry):
    """Who cosigns the ledger."""

    url: Url = Field(description="Where it takes checkpoints, without add-checkpoint at the end.")
    key: Annotated[str, AfterValidator(_witness)] = Field(
        description="Its public key: NAME+HASH+KEY, of type 4."
    )


class LedgerSettings(Entry):
    """The ledger."""

    witness: WitnessSettings | None = Field(
        None, description="A witness that cosigns checkpoints (c2sp.org/tlog-witness)."
    )


class MonitorSettings(Entry):
    """The daemon."""

    version: Literal[1] = Field(1, description="Version of this form of configuration.")
    listen: Listen = Field(
        Endpoint("127.0.0.1", 8780),
        description="host:port of everything it serves. Default 127.0.0.1:8780.",
    )
    public_listen: Listen | None = Field(
        None, description="host:port that serves the public pages only. Default: none."
    )
    external_url: Url | None = Field(
        None,
        description="Where people reach its pages; alerts link there, and a proxy may call us by "
        "this name where no password is asked for.",
    )
    data_dir: Folder = Field(
        Path("data"),
        validate_default=True,
        description="Folder of its database. Default data, beside checks.yaml.",
    )
    vantage: Id = Field("utama", description="Name of the place where probes run. Default utama.")
    zone: Zone = Field(
        "Asia/Makassar", description="IANA time zone that people read. Default Asia/Makassar."
    )
    language: Literal["id", "en"] = Field(
        "id", description="Language of alerts and pages. Default id."
    )
    resolver: ResolverSettings = Field(
        ResolverSettings(), description="Nameservers for our own look-ups, and how long they have."
    )
    self_check: SelfCheckSettings = Field(
        SelfCheckSettings(), description="Whom to ask whether we are the ones who are offline."
    )
    retention: Retention = Field(Retention(), description="How long what was recorded is kept.")
    ledger: LedgerSettings = Field(LedgerSettings(), description="Who stands for the ledger.")
    limits: Limits = Field(Limits(), description="What it may take of its host.")
    web_config_file: File | None = Field(
        None,
        description="Users, TLS and client certificates, in the form of the exporter-toolkit.",
    )
    probe: ProbeSettings = Field(ProbeSettings(), description="The interface of blackbox_exporter.")

    @field_validator("external_url")
    @classmethod
    def _without_slash(cls, url: str | None) -> str | None:
        if url is not None and "?" in url:
            raise ValueError(f"{shown(url)}: leave out the part from ? on")
        return url and url.rstrip("/")

    @model_validator(mode="after")
    def _guarded(self) -> Self:
        if not is_loopback(self.listen.host) and self.web_config_file is None:
            raise ValueError(
                f"listen: {self.listen} is open to others without credentials: set "
                "web_config_file, or listen on 127.0.0.1"
            )
        if self.public_listen == self.listen:
            raise ValueError(f"public_listen: {self.listen} is the address of listen as well")
        return self


def is_loopback(host: str) -> bool:
    """Say whether `host` (as `parse_host` returns it) stays on this machine by its mere form."""
    try:
        address = ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)
