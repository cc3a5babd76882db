"""What time counts as: promised, outside the hours that were promised, or planned maintenance."""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum

from monitor.domain.calendar import Calendar, open_windows
from monitor.domain.carving import carved_out, concerning
from monitor.domain.check import Check
from monitor.domain.maintenance import MaintenanceWindow
from monitor.domain.service import Service
from monitor.domain.windowrecord import WindowRecord
from monitor.domain.windows import Window, difference, duration, intersection

_DAY = 86_400_000_000


class Counted(StrEnum):
    """As what a stretch of time counts. Outside the promised hours nothing is maintenance."""

    SLA = "sla"
    MAINTENANCE = "maintenance"
    OFF_HOURS = "off_hours"


Apart = Mapping[Counted, int]
"""How many microseconds count as something else than SLA."""


class Counting:
    """Says what the time of some checks of a service counts as: of one, or of all together.

    It knows its windows a day ahead, since most pieces of time are short and follow each other.
    """

    def __init__(
        self,
        service: Service,
        checks: Sequence[Check],
        hours: Calendar | None,
        work: Sequence[WindowRecord],
    ) -> None:
        self._service = service
        self._checks = checks
        self._hours = hours
        self._work = work
        self._known = Window(0, 0)
        self._apart: dict[Counted, list[Window]] = {}
        self.kinds = tuple(
            kind
            for kind, there in ((Counted.MAINTENANCE, work), (Counted.OFF_HOURS, hours))
            if there
        )

    def apart(self, began: int, end: int) -> Apart:
        """Return how much of [began, end) counts as something else than SLA."""
        if began < self._known.start or end > self._known.end:
            self._look(Window(began, max(end, began + _DAY)))
        piece = [Window(began, end)]
        return {
            kind: duration(intersection(piece, windows))
            for kind, windows in self._apart.items()
            if windows
        }

    def _look(self, window: Window) -> None:
        promised = [window] if self._hours is None else open_windows(self._hours, window)
        work = concerning(self._work, self._service, self._checks, window)
        planned = carved_out(work, self._service, self._checks)
        self._known = window
        self._apart = {
            Counted.MAINTENANCE: intersection(promised, planned),
            Counted.OFF_HOURS: difference([window], promised),
        }


class Countings:
    """Makes a Counting for checks and services of which some time may count as other than SLA.

    Maintenance is looked up by what it names: there may be thousands of checks and of windows.
    """

    def __init__(self, calendars: Mapping[str, Calendar], work: Sequence[WindowRecord]) -> None:
        self._calendars = calendars
        self._by_name: dict[tuple[str, str], list[WindowRecord]] = {}
        self._by_label: list[WindowRecord] = []
        for record in work:
            if record.window.labels:
                self._by_label.append(record)
                continue
            for name in _names(record.window):
                self._by_name.setdefault(name, []).append(record)

    def of(self, service: Service, checks: Sequence[Check]) -> Counting | None:
        """Return that of some checks of a service together, None if all of it counts as SLA."""
        hours = self._calendars.get(service.sla.hours) if service.sla else None
        work = [
            *self._by_name.get(("service", service.id), ()),
            *self._by_name.get(("owner", service.owner), ()),
            *(
                each
                for each in self._by_label
                if any(each.window.covers(service, check) for check in checks)
            ),
        ]
        return Counting(service, checks, hours, work) if hours or work else None


def _names(window: MaintenanceWindow) -> Iterator[tuple[str, str]]:
    yield from (("service", name) for name in window.services)
    yield from (("owner", name) for name in window.owners)
