"""Incidents over HTTP: which there were, and the story of one."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from monitor.domain.text import visible_text
from monitor.ports import StoreError
from monitor.web.context import LONGEST_NAME, Archive
from monitor.web.incidententries import incident_entry, story_entry
from monitor.web.incidentquery import incidents_asked


def incident_api_routes(archive: Archive | None) -> list[Route]:
    """Return the routes; none where nothing is kept."""
    if archive is None:
        return []

    async def listed(request: Request) -> Response:
        try:
            sought = incidents_asked(request.query_params.multi_items())
        except ValueError as error:
            return JSONResponse({"detail": str(error)}, 400)
        try:
            incidents = await archive.found(sought)
        except StoreError as error:
            return JSONResponse({"detail": str(error)}, 503)
        following = incidents[-1].id if len(incidents) == sought.limit else None
        entries = [incident_entry(each) for each in incidents]
        return JSONResponse({"incidents": entries, "before": following})

    async def one(request: Request) -> Response:
        name = request.path_params["name"]
        try:
            story = await archive.story(name)
        except StoreError as error:
            return JSONResponse({"detail": str(error)}, 503)
        if story is None:
            detail = f"{visible_text(name, LONGEST_NAME)}: there is no such incident"
            return JSONResponse({"detail": detail}, 404)
        return JSONResponse(story_entry(story))

    return [
        Route("/api/v1/incidents", listed, methods=["GET"]),
        Route("/api/v1/incidents/{name}", one, methods=["GET"]),
    ]
