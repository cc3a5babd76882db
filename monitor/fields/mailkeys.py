"""The keys that checks of mail servers share, whatever protocol they speak."""

from collections.abc import Iterator
from functools import cached_property
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from monitor.fields.addresses import Endpoint, Host, Port
from monitor.fields.connecting import CaFile, CriticalDays, IpFamily, MinDays, MinTls, days_faults
from monitor.fields.durations import Duration
from monitor.fields.patterns import Pattern
from monitor.fields.secrets import Secret

Security = Literal["none", "starttls", "implicit"]
Offer = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[!-~]+( [!-~]+)*$")]

# Where each protocol is found in the clear, and where TLS comes first (RFC 8314).
_PORTS = {"smtp": (25, 465), "imap": (143, 993), "pop3": (110, 995)}


class MailLogin(BaseModel):
    """Who logs in, to see whether that works. Give an account that can do nothing else."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    username: str = Field(
        min_length=1, max_length=255, pattern=r"^[^\x00-\x1f\x7f]+$", description="User name."
    )
    password: Secret = Field(description="Password.")


class MailExpectation(BaseModel):
    """What must be true of a mail server."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    banner_matches: Pattern | None = Field(
        default=None, description="RE2 expression that must match what the server greets with."
    )
    offers: tuple[Offer, ...] = Field(
        default=(),
        max_length=20,
        description="What the server must list among what it can do, such as `SIZE`, `IDLE` or "
        "`AUTH PLAIN`; over TLS where TLS is spoken.",
    )
    no_clear_login: bool = Field(
        default=False,
        description="Before TLS the server must offer no login with a readable password.",
    )
    max_duration: Duration | None = Field(
        default=None, description="The check fails when it takes longer than this."
    )


class MailKeys(BaseModel):
    """Where the server is, how TLS begins, and who logs in. `protocol` is set by each type."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    protocol: ClassVar[Literal["smtp", "imap", "pop3"]]
    implicit_first: ClassVar[bool] = True

    host: Host = Field(description="Name or IP address to connect to.")
    port: Port | None = Field(
        default=None, description="TCP port. Default: the protocol's own for that `tls`."
    )
    tls: Security | None = Field(
        default=None,
        description="`implicit`: TLS comes first. `starttls`: it is asked for, and must be there. "
        "`none`: everything stays in the clear. Default: what the port is for.",
    )
    server_name: Host | None = Field(
        default=None,
        description="Name to ask for (SNI) and to find in the certificate. Default: `host`.",
    )
    ca_file: CaFile = None
    min_tls: MinTls = "TLS1.2"
    insecure: bool = Field(
        default=False, description="Don't verify the certificate. Shown in every output."
    )
    min_days: MinDays = 14
    critical_days: CriticalDays = None
    ip: IpFamily = "any"
    login: MailLogin | None = Field(default=None, description="Log in, and out again.")
    insecure_login: bool = Field(
        default=False,
        description="Send the password even in the clear, or to who shows any certificate.",
    )
    expect: MailExpectation = Field(
        default=MailExpectation(), description="Conditions on the server."
    )

    def faults(self) -> Iterator[str]:
        yield from days_faults(self.min_days, self.critical_days)
        if self.login is not None and not self.insecure_login:
            if self.security == "none":
                yield "login: with tls: none the password could be read by others: use starttls"
            if self.insecure:
                yield "login: with insecure: true anybody could ask for the password"
        if self.security == "implicit" and self.expect.no_clear_login:
            yield "expect.no_clear_login: with tls: implicit nothing is said in the clear"

    def target(self) -> str:
        return str(Endpoint(self.host, self.dialled_port))

    def dialled_host(self) -> str:
        return self.host

    def warnings(self) -> tuple[str, ...]:
        found = []
        if self.insecure and self.security != "none":
            found.append("insecure: the certificate is not verified")
        if self.login is not None and self.security == "none":
            found.append("login: the password is sent in the clear")
        return tuple(found)

    @cached_property
    def security(self) -> Security:
        """When TLS begins."""
        if self.tls is not None:
            return self.tls
        if self.port is None:
            return "implicit" if self.implicit_first else "starttls"
        return "implicit" if self.port == _PORTS[self.protocol][1] else "starttls"

    @cached_property
    def dialled_port(self) -> int:
        """The port to connect to."""
        return self.port or _PORTS[self.protocol][self.security == "implicit"]
