"""Planned work over HTTP. For commands and the API alike."""

from collections.abc import Awaitable, Callable, Iterable
from datetime import tzinfo
from functools import wraps
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from monitor.configuration.maintenance import WindowEntry, window_of
from monitor.configuration.names import Id
from monitor.domain.maintenance import Occurrence, coming
from monitor.domain.note import Via
from monitor.domain.windowrecord import Occasion, Source, WindowRecord, occasions
from monitor.web.context import Acts, NotCancelled, TooManyWindows
from monitor.web.knownnames import labels_of, stranger
from monitor.web.wishes import Reason, Somebody, Unwished, Wish, wished
from monitor.web.workquery import everything_asked, period_asked

_Handler = Callable[[Request], Awaitable[Response]]

_LARGEST_BODY = 65_536
_FAREWELL = 'send JSON: {"by": "who", "reason": "why"}'
_EXAMPLE = (
    'send JSON: {"window": {"services": ["portal"], "start": "2026-11-28 22:00", '
    '"end": "2026-11-29 02:00", "approved_by": "who", "reason": "what"}, "by": "who"}'
)


class _Window(WindowEntry):
    """A window as config/maintenance.yaml writes it; one without an id is given one."""

    id: Id = ""


class _Wish(Wish):
    """What is sent to add a window."""

    window: _Window
    by: Somebody


class _Farewell(Wish):
    """What is sent to cancel one."""

    by: Somebody
    reason: Reason


def maintenance_routes(acts: Acts, via: Via) -> list[Route]:
    """Return the routes. Times are by the clock of the configured zone, as in the file."""
    planner, source = acts.planner, Source.COMMAND if via is Via.COMMAND else Source.API

    async def listed(request: Request) -> Response:
        try:
            everything = everything_asked(request.query_params)
            period = period_asked(request.query_params, planner.now())
        except ValueError as error:
            return JSONResponse({"windows": [], "detail": str(error)}, 400)
        if period is not None:
            return JSONResponse({"windows": _within(period, await planner.history(), acts)})
        found = await planner.history() if everything else planner.windows()
        return JSONResponse({"windows": [entry(each, acts) for each in found]})

    @_refusing
    async def added(request: Request) -> Response:
        wish = await wished(request, _Wish, largest=_LARGEST_BODY, example=_EXAMPLE)
        written = wish.window
        names = {"service": written.services, "owner": written.owners}
        labels = labels_of(written.labels)
        if complaint := stranger(acts.board, {**names, "label": labels}):
            return _refused(complaint, 400)
        window = window_of(written, acts.zone, name=written.id)
        record = await planner.add(window, source, wish.by)
        if record is None:
            return _refused(f"{written.id}: a window of this id is in force; cancel it first", 409)
        return JSONResponse({"window": entry(record, acts), "detail": ""}, 201)

    @_refusing
    async def cancelled(request: Request) -> Response:
        said = await wished(request, _Farewell, largest=_LARGEST_BODY, example=_FAREWELL)
        record = await planner.cancel(request.path_params["name"], said.by, said.reason)
        return JSONResponse({"window": entry(record, acts), "detail": ""})

    return [
        Route("/api/v1/maintenance", listed, methods=["GET"]),
        Route("/api/v1/maintenance", added, methods=["POST"]),
        Route("/api/v1/maintenance/{name}/cancel", cancelled, methods=["POST"]),
    ]


def _refusing(handler: _Handler) -> _Handler:
    """Return a handler that answers what `handler` raises with what it says."""

    @wraps(handler)
    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except Unwished as error:
            return _refused(str(error), 400)
        except NotCancelled as error:
            return _refused(str(error), 404)
        except TooManyWindows as error:
            return _refused(str(error), 409)

    return answer


def _within(
    period: Occurrence, records: Iterable[WindowRecord], acts: Acts
) -> list[dict[str, Any]]:
    """Return the windows that are open within a period, with all their times in it."""
    found = ((each, occasions(each, period.start, period.end)) for each in records)
    return [
        entry(record, acts) | {"times": [_times(record, t.occurrence, acts.zone) for t in times]}
        for record, times in found
        if times
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


def _refused(detail: str, status: int) -> Response:
    return JSONResponse({"window": None, "detail": detail}, status)
