"""Messages that were given up, over HTTP: which there are, and to have them sent after all."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from monitor.domain.deadletter import DeadLetter, LettersSought
from monitor.web.context import DeadLetters
from monitor.web.wishes import Somebody, Unwished, Wish, wished

_MOST = 1_000
_LARGEST_BODY = 131_072
_ASKED = {"receiver", "since", "before", "limit"}
_EXAMPLE = 'send JSON: {"ids": ["…"], "by": "who"}'


class _Wish(Wish):
    """What is sent to have messages sent."""

    ids: list[str] = Field(min_length=1, max_length=_MOST)
    by: Somebody


def dead_letter_routes(dead_letters: DeadLetters) -> list[Route]:
    """Return the routes."""

    async def listed(request: Request) -> Response:
        try:
            sought = _sought(request.query_params)
        except ValueError as error:
            return JSONResponse({"dead_letters": [], "before": None, "detail": str(error)}, 400)
        shown = await dead_letters.letters(sought)
        found = [entry(each, shown.obstacles.get(each.id)) for each in reversed(shown.letters)]
        following = found[-1]["id"] if len(found) == sought.limit else None
        return JSONResponse({"dead_letters": found, "before": following, "detail": ""})

    async def retried(request: Request) -> Response:
        try:
            wish = await wished(request, _Wish, largest=_LARGEST_BODY, example=_EXAMPLE)
        except Unwished as error:
            return JSONResponse({"retried": [], "refused": {}, "detail": str(error)}, 400)
        result = await dead_letters.retry(list(dict.fromkeys(wish.ids)), wish.by)
        answer = {"retried": list(result.ids), "refused": dict(result.refused), "detail": ""}
        return JSONResponse(answer, 200 if result.ids else 409)

    return [
        Route("/api/v1/dead-letters", listed, methods=["GET"]),
        Route("/api/v1/dead-letters/retry", retried, methods=["POST"]),
    ]


def entry(letter: DeadLetter, obstacle: str | None) -> dict[str, Any]:
    """Return a message that was given up as JSON shows it."""
    alert, retried = letter.alert, letter.retried
    return {
        "id": letter.id,
        "receiver": letter.receiver,
        "type": alert.type,
        "occurred_at": alert.occurred_at.isoformat(),
        "service": None if alert.service is None else alert.service.id,
        "incidents": sorted(alert.incidents),
        "about": alert.detail,
        "created_at": letter.created_at.isoformat(),
        "given_up_at": letter.given_up_at.isoformat(),
        "attempts": letter.attempts,
        "error": letter.detail,
        "retried": None if retried is None else {"by": retried.by, "at": retried.at.isoformat()},
        "obstacle": obstacle,
    }


def _sought(asked: Mapping[str, str]) -> LettersSought:
    """Return what a query asks for, or raise ValueError."""
    if unknown := sorted(asked.keys() - _ASKED):
        raise ValueError(f"{unknown[0]}: there are {', '.join(sorted(_ASKED))}")
    limit = asked.get("limit", str(_MOST))
    if not (limit.isascii() and limit.isdecimal() and 1 <= int(limit[:9]) <= _MOST):
        raise ValueError(f"limit: write a number from 1 to {_MOST}")
    since = None
    if "since" in asked:
        try:
            since = datetime.fromisoformat(asked["since"])
        except ValueError:
            since = None
        if since is None or since.tzinfo is None:
            raise ValueError("since: write a time such as 2026-11-24T08:00:00+08:00")
    return LettersSought(
        receiver=asked.get("receiver"),
        since=since,
        limit=int(limit),
        before=asked.get("before"),
    )
