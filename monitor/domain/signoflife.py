"""A message now and then that all is well: where it stays away, somebody looks what happened."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.domain.alert import Alert, AlertType, Notification, addressed, notification_id
from monitor.domain.instant import microseconds, span_microseconds

_SUBJECT = "heartbeat"
# So many are kept in the outbox, for who wants to know whether the last ones arrived.
_KEPT = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class SignOfLife:
    """How often who is told that the monitor works."""

    every: timedelta
    receivers: tuple[str, ...]

    def turn(self, now: datetime) -> int:
        """Return the number of the period that `now` lies in."""
        return microseconds(now) // span_microseconds(self.every)

    def notifications(self, now: datetime) -> tuple[Notification, ...]:
        """Return the messages of this period; the same period gives the same ids."""
        alert = Alert(type=AlertType.HEARTBEAT, occurred_at=now, sequence=self.turn(now))
        return addressed(alert, _SUBJECT, self.receivers)

    def outdated(self, now: datetime) -> tuple[str, ...]:
        """Return the ids of the messages that need not be kept any more."""
        past = self.turn(now) - _KEPT
        return tuple(
            notification_id(_SUBJECT, receiver, AlertType.HEARTBEAT, past)
            for receiver in self.receivers
        )
