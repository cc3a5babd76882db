"""A webhook: each message is one signed POST of a JSON body.

```yaml
receivers:
  - name: oncall
    type: webhook
    url: https://alerts.example/hook
    secret: {file: /etc/pantau/oncall.key}
```

Signed as https://www.standardwebhooks.com has it: `webhook-id` is the same at every retry of a
message, `webhook-timestamp` is the time of the attempt, and `webhook-signature` holds
`v1,<base64 of HMAC-SHA256 over id.timestamp.body>` for each secret. Any 2xx answer means that
the message arrived; redirects are not followed.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from time import monotonic
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, field_validator

from monitor.domain.alert import Alert
from monitor.fields import Duration, File, Secret, Url
from monitor.locales import Language
from monitor.locales.messages_alertmanager import alertmanager_body
from monitor.locales.messages_native import Wording, native_body
from monitor.net.errors import NetError
from monitor.net.policy import AddressClass, classify_address, pinned_class
from monitor.ports import Notifier, Undelivered
from monitor.receivertype import ReceiverContext, ReceiverSpec, ReceiverType

LONGEST_TIMEOUT = timedelta(seconds=15)
LARGEST_ANSWER = 16_384

_PREFIX = "whsec_"
_SHORTEST_KEY = 24
_FIELD_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}\Z")
_OURS = {
    "host",
    "content-length",
    "content-type",
    "transfer-encoding",
    "connection",
    "authorization",
}
# The body itself is refused: to send the same one again helps only if the receiver is mended.
_REFUSALS = {400, 413, 415, 422}


class Format(StrEnum):
    """What the body looks like."""

    NATIVE = "native"
    ALERTMANAGER = "alertmanager"


def signing_key(secret: str) -> bytes:
    """Return the key that a `whsec_` secret stands for; raise ValueError, never showing it."""
    if not secret.startswith(_PREFIX):
        raise ValueError(f"a webhook secret begins with {_PREFIX}, then base64 follows")
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except binascii.Error:
        raise ValueError(f"a webhook secret is base64 after {_PREFIX}") from None
    if len(key) < _SHORTEST_KEY:
        raise ValueError(
            f"a webhook secret has at least {_SHORTEST_KEY} bytes, this one has {len(key)}: "
            f"make one with `echo {_PREFIX}$(openssl rand -base64 32)`"
        )
    return key


def _checked_secret(secret: Secret) -> Secret:
    signing_key(secret.reveal())
    return secret


SigningSecret = Annotated[Secret, AfterValidator(_checked_secret)]


class WebhookSpec(ReceiverSpec):
    """The keys of a webhook receiver."""

    url: Url = Field(
        description="Where messages go: https, or http to an address of this machine or of a "
        "private network."
    )
    secret: SigningSecret | None = Field(
        default=None, description="Signs every message: `whsec_` and base64 of 24 bytes or more."
    )
    previous_secret: SigningSecret | None = Field(
        default=None,
        description="The secret before, while it is replaced: messages carry both signatures.",
    )
    bearer: Secret | None = Field(default=None, description="Sent as `Authorization: Bearer …`.")
    headers: Mapping[str, str] = Field(
        default_factory=dict, description="More header fields; nothing secret belongs here."
    )
    format: Format = Field(
        default=Format.NATIVE,
        description="`native`, or `alertmanager` for the body of Alertmanager's webhooks.",
    )
    timeout: Duration = Field(
        default=timedelta(seconds=10), description="How long one attempt may take, at most 15s."
    )
    ca_file: File | None = Field(
        default=None, description="PEM file of the authorities to trust instead of the system's."
    )

    @field_validator("url")
    @classmethod
    def _private_unless_encrypted(cls, url: str) -> str:
        exposure = _exposure(url)
        if exposure is AddressClass.FORBIDDEN:
            raise ValueError(f"{urlsplit(url).hostname} is an address that is never dialled")
        if url.startswith("http:") and exposure is AddressClass.PUBLIC:
            raise ValueError(
                "write https: over http only an IP address of this machine or of a private "
                "network, or localhost, can be told"
            )
        return url

    @field_validator("timeout")
    @classmethod
    def _bounded(cls, timeout: timedelta) -> timedelta:
        if timeout > LONGEST_TIMEOUT:
            raise ValueError("a webhook's timeout is at most 15s")
        return timeout

    @field_validator("headers")
    @classmethod
    def _plain(cls, headers: Mapping[str, str]) -> Mapping[str, str]:
        for name, value in headers.items():
            if not _FIELD_NAME.match(name):
                raise ValueError(f"{name!r} is no name of a header field")
            if name.lower() in _OURS or name.lower().startswith("webhook-"):
                raise ValueError(f"the header field {name} is set by Pantau itself")
            if not value.isascii() or not value.isprintable():
                raise ValueError(f"the value of the header field {name} is not printable ASCII")
        return headers

    def warnings(self) -> tuple[str, ...]:
        """Return what a reader of the configuration should know."""
        found = []
        if self.url.startswith("http:") and _exposure(self.url) is AddressClass.PRIVATE:
            found.append("url: messages cross the network unencrypted; https is better")
        if self.secret is None:
            found.append("secret: without one, anybody can send the receiver forged messages")
        return tuple(found)


def _exposure(url: str) -> AddressClass:
    """Return how far out a URL may lead: a name may lead anywhere, unless it is localhost."""
    host = urlsplit(url).hostname or ""
    try:
        return classify_address(host)
    except ValueError:
        is_local = pinned_class(host) is AddressClass.LOOPBACK
        return AddressClass.LOOPBACK if is_local else AddressClass.PUBLIC


@dataclass(frozen=True, slots=True)
class Answer:
    """What a receiver's answer tells: its status, and its Retry-After as it was written."""

    status: int
    retry_after: str | None = None


@dataclass(frozen=True, slots=True)
class Webhook:
    """One configured webhook. Two are equal when they would send the same to the same place."""

    spec: WebhookSpec
    wording: Wording
    context: ReceiverContext = field(compare=False, repr=False)
    monotonic: Callable[[], float] = field(default=monotonic, compare=False, repr=False)

    def payload(self, row_id: str, alert: Alert) -> bytes:
        """Return the body in the receiver's format."""
        if self.spec.format is Format.ALERTMANAGER:
            return alertmanager_body(alert, self.wording)
        return native_body(row_id, alert, self.wording)

    async def notify(self, row_id: str, body: bytes, now: datetime) -> None:
        """Send `body` once; return on a 2xx answer, else raise Undelivered."""
        fields = {**self.spec.headers, **self._credentials(row_id, body, now)}
        try:
            answer = await self._post(body, {"Content-Type": "application/json", **fields})
        except NetError as error:
            raise Undelivered(str(error), reason=error.failure.kind) from error
        refusal = judge(answer, now)
        if refusal is not None:
            raise refusal

    def _credentials(self, row_id: str, body: bytes, now: datetime) -> Mapping[str, str]:
        try:
            secrets = [one for one in (self.spec.secret, self.spec.previous_secret) if one]
            keys = [signing_key(one.reveal()) for one in secrets]
        except ValueError as error:
            raise Undelivered(str(error), reason="secret") from None
        bearer = self.spec.bearer
        extra = {"Authorization": f"Bearer {bearer.reveal()}"} if bearer else {}
        return {**extra, **signed(row_id, int(now.timestamp()), body, *keys)}

    async def _post(self, body: bytes, fields: Mapping[str, str]) -> Answer:
        # Imported here: whoever only reads a configuration needs no network.
        from monitor.net.fetch import make_request
        from monitor.net.tls import TlsSettings
        from monitor.net.trace import Trace
        from monitor.net.urls import parse_target

        request = make_request(
            parse_target(self.spec.url),
            method="POST",
            fields=tuple(fields.items()),
            body=body,
            tls=TlsSettings(ca_file=self.spec.ca_file, alpn=("http/1.1",)),
            largest_body=LARGEST_ANSWER,
        )
        reply = await self.context.network.fetch(
            request,
            deadline=self.monotonic() + self.spec.timeout.total_seconds(),
            trace=Trace(),
        )
        # A body that is endless or cut short takes nothing from the status before it.
        retry_after = reply.response.values(b"retry-after")
        return Answer(
            reply.response.status,
            retry_after[0].decode("ascii", errors="replace") if retry_after else None,
        )


def signed(row_id: str, timestamp: int, body: bytes, *keys: bytes) -> Mapping[str, str]:
    """Return the header fields of Standard Webhooks, with a signature by each key.

    `timestamp` is in Unix seconds. Without a key there is no signature.
    """
    fields = {"webhook-id": row_id, "webhook-timestamp": str(timestamp)}
    message = f"{row_id}.{timestamp}.".encode() + body
    signatures = (
        base64.b64encode(hmac.new(key, message, hashlib.sha256).digest()).decode() for key in keys
    )
    text = " ".join(f"v1,{signature}" for signature in signatures)
    return {**fields, "webhook-signature": text} if text else fields


def judge(answer: Answer, now: datetime) -> Undelivered | None:
    """Return why an answer means that the message did not arrive, or None if it did.

    Only refusals of the body itself (400, 413, 415, 422) are permanent. A 401 or 404 comes of a
    receiver that is being moved or set up, and the messages should outlive that.
    """
    status = answer.status
    if 200 <= status < 300:
        return None
    if 300 <= status < 400:
        return Undelivered(f"status {status}: redirects are not followed", reason="redirect")
    return Undelivered(
        f"status {status}",
        reason="status_4xx" if 400 <= status < 500 else "status_5xx",
        permanent=status in _REFUSALS,
        gone=status == 410,
        retry_after=retry_after_seconds(answer.retry_after, now),
    )


def retry_after_seconds(text: str | None, now: datetime) -> float | None:
    """Return what Retry-After asks for (RFC 9110, 10.2.3), None if it is not understood.

    It is a number of seconds or a date; one that lies in the past gives 0. Not clamped above.
    """
    if text is None:
        return None
    text = text.strip()
    if text.isascii() and text.removeprefix("-").isdigit():
        return 0.0 if text.startswith("-") else float(int(text[:12]))
    try:
        at = parsedate_to_datetime(text)
        return max(0.0, (at.replace(tzinfo=at.tzinfo or UTC) - now).total_seconds())
    except (ValueError, OverflowError):
        return None


def connect(spec: WebhookSpec, context: ReceiverContext) -> Notifier:
    """Return the notifier that a configured webhook stands for."""
    wording = Wording(
        receiver=context.name,
        external_url=context.external_url,
        language=Language(context.language),
        zone=ZoneInfo(context.zone),
    )
    return Webhook(spec, wording, context)


RECEIVER_TYPE = ReceiverType(spec=WebhookSpec, connect=connect)
