"""Slack: a message in a channel, through an incoming webhook.

```yaml
receivers:
  - {name: ops-slack, type: slack, url: {file: /etc/pantau/slack.url}}
```

In Slack: *Apps*, *Incoming Webhooks*, choose the channel, and write the URL that Slack shows into
the file. Whoever knows that URL can post, so it is kept like a password. Text of others mentions
nobody and formats nothing: what would is escaped, or shown by a sign that looks like it.

An archived channel (410) ends the receiver until the configuration is read again. A webhook that
was taken away (404) is tried as long as a message is kept.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from typing import Any

from pydantic import Field

from monitor.domain.alert import Alert
from monitor.domain.text import visible_text
from monitor.locales.messages import summary, title
from monitor.locales.messages_native import Wording, encoded
from monitor.locales.messages_signs import links, sign
from monitor.ports import Notifier, Undelivered
from monitor.receivertype import ReceiverContext, ReceiverType
from monitor.receivertype.keys import PostingSpec, SecretUrl, secret_url
from monitor.receivertype.services import pieces, post_json, wording_of

# Slack's limits, in characters; ours are bytes, which are never fewer.
HEADER_LIMIT = 150
TEXT_LIMIT = 3000

# At the edge of a word these begin or end a format, or begin a mention. Slack has no escape.
_MARKS = re.compile(r"(?<![^\W_])[@*_~`]|[*_~`](?![^\W_])")
_LOOK_ALIKES = str.maketrans(
    "@*_~`",
    "\N{FULLWIDTH COMMERCIAL AT}\N{ASTERISK OPERATOR}\N{MODIFIER LETTER LOW MACRON}"
    "\N{TILDE OPERATOR}'",
)
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


class SlackSpec(PostingSpec):
    """The keys of a Slack receiver."""

    url: SecretUrl = Field(description="The incoming webhook's URL, as a secret.")


@dataclass(frozen=True, slots=True)
class Slack:
    """One configured channel. Two are equal when they would send the same to the same place."""

    spec: SlackSpec
    wording: Wording
    context: ReceiverContext = field(compare=False, repr=False)
    monotonic: Callable[[], float] = field(default=monotonic, compare=False, repr=False)

    def payload(self, row_id: str, alert: Alert) -> bytes:
        """Return the message in blocks, and as text for notifications and screen readers."""
        del row_id  # Slack has no place for it
        text = mrkdwn(summary(alert, self.wording.language, self.wording.zone))
        heading = f"{sign(alert)} {title(alert, self.wording.language)}"
        blocks: list[dict[str, Any]] = [
            {"type": "header", "text": _plain(visible_text(heading, HEADER_LIMIT))},
            {"type": "section", "text": _verbatim(text)},
        ]
        if found := links(alert, self.wording):
            blocks.append({"type": "context", "elements": [_verbatim(_linked(found))]})
        return encoded(
            {"text": text, "blocks": blocks, "unfurl_links": False, "unfurl_media": False}
        )

    async def notify(self, row_id: str, body: bytes, now: datetime) -> None:
        """Send `body` once; return on a 2xx answer, else raise Undelivered."""
        del row_id
        try:
            url = secret_url(self.spec.url)
        except ValueError as error:
            raise Undelivered(str(error), reason="secret") from None
        await post_json(
            self.context,
            self.spec,
            url,
            body,
            now,
            deadline=self.monotonic() + self.spec.timeout.total_seconds(),
            secrets=pieces(url),
        )


def mrkdwn(text: str, limit: int = TEXT_LIMIT) -> str:
    """Return `text` so that Slack shows it as it is, in at most `limit` bytes."""
    shown = _MARKS.sub(lambda mark: mark[0].translate(_LOOK_ALIKES), text)
    escaped = shown.translate(_ESCAPES)
    if len(escaped.encode()) <= limit:
        return escaped
    room, kept = limit - len("…".encode()), []
    for character in shown:
        piece = character.translate(_ESCAPES)
        room -= len(piece.encode())
        if room < 0:
            break
        kept.append(piece)
    return "".join(kept) + "…"


def _linked(found: tuple[tuple[str, str], ...]) -> str:
    # `links` lets through no character that could end a link, and no more than four of them.
    return " · ".join(f"<{url.translate(_ESCAPES)}|{_label(label)}>" for label, url in found)


def _label(text: str) -> str:
    """Return what a link is called: a bar would begin another label."""
    return mrkdwn(text.replace("|", "¦"))


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text, "emoji": False}


def _verbatim(text: str) -> dict[str, Any]:
    # Verbatim: names of channels and people are not looked for in it.
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def connect(spec: SlackSpec, context: ReceiverContext) -> Notifier:
    """Return the notifier that a configured channel stands for."""
    return Slack(spec, wording_of(context), context)


RECEIVER_TYPE = ReceiverType(spec=SlackSpec, connect=connect)
