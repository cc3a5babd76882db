"""kill -9 is an ordinary event."""

import random

import pytest

from tests.acceptance.storm import POINTS, storm
from tests.daemon import Nursery

_KILLS = 50
_SEED = 20261107


@pytest.mark.slow
def test_kill_nine_loses_nothing(nursery: Nursery) -> None:
    """Fifty kills lose no acknowledged result and no alert, double none beyond the one in flight
    and change the body of none.
    """
    chance = random.Random(_SEED)
    named = [point for point in POINTS for _ in range(3)]
    points = [*named, *[None] * (_KILLS - len(named))]
    chance.shuffle(points)

    with storm(nursery, checks=50, longest_run=0.8, seed=_SEED) as run:
        for point in points:
            run.one_life(point)
        run.last_life()

    print(run.findings)
    assert run.findings.faults == []
    assert len(run.findings.deaths) == _KILLS
    assert max(run.findings.first_check_seconds) <= 2.0
