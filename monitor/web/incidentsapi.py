"""Incidents over HTTP: which there were, and the story of one."""

from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from monitor.domain.text import visible_text
from monitor.ports import Sought, StoreError
from monitor.web.context import LONGEST_NAME, Archive
from monitor.web.incidententries import incident_entry, story_entry

_MANY = ("service",)
_EXAMPLE = "ask as in ?open=true&service=portal&from=2026-11-01T00:00:00Z&to=…&limit=100&before=ID"


class _Query(BaseModel):
    """What may be asked for."""

    model_config = ConfigDict(extra="forbid")

    open: bool = False
    service: frozenset[str] | None = None
    start: datetime | None = Field(None, alias="from")
    end: datetime | None = Field(None, alias="to")
    limit: int = Field(100, ge=1, le=1_000)
    before: str | None = Field(None, max_length=64)

    @field_validator("start", "end")
    @classmethod
    def _in_utc(cls, at: datetime | None) -> datetime | None:
        """Return a time with its zone: one without is UTC, as all times of the API are."""
        return at.replace(tzinfo=UTC) if at is not None and at.tzinfo is None else at

    def sought(self) -> Sought:
        return Sought(
            limit=self.limit,
            is_open=self.open,
            services=self.service,
            start=self.start,
            end=self.end,
            before=self.before,
        )


def incident_api_routes(archive: Archive | None) -> list[Route]:
    """Return the routes; none where nothing is kept."""
    if archive is None:
        return []

    async def listed(request: Request) -> Response:
        try:
            asked = _Query.model_validate(_parameters(request))
        except ValidationError as error:
            found = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(map(str, found["loc"]))
            return JSONResponse({"detail": f"{place}: {found['msg']}; {_EXAMPLE}"}, 400)
        try:
            incidents = await archive.found(asked.sought())
        except StoreError as error:
            return JSONResponse({"detail": str(error)}, 503)
        following = incidents[-1].id if len(incidents) == asked.limit else None
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


def _parameters(request: Request) -> dict[str, object]:
    """Return the parameters: of those that may stand there several times all, else the last."""
    given = request.query_params
    return {key: given.getlist(key) if key in _MANY else given[key] for key in given}
