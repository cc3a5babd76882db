"""OAuth 2.0 client credentials (RFC 6749, 4.4): tokens, each asked for once and kept."""

import asyncio
import json
from base64 import b64encode
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Protocol
from urllib.parse import quote_plus, urlencode

from monitor.domain.observation import FailureKind
from monitor.domain.text import veiled, visible_text
from monitor.net.errors import NetError
from monitor.net.fetch import HTTP_TLS, Reply, Request, make_request
from monitor.net.proxy import Proxy
from monitor.net.response import Response
from monitor.net.secrecy import secrets_of
from monitor.net.tls import TlsSettings
from monitor.net.trace import Trace
from monitor.net.urls import parse_target

_EARLY_SECONDS = 10.0  # before a token expires another one is asked for
_UNTOLD_SECONDS = 300.0  # a server need not say how long a token holds
_LONGEST_SECONDS = 86_400.0
_REQUEST_SECONDS = 10.0
_LARGEST_ANSWER = 65_536
_LARGEST_TOKEN = 16_384
_MOST_KEPT = 256


class Fetching(Protocol):
    """The part of `Network` that is used."""

    async def fetch(self, request: Request, *, deadline: float, trace: Trace) -> Reply: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuth2:
    """Where tokens come from, and for whom. Equal settings share a token."""

    token_url: str
    client_id: str
    client_secret: str = field(repr=False)
    scopes: tuple[str, ...] = ()
    endpoint_params: tuple[tuple[str, str], ...] = ()
    tls: TlsSettings = HTTP_TLS
    proxy: Proxy | None = None


@dataclass(frozen=True, slots=True)
class Token:
    """`expires_at` is a reading of `monotonic`; another token is asked for a little earlier."""

    text: str = field(repr=False)
    expires_at: float


class Tokens:
    """The tokens of all checks. Concurrent callers with equal settings share one request."""

    def __init__(self, monotonic: Callable[[], float] = monotonic) -> None:
        self._monotonic = monotonic
        self._kept: OrderedDict[OAuth2, Token] = OrderedDict()
        self._asking: dict[OAuth2, asyncio.Task[Token]] = {}

    async def get(self, network: Fetching, settings: OAuth2, deadline: float) -> str:
        """Return an access token, within `deadline` (a reading of `monotonic`).

        Raises NetError when the endpoint gives none: its own kinds, STATUS or JSON, and
        `oauth2: …` as the detail. Nothing of a failure is kept.
        """
        kept = self._kept.get(settings)
        if kept is not None and self._monotonic() < kept.expires_at - _EARLY_SECONDS:
            return kept.text
        task = self._asking.get(settings)
        if task is None:
            task = self._asking[settings] = asyncio.create_task(self._ask(network, settings))
            task.add_done_callback(lambda done: self._asked(settings, done))
        left = deadline - self._monotonic()
        done, _ = await asyncio.wait({task}, timeout=max(0.0, left))
        if not done:
            raise NetError(FailureKind.TIMEOUT, f"oauth2: no token from {_shown(settings)} in time")
        return task.result().text

    def forget(self, settings: OAuth2, refused: str) -> None:
        """Forget a token that was refused; one that took its place meanwhile stays."""
        kept = self._kept.get(settings)
        if kept is not None and kept.text == refused:
            del self._kept[settings]

    def _asked(self, settings: OAuth2, done: "asyncio.Task[Token]") -> None:
        self._asking.pop(settings, None)
        if done.cancelled() or done.exception() is not None:
            return  # whoever waits is told; looked at here, it is nobody's forgotten error
        self._kept.pop(settings, None)
        self._kept[settings] = done.result()
        if len(self._kept) > _MOST_KEPT:
            self._kept.popitem(last=False)

    async def _ask(self, network: Fetching, settings: OAuth2) -> Token:
        began = self._monotonic()
        try:
            reply = await _answer(network, settings, began + _REQUEST_SECONDS)
            return _token(reply.response, began)
        except NetError as error:
            raise _told(settings, error) from None


async def _answer(network: Fetching, settings: OAuth2, deadline: float) -> Reply:
    request = _request(settings, in_body=False)
    reply = await network.fetch(request, deadline=deadline, trace=Trace())
    if reply.response.status not in {400, 401}:
        return reply
    # Some servers know only the other way to say who asks (RFC 6749, 2.3.1).
    request = _request(settings, in_body=True)
    return await network.fetch(request, deadline=deadline, trace=Trace())


def _request(settings: OAuth2, *, in_body: bool) -> Request:
    """Return the request for a token, with the client's credentials in its body or its head."""
    form = [("grant_type", "client_credentials"), *settings.endpoint_params]
    if settings.scopes:
        form.append(("scope", " ".join(settings.scopes)))
    fields = [("Content-Type", "application/x-www-form-urlencoded"), ("Accept", "application/json")]
    if in_body:
        form += [("client_id", settings.client_id), ("client_secret", settings.client_secret)]
    else:
        pair = f"{quote_plus(settings.client_id)}:{quote_plus(settings.client_secret)}"
        fields.append(("Authorization", f"Basic {b64encode(pair.encode()).decode()}"))
    return make_request(
        parse_target(settings.token_url),
        method="POST",
        fields=tuple(fields),
        body=urlencode(form).encode(),
        tls=settings.tls,
        proxy=settings.proxy,
        largest_body=_LARGEST_ANSWER,
    )


def _token(response: Response, began: float) -> Token:
    """Return the token in an answer. `began` is when it was asked for. Raises NetError."""
    if response.failure is not None:
        raise response.failure
    if not 200 <= response.status <= 299:
        said = _error_of(response.body)
        raise _failure(FailureKind.STATUS, f"status {response.status}{said}, expected 200")
    document = _document(response.body)
    text = document.get("access_token")
    if not isinstance(text, str) or not _is_token(text):
        raise _failure(FailureKind.JSON, "no usable access_token in the answer")
    kind = document.get("token_type", "Bearer")
    if not isinstance(kind, str) or kind.lower() != "bearer":
        raise _failure(FailureKind.JSON, f"token_type {visible_text(str(kind), 40)!r}")
    return Token(text, began + _seconds(document.get("expires_in")))


def _is_token(text: str) -> bool:
    # It goes into a header field.
    return 0 < len(text) <= _LARGEST_TOKEN and text.isascii() and text.isprintable()


def _seconds(expires_in: Any) -> float:
    """Return how long a token holds; some servers write the number as a text."""
    if isinstance(expires_in, bool):
        return _UNTOLD_SECONDS
    try:
        seconds = float(expires_in)
    except (TypeError, ValueError):
        return _UNTOLD_SECONDS
    return min(seconds, _LONGEST_SECONDS) if seconds >= 0 else 0.0


def _document(body: bytes) -> dict[str, Any]:
    try:
        # A double has room for every number; an int of 400 digits fits into none.
        document = json.loads(body, parse_int=float)
    except (ValueError, RecursionError):
        raise _failure(FailureKind.JSON, "the answer is no JSON") from None
    if not isinstance(document, dict):
        raise _failure(FailureKind.JSON, "the answer is no JSON object")
    return document


def _error_of(body: bytes) -> str:
    """Return what an answer says went wrong (RFC 6749, 5.2), as part of a sentence."""
    try:
        said = _document(body).get("error")
    except NetError:
        return ""
    return f" ({visible_text(said, 80)})" if isinstance(said, str) else ""


def _failure(kind: FailureKind, detail: str) -> NetError:
    return NetError(kind, detail, answered=True)


def _told(settings: OAuth2, error: NetError) -> NetError:
    marked = (settings.client_secret, *(value for _, value in settings.endpoint_params))
    hidden = secrets_of(_request(settings, in_body=False), marked)
    detail = veiled(error.failure.detail, hidden)
    return NetError(
        error.failure.kind,
        f"oauth2: {_shown(settings)}: {detail}",
        cause=error.cause,
        answered=error.answered,
    )


def _shown(settings: OAuth2) -> str:
    return parse_target(settings.token_url).shown()
