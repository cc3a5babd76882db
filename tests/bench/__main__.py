"""What a check costs, side by side with a C program that does the same by hand.

    make bench                       everything, about a quarter of an hour
    make bench ARGS="engine fleet"   some of: engine daemon fleet slow tiers report blackbox

Ratios are of CPU time (user and system) against the C/OpenSSL floor, measured in turn in the same
run, as medians; `blackbox` compares the whole daemon with blackbox_exporter instead. Exit code 1
when a bound is passed.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench import blackbox, reporting
from tests.bench.fleet import Load, daemon, http_check
from tests.bench.targets import Targets, build_floor, floor_microseconds, targets

ROUNDS = 5
ENGINE_CHECKS = {False: 3000, True: 800}
STAGES = ("fetch", "transport", "probe", "observe", "record")
RATE = 300
FLEET = 10_000
SLOW, FAST = 1000, 300


@dataclass(slots=True)
class Report:
    """Prints figures as they come, and remembers which bound was passed."""

    passed_bounds: list[str] = field(default_factory=list)

    def say(self, text: str) -> None:
        print(text, flush=True)

    def bound(self, what: str, value: float, most: float, unit: str = "") -> None:
        """Print a figure beside the most that it may be."""
        fine = value <= most
        self.say(f"  {what:<58} {value:>8.3f}{unit}  {'<=' if fine else 'OVER'} {most:g}{unit}")
        if not fine:
            self.passed_bounds.append(what)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What the sections share."""

    folder: Path
    where: Targets
    floor: Path
    report: Report

    def url(self, *, tls: bool) -> str:
        """Return the address of the target, whose host name is in the certificate."""
        scheme, port = ("https", self.where.https_port) if tls else ("http", self.where.http_port)
        return f"{scheme}://{self.where.host_name}:{port}/"

    def floor_cost(self, *, tls: bool) -> float:
        """Return the CPU microseconds of the floor program."""
        return floor_microseconds(self.floor, self.where, ENGINE_CHECKS[tls], tls=tls)

    def checks(self, count: int, *, https: Callable[[int], bool]) -> list[str]:
        """Return lines of checks.yaml; `https` says of which kind each is."""
        return [
            http_check(
                number,
                self.url(tls=https(number)),
                self.where.ca_file if https(number) else "",
            )
            for number in range(count)
        ]


def stage_cost(bench: Bench, stage: str, *, tls: bool) -> float:
    """Return the CPU microseconds of one check up to `stage`, in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.stages", stage, bench.url(tls=tls)]
    arguments = [bench.where.ca_file, str(ENGINE_CHECKS[tls])]
    done = subprocess.run([*command, *arguments], check=True, capture_output=True, text=True)
    return float(done.stdout)


def engine(bench: Bench) -> None:
    """Compare each stage with the floor, in turn."""
    for tls, bound in ((False, 4.0), (True, 1.3)):
        costs: dict[str, list[float]] = {name: [] for name in ("floor", *STAGES)}
        for _ in range(ROUNDS):
            costs["floor"].append(bench.floor_cost(tls=tls))
            for stage in STAGES:
                costs[stage].append(stage_cost(bench, stage, tls=tls))
        name = "https" if tls else "http"
        bench.report.say(f"{name}: CPU of one check at a time, by stage (median of {ROUNDS})")
        for stage, values in costs.items():
            bench.report.say(f"    {stage:<10} {statistics.median(values):>8.0f} us")
        ratios = [a / b for a, b in zip(costs["transport"], costs["floor"], strict=True)]
        bare = [a / b for a, b in zip(costs["fetch"], costs["floor"], strict=True)]
        bench.report.bound(f"{name}: engine / floor", statistics.median(bare), bound)
        bench.report.bound(
            f"{name}: engine called as an httpx transport / floor", statistics.median(ratios), bound
        )


def whole_daemon(bench: Bench) -> None:
    """Compare the whole daemon at a steady rate with the floor."""
    for tls, bound in ((False, 14.0), (True, 1.8)):
        floors = [bench.floor_cost(tls=tls) for _ in range(3)]
        checks = bench.checks(RATE * 5, https=lambda _, tls=tls: tls)
        load = loaded(bench, f"daemon-{tls}", checks, "5s", warm_up=15, window=20)
        floors += [bench.floor_cost(tls=tls) for _ in range(2)]
        name = "https" if tls else "http"
        tell(bench.report, f"{name}: daemon at {RATE} checks a second, storing, metrics on", load)
        ratio = load.cpu_microseconds / statistics.median(floors)
        bench.report.bound(f"{name}: daemon / floor", ratio, bound)


def fleet(bench: Bench) -> None:
    """Run ten thousand checks at thirty seconds, half of each kind."""
    checks = bench.checks(FLEET, https=lambda number: number % 2 == 0)
    before = both_floors(bench)
    load = loaded(bench, "fleet", checks, "30s", warm_up=75, window=60)
    floor = (before + both_floors(bench)) / 2
    tell(bench.report, f"{FLEET} checks at 30 s, half http, half https", load)
    # The share depends on the machine of the moment, the ratio much less.
    bench.report.say(f"  a check / floor of its kind: {load.cpu_microseconds / floor:.2f}")
    bench.report.say(f"  share of the floor alone: {floor * FLEET / 30 / 1e4:.1f} %")
    bench.report.bound("fleet: share of one core", load.share * 100, 45, " %")
    bench.report.bound("fleet: lateness p99 (bucket)", load.p99 * 1000, 50, " ms")
    bench.report.bound("fleet: resident", load.resident_mib, 224, " MiB")


def both_floors(bench: Bench) -> float:
    """Return the CPU microseconds of the floor program, half http, half https."""
    return statistics.mean(bench.floor_cost(tls=tls) for tls in (False, True))


def slow(bench: Bench) -> None:
    """Watch a thousand targets that drip beside three hundred that answer."""
    with dripping() as port:
        fast = [
            http_check(n, bench.url(tls=False), interval="1s", timeout="1s") for n in range(FAST)
        ]
        slow_ones = [
            http_check(FAST + n, f"http://drip.test:{port}/", interval="15s") for n in range(SLOW)
        ]
        load = loaded(bench, "slow", [*fast, *slow_ones], "15s", warm_up=20, window=45)
    tell(bench.report, f"{SLOW} dripping targets beside {FAST} fast ones at 1 s", load)
    bench.report.bound("slow: lateness p99 of all (bucket)", load.p99 * 1000, 250, " ms")
    bench.report.bound("slow: fast checks that are not up", FAST - load.up, 0)


@contextmanager
def dripping() -> Iterator[int]:
    """Serve what never ends; yield its port."""
    command = [sys.executable, "-m", "tests.bench.dripping"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as process:
        yield int(process.stdout.readline())
        process.stdin.close()


def loaded(
    bench: Bench, name: str, checks: Sequence[str], interval: str, *, warm_up: float, window: float
) -> Load:
    """Return what a daemon with `checks` does."""
    folder = bench.folder / name
    with daemon(folder, checks, bench.where.http_port, interval) as running:
        return running.load(warm_up, window)


def tell(report: Report, what: str, load: Load) -> None:
    report.say(
        f"{what}: {load.checks:.0f} checks, {load.cpu_microseconds:.0f} us of CPU each, "
        f"{load.missed:.0f} slots missed, scrape {load.scrape_seconds:.2f} s"
    )


def beside_blackbox(bench: Bench) -> None:
    """Compare the whole daemon with blackbox_exporter at a hundred checks a second."""
    blackbox.compare(bench.folder, bench.where, bench.report, lambda: bench.floor_cost(tls=True))


def tiers(bench: Bench) -> None:
    """Seal hours of ten thousand checks, and days of fewer; read them back over months."""
    for interval, hours in ((60, 3), (30, 3)):
        floor = bench.floor_cost(tls=False)
        found = tiers_figures(FLEET, interval, hours)
        floor = (floor + bench.floor_cost(tls=False)) / 2
        each = found["cpu_seconds"] * 1e6 * interval / 3600 / FLEET
        bench.report.say(
            f"an hour of {FLEET} checks at {interval} s sealed: {found['cpu_seconds']:.2f} s of CPU "
            f"in {found['wall_seconds']:.0f} s, {each:.2f} us a sample"
        )
        bench.report.bound("tiers: to seal a sample / http floor", each / floor, 0.12)
        bench.report.bound("tiers: lateness p99 meanwhile", found["lateness_p99"] * 1e3, 50, " ms")
    found = tiers_figures(200, 30, 48)
    hours = 24 * 395
    year = (found["block_bytes"] + found["row_bytes"]) * hours * 1000 / 1e9
    kept = found["row_bytes"] * hours * 1000 / 1e9
    bench.report.say(f"an hour of a check at 30 s: {found['block_bytes']:.0f} bytes of samples, ")
    bench.report.say(f"{found['row_bytes']:.0f} for ever ({kept:.1f} GB of 1000 in 13 months)")
    bench.report.bound("tiers: 13 months of 1000 checks at 30 s", year, 10, " GB")
    bench.report.bound("tiers: 90 days of one check", found["days90_seconds"] * 1e3, 100, " ms")
    bench.report.bound("tiers: a month of 3000 checks", found["month_seconds"] * 3000, 20, " s")
    bench.report.bound("tiers: resident meanwhile", found["peak_mib"], 512, " MiB")


def tiers_figures(checks: int, interval: int, hours: int) -> dict[str, float]:
    """Return what `tests.bench.tiers` measures, in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.tiers"]
    arguments = [str(checks), str(interval), str(hours)]
    done = subprocess.run([*command, *arguments], check=True, capture_output=True, text=True)
    return dict(json.loads(done.stdout))


def reports(bench: Bench) -> None:
    """Report on a month of one service, and of a thousand, of three checks each."""
    for services, seconds in ((1, 2), (1000, 60)):
        folder = bench.folder / f"report-{services}"
        found = reporting.reported(folder, reporting.month_of(folder, services))
        bench.report.say(
            f"a month of {services} services in all forms: {found.cpu_seconds:.1f} s of CPU in "
            f"{found.wall_seconds:.1f} s"
        )
        bench.report.bound(f"report: {services} services, CPU", found.cpu_seconds, seconds, " s")
        bench.report.bound(f"report: {services} services, memory", found.peak_mib, 512, " MiB")


SECTIONS = {
    "engine": engine,
    "daemon": whole_daemon,
    "fleet": fleet,
    "slow": slow,
    "tiers": tiers,
    "report": reports,
    "blackbox": beside_blackbox,
}


def main(wanted: Sequence[str]) -> int:
    report = Report()
    report.say(f"load average {os.getloadavg()[0]:.2f} on {os.cpu_count()} processors")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pantau-bench-")))
        where = stack.enter_context(targets(folder))
        bench = Bench(folder=folder, where=where, floor=build_floor(folder), report=report)
        for name in wanted or SECTIONS:
            SECTIONS[name](bench)
    for what in report.passed_bounds:
        report.say(f"over its bound: {what}")
    return 1 if report.passed_bounds else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
