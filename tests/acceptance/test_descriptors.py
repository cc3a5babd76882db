"""A daemon that may open few files probes thousands of targets with them, and gives each back."""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from tests.acceptance.conftest import Hire
from tests.daemon import Daemon, Installed, eventually, http_check, services
from tests.peers import peer
from tests.servers import free_port

_LIMIT = 256
_KEPT_FREE = 32
_CHECKS = 2000
_ANSWER_SECONDS = 3.0


@contextmanager
def slow_targets() -> Iterator[int]:
    """Serve any number of targets that take their time; `/never` does not end its answer."""
    loop = asyncio.new_event_loop()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with closing(writer), suppress(OSError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            await asyncio.sleep(_ANSWER_SECONDS)
            length = 9 if b"/never" in head else 2
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\nok" % length)
            await reader.read()

    server = loop.run_until_complete(asyncio.start_server(serve, "127.0.0.1", 0, backlog=1024))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(_cancel_all, loop)
        loop.call_soon_threadsafe(loop.call_later, 0.1, loop.stop)
        thread.join()
        loop.close()


def _cancel_all(loop: asyncio.AbstractEventLoop) -> None:
    for task in asyncio.all_tasks(loop):
        task.cancel()


def _open_files(daemon: Daemon) -> int:
    return sum(1 for _ in Path(f"/proc/{daemon.pid}/fd").iterdir())


def _write(daemon: Daemon, answering: int, count: int) -> None:
    """Write `count` checks: half are refused, and of the others every tenth runs out of time."""
    refusing = f"http://127.0.0.1:{free_port()}/"
    slow = f"http://127.0.0.1:{answering}/"
    checks = [
        http_check(
            f"c{number:04}",
            refusing if number % 2 else f"{slow}never" if number % 20 == 0 else slow,
            "kota",
            interval="20s",
            timeout="5s",
        )
        for number in range(count)
    ]
    daemon.site.write(services(["kota"]), checks, failure_threshold=1, success_threshold=1)


@pytest.mark.slow
@pytest.mark.peers
def test_descriptors_are_given_back(hire: Hire) -> None:
    """With 256 descriptors 2,000 slow, silent and refusing targets are probed, 32 stay free, no
    check fails for want of one, and all are given back.
    """
    with slow_targets() as port:
        daemon = hire(Installed(peer("prlimit"), f"--nofile={_LIMIT}:{_LIMIT}", "--"))
        _write(daemon, port, 1)
        daemon.start()
        time.sleep(1.0)
        before = _open_files(daemon)
        _write(daemon, port, _CHECKS)
        assert daemon.fetch("/-/reload", "POST", seconds=20)[0] == 200
        seen, until = [], time.monotonic() + 30.0
        while time.monotonic() < until:
            seen.append(_open_files(daemon))
            time.sleep(0.01)
        probed = sum(daemon.metrics("pantau_check_runs_total").values())
        failures = _by_kind(daemon)
        _write(daemon, port, 1)
        assert daemon.fetch("/-/reload", "POST", seconds=20)[0] == 200
        eventually(lambda: _open_files(daemon) <= before + 5, 15, "descriptors were given back")

    print(f"{before} before, {max(seen)} at most; {probed:g} probes, {dict(failures)}")
    assert before + 50 < max(seen) <= _LIMIT - _KEPT_FREE
    assert probed > _CHECKS
    assert set(failures) == {"connect_refused", "timeout"}, "none fails by a fault of ours"
    assert "Too many open files" not in daemon.log.read_text()


def _by_kind(daemon: Daemon) -> Counter[str]:
    found: Counter[str] = Counter()
    for labels, value in daemon.metrics("pantau_check_failures_total").items():
        found[labels.partition('kind="')[2].partition('"')[0]] += int(value)
    return +found
