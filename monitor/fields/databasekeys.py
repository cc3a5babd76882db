"""The keys that checks of databases and directories share, whatever protocol they speak."""

from collections.abc import Iterator
from functools import cached_property
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from monitor.fields.addresses import Endpoint, Host, Port
from monitor.fields.durations import Duration
from monitor.fields.tlskeys import TlsKeys

Security = Literal["none", "starttls", "implicit"]


class DatabaseExpectation(BaseModel):
    """What must be true of any of these servers."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_duration: Duration | None = Field(
        default=None, description="The check fails when it takes longer than this."
    )

    @property
    def max_seconds(self) -> float | None:
        """The bound in seconds, None without one."""
        return None if self.max_duration is None else self.max_duration.total_seconds()


class Place(BaseModel):
    """Where the server is, and when TLS begins."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: Host = Field(description="Name or IP address to connect to.")
    port: Port | None = Field(
        default=None, description="TCP port. Default: the protocol's own for that `tls`."
    )
    tls: Security | None = Field(
        default=None,
        description="`none`: everything stays in the clear. `starttls`: TLS is asked for, and must "
        "be there. `implicit`: it comes first. Default: `none`, but on a port that is for TLS.",
    )


class DatabaseKeys(TlsKeys, Place):
    """How a server is reached, and whether a password may go there.

    Each type sets `protocol` and the ports in the clear and where TLS comes first, adds its own
    `login`, and says by `logs_in` whether there is one.
    """

    protocol: ClassVar[str]
    ports: ClassVar[tuple[int, int]]

    insecure_login: bool = Field(
        default=False,
        description="Send the password even in the clear, or to who shows any certificate.",
    )

    @property
    def logs_in(self) -> bool:
        """Whether a password is sent."""
        raise NotImplementedError

    @property
    def secure(self) -> bool:
        return self.security != "none"

    def faults(self) -> Iterator[str]:
        yield from super().faults()
        if self.logs_in and not self.insecure_login:
            if not self.secure:
                yield (
                    "login: in the clear the password could be read by others: set tls, or "
                    "insecure_login: true"
                )
            if self.insecure:
                yield "login: with insecure: true anybody could ask for the password"

    def target(self) -> str:
        return str(Endpoint(self.host, self.dialled_port))

    def dialled_host(self) -> str:
        return self.host

    def warnings(self) -> tuple[str, ...]:
        found = []
        if self.insecure:
            found.append("insecure: the certificate is not verified")
        if self.logs_in and not self.secure:
            found.append("login: the password may be sent in the clear")
        return tuple(found)

    @cached_property
    def security(self) -> Security:
        """When TLS begins."""
        if self.tls is not None:
            return self.tls
        in_the_clear, over_tls = self.ports
        return "implicit" if self.port == over_tls != in_the_clear else "none"

    @cached_property
    def dialled_port(self) -> int:
        """The port to connect to."""
        return self.port or self.ports[self.security == "implicit"]
