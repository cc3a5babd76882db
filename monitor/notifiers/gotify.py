"""Gotify: a push message through a server of one's own.

```yaml
receivers:
  - name: phones
    type: gotify
    url: https://gotify.example
    token: {file: /etc/pantau/gotify.token}
```

In Gotify: *Apps*, *Create application*, and write its token into the file. A touch on the message
opens the incident's page. Text is sent as plain text, never as Markdown.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from typing import Any

from pydantic import Field

from monitor.domain.alert import Alert, AlertType
from monitor.domain.incident import Concern
from monitor.locales.messages import summary, title
from monitor.locales.messages_native import Wording, encoded
from monitor.locales.messages_signs import ack_link, links
from monitor.ports import Notifier, Undelivered
from monitor.receivertype import ReceiverContext, ReceiverType
from monitor.receivertype.keys import (
    PostingSpec,
    ServerUrl,
    Token,
    token_text,
    unencrypted,
)
from monitor.receivertype.services import post_json, wording_of

# From 8 on the app rings and shows the message over others, from 4 on it rings.
_RINGS, _SOUNDS, _SHOWS = 8, 5, 2
_PRIORITIES = {
    AlertType.FIRING: _RINGS,
    AlertType.ESCALATED: 10,
    AlertType.REMINDER: _RINGS,
    AlertType.SELF_UNDELIVERED: _RINGS,
    AlertType.SELF_DAMAGED: _RINGS,
    AlertType.SELF_UNREPORTED: _SOUNDS,
    AlertType.SELF_OFFLINE: _RINGS,
    AlertType.UPDATED: _SOUNDS,
    AlertType.RESOLVED: _SOUNDS,
    AlertType.SELF_RECOVERED: _SOUNDS,
    AlertType.REPORT_FILED: _SHOWS,
    AlertType.TEST: _SOUNDS,
    AlertType.HEARTBEAT: 0,
}


class GotifySpec(PostingSpec):
    """The keys of a Gotify receiver."""

    url: ServerUrl = Field(
        description="The server's address, with the path under which it answers, if there is one."
    )
    token: Token = Field(description="The token of the application whose messages they are.")

    def warnings(self) -> tuple[str, ...]:
        """Return what a reader of the configuration should know."""
        return unencrypted("url", self.url)


@dataclass(frozen=True, slots=True)
class Gotify:
    """One configured application. Two are equal when they would send the same to the same place."""

    spec: GotifySpec
    wording: Wording
    context: ReceiverContext = field(compare=False, repr=False)
    monotonic: Callable[[], float] = field(default=monotonic, compare=False, repr=False)

    def payload(self, row_id: str, alert: Alert) -> bytes:
        """Return the message, with the incident's page behind a touch and among its last lines."""
        del row_id  # Gotify has no place for it
        text = summary(alert, self.wording.language, self.wording.zone)
        extras: dict[str, Any] = {"client::display": {"contentType": "text/plain"}}
        if found := links(alert, self.wording):
            label, url = found[0]
            text = f"{text}\n{label}: {url}"
            if ack := ack_link(alert, self.wording):
                text = f"{text}\n{ack[0]}: {ack[1]}"
            extras["client::notification"] = {"click": {"url": url}}
        return encoded(
            {
                "title": title(alert, self.wording.language),
                "message": text,
                "priority": _priority(alert),
                "extras": extras,
            }
        )

    async def notify(self, row_id: str, body: bytes, now: datetime) -> None:
        """Send `body` once; return on a 2xx answer, else raise Undelivered."""
        del row_id
        try:
            token = token_text(self.spec.token)
        except ValueError as error:
            raise Undelivered(str(error), reason="secret") from None
        await post_json(
            self.context,
            self.spec,
            f"{self.spec.url.rstrip('/')}/message",
            body,
            now,
            deadline=self.monotonic() + self.spec.timeout.total_seconds(),
            fields={"X-Gotify-Key": token},
            secrets=(token,),
        )


def connect(spec: GotifySpec, context: ReceiverContext) -> Notifier:
    """Return the notifier that a configured application stands for."""
    return Gotify(spec, wording_of(context), context)


RECEIVER_TYPE = ReceiverType(spec=GotifySpec, connect=connect)


def _priority(alert: Alert) -> int:
    """Return how loud a message is: what is no outage does not show over others."""
    found = _PRIORITIES.get(alert.type, _SHOWS)
    return found if alert.concern is Concern.OUTAGE else min(found, _SOUNDS)
