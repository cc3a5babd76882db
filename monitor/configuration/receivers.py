"""Receivers and routes of config/alerts.yaml."""

from collections.abc import Iterable, Mapping
from typing import Any

from monitor.configuration.alerts import EscalationEntry, MatchEntry, ReceiverEntry, RouteEntry
from monitor.configuration.config import ConfiguredReceiver
from monitor.configuration.document import At, Block, Document, Series
from monitor.configuration.findings import (
    Findings,
    Item,
    accepted,
    items,
    kind_of,
    taken_once,
    unknown,
)
from monitor.domain.alert import Match, Route
from monitor.domain.observation import Status
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


def routes_of(document: Document, findings: Findings, context: Context) -> tuple[Route, ...]:
    """Return the valid routes as they are written."""
    written = items((document,), "routes", findings)
    entries = (accepted(RouteEntry, item, findings, context) for item in written)
    return tuple(_route(entry) for entry in entries if entry is not None)


def escalations_of(
    document: Document, findings: Findings, context: Context
) -> tuple[Escalation, ...]:
    """Return the valid steps of escalation, the earliest first."""
    written = items((document,), "escalation", findings)
    entries = (accepted(EscalationEntry, item, findings, context) for item in written)
    steps = (
        Escalation(
            after=entry.after,
            receivers=tuple(sorted(entry.receivers)),
            match=match_of(entry.match),
        )
        for entry in entries
        if entry is not None
    )
    return tuple(sorted(steps, key=lambda step: step.after))


def _route(entry: RouteEntry) -> Route:
    return Route(
        receiver=entry.receiver,
        match=match_of(entry.match),
        statuses=frozenset(map(Status, entry.status)),
        goes_on=entry.goes_on,
    )


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
            ("owner", match, "owner", owners),
            ("service", match, "service", services),
            ("type", match, "check type", types),
        ):
            for name, at in _asked(block, key):
                if name not in known:
                    path = key if block is item.block else f"match.{key}"
                    findings.problem(item.file, at, f"{path}: {unknown(what, name, known)}")


def check_heartbeat(document: Document, receivers: Iterable[str], findings: Findings) -> None:
    """Complain of signs of life for receivers that do not exist."""
    written = document.root.get("heartbeat")
    for name, at in _asked(written, "receivers"):
        if name not in receivers:
            message = f"heartbeat.receivers: {unknown('receiver', name, receivers)}"
            findings.problem(document.file, at, message)


def _asked(block: Any, key: str) -> Iterable[tuple[str, At]]:
    """Return the texts under a key, one or a list of them, and their places."""
    if not isinstance(block, Block):
        return ()
    value = block.get(key)
    if isinstance(value, str):
        return [(value, block.values_at[key])]
    if not isinstance(value, Series):
        return ()
    pairs = zip(value, value.items_at, strict=True)
    return [(name, at) for name, at in pairs if isinstance(name, str)]
