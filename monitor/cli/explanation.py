"""Who would be told of a check that is not well, and why, in words and as data."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any

from monitor.configuration.config import Config
from monitor.domain.alert import Match, Route, matches, receivers_of
from monitor.domain.check import Affects, Check
from monitor.domain.duty import (
    AnyEscalation,
    JudgedRoute,
    TimedEscalation,
    TimedRoute,
    When,
    on_duty,
    receivers_at,
    walk,
)
from monitor.domain.maintenance import MaintenanceWindow, coming
from monitor.domain.oncall import shift_at
from monitor.domain.silence import Silence
from monitor.domain.status import Status
from monitor.domain.surroundings import Escalation, depended_on
from monitor.domain.text import visible_text
from monitor.fields import format_duration
from monitor.locales.dates import zone_text

_MOST_WINDOWS = 5
_MOST_SILENCES = 5
_OBJECTIONS = {
    "earlier": "is not reached: a route before takes it, and ends there",
}
_TIMES = {
    "during": "not now: only in the hours of {calendar}, from {change} on",
    "outside": "not now: only outside the hours of {calendar}, from {change} on",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What people said by command or API, and no file says: planned work and silences."""

    windows: tuple[MaintenanceWindow, ...] = ()
    silences: tuple[Silence, ...] = ()


def explanation(config: Config, check: Check, at: datetime, wishes: Wishes) -> Mapping[str, Any]:
    """Return who would be told if `check` were down or degraded at `at`, and what prevents it."""
    service = config.services[check.service]
    alarms = check.affects is not Affects.NONE
    needed = (
        depended_on(service.id, config.services) if check.affects is Affects.AVAILABILITY else ()
    )
    to_come = (each for each in wishes.windows if coming(each.when, at))
    windows = [each for each in (*config.windows, *to_come) if each.covers(service, check)]
    silences = [
        each for each in wishes.silences if each.until > at and each.covers(service, (check,))
    ]
    duty = on_duty(config.routes, config.escalations, at)
    return {
        "check": check.id,
        "type": check.type,
        "at": at.isoformat(),
        "service": {
            "id": service.id,
            "name": service.name,
            "owner": service.owner,
            "criticality": service.criticality,
        },
        "opens_incidents": alarms,
        "routes": [_route(each, at) for each in walk(config.routes, service, check, at)],
        "told": list(receivers_of(duty.routes, service, check)) if alarms else [],
        "told_degraded": (
            list(receivers_of(duty.routes, service, check, Status.DEGRADED)) if alarms else []
        ),
        "told_expiry": (list(receivers_of(duty.routes, service, check, None)) if alarms else []),
        "told_until": duty.until.isoformat() if duty.until else None,
        "escalation": [
            _step(step, at)
            for step in config.escalations
            if alarms and matches(_match_of(step), service, check)
        ],
        "depends_on": sorted(needed),
        "windows": [_window(window, at) for window in windows[:_MOST_WINDOWS]],
        "silences": [_silence(each) for each in silences[:_MOST_SILENCES]],
    }


def lines(found: Mapping[str, Any], zone: tzinfo) -> Iterator[str]:
    """Yield an explanation in plain lines, times in `zone`."""
    service = found["service"]
    whose = ", ".join(str(service[key]) for key in ("id", "owner", "criticality"))
    yield f"{found['check']}: {found['type']} of {service['name']} ({whose})"
    names = [_name(route) for route in found["routes"]]
    width = max(map(len, names), default=0)
    for number, (name, route) in enumerate(zip(names, found["routes"], strict=True), start=1):
        yield f"  route {number} → {name:{width}}   {_verdict(route, zone)}"
    yield f"Told: {', '.join(found['told']) or _nobody(found)}"
    if found["opens_incidents"]:
        yield f"Told when it is degraded: {', '.join(found['told_degraded']) or 'nobody'}"
        if found["told_expiry"] != found["told"]:
            yield f"Told when something of it expires: {', '.join(found['told_expiry'])}"
    if found["told_until"] is not None:
        yield f"Routes and people on call may change at {_time(found['told_until'], zone)}."
    for step in found["escalation"]:
        after = format_duration(timedelta(seconds=step["after_seconds"]))
        yield f"After {after} without anybody who takes care: {_name(step)}{_unless(step, zone)}"
    for other in found["depends_on"]:
        yield f"Nobody while {other} is down, which it depends on."
    for window in found["windows"]:
        yield _words(window, zone)
    for silence in found["silences"]:
        said = f"{silence['by']}: {silence['comment']}" if silence["comment"] else silence["by"]
        yield f"Nobody until {_time(silence['until'], zone)}: silence {silence['id']} ({said})."


def _route(judged: JudgedRoute, at: datetime) -> Mapping[str, Any]:
    route = judged.route
    return {
        "receiver": route.receiver,
        "receivers": list(judged.receivers),
        **_times(None if isinstance(route, Route) else route, at),
        "takes": judged.takes,
        "goes_on": route.goes_on,
        "objection": judged.objection,
        "statuses": sorted(judged.route.statuses),
    }


def _step(step: AnyEscalation, at: datetime) -> Mapping[str, Any]:
    timed = step if isinstance(step, TimedEscalation) else None
    return {
        "after_seconds": _plain(step).after.total_seconds(),
        "receivers": list(receivers_at(step, at)),
        **_times(timed, at),
        "objection": timed.when.objection(at) if timed else None,
    }


def _times(each: TimedRoute | TimedEscalation | None, at: datetime) -> Mapping[str, Any]:
    """Return the calendars and the rotation that something goes by, and who is on call."""
    when = each.when if each else When()
    changes = when.next_change(at)
    shift = shift_at(each.rotation, at) if each and each.rotation else None
    return {
        "during": when.during.id if when.during else None,
        "outside": when.outside.id if when.outside else None,
        "changes": changes.isoformat() if changes else None,
        "oncall": each.rotation.id if each and each.rotation else None,
        "person": shift.person.name if shift else None,
    }


def _plain(step: AnyEscalation) -> Escalation:
    return step.step if isinstance(step, TimedEscalation) else step


def _match_of(step: AnyEscalation) -> Match:
    return _plain(step).match


def _name(found: Mapping[str, Any]) -> str:
    """Return to whom a route or a step leads: a receiver, or a rotation and who is on call."""
    receivers = ", ".join(found["receivers"])
    if found["oncall"] is None:
        return receivers
    return f"{found['oncall']}: {found['person']} ({receivers})"


def _verdict(route: Mapping[str, Any], zone: tzinfo) -> str:
    if route["takes"]:
        return "takes it, and goes on" if route["goes_on"] else "takes it, the last"
    objection = route["objection"]
    if objection == "status":
        return f"tells of {' and '.join(route['statuses'])} only"
    if objection in _TIMES:
        return _TIMES[objection].format(
            calendar=route[objection], change=_time(route["changes"], zone)
        )
    return _OBJECTIONS.get(objection, f"asks for another match.{objection}")


def _unless(step: Mapping[str, Any], zone: tzinfo) -> str:
    return "" if step["objection"] is None else f": {_verdict({**step, 'takes': False}, zone)}"


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


def _silence(silence: Silence) -> Mapping[str, Any]:
    return {
        "id": silence.id,
        "until": silence.until.isoformat(),
        "by": visible_text(silence.by),
        "comment": visible_text(silence.comment),
    }


def _words(window: Mapping[str, Any], zone: tzinfo) -> str:
    if window["start"] is None:
        return f"{window['id']} is over."
    start = f"{datetime.fromisoformat(window['start']).astimezone(zone):%Y-%m-%d %H:%M}"
    return f"Nobody during {window['id']}, from {start} to {_time(window['end'], zone)}."


def _time(text: str, zone: tzinfo) -> str:
    at = datetime.fromisoformat(text)
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M} {zone_text(at, zone)}"
