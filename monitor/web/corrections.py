"""Corrections of what was recorded, over HTTP. For commands and the API alike."""

from datetime import datetime, timedelta
from typing import Any, Literal, Self

from pydantic import Field, model_validator
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from monitor.configuration.moments import Moment
from monitor.configuration.names import Id
from monitor.domain.check import CheckId
from monitor.domain.correction import Correction, CorrectionRecord
from monitor.domain.observation import Status
from monitor.domain.service import ServiceId
from monitor.domain.walltime import instant_of
from monitor.reports.exactly import correction_document
from monitor.web.context import Acts, NotWithdrawn
from monitor.web.knownnames import stranger
from monitor.web.wishes import Reason, Somebody, Unwished, Wish, wished

_LARGEST_BODY = 16_384
_LONGEST = timedelta(days=366)
_FAREWELL = 'send JSON: {"by": "who", "reason": "why"}'
_EXAMPLE = (
    'send JSON: {"service": "portal", "from": "2026-11-28 22:00", "to": "2026-11-28 23:10", '
    '"status": "unknown", "reason": "why", "evidence": "letter 12/2026", "by": "who"}'
)


class _Wish(Wish):
    """What is sent to correct something. Times are by the clock of the configured zone."""

    service: Id | None = None
    check: Id | None = None
    start: Moment = Field(alias="from")
    end: Moment = Field(alias="to")
    status: Literal["up", "degraded", "down", "unknown"]
    reason: Reason
    evidence: Reason
    by: Somebody

    @model_validator(mode="after")
    def _of_one(self) -> Self:
        if (self.service is None) == (self.check is None):
            raise ValueError("say what is corrected: service or check, and not both")
        if self.end <= self.start:
            raise ValueError(f"to: {_shown(self.end)} is not after from, {_shown(self.start)}")
        if self.end - self.start > _LONGEST:
            raise ValueError(f"to: {_shown(self.end)} is over {_LONGEST.days} days after from")
        return self


class _Withdrawing(Wish):
    """What is sent to withdraw one."""

    by: Somebody
    reason: Reason


def correction_routes(acts: Acts) -> list[Route]:
    """Return the routes."""
    corrector = acts.corrector

    async def listed(_: Request) -> Response:
        found = await corrector.corrections()
        return JSONResponse({"corrections": [entry(each, acts) for each in found]})

    async def added(request: Request) -> Response:
        try:
            wish = await wished(request, _Wish, largest=_LARGEST_BODY, example=_EXAMPLE)
        except Unwished as error:
            return _refused(str(error))
        if complaint := stranger(acts.board, _names(wish)):
            return _refused(complaint)
        made = _correction(wish, acts)
        if made.end > corrector.now():
            detail = f"to: {_shown(wish.end)} is still to come: only what is over can be corrected"
            return _refused(detail)
        record = await corrector.correct(made)
        return JSONResponse({"correction": entry(record, acts), "detail": ""}, 201)

    async def withdrawn(request: Request) -> Response:
        try:
            said = await wished(request, _Withdrawing, largest=_LARGEST_BODY, example=_FAREWELL)
        except Unwished as error:
            return _refused(str(error))
        try:
            record = await corrector.withdraw(request.path_params["name"], said.by, said.reason)
        except NotWithdrawn as error:
            return _refused(str(error), 404)
        return JSONResponse({"correction": entry(record, acts), "detail": ""})

    return [
        Route("/api/v1/corrections", listed, methods=["GET"]),
        Route("/api/v1/corrections", added, methods=["POST"]),
        Route("/api/v1/corrections/{name}/withdraw", withdrawn, methods=["POST"]),
    ]


def _names(wish: _Wish) -> dict[str, list[str]]:
    named = {"service": wish.service, "check": wish.check}
    return {what: [name] for what, name in named.items() if name is not None}


def _correction(wish: _Wish, acts: Acts) -> Correction:
    return Correction(
        id="",
        service=None if wish.service is None else ServiceId(wish.service),
        check=None if wish.check is None else CheckId(wish.check),
        start=instant_of(wish.start, acts.zone),
        end=instant_of(wish.end, acts.zone),
        status=Status(wish.status),
        reason=wish.reason,
        evidence=wish.evidence,
        by=wish.by,
        at=acts.corrector.now(),
    )


def _shown(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"


def entry(record: CorrectionRecord, acts: Acts) -> dict[str, Any]:
    """Return a correction as JSON shows it."""
    made = record.correction
    return {
        **correction_document(record),
        "from": made.start.astimezone(acts.zone).isoformat(),
        "to": made.end.astimezone(acts.zone).isoformat(),
    }


def _refused(detail: str, status: int = 400) -> Response:
    return JSONResponse({"correction": None, "detail": detail}, status)
