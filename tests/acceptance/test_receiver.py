"""A receiver that is away misses nothing, and nobody else waits for it."""

import pytest

from tests.acceptance.outage import faults_of_outage
from tests.daemon import Nursery


@pytest.mark.slow
def test_receiver_that_was_down_is_told_everything(nursery: Nursery) -> None:
    """Thirty incidents that came and went while a receiver was down are told in order within 60 s
    of its first answer, though the daemon was killed three times; a healthy one waits for nothing.
    """
    assert faults_of_outage(nursery, incidents=30, patience=40) == []
