"""The engine behind httpx's interface, for what is not a check: webhooks, RDAP, OCSP."""

from collections.abc import Iterable
from functools import lru_cache
from time import monotonic
from typing import Any, Protocol

import httpx

from monitor.net.fetch import HTTP_TLS, Reply, Request, make_request
from monitor.net.policy import AddressClass
from monitor.net.resolver import Family
from monitor.net.tls import TlsSettings
from monitor.net.trace import Trace
from monitor.net.urls import parse_target

_DEFAULT_SECONDS = 30.0
_LARGEST_BODY = 65_536
# The body comes decoded and whole, so that httpx must neither decode nor count it.
_SETTLED = {b"content-encoding", b"content-length", b"transfer-encoding"}
_NO_BODY = {204, 304}
_PERSONAL = {b"authorization", b"cookie", b"proxy-authorization"}
_UNWANTED = {b"accept-encoding", b"connection", b"content-length", b"transfer-encoding"}


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
            stream=httpx.ByteStream(response.body if response.status not in _NO_BODY else b""),
            extensions={"http_version": f"HTTP/{response.version}".encode(), "trace": trace},
        )


def _engine_request(request: httpx.Request, body: bytes, extensions: dict[str, Any]) -> Request:
    raw = tuple(request.headers.raw)
    # What holds a secret is not kept.
    personal = any(name.lower() in _PERSONAL for name, _ in raw)
    return (make if body or personal else _made_before)(
        str(request.url),
        request.method,
        raw,
        body,
        extensions.get("tls", HTTP_TLS),
        extensions.get("family", Family.ANY),
        extensions.get("resolve_to"),
        extensions.get("max_body", _LARGEST_BODY),
    )


def make(  # noqa: PLR0917 - a cached function takes its key by position
    url: str,
    method: str,
    raw: tuple[tuple[bytes, bytes], ...],
    body: bytes,
    tls: TlsSettings,
    family: Family,
    resolve_to: str | None,
    largest_body: int,
) -> Request:
    """Return what the engine sends for a request of httpx with these header fields."""
    # httpx asks for encodings and for keep-alive by itself; neither is wanted.
    fields = tuple(
        (name.decode("ascii"), value.decode("latin-1")) for name, value in _without(raw, _UNWANTED)
    )
    return make_request(
        parse_target(url),
        method=method,
        fields=fields,
        body=body,
        tls=tls,
        family=family,
        resolve_to=resolve_to,
        largest_body=largest_body,
    )


# The same question is asked again and again: a health page, a list of revoked certificates.
_made_before = lru_cache(maxsize=64)(make)


def _deadline(extensions: dict[str, Any]) -> float:
    if "deadline" in extensions:
        return float(extensions["deadline"])
    seconds = [value for value in extensions.get("timeout", {}).values() if value is not None]
    return monotonic() + max(seconds, default=_DEFAULT_SECONDS)


def _without(
    headers: Iterable[tuple[bytes, bytes]], names: set[bytes]
) -> list[tuple[bytes, bytes]]:
    return [entry for entry in headers if entry[0].lower() not in names]
