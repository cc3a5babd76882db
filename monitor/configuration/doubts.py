"""What `pantau validate` warns about: it works, and may not be what was meant."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from pathlib import PurePath

from monitor.configuration.config import ConfiguredCheck, ConfiguredReceiver
from monitor.configuration.countries import CountryHolidays
from monitor.configuration.document import Document
from monitor.configuration.findings import Findings, Item
from monitor.configuration.settings import MonitorSettings
from monitor.domain.alert import Route, receivers_of
from monitor.domain.calendar import Calendar, HolidayDoubt
from monitor.domain.check import Affects, CheckId
from monitor.domain.duty import (
    AnyEscalation,
    AnyRoute,
    TimedEscalation,
    TimedRoute,
)
from monitor.domain.reach import everybody, open_together, routes_while, turns
from monitor.domain.service import Rule, Service, ServiceId
from monitor.fields import format_duration

_LISTED = 3


def doubt_settings(settings: MonitorSettings, document: Document, findings: Findings) -> None:
    """Warn of a monitor that cannot tell its own silence from that of others."""
    if not settings.self_check.targets:
        at = document.root.values_at.get("self_check", document.root.at)
        findings.warning(
            document.file,
            at,
            "self_check: no canary: only the default gateway and our resolver tell whether we "
            "are the ones who are offline; name targets that are up when our network is",
        )


def doubt_checks(checks: Sequence[tuple[ConfiguredCheck, Item]], findings: Findings) -> None:
    """Warn of what a check's type doubts, of targets nobody confirmed, of limits out of reach."""
    for configured, item in checks:
        check = configured.check
        for message in configured.spec.warnings():
            findings.warning(item.file, item.block.at, f"{check.id}: {message}")
        if not check.verified:
            message = f"{check.id}: not verified: confirm its target with the owner"
            findings.warning(item.file, item.at("verified"), message)
        if check.degraded_over is not None and check.degraded_over >= check.timeout:
            findings.warning(
                item.file,
                item.at("degraded_over"),
                f"{check.id}: degraded_over: {format_duration(check.degraded_over)} is never "
                f"reached: the timeout is {format_duration(check.timeout)}",
            )


def doubt_services(
    services: Mapping[ServiceId, Service],
    declared: Mapping[str, Item],
    running: Sequence[ConfiguredCheck],
    disabled: Sequence[ConfiguredCheck],
    findings: Findings,
) -> None:
    """Warn of services that no check speaks for, and complain of quorums that cannot be met.

    Where all checks of a service are disabled, somebody wanted that.
    """
    counted = Counter(
        each.check.service for each in running if each.check.affects is Affects.AVAILABILITY
    )
    silenced = {each.check.service for each in disabled}
    for id_, service in services.items():
        item, count = declared[id_], counted[id_]
        if not count and id_ not in silenced:
            message = f"{id_}: no check speaks for this service: its status stays unknown"
            findings.warning(item.file, item.block.at, message)
        elif count and service.status.rule is Rule.QUORUM and service.status.quorum > count:
            message = f"status: a quorum of {service.status.quorum} is over its {count} checks"
            findings.problem(item.file, item.at("status"), message)


def doubt_receivers(
    receivers: Mapping[str, ConfiguredReceiver],
    declared: Mapping[str, Item],
    leading: Iterable[AnyRoute | AnyEscalation],
    findings: Findings,
) -> None:
    """Warn of what a receiver's type doubts, and of receivers that are never told anything."""
    led_to = {name for each in leading for name in everybody(each)}
    for name, receiver in receivers.items():
        item = declared[name]
        for message in receiver.spec.warnings():
            findings.warning(item.file, item.block.at, f"{name}: {message}")
        if name not in led_to:
            findings.warning(item.file, item.block.at, f"{name}: no route leads to this receiver")


def doubt_calendars(
    calendars: Iterable[Calendar], used: Collection[str], findings: Findings
) -> None:
    """Warn of calendars by which nothing goes."""
    for each in calendars:
        if each.id not in used:
            file = f"config/calendars/{each.id}.yaml"
            findings.warning(file, (1, 1), "nothing goes by this calendar")


def doubt_holidays(
    calendars: Iterable[Calendar], documents: Sequence[Document], today: date, findings: Findings
) -> None:
    """Warn of holidays of this year and the next that no decree settles yet, as far as known."""
    written = {PurePath(each.file).stem: Item(each.file, each.root) for each in documents}
    for calendar in calendars:
        item = written[calendar.id]
        found = (calendar.doubts.get(year) for year in (today.year, today.year + 1))
        for doubt in (each for each in found if each is not None):
            findings.warning(item.file, item.at("holidays"), _doubt_text(doubt))
        if isinstance(calendar.holidays, CountryHolidays):
            for day in calendar.holidays.needless():
                message = f"holidays.drop: {day} is none of {calendar.holidays.country} anyway"
                findings.warning(item.file, item.at("holidays"), message)


def _doubt_text(doubt: HolidayDoubt) -> str:
    parts = []
    if doubt.estimated:
        dates = ", ".join(map(str, doubt.estimated))
        parts.append(f"{dates}: estimated dates (write them under `add` or `drop` once decreed)")
    if doubt.missing:
        parts.append(f"none of the kind {' and '.join(doubt.missing)} known (list them in `add`)")
    return (
        f"holidays of {doubt.country} in {doubt.year}: {'; '.join(parts)}; when all is as decreed, "
        f"write confirmed: [{doubt.year}]"
    )


def calendars_used(leading: Iterable[AnyRoute | AnyEscalation]) -> dict[str, Calendar]:
    """Return the calendars by which routes and steps of escalation go."""
    times = (each.when for each in leading if isinstance(each, TimedRoute | TimedEscalation))
    found = (each for when in times for each in (when.during, when.outside))
    return {each.id: each for each in found if each is not None}


def doubt_routes(
    routes: Sequence[AnyRoute],
    receivers: Mapping[str, ConfiguredReceiver],
    *,
    services: Mapping[ServiceId, Service],
    checks: Iterable[ConfiguredCheck],
    document: Document,
    findings: Findings,
) -> None:
    """Warn of failures that nobody would be told of for certain, one line a service.

    Where routes go by the time, each set of calendars that is open at once is looked at, and each
    who may be on call.
    """
    if not routes:
        message = "receivers: there is none: nobody is told when a service is down"
        findings.warning(document.file, document.root.at, message)
        return
    certain = {name for name, each in receivers.items() if each.kind.is_certain}
    at_times = _at_all_times(routes)
    untold: dict[tuple[ServiceId, str], list[CheckId]] = {}
    unsure: dict[ServiceId, str] = {}
    for each in checks:
        check = each.check
        told = [
            (when, receivers_of(then, services[check.service], check)) for when, then in at_times
        ]
        missing = [when for when, names in told if not names]
        if missing and check.affects is Affects.AVAILABILITY:
            when = "" if len(missing) == len(told) else missing[0]
            untold.setdefault((check.service, when), []).append(check.id)
        for _, names in told:
            if names and receivers.keys() >= set(names) and certain.isdisjoint(names):
                unsure.setdefault(check.service, ", ".join(names))
    at = document.root.values_at.get("routes", document.root.at)
    for (service, when), ids in untold.items():
        listed = ", ".join(ids[:_LISTED]) + (
            f" and {rest} more" if (rest := len(ids) - _LISTED) > 0 else ""
        )
        message = f"routes: nobody is told when {service} is down{when} (no route takes {listed})"
        findings.warning(document.file, at, message)
    for service, told_only in unsure.items():
        message = (
            f"routes: only {told_only} would be told when {service} is down, and may stop working "
            "at any time: lead a route to a receiver of another kind as well"
        )
        findings.warning(document.file, at, message)


def _at_all_times(routes: Sequence[AnyRoute]) -> list[tuple[str, tuple[Route, ...]]]:
    """Return the routes as they are at one time or another, with words for when that is."""
    used = calendars_used(routes)
    return [
        (_words(opened, used), tuple(routes_while(routes, opened, turn)))
        for opened in sorted(open_together(used.values()), key=sorted)
        for turn in range(turns(routes))
    ]


def _words(opened: Collection[str], used: Collection[str]) -> str:
    if opened:
        return f" in the hours of {' and '.join(sorted(opened))}"
    return f" outside the hours of {' and '.join(sorted(used))}" if used else ""
