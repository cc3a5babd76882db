"""Keeps track of whom routes and steps of escalation lead to."""

from collections.abc import Sequence
from datetime import datetime

from monitor.domain.duty import AnyEscalation, AnyRoute, Duty, on_duty
from monitor.domain.routing import Routing


class DutyRoster:
    """The routes of the configuration, looked at when a calendar or a hand-over may change them."""

    def __init__(self) -> None:
        self._routes: Sequence[AnyRoute] = ()
        self._escalations: Sequence[AnyEscalation] = ()
        self._looked_at: datetime | None = None
        self.duty = Duty()
        self.routing = Routing()

    def replace(self, routes: Sequence[AnyRoute], escalations: Sequence[AnyEscalation]) -> None:
        """Go by these routes and steps from the next look on."""
        self._routes, self._escalations, self._looked_at = routes, escalations, None

    def look(self, now: datetime) -> None:
        """Bring `duty` and its `routing` up to `now`; also where the clock was set back."""
        until = self.duty.until
        if self._looked_at is None or now < self._looked_at or (until is not None and now >= until):
            self.duty = on_duty(self._routes, self._escalations, now)
            self.routing = Routing(self.duty.routes)
        self._looked_at = now
