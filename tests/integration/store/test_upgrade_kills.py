"""An upgrade is all or nothing, wherever it is killed. All points are in tests/chaos."""

import random
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from monitor.store.backup import examine
from monitor.store.connection import DATABASE, reading_file
from monitor.store.migrate import HEAD, revision
from tests.daemon import ROOT
from tests.integration.store.upgrading import OLDEST, old_database, rows

SEED = random.randrange(10**6)
_GROUP = 20


def upgraded(old: Path, folder: Path, points: list[str]) -> dict[str, str]:
    """Upgrade a copy of `old` for each of `points`; return how each ended."""
    command = [sys.executable, "-m", "tests.integration.store.upgrading", str(old), str(folder)]
    done = subprocess.run(
        [*command, *points], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True
    )
    said = (line.partition(" ") for line in done.stdout.splitlines())
    return {point: how for point, _, how in said}


def schema(path: Path) -> str | None:
    with reading_file(path).connect() as connection:
        return revision(connection)


@pytest.mark.slow
def test_upgrade_that_is_killed_is_all_or_nothing(tmp_path: Path) -> None:
    """Killed at any point, the database has the old schema or the new one and every row, a copy
    that is there is sound, and the next start upgrades.
    """
    assert killed_upgrades(tmp_path, points=6, times=6)[OLDEST]


def killed_upgrades(tmp_path: Path, *, points: int | None, times: int) -> Counter[str | None]:
    """Kill upgrades at so many points (None: at all there are) and times; look at each, and have it
    done once more. Return which schema they left how often.
    """
    old = old_database(tmp_path)
    before = rows(old / DATABASE, old / DATABASE)
    assert sum(map(len, before.values())) > 800
    chosen, last = _chosen(old, tmp_path, points, times)

    states: Counter[str | None] = Counter()
    for first in range(0, len(chosen), _GROUP):
        group, folder = chosen[first : first + _GROUP], tmp_path / f"from-{first}"
        found = upgraded(old, folder, group)
        assert {how for point, how in found.items() if "." not in point} <= {"killed"}
        for point in group:
            states[_faultless(folder / point, old, before, f"seed {SEED}, point {point}")] += 1
        for point in group:
            again = folder / f"after-{point}"
            assert set(upgraded(folder / point, again, ["0"])) == {"0"}
            assert _faultless(again / "0", old, before, f"after point {point}") == HEAD
            [kept] = (again / "0").glob("before-*.db")
            assert schema(kept) == OLDEST
        shutil.rmtree(folder)
    print(f"{len(chosen)} kills, {last} points: {dict(states)}")
    return states


def _chosen(old: Path, folder: Path, points: int | None, times: int) -> tuple[list[str], int]:
    """Return points and times of an upgrade, and how many points there are."""
    chance = random.Random(SEED)
    last, seconds = upgraded(old, folder / "whole", ["0"])["0"].split()
    every = range(1, int(last) + 1)
    at = map(str, every if points is None else chance.sample(every, points))
    after = [f"{chance.uniform(0.001, float(seconds)):.6f}" for _ in range(times)]
    return [*at, *after], int(last)


def _faultless(data: Path, old: Path, before: dict[str, list], where: str) -> str | None:
    found = examine(data / DATABASE)
    assert found.faults == (), where
    assert found.schema in (OLDEST, HEAD), where
    assert rows(data / DATABASE, old / DATABASE) == before, where
    for kept in data.glob("before-*.db"):
        assert examine(kept).faults == (), where
        assert rows(kept, old / DATABASE) == before, where
    return found.schema
