"""The keys of checks that may speak TLS from the first byte: whom to trust, and what to show."""

from collections.abc import Iterator
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from monitor.fields.addresses import Host
from monitor.fields.files import File

_ABOUT_TLS = ("server_name", "ca_file", "client_cert_file", "client_key_file")


class TlsKeys(BaseModel):
    """How to make the handshake, and over which addresses. A type says whether it is `secure`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    server_name: Host | None = Field(
        default=None,
        description="Name to ask for (SNI) and to find in the certificate. Default: the host.",
    )
    ca_file: File | None = Field(
        default=None,
        description="PEM file of the authorities to trust, in place of the system's.",
    )
    client_cert_file: File | None = Field(
        default=None, description="PEM file of the certificate that the daemon shows."
    )
    client_key_file: File | None = Field(
        default=None,
        description="PEM file of its key; may be left out when it is in the same file.",
    )
    min_tls: Literal["TLS1.0", "TLS1.1", "TLS1.2", "TLS1.3"] = Field(
        default="TLS1.2", description="Oldest version of TLS to accept."
    )
    insecure: bool = Field(
        default=False, description="Don't verify the certificate. Shown in every output."
    )
    min_days: int = Field(
        default=14,
        ge=0,
        description="Degraded when the certificate chain is good for less than these days.",
    )
    critical_days: int | None = Field(
        default=None,
        ge=0,
        description="The check fails when the chain is good for less than these days.",
    )
    ip: Literal["any", "ip4", "ip6", "both"] = Field(
        default="any", description="Address family to use; `both`: each must pass."
    )

    @property
    def secure(self) -> bool:
        """Whether TLS is spoken."""
        raise NotImplementedError

    def faults(self) -> Iterator[str]:
        if not self.secure:
            for key in _ABOUT_TLS:
                if getattr(self, key) is not None:
                    yield f"{key}: there is no certificate without TLS"
            if self.insecure:
                yield "insecure: there is no certificate to verify without TLS"
        if self.client_key_file is not None and self.client_cert_file is None:
            yield "client_key_file: give client_cert_file, too"
        if self.critical_days is not None and self.critical_days > self.min_days:
            yield f"critical_days: {self.critical_days} is more than min_days, {self.min_days}"
