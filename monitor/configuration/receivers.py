"""Receivers and routes of config/alerts.yaml."""

from collections.abc import Iterable, Mapping
from typing import Any

from monitor.configuration.alerts import MatchEntry, ReceiverEntry, RouteEntry
from monitor.configuration.config import ConfiguredReceiver
from monitor.configuration.document import At, Block, Document, Series
from monitor.configuration.findings import Findings, Item, accepted, items, taken_once, unknown
from monitor.domain.alert import Match, Route
from monitor.domain.observation import Status
from monitor.domain.service import Service, ServiceId
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
        kind = _kind(item, types, findings)
        if kind is None:
            continue
        keys = {key: value for key, value in item.block.items() if key in _COMMON}
        rest = {key: value for key, value in item.block.items() if key not in _COMMON}
        entry = accepted(ReceiverEntry, item, findings, context, keys=keys)
        spec = accepted(kind.spec, item, findings, context, keys=rest, also_known=_COMMON)
        if entry and spec and declared[entry.name] is item:
            receivers[entry.name] = ConfiguredReceiver(name=entry.name, kind=kind, spec=spec)
    return receivers, declared


def _kind(
    item: Item, types: Mapping[str, ReceiverType[Any]], findings: Findings
) -> ReceiverType[Any] | None:
    name = item.block.get("type")
    if isinstance(name, str) and name in types:
        return types[name]
    message = unknown("receiver type", name, types)
    if name is None:
        message = f"this key is missing; known: {', '.join(sorted(types))}"
    findings.problem(item.file, item.at("type"), f"type: {message}")
    return None


def routes_of(
    document: Document,
    receivers: Iterable[str],
    findings: Findings,
    context: Context,
) -> tuple[tuple[Route, Item], ...]:
    """Return the written routes and their entries."""
    written = tuple(items((document,), "routes", findings))
    made = []
    for item in written:
        entry = accepted(RouteEntry, item, findings, context)
        if entry is None:
            continue
        if entry.receiver not in receivers:
            at, message = item.at("receiver"), unknown("receiver", entry.receiver, receivers)
            findings.problem(item.file, at, f"receiver: {message}")
        made.append((_route(entry), item))
    return tuple(made)


def _route(entry: RouteEntry) -> Route:
    return Route(
        receiver=entry.receiver,
        match=_match(entry.match),
        statuses=frozenset(map(Status, entry.status)),
        goes_on=entry.goes_on,
    )


def _match(entry: MatchEntry) -> Match:
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


def check_matches(
    routes: Iterable[tuple[Route, Item]],
    *,
    services: Mapping[ServiceId, Service],
    declared: Iterable[str],
    types: Iterable[str],
    findings: Findings,
) -> None:
    """Complain of routes that ask for an owner, a service or a type that does not exist.

    Such a route matches nothing, and its alerts would go to nobody.
    """
    owners = {service.owner for service in services.values()}
    known = {
        "owner": ("owner", owners),
        "service": ("service", declared),
        "type": ("check type", types),
    }
    for _, item in routes:
        for key, (what, names) in known.items():
            for name, at in _asked(item, key):
                if name not in names:
                    message = f"match.{key}: {unknown(what, name, names)}"
                    findings.problem(item.file, at, message)


def _asked(item: Item, key: str) -> Iterable[tuple[str, At]]:
    match = item.block.get("match")
    value = match.get(key) if isinstance(match, Block) else None
    if isinstance(value, Series):
        return zip(value, value.items_at, strict=True)
    if isinstance(match, Block) and isinstance(value, str):
        return [(value, match.values_at[key])]
    return ()
