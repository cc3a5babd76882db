"""The whole daemon beside blackbox_exporter, each making the same hundred checks a second.

The daemon schedules its checks and stores what it sees; blackbox_exporter is asked for `/probe`,
as Prometheus asks it, by this process, whose own work counts for neither.
"""

import asyncio
import gzip
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import urlencode

from tests.bench.fleet import Daemon, cpu_seconds, daemon, http_check, plain_check
from tests.bench.targets import LOOPBACK, Targets, await_listener
from tests.dnsservers import knot
from tests.peers import peer
from tests.servers import free_port

RATE = 100  # checks a second
INTERVAL = 5  # seconds between two probes of one check
CHECKS = RATE * INTERVAL
ROUNDS = 8
WINDOW = 5.0  # seconds of each round
WARM_UP = 12.0
CONNECTIONS = 8
# Of blackbox_exporter's CPU time. Over HTTPS most of it is the handshake, which takes a C program
# with OpenSSL 3.0 about half of what blackbox_exporter takes for all of a check: see the floor.
MOST = {"http": 0.5, "https": 1.0, "dns": 0.5}
ZONE = "example.id"
# What Prometheus 2.42 sends, so that answers are packed as they are for it.
PROMETHEUS = (
    "User-Agent: Prometheus/2.42.0\r\n"
    "Accept: application/openmetrics-text;version=1.0.0,"
    "application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1\r\n"
    "Accept-Encoding: gzip\r\n"
    "X-Prometheus-Scrape-Timeout-Seconds: 10\r\n"
)


class Report(Protocol):
    """Where figures go."""

    def say(self, text: str) -> None: ...
    def bound(self, what: str, value: float, most: float, unit: str = "") -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One thing to check, in either's words. `module` and `target` are blackbox_exporter's."""

    name: str
    checks: Sequence[str]
    module: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """CPU microseconds of a check in one window, of either process."""

    ours: float
    theirs: float


def kinds(where: Targets, name_server: int) -> list[Kind]:
    """Return what is compared, all of it on loopback."""
    http = f"http://{LOOPBACK}:{where.http_port}/"
    https = f"https://{LOOPBACK}:{where.https_port}/"
    dns = {"name": f"www.{ZONE}", "record": "A", "nameservers": [f"{LOOPBACK}:{name_server}"]}
    return [
        Kind(
            name="http",
            checks=[http_check(number, http) for number in range(CHECKS)],
            module="http",
            target=http,
        ),
        Kind(
            name="https",
            checks=[
                http_check(number, https, where.ca_file, server_name=where.host_name)
                for number in range(CHECKS)
            ],
            module="https",
            target=https,
        ),
        Kind(
            name="dns",
            checks=[plain_check(number, type="dns", **dns) for number in range(CHECKS)],
            module="dns",
            target=f"{LOOPBACK}:{name_server}",
        ),
    ]


def modules(where: Targets) -> str:
    """Return blackbox.yml with a module for each kind."""
    return f"""\
modules:
  http: {{prober: http, timeout: 10s}}
  https:
    prober: http
    timeout: 10s
    http: {{tls_config: {{ca_file: {where.ca_file}, server_name: {where.host_name}}}}}
  dns:
    prober: dns
    timeout: 10s
    dns: {{query_name: www.{ZONE}, query_type: A}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exporter:
    """A running blackbox_exporter."""

    port: int
    pid: int


@contextmanager
def exporter(folder: Path, configuration: str) -> Iterator[Exporter]:
    """Run blackbox_exporter on `configuration` until the block ends."""
    program, port = peer("prometheus-blackbox-exporter"), free_port()
    (folder / "blackbox.yml").write_text(configuration)
    command = [program, f"--config.file={folder / 'blackbox.yml'}", "--log.level=error"]
    with (folder / "exporter.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, f"--web.listen-address={LOOPBACK}:{port}"], stdout=log, stderr=log
        )
    try:
        await_listener(port, process)
        yield Exporter(port=port, pid=process.pid)
    finally:
        process.terminate()
        process.wait(10)


class Asker:
    """Asks for `/probe` at a steady rate over a few kept connections, as Prometheus does."""

    def __init__(self, port: int, path: str) -> None:
        self._port = port
        self._request = (
            f"GET {path} HTTP/1.1\r\nHost: {LOOPBACK}:{port}\r\n{PROMETHEUS}\r\n".encode()
        )
        self.answered = self.failed = 0

    async def run(self, seconds: float) -> None:
        """Ask RATE times a second for `seconds`; count answers, and probes that failed."""
        began = time.monotonic()
        rounds = int(seconds * RATE / CONNECTIONS)
        await asyncio.gather(*(self._ask(began, n, rounds) for n in range(CONNECTIONS)))

    async def _ask(self, began: float, number: int, rounds: int) -> None:
        reader, writer = await asyncio.open_connection(LOOPBACK, self._port)
        for turn in range(rounds):
            due = began + (turn + number / CONNECTIONS) * CONNECTIONS / RATE
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            writer.write(self._request)
            body = gzip.decompress(await _body(reader))
            self.answered += 1
            self.failed += b"\nprobe_success 1" not in body
        writer.close()
        await writer.wait_closed()


async def _body(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return await reader.readexactly(int(line.partition(b":")[2]))
    body = b""
    while size := int(await reader.readline(), 16):
        body += await reader.readexactly(size)
        await reader.readline()
    await reader.readline()
    return body


def measured(running: Daemon, other: Exporter, kind: Kind) -> list[Round]:
    """Return each round's costs: both work in the same seconds, so a busy machine slows both."""
    path = "/probe?" + urlencode({"module": kind.module, "target": kind.target})
    asker = Asker(other.port, path)
    asyncio.run(asker.run(2))
    rounds = []
    before = running.read()
    for _ in range(ROUNDS):
        answered, at = asker.answered, time.monotonic()
        ours, theirs = running.cpu(), cpu_seconds(other.pid)
        asyncio.run(asker.run(WINDOW))
        scheduled = (time.monotonic() - at) * RATE
        rounds.append(
            Round(
                ours=(running.cpu() - ours) / scheduled * 1e6,
                theirs=(cpu_seconds(other.pid) - theirs) / (asker.answered - answered) * 1e6,
            )
        )
    after = running.read()
    expected = (after.at - before.at) * RATE
    assert asker.failed == 0, f"{kind.name}: {asker.failed} probes of blackbox_exporter failed"
    assert after.up == CHECKS, f"{kind.name}: {CHECKS - after.up} checks are not up"
    ran = after.runs - before.runs
    assert abs(ran - expected) < expected / 50, f"{kind.name}: {ran} checks, not {expected:.0f}"
    return rounds


def compare(folder: Path, where: Targets, report: Report, floor: Callable[[], float]) -> None:
    """Compare the cost of a check for each kind, and print it beside the bound.

    `floor` returns the CPU microseconds of a C program that does an HTTPS check, and nothing else.
    """
    with ExitStack() as stack:
        names = folder / "knot"
        names.mkdir()
        name_server = stack.enter_context(knot(names)).port
        other = stack.enter_context(exporter(folder, modules(where)))
        for kind in kinds(where, name_server):
            place = folder / f"blackbox-{kind.name}"
            with daemon(place, kind.checks, where.http_port, f"{INTERVAL}s") as running:
                time.sleep(WARM_UP)
                rounds = measured(running, other, kind)
            ours = statistics.median(one.ours for one in rounds)
            theirs = statistics.median(one.theirs for one in rounds)
            report.say(
                f"{kind.name}: {RATE} checks a second by either in the same seconds, median of "
                f"{ROUNDS} rounds: {ours:.0f} us of CPU a check, blackbox_exporter {theirs:.0f} us"
            )
            ratio = statistics.median(one.ours / one.theirs for one in rounds)
            report.bound(f"{kind.name}: whole daemon / blackbox_exporter", ratio, MOST[kind.name])
            if kind.name == "https":
                report.say(f"  the C floor alone / blackbox_exporter: {floor() / theirs:.2f}")
