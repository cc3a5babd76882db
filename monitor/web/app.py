"""The three applications: everything, the public set alone, and the control socket.

A route is closed unless it stands in `health_routes` or `public_routes`, or asks for a credential
by itself as those of `pushes` do. GET changes nothing, but for a heartbeat's.
No answer is built from the Host and X-Forwarded headers.
"""

from collections.abc import Sequence
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from monitor.domain.note import Via
from monitor.metrics.exposition import compressed
from monitor.web.acklinks import ack_routes
from monitor.web.acts import act_routes
from monitor.web.api import api_routes
from monitor.web.context import Acts, WebContext
from monitor.web.credentials import Authenticator
from monitor.web.guard import Gate, Gatekeeper, NoForeignPages, SafeHeaders
from monitor.web.incidentpages import incident_page_routes
from monitor.web.incidentsapi import incident_api_routes
from monitor.web.negotiation import language_of, wants_gzip, wants_openmetrics
from monitor.web.nothere import not_here
from monitor.web.opendata import PAGE as OPEN_DATA
from monitor.web.opendata import open_data_routes
from monitor.web.pages import STYLE, StatusPage, style_sheet
from monitor.web.public import public_view
from monitor.web.pushes import Heartbeats, result_routes
from monitor.web.targets import target_routes

_OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
_TEXT = "text/plain; version=0.0.4; charset=utf-8"


def create_app(context: WebContext, authenticator: Authenticator) -> ASGIApp:
    """Return everything. What is neither public nor health needs a credential, if there are any."""
    keeper = Gatekeeper(authenticator, context.names)
    open_routes = [*health_routes(), *public_routes(context, keeper)]
    results = result_routes(context, authenticator)  # they ask for a credential by themselves
    app = _application(context, [*open_routes, *results, *private_routes(context)])
    forms = ack_routes(context)
    gate = Gate(NoForeignPages(app, forms), keeper, [*open_routes, *results])
    return SafeHeaders(Heartbeats(gate, context))


def create_public_app(context: WebContext) -> ASGIApp:
    """Return the public set alone, for anybody."""
    return SafeHeaders(_application(context, public_routes(context)))


def create_control_app(context: WebContext) -> ASGIApp:
    """Return what commands ask of the daemon. The mode of its socket says who may."""
    return SafeHeaders(_application(context, api_routes(context)))


def create_acts_app(acts: Acts) -> ASGIApp:
    """Return what a command may ask of itself while no daemon runs."""
    return _routed(Starlette(routes=act_routes(acts, Via.COMMAND)))


def health_routes() -> list[Route]:
    async def healthy(_: Request) -> Response:
        return PlainTextResponse("Pantau is healthy.\n")

    return [Route("/-/healthy", healthy)]


def public_routes(context: WebContext, keeper: Gatekeeper | None = None) -> list[Route]:
    """Return the pages that show nothing but the public set, and those that ask for a link.

    To whom `keeper` admits, pages of incidents show everything.
    """
    page = StatusPage(context.zone, "" if context.open_data is None else OPEN_DATA)
    style = style_sheet()

    async def status(request: Request) -> Response:
        language = language_of(request, context.language)
        view = public_view(context.board, context.now(), context.acts.planner.windows())
        if context.readiness.trouble() is not None:
            view = view.as_stale()
        return Response(
            page.html(view, language),
            media_type="text/html",
            headers={"Cache-Control": "no-cache", "Content-Language": language.value},
        )

    async def style_file(_: Request) -> Response:
        headers = {"Cache-Control": "public, max-age=3600"}
        return Response(style, media_type="text/css", headers=headers)

    return [
        Route("/", status),
        Route(f"/static/{STYLE}", style_file),
        *ack_routes(context),
        *incident_page_routes(context, keeper),
        *open_data_routes(context),
    ]


def private_routes(context: WebContext) -> list[Route]:
    async def metrics(request: Request) -> Response:
        return metrics_response(context, request)

    async def ready(_: Request) -> Response:
        trouble = context.readiness.trouble()
        if trouble is None:
            return PlainTextResponse("Pantau is ready.\n")
        return PlainTextResponse(f"Pantau is not ready: {trouble}\n", 503)

    async def reload(_: Request) -> Response:
        result = await context.reloader.reload()
        if result.ok:
            return PlainTextResponse("Configuration reloaded.\n")
        problems = "".join(f"{problem}\n" for problem in result.problems)
        return PlainTextResponse(f"Failed to reload the configuration:\n{problems}", 500)

    return [
        Route("/metrics", metrics),
        Route("/-/ready", ready),
        Route("/-/reload", reload, methods=["POST", "PUT"]),
        *incident_api_routes(context.archive),
        *target_routes(context),
        *act_routes(context.acts, Via.API),
        *blackbox_routes(context),
    ]


def blackbox_routes(context: WebContext) -> list[Route]:
    """Return the interface of blackbox_exporter; nothing while it is off."""
    blackbox = context.blackbox
    if blackbox is None:
        return []
    from monitor.web.probespage import ProbesPage  # only who serves /probe pays for it

    page = ProbesPage(context.zone)

    async def probes(request: Request) -> Response:
        language = language_of(request, context.language)
        return Response(
            page.html(blackbox.history.newest_first(), language),
            media_type="text/html",
            headers={"Cache-Control": "no-store", "Content-Language": language.value},
        )

    return [*blackbox.routes(), Route("/probes", probes)]


def metrics_response(context: WebContext, request: Request) -> Response:
    """Return the exposition in the format and the coding that the client prefers."""
    openmetrics = wants_openmetrics(_all(request, "accept"))
    gzip = wants_gzip(_all(request, "accept-encoding"))
    headers = {
        "Content-Type": _OPENMETRICS if openmetrics else _TEXT,
        "Cache-Control": "no-store",
        "Vary": "Accept, Accept-Encoding",
    }
    if gzip:
        headers["Content-Encoding"] = "gzip"
    if request.method == "HEAD":
        answer = Response(headers=headers)
        del answer.headers["Content-Length"]
        return answer
    text = context.exposition.text(openmetrics=openmetrics)
    return StreamingResponse(compressed(text) if gzip else text, headers=headers)


def _application(context: WebContext, routes: Sequence[Route]) -> Starlette:
    def nothing(request: Request, _: Exception) -> Response:
        return not_here(request, context.language)

    return _routed(Starlette(routes=routes, exception_handlers={HTTPStatus.NOT_FOUND: nothing}))


def _routed(app: Starlette) -> Starlette:
    # A redirect would be built from the Host header.
    app.router.redirect_slashes = False
    return app


def _all(request: Request, name: str) -> str:
    return ",".join(request.headers.getlist(name))
