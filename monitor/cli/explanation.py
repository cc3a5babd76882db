"""Who would be told of a check that is down, and why, in words and as data."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, tzinfo
from typing import Any

from monitor.configuration.config import Config
from monitor.domain.alert import JudgedRoute, matches, receivers_of, walk
from monitor.domain.check import Affects, Check
from monitor.domain.maintenance import MaintenanceWindow, coming
from monitor.domain.surroundings import depended_on
from monitor.fields import format_duration
from monitor.locales.dates import zone_text

_MOST_WINDOWS = 5
_OBJECTIONS = {
    "earlier": "is not reached: a route before takes it, and ends there",
    "status": "does not tell of down",
}


def explanation(config: Config, check: Check, now: datetime) -> Mapping[str, Any]:
    """Return who would be told if `check` were down, and what would keep them from it."""
    service = config.services[check.service]
    alarms = check.affects is not Affects.NONE
    needed = (
        depended_on(service.id, config.services) if check.affects is Affects.AVAILABILITY else ()
    )
    windows = [window for window in config.windows if window.covers(service, check)]
    return {
        "check": check.id,
        "type": check.type,
        "service": {
            "id": service.id,
            "name": service.name,
            "owner": service.owner,
            "criticality": service.criticality,
        },
        "opens_incidents": alarms,
        "routes": [_route(each) for each in walk(config.routes, service, check)],
        "told": list(receivers_of(config.routes, service, check)) if alarms else [],
        "escalation": [
            {"after_seconds": step.after.total_seconds(), "receivers": list(step.receivers)}
            for step in config.escalations
            if alarms and matches(step.match, service, check)
        ],
        "depends_on": sorted(needed),
        "windows": [_window(window, now) for window in windows[:_MOST_WINDOWS]],
    }


def lines(found: Mapping[str, Any], zone: tzinfo) -> Iterator[str]:
    """Yield an explanation in plain lines, times in `zone`."""
    service = found["service"]
    whose = ", ".join(str(service[key]) for key in ("id", "owner", "criticality"))
    yield f"{found['check']}: {found['type']} of {service['name']} ({whose})"
    width = max((len(route["receiver"]) for route in found["routes"]), default=0)
    for number, route in enumerate(found["routes"], start=1):
        yield f"  route {number} → {route['receiver']:{width}}   {_verdict(route)}"
    yield f"Told: {', '.join(found['told']) or _nobody(found)}"
    for step in found["escalation"]:
        after = format_duration(timedelta(seconds=step["after_seconds"]))
        yield f"After {after} without anybody who takes care: {', '.join(step['receivers'])}"
    for other in found["depends_on"]:
        yield f"Nobody while {other} is down, which it depends on."
    for window in found["windows"]:
        yield _words(window, zone)


def _route(judged: JudgedRoute) -> Mapping[str, Any]:
    return {
        "receiver": judged.route.receiver,
        "takes": judged.takes,
        "goes_on": judged.route.goes_on,
        "objection": judged.objection,
    }


def _verdict(route: Mapping[str, Any]) -> str:
    if route["takes"]:
        return "takes it, and goes on" if route["goes_on"] else "takes it, the last"
    objection = route["objection"]
    return _OBJECTIONS.get(objection, f"asks for another match.{objection}")


def _nobody(found: Mapping[str, Any]) -> str:
    if not found["opens_incidents"]:
        return "nobody: a check with `affects: none` alarms nobody"
    return "nobody" if found["routes"] else "nobody: there is no receiver"


def _window(window: MaintenanceWindow, now: datetime) -> Mapping[str, Any]:
    occurrence = coming(window.when, now)
    return {
        "id": window.id,
        "start": occurrence.start.isoformat() if occurrence else None,
        "end": occurrence.end.isoformat() if occurrence else None,
    }


def _words(window: Mapping[str, Any], zone: tzinfo) -> str:
    if window["start"] is None:
        return f"{window['id']} is over."
    start, end = (datetime.fromisoformat(window[key]).astimezone(zone) for key in ("start", "end"))
    return (
        f"Nobody during {window['id']}, from {start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} "
        f"{zone_text(end, zone)}."
    )
