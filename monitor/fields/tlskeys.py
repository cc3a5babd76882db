"""The keys of checks that may speak TLS from the first byte: whom to trust, and what to show."""

from collections.abc import Iterator

from pydantic import BaseModel, ConfigDict, Field

from monitor.fields.addresses import Host
from monitor.fields.connecting import (
    CaFile,
    ClientCertFile,
    ClientKeyFile,
    CriticalDays,
    IpFamily,
    MinDays,
    MinTls,
    client_faults,
    days_faults,
)

_ABOUT_TLS = ("server_name", "ca_file", "client_cert_file", "client_key_file")


class TlsKeys(BaseModel):
    """How to make the handshake, and over which addresses. A type says whether it is `secure`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    server_name: Host | None = Field(
        default=None,
        description="Name to ask for (SNI) and to find in the certificate. Default: the host.",
    )
    ca_file: CaFile = None
    client_cert_file: ClientCertFile = None
    client_key_file: ClientKeyFile = None
    min_tls: MinTls = "TLS1.2"
    insecure: bool = Field(
        default=False, description="Don't verify the certificate. Shown in every output."
    )
    min_days: MinDays = 14
    critical_days: CriticalDays = None
    ip: IpFamily = "any"

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
        yield from client_faults(self.client_cert_file, self.client_key_file)
        yield from days_faults(self.min_days, self.critical_days)
