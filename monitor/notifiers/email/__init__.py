"""Mail, handed to a mail server: text with a simple page beside it, threaded by incident.

```yaml
receivers:
  - name: surel
    type: email
    host: mail.makassarkota.go.id
    login: {username: pantau, password: {file: /etc/pantau/mail.key}}
    from: pantau@makassarkota.go.id
    to: [jaga@makassarkota.go.id]
```

TLS is spoken and the server's certificate verified, always: `tls: none` is for a server on this
machine or on a private address, and then without a login. Once the server took a message it
answers for it. Of several recipients, those whom it accepts get the message at once; those whom
it puts off are tried again alone, and those whom it refuses are logged and counted
(`pantau_notification_failures_total`, reason `recipient_refused`, or `recipient_deferred` for
who was put off too long).

Bahasa Indonesia

Surel lewat server surat: teks dengan halaman sederhana di sampingnya, berutas menurut gangguan.
Sambungan selalu memakai TLS dan sertifikat server diperiksa; `tls: none` hanya untuk server di
mesin ini atau di alamat privat, dan tanpa masuk (`login`). Bila server menolak sebagian penerima,
yang lain tetap menerima, dan penolakannya dicatat di log dan metrik.
"""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import cached_property
from time import monotonic
from typing import TYPE_CHECKING, Self

import structlog
from pydantic import Field, model_validator

from monitor.domain.alert import Alert
from monitor.domain.text import veiled, visible_text
from monitor.fields import File, Host, Port
from monitor.fields.mailaddresses import MailAddress, MailAddresses
from monitor.fields.mailkeys import MailLogin, Security
from monitor.locales import Language
from monitor.locales.messages import title
from monitor.locales.messages_mail import mail_page, mail_text
from monitor.locales.messages_native import Wording
from monitor.net.errors import NetError
from monitor.net.policy import AddressClass
from monitor.ports import Notifier, Undelivered
from monitor.receivertype import ReceiverContext, ReceiverSpec, ReceiverType
from monitor.receivertype.keys import LONGEST_TIMEOUT, Timeout, exposure_of_host
from monitor.receivertype.services import wording_of

if TYPE_CHECKING:
    from monitor.net.mailsmtp import Reply
    from monitor.net.mailsubmit import Handover
    from monitor.net.visit import Visit

MOST_RECIPIENTS = 30
LONGEST_SUBJECT = 200

_IMPLICIT_PORT = 465
_PORTS: Mapping[Security, int] = {"starttls": 587, "implicit": _IMPLICIT_PORT, "none": 25}
_MOST_THREADS = 20
_LONGEST_ID_DOMAIN = 40
_NO_ID = re.compile(r"[^A-Za-z0-9-]")

# Who is put off is tried again alone, for some eight to ten minutes by the courier's delays, since
# greylisting lasts five. Meanwhile the messages behind this one wait.
_MOST_TRIES = 8
_MOST_REMEMBERED = 8

# They refuse the message or the mailbox itself. Others, such as 530, 535 or 554 for a relay that
# is denied, come of a server that is being set up, and the messages should outlive that.
_NO_MAILBOX = frozenset({550, 551, 553, 556})
_NO_SUCH_MESSAGE = frozenset({550, 552, 554})
_SHOWN = 640

log = structlog.get_logger()


class SenderLogin(MailLogin):
    """Who logs in to send."""


class EmailSpec(ReceiverSpec):
    """The keys of a receiver by mail."""

    host: Host = Field(description="Name or IP address of the mail server.")
    port: Port | None = Field(
        default=None,
        description="TCP port. Default: 587 for `starttls`, 465 for `implicit`, 25 for `none`.",
    )
    tls: Security | None = Field(
        default=None,
        description="`starttls`: TLS is asked for, and must be there. `implicit`: TLS comes first. "
        "`none`: for a server on this machine or a private address. Default: what the port is for.",
    )
    server_name: Host | None = Field(
        default=None,
        description="Name to ask for (SNI) and to find in the certificate. Default: `host`.",
    )
    ca_file: File | None = Field(
        default=None, description="PEM file of the authorities to trust instead of the system's."
    )
    hello: Host = Field(
        default="pantau.invalid",
        description="Name to greet with (EHLO). Some servers want one that the DNS knows.",
    )
    login: SenderLogin | None = Field(
        default=None, description="Who logs in (AUTH PLAIN or LOGIN)."
    )
    sender: MailAddress = Field(
        alias="from", description="Address that messages come from, and bounces go to."
    )
    to: MailAddresses = Field(
        description="Addresses of those who are told, one or a list.",
    )
    cc: MailAddresses = Field(default=(), description="Addresses of those who get a copy.")
    timeout: Timeout = Field(
        default=LONGEST_TIMEOUT, description="How long one attempt may take, at most 15s."
    )

    @cached_property
    def security(self) -> Security:
        """When TLS begins."""
        return self.tls or ("implicit" if self.port == _IMPLICIT_PORT else "starttls")

    @cached_property
    def dialled_port(self) -> int:
        """The port to connect to."""
        return self.port or _PORTS[self.security]

    @cached_property
    def recipients(self) -> tuple[str, ...]:
        """All who are told, each once."""
        return tuple(dict.fromkeys((*self.to, *self.cc)))

    @model_validator(mode="after")
    def _within_bounds(self) -> Self:
        where = exposure_of_host(self.host)
        if where is AddressClass.FORBIDDEN:
            raise ValueError(f"host: {self.host} is an address that is never dialled")
        if self.security == "none":
            if where is AddressClass.PUBLIC:
                raise ValueError(
                    "tls: none is for an IP address of this machine or of a private network, or "
                    "localhost: write starttls or implicit"
                )
            if self.login is not None:
                raise ValueError("login: with tls: none the password could be read by others")
        if len(self.recipients) > MOST_RECIPIENTS:
            raise ValueError(f"to and cc: more than {MOST_RECIPIENTS} addresses together")
        return self

    def warnings(self) -> tuple[str, ...]:
        """Return what a reader of the configuration should know."""
        if self.security == "none" and exposure_of_host(self.host) is AddressClass.PRIVATE:
            return ("tls: none: messages cross the network unencrypted; starttls is better",)
        return ()


Submit = Callable[[EmailSpec, ReceiverContext, bytes, Sequence[str], float], Awaitable["Handover"]]
"""Hands a message to a server for these recipients until a deadline; raises Undelivered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Who has a message, who is put off, and who never gets it, with the server's words."""

    taken: frozenset[str] = frozenset()
    deferred: Mapping[str, str] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Progress:
    """How far a message is: who has it or never will, and how often it was handed over."""

    tries: int = 0
    done: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _Memory:
    """The progress of the last messages, and who was put off so long that none waits for them.

    A restart forgets it: who has the message that was under way may get it once more.
    """

    messages: dict[str, _Progress] = field(default_factory=dict)
    slow: set[str] = field(default_factory=set)

    def of(self, row_id: str) -> _Progress:
        found = self.messages.setdefault(row_id, _Progress())
        while len(self.messages) > _MOST_REMEMBERED:
            del self.messages[next(iter(self.messages))]
        return found

    def note(self, progress: _Progress, verdict: "Verdict") -> Mapping[str, str]:
        """Take in what became of an attempt; return who was put off for the last time."""
        progress.tries += 1
        over = progress.tries >= _MOST_TRIES
        late = {who: why for who, why in verdict.deferred.items() if over or who in self.slow}
        heard = {*verdict.taken, *verdict.refused}
        self.slow = (self.slow - heard) | set(late)
        progress.done |= heard | set(late)
        return late


async def submitted(
    spec: EmailSpec,
    context: ReceiverContext,
    body: bytes,
    recipients: Sequence[str],
    deadline: float,
) -> "Handover":
    """Hand a message to the server; raise Undelivered when the dialogue breaks off."""
    from monitor.net.mail import Login
    from monitor.net.mailsubmit import Envelope, submit

    login = None
    if spec.login is not None:
        login = Login(username=spec.login.username, password=spec.login.password.reveal())
    try:
        return await submit(
            context.network,
            _visit(spec),
            Envelope(sender=spec.sender, recipients=recipients),
            body,
            hello=spec.hello,
            login=login,
            deadline=deadline,
        )
    except NetError as error:
        told = veiled(str(error), login.secrets if login else ())
        raise Undelivered(told, reason=error.failure.kind) from None


@dataclass(frozen=True, slots=True)
class Email:
    """One configured receiver by mail. Two are equal when they would send the same."""

    spec: EmailSpec
    wording: Wording
    context: ReceiverContext = field(compare=False, repr=False)
    monotonic: Callable[[], float] = field(default=monotonic, compare=False, repr=False)
    submit: Submit = field(default=submitted, compare=False, repr=False)
    _memory: _Memory = field(default_factory=_Memory, compare=False, repr=False)

    def payload(self, row_id: str, alert: Alert) -> bytes:
        """Return the message, all of its header included."""
        return message_of(row_id, alert, self.spec, self.wording)

    async def notify(self, row_id: str, body: bytes, now: datetime) -> None:  # noqa: ARG002  no answer names a time
        """Hand the message over once; raise Undelivered while somebody waits for it."""
        progress = self._memory.of(row_id)
        left = [who for who in self.spec.recipients if who not in progress.done]
        if not left:
            return
        deadline = self.monotonic() + self.spec.timeout.total_seconds()
        handover = await self.submit(self.spec, self.context, body, left, deadline)
        refusal = undelivered(handover)
        if refusal is not None and not (progress.done and handover.recipients):
            raise refusal
        verdict = verdict_of(handover)
        late = self._memory.note(progress, verdict)
        self._tell(row_id, verdict.refused, "recipient_refused")
        self._tell(row_id, late, "recipient_deferred")
        waiting = {who: why for who, why in verdict.deferred.items() if who not in late}
        if waiting:
            raise Undelivered(f"put off: {_said(waiting)}", reason="recipient_deferred")

    def _tell(self, row_id: str, missed: Mapping[str, str], reason: str) -> None:
        if not missed:
            return
        log.error(
            "notification.partial",
            receiver=self.context.name,
            notification_id=row_id,
            reason=reason,
            detail=_said(missed),
        )
        self.context.missed(reason)


def undelivered(handover: "Handover") -> Undelivered | None:
    """Return why nobody got a message, None if somebody did."""
    if handover.taken:
        return None
    question, reply, each = handover.question, handover.reply, handover.recipients
    told = f"{question}: {reply}"
    if question == "RCPT TO" and each:
        told = f"no recipient was accepted: {_said({who: str(it) for who, it in each.items()})}"
        permanent = all(it.code in _NO_MAILBOX for it in each.values())
        temporary = any(it.code < 500 for it in each.values())
    else:
        permanent = question in {"SIZE", "message"} and reply.code in _NO_SUCH_MESSAGE
        temporary = reply.code < 500
    reason = "smtp_4xx" if temporary else "smtp_5xx"
    return Undelivered(told, reason=reason, permanent=permanent)


def verdict_of(handover: "Handover") -> Verdict:
    """Return what became of each recipient once one of them had the message."""
    replies = handover.recipients
    accepted = {who for who, reply in replies.items() if reply.accepts}
    put_off = {who: str(handover.reply) for who in accepted if not handover.taken}
    return Verdict(
        taken=frozenset(accepted) if handover.taken else frozenset(),
        deferred=put_off | {who: str(it) for who, it in replies.items() if _puts_off(it)},
        refused={who: str(it) for who, it in replies.items() if it.code >= 500},
    )


def _puts_off(reply: "Reply") -> bool:
    return not reply.accepts and reply.code < 500


def _said(answers: Mapping[str, str]) -> str:
    text = "; ".join(f"{who}: {answer}" for who, answer in answers.items())
    return visible_text(text, _SHOWN)


def message_of(row_id: str, alert: Alert, spec: EmailSpec, wording: Wording) -> bytes:
    """Return a message of 7-bit text (RFC 5322). The same arguments give the same bytes."""
    message = EmailMessage(policy=SMTP)
    subject = subject_of(alert, wording.language)
    message["From"] = Address("Pantau", addr_spec=spec.sender)
    message["To"] = [Address(addr_spec=each) for each in spec.to]
    if spec.cc:
        message["Cc"] = [Address(addr_spec=each) for each in spec.cc]
    message["Subject"] = subject
    message["Date"] = format_datetime(alert.occurred_at.astimezone(wording.zone))
    message["Message-ID"] = message_id(row_id, spec.sender)
    threads = _threads(alert, spec.sender)
    if threads:
        message["In-Reply-To"] = threads[0]
        message["References"] = " ".join(threads)
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message.set_content(mail_text(alert, wording), cte="quoted-printable")
    page = mail_page(alert, wording, subject)
    message.add_alternative(page, subtype="html", cte="quoted-printable")
    message["Content-Language"] = str(wording.language)  # behind the parts, or one would take it
    # No line of quoted-printable holds "=_" (RFC 2045, 6.7).
    message.set_boundary(f"=_{_NO_ID.sub('', row_id)[:60]}")
    return message.as_bytes()


def subject_of(alert: Alert, language: Language) -> str:
    """Return the subject: what happened and to which service."""
    return subject_line(title(alert, language))


def subject_line(words: str) -> str:
    """Return words as a subject: one line, and not too long."""
    # What looks like an encoded word in a name would be read as one.
    text = " ".join(words.replace("=?", "= ?").split())
    return text if len(text) <= LONGEST_SUBJECT else text[: LONGEST_SUBJECT - 1] + "…"


def _threads(alert: Alert, sender: str) -> list[str]:
    """Return the ids that mail programs thread by, those of the incidents.

    No message bears one of them; threads form all the same (RFC 5256, REFERENCES).
    """
    if alert.incident is None:
        return []
    incidents = [alert.incident, *(each.incident for each in alert.companions)]
    return [message_id(each.id, sender) for each in incidents[:_MOST_THREADS]]


def message_id(unique: str, sender: str) -> str:
    """Return a message id short enough for a line of its own."""
    domain = sender.rpartition("@")[2][-_LONGEST_ID_DOMAIN:].lstrip("-.")
    return f"<{_NO_ID.sub('', unique)[:30]}@{domain}>"


def _visit(spec: EmailSpec) -> "Visit":
    from monitor.net.tls import TlsSettings
    from monitor.net.visit import Security as When
    from monitor.net.visit import Visit

    settings = TlsSettings(ca_file=spec.ca_file, server_name=spec.server_name)
    return Visit(
        protocol="smtp",
        host=spec.host,
        port=spec.dialled_port,
        security=When(spec.security),
        tls=None if spec.security == "none" else settings,
    )


def connect(spec: EmailSpec, context: ReceiverContext) -> Notifier:
    """Return the notifier that a configured receiver stands for."""
    return Email(spec, wording_of(context), context)


RECEIVER_TYPE = ReceiverType(spec=EmailSpec, connect=connect)
