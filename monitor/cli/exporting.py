"""What an export holds: which columns each table has, and its rows, from what is stored."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from monitor.domain.check import CheckId
from monitor.domain.incident import Incident
from monitor.domain.windows import Window
from monitor.store.reader import Interval
from monitor.store.taken import Measured

Row = Sequence[Any]


class Kind(StrEnum):
    """What a column holds. A moment is a datetime in UTC, seconds are a float."""

    TEXT = "text"
    NUMBER = "number"
    SECONDS = "seconds"
    MOMENT = "moment"


class Subject(StrEnum):
    """What there is to export, each in a table of its own."""

    OBSERVATIONS = "observations"
    INTERVALS = "intervals"
    INCIDENTS = "incidents"


COLUMNS = {
    Subject.OBSERVATIONS: {
        "check": Kind.TEXT,
        "vantage": Kind.TEXT,
        "epoch": Kind.NUMBER,
        "scheduled_at": Kind.MOMENT,
        "attempt": Kind.NUMBER,
        "started_at": Kind.MOMENT,
        "duration_seconds": Kind.SECONDS,
        "status": Kind.TEXT,
        "kind": Kind.TEXT,
        "cause": Kind.TEXT,
        "detail": Kind.TEXT,
    },
    Subject.INTERVALS: {
        "check": Kind.TEXT,
        "vantage": Kind.TEXT,
        "started_at": Kind.MOMENT,
        "ended_at": Kind.MOMENT,
        "status": Kind.TEXT,
        "cause": Kind.TEXT,
    },
    Subject.INCIDENTS: {
        "id": Kind.TEXT,
        "service": Kind.TEXT,
        "affects": Kind.TEXT,
        "concern": Kind.TEXT,
        "started_at": Kind.MOMENT,
        "ended_at": Kind.MOMENT,
        "checks": Kind.TEXT,
        "failures": Kind.TEXT,
        "acknowledged_by": Kind.TEXT,
        "acknowledged_at": Kind.MOMENT,
    },
}


class Archive(Protocol):
    """What the store remembers. Periods are in microseconds since the Unix epoch."""

    def taken(self, check_id: CheckId, start: int, end: int) -> Iterator[Measured]: ...

    def intervals(self, check_id: CheckId, start: int, end: int) -> Sequence[Interval]: ...

    def incidents(self, start: int, end: int) -> Sequence[Incident]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """What of it is wanted: these checks, incidents of these services (None: of all)."""

    vantage: str
    checks: Iterable[CheckId]
    services: frozenset[str] | None
    period: Window


def rows(subject: Subject, archive: Archive, extent: Extent) -> Iterator[Row]:
    """Yield the rows of a table, one check after the other; a row has a value for each column.

    Samples are those due in the period; intervals and incidents that touch it are there whole.
    """
    match subject:
        case Subject.OBSERVATIONS:
            return _observations(archive, extent)
        case Subject.INTERVALS:
            return _intervals(archive, extent)
        case Subject.INCIDENTS:
            found = archive.incidents(*extent.period)
            wanted = extent.services
            return map(_incident, (i for i in found if wanted is None or i.service in wanted))


def _observations(archive: Archive, extent: Extent) -> Iterator[Row]:
    for check in extent.checks:
        for epoch, due, attempt, began, took, status, kind, cause, detail in archive.taken(
            check, *extent.period
        ):
            place = (check, extent.vantage, epoch, due, attempt, began, took)
            yield (*place, status.value, _value(kind), _value(cause), detail)


def _intervals(archive: Archive, extent: Extent) -> Iterator[Row]:
    for check in extent.checks:
        for one in archive.intervals(check, *extent.period):
            times = (one.started_at, one.ended_at)
            yield (check, extent.vantage, *times, one.status.value, _value(one.cause))


def _incident(incident: Incident) -> Row:
    acknowledged = incident.acknowledged
    return (
        incident.id,
        incident.service,
        incident.affects.value,
        incident.concern.value,
        incident.started_at,
        incident.ended_at,
        _joined(each.id for each in incident.checks),
        _joined(each.failure.kind.value for each in incident.checks if each.failure),
        None if acknowledged is None else acknowledged.by,
        None if acknowledged is None else acknowledged.at,
    )


def _joined(names: Iterable[str]) -> str:
    return " ".join(dict.fromkeys(names))


def _value(one: StrEnum | None) -> str | None:
    return None if one is None else one.value
