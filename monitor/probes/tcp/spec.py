r"""Open a TCP connection, and hold a conversation over it if asked to.

```yaml
- id: mail-banner
  service: email
  type: tcp
  host: mail.example.go.id
  port: 25
  dialogue:
    - expect: "^220 (?P<name>\\S+)"
      send: "EHLO pantau.invalid\r\n"
    - expect: "^250[ -]STARTTLS"
      send: "STARTTLS\r\n"
    - expect: "^220 "
      starttls: true
    - send: "QUIT\r\n"
```

The check is up when the connection opens (with `tls: true`, when the handshake succeeds as well)
and everything that is expected comes. The certificate must be trusted and bear the host's name,
be TLS there from the start or by a step with `starttls`; `expect.min_days` makes the check
degraded before it ends.

Short conversations need two keys: `send` goes out once connected, and `expect.receive_matches` is
tried on all that came so far, at most 16 KB of it. Longer ones are steps of `dialogue`, each of
which waits, then sends, then may go over to TLS. `expect` passes lines over until one matches,
`expect_bytes` and `expect_hex` want exactly these bytes next. A step that hears something else
fails the check with `banner`, or with `starttls` where it asked for TLS; so does more in the clear
behind the agreement to TLS, which somebody may have slipped in. At most 10,000 lines and 1 MB are
read.

What is sent goes out as it is written: end it with `\r\n` where a protocol wants lines, in double
quotes. In a dialogue `${name}` and `${1}` stand for groups of an `expect` before, names for the
rest of the conversation and numbers until the next one; `$$` is a dollar. What the groups held is
shown. `secrets` gives texts that are sent in the same way, and are shown nowhere:

```yaml
- id: cache-ping
  service: portal
  type: tcp
  host: 10.0.0.9
  port: 6379
  secrets:
    password: {file: /etc/pantau/cache.password}
  dialogue:
    - send: "AUTH ${password}\r\n"
    - expect: "^\\+OK"
      send: "PING\r\n"
    - expect: "^\\+PONG"
```

Bahasa Indonesia

Membuka sambungan TCP dan, bila diminta, bercakap-cakap langkah demi langkah: menunggu baris yang
cocok, mengirim teks, beralih ke TLS. Gangguan bila sambungan ditolak, sertifikat tidak sah, atau
jawaban tidak sesuai. Menurun bila sertifikat hampir habis masa berlakunya (`expect.min_days`).
"""

import re
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from monitor.checktype import CheckSpec
from monitor.fields import Duration, Endpoint, Host, Pattern, Port, Secret, shown
from monitor.fields.connecting import (
    CaFile,
    ClientCertFile,
    ClientKeyFile,
    IpFamily,
    MinTls,
    client_faults,
)

if TYPE_CHECKING:
    from monitor.net.tls import TlsSettings

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_LONGEST_TEXT = 4096
_MOST_STEPS = 50


def _hexadecimal(text: str) -> str:
    try:
        bytes.fromhex(text)
    except ValueError:
        raise ValueError(
            f"{shown(text)} is no hexadecimal text: write 00 ff 1b, in quotes"
        ) from None
    return text


def _secret_name(name: str) -> str:
    if not _NAME.match(name):
        raise ValueError(f"{shown(name)} is no name to stand in ${{…}}: letters, digits and _")
    return name


Text = Annotated[str, Field(max_length=_LONGEST_TEXT)]
Hexadecimal = Annotated[str, Field(max_length=2 * _LONGEST_TEXT), AfterValidator(_hexadecimal)]
SecretName = Annotated[str, AfterValidator(_secret_name)]


class TcpStep(BaseModel):
    """A step of a dialogue: wait, then send, then go over to TLS."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    expect: Pattern | None = Field(
        default=None, description="RE2 expression that a line must match; others are passed over."
    )
    expect_bytes: Text | None = Field(
        default=None, min_length=1, description="Text that must come next, to the byte (UTF-8)."
    )
    expect_hex: Hexadecimal | None = Field(
        default=None, min_length=1, description="Bytes that must come next, such as `00 ff`."
    )
    send: Text | None = Field(
        default=None, description="Text to send, with `${name}` for a group or a secret."
    )
    send_hex: Hexadecimal | None = Field(
        default=None, description="Bytes to send, such as `00 ff`."
    )
    starttls: bool = Field(default=False, description="Make a TLS handshake then.")

    @model_validator(mode="after")
    def _goes_together(self) -> Self:
        for keys in (("expect", "expect_bytes", "expect_hex"), ("send", "send_hex")):
            given = [key for key in keys if getattr(self, key) is not None]
            if len(given) > 1:
                raise ValueError(f"{given[1]}: {given[0]} stands there already: make two steps")
        if not self.model_fields_set:
            raise ValueError("a step expects, sends, or makes a handshake")
        return self

    @property
    def octets(self) -> bytes:
        """The bytes that must come next, b"" for none in particular."""
        if self.expect_hex is not None:
            return bytes.fromhex(self.expect_hex)
        return (self.expect_bytes or "").encode(errors="replace")


class TcpExpectation(BaseModel):
    """What must be true of the answer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    receive_matches: Pattern | None = Field(
        default=None, description="RE2 expression that must match what the target sends."
    )
    max_duration: Duration | None = Field(
        default=None, description="The check fails when it takes longer than this."
    )
    min_days: int | None = Field(
        default=None,
        ge=0,
        description="Degraded when the certificate chain is good for less than these days.",
    )


class TcpSpec(CheckSpec):
    """Fields of a check of type `tcp`."""

    host: Host = Field(description="Name or IP address to connect to.")
    port: Port = Field(description="TCP port.")
    send: Text | None = Field(
        default=None, description="Text to send once connected, exactly as written."
    )
    dialogue: tuple[TcpStep, ...] = Field(
        default=(), max_length=_MOST_STEPS, description="Steps of a conversation, in their order."
    )
    secrets: dict[SecretName, Secret] = Field(
        default={}, max_length=10, description="Secrets by the names that `send` gives them."
    )
    tls: bool = Field(default=False, description="Make a TLS handshake first.")
    ca_file: CaFile = None
    client_cert_file: ClientCertFile = None
    client_key_file: ClientKeyFile = None
    server_name: Host | None = Field(
        default=None,
        description="Name to ask for (SNI), and to be in the certificate. Default: `host`.",
    )
    min_tls: MinTls = "TLS1.2"
    insecure: bool = Field(
        default=False, description="Do not verify the certificate. Shown in every output."
    )
    ip: IpFamily = "any"
    expect: TcpExpectation = Field(
        default=TcpExpectation(), description="Conditions on the answer."
    )

    def faults(self) -> Iterator[str]:
        if self.dialogue and self.send is not None:
            yield "send: goes into the steps of dialogue"
        if self.dialogue and self.expect.receive_matches is not None:
            yield "expect.receive_matches: goes into the steps of dialogue, as expect"
        handshakes = self.tls + sum(step.starttls for step in self.dialogue)
        if handshakes > 1:
            yield "dialogue: TLS is there already: take out starttls, or tls"
        if not handshakes:
            yield from self._faults_without_tls()
        yield from client_faults(self.client_cert_file, self.client_key_file)
        yield from self._unknown_names()

    def _faults_without_tls(self) -> Iterator[str]:
        keys = ("ca_file", "client_cert_file", "client_key_file", "server_name", "insecure")
        for key in keys:
            if getattr(self, key):
                yield f"{key}: give tls: true, or a step with starttls, too"
        if self.expect.min_days is not None:
            yield "expect.min_days: give tls: true, or a step with starttls, too"

    def _unknown_names(self) -> Iterator[str]:
        """Yield what is wrong with the places that `send` of a step wants filled in."""
        from monitor.conditions.expansion import names_in

        known: set[int | str] = set(self.secrets)
        wanted: set[int | str] = set()
        for number, step in enumerate(self.dialogue, start=1):
            if step.expect is not None:
                names = step.expect.group_names
                if taken := sorted(name for name in self.secrets if name in names):
                    yield f"secrets: step {number} of dialogue has a group {taken[0]}, too"
                known = {*(name for name in known if isinstance(name, str)), *names}
            for name in names_in(step.send or ""):
                if name not in known:
                    yield (
                        f"dialogue: step {number} sends ${{{name}}}, but no expect before has such "
                        "a group, and no secret that name; $$ is a dollar"
                    )
                wanted.add(name)
        for name in self.secrets.keys() - wanted:
            yield f"secrets: no step of dialogue sends ${{{name}}}"

    def target(self) -> str:
        return str(Endpoint(self.host, self.port))

    def dialled_host(self) -> str:
        return self.host

    def warnings(self) -> tuple[str, ...]:
        found = []
        if self.insecure:
            found.append("insecure: the certificate is not verified")
        if self._secret_in_the_clear():
            found.append("secrets: one is sent in the clear, without TLS")
        return tuple(found)

    def _secret_in_the_clear(self) -> bool:
        from monitor.conditions.expansion import names_in

        if self.tls:
            return False
        for step in self.dialogue:
            if self.secrets.keys() & set(names_in(step.send or "")):
                return True
            if step.starttls:
                return False
        return False

    @property
    def speaks_tls(self) -> bool:
        """Whether a handshake is made, now or later."""
        return self.tls or any(step.starttls for step in self.dialogue)

    @cached_property
    def tls_settings(self) -> "TlsSettings":
        """How to make the handshake, where one is made."""
        from monitor.net.tls import TlsSettings

        return TlsSettings(
            ca_file=self.ca_file,
            client_cert_file=self.client_cert_file,
            client_key_file=self.client_key_file,
            server_name=self.server_name,
            min_tls=self.min_tls,
            insecure=self.insecure,
        )
