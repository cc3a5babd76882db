"""HTTP/2 servers that mean harm: the corpus, and a program that fetches from them.

`python hostile_http2.py CA_FILE PORT…` fetches from every port, one at a time and then all at once,
and prints what each took as JSON.
"""

import asyncio
import contextlib
import json
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

from tests.integration.net.hostile import gzip_bomb

TIMEOUT = 1.5
DATA, HEADERS, PRIORITY, RESET, SETTINGS, PUSH, PING, GOAWAY, WINDOW, CONTINUATION = range(10)


def frame(kind: int, payload: bytes = b"", *, flags: int = 0, stream: int = 0) -> bytes:
    """Return a frame, written by hand."""
    return (
        len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload
    )


GREETING = frame(SETTINGS)
HEAD_200 = frame(HEADERS, b"\x88", flags=0x4, stream=1)
GZIPPED = frame(HEADERS, b"\x88\x0f\x0b\x04gzip", flags=0x4, stream=1)  # content-encoding: gzip


def sending(head: bytes, piece: bytes = b"", *, pause: float = 0.0, listens: bool = False):
    """Return a handler that greets, sends `head`, then `piece` again and again.

    One that `listens` takes what the client says meanwhile; the others leave it lying.
    """

    def handle(connection: socket.socket) -> None:
        connection.recv(65_536)
        connection.sendall(GREETING + head)
        connection.settimeout(10)
        for _ in range(10**9 if piece else 0):
            connection.sendall(piece)
            if listens:
                connection.settimeout(0.0001)
                with contextlib.suppress(OSError):
                    connection.recv(65_536)
                connection.settimeout(10)
            time.sleep(pause)
        while connection.recv(65_536):
            pass

    return handle


def bomb(connection: socket.socket) -> None:
    """Send a gigabyte of zeros, packed."""
    connection.recv(65_536)
    packed = gzip_bomb()
    connection.sendall(GREETING + GZIPPED)
    for start in range(0, len(packed), 16_384):
        connection.sendall(frame(DATA, packed[start : start + 16_384], stream=1))
    while connection.recv(65_536):
        pass


CORPUS: dict[str, tuple[Callable[[socket.socket], None], set[str]]] = {
    "nothing at all": (sending(b""), {"timeout"}),
    "random bytes": (sending(bytes(range(256)) * 200), {"protocol"}),
    "pings": (sending(b"", frame(PING, bytes(8)) * 500), {"protocol"}),
    "pings, and reads the answers": (sending(b"", frame(PING, bytes(8)) * 500, listens=True), {"protocol"}),
    "settings": (sending(b"", frame(SETTINGS) * 500), {"protocol"}),
    "settings, slowly": (sending(b"", frame(SETTINGS), pause=0.05), {"timeout"}),
    "windows": (sending(b"", frame(WINDOW, bytes(3) + b"\1") * 500), {"protocol"}),
    "unknown frames": (sending(b"", frame(0x77, bytes(100)) * 500), {"protocol", "too_large"}),
    "priorities": (sending(b"", frame(PRIORITY, bytes(4) + b"\1", stream=1) * 500), {"protocol"}),
    "resets of other streams": (sending(b"", frame(RESET, bytes(4), stream=3) * 500), {"protocol"}),
    "continuations": (sending(frame(HEADERS, b"\x88", stream=1), frame(CONTINUATION, b"", stream=1) * 500), {"protocol"}),
    "large continuations": (sending(frame(HEADERS, b"\x88", stream=1), frame(CONTINUATION, b"\x88" * 16_000, stream=1)), {"too_large", "protocol"}),
    "a header list of 48 MB": (sending(frame(HEADERS, b"\x88\x40\x01a\x7f\x81\x1e" + b"b" * 4000 + b"\xbe" * 12_000, flags=0x4, stream=1)), {"too_large"}),
    "a frame of 16 MB": (sending(b"\xff\xff\xff" + bytes(6), bytes(65_536)), {"protocol"}),
    "interim responses": (sending(b"", frame(HEADERS, b"\x08\x03103", flags=0x4, stream=1) * 50), {"protocol"}),
    "pushes": (sending(b"", frame(PUSH, bytes(3) + b"\2\x88", flags=0x4, stream=1)), {"protocol"}),
    "reset": (sending(frame(RESET, bytes(3) + b"\x0b", stream=1)), {"protocol"}),
    "goodbye": (sending(frame(GOAWAY, bytes(8))), {"protocol"}),
    "endless body": (sending(HEAD_200, frame(DATA, bytes(16_384), stream=1)), {"too_large", "protocol"}),
    "empty pieces": (sending(HEAD_200, frame(DATA, stream=1) * 500), {"protocol"}),
    "padding": (sending(HEAD_200, frame(DATA, b"\xff" + bytes(255), flags=0x8, stream=1) * 100), {"too_large", "protocol"}),
    "one byte a time": (sending(HEAD_200, frame(DATA, b"x", stream=1), pause=0.05), {"timeout"}),
    "gzip bomb": (bomb, {"too_large"}),
}  # fmt: skip


async def measure(ca_file: str, ports: list[int]) -> dict:
    """Fetch from every port; return what that took."""
    from monitor.net.errors import NetError
    from monitor.net.fetch import make_request
    from monitor.net.network import Network
    from monitor.net.resolver import Resolver
    from monitor.net.tls import TlsSettings
    from monitor.net.trace import Trace
    from monitor.net.urls import parse_target

    network = Network(resolver=Resolver())
    tls = TlsSettings(ca_file=Path(ca_file))
    requests = [
        make_request(parse_target(f"https://127.0.0.1:{port}/"), tls=tls, http2=True)
        for port in ports
    ]

    async def one(request) -> dict:
        began, cpu = time.monotonic(), time.process_time()
        try:
            reply = await network.fetch(request, deadline=began + TIMEOUT, trace=Trace())
            failure = reply.response.failure and reply.response.failure.failure
        except NetError as error:
            failure = error.failure
        return {
            "kind": failure.kind.value if failure else "ok",
            "detail": failure.detail if failure else "",
            "seconds": time.monotonic() - began,
            "cpu": time.process_time() - cpu,
        }

    each = [await one(request) for request in requests]
    before = _memory("VmRSS")
    await asyncio.gather(*(one(request) for request in requests * 2))
    return {"each": each, "growth": _memory("VmHWM") - before}


def _memory(figure: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{figure}:"))


if __name__ == "__main__":
    print(json.dumps(asyncio.run(measure(sys.argv[1], list(map(int, sys.argv[2:]))))))
