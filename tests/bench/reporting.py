"""What a report takes: a city's month in every form, by the command that people run.

Memory is that of the command and of the processes that it has started, together, at its highest.
"""

import asyncio
import os
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from tests.bench.city import City, build

MONTH = (date(2026, 6, 1), date(2026, 7, 1))
_PAGE_MIB = os.sysconf("SC_PAGE_SIZE") / 2**20
_LOOK = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What a command took: seconds of CPU time and of the clock, and memory at its highest."""

    cpu_seconds: float
    wall_seconds: float
    peak_mib: float


def month_of(folder: Path, services: int) -> City:
    """Return a city with a month behind it, which is in `folder` now."""
    city = City(services=services, first=MONTH[0], until=MONTH[1])
    folder.mkdir()
    asyncio.run(build(folder, city))
    return city


def reported(folder: Path, city: City, *options: str) -> Taken:
    """Return what it takes to report on a city."""
    command = [sys.executable, "-m", "monitor", "report", *city.period, "--out", "laporan"]
    before, began = _spent(), time.perf_counter()
    with subprocess.Popen(
        [*command, "--replace", *options], cwd=folder, stdout=subprocess.DEVNULL
    ) as process:
        peak = 0.0
        while process.poll() is None:
            peak = max(peak, _resident(process.pid))
            time.sleep(_LOOK)
    assert process.returncode == 0, f"the report failed: {process.returncode}"
    return Taken(
        cpu_seconds=_spent() - before,
        wall_seconds=time.perf_counter() - began,
        peak_mib=peak,
    )


def _spent() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _resident(pid: int) -> float:
    """Return the memory of a process and of those that it started, in MiB; 0 where it is over."""
    try:
        own = int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE_MIB
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return 0.0
    return own + sum(_resident(int(child)) for child in children)
