"""Targets that mean harm: the corpus, and a program that checks them and measures itself.

`python hostile.py PORT…` checks every entry once on its own, for its CPU time, then 50 at a time,
while a fast check ticks; it prints what it measured as JSON. Without ports it only ticks, to tell
how late anything on this machine is.
"""

import asyncio
import gzip
import json
import select
import socket
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from subprocess import PIPE

sys.path.insert(0, str(Path(__file__).parents[3]))

from tests.servers import read_request

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
PIECE = b"x" * 65_536
TIMEOUT = 1.5


@cache
def gzip_bomb(size: int = 2**30) -> bytes:
    """Return a gigabyte of zeros, as gzip: about one megabyte."""
    engine = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    zeros = bytes(2**20)
    packed = b"".join(engine.compress(zeros) for _ in range(size // len(zeros)))
    return packed + engine.flush()


def sending(head: bytes, piece: bytes = b"", *, times: int = 10**9, pause: float = 0.0):
    """Return a handler that sends `head`, then `piece` again and again."""

    def handle(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(head)
        for _ in range(times if piece else 0):
            connection.sendall(piece)
            if pause:
                time.sleep(pause)

    return handle


def in_chunks(octets: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(octets), octets)


def endless_redirects(connection: socket.socket) -> None:
    """Lead from /n to /n+1, a thousand times and more."""
    path = read_request(connection).partition(b" ")[2].partition(b" ")[0]
    number = int(path.rpartition(b"/")[2] or b"0") + 1
    connection.sendall(b"HTTP/1.1 302 F\r\nLocation: /%d\r\n\r\n" % number)


def bomb_behind_redirect(connection: socket.socket) -> None:
    """Lead to itself, with a bomb as the redirect's body."""
    read_request(connection)
    connection.sendall(
        b"HTTP/1.1 302 F\r\nLocation: /\r\nContent-Encoding: gzip\r\n\r\n" + gzip_bomb()
    )


def nested_bomb() -> bytes:
    """Return a bomb in five layers."""
    packed = gzip_bomb()
    for _ in range(4):
        packed = gzip.compress(packed)
    return packed


CORPUS: dict[str, tuple[Callable[[], Callable[[socket.socket], None]], set[str]]] = {
    "endless body": (lambda: sending(OK + b"\r\n", PIECE), {"too_large"}),
    "endless small chunks": (lambda: sending(CHUNKED, b"1\r\nx\r\n" * 8000), {"too_large"}),
    "endless chunk extension": (lambda: sending(CHUNKED + b"1;", PIECE), {"too_large"}),
    "chunk of 2**63 bytes": (lambda: sending(CHUNKED + b"7fffffffffffffff\r\n", PIECE), {"too_large"}),
    "chunk size without end": (lambda: sending(CHUNKED, b"0" * 65_536), {"too_large", "protocol"}),
    "one byte a second": (lambda: sending(OK, b"x", pause=1.0), {"timeout"}),
    "body, one byte a second": (lambda: sending(OK + b"Content-Length: 99\r\n\r\n", b"x", pause=1.0), {"timeout"}),
    "a million headers": (lambda: sending(OK, b"A: b\r\n" * 10_000, times=100), {"too_large"}),
    "a header line of 100 MB": (lambda: sending(OK + b"A: ", PIECE, times=1600), {"too_large"}),
    "a status line without end": (lambda: sending(b"HTTP/1.1 200 ", PIECE), {"too_large"}),
    "interim responses for ever": (lambda: sending(b"", b"HTTP/1.1 102 P\r\n\r\n" * 500), {"protocol"}),
    "interim responses, slowly": (lambda: sending(b"", b"HTTP/1.1 102 P\r\n\r\n", pause=0.2), {"timeout"}),
    "gzip bomb": (lambda: sending(OK + b"Content-Encoding: gzip\r\n\r\n" + gzip_bomb()), {"too_large"}),
    "deflate bomb": (lambda: sending(OK + b"Content-Encoding: deflate\r\n\r\n" + zlib.compress(bytes(2**26), 9)), {"too_large"}),
    "nested encodings": (lambda: sending(OK + b"Content-Encoding: gzip, gzip, gzip, gzip, gzip\r\n\r\n" + nested_bomb()), {"protocol"}),
    "padding behind gzip, bytewise": (lambda: sending(OK + b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n" + in_chunks(gzip.compress(b"x")), b"1\r\n\0\r\n" * 10_000), {"too_large"}),
    "50,000 empty gzip members": (lambda: sending(OK + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"") * 50_000), {"protocol"}),
    "redirect to itself": (lambda: sending(b"HTTP/1.1 301 M\r\nLocation: /\r\n\r\n"), {"redirect_loop"}),
    "a thousand redirects": (lambda: endless_redirects, {"redirect_loop"}),
    "bomb behind a redirect": (lambda: bomb_behind_redirect, {"redirect_loop"}),
    "truncated body": (lambda: sending(OK + b"Content-Length: 99\r\n\r\nabc"), {"truncated"}),
    "HTTP/0.9": (lambda: sending(b"<html>hello</html>"), {"protocol"}),
    "NULs": (lambda: sending(b"\0", b"\0" * 65_536), {"protocol"}),
    "random bytes": (lambda: sending(bytes(range(256)) * 64), {"protocol"}),
    "silence": (lambda: sending(b"", b"", pause=1.0), {"truncated"}),
    "JSON, 200,000 deep": (lambda: sending(OK + b"Content-Length: 400000\r\n\r\n" + b"[" * 200_000 + b"]" * 200_000), {"json"}),
    "a number of 200,000 digits": (lambda: sending(OK + b"Content-Length: 200000\r\n\r\n" + b"1" * 200_000), {"json"}),
}  # fmt: skip


async def measure(ports: list[int], quiet_port: int) -> dict:
    """Check the corpus and return what that took."""
    from datetime import UTC, datetime

    from monitor.checktype import ProbeContext
    from monitor.net.network import Network
    from monitor.net.resolver import Resolver
    from monitor.probes.http import HttpSpec, probe

    network = Network(resolver=Resolver())
    expect = {"body_not_matches": "(a+)+$", "json": {"$.a": 1}}
    specs = [
        HttpSpec.model_validate({"url": f"http://127.0.0.1:{port}/", "expect": expect})
        for port in ports
    ]
    quiet = HttpSpec.model_validate({"url": f"http://127.0.0.1:{quiet_port}/"})

    async def check(spec: HttpSpec):
        began = time.monotonic()
        context = ProbeContext(
            network=network,
            deadline=began + TIMEOUT,
            monotonic=time.monotonic,
            now=datetime.now(UTC),
        )
        outcome = await probe(spec, context)
        return outcome.failure.kind.value if outcome.failure else "ok", time.monotonic() - began

    lateness: list[float] = []
    failures: list[str] = []

    async def fast() -> None:
        kind, _ = await check(quiet)
        failures.extend([kind] if kind != "ok" else [])

    async def tick() -> None:
        due = time.monotonic()
        async with asyncio.TaskGroup() as group:
            while True:
                due += 0.05
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                lateness.append(time.monotonic() - due)
                group.create_task(fast())

    await check(quiet)
    alone = []
    for spec in specs:
        cpu = time.process_time()
        kind, seconds = await check(spec)
        alone.append((kind, seconds, time.process_time() - cpu))
    before = _memory("VmRSS")
    idle = subprocess.Popen(  # noqa: ASYNC220 (nothing ticks yet)
        [sys.executable, __file__], stdin=PIPE, stdout=PIPE
    )
    ticking = asyncio.create_task(tick())
    bounded = asyncio.Semaphore(50)

    async def one(spec: HttpSpec):
        async with bounded:
            return await check(spec)

    together = await asyncio.gather(*(one(spec) for spec in specs * 6))
    ticking.cancel()
    return {
        "alone": alone,
        "together": together,
        "growth": _memory("VmHWM") - before,
        "lateness_p99": p99(lateness),
        "idle_lateness_p99": float(idle.communicate()[0]),
        "ticks": len(lateness),
        "false_failures": failures,
    }


def p99(values: list[float]) -> float:
    """Return the 99th percentile."""
    return sorted(values)[int(len(values) * 0.99)]


def tick_idly() -> list[float]:
    """Tick until standard input ends; return how late each tick was. The machine's own lateness."""
    lateness = [0.0]
    due = time.monotonic()
    while True:
        due += 0.05
        if select.select([sys.stdin], [], [], max(0.0, due - time.monotonic()))[0]:
            return lateness
        lateness.append(time.monotonic() - due)


def _memory(figure: str) -> int:
    """Return a figure of /proc/self/status in bytes.

    Not ru_maxrss: a program inherits that of whoever started it.
    """
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{figure}:"))


if __name__ == "__main__":
    if len(sys.argv) == 1:
        print(p99(tick_idly()))
    else:
        *targets, quiet_target = map(int, sys.argv[1:])
        print(json.dumps(asyncio.run(measure(targets, quiet_target))))
