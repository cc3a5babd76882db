"""A power cut loses nothing that was acknowledged. The long form is in tests/chaos."""

import random
import shutil
from collections import Counter

import pytest

from tests.integration.store import verdict
from tests.integration.store.powercut import Event, images, recorded

SEED = random.randrange(10**6)
pytestmark = [pytest.mark.peers, pytest.mark.slow]


def outcomes(directory, count: int, events: list[Event], first: int = 0) -> Counter[str]:
    """Return how many of `count` cuts ended how: `whole`, `lost`, `damage` or `halves`."""
    found: Counter[str] = Counter()
    for cut, acknowledged, image in images(events, count, random.Random(SEED), directory, first):
        faults = verdict.faults(image, acknowledged)
        found[faults[0].partition(" ")[0].rstrip(":") if faults else "whole"] += 1
        if faults:
            print(f"seed {SEED}, after event {cut} of {len(events)}: {faults}")
        shutil.rmtree(image)
    return found


def test_power_cut_loses_nothing_acknowledged(tmp_path):
    """Cut off at any moment, the disk has every acknowledged change whole, and no damage."""
    events = recorded(tmp_path / "data", "count=90")

    assert outcomes(tmp_path, 300, events) == {"whole": 300}


def test_power_cut_right_after_a_log_was_emptied(tmp_path):
    """A log that comes back after it was copied and emptied makes no sound database look damaged."""
    death = "fdatasync:error=EIO:signal=SIGKILL:when=15"
    events = recorded(tmp_path / "data", fault=death)
    events += recorded(tmp_path / "data", "first=1000", "count=1")
    begin = next(n for n, each in enumerate(events) if each.failed)
    emptied = next(
        n
        for n, each in enumerate(events)
        if n > begin and each.call == "ftruncate" and each.name.endswith("-wal")
    )

    # Enough to see each of the few events that follow with, and without, what was not synced.
    assert outcomes(tmp_path, 80, events[: emptied + 7], emptied) == {"whole": 80}


def test_simulated_cut_takes_what_was_not_synced(tmp_path):
    """The simulation notices a store that acknowledges before the disk has it."""
    events = recorded(tmp_path / "data", "count=60", "synchronous=NORMAL")

    found = outcomes(tmp_path, 60, events)
    assert found["lost"] + found["alarm"] > 20


def test_power_cut_after_failed_syncs_loses_nothing_acknowledged(tmp_path):
    """What a failed sync dropped is written anew before anything more is acknowledged."""
    events = recorded(tmp_path / "data", "count=60", fault="fdatasync:error=EIO:when=12+9")

    assert outcomes(tmp_path, 200, events) == {"whole": 200}


def test_power_cut_after_a_death_by_a_failed_sync_loses_nothing_acknowledged(tmp_path):
    """A log whose last sync failed before its writer died is not built upon."""
    death = "fdatasync:error=EIO:signal=SIGKILL:when=15"
    events = recorded(tmp_path / "data", fault=death)
    events += recorded(tmp_path / "data", "first=1000", "count=30")

    assert any(event.failed for event in events)
    assert outcomes(tmp_path, 200, events) == {"whole": 200}
