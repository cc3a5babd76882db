"""What people say of incidents, over HTTP: who takes care, and comments."""

from collections.abc import Awaitable, Callable, Sequence

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from monitor.domain.note import Via
from monitor.domain.text import visible_text
from monitor.web.bodies import json_object, read_body
from monitor.web.context import LONGEST_NAME, Acts, Said, TooManyNotes

ACK = "/api/v1/incidents/{name}/ack"
COMMENTS = "/api/v1/incidents/{name}/comments"

_LARGEST_BODY = 16_384
_ACK_EXAMPLE = 'send JSON: {"by": "who", "comment": "what is done"}'
_COMMENT_EXAMPLE = 'send JSON: {"by": "who", "comment": "what is to be kept of it"}'

_TakesDown = Callable[[str, Said], Awaitable[Sequence[str]]]


def note_routes(acts: Acts, via: Via) -> list[Route]:
    """Return the routes by which something is said about incidents; `via` is noted with it."""
    acknowledger, commenter = acts.acknowledger, acts.commenter

    async def ack(request: Request) -> Response:
        said = await _said(request, via)
        if said is None:
            return _answer((), _ACK_EXAMPLE, 400)
        nothing = "no such incident goes on, and no such service is down now"
        return await _taken(request, acknowledger.acknowledge, said, nothing)

    async def comment(request: Request) -> Response:
        said = await _said(request, via)
        if said is None or not said.text:
            return _answer((), _COMMENT_EXAMPLE, 400)
        nothing = "there is no such incident, and no such service is down now"
        return await _taken(request, commenter.comment, said, nothing)

    return [Route(ACK, ack, methods=["POST"]), Route(COMMENTS, comment, methods=["POST"])]


async def _taken(request: Request, takes: _TakesDown, said: Said, nothing: str) -> Response:
    """Have taken down what was said of the incident that is named, by its id or its service."""
    name = request.path_params["name"]
    try:
        found = await takes(name, said)
    except TooManyNotes as error:
        return _answer((), str(error), 409)
    if not found:
        return _answer((), f"{visible_text(name, LONGEST_NAME)}: {nothing}", 404)
    return _answer(found, "", 200)


async def _said(request: Request, via: Via) -> Said | None:
    """Return the name and the comment of a body that is sound and small, else None."""
    document = json_object(await read_body(request, _LARGEST_BODY) or b"")
    if document is None or not document.keys() <= {"by", "comment"}:
        return None
    by, comment = document.get("by"), document.get("comment", "")
    if not (isinstance(by, str) and by.strip() and isinstance(comment, str)):
        return None
    return Said(by=by.strip(), text=comment.strip(), via=via)


def _answer(incidents: Sequence[str], detail: str, status: int) -> Response:
    return JSONResponse({"incidents": list(incidents), "detail": detail}, status)
