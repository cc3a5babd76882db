"""ntfy: a push message to all who subscribe to a topic.

```yaml
receivers:
  - name: phones
    type: ntfy
    url: https://ntfy.example
    topic: pantau
    token: {file: /etc/pantau/ntfy.token}
```

Make a token with `ntfy token add`, or give user and password as `basic_auth`. On a server without
access control, such as ntfy.sh, whoever guesses the topic reads along and can write. A touch on
the message opens the incident's page.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from typing import Any, Self

from pydantic import Field, model_validator

from monitor.domain.alert import Alert, AlertType
from monitor.domain.incident import Concern
from monitor.domain.text import visible_text
from monitor.locales.messages import summary, title
from monitor.locales.messages_native import Wording, encoded
from monitor.locales.messages_signs import Mood, links, mood
from monitor.ports import Notifier, Undelivered
from monitor.receivertype import ReceiverContext, ReceiverType
from monitor.receivertype.keys import (
    BasicAuth,
    PostingSpec,
    ServerUrl,
    Token,
    token_text,
    unencrypted,
)
from monitor.receivertype.services import post_json, wording_of

_TITLE_BYTES = 250
_DEFAULT_PRIORITY = 3
_PRIORITIES = {
    AlertType.FIRING: 5,
    AlertType.ESCALATED: 5,
    AlertType.REMINDER: 4,
    AlertType.SELF_OFFLINE: 4,
    AlertType.SELF_UNDELIVERED: 4,
    AlertType.SELF_DAMAGED: 4,
    AlertType.SELF_UNREPORTED: 3,
    AlertType.ACKNOWLEDGED: 2,
    AlertType.MAINTENANCE_STARTED: 2,
    AlertType.MAINTENANCE_ENDED: 2,
    AlertType.REPORT_FILED: 2,
    AlertType.HEARTBEAT: 1,
}
# Names of emoji, which ntfy shows before the title.
_TAGS = {
    Mood.BAD: "red_circle",
    Mood.GOOD: "green_circle",
    Mood.WARNING: "orange_circle",
    Mood.PLAIN: "large_blue_circle",
}

_MOST_ACTIONS = 3  # more are refused


class NtfySpec(PostingSpec):
    """The keys of an ntfy receiver."""

    url: ServerUrl = Field("https://ntfy.sh/", description="The server's address.")
    topic: str = Field(pattern=r"^[-_A-Za-z0-9]{1,64}$", description="Who subscribes to it reads.")
    token: Token | None = Field(default=None, description="An access token.")
    basic_auth: BasicAuth | None = Field(
        default=None, description="User and password, instead of a token."
    )

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if self.token is not None and self.basic_auth is not None:
            raise ValueError("write token or basic_auth, not both")
        return self

    def warnings(self) -> tuple[str, ...]:
        """Return what a reader of the configuration should know."""
        found = unencrypted("url", self.url)
        if self.token is None and self.basic_auth is None:
            found += ("topic: without a token, whoever guesses the topic reads and writes it",)
        return found


@dataclass(frozen=True, slots=True)
class Ntfy:
    """One configured topic. Two are equal when they would send the same to the same place."""

    spec: NtfySpec
    wording: Wording
    context: ReceiverContext = field(compare=False, repr=False)
    monotonic: Callable[[], float] = field(default=monotonic, compare=False, repr=False)

    def payload(self, row_id: str, alert: Alert) -> bytes:
        """Return the message without its topic, with links to the incident's page and runbooks.

        ntfy makes a file of more than 4096 bytes of text; a summary has at most 1024.
        """
        del row_id  # ntfy has no place for it
        found = links(alert, self.wording)[:_MOST_ACTIONS]
        body: dict[str, Any] = {
            "title": visible_text(title(alert, self.wording.language), _TITLE_BYTES),
            "message": summary(alert, self.wording.language, self.wording.zone),
            "priority": _priority(alert),
            "tags": [_TAGS[mood(alert)]],
        }
        if found:
            body["click"] = found[0][1]
            body["actions"] = [
                {"action": "view", "label": label, "url": url} for label, url in found
            ]
        return encoded(body)

    async def notify(self, row_id: str, body: bytes, now: datetime) -> None:
        """Send `body` to the topic once; return on a 2xx answer, else raise Undelivered."""
        del row_id
        try:
            fields = self._credentials()
        except ValueError as error:
            raise Undelivered(str(error), reason="secret") from None
        await post_json(
            self.context,
            self.spec,
            self.spec.url,
            encoded({"topic": self.spec.topic, **json.loads(body)}),
            now,
            deadline=self.monotonic() + self.spec.timeout.total_seconds(),
            fields=fields,
            secrets=tuple(value.partition(" ")[2] for value in fields.values()),
        )

    def _credentials(self) -> Mapping[str, str]:
        if self.spec.token is not None:
            return {"Authorization": f"Bearer {token_text(self.spec.token)}"}
        if self.spec.basic_auth is not None:
            return {"Authorization": self.spec.basic_auth.value()}
        return {}


def connect(spec: NtfySpec, context: ReceiverContext) -> Notifier:
    """Return the notifier that a configured topic stands for."""
    return Ntfy(spec, wording_of(context), context)


RECEIVER_TYPE = ReceiverType(spec=NtfySpec, connect=connect)


def _priority(alert: Alert) -> int:
    """Return how loud a message is: what is no outage does not ring through the night."""
    found = _PRIORITIES.get(alert.type, _DEFAULT_PRIORITY)
    return found if alert.concern is Concern.OUTAGE else min(found, _DEFAULT_PRIORITY)
