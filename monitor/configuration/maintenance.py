"""The windows of config/maintenance.yaml: planned work, once or again and again."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator

from monitor.configuration.document import Document
from monitor.configuration.entries import Entry
from monitor.configuration.findings import Findings, Item, accepted, items, taken_once, unknown
from monitor.configuration.moments import Day, parse_clock, parse_moment
from monitor.configuration.names import Id, Labels, Text
from monitor.domain.maintenance import (
    LONGEST,
    MaintenanceWindow,
    Occurrence,
    Recurrence,
    check_rule,
)
from monitor.domain.service import ServiceId
from monitor.domain.walltime import instant_of
from monitor.fields import Context, Duration, shown

_FIRST = date(2020, 1, 1)


class WindowEntry(Entry):
    """One window: `start` and `end`, or `rrule`, `start` (a time of day) and `duration`."""

    id: Id = Field(description="What messages and logs call it.")
    services: tuple[Id, ...] = Field((), description="Services that are worked on.")
    owners: tuple[Text, ...] = Field((), description="Owners (OPD) whose services are worked on.")
    labels: Labels = Field(default={}, description="Labels of the checks that are concerned.")
    start: str = Field(
        description="When it begins: `2026-11-28 22:00`, or with `rrule` a time of day: `01:00`."
    )
    end: str | None = Field(None, description="When it ends, for one that comes once.")
    rrule: Text | None = Field(
        None, description="The days on which it begins, as an RRULE of RFC 5545."
    )
    duration: Duration | None = Field(None, description="How long it lasts, with `rrule`.")
    first: Day | None = Field(
        None, description="The first day, with `rrule`; COUNT and INTERVAL count from it."
    )
    approved_by: Text = Field(description="Who approved it.")
    reason: Text = Field(description="What is done, in words for those who are told.")
    public_reason: Text | None = Field(
        None, description="What the public status page says of it, which never shows `reason`."
    )

    @model_validator(mode="after")
    def _whole(self) -> "WindowEntry":
        if not (self.services or self.owners or self.labels):
            raise ValueError("name what is worked on: services, owners or labels")
        if self.rrule is None:
            _once(self)
        else:
            _many(self)
        return self


def _once(entry: WindowEntry) -> None:
    if entry.duration is not None or entry.first is not None or entry.end is None:
        raise ValueError("write start and end, or rrule, start and duration")
    start, end = _moment("start", entry.start), _moment("end", entry.end)
    if not start < end <= start + LONGEST:
        raise ValueError(f"end: {entry.end} must be after start, by {LONGEST.days} days at most")


def _many(entry: WindowEntry) -> None:
    if entry.end is not None or entry.duration is None:
        raise ValueError("with rrule, write duration and no end")
    if not timedelta(0) < entry.duration <= LONGEST:
        raise ValueError(f"duration: at most {LONGEST.days} days")
    recurrence = _recurrence(entry, ZoneInfo("UTC"))
    try:
        check_rule(recurrence, dated=entry.first is not None)
    except ValueError as error:
        raise ValueError(f"rrule: {shown(entry.rrule)}: {error}") from None


def _moment(key: str, written: str) -> datetime:
    try:
        return parse_moment(written)
    except ValueError as error:
        raise ValueError(f"{key}: {error}") from None


def _clock(written: str) -> time:
    try:
        return parse_clock(written)
    except ValueError as error:
        raise ValueError(f"start: {error}") from None


def _recurrence(entry: WindowEntry, zone: tzinfo) -> Recurrence:
    assert entry.rrule is not None  # noqa: S101 - who calls has looked
    assert entry.duration is not None  # noqa: S101
    return Recurrence(
        rule=entry.rrule.upper().removeprefix("RRULE:"),
        first=entry.first or _FIRST,
        start=_clock(entry.start),
        duration=entry.duration,
        zone=zone,
    )


class MaintenanceFile(Entry):
    """config/maintenance.yaml. Windows are looked at one by one."""

    version: Literal[1] = Field(1, description="Version of this form of configuration.")
    windows: list[Any] | None = None


def windows_of(
    document: Document, zone: str, findings: Findings, context: Context
) -> tuple[MaintenanceWindow, ...]:
    """Return the valid windows; times of theirs without a zone are those of `zone`."""
    written = tuple(items((document,), "windows", findings))
    declared = taken_once(written, "id", findings)
    windows = []
    for item in written:
        entry = accepted(WindowEntry, item, findings, context)
        if entry is not None and declared[entry.id] is item:
            windows.append(window_of(entry, ZoneInfo(zone), name=entry.id))
    return tuple(windows)


def window_of(entry: WindowEntry, zone: tzinfo, *, name: str) -> MaintenanceWindow:
    """Return what is written, called `name`; its times are by the clock of `zone`."""
    return MaintenanceWindow(
        id=name,
        when=_recurrence(entry, zone) if entry.rrule is not None else _occurrence(entry, zone),
        reason=entry.reason,
        approved_by=entry.approved_by,
        public_reason=entry.public_reason or "",
        services=frozenset(map(ServiceId, entry.services)),
        owners=frozenset(entry.owners),
        labels=entry.labels,
    )


def _occurrence(entry: WindowEntry, zone: tzinfo) -> Occurrence:
    start, end = _moment("start", entry.start), _moment("end", entry.end or "")
    return Occurrence(instant_of(start, zone), instant_of(end, zone))


def check_windows(document: Document, services: Mapping[str, Item], findings: Findings) -> None:
    """Complain of windows for services and owners that do not exist: they would cover nothing."""
    owners = {str(item.block.get("owner")) for item in services.values()}
    for item in items((document,), "windows", Findings()):
        for key, what, known in (("services", "service", services), ("owners", "owner", owners)):
            for name in _texts(item.block.get(key)):
                if name not in known:
                    findings.problem(
                        item.file, item.at(key), f"{key}: {unknown(what, name, known)}"
                    )


def doubt_windows(
    windows: Iterable[MaintenanceWindow], document: Document, today: date, findings: Findings
) -> None:
    """Warn of windows that ended before `today`: what was is on record without them."""
    declared = {item.block.get("id"): item for item in items((document,), "windows", Findings())}
    for window in windows:
        if not isinstance(window.when, Occurrence):
            continue
        item = declared[window.id]
        written = str(item.block.get("end"))
        if parse_moment(written).date() < today:
            findings.warning(
                item.file,
                item.at("end"),
                f"{window.id}: over since {written}: it may be deleted, it stays on record",
            )


def _texts(value: object) -> Iterable[str]:
    return (each for each in value if isinstance(each, str)) if isinstance(value, list) else ()
