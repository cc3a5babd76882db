"""What `pantau validate` warns about: it works, and may not be what was meant."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from monitor.configuration.config import ConfiguredCheck, ConfiguredReceiver
from monitor.configuration.document import Document
from monitor.configuration.findings import Findings, Item
from monitor.configuration.settings import MonitorSettings
from monitor.domain.alert import Route, receivers_of
from monitor.domain.check import Affects, CheckId
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
    routes: Sequence[Route],
    findings: Findings,
) -> None:
    """Warn of what a receiver's type doubts, and of receivers that are never told anything."""
    routed = {route.receiver for route in routes}
    for name, receiver in receivers.items():
        item = declared[name]
        for message in receiver.spec.warnings():
            findings.warning(item.file, item.block.at, f"{name}: {message}")
        if name not in routed:
            findings.warning(item.file, item.block.at, f"{name}: no route leads to this receiver")


def doubt_routes(
    routes: Sequence[Route],
    receivers: Mapping[str, ConfiguredReceiver],
    *,
    services: Mapping[ServiceId, Service],
    checks: Iterable[ConfiguredCheck],
    document: Document,
    findings: Findings,
) -> None:
    """Warn of failures that nobody would be told of for certain, one line a service."""
    if not routes:
        message = "receivers: there is none: nobody is told when a service is down"
        findings.warning(document.file, document.root.at, message)
        return
    certain = {name for name, each in receivers.items() if each.kind.is_certain}
    untold: dict[ServiceId, list[CheckId]] = {}
    unsure: dict[ServiceId, str] = {}
    for each in checks:
        check = each.check
        told = receivers_of(routes, services[check.service], check)
        if check.affects is Affects.AVAILABILITY and not told:
            untold.setdefault(check.service, []).append(check.id)
        elif told and receivers.keys() >= set(told) and certain.isdisjoint(told):
            unsure.setdefault(check.service, ", ".join(told))
    at = document.root.values_at.get("routes", document.root.at)
    for service, ids in untold.items():
        listed = ", ".join(ids[:_LISTED]) + (
            f" and {rest} more" if (rest := len(ids) - _LISTED) > 0 else ""
        )
        message = f"routes: nobody is told when {service} is down (no route takes {listed})"
        findings.warning(document.file, at, message)
    for service, names in unsure.items():
        message = (
            f"routes: only {names} would be told when {service} is down, and may stop working at "
            "any time: lead a route to a receiver of another kind as well"
        )
        findings.warning(document.file, at, message)
