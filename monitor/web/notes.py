"""What people say of incidents, over HTTP: who takes care, and comments."""

from collections.abc import Awaitable, Callable, Sequence

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from monitor.domain.note import Via
from monitor.domain.text import visible_text
from monitor.web.context import LONGEST_NAME, Acts, Said, TooManyNotes
from monitor.web.wishes import Reason, Remark, Somebody, Unwished, Wish, wished

ACK = "/api/v1/incidents/{name}/ack"
COMMENTS = "/api/v1/incidents/{name}/comments"

_LARGEST_BODY = 16_384
_ACK_EXAMPLE = 'send JSON: {"by": "who", "comment": "what is done"}'
_COMMENT_EXAMPLE = 'send JSON: {"by": "who", "comment": "what is to be kept of it"}'


class _Taken(Wish):
    """What is sent by who takes care."""

    by: Somebody
    comment: Remark = ""


class _Kept(Wish):
    """What is sent to be kept."""

    by: Somebody
    comment: Reason


_TakesDown = Callable[[str, Said], Awaitable[Sequence[str]]]


def note_routes(acts: Acts, via: Via) -> list[Route]:
    """Return the routes by which something is said about incidents; `via` is noted with it."""
    acknowledger, commenter = acts.acknowledger, acts.commenter

    async def ack(request: Request) -> Response:
        try:
            wish = await wished(request, _Taken, largest=_LARGEST_BODY, example=_ACK_EXAMPLE)
        except Unwished as error:
            return _answer((), str(error), 400)
        said = Said(by=wish.by, text=wish.comment, via=via)
        nothing = "no such incident goes on, and no such service is down now"
        return await _taken(request, acknowledger.acknowledge, said, nothing)

    async def comment(request: Request) -> Response:
        try:
            wish = await wished(request, _Kept, largest=_LARGEST_BODY, example=_COMMENT_EXAMPLE)
        except Unwished as error:
            return _answer((), str(error), 400)
        said = Said(by=wish.by, text=wish.comment, via=via)
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


def _answer(incidents: Sequence[str], detail: str, status: int) -> Response:
    return JSONResponse({"incidents": list(incidents), "detail": detail}, status)
