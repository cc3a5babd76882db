"""A WhatsApp number or group, by way of a gateway: Fonnte, WAHA or Wablas.

```yaml
receivers:
  - name: piket-wa
    type: whatsapp
    gateway: fonnte
    to: "6281234567890"
    token: {file: /etc/pantau/fonnte.token}
```

A gateway is a phone that somebody keeps connected: it may be blocked, logged out or out of credit
at any time. It must never be the only way by which somebody is told, and `pantau validate` warns
where it is.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from time import monotonic
from typing import Annotated, Any, Self
from urllib.parse import urlencode

from pydantic import AfterValidator, Field, field_validator, model_validator

from monitor.domain.alert import Alert
from monitor.domain.text import veiled, visible_text
from monitor.fields import Secret
from monitor.locales.messages_chat import chat_text
from monitor.locales.messages_native import Wording, encoded
from monitor.ports import Notifier, Undelivered
from monitor.receivertype import ReceiverContext, ReceiverType
from monitor.receivertype.keys import PostingSpec, ReceiverUrl, unencrypted
from monitor.receivertype.posting import Answer, judge, post
from monitor.receivertype.services import wording_of

LONGEST_TEXT = 4096
"""In code units of UTF-16. Some gateways take more, and none takes less."""

_GROUP = "@g.us"
_NUMBER = re.compile(r"[1-9][0-9]{7,14}\Z")
_GROUP_ID = re.compile(r"[0-9]{10,30}(?:-[0-9]{6,20})?@g\.us\Z")

# What WhatsApp takes for bold, italic, struck out and code, but for an underscore inside a word;
# what calls somebody; and what Fonnte and Wablas fill in or choose from, {name} and {a|b}.
# Look-alikes stand in their place.
_MARKS = re.compile(r"[*~`@{}]|(?<![0-9A-Za-z])_|_(?![0-9A-Za-z])")
_INSTEAD = {
    "*": "\N{ASTERISK OPERATOR}",
    "~": "\N{TILDE OPERATOR}",
    "`": "\N{MODIFIER LETTER GRAVE ACCENT}",
    "_": "\N{MODIFIER LETTER LOW MACRON}",
    "@": "@\N{WORD JOINER}",
    "{": "\N{FULLWIDTH LEFT CURLY BRACKET}",
    "}": "\N{FULLWIDTH RIGHT CURLY BRACKET}",
}
_DETAIL_BYTES = 300


class Gateway(StrEnum):
    """Whose API is spoken."""

    FONNTE = "fonnte"
    WAHA = "waha"
    WABLAS = "wablas"


_URLS = {Gateway.FONNTE: "https://api.fonnte.com", Gateway.WAHA: "http://127.0.0.1:3000"}


def checked_token(token: str) -> str:
    """Return a token if it can stand in a header; raise ValueError, never showing it."""
    if not token.isascii() or not token.isprintable() or " " in token:
        raise ValueError("a token is printable ASCII without spaces")
    return token


def _checked_secret(secret: Secret) -> Secret:
    checked_token(secret.reveal())
    return secret


Token = Annotated[Secret, AfterValidator(_checked_secret)]


class WhatsappSpec(PostingSpec):
    """The keys of a WhatsApp receiver."""

    gateway: Gateway = Field(description="Whose API is spoken: `fonnte`, `waha` or `wablas`.")
    to: str = Field(
        description="Who is told: a number with its country code, `6281234567890`, or the id of "
        "a group, `120363012345678901@g.us`."
    )
    url: ReceiverUrl | None = Field(
        default=None,
        description="Where the gateway is. Fonnte and WAHA (on this machine, port 3000) have a "
        "default; for Wablas write that of your account, such as `https://jogja.wablas.com`.",
    )
    token: Token | None = Field(
        default=None, description="The gateway's token (WAHA: its API key). WAHA may have none."
    )
    secret: Token | None = Field(default=None, description="Wablas: the secret key of the device.")
    session: str = Field(
        default="default",
        min_length=1,
        max_length=64,
        pattern=r"^[A-Za-z0-9_-]+$",
        description="WAHA: the session that sends.",
    )

    @field_validator("to")
    @classmethod
    def _number_or_group(cls, to: str) -> str:
        plain = re.sub(r"[ ()-]", "", to).removeprefix("+")
        if _GROUP_ID.match(to):
            return to
        if plain.startswith("0"):
            raise ValueError("write the number with its country code: 62812… and not 0812…")
        if not _NUMBER.match(plain):
            raise ValueError("write a number such as 6281234567890, or the id of a group (…@g.us)")
        return plain

    @field_validator("url")
    @classmethod
    def _base(cls, url: str | None) -> str | None:
        if url is not None and "?" in url:
            raise ValueError("a base URL has no query")
        return url and url.rstrip("/")

    @model_validator(mode="after")
    def _of_the_gateway(self) -> Self:
        if self.url is None and self.gateway not in _URLS:
            raise ValueError(f"url: {self.gateway} needs it: its address depends on the account")
        if self.token is None and self.gateway is not Gateway.WAHA:
            raise ValueError(f"token: {self.gateway} needs one")
        if self.secret is not None and self.gateway is not Gateway.WABLAS:
            raise ValueError(f"secret: {self.gateway} has none")
        if "session" in self.model_fields_set and self.gateway is not Gateway.WAHA:
            raise ValueError(f"session: {self.gateway} has none")
        return self

    @property
    def base(self) -> str:
        """Return where the gateway is, without a final slash."""
        return self.url or _URLS[self.gateway]

    def warnings(self) -> tuple[str, ...]:
        """Return what a reader of the configuration should know."""
        return unencrypted("url", self.base)


@dataclass(frozen=True, slots=True)
class Form:
    """How one gateway is asked to send a message."""

    path: str
    fields: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Whatsapp:
    """One configured number or group. Two are equal when they would send the same to the same one.

    The body is the text alone: it goes out by whatever gateway is configured then.
    """

    spec: WhatsappSpec
    wording: Wording
    context: ReceiverContext = field(compare=False, repr=False)
    monotonic: Callable[[], float] = field(default=monotonic, compare=False, repr=False)

    def payload(self, row_id: str, alert: Alert) -> bytes:  # noqa: ARG002  no gateway takes an id
        """Return the text, in UTF-8."""
        room = LONGEST_TEXT - len("**")
        text = chat_text(alert, self.wording, marks=_MARKS, instead=_INSTEAD, limit=room)
        first, line_break, rest = text.partition("\n")
        return f"*{first}*{line_break}{rest}".encode()

    async def notify(self, row_id: str, body: bytes, now: datetime) -> None:  # noqa: ARG002
        """Send `body` once; return when the gateway took it, else raise Undelivered."""
        try:
            tokens = [
                checked_token(one.reveal()) for one in (self.spec.token, self.spec.secret) if one
            ]
        except ValueError as error:
            raise Undelivered(str(error), reason="secret") from None
        form = form_of(self.spec, ".".join(tokens), body.decode(errors="replace"))
        answer = await post(
            self.context.network,
            self.spec.base + form.path,
            form.body,
            form.fields,
            deadline=self.monotonic() + self.spec.timeout.total_seconds(),
            ca_file=self.spec.ca_file,
        )
        refusal = refused(self.spec.gateway, answer, now, tokens)
        if refusal is not None:
            raise refusal


def form_of(spec: WhatsappSpec, token: str, text: str) -> Form:
    """Return the request that the gateway documents. `token` is "" for none."""
    is_group = spec.to.endswith(_GROUP)
    match spec.gateway:
        case Gateway.FONNTE:
            return _form("/send", token, {"target": spec.to, "message": text})
        case Gateway.WABLAS:
            group = {"isGroup": "true"} if is_group else {}
            phone = spec.to.removesuffix(_GROUP)
            return _form("/api/send-message", token, {"phone": phone, "message": text, **group})
        case Gateway.WAHA:
            chat = spec.to if is_group else f"{spec.to}@c.us"
            fields = {"Content-Type": "application/json", **({"X-Api-Key": token} if token else {})}
            message = {"session": spec.session, "chatId": chat, "text": text}
            return Form("/api/sendText", fields, encoded(message))


def _form(path: str, token: str, pairs: Mapping[str, str]) -> Form:
    fields = {"Content-Type": "application/x-www-form-urlencoded", "Authorization": token}
    return Form(path, fields, urlencode(pairs).encode())


def refused(
    gateway: Gateway, answer: Answer, now: datetime, tokens: list[str]
) -> Undelivered | None:
    """Return why an answer means that the message did not go out, or None if it did.

    Nothing but its size is held against a message: a gateway that is logged out, or has no credit,
    is mended by somebody. Fonnte and Wablas say so under status 200.
    """
    said = _read(answer.body)
    refusal = judge(answer, now, refusals={413})
    if refusal is None and (gateway is Gateway.WAHA or said.get("status") is True):
        return None
    why = _why(said)
    told = f": {veiled(visible_text(why, _DETAIL_BYTES), tokens)}" if why else ""
    if refusal is None:
        return Undelivered(f"status {answer.status}, but not sent{told}", reason="answer")
    return Undelivered(
        f"{refusal}{told}",
        reason=refusal.reason,
        permanent=refusal.permanent,
        gone=refusal.gone,
        retry_after=refusal.retry_after,
    )


def _why(said: Mapping[str, Any]) -> str:
    """Return the reason that a gateway gives, and the state of WAHA's session, "" for none."""
    reasons = (said.get(key) for key in ("reason", "message", "error", "status"))
    return ", ".join(one for one in reasons if isinstance(one, str))


def _read(body: bytes) -> dict[str, Any]:
    """Return a JSON object, an empty one for anything else. Fonnte writes Status as well."""
    try:
        read = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return {key.lower(): value for key, value in read.items()} if isinstance(read, dict) else {}


def connect(spec: WhatsappSpec, context: ReceiverContext) -> Notifier:
    """Return the notifier that a configured number or group stands for."""
    return Whatsapp(spec, wording_of(context), context)


RECEIVER_TYPE = ReceiverType(spec=WhatsappSpec, connect=connect, is_certain=False)
