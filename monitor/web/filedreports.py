"""Reports that were filed, to be entered into the ledger. For commands alone: it names files."""

from typing import Annotated

from pydantic import Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from monitor.web.context import Filer, NotEntered
from monitor.web.wishes import Somebody, Unwished, Wish, wished

_LARGEST_BODY = 4_096
_EXAMPLE = 'send JSON: {"report": "2026-10/laporan-2026-10-v1", "by": "who"}'

# No name leads out of the folder of reports: neither of its two parts begins with a dot.
_NAME = r"^[0-9][0-9Q-]{3,30}/laporan-[^/\x00-\x1f]{1,230}$"


class _Wish(Wish):
    """What is sent to have one entered."""

    report: Annotated[str, Field(pattern=_NAME)]
    by: Somebody


def filed_report_routes(filer: Filer) -> list[Route]:
    """Return the route."""

    async def entered(request: Request) -> Response:
        try:
            wish = await wished(request, _Wish, largest=_LARGEST_BODY, example=_EXAMPLE)
            is_new = await filer.enter(wish.report, wish.by)
        except Unwished as error:
            return _refused(str(error), 400)
        except NotEntered as error:
            return _refused(str(error), 404)
        return JSONResponse({"entered": is_new, "detail": ""})

    return [Route("/api/v1/reports", entered, methods=["POST"])]


def _refused(detail: str, status: int) -> Response:
    return JSONResponse({"entered": None, "detail": detail}, status)
