"""The checks of all files: common keys, the keys of their type, and the defaults of both."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from monitor.checktype import CheckSpec, CheckType
from monitor.configuration.config import ConfiguredCheck
from monitor.configuration.document import Block, Document
from monitor.configuration.entries import CheckEntry, Defaults, Rhythm
from monitor.configuration.findings import (
    Findings,
    Item,
    accepted,
    items,
    kind_of,
    taken_once,
    unknown,
)
from monitor.configuration.names import MOST_LABELS
from monitor.configuration.settings import is_loopback
from monitor.domain.check import Affects, Check, CheckId
from monitor.domain.service import ServiceId
from monitor.fields import Context, format_duration

_TIMEOUT = timedelta(seconds=10)
_RETRY_INTERVAL = timedelta(seconds=15)
_Rhythm = Mapping[str, Any]
"""Values by the names that `Rhythm` and `Check` share. None only where a default depends."""
_USUAL: _Rhythm = {
    "interval": timedelta(seconds=60),
    "timeout": None,
    "retry_interval": None,
    "failure_threshold": 3,
    "success_threshold": 2,
    "affects": Affects.AVAILABILITY,
    "degraded_over": None,
    "labels": {},
    "runbook": None,
}

COMMON_KEYS = frozenset(CheckEntry.model_fields)
SHARED_KEYS = frozenset({"interval", "name"})
"""Common keys that a type may have as its own; a check of that type then has only the type's."""
LATER_KEYS = {"vantages": "every check runs at the one vantage of monitor.yaml"}


def own_keys(kind: CheckType[Any]) -> frozenset[str]:
    """Return the common keys that this type lacks, or that mean something else in it: the `name`
    of a DNS query, the `interval` of a job.
    """
    return SHARED_KEYS.intersection(kind.spec.model_fields) | kind.lacks


def checks_of(
    documents: Sequence[Document],
    types: Mapping[str, CheckType[Any]],
    findings: Findings,
    context: Context,
) -> tuple[tuple[ConfiguredCheck, bool, Item], ...]:
    """Return the valid checks in their written order, whether each is enabled, and its entry."""
    defaults = _defaults(documents, findings, context)
    written = tuple(items(documents, "checks", findings))
    declared = taken_once(written, "id", findings)
    made = []
    for item in written:
        kind = kind_of(item, types, "check type", findings)
        if kind is None:
            continue
        entry, spec = _halves(item, kind, findings, context)
        if entry is None:
            continue
        rhythm = _over(entry, defaults[item.file])
        decided = spec.rhythm() if spec else {}
        _check_rhythm(rhythm, item, kind.lacks, findings)
        if spec and declared[entry.id] is item:
            check = _check(entry, spec, {**rhythm, **decided})
            if (why := spec.unfit(check.timeout)) is not None:
                findings.problem(item.file, item.at("timeout"), f"timeout: {why}")
            made.append((ConfiguredCheck(check=check, kind=kind, spec=spec), entry.enabled, item))
    _check_tokens(made, findings)
    return tuple(made)


def _check_tokens(made: Iterable[tuple[ConfiguredCheck, bool, Item]], findings: Findings) -> None:
    """Complain of two checks that are told by the same secret: neither would know who speaks."""
    owners: dict[str, CheckId] = {}
    for configured, _, item in made:
        token = configured.spec.push_token()
        if token is None:
            continue
        owner = owners.setdefault(token.reveal(), configured.check.id)
        if owner != configured.check.id:
            message = f"token: check {owner} has the same; each needs one of its own"
            findings.problem(item.file, item.at("token"), message)


def _defaults(
    documents: Sequence[Document], findings: Findings, context: Context
) -> dict[str, _Rhythm]:
    """Return the defaults of each file: its own, over those of the first, over the usual ones."""
    found: dict[str, _Rhythm] = {}
    outer = _USUAL
    for document in documents:
        block = document.root.get("defaults")
        own = None
        if isinstance(block, Block):
            own = accepted(Defaults, Item(document.file, block), findings, context)
        found[document.file] = _over(own, outer) if own else outer
        outer = found[documents[0].file]
    return found


def _over(own: Rhythm, outer: _Rhythm) -> _Rhythm:
    said = {name: value for name in outer if (value := getattr(own, name)) is not None}
    return {**outer, **said, "labels": {**outer["labels"], **own.labels}}


def _halves(
    item: Item, kind: CheckType[Any], findings: Findings, context: Context
) -> tuple[CheckEntry | None, CheckSpec | None]:
    """Return the common half of an entry and its type's half."""
    common = COMMON_KEYS - own_keys(kind)
    keys = {key: value for key, value in item.block.items() if key in common}
    rest = {key: value for key, value in item.block.items() if key not in common}
    entry = accepted(CheckEntry, item, findings, context, keys=keys)
    spec = accepted(
        kind.spec, item, findings, context, keys=rest, also_known=common, later=LATER_KEYS
    )
    return entry, spec


def _check(entry: CheckEntry, spec: CheckSpec, rhythm: _Rhythm) -> Check:
    interval = rhythm["interval"]
    host = spec.dialled_host()
    return Check(
        id=CheckId(entry.id),
        service=ServiceId(entry.service),
        type=entry.type,
        target=spec.target(),
        name=entry.name,
        verified=entry.verified,
        notes=entry.notes,
        local=host is not None and is_loopback(host),
        **{
            **rhythm,
            "timeout": rhythm["timeout"] or min(_TIMEOUT, interval),
            "retry_interval": rhythm["retry_interval"] or min(_RETRY_INTERVAL, interval),
        },
    )


def _check_rhythm(rhythm: _Rhythm, item: Item, lacks: frozenset[str], findings: Findings) -> None:
    """Complain of what is longer than the interval, and of too many labels."""
    for key in sorted({"timeout", "retry_interval"} - lacks, reverse=True):
        if rhythm[key] is not None and rhythm[key] > rhythm["interval"]:
            is_own = key in item.block
            findings.problem(
                item.file,
                item.at(key if is_own else "interval"),
                f"{key}: {format_duration(rhythm[key])}{'' if is_own else ' (from defaults)'} is "
                f"longer than the interval, {format_duration(rhythm['interval'])}",
            )
    if (count := len(rhythm["labels"])) > MOST_LABELS:
        message = f"labels: {count} with those of defaults: a check has at most {MOST_LABELS}"
        findings.problem(item.file, item.at("labels"), message)


def check_references(
    documents: Sequence[Document], services: Iterable[str], findings: Findings
) -> None:
    """Complain of checks whose service does not exist, be they valid otherwise or not."""
    for item in items(documents, "checks", Findings()):
        service = item.block.get("service")
        if isinstance(service, str) and service not in services:
            message = f"service: {unknown('service', service, services)}"
            findings.problem(item.file, item.at("service"), message)
