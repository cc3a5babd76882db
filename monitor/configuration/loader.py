"""Puts a configuration together, or tells everything that is wrong with it."""

import gc
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

from monitor.checktype import CheckType
from monitor.configuration.alerts import AlertsFile
from monitor.configuration.calendars import calendars_of
from monitor.configuration.checks import check_references, checks_of
from monitor.configuration.config import Config
from monitor.configuration.document import Document
from monitor.configuration.doubts import (
    calendars_used,
    doubt_calendars,
    doubt_checks,
    doubt_holidays,
    doubt_receivers,
    doubt_routes,
    doubt_services,
    doubt_settings,
)
from monitor.configuration.entries import ChecksFile, Entry
from monitor.configuration.files import Shelf, gather, look_round
from monitor.configuration.findings import Findings, Item, accepted
from monitor.configuration.maintenance import (
    MaintenanceFile,
    check_windows,
    doubt_windows,
    windows_of,
)
from monitor.configuration.oncall import check_people, people_of, rotations_of
from monitor.configuration.problem import ConfigError, Problem
from monitor.configuration.receivers import (
    Times,
    check_heartbeat,
    check_readers,
    check_routes,
    escalations_of,
    receivers_of,
    routes_of,
    routes_to_all,
)
from monitor.configuration.reports import ReportFile
from monitor.configuration.services import (
    check_dependencies,
    check_hours,
    check_schedule,
    services_of,
)
from monitor.configuration.settings import MonitorSettings
from monitor.fields import Context
from monitor.receivertype import ReceiverType

if TYPE_CHECKING:
    from monitor.blackbox.modules import Modules

EntryT = TypeVar("EntryT", bound=Entry)

_LATER_ALERT_KEYS = {
    "templates": "the words of alerts are fixed",
}


def load(
    path: Path,
    types: Mapping[str, CheckType[Any]],
    receiver_types: Mapping[str, ReceiverType[Any]],
    environment: Mapping[str, str] | None = None,
    today: date | None = None,
) -> Config:
    """Return what checks.yaml at `path` and config/ beside it say.

    `types` and `receiver_types` are what `type:` may name. `environment` (default: the process's
    own) answers `{env: …}` and says where systemd keeps credentials. What holidays are in doubt is
    told of the year of `today` (default: by the clock) and of the next.
    Raise ConfigError with every problem of every file. Nothing is kept of a failed load.
    """
    findings = Findings()
    with _no_collection():
        context = _context(path, environment)
        config = _assembled(path, types, receiver_types, context, findings, today=today)
    if config is None:
        raise ConfigError(_ordered(findings.problems, path.name))
    return config


def _ordered(problems: Iterable[Problem], first: str) -> tuple[Problem, ...]:
    """Return each problem once, in the order of files (`first` first) and places."""
    return tuple(sorted(set(problems), key=lambda each: (each.file != first, each)))


@contextmanager
def _no_collection() -> Iterator[None]:
    """Keep the garbage collector from walking again and again over what is all still needed."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _context(path: Path, environment: Mapping[str, str] | None) -> Context:
    known = os.environ if environment is None else environment
    credentials = known.get("CREDENTIALS_DIRECTORY")
    return Context(
        folder=path.absolute().parent,
        environment=known,
        credentials=Path(credentials) if credentials else None,
    )


def _assembled(
    path: Path,
    types: Mapping[str, CheckType[Any]],
    receiver_types: Mapping[str, ReceiverType[Any]],
    context: Context,
    findings: Findings,
    *,
    today: date | None,
) -> Config | None:
    shelf = Shelf(path.parent, findings)
    files = gather(shelf, path.name)
    roots = [_root(ChecksFile, document, findings, context) for document in files.checks]
    settings = _root(MonitorSettings, files.monitor, findings, context)
    modules = _modules(settings, shelf, context)
    look_round(shelf)
    alerts = _root(AlertsFile, files.alerts, findings, context, later=_LATER_ALERT_KEYS)
    planned = _root(MaintenanceFile, files.maintenance, findings, context)
    report = _root(ReportFile, files.report, findings, context)
    zone = settings.zone if settings else "UTC"
    windows = windows_of(files.maintenance, zone, findings, context)
    calendars, known_calendars = calendars_of(files.calendars, zone, findings, context)
    services, declared = services_of(files.checks, findings, context)
    checks = checks_of(files.checks, types, findings, context)
    receivers, named = receivers_of(files.alerts, receiver_types, findings, context)
    people, named_people = people_of(files.alerts, findings, context)
    rotations, named_rotations = rotations_of(files.alerts, people, zone, findings, context)
    times = Times(calendars=calendars, rotations=rotations)
    written_routes = routes_of(files.alerts, times, findings, context)
    escalations = escalations_of(files.alerts, times, findings, context)
    # Where a list is missing, everything that refers to it would only look wrong.
    if not shelf.broken and None not in roots:
        check_dependencies(services, declared, findings)
        check_hours(declared, known_calendars, findings)
        check_references(files.checks, declared, findings)
        check_windows(files.maintenance, declared, findings)
        check_schedule(files.report, declared, findings)
        check_people(files.alerts, named_people, named, findings)
        check_routes(
            files.alerts,
            receivers=named,
            services=declared,
            types=types,
            calendars=known_calendars,
            rotations=named_rotations,
            findings=findings,
        )
        check_heartbeat(files.alerts, named, findings)
        check_readers(files.report, named, findings)
    if findings.problems or settings is None or alerts is None:
        return None
    routes = written_routes or routes_to_all(receivers)
    running = tuple(configured for configured, enabled, _ in checks if enabled)
    disabled = tuple(configured for configured, enabled, _ in checks if not enabled)
    doubt_settings(settings, files.monitor, findings)
    doubt_checks([(each, item) for each, enabled, item in checks if enabled], findings)
    doubt_services(services, declared, running, disabled, findings)
    leading = (*routes, *escalations)
    doubt_receivers(receivers, named, leading, findings)
    promised = {each.sla.hours for each in services.values() if each.sla}
    doubt_calendars(calendars.values(), promised | calendars_used(leading).keys(), findings)
    doubt_holidays(calendars.values(), files.calendars, today or _today(settings.zone), findings)
    doubt_windows(windows, files.maintenance, today or _today(settings.zone), findings)
    doubt_routes(
        routes,
        receivers,
        services=services,
        checks=running,
        document=files.alerts,
        findings=findings,
    )
    if findings.problems or planned is None or report is None:
        return None
    return Config(
        monitor=settings,
        services=services,
        checks=running,
        disabled=disabled,
        receivers=receivers,
        routes=routes,
        grouping=alerts.grouping.as_grouping(),
        flapping=alerts.flapping.as_flapping(),
        remind_every=alerts.reminders.every or None,
        link_lasts=alerts.links.valid_for,
        stages=alerts.expiry.stages,
        escalations=escalations,
        sign_of_life=alerts.heartbeat.as_sign_of_life() if alerts.heartbeat else None,
        windows=windows,
        report=report,
        calendars=calendars,
        rotations=rotations,
        modules=modules,
        warnings=_ordered(findings.warnings, path.name),
        files=shelf.names,
        hash=shelf.hash(),
    )


def _today(zone: str) -> date:
    return datetime.now(ZoneInfo(zone)).date()


def _modules(settings: MonitorSettings | None, shelf: Shelf, context: Context) -> "Modules | None":
    if settings is None or not settings.probe.enabled:
        return None
    from monitor.configuration.blackbox import modules_of  # only who serves /probe pays for it

    return modules_of(settings.probe.modules, shelf, context)


def _root(
    model: type[EntryT], document: Document, findings: Findings, context: Context, **how: Any
) -> EntryT | None:
    return accepted(model, Item(document.file, document.root), findings, context, **how)
