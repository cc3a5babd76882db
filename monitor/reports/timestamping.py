"""Asks a time-stamping authority over HTTP (RFC 3161, 3.4)."""

from collections.abc import Callable
from typing import Protocol

from monitor.net.errors import NetError
from monitor.net.fetch import Reply, Request, make_request
from monitor.net.trace import Trace
from monitor.net.urls import parse_target
from monitor.reports.signature import AskAuthority

_SECONDS = 20.0
_LARGEST_ANSWER = 65_536
_QUERY, _REPLY = "application/timestamp-query", "application/timestamp-reply"


class Fetching(Protocol):
    """The part of `Network` that is used."""

    async def fetch(self, request: Request, *, deadline: float, trace: Trace) -> Reply: ...


def authority(url: str, network: Fetching, monotonic: Callable[[], float]) -> AskAuthority:
    """Return what asks the authority at `url`, and raises OSError where it gives no answer."""

    async def ask(query: bytes) -> bytes:
        request = make_request(
            parse_target(url),
            method="POST",
            fields=(("Accept", _REPLY), ("Content-Type", _QUERY)),
            body=query,
            largest_body=_LARGEST_ANSWER,
        )
        try:
            reply = await network.fetch(request, deadline=monotonic() + _SECONDS, trace=Trace())
        except NetError as error:
            raise OSError(f"{url}: {error}") from error
        return _answer(reply, url)

    return ask


def _answer(reply: Reply, url: str) -> bytes:
    response = reply.response
    if response.failure is not None:
        raise OSError(f"{url}: {response.failure}")
    kinds = [each.partition(b";")[0].strip().lower() for each in response.values(b"content-type")]
    if response.status != 200 or kinds != [_REPLY.encode()]:
        got = b", ".join(kinds).decode(errors="replace") or "nothing said of its type"
        raise OSError(f"{url}: status {response.status}, {got}; expected 200 with {_REPLY}")
    return bytes(response.body)
