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
from datetime import datetime
from enum import StrEnum
from time import monotonic
from typing import Annotated

from pydantic import AfterValidator, Field, field_validator

from monitor.domain.alert import Alert
from monitor.fields import Secret
from monitor.locales.messages_alertmanager import alertmanager_body
from monitor.locales.messages_native import Wording, native_body
from monitor.ports import Notifier, Undelivered
from monitor.receivertype import ReceiverContext, ReceiverType
from monitor.receivertype.keys import PostingSpec, ReceiverUrl, unencrypted
from monitor.receivertype.posting import judge, post
from monitor.receivertype.services import wording_of

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


class WebhookSpec(PostingSpec):
    """The keys of a webhook receiver."""

    url: ReceiverUrl = Field(
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
        found = unencrypted("url", self.url)
        if self.secret is None:
            found += ("secret: without one, anybody can send the receiver forged messages",)
        return found


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
        answer = await post(
            self.context.network,
            self.spec.url,
            body,
            {"Content-Type": "application/json", **fields},
            deadline=self.monotonic() + self.spec.timeout.total_seconds(),
            ca_file=self.spec.ca_file,
        )
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


def connect(spec: WebhookSpec, context: ReceiverContext) -> Notifier:
    """Return the notifier that a configured webhook stands for."""
    return Webhook(spec, wording_of(context), context)


RECEIVER_TYPE = ReceiverType(spec=WebhookSpec, connect=connect)
