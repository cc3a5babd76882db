"""Make a TLS handshake, and look at the certificate.

```yaml
- id: portal-tls
  service: portal
  type: tls
  host: portal.example.go.id
  min_days: 21
```

The check is up when the chain is trusted, has not expired and bears the right name. It is
degraded (`expires_soon`) when the chain is good for less than `min_days` more days, and fails
below `critical_days`. All faults of a refused certificate are told at once, and its dates and
names are reported all the same. Whatever stands under `expect` fails the check; give policies
about versions and ciphers a check of their own with `affects: security`, so that they are no
downtime.

`starttls` begins in the clear and asks for TLS in the words of a protocol: `smtp`, `imap`,
`pop3`, `ftp`, `postgres`, `mysql`, `ldap`, `xmpp` or `sieve`. The port is then the protocol's own
unless it is given. A server that does not offer TLS, refuses it, or says anything more in the
clear after agreeing fails with `starttls`. MySQL and MariaDB count a visitor who does not log in
as a connection error, and block a host after `max_connect_errors` of them in a row: raise it, or
let `skip_name_resolve` turn that off.

`expect.minimum` and `expect.strong_ciphers` ask the server for older versions and for weak
ciphers, which costs up to four and up to six short connections. A question without an answer is
shown and proves nothing.

`ocsp: responder` asks the authority named in the certificate whether it was revoked;
`ocsp: staple` looks at what the server sends along, on a second connection. Revoked is down. An
answer that does not come, is out of date or is signed by somebody else is only shown, unless
`ocsp_required` makes it degraded; a certificate that demands stapling must have it. An answer that
does not say when the next is due is out of date after a day. A good one is asked for again after
an hour at most. The responder may lie no further inward than the target.

`on_change: degraded` tells for `change_window` of a certificate that was not seen before, with old
and new fingerprint and issuer. With `expect.issuer` a renewal by that issuer tells nothing, if its
key is no weaker than that of the certificate that it replaces.

`caa: true` looks up which authorities the DNS allows for the name; the check is degraded when the
issuer is none of them. Of an authority that Pantau does not know nothing is concluded, unless
`caa_domains` names the domains that stand for it.

Bahasa Indonesia

Pemeriksaan ini membuka sambungan TLS dan menilai sertifikatnya. *Gangguan* bila sertifikat sudah
kedaluwarsa, dicabut, bukan untuk nama itu, atau penerbitnya tidak dipercaya, bila masa berlakunya
kurang dari `critical_days` hari, atau bila satu syarat di `expect` tidak terpenuhi. *Menurun* bila
masa berlakunya kurang dari `min_days` hari, dan, bila diminta, bila status pencabutannya tidak
dapat diketahui (`ocsp_required`), sertifikatnya baru saja berganti (`on_change`), atau penerbitnya
tidak diizinkan dalam DNS (`caa`).
"""

import re
from collections.abc import Iterator
from datetime import timedelta
from functools import cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from monitor.checktype import CheckSpec
from monitor.domain.hostname import parse_host
from monitor.fields import Duration, Endpoint, Host, Pattern, Port, shown
from monitor.fields.connecting import (
    CaFile,
    ClientCertFile,
    ClientKeyFile,
    CriticalDays,
    IpFamily,
    MinDays,
    MinTls,
    TlsVersion,
    client_faults,
    days_faults,
)

if TYPE_CHECKING:
    from monitor.conditions.certificate import CertificateConditions
    from monitor.net.starttls import StartTls
    from monitor.net.tls import TlsSettings

_FINGERPRINT = re.compile(r"[0-9a-f]{64}\Z")
_HTTPS = 443


def _fingerprint(text: str) -> str:
    plain = text.lower().removeprefix("sha256:").replace(":", "")
    if not _FINGERPRINT.match(plain):
        raise ValueError(
            f"{shown(text)} is no SHA-256 fingerprint: write its 64 hex digits, with or without "
            "colons"
        )
    return plain


Fingerprint = Annotated[str, AfterValidator(_fingerprint)]


class TlsExpectation(BaseModel):
    """What must be true of the certificate, beyond being trusted, and of the server."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Host | None = Field(
        default=None,
        description="Name that must be in the certificate. Default: `server_name`, else `host`.",
    )
    issuer: str | None = Field(
        default=None,
        min_length=1,
        max_length=200,
        description="Text that must be part of the issuer, in any case, such as `Let's Encrypt`.",
    )
    issuer_matches: Pattern | None = Field(
        default=None,
        description="RE2 expression that must match the issuer, `CN=R11,O=Let's Encrypt,C=US`.",
    )
    fingerprints: tuple[Fingerprint, ...] = Field(
        default=(),
        max_length=20,
        description="SHA-256 fingerprints, in hex, of which the certificate must have one.",
    )
    min_key_bits: int | None = Field(
        default=None,
        ge=1024,
        le=16_384,
        description="Smallest key, in bits of RSA. P-256 and Ed25519 count as 3072, P-384 as 7680.",
    )
    strong_signature: bool = Field(
        default=True, description="Refuse signatures that rest on MD5 or SHA-1."
    )
    chain: Literal["any", "complete"] = Field(
        default="any",
        description="`complete`: the server must send every intermediate, in order.",
    )
    minimum: TlsVersion | None = Field(
        default=None, description="Oldest version of TLS that the server may accept of anybody."
    )
    strong_ciphers: bool = Field(
        default=False,
        description="The server must refuse ciphers without encryption or authentication, export "
        "ciphers, RC4, DES and 3DES.",
    )


class TlsSpec(CheckSpec):
    """Fields of a check of type `tls`."""

    host: Host = Field(description="Name or IP address to connect to.")
    port: Port | None = Field(
        default=None, description="TCP port. Default: 443, with `starttls` the protocol's own."
    )
    starttls: (
        Literal["smtp", "imap", "pop3", "ftp", "postgres", "mysql", "ldap", "xmpp", "sieve"] | None
    ) = Field(default=None, description="Protocol in which to ask for TLS first.")
    server_name: Host | None = Field(
        default=None, description="Name to ask for (SNI). Default: `host`."
    )
    ca_file: CaFile = None
    client_cert_file: ClientCertFile = None
    client_key_file: ClientKeyFile = None
    min_tls: MinTls = "TLS1.2"
    max_tls: TlsVersion | None = Field(
        default=None, description="Newest version of TLS to offer. Default: the newest there is."
    )
    min_days: MinDays = 14
    critical_days: CriticalDays = None
    ip: IpFamily = "any"
    addresses: Literal["one", "all"] = Field(
        default="one", description="`all`: every address of the name must pass, up to 32 of them."
    )
    ocsp: Literal[False, "responder", "staple"] = Field(
        default=False,
        description="Where to learn whether the certificate was revoked. `staple` needs the extra "
        "`stapling`.",
    )
    ocsp_required: bool = Field(default=False, description="Degraded when that can't be learned.")
    on_change: Literal["ignore", "degraded"] = Field(
        default="ignore", description="What a certificate means that was not seen before."
    )
    change_window: Duration = Field(
        default=timedelta(hours=1), description="How long a change is told. Default 1h."
    )
    caa: bool = Field(
        default=False, description="Degraded when the DNS does not allow the issuer (CAA)."
    )
    caa_domains: tuple[Host, ...] = Field(
        default=(), max_length=20, description="Domains that stand for the issuer in CAA records."
    )
    expect: TlsExpectation = Field(
        default=TlsExpectation(), description="Conditions on the certificate and the server."
    )

    def faults(self) -> Iterator[str]:
        yield from client_faults(self.client_cert_file, self.client_key_file)
        if self.max_tls is not None and self.max_tls < self.min_tls:
            yield f"max_tls: {self.max_tls} is older than min_tls, {self.min_tls}"
        yield from days_faults(self.min_days, self.critical_days)
        if self.addresses == "all" and self.ip == "both":
            yield "addresses: all looks at both families by itself: leave out ip: both"
        if self.ocsp_required and not self.ocsp:
            yield "ocsp_required: give ocsp, too"
        if self.ocsp == "staple" and find_spec("OpenSSL") is None:
            yield "ocsp: staple needs an extra package: pip install 'pantau[stapling]'"
        if self.caa and not self._has_name():
            yield "caa: an IP address has no CAA records: give server_name"
        if self.caa_domains and not self.caa:
            yield "caa_domains: give caa: true, too"

    def _has_name(self) -> bool:
        name = parse_host(self.asked_name)
        return ":" not in name and not name.rpartition(".")[2].isdecimal()

    def target(self) -> str:
        return str(Endpoint(self.host, self.dialled_port))

    def dialled_host(self) -> str:
        return self.host

    @property
    def asked_name(self) -> str:
        """The host that the certificate is asked for."""
        return self.server_name or self.host

    @cached_property
    def protocol(self) -> "StartTls | None":
        """In what to ask for TLS; None where the handshake comes first."""
        from monitor.net.starttls import StartTls

        return None if self.starttls is None else StartTls(self.starttls)

    @cached_property
    def dialled_port(self) -> int:
        """The port to connect to."""
        if self.port is not None:
            return self.port
        if self.starttls is None:
            return _HTTPS
        from monitor.net.starttls import PORTS, StartTls

        return PORTS[StartTls(self.starttls)]

    @cached_property
    def tls_settings(self) -> "TlsSettings":
        """How to make the handshake."""
        from monitor.net.tls import TlsSettings

        return TlsSettings(
            ca_file=self.ca_file,
            client_cert_file=self.client_cert_file,
            client_key_file=self.client_key_file,
            min_tls=self.min_tls,
            max_tls=self.max_tls,
            check_name=self.expect.name is None,
            server_name=self.server_name,
        )

    @cached_property
    def conditions(self) -> "CertificateConditions":
        """What to expect of a certificate that is trusted."""
        from monitor.conditions.certificate import CertificateConditions

        expect = self.expect
        return CertificateConditions(
            name=expect.name,
            issuer=expect.issuer,
            issuer_matches=expect.issuer_matches,
            fingerprints=expect.fingerprints,
            min_key_bits=expect.min_key_bits,
            strong_signature=expect.strong_signature,
            complete_chain=expect.chain == "complete",
            minimum=expect.minimum,
            min_days=self.min_days,
            critical_days=self.critical_days,
            stapled=self.ocsp == "staple",
            ocsp_required=self.ocsp_required,
        )
