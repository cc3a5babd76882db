"""Makes a report: what is on record about a period, and about which services it is asked."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from monitor.domain.calendar import Calendar
from monitor.domain.check import Check, CheckId
from monitor.domain.correction import CorrectionRecord
from monitor.domain.incident import Incident
from monitor.domain.instant import instant, microseconds
from monitor.domain.note import Note
from monitor.domain.service import Service, ServiceId
from monitor.domain.windowrecord import Occasion, WindowRecord
from monitor.ledger.checkpoint import Checkpoint
from monitor.ports import Configured, Mark
from monitor.reports.accounting import LongHistory, account
from monitor.reports.entries import Terms
from monitor.reports.report import (
    Account,
    Applied,
    LedgerState,
    Provenance,
    Report,
    Retired,
    Scope,
    Told,
    Wording,
)

# How long after something was recorded it is signed at the latest, in microseconds.
_SIGNED = 60_000_000

Going = Callable[[Sequence[Service]], Iterable[Service]]
"""Gives services one by one, and may show how far it is."""


class Records(LongHistory, Protocol):
    """What the store remembers. Periods are in microseconds since the Unix epoch."""

    def windows(self) -> tuple[WindowRecord, ...]: ...
    def corrections(self) -> tuple[CorrectionRecord, ...]: ...
    def incidents(self, start: int, end: int) -> tuple[Incident, ...]: ...
    def notes(self, incidents: Sequence[str]) -> Sequence[Note]: ...
    def marks(self, start: int, end: int) -> Sequence[Mark]: ...
    def configured(self, start: int, end: int) -> Sequence[Configured]: ...
    def recorded(self, start: int, end: int) -> Mapping[CheckId, int]: ...
    def checkpoint(self, told: int, end: int) -> Checkpoint | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What is watched, by which configuration and software, and what people write of it."""

    services: Sequence[Service]
    checks: Sequence[Check]
    calendars: Mapping[str, Calendar]
    vantage: str
    configuration: str
    software: str
    wording: Wording = field(default_factory=Wording)


def report(watched: Watched, records: Records, scope: Scope, going: Going = iter) -> Report:
    """Return the report on `scope`, from what is on record by now.

    It names the ledger as it was once all of that was signed, so that what is recorded of other
    times does not change it.
    """
    windows, corrections = records.windows(), records.corrections()
    terms = Terms(
        calendars=watched.calendars, windows=windows, corrections=corrections, whole=scope.period
    )
    by_service: dict[ServiceId, list[Check]] = {}
    for check in watched.checks:
        by_service.setdefault(check.service, []).append(check)
    accounts = [
        account(service, by_service.get(service.id, ()), records, scope, terms)
        for service in going(reported(watched.services, scope))
    ]
    incidents = _told(records, accounts, scope)
    recorded = max((scope.until, *map(microseconds, _recorded(accounts, incidents))))
    return Report(
        scope=scope,
        provenance=_provenance(watched, records.checkpoint(recorded + _SIGNED, scope.until)),
        accounts=accounts,
        incidents=incidents,
        marks=records.marks(*scope.known),
        applied=_applied(records.configured(0, scope.known.end), instant(scope.known.start)),
        retired=_retired(watched.checks, records, scope),
        wording=watched.wording,
    )


def reported(services: Iterable[Service], scope: Scope) -> list[Service]:
    """Return the services that are asked about, in order of owner, criticality and name."""
    asked = (
        service
        for service in services
        if (not scope.owners or service.owner in scope.owners)
        and (not scope.services or service.id in scope.services)
    )
    return sorted(asked, key=lambda one: (one.owner, one.criticality.place, one.name, one.id))


def _recorded(accounts: Iterable[Account], incidents: Iterable[Told]) -> Iterator[datetime]:
    """Yield when each act was recorded that the report tells of."""
    for each in accounts:
        for act in each.corrections:
            yield act.correction.at
            if act.withdrawn is not None:
                yield act.withdrawn.at
        for occasion in each.work:
            yield occasion.record.added_at
            if occasion.record.cancelled is not None:
                yield occasion.record.cancelled.at
    for told in incidents:
        yield told.incident.ended_at or told.incident.started_at
        yield from (note.at for note in told.notes)


def _applied(configured: Sequence[Configured], start: datetime) -> list[Applied]:
    """Return what was taken up from `start` on, by all that ever was, oldest first."""
    hashes = [None, *(each.hash for each in configured)]
    return [
        Applied(at=each.at, hash=each.hash, changed=each.hash != before)
        for before, each in zip(hashes, configured, strict=False)
        if each.at >= start
    ]


def _retired(checks: Iterable[Check], records: Records, scope: Scope) -> list[Retired]:
    if scope.owners or scope.services:
        return []
    configured = {check.id for check in checks}
    return [
        Retired(check=name, last=instant(last))
        for name, last in sorted(records.recorded(*scope.known).items())
        if name not in configured
    ]


def _provenance(watched: Watched, point: Checkpoint | None) -> Provenance:
    return Provenance(
        software=watched.software,
        configuration=watched.configuration,
        vantage=watched.vantage,
        ledger=None if point is None else _state(point),
    )


def _state(point: Checkpoint) -> LedgerState:
    return LedgerState(origin=point.origin, size=point.size, root=point.root.hex())


def _told(records: Records, accounts: Sequence[Account], scope: Scope) -> list[Told]:
    """Return the incidents of the services that are reported on, in order of their start."""
    work = {each.service.id: each.work for each in accounts}
    incidents = [each for each in records.incidents(*scope.known) if each.service in work]
    notes: dict[str, list[Note]] = {}
    for note in records.notes([each.id for each in incidents]):
        notes.setdefault(note.incident, []).append(note)
    until = instant(scope.until)
    return [
        Told(
            incident=each,
            notes=notes.get(each.id, ()),
            planned=[
                occasion.occurrence
                for occasion in work[each.service]
                if _is_during(occasion, each.started_at, each.ended_at or until)
            ],
        )
        for each in incidents
    ]


def _is_during(occasion: Occasion, start: datetime, end: datetime) -> bool:
    return occasion.occurrence.start < end and occasion.occurrence.end > start
