"""Receivers and routes of config/alerts.yaml."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from monitor.configuration.alerts import (
    EscalationEntry,
    MatchEntry,
    ReceiverEntry,
    RouteEntry,
    TimedMatchEntry,
)
from monitor.configuration.config import ConfiguredReceiver
from monitor.configuration.document import Document
from monitor.configuration.findings import (
    Findings,
    Item,
    accepted,
    asked,
    items,
    kind_of,
    taken_once,
    unknown,
)
from monitor.domain.alert import Match, Route
from monitor.domain.calendar import Calendar
from monitor.domain.duty import AnyEscalation, AnyRoute, TimedEscalation, TimedRoute, When
from monitor.domain.observation import Status
from monitor.domain.oncall import Rotation
from monitor.domain.surroundings import Escalation
from monitor.fields import Context
from monitor.receivertype import ReceiverType

_COMMON = frozenset(ReceiverEntry.model_fields)


def receivers_of(
    document: Document,
    types: Mapping[str, ReceiverType[Any]],
    findings: Findings,
    context: Context,
) -> tuple[dict[str, ConfiguredReceiver], dict[str, Item]]:
    """Return the valid receivers, and every written one by its name, valid or not."""
    written = tuple(items((document,), "receivers", findings))
    declared = taken_once(written, "name", findings)
    receivers = {}
    for item in written:
        kind = kind_of(item, types, "receiver type", findings)
        if kind is None:
            continue
        keys = {key: value for key, value in item.block.items() if key in _COMMON}
        rest = {key: value for key, value in item.block.items() if key not in _COMMON}
        entry = accepted(ReceiverEntry, item, findings, context, keys=keys)
        spec = accepted(kind.spec, item, findings, context, keys=rest, also_known=_COMMON)
        if entry and spec and declared[entry.name] is item:
            receivers[entry.name] = ConfiguredReceiver(name=entry.name, kind=kind, spec=spec)
    return receivers, declared


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """The calendars and rotations that routes and steps of escalation may name."""

    calendars: Mapping[str, Calendar] = field(default_factory=dict)
    rotations: Mapping[str, Rotation] = field(default_factory=dict)

    def when(self, match: TimedMatchEntry) -> When:
        """Return the times that a match asks for."""
        return When(during=self._calendar(match.during), outside=self._calendar(match.outside))

    def rotation(self, name: str | None) -> Rotation | None:
        """Return a rotation; None also where there is none of that name: that is told elsewhere."""
        return None if name is None else self.rotations.get(name)

    def _calendar(self, name: str | None) -> Calendar | None:
        return None if name is None else self.calendars.get(name)


def routes_of(
    document: Document, times: Times, findings: Findings, context: Context
) -> tuple[AnyRoute, ...]:
    """Return the valid routes as they are written."""
    written = items((document,), "routes", findings)
    entries = (accepted(RouteEntry, item, findings, context) for item in written)
    return tuple(_route(entry, times) for entry in entries if entry is not None)


def escalations_of(
    document: Document, times: Times, findings: Findings, context: Context
) -> tuple[AnyEscalation, ...]:
    """Return the valid steps of escalation, the earliest first."""
    written = items((document,), "escalation", findings)
    entries = (accepted(EscalationEntry, item, findings, context) for item in written)
    valid = (entry for entry in entries if entry is not None)
    return tuple(_step(entry, times) for entry in sorted(valid, key=lambda each: each.after))


def _route(entry: RouteEntry, times: Times) -> AnyRoute:
    match, statuses = match_of(entry.match), frozenset(map(Status, entry.status))
    when = times.when(entry.match)
    if entry.receiver is not None and when == When():
        return Route(receiver=entry.receiver, match=match, statuses=statuses, goes_on=entry.goes_on)
    return TimedRoute(
        receiver=entry.receiver,
        rotation=times.rotation(entry.oncall),
        when=when,
        match=match,
        statuses=statuses,
        goes_on=entry.goes_on,
    )


def _step(entry: EscalationEntry, times: Times) -> AnyEscalation:
    step = Escalation(
        after=entry.after,
        receivers=tuple(sorted(entry.receivers or ())),
        match=match_of(entry.match),
    )
    when = times.when(entry.match)
    if entry.oncall is None and when == When():
        return step
    return TimedEscalation(step=step, rotation=times.rotation(entry.oncall), when=when)


def match_of(entry: MatchEntry) -> Match:
    """Return what an entry asks, for who decides."""
    return Match(
        owners=entry.owner or frozenset(),
        services=entry.service or frozenset(),
        criticalities=entry.criticality or frozenset(),
        types=entry.type or frozenset(),
        labels=entry.labels,
    )


def routes_to_all(receivers: Iterable[str]) -> tuple[Route, ...]:
    """Return routes that tell every receiver of everything: who writes none wants to be told."""
    return tuple(Route(receiver=name, goes_on=True) for name in receivers)


def check_routes(
    document: Document,
    *,
    receivers: Iterable[str],
    services: Mapping[str, Item],
    types: Iterable[str],
    calendars: Iterable[str],
    rotations: Iterable[str],
    findings: Findings,
) -> None:
    """Complain of routes and escalations to nobody, and of those that ask for what does not exist.

    They match nothing, and their alerts would go to nobody.
    """
    owners = {str(item.block.get("owner")) for item in services.values()}
    quiet = Findings()
    for item in (*items((document,), "routes", quiet), *items((document,), "escalation", quiet)):
        match = item.block.get("match")
        for key, block, what, known in (
            ("receiver", item.block, "receiver", receivers),
            ("receivers", item.block, "receiver", receivers),
            ("oncall", item.block, "rotation", rotations),
            ("during", match, "calendar", calendars),
            ("outside", match, "calendar", calendars),
            ("owner", match, "owner", owners),
            ("service", match, "service", services),
            ("type", match, "check type", types),
        ):
            for name, at in asked(block, key):
                if name not in known:
                    path = key if block is item.block else f"match.{key}"
                    findings.problem(item.file, at, f"{path}: {unknown(what, name, known)}")


def check_readers(document: Document, receivers: Mapping[str, Item], findings: Findings) -> None:
    """Complain of readers of reports to whom no mail can go."""
    mailing = {name: each for name, each in receivers.items() if each.block.get("type") == "email"}
    for entry in items((document,), "schedule", Findings()):
        for name, at in asked(entry.block.get("mail"), "through"):
            if name in receivers and name not in mailing:
                complaint = f"{name} is of type {receivers[name].block.get('type')}: mail is needed"
                findings.problem(entry.file, at, f"schedule.mail.through: {complaint}")
            elif name not in mailing:
                complaint = unknown("receiver of type email", name, mailing)
                findings.problem(entry.file, at, f"schedule.mail.through: {complaint}")


def check_heartbeat(document: Document, receivers: Iterable[str], findings: Findings) -> None:
    """Complain of signs of life for receivers that do not exist."""
    written = document.root.get("heartbeat")
    for name, at in asked(written, "receivers"):
        if name not in receivers:
            message = f"heartbeat.receivers: {unknown('receiver', name, receivers)}"
            findings.problem(document.file, at, message)
