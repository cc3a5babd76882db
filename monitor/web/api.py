"""The API that commands use over the control socket: reload, test a receiver, ask for status."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from monitor.domain.incident import Hold, Incident
from monitor.domain.note import Via
from monitor.domain.service import Service
from monitor.ports import StatusBoard, Watched
from monitor.web.acts import act_routes
from monitor.web.context import WebContext

_Item = TypeVar("_Item")

_SLICE = 100


def api_routes(context: WebContext) -> list[Route]:
    async def reload(_: Request) -> Response:
        result = await context.reloader.reload()
        status = 200 if result.ok else 500
        return JSONResponse({"ok": result.ok, "problems": list(result.problems)}, status)

    async def test(request: Request) -> Response:
        name, known = request.path_params["name"], context.sender.receivers()
        if name not in known:
            detail = (
                f"the running daemon has no such receiver (it has: {', '.join(known) or 'none'}): "
                "let it reload the configuration first"
            )
            return JSONResponse({"ok": False, "detail": detail}, 404)
        result = await context.sender.send(name)
        body = {"ok": result.ok, "detail": result.detail}
        return JSONResponse(body, 200 if result.ok else 502)

    async def status(_: Request) -> Response:
        return StreamingResponse(_status(context), media_type="application/json")

    return [
        Route("/api/v1/reload", reload, methods=["POST"]),
        Route("/api/v1/receivers/{name:path}/test", test, methods=["POST"]),
        *act_routes(context.acts, Via.COMMAND),
        Route("/api/v1/status", status),
    ]


def service_entry(board: StatusBoard, service: Service) -> dict[str, Any]:
    incident = board.incident(service.id)
    return {
        "id": service.id,
        "name": service.name,
        "owner": service.owner,
        "criticality": service.criticality,
        "status": board.service_status(service.id),
        "incident": incident.id if incident else None,
        "hold": _hold(incident.hold) if incident and incident.hold else None,
        "unstable": _unstable(board.speaker(service.id)),
        "acknowledged_by": (
            incident.acknowledged.by if incident and incident.acknowledged else None
        ),
        "lesser_incidents": [_lesser(each) for each in board.lesser_incidents(service.id)],
    }


def _lesser(incident: Incident) -> dict[str, Any]:
    """Return an incident that is no outage."""
    expiry = incident.expiry
    return {
        "id": incident.id,
        "concern": incident.concern,
        "expiry": expiry
        and {
            "of": expiry.of,
            "name": expiry.name,
            "expires_at": _time(expiry.expires_at),
        },
        "started_at": _time(incident.started_at),
        "hold": _hold(incident.hold) if incident.hold else None,
        "acknowledged_by": incident.acknowledged.by if incident.acknowledged else None,
    }


def check_entry(watched: Watched) -> dict[str, Any]:
    check, state, last = watched.check, watched.state, watched.last
    failure = last.outcome.failure if last else None
    return {
        "id": check.id,
        "service": check.service,
        "type": check.type,
        "target": check.target,
        "status": state.status,
        "since": _time(state.since),
        "cause": state.cause,
        "failure": {"kind": failure.kind, "detail": failure.detail} if failure else None,
        "last_run": _time(last.started_at) if last else None,
        "duration_seconds": last.duration.total_seconds() if last else None,
    }


async def _status(context: WebContext) -> AsyncIterator[str]:
    """Yield one JSON object, a slice of entries at a time, so that no probe waits for it."""
    board = context.board
    head = {
        "version": context.version,
        "at": _time(context.now()),
        "trouble": context.readiness.trouble(),
    }
    checks, services = tuple(board.checks()), tuple(board.services())
    yield json.dumps(head)[:-1] + ', "services": ['
    async for text in _sliced(services, lambda each: service_entry(board, each)):
        yield text
    yield '], "checks": ['
    async for text in _sliced(checks, check_entry):
        yield text
    yield "]}"


async def _sliced(
    items: Sequence[_Item], entry: Callable[[_Item], Mapping[str, Any]]
) -> AsyncIterator[str]:
    """Yield the entries of an array, a slice at a time."""
    for start in range(0, len(items), _SLICE):
        entries = (json.dumps(entry(each)) for each in items[start : start + _SLICE])
        yield (", " if start else "") + ", ".join(entries)
        await asyncio.sleep(0)


def _hold(hold: Hold) -> dict[str, Any]:
    """Return why nobody is told of an incident: `by` is another one's id, or that of a window."""
    return {"reason": hold.reason, "by": hold.by, "until": _time(hold.until)}


def _unstable(speaker: Incident | None) -> dict[str, Any] | None:
    """Return how often a service that keeps changing did so, and which incident people know of."""
    if speaker is None or speaker.unstable is None:
        return None
    known = speaker.unstable
    return {
        "incident": speaker.id,
        "changes": known.changes,
        "since": _time(known.since),
        "last_change_at": _time(known.changed_at),
    }


def _time(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
