"""Silences over HTTP: what nobody is to hear of for a while. For commands and the API alike."""

from datetime import timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from monitor.configuration.alerts import MatchEntry
from monitor.configuration.receivers import match_of
from monitor.domain.alert import Match
from monitor.domain.silence import Silence
from monitor.ports import StatusBoard
from monitor.web.bodies import json_object, read_body
from monitor.web.context import LONGEST_COMMENT, LONGEST_NAME, Acts
from monitor.web.knownnames import stranger

_LARGEST_BODY = 65_536
_LONGEST_SECONDS = 30 * 86_400
_EXAMPLE = (
    'send JSON: {"match": {"service": "portal"}, "seconds": 7200, "by": "who", "comment": "why"}'
)


class _Wish(BaseModel):
    """What is sent to add a silence."""

    model_config = ConfigDict(extra="forbid", strict=True)

    match: Any
    seconds: int = Field(ge=1, le=_LONGEST_SECONDS)
    by: str = Field(min_length=1, max_length=LONGEST_NAME)
    comment: str = Field("", max_length=LONGEST_COMMENT)


def silence_routes(acts: Acts) -> list[Route]:
    """Return the routes. A silence of what nothing is called would keep nobody from hearing."""
    silencer = acts.silencer

    async def listed(_: Request) -> Response:
        return JSONResponse({"silences": [entry(each) for each in silencer.silences()]})

    async def added(request: Request) -> Response:
        body = await _body(request)
        try:
            wish = _Wish.model_validate_json(body)
            written = MatchEntry.model_validate(wish.match)
        except ValidationError as error:
            found = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(map(str, found["loc"]))
            return _refused(f"{place + ': ' if place else ''}{found['msg']}; {_EXAMPLE}")
        match = match_of(written)
        if match == match_of(MatchEntry()):
            return _refused(f"match: it names nothing, and would silence everything; {_EXAMPLE}")
        if complaint := _stranger(acts.board, match):
            return _refused(complaint)
        length = timedelta(seconds=wish.seconds)
        silence = await silencer.add(match, length, wish.by, wish.comment)
        return JSONResponse({"silence": entry(silence), "detail": ""}, 201)

    async def lifted(request: Request) -> Response:
        name, by = request.path_params["name"], _by(await _body(request))
        if by is None:
            return _refused('send JSON: {"by": "who"}')
        if not await silencer.lift(name, by):
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
    return stranger(board, names)


async def _body(request: Request) -> bytes:
    """Return a body, or nothing of one that is too large."""
    return await read_body(request, _LARGEST_BODY) or b""


def _by(body: bytes) -> str | None:
    by = (json_object(body) or {}).get("by")
    return by.strip() if isinstance(by, str) and by.strip() else None


def _refused(detail: str) -> Response:
    return JSONResponse({"silence": None, "ok": False, "detail": detail}, 400)
