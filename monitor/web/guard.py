"""What stands before every handler: credentials, foreign pages, headers of safety.

They are plain ASGI, outside of the router, so that they hold for what it does not know as well.
"""

from collections.abc import Sequence
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from monitor.web.credentials import Authenticator, TooManyAttempts

_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


def policy(*, form_action: str = "'none'") -> str:
    """Return what a browser may do for one of our pages: load our style, and send a form."""
    return (
        "default-src 'none'; style-src 'self'; img-src 'self'; "
        f"base-uri 'none'; form-action {form_action}; frame-ancestors 'none'"
    )


_POLICY = "Content-Security-Policy"
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}


_NOT_OUR_NAME = (
    "Pantau is not known by this name: set external_url to the URL that it is reached by, "
    "or ask for a password (web_config_file).\n"
)


class SafeHeaders:
    """Adds to every response what tells a browser to load and show nothing else.

    A page with a form of ours has set its own policy, and keeps it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault(_POLICY, policy())
                for name, value in _HEADERS.items():
                    headers[name] = value
            await send(message)

        await self._app(scope, receive, send_with_headers)


class NoForeignPages:
    """Refuses what changes something when a web page asks for it.

    Any page that somebody has open can make their browser post to 127.0.0.1. Browsers then
    name the page's origin; the programs that post here name none. Not so at `routes_with_forms`:
    what they take proves by itself that it may.
    """

    def __init__(self, app: ASGIApp, routes_with_forms: Sequence[BaseRoute] = ()) -> None:
        self._app = app
        self._with_forms = tuple(routes_with_forms)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        is_from_page = "origin" in headers or headers.get("sec-fetch-site", "none") != "none"
        if scope["method"] not in _SAFE_METHODS and is_from_page and not self._takes_forms(scope):
            refusal = PlainTextResponse("No web page may ask for this.\n", 403)
            await refusal(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _takes_forms(self, scope: Scope) -> bool:
        return any(route.matches(scope)[0] is Match.FULL for route in self._with_forms)


class Gate:
    """Lets through whom the `keeper` admits, and anyone to the `open_routes`.

    What is not among them is closed, so a new route is closed until it is declared open, and
    whoever has no credential does not learn which routes there are.
    """

    def __init__(
        self, app: ASGIApp, keeper: "Gatekeeper", open_routes: Sequence[BaseRoute]
    ) -> None:
        self._app = app
        self._keeper = keeper
        self._open = tuple(open_routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = None if self._is_open(scope) else await self._keeper.refusal(scope)
        await (refusal or self._app)(scope, receive, send)

    def _is_open(self, scope: Scope) -> bool:
        return any(route.matches(scope)[0] is not Match.NONE for route in self._open)


class Gatekeeper:
    """Says who may see what is not public.

    Where no password is asked for, the request must call us by one of our `names`. Any page can
    make its own name lead to 127.0.0.1, and then read what is there as if it were its own.
    """

    def __init__(self, authenticator: Authenticator, names: frozenset[str]) -> None:
        self._authenticator = authenticator
        self._names = names

    async def refusal(self, scope: Scope) -> PlainTextResponse | None:
        """Return the answer to whoever may not, None for whoever may."""
        # With TLS the certificate's name already keeps such a page out.
        unguarded = scope.get("scheme", "http") == "http" and not self._authenticator.has_users
        if unguarded and not _is_ours(Headers(scope=scope).get("host"), self._names):
            return PlainTextResponse(_NOT_OUR_NAME, 421)
        try:
            admitted = await self._authenticator.admits(Headers(scope=scope).get("authorization"))
        except TooManyAttempts:
            return PlainTextResponse("Too many attempts.\n", 429, {"Retry-After": "10"})
        if admitted:
            return None
        challenge = {"WWW-Authenticate": 'Basic realm="Pantau", charset="UTF-8"'}
        return PlainTextResponse("Unauthorized\n", 401, challenge)


def _is_ours(host: str | None, names: frozenset[str]) -> bool:
    """Say whether a Host field names us: no browser leaves it out, and an address can't lie."""
    if host is None:
        return True
    try:
        name = urlsplit(f"//{host}").hostname
    except ValueError:
        return False
    return name is not None and (name in names or name == "localhost" or _is_address(name))


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
