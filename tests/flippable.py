"""Targets on loopback whose answers flip on command, and who keep a log of who asked when.

`/t/NAME` answers 200 or, while NAME is down, 503, and while it is slow some seconds later; `/drip`
begins an answer and never ends it.

By itself, as in a network namespace: `python tests/flippable.py --host 10.0.0.2 --port 8000`
reads `down NAME…`, `up NAME…` and `slow SECONDS NAME…` from stdin, and prints each request as a line of JSON.
"""

import argparse
import asyncio
import json
import sys
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Asked:
    """One request to target `name`: `at` is in monotonic seconds."""

    name: str
    at: float
    status: int


class Flippable:
    """Any number of targets on one port. `down` and `slow` (seconds) may be changed by any thread."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        self.down: set[str] = set()
        self.slow: dict[str, float] = {}
        self.asked: list[Asked] = []
        self.arrived: Callable[[Asked], None] = lambda asked: None
        self.dripping = 0
        self._loop = asyncio.new_event_loop()
        self._server = self._loop.run_until_complete(
            self._loop.create_server(lambda: _Conversation(self), host, port, backlog=512)
        )
        self.host = host
        self.port: int = self._server.sockets[0].getsockname()[1]
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def url(self, name: str) -> str:
        """Return the address of the target `name`."""
        return f"http://{self.host}:{self.port}/t/{name}"

    @property
    def drip_url(self) -> str:
        return f"http://{self.host}:{self.port}/drip"

    def take_down(self, *names: str) -> None:
        self.down = self.down | set(names)

    def bring_up(self, *names: str) -> None:
        self.down = self.down - set(names)

    def times(self, name: str) -> list[float]:
        """Return when `name` was asked, in monotonic seconds."""
        return [asked.at for asked in list(self.asked) if asked.name == name]

    def answer(self, path: str) -> bytes | None:
        """Return the answer to a request, or None for one that never ends."""
        name = path.rpartition("/")[2]
        if path == "/drip":
            self.dripping += 1
            return None
        status = 503 if name in self.down else 200
        asked = Asked(name, time.monotonic(), status)
        self.asked.append(asked)
        self.arrived(asked)
        body = b"Makassar"
        head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        return head.encode() + body

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._server.close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Conversation(asyncio.Protocol):
    def __init__(self, targets: Flippable) -> None:
        self._targets = targets
        self._read = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._read += data
        if b"\r\n\r\n" not in self._read or self._transport is None:
            return
        path = self._read.split(b" ", 2)[1].decode()
        delay = self._targets.slow.get(path.rpartition("/")[2], 0.0)
        asyncio.get_running_loop().call_later(delay, self._answer, path)

    def _answer(self, path: str) -> None:
        answer = self._targets.answer(path)
        if self._transport is None:
            return
        if answer is None:
            self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
            self._drip()
        else:
            self._transport.write(answer)
            self._transport.close()

    def _drip(self) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        self._transport.write(b".")
        asyncio.get_running_loop().call_later(0.2, self._drip)


def obey(targets: Flippable, lines: Iterable[str]) -> None:
    """Do what each line says until there are no more."""
    for line in lines:
        verb, *names = line.split() or [""]
        if verb == "down":
            targets.take_down(*names)
        elif verb == "up":
            targets.bring_up(*names)
        elif verb == "slow":
            targets.slow = targets.slow | dict.fromkeys(names[1:], float(names[0]))


def _print(asked: Asked) -> None:
    sys.stdout.write(json.dumps(asdict(asked)) + "\n")
    sys.stdout.flush()


def main(arguments: list[str]) -> int:
    """Serve until stdin ends."""
    parser = argparse.ArgumentParser(description="Serve targets that flip on command.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    options = parser.parse_args(arguments)
    with Flippable(options.host, options.port) as targets:
        targets.arrived = _print
        obey(targets, sys.stdin)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
