"""A webhook receiver on loopback that keeps what it gets, and behaves as badly as it is told to.

In a test:

    with Collector() as collector:
        collector.plays(answers(503), hangs())      # for the next two requests
        collector.otherwise = answers(204)          # for all others
        ...
        assert collector.received[0].headers["webhook-id"]

By itself: `python tests/collector.py --port 9099` prints every message as a line of JSON.
"""

import argparse
import json
import socket
import ssl
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

_PATIENCE_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One request. `at` is Unix seconds; `headers` have names in lower case."""

    at: float
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What is done with a request. `reads` False: not even the request is read."""

    act: Callable[[socket.socket, threading.Event], None]
    reads: bool = True


def answers(status: int, headers: Mapping[str, str] | None = None, body: bytes = b"") -> Behaviour:
    """Answer at once."""
    fields = {"Content-Length": str(len(body)), "Connection": "close", **(headers or {})}
    head = _head(status, fields)
    return Behaviour(lambda peer, stop: peer.sendall(head + body))


def hangs() -> Behaviour:
    """Accept, read, and never answer."""
    return Behaviour(_wait_for_close)


def hangs_up(*, reads: bool = True) -> Behaviour:
    """Close without an answer, after reading the request or at once."""
    return Behaviour(lambda peer, stop: None, reads=reads)


def drips(octets: bytes, every_seconds: float, before: bytes = b"") -> Behaviour:
    """Send `before`, then `octets` one by one, over and over."""

    def act(peer: socket.socket, stop: threading.Event) -> None:
        peer.sendall(before)
        while not stop.wait(every_seconds):
            for octet in octets:
                peer.sendall(bytes([octet]))
                if stop.wait(every_seconds):
                    return

    return Behaviour(act)


def pours(total: int, before: bytes = b"") -> Behaviour:
    """Send `before`, then up to `total` bytes as fast as they are taken."""

    def act(peer: socket.socket, stop: threading.Event) -> None:
        peer.sendall(before)
        chunk, left = b"x" * 65_536, total
        while left > 0 and not stop.is_set():
            peer.sendall(chunk[:left])
            left -= len(chunk)

    return Behaviour(act)


def head(status: int, **fields: str) -> bytes:
    """Return the head of an answer, for what follows it."""
    return _head(status, {name.replace("_", "-"): value for name, value in fields.items()})


class Collector:
    """Listens while it is open; one thread a connection."""

    def __init__(
        self, port: int = 0, tls: ssl.SSLContext | None = None, address: str = "127.0.0.1"
    ) -> None:
        """Listen on a free port unless `port` says which."""
        self.received: list[Received] = []
        self.otherwise = answers(204)
        self.arrived: Callable[[Received], None] = lambda received: None
        self.accepted = 0
        self._script: deque[Behaviour] = deque()
        self._changed = threading.Condition()
        self._stop = threading.Event()
        self._tls = tls
        self._listener = socket.create_server((address, port), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        scheme, host = (
            ("https", "localhost") if self._tls else ("http", self._listener.getsockname()[0])
        )
        return f"{scheme}://{host}:{self.port}/hook"

    def plays(self, *behaviours: Behaviour) -> None:
        """Do with the next requests as told, in order."""
        self._script.extend(behaviours)

    def wait_for(self, count: int, seconds: float) -> list[Received]:
        """Return what was received once it is `count` requests, or after `seconds`."""
        with self._changed:
            self._changed.wait_for(lambda: len(self.received) >= count, seconds)
            return list(self.received)

    def close(self) -> None:
        self._stop.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _accept(self) -> None:
        while not self._stop.is_set():
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            self.accepted += 1
            threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer: socket.socket) -> None:
        with suppress(OSError, ValueError), peer:
            peer.settimeout(_PATIENCE_SECONDS)
            if self._tls is None:
                self._converse(peer)
            else:
                with self._tls.wrap_socket(peer, server_side=True) as secured:
                    self._converse(secured)

    def _converse(self, peer: socket.socket) -> None:
        behaviour = self._script.popleft() if self._script else self.otherwise
        if behaviour.reads:
            received = _read(peer)
            with self._changed:
                self.received.append(received)
                self._changed.notify_all()
            self.arrived(received)
        behaviour.act(peer, self._stop)
        with suppress(OSError):
            peer.shutdown(socket.SHUT_WR)


def _read(peer: socket.socket) -> Received:
    stream = peer.makefile("rb")
    method, path, _ = stream.readline().decode("latin-1").split(" ", 2)
    headers = {}
    while (line := stream.readline().decode("latin-1").rstrip("\r\n")) != "":
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    body = stream.read(int(headers.get("content-length", "0")))
    return Received(at=time.time(), method=method, path=path, headers=headers, body=body)


def _head(status: int, fields: Mapping[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} Status", *(f"{name}: {value}" for name, value in fields.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _wait_for_close(peer: socket.socket, stop: threading.Event) -> None:
    peer.settimeout(0.2)
    while not stop.is_set():
        try:
            if not peer.recv(1024):
                return
        except TimeoutError:
            continue


def _print(received: Received) -> None:
    line = {
        "at": received.at,
        "path": received.path,
        "headers": dict(received.headers),
        "body": received.body.decode(errors="replace"),
    }
    sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def main(arguments: list[str]) -> int:
    """Collect until interrupted; answer the first requests with the given statuses."""
    parser = argparse.ArgumentParser(description="Print every webhook message as a line of JSON.")
    parser.add_argument("--port", type=int, default=9099)
    parser.add_argument("--address", default="127.0.0.1")
    parser.add_argument("--first", default="", help="statuses of the first answers: 503,503,204")
    options = parser.parse_args(arguments)
    with Collector(options.port, address=options.address) as collector:
        collector.arrived = _print
        collector.plays(*(answers(int(status)) for status in options.first.split(",") if status))
        with suppress(KeyboardInterrupt):
            threading.Event().wait()
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
