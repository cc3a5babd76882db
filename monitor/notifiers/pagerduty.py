"""PagerDuty: an alert for each incident, which closes when the incident does.

```yaml
receivers:
  - {name: pager, type: pagerduty, routing_key: {file: /etc/pantau/pagerduty.token}}
```

In PagerDuty: the service's *Integrations*, *Events API V2*, and write its integration key into
the file. For an account in the EU write `api: https://events.eu.pagerduty.com`.

The alert's key is the incident's id, so reminders and updates never make a second one. Each
incident of a message is an event of its own; after a failure those that PagerDuty took are not
sent again. The severity follows the service's criticality: `critical`, `error`, `warning`, `info`.
Planned work is told as a change and calls nobody. A test message opens an alert and closes it.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from monitor.domain.alert import Alert
from monitor.fields import Secret
from monitor.locales.messages_native import Wording, encoded
from monitor.locales.messages_pagerduty import pagerduty_body
from monitor.ports import Notifier, Undelivered
from monitor.receivertype import ReceiverContext, ReceiverType
from monitor.receivertype.keys import PostingSpec, ServerUrl
from monitor.receivertype.services import post_json, worded, wording_of

_ROUTING_KEY = re.compile(r"[0-9A-Za-z]{32}\Z")
_MOST_REMEMBERED = 4


def routing_key(secret: Secret) -> str:
    """Return an integration key; raise ValueError, not showing it, if it is none."""
    text = secret.reveal().strip()
    if not _ROUTING_KEY.match(text):
        raise ValueError("an integration key of the Events API has 32 letters and digits")
    return text


def _checked(secret: Secret) -> Secret:
    routing_key(secret)
    return secret


class PagerdutySpec(PostingSpec):
    """The keys of a PagerDuty receiver."""

    routing_key: Annotated[Secret, AfterValidator(_checked)] = Field(
        description="The integration key of the service, as a secret."
    )
    api: ServerUrl = Field(
        "https://events.pagerduty.com/", description="The address of the Events API."
    )


class Progress:
    """Which events of a message were taken, so that another attempt goes on behind them.

    In memory alone: after a restart all are sent again, which changes nothing in PagerDuty. It
    keeps a storm's events from beginning anew with every attempt, and never being through.
    """

    def __init__(self) -> None:
        self._taken: dict[str, set[int]] = {}

    def of(self, row_id: str) -> set[int]:
        """Return the numbers of the events of a message that were taken; it may be added to."""
        while len(self._taken) >= _MOST_REMEMBERED and row_id not in self._taken:
            del self._taken[next(iter(self._taken))]
        return self._taken.setdefault(row_id, set())


@dataclass(frozen=True, slots=True)
class Pagerduty:
    """One configured service. Two are equal when they would send the same to the same place."""

    spec: PagerdutySpec
    wording: Wording
    context: ReceiverContext = field(compare=False, repr=False)
    monotonic: Callable[[], float] = field(default=monotonic, compare=False, repr=False)
    progress: Progress = field(default_factory=Progress, compare=False, repr=False)

    def payload(self, row_id: str, alert: Alert) -> bytes:
        """Return the events of a message, without the routing key."""
        return pagerduty_body(row_id, alert, self.wording)

    async def notify(self, row_id: str, body: bytes, now: datetime) -> None:
        """Send the events that were not taken yet; return when all were, else raise Undelivered.

        One that is refused for good does not keep the others back; any other failure ends the
        attempt, since it would meet the next event as well.
        """
        events = json.loads(body)["events"]
        taken = self.progress.of(row_id)
        deadline = self.monotonic() + self.spec.timeout.total_seconds()
        refused: Undelivered | None = None
        for number, each in enumerate(events):
            if number in taken:
                continue
            try:
                await self._send(each, now, deadline)
            except Undelivered as error:
                if not error.permanent:
                    raise _counted(error, len(taken), len(events)) from None
                refused = refused or error
            else:
                taken.add(number)
        if refused is not None:
            raise _counted(refused, len(taken), len(events))

    async def _send(self, event: Mapping[str, Any], now: datetime, deadline: float) -> None:
        try:
            key = routing_key(self.spec.routing_key)
        except ValueError as error:
            raise Undelivered(str(error), reason="secret") from None
        await post_json(
            self.context,
            self.spec,
            self.spec.api.rstrip("/") + event["path"],
            encoded({"routing_key": key, **event["event"]}),
            now,
            deadline=deadline,
            secrets=(key,),
        )


def _counted(error: Undelivered, taken: int, total: int) -> Undelivered:
    return worded(error, f"{taken} of {total} events were taken" if total > 1 else "")


def connect(spec: PagerdutySpec, context: ReceiverContext) -> Notifier:
    """Return the notifier that a configured service stands for."""
    return Pagerduty(spec, wording_of(context), context)


RECEIVER_TYPE = ReceiverType(spec=PagerdutySpec, connect=connect)
