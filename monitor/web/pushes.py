"""Where jobs and programs report: heartbeats at a secret URL, results by the API.

Nothing is acknowledged before it is on disk.
"""

import json
import math
import re
from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from monitor.domain.check import CheckId
from monitor.domain.observation import OutcomeStatus
from monitor.domain.push import LARGEST_EVIDENCE, LONGEST_DETAIL, Arrival, Signal
from monitor.domain.text import visible_text
from monitor.ports import StoreError
from monitor.web.bodies import read_body
from monitor.web.context import WebContext
from monitor.web.credentials import Authenticator, TooManyAttempts

HEARTBEATS = "/api/v1/heartbeats/"
_HEARTBEAT = re.compile(r"([A-Za-z0-9._~-]{1,200})(?:/(start|fail|[0-9]{1,3}))?\Z")
_METHODS = ("GET", "POST")
# What a job may send along in all; the beginning of it is kept.
_LARGEST_BODY = 1_048_576
_LARGEST_RESULT = 65_536
_FUTURE = timedelta(seconds=60)
_PAST = timedelta(hours=24)
_STATUSES = {
    "up": OutcomeStatus.OK,
    "degraded": OutcomeStatus.DEGRADED,
    "down": OutcomeStatus.FAILED,
    "unknown": OutcomeStatus.UNKNOWN,
}
_KEYS = frozenset({"status", "detail", "at", "measurements"})
_OK = PlainTextResponse("OK\n")
_UNKNOWN = PlainTextResponse("There is nothing here.\n", 404)
_TOO_MANY = PlainTextResponse("Too many attempts.\n", 429, {"Retry-After": "10"})
_WRONG_METHOD = PlainTextResponse("POST or GET.\n", 405, {"Allow": "GET, POST"})
_NO_EXIT_CODE = PlainTextResponse("An exit code is 0 to 255.\n", 400)
_TOO_LARGE = PlainTextResponse("Over 1 MB. Nothing was taken in.\n", 413)
_NOT_STORED = PlainTextResponse("It could not be stored. Send it again.\n", 503)
_SIGNALS = {"start": Signal.START, "fail": Signal.FAIL}


class Refused(Exception):
    """A result that is not taken in. The message says why."""


class Misses:
    """Counts unknown tokens: whoever guesses is slowed down, whoever knows one never is."""

    def __init__(self, most: int = 100, seconds: float = 10.0) -> None:
        self._times: deque[float] = deque(maxlen=most)
        self._seconds = seconds

    def are_too_many(self, now: float) -> bool:
        """Count one more at `now` (monotonic seconds), and say whether there are too many."""
        full = len(self._times) == self._times.maxlen
        too_many = full and now - self._times[0] < self._seconds
        if not too_many:
            self._times.append(now)
        return too_many


class Heartbeats:
    """Serves the secret URLs, before anything else is looked at: they are their own credential."""

    def __init__(self, app: ASGIApp, context: WebContext) -> None:
        self._app = app
        self._context = context
        self._misses = Misses()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(HEARTBEATS):
            await self._app(scope, receive, send)
            return
        answer = await self._answer(scope, receive)
        await answer(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive) -> Response:
        intake = self._context.pushes
        if scope["method"] not in _METHODS:
            return _WRONG_METHOD
        found = _HEARTBEAT.match(scope["path"][len(HEARTBEATS) :])
        check_id = None if intake is None else intake.owner(found[1] if found else "")
        if found is None or check_id is None or intake is None:
            return _TOO_MANY if self._misses.are_too_many(monotonic()) else _UNKNOWN
        exit_code = int(found[2]) if found[2] and found[2].isdecimal() else None
        if exit_code is not None and exit_code > 255:
            return _NO_EXIT_CODE
        body = await _evidence(receive)
        if body is None:
            return _TOO_LARGE
        try:
            await intake.take(check_id, _arrival(found[2], exit_code, body, self._context.now()))
        except StoreError:
            return _NOT_STORED
        return _OK


def _arrival(said: str | None, exit_code: int | None, body: bytes, now: datetime) -> Arrival:
    signal = _SIGNALS.get(said or "", Signal.FAIL if exit_code else Signal.SUCCESS)
    return Arrival(
        signal=signal,
        at=now,
        received_at=now,
        status=OutcomeStatus.FAILED if signal is Signal.FAIL else OutcomeStatus.OK,
        exit_code=exit_code,
        detail=visible_text(body.strip(), LONGEST_DETAIL),
        body=body,
    )


async def _evidence(receive: Receive) -> bytes | None:
    """Return the beginning of the body, once all of it has come.

    None when it is too much, or the client went away in the middle of it.
    """
    kept, length = b"", 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        part = message.get("body", b"")
        length += len(part)
        if length > _LARGEST_BODY:
            return None
        if len(kept) < LARGEST_EVIDENCE:
            kept = (kept + part)[:LARGEST_EVIDENCE]
        if not message.get("more_body", False):
            return kept


def result_routes(context: WebContext, authenticator: Authenticator) -> list[Route]:
    """Return the route for results. It asks for the check's own token, or for a user."""

    async def observations(request: Request) -> Response:
        check_id, intake = CheckId(request.path_params["check"]), context.pushes
        if (refusal := await _refusal(request, check_id, context, authenticator)) is not None:
            return refusal
        names = None if intake is None else intake.names(check_id)
        if intake is None or names is None:
            return _wrong(404, "there is no check of type external with this id")
        body = await read_body(request, _LARGEST_RESULT)
        if body is None:
            return _wrong(413, f"over {_LARGEST_RESULT // 1024} KB")
        try:
            arrival = read_result(body, names, context.now())
            new = await intake.take(check_id, arrival)
        except Refused as error:
            return _wrong(400, str(error))
        except StoreError:
            return _wrong(503, "it could not be stored: send it again")
        return JSONResponse({"ok": True, "current": new})

    return [Route("/api/v1/checks/{check}/observations", observations, methods=["POST"])]


async def _refusal(
    request: Request, check_id: CheckId, context: WebContext, authenticator: Authenticator
) -> Response | None:
    """Return why whoever asks may not speak for this check, or None when they may."""
    authorization = Headers(scope=request.scope).get("authorization", "")
    scheme, _, token = authorization.partition(" ")
    own = None if context.pushes is None else context.pushes.proves(check_id, token.strip())
    if own and scheme.lower() == "bearer":
        return None
    if own is not None and not authenticator.has_users:
        return _unauthorized()
    try:
        return None if await authenticator.admits(authorization) else _unauthorized()
    except TooManyAttempts:
        return _TOO_MANY


def read_result(body: bytes, names: frozenset[str], now: datetime) -> Arrival:
    """Return the result that `body` is. Raise Refused, which says what is wrong with it."""
    written = _json(body)
    if not isinstance(written, dict) or not written.keys() <= _KEYS:
        raise Refused(f"an object with no other keys than {', '.join(sorted(_KEYS))} is wanted")
    status = written.get("status")
    if not isinstance(status, str) or status not in _STATUSES:
        raise Refused("status: one of up, degraded, down, unknown is wanted")
    detail = written.get("detail", "")
    if not isinstance(detail, str):
        raise Refused("detail: text is wanted")
    return Arrival(
        signal=Signal.RESULT,
        at=_at(written.get("at"), now),
        received_at=now,
        status=_STATUSES[status],
        detail=visible_text(detail.strip(), LONGEST_DETAIL),
        values=_values(written.get("measurements", {}), names),
    )


def _json(body: bytes) -> Any:
    try:
        return json.loads(body, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise Refused("the body is no JSON") from None


def _no_number(written: str) -> Any:
    raise ValueError(written)


def _at(written: object, now: datetime) -> datetime:
    if written is None:
        return now
    try:
        at = _time(written)
    except (ValueError, OverflowError, OSError):
        raise Refused("at: RFC 3339 with its offset, or Unix seconds, is wanted") from None
    if at > now + _FUTURE:
        raise Refused(f"at: more than {_FUTURE.total_seconds():g} s in the future")
    if at < now - _PAST:
        raise Refused("at: more than 24 h ago")
    return at


def _time(written: object) -> datetime:
    if isinstance(written, str):
        at = datetime.fromisoformat(written)
        if at.tzinfo is None:
            raise ValueError(written)
        return at.astimezone(UTC)
    if isinstance(written, int | float) and not isinstance(written, bool):
        return datetime.fromtimestamp(written, UTC)
    raise ValueError(written)


def _values(written: object, names: frozenset[str]) -> Mapping[str, float]:
    if not isinstance(written, dict):
        raise Refused("measurements: an object of numbers is wanted")
    if unknown := sorted(written.keys() - names):
        raise Refused(f"measurements: {unknown[0][:80]!r} is not named by the check")
    for name, value in written.items():
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise Refused(f"measurements: {name}: a number is wanted")
        if (isinstance(value, int) and abs(value) > 2**63) or not math.isfinite(value):
            raise Refused(f"measurements: {name}: the number is too large")
    return {name: float(value) for name, value in written.items()}


def _wrong(status: int, detail: str) -> Response:
    return JSONResponse({"ok": False, "detail": detail}, status)


def _unauthorized() -> Response:
    return PlainTextResponse("Unauthorized\n", 401, {"WWW-Authenticate": 'Bearer realm="Pantau"'})
