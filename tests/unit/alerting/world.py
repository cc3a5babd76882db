"""A dispatcher in a world without waiting: its clock jumps to whatever is due next."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from monitor.alerting.dispatcher import Dispatcher
from monitor.domain.alert import Alert, AlertType, addressed
from monitor.ports import Notifier
from tests.fakes import FakeClock, FakeTelemetry, MemoryOutbox, an_alert


class World:
    """Rows are added as commits do; `passes` lets time go by."""

    def __init__(self, jitter: float = 0.5, **notifiers: Any) -> None:
        self.clock = FakeClock()
        self.outbox = MemoryOutbox()
        self.telemetry = FakeTelemetry()
        self.notifiers: Mapping[str, Notifier] = notifiers
        self.jitter = jitter
        self.restart()

    def restart(self) -> None:
        """Begin anew, as after a kill: only the outbox remains."""
        self.dispatcher = Dispatcher(
            self.outbox, self.notifiers, self.clock, self.telemetry, lambda: self.jitter
        )

    def tells(self, alert: Alert, *receivers: str) -> list[str]:
        """Commit `alert` for receivers; return the ids of its rows."""
        subject = alert.incident.id if alert.incident else f"own:{alert.type}"
        notifications = addressed(alert, subject, receivers or tuple(self.notifiers))
        self.outbox.add(notifications, self.clock.now())
        return [one.id for one in notifications]

    def fires(self, incident: str, *receivers: str) -> str:
        """Commit that an incident began; return the row's id for the first receiver."""
        return self.tells(an_alert(AlertType.FIRING, incident=incident), *receivers)[0]

    def resolves(self, incident: str, *receivers: str) -> str:
        """Commit that an incident is over; return the row's id for the first receiver."""
        alert = an_alert(AlertType.RESOLVED, incident=incident, sequence=1)
        return self.tells(alert, *receivers)[0]

    async def settles(self) -> float | None:
        """Do all that is due now; return the seconds until something is, None for never."""
        while True:
            before = len(self.outbox.rows)
            await self.dispatcher.take_in()
            couriers = list(self.dispatcher.couriers().values())
            delays = [await courier.deliver_due() for courier in couriers]
            if len(self.outbox.rows) == before:
                return min((delay for delay in delays if delay is not None), default=None)

    async def passes(self, span: timedelta | float) -> None:
        """Let time go by, and everything happen that falls due."""
        left = span.total_seconds() if isinstance(span, timedelta) else float(span)
        while True:
            delay = await self.settles()
            # An attempt that fell due a rounding error ago must not hold time up.
            step = left if delay is None else min(max(delay, 0.001), left)
            self.clock.advance(step)
            left -= step
            if left <= 0:
                await self.settles()
                return
