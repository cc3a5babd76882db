"""Bodies of requests, read within bounds."""

from starlette.requests import Request


async def read_body(request: Request, largest: int) -> bytes | None:
    """Return the whole body, None when it has over `largest` bytes: the rest is not read."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > largest:
            return None
    return body
