"""blackbox_exporter's endpoints: /probe, /config and /logs, and /probes for people.

What is probed here is answered and forgotten but for the latest: it is no sample of any check.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, TypeVar

import structlog
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from monitor.blackbox.asking import (
    DEFAULT_MODULE,
    TARGET_MISSING,
    host_conflict,
    timeout_seconds,
    unknown_module,
    with_question,
)
from monitor.blackbox.gate import Allowed
from monitor.blackbox.history import Entry, History
from monitor.blackbox.log import LogLine
from monitor.blackbox.measured import Measured
from monitor.blackbox.modules import Module, Modules
from monitor.blackbox.turnstile import TooMany, Turnstile
from monitor.checktype import ProbeContext
from monitor.web.blackboxtext import CONTENT_TYPE, debug_text, modules_text, probe_text

log = structlog.get_logger()

_TIMEOUT_HEADER = "x-prometheus-scrape-timeout-seconds"
# Nobody is left who would read it; other servers log this number.
_CLIENT_GONE = 499
_NOT_STORED = {"Cache-Control": "no-store"}
_WHOLE = re.compile(r"[-+]?[0-9]{1,40}\Z")
_LARGEST_NUMBER = 2**63  # Go reads a number of 64 bits

ResultT = TypeVar("ResultT")


class Probed(Protocol):
    """How a probe went."""

    @property
    def success(self) -> bool: ...
    @property
    def measurements(self) -> tuple[Measured, ...]: ...
    @property
    def log(self) -> tuple[LogLine, ...]: ...


class Probe(Protocol):
    """Probes a target by a module; nothing that the target does is raised."""

    def __call__(
        self, module: Module, target: str, context: ProbeContext, *, hostname: str | None
    ) -> Coroutine[Any, Any, Probed]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """The modules there are, and what they may be used for: None for anything."""

    modules: Modules
    allowed: Allowed | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request to /probe that was understood."""

    name: str
    module: Module
    target: str
    hostname: str
    seconds: float


class Refused(Exception):
    """A request to /probe that is not followed."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class Blackbox:
    """Probes what is asked for, and remembers the latest results.

    `context` gives what a probe of so many seconds may use. `count_unknown` is told of modules
    that are not there. `offer` may be replaced at any time.
    """

    def __init__(
        self,
        *,
        offer: Offer,
        probe: Probe,
        context: Callable[[float], ProbeContext],
        turnstile: Turnstile,
        count_unknown: Callable[[], None],
    ) -> None:
        self.offer = offer
        self.history = History()
        self._probe = probe
        self._context = context
        self._turnstile = turnstile
        self._count_unknown = count_unknown

    def routes(self) -> list[Route]:
        """Return the routes of blackbox_exporter. /probe takes any method."""
        return [
            Route("/probe", _AnyMethod(self.probe)),
            Route("/config", self.config),
            Route("/logs", self.logs),
        ]

    async def probe(self, request: Request) -> Response:
        """Probe, and answer with the numbers, or with the debug text. A failure is a 200 too."""
        parameters = _first_values(request)
        try:
            _refuse_foreign(request)
            asked = self._asked(parameters, request.headers.get(_TIMEOUT_HEADER, ""))
            with self._turnstile.turn():
                entry, probed = await self._probed(asked, request)
        except Refused as refused:
            return _refusal(refused.status, str(refused))
        except TooMany as error:
            return _refusal(503, str(error), {"Retry-After": str(error.retry_after)})
        if parameters.get("debug") == "true":
            return PlainTextResponse(entry.debug(), headers=_NOT_STORED)
        text = probe_text(probed.measurements)
        return Response(text, headers={"Content-Type": CONTENT_TYPE, **_NOT_STORED})

    async def config(self, _: Request) -> Response:
        """Show the modules in force, without their secrets."""
        return PlainTextResponse(modules_text(self.offer.modules), headers=_NOT_STORED)

    async def logs(self, request: Request) -> Response:
        """Show the debug text of a probe: by its number, or the latest of a target."""
        parameters = _first_values(request)
        number, target = parameters.get("id", ""), parameters.get("target", "")
        if number and target:
            return _refusal(400, "Probe id and target can't be defined at the same time")
        if target:
            entry = self.history.latest(target, parameters.get("module", ""))
        elif not number:
            return _refusal(400, "Probe id or target must be defined as http query parameters")
        elif (probe_id := _whole(number)) is None:
            return _refusal(400, "Invalid probe id")
        else:
            entry = self.history.by_id(probe_id)
        if entry is None:
            return _refusal(404, "Probe target not found" if target else "Probe id not found")
        return PlainTextResponse(entry.debug(), headers=_NOT_STORED)

    def _asked(self, parameters: Mapping[str, str], timeout_header: str) -> Asked:
        """Return what is to be probed; raise Refused in the order that blackbox_exporter has."""
        name = parameters.get("module") or DEFAULT_MODULE
        module = self.offer.modules.get(name)
        if module is None:
            self._count_unknown()
            raise Refused(400, unknown_module(name))
        try:
            seconds = timeout_seconds(timeout_header, module.timeout)
        except ValueError as error:
            raise Refused(500, str(error)) from None
        target, hostname = parameters.get("target", ""), parameters.get("hostname", "")
        if not target:
            raise Refused(400, TARGET_MISSING)
        if conflict := host_conflict(module, hostname):
            raise Refused(400, conflict)
        try:
            module = with_question(module, parameters)
        except ValueError as error:
            raise Refused(400, str(error)) from None
        allowed = self.offer.allowed
        if allowed is not None and (refusal := allowed.refusal(module, target, hostname)):
            raise Refused(403, refusal)
        return Asked(name=name, module=module, target=target, hostname=hostname, seconds=seconds)

    async def _probed(self, asked: Asked, request: Request) -> tuple[Entry, Probed]:
        context = self._context(asked.seconds)
        began = context.monotonic()
        hostname = asked.hostname or None
        probing = self._probe(asked.module, asked.target, context, hostname=hostname)
        try:
            probed = await _unless_gone(request, probing)
        except Exception:
            log.exception("probe.crashed", prober=asked.module.prober)
            raise Refused(500, "our fault: the log of the daemon says more") from None
        if probed is None:
            raise Refused(_CLIENT_GONE, "the client went away")
        entry = self.history.add(
            at=context.now,
            module=asked.name,
            target=asked.target,
            success=probed.success,
            seconds=context.monotonic() - began,
            debug=partial(debug_text, probed.log, probed.measurements, asked.module),
        )
        return entry, probed


class _AnyMethod:
    """An endpoint that takes whatever method there is."""

    def __init__(self, handler: Callable[[Request], Awaitable[Response]]) -> None:
        self._handler = handler

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._handler(Request(scope, receive))
        await response(scope, receive, send)


async def _unless_gone(request: Request, work: Coroutine[Any, Any, ResultT]) -> ResultT | None:
    """Return what `work` comes to, or None, and end it, when the client goes away before."""
    working = asyncio.create_task(work)
    leaving = asyncio.create_task(_gone(request))
    try:
        await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else None
    finally:
        working.cancel()
        leaving.cancel()
        await asyncio.gather(working, leaving, return_exceptions=True)


async def _gone(request: Request) -> None:
    """Return when the client has gone. A body that it sends is thrown away."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _refuse_foreign(request: Request) -> None:
    """Refuse what a page of another site asks for: a browser would probe for whoever made it."""
    site = request.headers.get("sec-fetch-site", "none")
    if "origin" in request.headers or site not in {"none", "same-origin"}:
        raise Refused(403, "No web page of another site may ask for this.")


def _first_values(request: Request) -> dict[str, str]:
    """Return the query's parameters; of several of a name, the first counts."""
    return dict(reversed(request.query_params.multi_items()))


def _whole(text: str) -> int | None:
    """Return a number as Go's strconv.ParseInt reads it, None for what is none."""
    if not _WHOLE.match(text):
        return None
    number = int(text)
    return number if -_LARGEST_NUMBER <= number < _LARGEST_NUMBER else None


def _refusal(status: int, text: str, headers: Mapping[str, str] | None = None) -> Response:
    return PlainTextResponse(f"{text}\n", status, headers={**_NOT_STORED, **(headers or {})})
