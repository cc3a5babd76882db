"""Microsoft Teams: a card in a channel or chat, through a workflow.

```yaml
receivers:
  - {name: ops-teams, type: teams, url: {file: /etc/pantau/teams.url}}
```

In Teams: the channel's *Workflows*, the template *Post to a channel when a webhook request is
received* (trigger: *When a Teams webhook request is received*), and write the URL that it shows
into the file. Whoever knows that URL can post, so it is kept like a password. The connectors of
Office (`webhook.office.com`) are being retired by Microsoft, and are refused.

The card holds its text in elements that know no Markdown, HTML or mention. An answer of 2xx (the
workflow says 202) means that the workflow took the message; what it does with it is shown in its
run history only.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from monitor.domain.alert import Alert
from monitor.fields import Secret
from monitor.locales.messages import summary, title
from monitor.locales.messages_native import Wording, encoded
from monitor.locales.messages_signs import Mood, links, mood, sign
from monitor.ports import Notifier, Undelivered
from monitor.receivertype import ReceiverContext, ReceiverType
from monitor.receivertype.keys import PostingSpec, SecretUrl, secret_url
from monitor.receivertype.services import pieces, post_json, wording_of

_RETIRED = ("webhook.office.com", "outlook.office.com", "outlook.office365.com")
_COLOURS = {
    Mood.BAD: "attention",
    Mood.GOOD: "good",
    Mood.WARNING: "warning",
    Mood.PLAIN: "accent",
}


def workflow_url(secret: Secret) -> str:
    """Return the URL that a secret holds; raise ValueError, never showing it, if it won't do."""
    url = secret_url(secret)
    host = urlsplit(url).hostname or ""
    if any(host == each or host.endswith(f".{each}") for each in _RETIRED):
        raise ValueError(
            "this is the URL of an Office connector, which Microsoft retires: make a workflow "
            "in Teams and write its URL"
        )
    return url


def _of_a_workflow(secret: Secret) -> Secret:
    workflow_url(secret)
    return secret


class TeamsSpec(PostingSpec):
    """The keys of a Teams receiver."""

    url: Annotated[SecretUrl, AfterValidator(_of_a_workflow)] = Field(
        description="The workflow's URL, as a secret."
    )


@dataclass(frozen=True, slots=True)
class Teams:
    """One configured workflow. Two are equal when they would send the same to the same place."""

    spec: TeamsSpec
    wording: Wording
    context: ReceiverContext = field(compare=False, repr=False)
    monotonic: Callable[[], float] = field(default=monotonic, compare=False, repr=False)

    def payload(self, row_id: str, alert: Alert) -> bytes:
        """Return the message with its one card."""
        del row_id  # a workflow has no place for it
        card = {
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": None,
            "content": adaptive_card(alert, self.wording),
        }
        return encoded({"type": "message", "attachments": [card]})

    async def notify(self, row_id: str, body: bytes, now: datetime) -> None:
        """Send `body` once; return on a 2xx answer, else raise Undelivered."""
        del row_id
        try:
            url = workflow_url(self.spec.url)
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


def adaptive_card(alert: Alert, wording: Wording) -> dict[str, Any]:
    """Return the card, of version 1.4, which Teams shows on desks and phones.

    A message may have 28 KB. A summary has at most one, and the rest of ours is about two.

    A TextBlock reads Markdown and has no escape for it that every client honours; a text run in
    a RichTextBlock is shown as it is.
    """
    heading = title(alert, wording.language)
    colour = _COLOURS[mood(alert)]
    lines = summary(alert, wording.language, wording.zone).splitlines()
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "fallbackText": heading,
        "msteams": {"width": "Full"},
        "body": [
            _text(f"{sign(alert)} {heading}", size="large", weight="bolder", color=colour),
            *(_text(line) for line in lines),
        ],
    }
    if found := links(alert, wording):
        card["actions"] = [
            {"type": "Action.OpenUrl", "title": label, "url": url} for label, url in found
        ]
    return card


def _text(text: str, **looks: str) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": text, **looks}]}


def connect(spec: TeamsSpec, context: ReceiverContext) -> Notifier:
    """Return the notifier that a configured workflow stands for."""
    return Teams(spec, wording_of(context), context)


RECEIVER_TYPE = ReceiverType(spec=TeamsSpec, connect=connect)
