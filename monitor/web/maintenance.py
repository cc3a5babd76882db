"""Planned work over HTTP. For commands and the API alike."""

from datetime import tzinfo
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from monitor.configuration.maintenance import WindowEntry, window_of
from monitor.domain.maintenance import Occurrence, coming
from monitor.domain.note import Via
from monitor.domain.windowrecord import Occasion, Source, WindowRecord
from monitor.web.bodies import read_body
from monitor.web.context import LONGEST_COMMENT, LONGEST_NAME, Acts, NotCancelled
from monitor.web.knownnames import stranger

_LARGEST_BODY = 65_536
_UNNAMED = "unnamed"
_EXAMPLE = (
    'send JSON: {"window": {"services": ["portal"], "start": "2026-11-28 22:00", '
    '"end": "2026-11-29 02:00", "approved_by": "who", "reason": "what"}, "by": "who"}'
)


class _Wish(BaseModel):
    """What is sent to add a window: the keys of config/maintenance.yaml, `id` left to us or not."""

    model_config = ConfigDict(extra="forbid", strict=True)

    window: dict[str, Any]
    by: str = Field(min_length=1, max_length=LONGEST_NAME)


class _Farewell(BaseModel):
    """What is sent to cancel one."""

    model_config = ConfigDict(extra="forbid", strict=True)

    by: str = Field(min_length=1, max_length=LONGEST_NAME)
    reason: str = Field(min_length=1, max_length=LONGEST_COMMENT)


def maintenance_routes(acts: Acts, via: Via) -> list[Route]:
    """Return the routes. Times are by the clock of the configured zone, as in the file."""
    planner, source = acts.planner, Source.COMMAND if via is Via.COMMAND else Source.API

    async def listed(request: Request) -> Response:
        everything = request.query_params.get("all") == "1"
        found = await planner.history() if everything else planner.windows()
        return JSONResponse({"windows": [entry(each, acts) for each in found]})

    async def added(request: Request) -> Response:
        try:
            wish = _Wish.model_validate_json(await _body(request))
            is_named = "id" in wish.window
            written = WindowEntry.model_validate({"id": _UNNAMED, **wish.window})
        except ValidationError as error:
            return _refused(f"{_first(error)}; {_EXAMPLE}")
        names = {"service": written.services, "owner": written.owners}
        if complaint := stranger(acts.board, names):
            return _refused(complaint)
        window = window_of(written, acts.zone, name=written.id if is_named else "")
        record = await planner.add(window, source, wish.by)
        if record is None:
            return _refused(f"{written.id}: a window of this id is in force; cancel it first", 409)
        return JSONResponse({"window": entry(record, acts), "detail": ""}, 201)

    async def cancelled(request: Request) -> Response:
        try:
            said = _Farewell.model_validate_json(await _body(request))
        except ValidationError as error:
            return _refused(f'{_first(error)}; send JSON: {{"by": "who", "reason": "why"}}')
        try:
            record = await planner.cancel(request.path_params["name"], said.by, said.reason)
        except NotCancelled as error:
            return _refused(str(error), 404)
        return JSONResponse({"window": entry(record, acts), "detail": ""})

    return [
        Route("/api/v1/maintenance", listed, methods=["GET"]),
        Route("/api/v1/maintenance", added, methods=["POST"]),
        Route("/api/v1/maintenance/{name}/cancel", cancelled, methods=["POST"]),
    ]


def entry(record: WindowRecord, acts: Acts) -> dict[str, Any]:
    """Return a window as JSON shows it: what it is, and what was known of it when.

    `next` is the occurrence that goes on, or else comes next; of work that came once and is over,
    it is that.
    """
    window, cancelled = record.window, record.cancelled
    occurrence = coming(window.when, acts.planner.now())
    if occurrence is None and isinstance(window.when, Occurrence):
        occurrence = window.when
    return {
        "id": window.id,
        "services": sorted(window.services),
        "owners": sorted(window.owners),
        "labels": dict(window.labels),
        "rrule": None if isinstance(window.when, Occurrence) else window.when.rule,
        "next": None if occurrence is None else _times(record, occurrence, acts.zone),
        "reason": window.reason,
        "public_reason": window.public_reason,
        "approved_by": window.approved_by,
        "source": record.source,
        "added_at": record.added_at.isoformat(),
        "added_by": record.added_by,
        "cancelled": None
        if cancelled is None
        else {"at": cancelled.at.isoformat(), "by": cancelled.by, "reason": cancelled.reason},
    }


def _times(record: WindowRecord, occurrence: Occurrence, zone: tzinfo) -> dict[str, Any]:
    return {
        "start": occurrence.start.astimezone(zone).isoformat(),
        "end": occurrence.end.astimezone(zone).isoformat(),
        "after_the_fact": Occasion(record, occurrence).after_the_fact,
    }


async def _body(request: Request) -> bytes:
    """Return a body, or nothing of one that is too large."""
    return await read_body(request, _LARGEST_BODY) or b""


def _first(error: ValidationError) -> str:
    found = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(map(str, found["loc"]))
    message = found["msg"].removeprefix("Value error, ")
    return f"{place + ': ' if place else ''}{message}"


def _refused(detail: str, status: int = 400) -> Response:
    return JSONResponse({"window": None, "detail": detail}, status)
