"""Asks an application in its own process: the same request and answer, without a socket."""

from collections.abc import MutableMapping
from typing import Any
from urllib.parse import unquote

from starlette.types import ASGIApp


async def exchange(app: ASGIApp, method: str, path: str, body: bytes | None) -> tuple[int, bytes]:
    """Return the status and the body of what `app` answers. What it raises is raised.

    `path` is as in a request: quoted, and with its query.
    """
    status, parts = 0, list[bytes]()

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": body or b"", "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
        else:
            parts.append(message.get("body", b""))

    await app(_scope(method, path), receive, send)
    return status, b"".join(parts)


def _scope(method: str, path: str) -> dict[str, Any]:
    way, _, query = path.partition("?")
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(way),
        "raw_path": way.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [],
        "client": None,
        "server": None,
    }
