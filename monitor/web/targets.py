"""The inventory of what is watched, as Prometheus discovers targets over HTTP (http_sd).

Other jobs then scrape, or have probed, what stands in the configuration of Pantau already.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from monitor.domain.check import Check
from monitor.domain.service import Service
from monitor.ports import StatusBoard
from monitor.web.context import Intake, WebContext

PATH = "/api/v1/sd/prometheus"
_SLICE = 100


def target_routes(context: WebContext) -> list[Route]:
    """Return the route. Targets may be internal: it is for staff."""

    async def targets(_: Request) -> Response:
        offered = _dialled(context.board, context.pushes)
        groups = _groups(offered, context.board.services())
        headers = {"Cache-Control": "no-store"}
        return StreamingResponse(groups, headers=headers, media_type="application/json")

    return [Route(PATH, targets)]


def _dialled(board: StatusBoard, pushes: Intake | None) -> list[Check]:
    """Return the checks that go out to a target: the others wait to be told."""
    checks = (watched.check for watched in board.checks())
    return [each for each in checks if pushes is None or not pushes.is_passive(each.id)]


async def _groups(checks: Sequence[Check], services: Sequence[Service]) -> AsyncIterator[str]:
    """Yield one JSON array, a slice of checks at a time, so that no probe waits for it."""
    known = {service.id: service for service in services}
    yield "["
    for start in range(0, len(checks), _SLICE):
        slice_ = checks[start : start + _SLICE]
        groups = (json.dumps(target_group(each, known.get(each.service))) for each in slice_)
        yield (", " if start else "") + ", ".join(groups)
        await asyncio.sleep(0)
    yield "]"


def target_group(check: Check, service: Service | None) -> Mapping[str, Any]:
    """Return what Prometheus is told of a check: its target, and labels to choose and name it by.

    Labels that begin with __meta_ are gone after relabelling, so none is added unasked.
    """
    labels = {
        "check": check.id,
        "type": check.type,
        "service": check.service,
        "owner": service.owner if service else "",
        "criticality": str(service.criticality) if service else "",
        "public": str(service.public).lower() if service else "false",
        "interval_seconds": f"{check.interval.total_seconds():g}",
        **{f"label_{name}": value for name, value in check.labels.items()},
    }
    return {
        "targets": [check.target],
        "labels": {f"__meta_pantau_{name}": value for name, value in labels.items()},
    }
