"""Silences over HTTP: what nobody is to hear of for a while. For commands and the API alike."""

from datetime import timedelta
from typing import Any

from pydantic import Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from monitor.configuration.alerts import MatchEntry
from monitor.configuration.receivers import match_of
from monitor.domain.alert import Match
from monitor.domain.silence import Silence
from monitor.ports import StatusBoard
from monitor.web.context import Acts, TooManySilences
from monitor.web.knownnames import labels_of, stranger
from monitor.web.wishes import Remark, Somebody, Unwished, Wish, wished

_LARGEST_BODY = 65_536
_LONGEST_SECONDS = 30 * 86_400
_EXAMPLE = (
    'send JSON: {"match": {"service": "portal"}, "seconds": 7200, "by": "who", "comment": "why"}'
)


_FAREWELL = 'send JSON: {"by": "who"}'


class _Wish(Wish):
    """What is sent to add a silence."""

    match: MatchEntry
    seconds: int = Field(ge=1, le=_LONGEST_SECONDS)
    by: Somebody
    comment: Remark = ""


class _Farewell(Wish):
    """What is sent to lift one."""

    by: Somebody


def silence_routes(acts: Acts) -> list[Route]:
    """Return the routes. A silence of what nothing is called would keep nobody from hearing."""
    silencer = acts.silencer

    async def listed(_: Request) -> Response:
        return JSONResponse({"silences": [entry(each) for each in silencer.silences()]})

    async def added(request: Request) -> Response:
        try:
            wish = await wished(request, _Wish, largest=_LARGEST_BODY, example=_EXAMPLE)
        except Unwished as error:
            return _refused(str(error))
        match = match_of(wish.match)
        if match == match_of(MatchEntry()):
            return _refused(f"match: it names nothing, and would silence everything; {_EXAMPLE}")
        if complaint := _stranger(acts.board, match):
            return _refused(complaint)
        length = timedelta(seconds=wish.seconds)
        try:
            silence = await silencer.add(match, length, wish.by, wish.comment)
        except TooManySilences as error:
            return _refused(str(error), 409)
        return JSONResponse({"silence": entry(silence), "detail": ""}, 201)

    async def lifted(request: Request) -> Response:
        try:
            said = await wished(request, _Farewell, largest=_LARGEST_BODY, example=_FAREWELL)
        except Unwished as error:
            return _refused(str(error))
        if not await silencer.lift(request.path_params["name"], said.by):
            return JSONResponse({"ok": False, "detail": "no such silence is in force"}, 404)
        return JSONResponse({"ok": True, "detail": ""})

    return [
        Route("/api/v1/silences", listed, methods=["GET"]),
        Route("/api/v1/silences", added, methods=["POST"]),
        Route("/api/v1/silences/{name}/lift", lifted, methods=["POST"]),
    ]


def entry(silence: Silence) -> dict[str, Any]:
    """Return a silence as JSON shows it."""
    match = silence.match
    return {
        "id": silence.id,
        "match": {
            "owner": sorted(match.owners),
            "service": sorted(match.services),
            "criticality": sorted(match.criticalities),
            "type": sorted(match.types),
            "labels": dict(match.labels),
        },
        "at": silence.at.isoformat(),
        "until": silence.until.isoformat(),
        "by": silence.by,
        "comment": silence.comment,
    }


def _stranger(board: StatusBoard, match: Match) -> str | None:
    names = {"service": match.services, "owner": match.owners, "type": match.types}
    return stranger(board, {**names, "label": labels_of(match.labels)})


def _refused(detail: str, status: int = 400) -> Response:
    return JSONResponse({"silence": None, "ok": False, "detail": detail}, status)
