"""Web servers that answer by the path they are asked for: right, wrong, slow, or not at all."""

import base64
import gzip
import json
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from email.utils import formatdate
from urllib.parse import parse_qs, urlsplit

import brotli

from tests.conformance import ports

TEXT = b"Portal Kota Makassar: semua layanan berjalan.\n"
MODIFIED = 1_790_000_000
LARGE = 200_000
_VARYING = {"user-agent", "referer", "accept"}
TOKEN = "token-of-the-town"
DOCUMENT = {"status": "ok", "layanan": [{"nama": "pajak", "antrean": 3}], "versi": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request. Names of headers are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    lines: tuple[str, ...] = field(default=())


class Gone(Exception):
    """The connection ends without another word."""


Send = Callable[[bytes], None]


def serve(
    port: int,
    talk: Callable[[socket.socket], None],
    *,
    host: str = "127.0.0.1",
    tls: ssl.SSLContext | None = None,
) -> None:
    """Serve every connection in a thread of its own, for as long as the process lives."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family is socket.AF_INET6:
        listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    listener.bind((host, port))
    listener.listen(128)

    def one(connection: socket.socket) -> None:
        with suppress(OSError, ValueError, Gone):
            connection.settimeout(10)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if tls is not None:
                connection = tls.wrap_socket(connection, server_side=True)
            talk(connection)
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
        connection.close()

    def accept() -> None:
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=one, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()


def web(connection: socket.socket) -> None:
    """Answer one request by its path, and close."""
    asked = read_request(connection)
    respond(asked, connection.sendall)


def no_tls(connection: socket.socket) -> None:
    """Answer whatever comes in the clear."""
    connection.recv(4096)
    connection.sendall(answer(400, b"no TLS here\n"))


def read_request(connection: socket.socket) -> Asked:
    """Return a request with its body, by Content-Length or in chunks."""
    file = connection.makefile("rb")
    start = file.readline().decode("latin-1").split()
    if len(start) < 2:
        raise Gone
    lines = []
    while (line := file.readline().decode("latin-1").rstrip("\r\n")) != "":
        lines.append(line)
    pairs = (line.partition(":") for line in lines)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    body = file.read(int(headers.get("content-length", "0")))
    if headers.get("transfer-encoding") == "chunked":
        while size := int(file.readline(), 16):
            body += file.read(size)
            file.readline()
        file.readline()
    return Asked(method=start[0], path=start[1], headers=headers, body=body, lines=tuple(lines))


def answer(status: int = 200, body: bytes = TEXT, /, *lines: str) -> bytes:
    """Return a whole response."""
    head = [f"HTTP/1.1 {status} Status", f"Content-Length: {len(body)}", "Connection: close"]
    return "\r\n".join([*head, *lines]).encode() + b"\r\n\r\n" + body


def respond(asked: Asked, send: Send) -> None:
    """Answer as the path says; HEAD gets no body."""
    path = urlsplit(asked.path).path
    first, _, rest = path.lstrip("/").partition("/")
    octets = _ROUTES.get(first, _missing)(asked, rest, send)
    if octets is None:
        return
    if asked.method == "HEAD":
        octets = octets[: octets.index(b"\r\n\r\n") + 4]
    send(octets)


Route = Callable[[Asked, str, Send], "bytes | None"]


def _missing(asked: Asked, rest: str, send: Send) -> bytes:
    return answer(404, b"not here\n")


def _status(asked: Asked, rest: str, send: Send) -> bytes:
    status = int(rest)
    if status in {204, 304}:
        return f"HTTP/1.1 {status} Status\r\nConnection: close\r\n\r\n".encode()
    return answer(status)


def _echo(asked: Asked, rest: str, send: Send) -> bytes:
    """Tell what was asked, but for headers in which clients differ."""
    kept = {name: value for name, value in asked.headers.items() if name not in _VARYING}
    told = {"method": asked.method, "path": asked.path, "headers": kept}
    text = json.dumps({**told, "body": asked.body.decode("latin-1")}, sort_keys=True)
    return answer(200, text.encode(), "X-Method: " + asked.method)


def _encoded(asked: Asked, rest: str, send: Send) -> bytes:
    octets = {
        "gzip": gzip.compress(TEXT),
        "br": brotli.compress(TEXT),
        "deflate": _raw_deflate(TEXT),
        "zlib": zlib.compress(TEXT),
        "identity": TEXT,
        "broken": gzip.compress(TEXT)[:-12],
    }[rest]
    name = {"zlib": "deflate", "broken": "gzip"}.get(rest, rest)
    return answer(200, octets, f"Content-Encoding: {name}")


def _raw_deflate(octets: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(octets) + packer.flush()


def _headers(asked: Asked, rest: str, send: Send) -> bytes:
    lines = ("X-Town: Makassar", "X-Town: Ujung Pandang", "Content-Type: text/plain; charset=utf-8")
    return answer(200, TEXT, *lines)


def _chunked(asked: Asked, rest: str, send: Send) -> bytes:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(TEXT), TEXT) for _ in range(3))
    return head + chunks + (b"" if rest == "short" else b"0\r\n\r\n")


def _old(asked: Asked, rest: str, send: Send) -> bytes:
    return b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n" + TEXT


def _short(asked: Asked, rest: str, send: Send) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n" + TEXT


def _modified(asked: Asked, rest: str, send: Send) -> bytes:
    written = {"bad": "yesterday", "unix": formatdate(MODIFIED, usegmt=True)}[rest or "unix"]
    return answer(200, TEXT, f"Last-Modified: {written}")


def _slow(asked: Asked, rest: str, send: Send) -> bytes:
    time.sleep(float(rest))
    return answer()


def _slow_body(asked: Asked, rest: str, send: Send) -> None:
    send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(TEXT))
    send(TEXT[:10])
    time.sleep(float(rest))
    send(TEXT[10:])


def _hang(asked: Asked, rest: str, send: Send) -> None:
    time.sleep(6)


def _redirect(asked: Asked, rest: str, send: Send) -> bytes:
    left = int(rest)
    return _moved(f"/redirect/{left - 1}" if left > 1 else "/ok")


def _moved(place: str, status: int = 302) -> bytes:
    return answer(status, b"moved\n", f"Location: {place}")


def _to(asked: Asked, rest: str, send: Send) -> bytes:
    places = {
        "loop": "/to/loop",
        "other": f"http://both.test:{ports.HTTP}/echo",
        "https": f"https://makassarkota.test:{ports.GOOD}/ok",
        "http": f"http://localhost:{ports.HTTP}/ok",
        "closed": f"http://localhost:{ports.CLOSED}/",
        "relative": "../ok",
        "nowhere": "",
        "bad": "http://[::1",
        "ftp": "ftp://localhost/ok",
        "name": f"http://missing.test:{ports.HTTP}/",
        "need": "/need/secret",
        "referred": "/need/referer",
    }
    if rest.startswith(("303", "307", "301", "308")):
        return _moved("/echo", int(rest))
    if rest == "silent":
        return answer(302, b"moved\n")
    return _moved(places[rest])


def _cookie(asked: Asked, rest: str, send: Send) -> bytes:
    if rest == "eat":
        return answer(200 if "kue=barongko" in asked.headers.get("cookie", "") else 403)
    return answer(302, b"", "Location: /cookie/eat", "Set-Cookie: kue=barongko; Path=/")


def _need(asked: Asked, rest: str, send: Send) -> bytes:
    wanted = {
        "secret": lambda: asked.headers.get("x-secret") == "kunci",
        "basic": lambda: _basic(asked) == "wali:kota",
        "bearer": lambda: asked.headers.get("authorization") == "Bearer penanda",
        "scheme": lambda: asked.headers.get("authorization") == "Kunci penanda",
        "token": lambda: asked.headers.get("authorization") == f"Bearer {TOKEN}",
        "body": lambda: asked.method == "POST" and asked.body == b"isi=surat",
        "length": lambda: asked.headers.get("content-length") == "9",
        "host": lambda: asked.headers.get("host") == "portal.test",
        "plain-host": lambda: asked.headers.get("host") == f"four.test:{ports.HTTP}",
        "query": lambda: parse_qs(urlsplit(asked.path).query) == {"a": ["1 2"], "b": ["ü"]},
        "agent": lambda: asked.headers.get("user-agent") == "kami",
        "no-coding": lambda: "accept-encoding" not in asked.headers,
        "coding": lambda: asked.headers.get("accept-encoding") == "gzip",
        "blackbox": lambda: asked.headers.get("user-agent", "").startswith("Blackbox"),
        "referer": lambda: asked.headers.get("referer", "").endswith("/to/referred"),
        "close": lambda: asked.headers.get("connection", "").lower() == "close",
    }[rest]
    return answer(200 if wanted() else 401)


def _basic(asked: Asked) -> str:
    scheme, _, value = asked.headers.get("authorization", "").partition(" ")
    return base64.b64decode(value).decode() if scheme == "Basic" else ""


def _token(asked: Asked, rest: str, send: Send) -> bytes:
    """Answer as a token endpoint (RFC 6749, section 4.4)."""
    form = {name: values[0] for name, values in parse_qs(asked.body.decode()).items()}
    who = _basic(asked) or f"{form.get('client_id')}:{form.get('client_secret')}"
    fits = form.get("grant_type") == "client_credentials" and who == "klien:rahasia"
    if rest == "scoped":
        fits = fits and form.get("scope") == "baca tulis" and form.get("kota") == "makassar"
    if not fits:
        return answer(401, b'{"error": "invalid_client"}', "Content-Type: application/json")
    granted = {"access_token": TOKEN, "token_type": "Bearer", "expires_in": 3600}
    return answer(200, json.dumps(granted).encode(), "Content-Type: application/json")


def _json(asked: Asked, rest: str, send: Send) -> bytes:
    return answer(200, json.dumps(DOCUMENT).encode(), "Content-Type: application/json")


def _reset(asked: Asked, rest: str, send: Send) -> None:
    raise Gone


def _raw(asked: Asked, rest: str, send: Send) -> bytes:
    return {
        "garbage": b"\x00\x01 nothing of the sort\r\n\r\n",
        "hints": b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + answer(),
        "continue": b"HTTP/1.1 100 Continue\r\n\r\n" + answer(),
        "two-lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        "no-colon": b"HTTP/1.1 200 OK\r\nnonsense\r\n\r\n",
        "bad-status": b"HTTP/1.1 abc OK\r\n\r\n",
        "no-reason": b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok",
        "empty": b"",
        "http3": b"HTTP/3.7 200 OK\r\nContent-Length: 2\r\n\r\nok",
    }[rest]


_ROUTES: Mapping[str, Route] = {
    "ok": lambda asked, rest, send: answer(),
    "empty": lambda asked, rest, send: answer(200, b""),
    "large": lambda asked, rest, send: answer(200, b"x" * LARGE),
    "latin": lambda asked, rest, send: answer(200, b"caf\xe9 \xff\xfe end\n"),
    "lines": lambda asked, rest, send: answer(200, b"first\nsecond\nthird\n"),
    "status": _status,
    "echo": _echo,
    "encoded": _encoded,
    "headers": _headers,
    "chunked": _chunked,
    "old": _old,
    "short": _short,
    "modified": _modified,
    "slow": _slow,
    "slow-body": _slow_body,
    "hang": _hang,
    "redirect": _redirect,
    "to": _to,
    "cookie": _cookie,
    "need": _need,
    "token": _token,
    "json": _json,
    "reset": _reset,
    "raw": _raw,
}
