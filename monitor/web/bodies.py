"""Bodies of requests, read within bounds."""

import json
from typing import Any

from starlette.requests import Request


async def read_body(request: Request, largest: int) -> bytes | None:
    """Return the whole body, None when it has over `largest` bytes: the rest is not read."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > largest:
            return None
    return body


def json_object(body: bytes) -> dict[str, Any] | None:
    """Return the object that a body is as JSON, None when it is none."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None
