"""Which incidents of a report are outages, and when they were within its period."""

from collections.abc import Sequence

from monitor.domain.check import Affects
from monitor.domain.incident import Concern, Incident
from monitor.domain.instant import microseconds
from monitor.domain.windows import Window
from monitor.reports.report import Report, Told


def outages_of(report: Report, concern: Concern) -> Sequence[Told]:
    """Return the incidents of availability of that concern."""
    return [
        each
        for each in report.incidents
        if each.incident.affects is Affects.AVAILABILITY and each.incident.concern is concern
    ]


def stretch(incident: Incident, known: Window) -> Window:
    """Return when an incident was, within what was known."""
    end = known.end if incident.ended_at is None else microseconds(incident.ended_at)
    return Window(max(microseconds(incident.started_at), known.start), min(end, known.end))
