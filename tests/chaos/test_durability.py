"""The long forms of what the store promises of damage, backups and upgrades."""

from pathlib import Path

import pytest

from monitor.store.connection import DATABASE
from monitor.store.migrate import HEAD
from tests.integration.store.test_damage import flipped, history_in
from tests.integration.store.test_rounds import rounds
from tests.integration.store.test_upgrade_kills import killed_upgrades
from tests.integration.store.upgrading import OLDEST

_FLIPS = 700
_KILLS = 200
_ROUNDS = 100


@pytest.mark.parametrize("name", [DATABASE, f"{DATABASE}-wal", f"{DATABASE}-sums"])
def test_flips_are_named_or_change_nothing(tmp_path: Path, name: str) -> None:
    """Two thousand flipped bits are named, or change no answer."""
    flipped(history_in(tmp_path), tmp_path / "flipped", name, _FLIPS)


def test_upgrades_that_are_killed_are_all_or_nothing(tmp_path: Path) -> None:
    """Killed at all points there are, and at two hundred times, an upgrade leaves all or nothing."""
    states = killed_upgrades(tmp_path, points=None, times=_KILLS)

    assert states[OLDEST]
    assert states[HEAD]


def test_backups_are_put_back_a_hundred_times(tmp_path: Path) -> None:
    """A hundred backups of a hundred verify and are put back, half of them of a killed writer."""
    found = rounds(tmp_path, _ROUNDS)

    assert found["put back"] == _ROUNDS
    assert found["killed"] == _ROUNDS // 2
