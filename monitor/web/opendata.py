"""Open data over HTTP: catalogue, dictionary and tables, the bytes that `pantau export opendata`
writes.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import date
from functools import wraps
from http import HTTPStatus
from typing import BinaryIO

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from monitor.locales import Language
from monitor.ports import StoreError
from monitor.reports.opendata import dictionary_files, json_file
from monitor.reports.opendatacatalogue import FORMS, catalogue
from monitor.reports.opendatawords import TABLES
from monitor.web.conditional import is_known, validators
from monitor.web.context import (
    NotPublished,
    OpenData,
    Published,
    StillMaking,
    TooLong,
    WebContext,
)
from monitor.web.negotiation import language_of, wants_gzip
from monitor.web.opendatapage import OpenDataPage
from monitor.web.opendataquery import Days, Unasked, check_parameters, days_asked

PAGE = "/data-terbuka"
ROOT = "/api/v1/public"
_TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json"}
# Any page may read what is for everybody.
_SHARED = {"Access-Control-Allow-Origin": "*"}
_FRESH = {"Cache-Control": "public, max-age=300", **_SHARED}
_REFUSED = {"Cache-Control": "no-store", **_SHARED}
_RETRY_SECONDS = "30"
_PIECE = 64 * 1024

_Handler = Callable[[Request, Language], Awaitable[Response]]


def open_data_routes(context: WebContext) -> list[Route]:
    """Return the routes; none where nothing is kept."""
    if context.open_data is None:
        return []
    desk = _Desk(context, context.open_data)
    tables = [
        Route(f"{ROOT}/{table.name}.{form}", desk.table(f"{table.name}.{form}"))
        for table in TABLES
        for form in FORMS
    ]
    fixed = [Route(f"{ROOT}/{name}", desk.fixed(name, body)) for name, body in dictionary_files()]
    return [
        Route(PAGE, desk.page),
        Route(f"{ROOT}/katalog.json", desk.answering(desk.catalogue)),
        *fixed,
        *tables,
    ]


class _Desk:
    """Answers who asks for data."""

    def __init__(self, context: WebContext, data: OpenData) -> None:
        self._default = context.language
        self._data = data
        self._page = OpenDataPage(ROOT)

    async def page(self, request: Request) -> Response:
        """Show what there is, and what its columns mean; the latter also while nothing is read."""
        language = language_of(request, self._default)
        is_broken = False
        try:
            first, last = await self._data.covered() or (None, None)
        except StoreError:
            first, last, is_broken = None, None, True
        headers = {"Cache-Control": "no-cache", "Content-Language": language.value}
        page = self._page.html(self._data.publication(first, last), language, is_broken=is_broken)
        return Response(page, headers=headers, media_type="text/html")

    def answering(self, handler: _Handler) -> Callable[[Request], Awaitable[Response]]:
        """Return `handler` with what it raises told in the language of who asks."""

        @wraps(handler)
        async def answer(request: Request) -> Response:
            language = language_of(request, self._default)
            try:
                return await handler(request, language)
            except Unasked as error:
                status = HTTPStatus.NOT_FOUND if error.is_well_put else HTTPStatus.BAD_REQUEST
                return _refused(error, language, status)
            except TooLong as error:
                wrong = Unasked("long", language, months=error.months)
                return _refused(wrong, language, HTTPStatus.BAD_REQUEST)
            except StillMaking:
                return _later(Unasked("making", language), language)
            except (NotPublished, StoreError):
                return _later(Unasked("broken", language), language)

        return answer

    async def catalogue(self, request: Request, language: Language) -> Response:
        check_parameters(request.query_params.multi_items(), ("lang",), language)
        first, last = await self._data.covered() or (None, None)
        body = json_file(catalogue(self._data.publication(first, last), ROOT))
        return _whole(request, body, "json", language)

    def fixed(self, name: str, body: bytes) -> Callable[[Request], Awaitable[Response]]:
        """Return the handler of a file that is the same for everybody at any time."""

        async def answer(request: Request, language: Language) -> Response:
            check_parameters(request.query_params.multi_items(), ("lang",), language)
            return _whole(request, body, name.rpartition(".")[2], language)

        return self.answering(answer)

    def table(self, name: str) -> Callable[[Request], Awaitable[Response]]:
        """Return the handler of a table in one of its forms."""

        async def answer(request: Request, language: Language) -> Response:
            days = await self._days(request, language)
            packed = wants_gzip(",".join(request.headers.getlist("accept-encoding")))
            published = await self._data.file(f"{name}.gz" if packed else name, *days)
            headers = {
                **_headers(name, days, language),
                **({"Content-Encoding": "gzip"} if packed else {}),
                **validators(published.digest, published.made_at),
            }
            if is_known(request.headers, published.digest, published.made_at):
                return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
            return await _sent(request, published, headers)

        return self.answering(answer)

    async def _days(self, request: Request, language: Language) -> Days:
        covered = await self._data.covered()
        query = request.query_params.multi_items()
        if covered is None:
            # What is wrong with a question is told also while there is no data.
            days_asked(query, (date.min, date.max), language)
            raise Unasked("empty", language, is_well_put=True)
        return days_asked(query, covered, language)


def _whole(request: Request, body: bytes, form: str, language: Language) -> Response:
    """Return a small body, by its own digest: it has no date."""
    digest = hashlib.sha256(body).hexdigest()
    headers = {
        **_FRESH,
        "ETag": f'"{digest}"',
        "Content-Language": language.value,
        "Content-Type": _TYPES[form],
    }
    if is_known(request.headers, digest):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(body, headers=headers)


def _headers(name: str, days: Days, language: Language) -> dict[str, str]:
    stem, _, form = name.rpartition(".")
    headers = {
        **_FRESH,
        "Content-Type": _TYPES[form],
        "Content-Language": language.value,
        "Vary": "Accept-Encoding",
    }
    if form == "csv":
        first, last = days
        called = f"{stem}-{first.isoformat()}--{last.isoformat()}.csv"
        headers["Content-Disposition"] = f'attachment; filename="{called}"'
    return headers


async def _sent(request: Request, published: Published, headers: Mapping[str, str]) -> Response:
    """Return the file, read piece by piece in a thread."""
    try:
        file = await asyncio.to_thread(published.path.open, "rb")
    except OSError as error:
        raise NotPublished(str(error)) from None
    size = await asyncio.to_thread(file.seek, 0, 2)
    whole = {**headers, "Content-Length": str(size)}
    if request.method == "HEAD":
        file.close()
        return Response(headers=whole)
    file.seek(0)
    return StreamingResponse(_pieces(file), headers=whole)


async def _pieces(file: BinaryIO) -> AsyncIterator[bytes]:
    with file:
        while piece := await asyncio.to_thread(file.read, _PIECE):
            yield piece


def _refused(error: Unasked, language: Language, status: HTTPStatus) -> Response:
    headers = {**_REFUSED, "Content-Language": language.value}
    return JSONResponse({"detail": str(error)}, status, headers)


def _later(error: Unasked, language: Language) -> Response:
    answer = _refused(error, language, HTTPStatus.SERVICE_UNAVAILABLE)
    answer.headers["Retry-After"] = _RETRY_SECONDS
    return answer
