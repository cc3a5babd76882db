"""A small web application with a login, as a target: form, token, session, API, logout.

It breaks where it is told to: `breaks` holds paths, each with what is answered there instead.
"""

import contextlib
import json
import re
import secrets
import socket
import threading
import time
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Awaitable, Callable, Iterator
from html import escape
from pathlib import Path
from urllib.parse import parse_qsl, quote, quote_plus

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

USER, PASSWORD = "petugas@example.go.id", 'Kanari "sandi" & rahasia/\\+=é'
_PAGE = """<!doctype html><title>{title}</title><meta name="csrf-token" content="{token}">
<!-- <input name="csrf_token" value="in-a-comment"> -->
<script>var form = '<input name="csrf_token" value="in-a-script">';</script>
<form id="masuk" method="post" action="/login?step=2&amp;from=form">
<INPUT type=hidden name='csrf_token' value='{token}'><input name=user><input name=password></form>
<p>{text}</p>"""

Break = Callable[[Request], Awaitable[Response]]


class CitizenPortal:
    """What the application knows: sessions by their cookie, and what it was asked, in order."""

    def __init__(self) -> None:
        self.tokens: dict[str, str] = {}
        self.signed_in: set[str] = set()
        self.asked: list[str] = []
        self.breaks: dict[str, Break] = {}
        self.application = Starlette(
            routes=[
                Route("/login", self._form, methods=["GET"]),
                Route("/login", self._login, methods=["POST"]),
                Route("/beranda", self._home),
                Route("/api/permohonan", self._requests),
                Route("/api/permohonan/{number}", self._one_request),
                Route("/logout", self._logout, methods=["POST"]),
                Route("/echo/{way}/{rest:path}", self._echo, methods=["GET", "POST"]),
            ]
        )

    def forget(self) -> None:
        """Be as new: whole, and a stranger to everybody."""
        self.breaks = {}
        for known in (self.tokens, self.signed_in, self.asked):
            known.clear()

    async def __call__(self, scope, receive, send) -> None:
        if scope["type"] == "http":
            self.asked.append(f"{scope['method']} {scope['path']}")
            broken = self.breaks.get(scope["path"])
            if broken is not None:
                answer = await broken(Request(scope, receive))
                await answer(scope, receive, send)
                return
        await self.application(scope, receive, send)

    async def _form(self, request: Request) -> Response:
        session = secrets.token_hex(16)
        self.tokens[session] = token = f"{secrets.token_urlsafe(24)}&\"'"
        answer = HTMLResponse(
            _PAGE.format(title="Masuk", token=escape(token), text="Silakan masuk")
        )
        answer.set_cookie("session", session, httponly=True)
        return answer

    async def _login(self, request: Request) -> Response:
        fields = dict(parse_qsl((await request.body()).decode()))
        if not self._is_genuine(request, fields.get("csrf_token")):
            return HTMLResponse("Token CSRF tidak cocok", status_code=403)
        if (fields.get("user"), fields.get("password")) != (USER, PASSWORD):
            return HTMLResponse("Kata sandi salah", status_code=200)
        session = secrets.token_hex(16)
        self.tokens[session] = self.tokens[request.cookies["session"]]
        self.signed_in.add(session)
        answer = RedirectResponse("/beranda", status_code=303)
        answer.set_cookie("session", session, httponly=True)
        return answer

    async def _home(self, request: Request) -> Response:
        if not self._knows(request):
            return HTMLResponse("Anda belum masuk", status_code=401)
        return HTMLResponse("<h1>Selamat datang</h1>")

    async def _requests(self, request: Request) -> Response:
        if not self._knows(request):
            return JSONResponse({"status": "unauthorized"}, status_code=401)
        return JSONResponse({"status": "ok", "requests": [{"number": 4711, "owner": "Daeng"}]})

    async def _one_request(self, request: Request) -> Response:
        if not self._is_genuine(request, request.headers.get("x-csrf-token")):
            return JSONResponse({"status": "forbidden"}, status_code=403)
        return JSONResponse({"number": int(request.path_params["number"])})

    async def _logout(self, request: Request) -> Response:
        fields = dict(parse_qsl((await request.body()).decode()))
        if not self._is_genuine(request, fields.get("csrf_token")):
            return HTMLResponse("Token CSRF tidak cocok", status_code=403)
        self.signed_in.discard(request.cookies["session"])
        return HTMLResponse("Sampai jumpa")

    async def _echo(self, request: Request) -> Response:
        """Send back the body in another writing: in the body, a header, and a redirect's path."""
        way, said = request.path_params["way"], (await request.body()).decode()
        text = ENCODINGS[way](said)
        if request.path_params["rest"].startswith("away"):
            return RedirectResponse(f"/echo/plain/away/{quote(said, safe='')}", status_code=307)
        if request.path_params["rest"] == "once":
            return RedirectResponse(f"/echo/plain/there/{quote(said, safe='')}", status_code=307)
        latin = text.encode("latin-1", errors="replace").decode("latin-1")
        return HTMLResponse(text, headers={"X-Got": latin}, status_code=200)

    def _knows(self, request: Request) -> bool:
        return request.cookies.get("session") in self.signed_in

    def _is_genuine(self, request: Request, token: str | None) -> bool:
        return token is not None and self.tokens.get(request.cookies.get("session", "")) == token


ENCODINGS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "url": lambda text: quote(text, safe=""),
    "form": quote_plus,
    "small": lambda text: re.sub(
        r"%[0-9A-F]{2}", lambda found: found[0].lower(), quote(text, safe="")
    ),
    "html": escape,
    "json": lambda text: json.dumps({"got": text}),
    "json-utf8": lambda text: json.dumps({"got": text}, ensure_ascii=False),
    "repr": repr,
    "base64": lambda text: b64encode(text.encode()).decode(),
    "base64-1": lambda text: b64encode(b"u" + text.encode() + b"!").decode(),
    "base64-2": lambda text: urlsafe_b64encode(b"u:" + text.encode() + b"!!").decode(),
    "hex": lambda text: text.encode().hex(),
    "twice": lambda text: f"{text} {text}",
}
"""Ways of sending back what was sent."""


@contextlib.contextmanager
def portal(
    chain: Path | None = None, key: Path | None = None
) -> Iterator[tuple[CitizenPortal, str]]:
    """Serve a portal on loopback, over TLS with a certificate; yield it and its URL."""
    listener = socket.create_server(("127.0.0.1", 0))
    application = CitizenPortal()
    config = uvicorn.Config(
        application, log_config=None, lifespan="off", ssl_certfile=chain, ssl_keyfile=key
    )
    server = uvicorn.Server(config)
    serving = threading.Thread(target=server.run, args=([listener],), daemon=True)
    serving.start()
    until = time.monotonic() + 20
    while not server.started and time.monotonic() < until:
        time.sleep(0.01)
    assert server.started, "the portal serves"
    origin = "http://127.0.0.1" if chain is None else "https://localhost"
    try:
        yield application, f"{origin}:{listener.getsockname()[1]}"
    finally:
        server.should_exit = server.force_exit = True
        serving.join(10)
        listener.close()
