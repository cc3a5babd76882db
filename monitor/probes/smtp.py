r"""Visit an SMTP server: greeting, what it offers, TLS, and whether it would take a message.

```yaml
- id: mail-smtp
  service: email
  type: smtp
  host: mail.example.go.id
  rcpt_to: pengaduan@example.go.id
  expect: {offers: [SIZE]}
```

On port 25 the visit begins in the clear, and STARTTLS must be offered and lead to TLS; so it does
on 587. With `tls: implicit`, or on port 465, TLS comes first; `tls: none` leaves it out. The
certificate must be trusted and bear the host's name (`insecure: true` leaves that out). The check
is degraded (`expires_soon`) when the chain is good for less than `min_days` more days, and fails
below `critical_days`.

No message is ever sent. With `rcpt_to` the server is asked whether it would take one for that
address, from `mail_from` or from nobody, and it is taken back (`RSET`): a refusal fails with
`status`, a temporary one too, since a full disk is one. With `login` it is asked behind the login.

A greeting that is none, or does not match, fails with `banner`, and so does a word under
`expect.offers` that the server does not list. Three conditions are policies: give them a check of
their own with `affects: security`. `no_clear_login` demands that before TLS no `AUTH PLAIN` and no
`AUTH LOGIN` is offered, `requires_tls` that before TLS no sender is taken, and `refuses_relay` that
the server takes nothing from one stranger to another: name two addresses that are not its own.

Bahasa Indonesia

Pemeriksaan ini menyapa server SMTP, membaca kemampuannya, beralih ke TLS, dan bila diminta
bertanya apakah surat untuk `rcpt_to` akan diterima; tidak ada surat yang dikirim. *Gangguan* bila
server tidak menyapa dengan benar, TLS atau sertifikatnya salah, kemampuan yang diharapkan tidak
ada, alamat atau akun ditolak, atau server meneruskan surat orang asing. *Menurun* bila sertifikat
habis masa berlakunya dalam `min_days` hari.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from monitor.checktype import CheckSpec, CheckType, MeasurementInfo, ProbeContext
from monitor.domain.blackbox import ADDRESS, CERTIFICATE, FAILED_DUE_TO_REGEX
from monitor.domain.observation import Outcome
from monitor.fields import Host, shown
from monitor.fields.mailkeys import MailExpectation, MailKeys

if TYPE_CHECKING:
    from monitor.conditions.mailattempt import Plan
    from monitor.net.mail import Heard
    from monitor.net.mailsmtp import Smtp

# As addresses are in practice: no quotes, no comments, ASCII (RFC 5321, 4.1.2).
_ADDRESS = re.compile(r"[!#-;=?A-~]+@[A-Za-z0-9.:\[\]-]+\Z")


def _address(text: str) -> str:
    if not _ADDRESS.match(text):
        raise ValueError(f"{shown(text)} is no mail address: write name@domain and nothing else")
    return text


Address = Annotated[str, AfterValidator(_address), Field(max_length=254)]


class RelayTest(BaseModel):
    """Two addresses that are not the server's own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sender: Address = Field(alias="from", description="Sender that the server does not know.")
    recipient: Address = Field(alias="to", description="Recipient elsewhere.")


class SmtpExpectation(MailExpectation):
    """What must be true of an SMTP server."""

    requires_tls: bool = Field(
        default=False, description="Before TLS the server must take no sender (`MAIL FROM`)."
    )
    refuses_relay: RelayTest | None = Field(
        default=None, description="The server must take nothing from this stranger to that one."
    )


class SmtpSpec(MailKeys, CheckSpec):
    """Fields of a check of type `smtp`."""

    protocol: ClassVar[Literal["smtp", "imap", "pop3"]] = "smtp"
    implicit_first: ClassVar[bool] = False

    hello: Host = Field(
        default="pantau.invalid",
        description="Name to greet with (EHLO). Some servers want one that the DNS knows.",
    )
    mail_from: Address | None = Field(
        default=None, description="Sender to ask with. Default: none (`<>`), as bounces have it."
    )
    rcpt_to: Address | None = Field(
        default=None, description="Recipient to ask for: would the server take a message?"
    )
    expect: SmtpExpectation = Field(
        default=SmtpExpectation(), description="Conditions on the server."
    )

    def faults(self) -> Iterator[str]:
        yield from super().faults()
        if self.security == "implicit" and self.expect.requires_tls:
            yield "expect.requires_tls: with tls: implicit nothing is said in the clear"


async def probe(spec: SmtpSpec, context: ProbeContext) -> Outcome:
    """Visit the server over one family or both."""
    from monitor.conditions.mailattempt import visit

    return await visit(
        context.network,
        plan_of(spec),
        spec.ip,
        deadline=context.deadline,
        now=context.now,
    )


def plan_of(spec: SmtpSpec) -> "Plan[Smtp]":
    """Return what the visit consists of."""
    from monitor.conditions.mailattempt import Plan, conditions_of, log_in, login_of, visit_of
    from monitor.net.mailsmtp import Smtp, refuses_in_the_clear, refuses_relay, takes

    login, relay = login_of(spec), spec.expect.refuses_relay

    async def before(session: Smtp, heard: "Heard") -> None:
        if spec.expect.requires_tls:
            await refuses_in_the_clear(session, heard)

    async def within(session: Smtp, heard: "Heard") -> None:
        if relay is not None:
            await refuses_relay(session, heard, relay.sender, relay.recipient)
        await log_in(session, heard, login)
        if spec.rcpt_to is not None or spec.mail_from is not None:
            await takes(session, heard, spec.mail_from or "", spec.rcpt_to)

    return Plan(
        visit=visit_of(spec),
        conditions=conditions_of(spec),
        speak=lambda reader: Smtp(reader, spec.hello),
        before=before,
        within=within,
        secrets=() if login is None else login.secrets,
    )


CHECK_TYPE = CheckType(
    spec=SmtpSpec,
    probe=probe,
    measurements=tuple(
        MeasurementInfo(*shared) for shared in (*ADDRESS, *CERTIFICATE, FAILED_DUE_TO_REGEX)
    ),
)
