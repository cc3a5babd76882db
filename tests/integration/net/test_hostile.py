"""Targets that mean harm harm nobody: each check ends in time, in little memory and CPU."""

import contextlib
import json
import subprocess
import sys

import pytest

from tests.integration.net import hostile
from tests.servers import answering, ok, serving

MEGABYTE = 2**20


@pytest.fixture(scope="module")
def measured():
    """Return what the program in hostile.py measured of the whole corpus."""
    with contextlib.ExitStack() as stack:
        ports = [stack.enter_context(serving(make())) for make, _ in hostile.CORPUS.values()]
        quiet = stack.enter_context(serving(answering(ok())))
        done = subprocess.run(
            [sys.executable, hostile.__file__, *map(str, ports), str(quiet)],
            capture_output=True,
            timeout=240,
            check=False,
        )
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    report = json.loads(done.stdout)
    print({key: report[key] for key in ("growth", "lateness_p99", "idle_lateness_p99", "ticks")})
    for name, (kind, seconds, cpu) in zip(hostile.CORPUS, report["alone"], strict=True):
        print(f"{name:30} {kind:15} {seconds:.3f} s, {cpu:.3f} s CPU")
    return report


@pytest.mark.slow
def test_each_ends_as_the_failure_that_it_is(measured):
    """Every entry of the corpus has its own verdict, alone and among 50 others."""
    verdicts = [kind for kind, _, _ in measured["alone"]]
    for (name, (_, kinds)), kind in zip(hostile.CORPUS.items(), verdicts, strict=True):
        assert kind in kinds, name


@pytest.mark.slow
def test_each_ends_in_time(measured):
    """No target holds a check longer than half a second beyond its deadline."""
    slowest = max(seconds for _, seconds in measured["together"])

    assert slowest <= hostile.TIMEOUT + 0.5


@pytest.mark.slow
def test_none_takes_much_cpu(measured):
    """No target costs a second of CPU time."""
    assert max(cpu for _, _, cpu in measured["alone"]) <= 1.0


@pytest.mark.slow
def test_none_takes_much_memory(measured):
    """Fifty hostile targets at a time cost at most 64 MB more than none."""
    assert measured["growth"] <= 64 * MEGABYTE


@pytest.mark.slow
def test_none_delays_the_others(measured):
    """Beside fifty hostile targets a fast check starts on time, and never fails."""
    assert measured["ticks"] > 20
    # A busy machine delays an idle program as well; that is nobody's fault here.
    assert measured["lateness_p99"] <= 0.25 + measured["idle_lateness_p99"]
    assert measured["false_failures"] == []
