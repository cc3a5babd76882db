"""A power cut loses nothing that was acknowledged. The long form is in tests/chaos."""

import random
import shutil
from collections import Counter

import pytest

from tests.integration.store import verdict
from tests.integration.store.powercut import images, recorded

SEED = random.randrange(10**6)
pytestmark = [pytest.mark.peers, pytest.mark.slow]


def outcomes(directory, count: int, *options: str) -> Counter[str]:
    """Return how many of `count` cuts ended how: `whole`, `lost`, `damage` or `halves`."""
    found: Counter[str] = Counter()
    chance = random.Random(SEED)
    events = recorded(directory / "data", *options)
    for cut, acknowledged, image in images(events, count, chance, directory):
        faults = verdict.faults(image, acknowledged)
        found[faults[0].partition(" ")[0].rstrip(":") if faults else "whole"] += 1
        if faults:
            print(f"seed {SEED}, after event {cut} of {len(events)}: {faults}")
        shutil.rmtree(image)
    return found


def test_power_cut_loses_nothing_acknowledged(tmp_path):
    """Cut off at any moment, the disk has every acknowledged change whole, and no damage."""
    assert outcomes(tmp_path, 300, "count=90") == {"whole": 300}


def test_simulated_cut_takes_what_was_not_synced(tmp_path):
    """The simulation notices a store that acknowledges before the disk has it."""
    found = outcomes(tmp_path, 60, "count=60", "synchronous=NORMAL")

    assert found["lost"] > 20
