"""A process that is killed loses nothing that it acknowledged."""

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.integration.store import verdict

ROOT = Path(__file__).parents[3]
LIVES = 5
SEED = random.randrange(10**6)


def victim(directory: Path, *options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.integration.store.victim", str(directory), *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)


def killed_later(directory: Path, first: int, seconds: float) -> str:
    """Kill a victim `seconds` after it was ready, and return what it had said."""
    with victim(directory, f"first={first}") as process:
        assert process.stdout.readline() == "ready\n"
        time.sleep(seconds)
        process.kill()
        return process.stdout.read()


@pytest.mark.slow
def test_kill_at_any_time_loses_nothing_acknowledged(tmp_path):
    """Killed at any time, the store has every acknowledged change, and no half of any."""
    chance = random.Random(SEED)
    acknowledged: set[int] = set()
    for round_ in range(LIVES):
        output = killed_later(tmp_path, round_ * 10_000, chance.uniform(0, 0.4))
        acknowledged |= verdict.numbers(output, "ack")

        assert verdict.faults(tmp_path, acknowledged) == [], f"seed {SEED}, round {round_}"
    print(f"{len(acknowledged)} changes acknowledged in {LIVES} lives")
    assert acknowledged


@pytest.mark.slow
@pytest.mark.parametrize("point", ["writing:5", "committed:5", "checkpointed:1"])
def test_kill_at_a_named_point_loses_nothing_acknowledged(tmp_path, point):
    """Killed before a commit, after it, or after a checkpoint, nothing acknowledged is lost."""
    with victim(tmp_path, f"die={point}") as process:
        output = process.stdout.read()
    acknowledged = verdict.numbers(output, "ack")

    assert process.returncode == -9
    assert acknowledged
    assert verdict.faults(tmp_path, acknowledged) == []
