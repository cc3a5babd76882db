"""A Telegram chat: a group, a channel or a person is told by a bot.

```yaml
receivers:
  - name: piket
    type: telegram
    token: {file: /etc/pantau/telegram.bot}
    chat_id: -1001234567890
    topic: 42
```

Later messages about an outage answer the first one. Only what calls for somebody makes a sound.
What the API asks for when messages come too fast (`retry_after`) is honoured, and what it says
when it refuses one is logged.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from time import monotonic
from typing import Annotated, Any

from pydantic import AfterValidator, Field, StrictInt, field_validator

from monitor.domain.alert import Alert, AlertType
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
"""In code units of UTF-16, after entities are read."""

_TOKEN = re.compile(r"[0-9]{1,20}:[A-Za-z0-9_-]{30,64}\Z")
_CHANNEL = re.compile(r"@[A-Za-z][A-Za-z0-9_]{3,31}\Z")

# A name behind @ calls whoever has it. A word joiner, which is not seen, takes that away.
_MARKS = re.compile("@")
_INSTEAD = {"@": "@\N{WORD JOINER}"}

_LOUD = {
    AlertType.FIRING,
    AlertType.REMINDER,
    AlertType.ESCALATED,
    AlertType.SELF_OFFLINE,
    AlertType.SELF_UNDELIVERED,
    AlertType.SELF_DAMAGED,
    AlertType.TEST,
}

# Of all that is answered with 400, these blame the message. The rest comes of the chat or the
# bot, which somebody will mend, and the messages should outlive that.
_OF_THE_TEXT = re.compile("can.?t parse|too long|text is empty|text must be", re.IGNORECASE)
_ADVICE = (
    ("chat not found", "check chat_id, and that the bot was added to the chat"),
    ("kicked", "add the bot to the chat again"),
    ("not a member", "add the bot to the chat"),
    ("blocked by the user", "whoever is told must unblock the bot"),
    ("can't initiate", "whoever is told must write to the bot first"),
    ("thread not found", "check topic"),
    ("topic_closed", "open the topic again"),
    ("rights", "allow the bot to write there"),
    ("unauthorized", "the token is not valid (any more): ask @BotFather for it"),
    ("not found", "check the token, and api"),
)
_DETAIL_BYTES = 300


def checked_token(token: str) -> str:
    """Return a bot's token if it can be one; raise ValueError, never showing it."""
    if not _TOKEN.match(token):
        raise ValueError("a bot's token looks like 123456789:AA… as @BotFather gave it")
    return token


def _checked_secret(secret: Secret) -> Secret:
    checked_token(secret.reveal())
    return secret


class TelegramSpec(PostingSpec):
    """The keys of a Telegram receiver."""

    token: Annotated[Secret, AfterValidator(_checked_secret)] = Field(
        description="The bot's token, as @BotFather gave it."
    )
    chat_id: StrictInt | str = Field(
        description="Who is told: the number of a group (negative) or of a person, or the "
        "`@name` of a channel."
    )
    topic: int | None = Field(
        default=None, ge=1, description="The topic of a group, by the number in its link."
    )
    api: ReceiverUrl = Field(
        default="https://api.telegram.org",
        description="Where the Bot API is, if it is a server of your own.",
    )

    @field_validator("chat_id")
    @classmethod
    def _known_form(cls, chat_id: int | str) -> int | str:
        if isinstance(chat_id, str) and not _CHANNEL.match(chat_id):
            raise ValueError(
                "write the number of a chat without quotes, or the @name of a channel with"
            )
        if chat_id == 0:
            raise ValueError("no chat has the number 0")
        return chat_id

    @field_validator("api")
    @classmethod
    def _base(cls, api: str) -> str:
        if "?" in api:
            raise ValueError("a base URL has no query")
        return api.rstrip("/")

    def warnings(self) -> tuple[str, ...]:
        """Return what a reader of the configuration should know."""
        return unencrypted("api", self.api)


@dataclass(frozen=True, slots=True)
class Telegram:
    """One configured chat. Two are equal when they would send the same to the same place.

    Where a message goes is no part of its body: after a change of chat_id, what waits goes to the
    new chat.
    """

    spec: TelegramSpec
    wording: Wording
    context: ReceiverContext = field(compare=False, repr=False)
    monotonic: Callable[[], float] = field(default=monotonic, compare=False, repr=False)

    def payload(self, row_id: str, alert: Alert) -> bytes:  # noqa: ARG002  the API takes no id
        """Return the message without its address."""
        return encoded(self._message(alert))

    def reply(self, row_id: str, alert: Alert, receipt: str) -> bytes:  # noqa: ARG002
        """Return the message without its address, and what it answers."""
        return encoded({**self._message(alert), "answers": receipt})

    async def notify(self, row_id: str, body: bytes, now: datetime) -> str | None:  # noqa: ARG002
        """Send `body` once; return where the message stands in the chat, or raise Undelivered."""
        try:
            token = checked_token(self.spec.token.reveal())
        except ValueError as error:
            raise Undelivered(str(error), reason="secret") from None
        try:
            answer = await post(
                self.context.network,
                f"{self.spec.api}/bot{token}/sendMessage",
                addressed(body, self.spec),
                {"Content-Type": "application/json"},
                deadline=self.monotonic() + self.spec.timeout.total_seconds(),
                ca_file=self.spec.ca_file,
            )
        except Undelivered as error:
            # From None: the token is part of the URL, which another exception might name.
            raise Undelivered(veiled(str(error), [token]), reason=error.reason) from None
        refusal = refused(answer, now, token)
        if refusal is not None:
            raise refusal
        return receipt_of(answer, self.spec)

    def _message(self, alert: Alert) -> Mapping[str, Any]:
        text = chat_text(alert, self.wording, marks=_MARKS, instead=_INSTEAD, limit=LONGEST_TEXT)
        first, line_break, rest = text.partition("\n")
        return {
            "text": f"<b>{_escaped(first)}</b>{line_break}{_escaped(rest)}",
            "parse_mode": "HTML",
            "link_preview_options": {"is_disabled": True},
            "disable_notification": alert.type not in _LOUD,
        }


def addressed(body: bytes, spec: TelegramSpec) -> bytes:
    """Return a message with its address; it answers another one only in the chat of that one."""
    message = _read(body)
    if "text" not in message:
        raise Undelivered("the body is of another kind", reason="payload", permanent=True)
    chat, _, message_id = str(message.pop("answers", "")).rpartition("/")
    if chat == str(spec.chat_id) and message_id.isdecimal():
        message["reply_parameters"] = {
            "message_id": int(message_id),
            "allow_sending_without_reply": True,
        }
    if spec.topic is not None:
        message["message_thread_id"] = spec.topic
    return encoded({"chat_id": spec.chat_id, **message})


def receipt_of(answer: Answer, spec: TelegramSpec) -> str | None:
    """Return which message of which chat was sent, None where that was not understood."""
    result = _read(answer.body).get("result")
    message_id = result.get("message_id") if isinstance(result, dict) else None
    if not isinstance(message_id, int) or message_id < 1:
        return None
    return f"{spec.chat_id}/{message_id}"


def refused(answer: Answer, now: datetime, token: str) -> Undelivered | None:
    """Return why an answer means that the message did not arrive, or None if it did.

    What the API says is told, but for the token.
    """
    said = _read(answer.body)
    refusal = judge(answer, now, refusals=())
    if refusal is None:
        return _unlike_success(answer, said)
    if refusal.reason == "redirect":
        return refusal
    description = said.get("description")
    if not isinstance(description, str):
        return refusal
    parameters = said.get("parameters")
    asked = parameters if isinstance(parameters, dict) else {}
    detail = f"{refusal}: {veiled(visible_text(description, _DETAIL_BYTES), [token])}"
    return Undelivered(
        detail + _advice(description, asked.get("migrate_to_chat_id")),
        reason=refusal.reason,
        permanent=answer.status in {400, 413} and bool(_OF_THE_TEXT.search(description)),
        retry_after=_seconds(asked.get("retry_after"), refusal.retry_after),
    )


def _unlike_success(answer: Answer, said: Mapping[str, Any]) -> Undelivered | None:
    """Return why an answer with 2xx is none of the API's. Its end may be missing."""
    if said.get("ok") is True or answer.body.startswith(b'{"ok":true'):
        return None
    return Undelivered(f"status {answer.status}, but the answer does not say ok", reason="answer")


def _advice(description: str, migrated_to: object) -> str:
    if isinstance(migrated_to, int):
        return f" (the group has a new number: write chat_id: {migrated_to})"
    said = description.lower()
    return next((f" ({advice})" for words, advice in _ADVICE if words in said), "")


def _seconds(asked: object, otherwise: float | None) -> float | None:
    if isinstance(asked, int) and not isinstance(asked, bool):
        return float(min(asked, 10**9))
    return otherwise


def _read(body: bytes) -> dict[str, Any]:
    """Return a JSON object, an empty one for anything else."""
    try:
        read = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return read if isinstance(read, dict) else {}


def _escaped(text: str) -> str:
    return escape(text, quote=False)


def connect(spec: TelegramSpec, context: ReceiverContext) -> Notifier:
    """Return the notifier that a configured chat stands for."""
    return Telegram(spec, wording_of(context), context)


RECEIVER_TYPE = ReceiverType(spec=TelegramSpec, connect=connect)
