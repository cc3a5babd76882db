"""The real daemon with many checks, measured from outside."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers import free_port

_TICKS = os.sysconf("SC_CLK_TCK")
SERVICES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a daemon had done at a moment. Lateness is cumulative, by upper bound in seconds."""

    at: float
    cpu: float
    runs: float
    up: int
    lateness: Mapping[float, float]
    missed: float
    scrape_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What a daemon did in a window. `share` is the part of one core."""

    checks: float
    share: float
    cpu_microseconds: float
    p99: float
    missed: float
    resident_mib: float
    up: int
    scrape_seconds: float


class Daemon:
    """A running daemon."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
        self._process, self._port, self._log = process, port, log

    def read(self) -> Reading:
        """Read the daemon's own figures, and its CPU time before that."""
        at, cpu = time.monotonic(), self.cpu()
        began = time.monotonic()
        text = self._get("/metrics")
        return Reading(
            at=at,
            cpu=cpu,
            runs=_sum(text, "pantau_check_runs_total"),
            up=len(re.findall(r"^pantau_check_status\{[^\n]*\} 1$", text, re.MULTILINE)),
            lateness=_buckets(text, "pantau_scheduler_lateness_seconds_bucket"),
            missed=_sum(text, "pantau_slots_missed_total"),
            scrape_seconds=time.monotonic() - began,
        )

    def load(self, warm_up: float, window: float) -> Load:
        """Return what the daemon does in `window` seconds, after `warm_up` seconds."""
        time.sleep(warm_up)
        before = self.read()
        time.sleep(window)
        after = self.read()
        checks, cpu = after.runs - before.runs, after.cpu - before.cpu
        return Load(
            checks=checks,
            share=cpu / (after.at - before.at),
            cpu_microseconds=cpu / checks * 1e6,
            p99=_quantile(before.lateness, after.lateness, 0.99),
            missed=after.missed - before.missed,
            resident_mib=self._resident() / 1024,
            up=after.up,
            scrape_seconds=after.scrape_seconds,
        )

    def wait(self, seconds: float = 60) -> None:
        """Return when the daemon answers."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and self._process.poll() is None:
            try:
                self._get("/-/healthy")
            except OSError:
                time.sleep(0.1)
            else:
                return
        raise RuntimeError(f"the daemon did not start:\n{self._log.read_text()[-2000:]}")

    def _get(self, path: str) -> str:
        url = f"http://127.0.0.1:{self._port}{path}"
        with urllib.request.urlopen(url, timeout=60) as answer:
            return answer.read().decode()

    def cpu(self) -> float:
        """Return the CPU seconds that it has used."""
        return cpu_seconds(self._process.pid)

    def _resident(self) -> int:
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1])


@contextmanager
def daemon(folder: Path, checks: Sequence[str], canary: int, interval: str) -> Iterator[Daemon]:
    """Run a daemon on `checks` (lines of YAML), with a canary at a loopback port."""
    port = free_port()
    write_configuration(folder, checks, port, canary, interval)
    command = [sys.executable, "-m", "monitor", "--config", str(folder / "checks.yaml"), "run"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stderr=log, stdout=log)
        try:
            running = Daemon(process, port, folder / "log")
            running.wait()
            yield running
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)


def write_configuration(
    folder: Path, checks: Sequence[str], port: int, canary: int, interval: str
) -> None:
    """Write checks.yaml and config/monitor.yaml; nothing in them leads beyond loopback."""
    services = [f"  - {{id: s{n}, name: Service {n}, owner: opd{n % 10}}}" for n in range(SERVICES)]
    text = "\n".join(
        [
            "version: 1",
            f"defaults: {{interval: {interval}}}",
            "services:",
            *services,
            "checks:",
            *checks,
            "",
        ]
    )
    (folder / "config").mkdir(parents=True)
    (folder / "checks.yaml").write_text(text)
    (folder / "config/monitor.yaml").write_text(
        f"listen: 127.0.0.1:{port}\n"
        'resolver: {nameservers: ["127.0.0.1:9"]}\n'
        f'self_check: {{targets: ["127.0.0.1:{canary}"]}}\n'
    )


def http_check(number: int, url: str, ca_file: str = "", **keys: str) -> str:
    """Return a line of checks.yaml; the URL's host is at 127.0.0.1, whatever it is."""
    trust = {"ca_file": ca_file} if ca_file else {}
    return plain_check(number, type="http", url=url, resolve_to="127.0.0.1", **trust, **keys)


def plain_check(number: int, **keys: object) -> str:
    """Return a line of checks.yaml with these keys."""
    fields = {"id": f"c{number}", "service": f"s{number % SERVICES}", **keys}
    return f"  - {json.dumps(fields)}"


def cpu_seconds(pid: int) -> float:
    """Return the CPU time (user and system) that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _sum(text: str, name: str) -> float:
    lines = re.findall(rf"^{name}\{{[^\n]*\}} (\S+)$", text, re.MULTILINE)
    return sum(map(float, lines))


def _buckets(text: str, name: str) -> dict[float, float]:
    found = re.findall(rf'^{name}\{{le="([^"]+)"\}} (\S+)$', text, re.MULTILINE)
    return {float(bound): float(count) for bound, count in found}


def _quantile(before: Mapping[float, float], after: Mapping[float, float], share: float) -> float:
    """Return the upper bound (seconds) of the bucket that the quantile lies in."""
    total = after[float("inf")] - before[float("inf")]
    return next(b for b in sorted(after) if after[b] - before[b] >= share * total)
