"""The long forms of what acceptance tests in short: more kills, and a longer outage.

CHAOS_KILLS says how many; its default, 1,000, takes about three quarters of an hour.
"""

import os
import random

import pytest

from tests.acceptance.outage import faults_of_outage
from tests.acceptance.storm import POINTS, storm
from tests.daemon import Installed, Nursery

_KILLS = int(os.environ.get("CHAOS_KILLS", "1000"))
_SEEDS = (1, 2)


@pytest.mark.parametrize("seed", _SEEDS)
def test_many_kills_lose_nothing(seed: int) -> None:
    """A thousand kills at named points and up to 3 s after the start lose and double nothing."""
    chance = random.Random(seed)
    with Nursery() as nursery, storm(nursery, checks=50, longest_run=3.0, seed=seed) as run:
        for _ in range(_KILLS // len(_SEEDS)):
            run.one_life(chance.choice([*POINTS, None, None, None]))
        run.last_life()

    print(run.findings)
    assert run.findings.faults == []


def test_cold_starts_lose_nothing() -> None:
    """Kills of the daemon as it is installed, started anew each time, lose and double nothing."""
    with storm(Installed(), checks=50, longest_run=3.0, seed=3) as run:
        for _ in range(max(3, _KILLS // 50)):
            run.one_life(None)
        run.last_life()

    print(run.findings)
    assert run.findings.faults == []


def test_long_outage_of_a_receiver() -> None:
    """Two hundred incidents during the outage of a receiver are all told after it, in order."""
    assert faults_of_outage(Installed(), incidents=200, patience=120) == []
