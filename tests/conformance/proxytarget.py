"""A forward proxy: requests in absolute form, and tunnels by CONNECT."""

import socket
import threading
from contextlib import suppress
from urllib.parse import urlsplit

from tests.conformance.webtargets import Asked, answer, read_request, respond

PASS = "sesame"


def proxy(connection: socket.socket) -> None:
    """Relay one request. A tunnel needs `X-Pass: sesame`, where /guarded or port 8448 is meant."""
    asked = read_request(connection)
    if asked.method == "CONNECT":
        _tunnel(connection, asked)
        return
    parts = urlsplit(asked.path)
    if parts.scheme != "http":
        connection.sendall(answer(400, b"not in absolute form\n"))
        return
    relayed = {**asked.headers, "x-relayed": "yes"}
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    respond(
        Asked(method=asked.method, path=path, headers=relayed, body=asked.body), connection.sendall
    )


def refusing(connection: socket.socket) -> None:
    """Refuse whatever comes."""
    read_request(connection)
    connection.sendall(answer(403, b"this proxy lets nobody through\n"))


def _tunnel(connection: socket.socket, asked: Asked) -> None:
    host, _, port = asked.path.rpartition(":")
    if port == "8448" and asked.headers.get("x-pass") != PASS:
        connection.sendall(answer(407, b"no pass\n"))
        return
    try:
        beyond = socket.create_connection((host.strip("[]"), int(port)), 2)
    except OSError:
        connection.sendall(answer(502, b"nobody there\n"))
        return
    connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
    back = threading.Thread(target=_pump, args=(beyond, connection), daemon=True)
    back.start()
    _pump(connection, beyond)
    back.join(5)
    beyond.close()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while octets := source.recv(65_536):
            sink.sendall(octets)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
