"""Apprise: for services that no receiver of ours speaks, such as Matrix, Signal and SMS gateways.

```yaml
receivers:
  - name: matrix
    type: apprise
    url: {file: /etc/pantau/matrix.apprise}
```

It needs an extra: `pip install 'pantau[apprise]'`. The secret holds one URL as Apprise has it, such
as `matrixs://pantau:password@matrix.example/!room`. Take it where nothing else will do: Apprise
says that a message went out or that it did not, and no more, so one may come twice.
"""

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import AfterValidator, Field

from monitor.domain.alert import Alert
from monitor.domain.observation import FailureKind
from monitor.fields import File, Secret
from monitor.locales.messages_native import Wording, encoded
from monitor.notifiers.apprise.checking import understandable
from monitor.notifiers.apprise.exchange import Answer, Order
from monitor.notifiers.apprise.process import carry_out
from monitor.notifiers.apprise.words import message
from monitor.ports import Notifier, Undelivered
from monitor.receivertype import ReceiverContext, ReceiverSpec, ReceiverType
from monitor.receivertype.keys import Timeout
from monitor.receivertype.services import wording_of

# By the first digit of a status; under others Apprise did not like what was said.
_REASONS = {3: "redirect", 4: "status_4xx", 5: "status_5xx"}


class AppriseSpec(ReceiverSpec):
    """The keys of a receiver that Apprise reaches."""

    url: Annotated[Secret, AfterValidator(understandable)] = Field(
        description="One URL of Apprise's, which says the service, who is told, and with which "
        "password: all of it is secret."
    )
    timeout: Timeout = Field(
        default=timedelta(seconds=10), description="How long one attempt may take, at most 15s."
    )
    ca_file: File | None = Field(
        default=None, description="PEM file of the authorities to trust instead of the system's."
    )


@dataclass(frozen=True, slots=True)
class AppriseReceiver:
    """One configured URL. Two are equal when they would send the same to the same place."""

    spec: AppriseSpec
    wording: Wording
    context: ReceiverContext = field(compare=False, repr=False)

    def payload(self, row_id: str, alert: Alert) -> bytes:
        """Return the message, in the order of Apprise's own API: title, body, type."""
        del row_id  # few of its services have a place for it
        return encoded(message(alert, self.wording))

    async def notify(self, row_id: str, body: bytes, now: datetime) -> None:
        """Send `body` once; return if Apprise says that it went out, else raise Undelivered."""
        del row_id, now
        order = self._order(body)
        try:
            answer = await carry_out(order, self.spec.ca_file)
        except TimeoutError:
            raise Undelivered(f"no answer within {order.seconds:g} s", reason="timeout") from None
        except (OSError, ValueError) as error:
            raise Undelivered(
                f"our fault: Apprise does not run ({type(error).__name__})", reason="internal"
            ) from None
        if not answer.delivered:
            raise undelivered(answer)

    def _order(self, body: bytes) -> Order:
        servers = self.context.network.resolver.nameservers()
        return Order(
            url=self.spec.url.reveal().strip(),
            seconds=self.spec.timeout.total_seconds(),
            nameservers=tuple((each.host, each.port) for each in servers),
            message=json.loads(body),
        )


def undelivered(answer: Answer) -> Undelivered:
    """Return why a message did not go out. All of it may be over by the next attempt."""
    if not answer.understood:
        return Undelivered("Apprise does not understand the URL", reason="secret")
    if answer.refusal is not None:
        return Undelivered(answer.refusal, reason=FailureKind.REFUSED_BY_POLICY)
    if answer.status is None:
        return Undelivered("Apprise says that it did not go out, not why", reason="not_delivered")
    return Undelivered(
        f"status {answer.status}", reason=_REASONS.get(answer.status // 100, "not_delivered")
    )


def connect(spec: AppriseSpec, context: ReceiverContext) -> Notifier:
    """Return the notifier that a configured URL stands for."""
    return AppriseReceiver(spec, wording_of(context), context)


RECEIVER_TYPE = ReceiverType(spec=AppriseSpec, connect=connect, is_certain=False)
