"""The keys that types which connect have in common: families, TLS, and how long it is good for."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from monitor.fields.files import File

TlsVersion = Literal["TLS1.0", "TLS1.1", "TLS1.2", "TLS1.3"]

IpFamily = Annotated[
    Literal["any", "ip4", "ip6", "both"],
    Field(description="Address family to use; `both`: each must pass."),
]
CaFile = Annotated[
    File | None,
    Field(description="PEM file of the authorities to trust, in place of the system's."),
]
ClientCertFile = Annotated[
    File | None, Field(description="PEM file of the certificate that the daemon shows.")
]
ClientKeyFile = Annotated[
    File | None,
    Field(description="PEM file of its key; may be left out when it is in the same file."),
]
MinTls = Annotated[TlsVersion, Field(description="Oldest version of TLS to accept.")]
MinDays = Annotated[
    int,
    Field(
        ge=0, description="Degraded when the certificate chain is good for less than these days."
    ),
]
CriticalDays = Annotated[
    int | None,
    Field(ge=0, description="The check fails when the chain is good for less than these days."),
]


def client_faults(certificate: Path | None, key: Path | None) -> Iterator[str]:
    """Yield what is wrong with `client_cert_file` and `client_key_file` together."""
    if key is not None and certificate is None:
        yield "client_key_file: give client_cert_file, too"


def days_faults(min_days: int, critical_days: int | None) -> Iterator[str]:
    """Yield what is wrong with `min_days` and `critical_days` together."""
    if critical_days is not None and critical_days > min_days:
        yield f"critical_days: {critical_days} is more than min_days, {min_days}"
