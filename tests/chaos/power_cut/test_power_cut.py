"""Five thousand power cuts, over several checkpoints of the log."""

import pytest

from tests.integration.store.powercut import recorded
from tests.integration.store.test_power_cut import outcomes

CUTS = 5000
pytestmark = [pytest.mark.peers, pytest.mark.slow]


def test_power_cuts_lose_nothing_acknowledged(tmp_path):
    """Cut off at any of five thousand moments, every acknowledged change is there and whole."""
    events = recorded(tmp_path / "data", "count=400")

    assert outcomes(tmp_path, CUTS, events) == {"whole": CUTS}


def test_settings_of_others_lose_what_was_acknowledged(tmp_path):
    """With `synchronous=NORMAL`, as others run SQLite, most cuts lose an acknowledged change."""
    events = recorded(tmp_path / "data", "count=200", "synchronous=NORMAL")
    found = outcomes(tmp_path, 1000, events)

    print(f"synchronous=NORMAL: {dict(found)}")
    assert found["lost"] + found["alarm"] > 500
