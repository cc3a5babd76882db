"""The engine behind httpx's interface, for what is not a check: webhooks, RDAP, OCSP."""

from collections.abc import Iterable
from time import monotonic
from typing import Any, Protocol

import httpx

from monitor.net.fetch import HTTP_TLS, Reply, Request, make_request
from monitor.net.policy import AddressClass
from monitor.net.resolver import Family
from monitor.net.trace import Trace
from monitor.net.urls import parse_target

_DEFAULT_SECONDS = 30.0
_LARGEST_BODY = 65_536
# The body comes decoded and whole, so that httpx must neither decode nor count it.
_SETTLED = {b"content-encoding", b"content-length", b"transfer-encoding"}
_NO_BODY = {204, 304}


class Fetch(Protocol):
    """`Network.fetch`."""

    async def __call__(
        self,
        request: Request,
        *,
        deadline: float,
        trace: Trace,
        pinned: AddressClass | None = ...,
    ) -> Reply: ...


class HttpTransport(httpx.AsyncBaseTransport):
    """An httpx transport without a pool: a fresh connection for each request, then closed.

    A request's `extensions` steer it: `deadline` (a reading of `time.monotonic`; else httpx's
    `timeout`, of which the longest part bounds the whole), `trace`, `tls` (TlsSettings),
    `resolve_to`, `family`, `pinned`, `max_body` (bytes, 64 KB by default). Failures are
    NetError, which says more than httpx's own exceptions do. No redirects are followed here.
    """

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Return the response, its body read and decoded. Raises NetError."""
        extensions: dict[str, Any] = dict(request.extensions)
        trace = extensions.get("trace") or Trace()
        reply = await self._fetch(
            _engine_request(request, await request.aread(), extensions),
            deadline=_deadline(extensions),
            trace=trace,
            pinned=extensions.get("pinned"),
        )
        response = reply.response
        if response.failure is not None:
            raise response.failure
        return httpx.Response(
            response.status,
            headers=_without(response.headers, _SETTLED),
            content=response.body if response.status not in _NO_BODY else b"",
            extensions={"http_version": f"HTTP/{response.version}".encode(), "trace": trace},
        )


def _engine_request(request: httpx.Request, body: bytes, extensions: dict[str, Any]) -> Request:
    # httpx asks for encodings and for keep-alive by itself; neither is wanted.
    unwanted = {b"accept-encoding", b"connection", b"content-length", b"transfer-encoding"}
    fields = tuple(
        (name.decode("ascii"), value.decode("latin-1"))
        for name, value in _without(request.headers.raw, unwanted)
    )
    return make_request(
        parse_target(str(request.url)),
        method=request.method,
        fields=fields,
        body=body,
        tls=extensions.get("tls", HTTP_TLS),
        family=extensions.get("family", Family.ANY),
        resolve_to=extensions.get("resolve_to"),
        largest_body=extensions.get("max_body", _LARGEST_BODY),
    )


def _deadline(extensions: dict[str, Any]) -> float:
    if "deadline" in extensions:
        return float(extensions["deadline"])
    seconds = [value for value in extensions.get("timeout", {}).values() if value is not None]
    return monotonic() + max(seconds, default=_DEFAULT_SECONDS)


def _without(
    headers: Iterable[tuple[bytes, bytes]], names: set[bytes]
) -> list[tuple[bytes, bytes]]:
    return [entry for entry in headers if entry[0].lower() not in names]
