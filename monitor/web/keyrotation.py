"""A new key for the ledger, for commands alone: it is asked for beside the key itself."""

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from monitor.web.bodies import read_body
from monitor.web.context import LONGEST_NAME, KeyRotation, NotRotated

_LARGEST_BODY = 4_096


class _Wish(BaseModel):
    """What is sent to have the key replaced."""

    model_config = ConfigDict(extra="forbid", strict=True, str_strip_whitespace=True)

    by: str = Field(min_length=1, max_length=LONGEST_NAME)


def key_rotation_routes(rotation: KeyRotation) -> list[Route]:
    """Return the route."""

    async def rotated(request: Request) -> Response:
        try:
            wish = _Wish.model_validate_json(await read_body(request, _LARGEST_BODY) or b"")
        except ValidationError:
            return _refused('send JSON: {"by": "who"}', 400)
        try:
            found = await rotation.rotate(wish.by)
        except NotRotated as error:
            return _refused(str(error), 409)
        return JSONResponse({"key": found.key, "checkpoint": found.checkpoint, "detail": ""})

    return [Route("/api/v1/ledger/key", rotated, methods=["POST"])]


def _refused(detail: str, status: int) -> Response:
    return JSONResponse({"key": None, "checkpoint": None, "detail": detail}, status)
