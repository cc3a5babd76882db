"""The services of all files, and how they depend on each other."""

from collections.abc import Collection, Mapping, Sequence

from monitor.configuration.document import Document
from monitor.configuration.entries import ServiceEntry, SlaEntry
from monitor.configuration.findings import (
    Findings,
    Item,
    accepted,
    asked,
    items,
    taken_once,
    unknown,
)
from monitor.domain.service import ALWAYS, Service, ServiceId, Sla
from monitor.fields import Context


def services_of(
    documents: Sequence[Document], findings: Findings, context: Context
) -> tuple[dict[ServiceId, Service], dict[str, Item]]:
    """Return the valid services, and every written one by its id, valid or not."""
    written = tuple(items(documents, "services", findings))
    declared = taken_once(written, "id", findings)
    services = {}
    for item in written:
        entry = accepted(ServiceEntry, item, findings, context)
        if entry is not None and declared[entry.id] is item:
            services[ServiceId(entry.id)] = _service(entry)
    return services, declared


def _service(entry: ServiceEntry) -> Service:
    return Service(
        id=ServiceId(entry.id),
        name=entry.name,
        owner=entry.owner,
        criticality=entry.criticality,
        public=entry.public,
        depends_on=tuple(map(ServiceId, entry.depends_on)),
        status=entry.status,
        sla=_sla(entry.sla) if entry.sla else None,
    )


def _sla(entry: SlaEntry) -> Sla:
    return Sla(target=entry.target, basis=entry.basis, hours=entry.hours)


def check_hours(
    declared: Mapping[str, Item], calendars: Collection[str], findings: Findings
) -> None:
    """Complain of promises by the hours of calendars that do not exist."""
    for item in declared.values():
        promise = item.block.get("sla")
        for hours, at in asked(promise, "hours"):
            if hours not in calendars and hours != ALWAYS:
                complaint = unknown("calendar", hours, {*calendars, ALWAYS})
                findings.problem(item.file, at, f"sla.hours: {complaint}")


def check_schedule(document: Document, declared: Mapping[str, Item], findings: Findings) -> None:
    """Complain of reports on what does not exist, and of seals without a key."""
    owners = {str(item.block.get("owner")) for item in declared.values()}
    for entry in items([document], "schedule", findings):
        for key, known in (("owner", owners), ("service", declared)):
            for name, at in asked(entry.block, key):
                if name not in known:
                    complaint = unknown(key, name, known)
                    findings.problem(entry.file, at, f"schedule.{key}: {complaint}")
        if entry.block.get("sign") is True and document.root.get("seal") is None:
            complaint = "schedule.sign: nothing can seal: write `seal` with the key"
            findings.problem(entry.file, entry.at("sign"), complaint)


def check_dependencies(
    services: Mapping[ServiceId, Service], declared: Mapping[str, Item], findings: Findings
) -> None:
    """Complain of dependencies on what does not exist, and of circles."""
    for service in services.values():
        item = declared[service.id]
        places = item.block["depends_on"].items_at if service.depends_on else ()
        for other, at in zip(service.depends_on, places, strict=True):
            if other not in declared:
                findings.problem(
                    item.file, at, f"depends_on: {unknown('service', other, declared)}"
                )
    if circle := _circle(services):
        item = declared[circle[0]]
        findings.problem(
            item.file,
            item.at("depends_on"),
            f"depends_on: services depend on each other in a circle: {' → '.join(circle)}",
        )


def _circle(services: Mapping[ServiceId, Service]) -> list[ServiceId]:
    """Return a circle of dependencies, its first member repeated at the end, or nothing.

    Kahn's algorithm from below: what is left after all that stands firm has been taken away
    depends, sooner or later, on itself.
    """
    left = {
        id_: {each for each in service.depends_on if each in services}
        for id_, service in services.items()
    }
    dependents: dict[ServiceId, list[ServiceId]] = {}
    for id_, needed in left.items():
        for each in needed:
            dependents.setdefault(each, []).append(id_)
    firm = [id_ for id_, needed in left.items() if not needed]
    while firm:
        gone = firm.pop()
        del left[gone]
        for id_ in dependents.get(gone, ()):
            left[id_].discard(gone)
            if not left[id_]:
                firm.append(id_)
    return _walk(left) if left else []


def _walk(left: Mapping[ServiceId, set[ServiceId]]) -> list[ServiceId]:
    way = [next(iter(left))]
    while way.count(way[-1]) == 1:
        way.append(min(each for each in left[way[-1]] if each in left))
    return way[way.index(way[-1]) :]
