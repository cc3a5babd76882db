"""Pages about incidents: where links in messages lead, and what there was before.

Everybody sees that a public service was down and when. Whoever has a credential sees everything:
what failed, who was told or why nobody was, what people did, and what became of every message.
"""

from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from monitor.domain.check import Affects
from monitor.domain.incident import Concern
from monitor.domain.visibility import public_services
from monitor.ports import Sought, StoreError
from monitor.web.context import Archive, WebContext
from monitor.web.guard import Gatekeeper
from monitor.web.incidentview import Around, IncidentView
from monitor.web.negotiation import language_of
from monitor.web.nothere import not_here
from monitor.web.public import public_incident

_SHOWN = 50
_LONGEST_ID = 64


def incident_page_routes(context: WebContext, keeper: Gatekeeper | None) -> list[Route]:
    """Return the routes; none where nothing is kept. Without a `keeper` all is as for everybody."""
    if context.archive is None:
        return []
    pages = IncidentPages(context, context.archive, keeper)
    return [Route("/incidents", pages.listed), Route("/incidents/{incident}", pages.one)]


class IncidentPages:
    """Answers who looks at incidents."""

    def __init__(self, context: WebContext, archive: Archive, keeper: Gatekeeper | None) -> None:
        self._context = context
        self._archive = archive
        self._keeper = keeper
        self._view = IncidentView(context.zone)

    async def listed(self, request: Request) -> Response:
        """Show the latest incidents, or those before one that is named."""
        refusal = await self._refusal(request)
        if refusal is not None and _asks_for_all(request):
            return refusal
        is_full, around = self._seen_by(request, refusal)
        before = request.query_params.get("before", "")[:_LONGEST_ID]
        public = frozenset(each.id for each in public_services(around.services))
        sought = Sought(
            limit=_SHOWN + 1,
            services=None if is_full else public,
            affects=None if is_full else Affects.AVAILABILITY,
            concern=None if is_full else Concern.OUTAGE,
            before=before or None,
        )
        try:
            found = await self._archive.found(sought)
        except StoreError:
            return self._nothing("broken", HTTPStatus.SERVICE_UNAVAILABLE, around)
        shown = found[:_SHOWN]
        older = shown[-1].id if len(found) > _SHOWN else None
        render = self._view.full_list if is_full else self._view.public_list
        return _html(render(shown, around, older), around)

    async def one(self, request: Request) -> Response:
        """Show one incident, as much of it as whoever asks may see."""
        refusal = await self._refusal(request)
        if refusal is not None and _asks_for_all(request):
            return refusal
        is_full, around = self._seen_by(request, refusal)
        try:
            story = await self._archive.story(request.path_params["incident"])
        except StoreError:
            return self._nothing("broken", HTTPStatus.SERVICE_UNAVAILABLE, around)
        if story is not None and is_full:
            return _html(self._view.full_page(story, around), around)
        public = public_incident(story.incident, around.services) if story else None
        if public is None:
            return self._nothing("gone", HTTPStatus.NOT_FOUND, around)
        return _html(self._view.public_page(public, around), around)

    async def _refusal(self, request: Request) -> Response | None:
        """Return the answer to whoever may not see everything; None for whoever may."""
        if self._keeper is None:
            return not_here(request, self._context.language)
        return await self._keeper.refusal(request.scope)

    def _seen_by(self, request: Request, refusal: Response | None) -> tuple[bool, Around]:
        """Return whether everything is shown, and what pages need."""
        around = Around(
            services=tuple(self._context.board.services()),
            now=self._context.now(),
            language=language_of(request, self._context.language),
            may_sign_in=refusal is not None and self._keeper is not None,
        )
        return refusal is None, around

    def _nothing(self, why: str, status: HTTPStatus, around: Around) -> Response:
        return _html(self._view.nothing(why, around), around, status)


def _asks_for_all(request: Request) -> bool:
    return "full" in request.query_params


def _html(page: str, around: Around, status: HTTPStatus = HTTPStatus.OK) -> Response:
    headers = {"Cache-Control": "no-store", "Content-Language": around.language.value}
    return Response(page, status, headers, media_type="text/html")
